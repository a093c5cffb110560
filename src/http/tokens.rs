//! Tokens for the API: made, kept as hashes, known again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use tracing::warn;

use super::caller::{Caller, Scope};
use crate::model::{Noun, Secret, Timestamp, hex};
use crate::net::World;
use crate::store::{Change, Reader, Store, StoreError, Token};

/// What every token begins with, so that one that leaked is found by programs that look for them.
const START: &str = "cho_";
/// How exactly the last use is kept.
const MINUTE: Duration = Duration::from_secs(60);
/// The longest name.
const LONGEST_NAME: usize = 64;

/// A token that was just made; the only time that it is known.
#[derive(Debug)]
pub struct Issued {
    /// To be given to whoever will use it.
    pub secret: Secret,
    /// To be kept.
    pub token: Token,
}

/// Makes a token: 256 random bits, of which only the hash is to be kept.
///
/// # Errors
/// The name cannot be one, or there is no scope; one sentence.
pub fn issue(
    store: &Store,
    world: &World,
    name: &str,
    scopes: &[Scope],
    expires: Option<Timestamp>,
) -> Result<Issued, String> {
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let digits = name.chars().all(|c| c.is_ascii_digit());
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_good) || digits {
        return Err(format!(
            "`{name}` is no name for a token: letters, digits, `-`, `_` and `.` are accepted, not digits alone"
        ));
    }
    if scopes.is_empty() {
        return Err("a token without a scope is good for nothing".to_owned());
    }
    let now = world.now();
    if expires.is_some_and(|end| end <= now) {
        return Err("the token would have expired already".to_owned());
    }
    let secret = format!("{START}{}", url_safe(&world.random::<32>()));
    let mut words: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    words.sort_unstable();
    words.dedup();
    let token = Token {
        id: store.id(Noun::Token),
        name: name.to_owned(),
        hash: hash(&secret),
        scopes: words,
        created: now,
        expires,
        used: None,
        revoked: None,
    };
    Ok(Issued { secret: Secret::new(secret), token })
}

/// Base64 with `-` and `_`, without padding.
fn url_safe(bytes: &[u8]) -> String {
    crate::net::base64(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

/// SHA-256 in hex.
pub(super) fn hash(text: impl AsRef<[u8]>) -> String {
    hex::encode(digest(&SHA256, text.as_ref()).as_ref())
}

/// The tokens that are good, by their hashes: looking a hash up tells nothing about the token.
#[derive(Default)]
pub(super) struct Tokens {
    known: RwLock<Arc<HashMap<String, Known>>>,
}

struct Known {
    token: Token,
    /// Microseconds of the last use that was recorded.
    used: AtomicI64,
}

/// Why a token is not good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bad {
    /// Nobody knows it.
    Unknown,
    /// It was good until then.
    Expired(String),
}

impl Tokens {
    /// Reads them again; call it when one was made or revoked.
    pub(super) async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let all = store.read(Reader::tokens).await?;
        let good = all.into_iter().filter(|token| token.revoked.is_none()).map(|token| {
            let used = AtomicI64::new(token.used.map_or(0, Timestamp::as_micros));
            (token.hash.clone(), Known { token, used })
        });
        let good = Arc::new(good.collect());
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = good;
        Ok(())
    }

    /// Who holds the token with this hash, while it is good: for a session of the console that began with it.
    pub(super) fn holder(&self, hash: &str, now: Timestamp) -> Option<Caller> {
        let all = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let token = &all.get(hash)?.token;
        let good = token.expires.is_none_or(|end| end > now);
        good.then(|| Caller::Token { name: token.name.clone(), scopes: token.scopes.clone() })
    }

    /// Whose token it is. The use is recorded, at most once a minute.
    pub(super) fn caller(&self, given: &str, store: &Store, now: Timestamp) -> Result<Caller, Bad> {
        if !given.starts_with(START) {
            return Err(Bad::Unknown);
        }
        let all = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let known = all.get(&hash(given)).ok_or(Bad::Unknown)?;
        let token = &known.token;
        if token.expires.is_some_and(|end| end <= now) {
            return Err(Bad::Expired(token.name.clone()));
        }
        let last = known.used.load(Ordering::Relaxed);
        let is_due = now.since(Timestamp::from_micros(last)) >= MINUTE;
        let swap = |micros| known.used.compare_exchange(last, micros, Ordering::Relaxed, Ordering::Relaxed);
        if is_due && swap(now.as_micros()).is_ok() {
            store.record(Change::Used { token: token.id, at: now });
        }
        Ok(Caller::Token { name: token.name.clone(), scopes: token.scopes.clone() })
    }
}

impl Tokens {
    /// The id of a token that is known.
    pub(super) fn id(&self, given: &str) -> Option<i64> {
        let all = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        all.get(&hash(given)).map(|known| known.token.id)
    }

