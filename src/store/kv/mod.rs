//! The key-value datastore: all pairs in memory for reading at once, bounded, and the table behind them.
//!
//! The writer's thread changes the memory right after each commit, in the order of the commits, so that a read never
//! shows what is not on the disk, and never an older value than the disk has.

mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use serde_json::json;

pub(super) use table::{all, forget, put, remove};

use super::{Change, Done, Entry, Setting, Store, StoreError};
use crate::model::{Held, KvKey, KvScope, Pair, Timestamp};
use crate::net::World;

/// Bytes of a value.
pub const LARGEST_VALUE: usize = 256 * 1024;

/// Pairs in all.
const MOST_PAIRS: usize = 50_000;

/// Bytes of all pairs together.
const MOST_BYTES: usize = 64 << 20;

/// All pairs, as committed.
pub struct Kv {
    state: RwLock<State>,
    world: World,
}

#[derive(Default)]
struct State {
    pairs: BTreeMap<KvKey, Pair>,
    bytes: usize,
}

/// What a commit did to a pair.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kept {
    /// It is so now.
    Put(Pair),
    /// It is gone.
    Gone(KvKey),
    /// What had expired by then is gone.
    Expired(Timestamp),
}

impl fmt::Debug for Kv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kv({} pairs)", self.read().pairs.len())
    }
}

impl Kv {
    /// The pairs of a database that was just opened.
    pub(super) fn new(pairs: Vec<Pair>, world: World) -> Self {
        let mut state = State::default();
        pairs.into_iter().for_each(|pair| state.put(pair));
        Self { state: RwLock::new(state), world }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pair of that key, unless it has expired.
    pub fn get(&self, key: &KvKey) -> Option<Pair> {
        let now = self.world.now();
        self.read().pairs.get(key).filter(|pair| pair.is_alive(now)).cloned()
    }

    /// Whether a key begins with `prefix` and is longer.
    pub fn goes_on(&self, scope: &KvScope, prefix: &str) -> bool {
        let now = self.world.now();
        let state = self.read();
        state.below(scope, prefix).any(|pair| pair.key.name.len() > prefix.len() && pair.is_alive(now))
    }

    /// The pairs of a scope whose names begin with `prefix`, by name.
    pub fn list(&self, scope: &KvScope, prefix: &str) -> Vec<Pair> {
        let now = self.world.now();
        self.read().below(scope, prefix).filter(|pair| pair.is_alive(now)).cloned().collect()
    }

    /// Every pair, by scope and name.
    pub fn all(&self) -> Vec<Pair> {
        let now = self.world.now();
        self.read().pairs.values().filter(|pair| pair.is_alive(now)).cloned().collect()
    }

    /// Whether one more pair has room.
    pub(super) fn takes(&self, pair: &Pair) -> Result<(), StoreError> {
        let state = self.read();
        let before = state.pairs.get(&pair.key).map_or(0, Pair::weight);
        if before == 0 && state.pairs.len() >= MOST_PAIRS {
            return Err(StoreError::Conflict(format!(
                "the datastore has {MOST_PAIRS} keys already, the most it holds"
            )));
        }
        if state.bytes - before + pair.weight() > MOST_BYTES {
            return Err(StoreError::Conflict(format!(
                "the datastore is full: it holds {} MiB",
                MOST_BYTES >> 20
            )));
        }
        Ok(())
    }

    /// Notes what was committed.
    pub(super) fn committed(&self, done: Vec<Kept>) {
        if done.is_empty() {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for kept in done {
            match kept {
                Kept::Put(pair) => state.put(pair),
                Kept::Gone(key) => state.forget(&key),
                Kept::Expired(at) => {
                    let over = |pair: &&Pair| !pair.is_alive(at);
                    let keys: Vec<KvKey> =
                        state.pairs.values().filter(over).map(|pair| pair.key.clone()).collect();
                    keys.iter().for_each(|key| state.forget(key));
                }
            }
        }
    }
}

impl State {
    fn put(&mut self, pair: Pair) {
        self.bytes += pair.weight();
        let before = self.pairs.insert(pair.key.clone(), pair);
        self.bytes -= before.as_ref().map_or(0, Pair::weight);
    }

    fn forget(&mut self, key: &KvKey) {
        self.bytes -= self.pairs.remove(key).as_ref().map_or(0, Pair::weight);
    }

    fn below<'a>(&'a self, scope: &'a KvScope, prefix: &'a str) -> impl Iterator<Item = &'a Pair> {
        let from = KvKey { scope: scope.clone(), name: prefix.to_owned() };
        let rest = self.pairs.range(from..).map(|(_, pair)| pair);
        rest.take_while(move |pair| pair.key.scope == *scope && pair.key.name.starts_with(prefix))
    }
}

