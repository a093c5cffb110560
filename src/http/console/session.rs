//! Who is logged in: 128 random bits in a cookie, of which only the hash is kept, in memory. A restart logs out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::http::tokens::hash;
use crate::model::{Secret, Timestamp, hex};
use crate::net::World;

/// A session that nobody uses ends after this.
const IDLE: Duration = Duration::from_secs(2 * 3600);
/// Every session ends after this: a working day.
const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// Sessions at once; the one that was used least lately makes room.
const MOST: usize = 1_000;

/// Which token a session stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    /// `var/token`.
    Owner,
    /// A token by its hash: it must be good still at each request.
    Token(String),
}

/// One browser that is logged in.
#[derive(Debug)]
pub(super) struct Session {
    /// The hash of what its cookie holds.
    key: String,
    /// The token.
    pub(super) holder: Holder,
    /// What every form of it carries.
    pub(super) csrf: Secret,
    since: Timestamp,
    used: AtomicI64,
}

impl Session {
    /// Whether it is over by `now`.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        let used = Timestamp::from_micros(self.used.load(Ordering::Relaxed));
        now.since(self.since) >= LONGEST || now.since(used) >= IDLE
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one; gives what its cookie holds.
    pub(super) fn begin(&self, holder: Holder, world: &World) -> Secret {
        let (id, now) = (hex::encode(&world.random::<16>()), world.now());
        let csrf = Secret::new(hex::encode(&world.random::<16>()));
        let used = AtomicI64::new(now.as_micros());
        let session = Session { key: hash(&id), holder, csrf, since: now, used };
        let mut all = self.lock();
        if all.len() >= MOST {
            all.retain(|_, session| !session.is_over(now));
        }
        if all.len() >= MOST {
            let oldest = all.values().min_by_key(|session| session.used.load(Ordering::Relaxed));
            if let Some(key) = oldest.map(|session| session.key.clone()) {
                all.remove(&key);
            }
        }
        all.insert(session.key.clone(), Arc::new(session));
        Secret::new(id)
    }

    /// The session of a cookie, which is used now.
    pub(super) fn find(&self, cookie: &str, now: Timestamp) -> Option<Arc<Session>> {
        let mut all = self.lock();
        let key = hash(cookie);
        let session = all.get(&key)?.clone();
        if session.is_over(now) {
            all.remove(&key);
            return None;
        }
        session.used.store(now.as_micros(), Ordering::Relaxed);
        Some(session)
    }

    /// Whether it is still there and not over.
    pub(super) fn lasts(&self, session: &Session, now: Timestamp) -> bool {
        !session.is_over(now) && self.lock().contains_key(&session.key)
    }

    /// Ends one.
    pub(super) fn end(&self, session: &Session) {
        self.lock().remove(&session.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_or_told_to() {
        let (world, clock) = World::manual(Timestamp::from_micros(0));
        let sessions = Sessions::default();
        let begin = || sessions.begin(Holder::Owner, &world).expose().to_owned();
        let idle = begin();
        clock.advance(IDLE - Duration::from_secs(1));
        assert!(sessions.find(&idle, world.now()).is_some(), "use keeps it");
        clock.advance(IDLE);
        assert!(sessions.find(&idle, world.now()).is_none());
        let old = begin();
        for _ in 0..11 {
            clock.advance(Duration::from_secs(3600));
            assert!(sessions.find(&old, world.now()).is_some());
        }
        clock.advance(Duration::from_secs(3600));
        assert!(sessions.find(&old, world.now()).is_none());
        let ended = begin();
        let session = sessions.find(&ended, world.now()).unwrap();
        sessions.end(&session);
        assert!(!sessions.lasts(&session, world.now()) && sessions.find(&ended, world.now()).is_none());
    }

    #[test]
    fn what_is_kept_is_not_what_the_cookie_holds() {
        let (world, _clock) = World::manual(Timestamp::from_micros(0));
        let sessions = Sessions::default();
        let id = sessions.begin(Holder::Owner, &world);
        assert_eq!(id.expose().len(), 32);
        assert!(!format!("{sessions:?}").contains(id.expose()));
        assert!(sessions.find("guess", world.now()).is_none());
    }

    #[test]
    fn a_thousand_sessions_are_kept_and_no_more() {
        let (world, clock) = World::manual(Timestamp::from_micros(0));
        let sessions = Sessions::default();
        let first = sessions.begin(Holder::Owner, &world);
        for _ in 0..MOST {
            clock.advance(Duration::from_millis(1));
            sessions.begin(Holder::Owner, &world);
        }
        assert_eq!(sessions.lock().len(), MOST);
        assert!(sessions.find(first.expose(), world.now()).is_none());
    }
}