    /// The holder of the token of this id, and until when it is good.
    pub(super) fn numbered(&self, id: i64, now: Timestamp) -> Result<(Caller, Option<Timestamp>), Bad> {
        let all = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let known = all.values().find(|known| known.token.id == id).ok_or(Bad::Unknown)?;
        let Token { name, scopes, expires, .. } = &known.token;
        if expires.is_some_and(|end| end <= now) {
            return Err(Bad::Expired(name.clone()));
        }
        Ok((Caller::Token { name: name.clone(), scopes: scopes.clone() }, *expires))
    }
}

/// Reads the tokens once, at the start; without them only `var/token` is good.
pub(super) async fn load(store: &Store) -> Tokens {
    let tokens = Tokens::default();
    if let Err(error) = tokens.refresh(store).await {
        warn!(%error, "the tokens cannot be read");
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::caller::changed;
    use crate::model::{AdapterName, Person};
    use crate::store::{Keys, Setting};

    struct Rig {
        _folder: tempfile::TempDir,
        store: Store,
        world: World,
    }

    fn rig() -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let world = World::real();
        let keys = Keys::load_or_create(folder.path()).unwrap();
        let store = Store::open(&folder.path().join("chatops.db"), keys, world.clone()).unwrap();
        Rig { _folder: folder, store, world }
    }

    async fn keep(rig: &Rig, setting: Setting) {
        let person = Person::proven(AdapterName::new("terminal").unwrap(), "alice");
        let audit = changed(&person, rig.world.now(), "token".to_owned(), serde_json::Map::new());
        rig.store.write(Change::Set { setting: Box::new(setting), audit }).await.unwrap();
    }

    #[tokio::test]
    async fn a_token_is_known_by_its_hash_until_it_expires_or_is_revoked() {
        let rig = rig();
        let now = rig.world.now();
        let end = now.plus(Duration::from_secs(60));
        let issued = issue(&rig.store, &rig.world, "ci", &[Scope::Events, Scope::Events], Some(end)).unwrap();
        let secret = issued.secret.expose().to_owned();
        assert!(secret.starts_with("cho_") && secret.len() == 47, "{}", secret.len());
        assert_eq!(issued.token.scopes, ["events"]);
        assert!(!format!("{issued:?}").contains(&secret));
        let id = issued.token.id;
        keep(&rig, Setting::Token(issued.token)).await;
        let tokens = load(&rig.store).await;
        assert!(
            matches!(tokens.caller(&secret, &rig.store, now), Ok(Caller::Token { name, .. }) if name == "ci")
        );
        assert_eq!(tokens.caller("cho_guess", &rig.store, now), Err(Bad::Unknown));
        assert_eq!(tokens.caller(&secret, &rig.store, end), Err(Bad::Expired("ci".to_owned())));
        keep(&rig, Setting::Revoke { token: id, at: now }).await;
        tokens.refresh(&rig.store).await.unwrap();
        assert_eq!(tokens.caller(&secret, &rig.store, now), Err(Bad::Unknown));
    }

    #[tokio::test]
    async fn the_last_use_is_kept_once_a_minute() {
        let rig = rig();
        let issued = issue(&rig.store, &rig.world, "ci", &[Scope::Read], None).unwrap();
        let secret = issued.secret.expose().to_owned();
        keep(&rig, Setting::Token(issued.token)).await;
        let tokens = load(&rig.store).await;
        let used = |store: Store| async move {
            keep_order(&store).await;
            store.read(|reader| Ok(reader.tokens()?[0].used)).await.unwrap()
        };
        let start = Timestamp::from_micros(120_000_000);
        tokens.caller(&secret, &rig.store, start).unwrap();
        assert_eq!(used(rig.store.clone()).await, Some(start));
        tokens.caller(&secret, &rig.store, start.plus(Duration::from_secs(59))).unwrap();
        assert_eq!(used(rig.store.clone()).await, Some(start));
        tokens.caller(&secret, &rig.store, start.plus(MINUTE)).unwrap();
        assert_eq!(used(rig.store.clone()).await, Some(start.plus(MINUTE)));
    }

    /// A write that is waited for commits what was queued before it.
    async fn keep_order(store: &Store) {
        let person = Person::proven(AdapterName::new("terminal").unwrap(), "alice");
        let audit = changed(&person, Timestamp::default(), "x".to_owned(), serde_json::Map::new());
        store.write(Change::Audit(audit)).await.unwrap();
    }

    #[tokio::test]
    async fn names_that_could_be_mistaken_are_refused() {
        let rig = rig();
        for name in ["", "a b", "12", "a/b", &"x".repeat(65)] {
            assert!(issue(&rig.store, &rig.world, name, &[Scope::Read], None).is_err(), "{name}");
        }
        assert!(issue(&rig.store, &rig.world, "ci", &[], None).is_err());
        let past = Some(Timestamp::from_micros(1));
        assert!(issue(&rig.store, &rig.world, "ci", &[Scope::Read], past).is_err());
    }
}