/// A pair as somebody wants it.
#[derive(Debug, Clone)]
pub struct NewPair {
    /// Its key.
    pub key: KvKey,
    /// Its text; sealed before it is written if it is a secret.
    pub value: crate::model::Secret,
    /// Whether it is a secret.
    pub secret: bool,
    /// When it goes.
    pub expires: Option<Timestamp>,
}

impl Store {
    /// The key-value datastore, for reading.
    pub fn kv(&self) -> &Kv {
        &self.inner.kv
    }

    /// Writes a pair over what was there. `audit` says who; what and which key are added, the value never is.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the value is longer than [`LARGEST_VALUE`] or there is no room; as [`Store::write`].
    pub async fn set_pair(&self, new: NewPair, mut audit: Entry) -> Result<Pair, StoreError> {
        let text = new.value.expose();
        if text.len() > LARGEST_VALUE {
            let message = format!("a value has at most {LARGEST_VALUE} bytes, this one has {}", text.len());
            return Err(StoreError::Conflict(message));
        }
        let held = match new.secret {
            true => Held::Sealed(self.seal().seal(&owner(&new.key), text.as_bytes())),
            false => Held::Plain(text.to_owned()),
        };
        let who = audit.person.as_ref().map(ToString::to_string).unwrap_or_default();
        audit.subject = Some(owner(&new.key));
        let expires = new.expires.map(|at| at.to_string());
        for (name, value) in
            [("change", json!("set")), ("secret", json!(new.secret)), ("expires", json!(expires))]
        {
            audit.body.insert(name.to_owned(), value);
        }
        let pair = Pair { key: new.key, held, expires: new.expires, who, at: audit.at };
        let setting = Box::new(Setting::Pair(pair.clone()));
        self.write(Change::Set { setting, audit: Box::new(audit) }).await?;
        Ok(pair)
    }

    /// Removes a pair; whether there was one.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn delete_pair(&self, key: KvKey, mut audit: Entry) -> Result<bool, StoreError> {
        if self.kv().get(&key).is_none() {
            return Ok(false);
        }
        audit.subject = Some(owner(&key));
        audit.body.insert("change".to_owned(), json!("delete"));
        let setting = Box::new(Setting::NoPair(key));
        let done = self.write(Change::Set { setting, audit: Box::new(audit) }).await?;
        Ok(done == Done::Written)
    }

    /// The text of a pair, also of a secret one.
    ///
    /// # Errors
    /// [`StoreError::Key`] if it was sealed with another key, or changed.
    pub fn open_pair(&self, pair: &Pair) -> Result<String, StoreError> {
        match &pair.held {
            Held::Plain(text) => Ok(text.clone()),
            Held::Sealed(sealed) => {
                let opened = self.seal().open(&owner(&pair.key), sealed);
                let bytes = opened.map_err(|error| StoreError::Key(error.to_string()))?;
                String::from_utf8(bytes)
                    .map_err(|_| StoreError::Corrupt(format!("`{}` is no text", pair.key)))
            }
        }
    }
}

/// What a sealed value belongs to, and what the audit log calls it.
fn owner(key: &KvKey) -> String {
    format!("kv/{key}")
}
