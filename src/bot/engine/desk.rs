//! The datastore, as a running action asks for it: system keys, in the name of whoever asked for the action.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::action::HIDDEN;
use crate::model::{Held, KvKey, KvScope, Pair, Person, Place, Secret, Timestamp};
use crate::net::World;
use crate::runner::{Answer, Desk, Question};
use crate::store::{Entry, NewPair, Store, StoreError, What};

/// The most keys that are listed at once.
const MOST_LISTED: usize = 1000;

/// The datastore for one execution.
pub(super) struct ActionDesk {
    pub(super) store: Store,
    pub(super) world: World,
    pub(super) person: Person,
    pub(super) place: Option<Place>,
    pub(super) execution: i64,
    pub(super) action: String,
    /// Secrets that were told.
    pub(super) told: Mutex<Vec<String>>,
}

impl fmt::Debug for ActionDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActionDesk({})", self.execution)
    }
}

impl Desk for ActionDesk {
    fn ask(&self, question: Question) -> Answer<'_> {
        Box::pin(async move {
            match question {
                Question::Get { name, decrypt } => self.get(&name, decrypt),
                Question::Set { name, value, ttl, secret } => self.set(&name, value, ttl, secret).await,
                Question::Delete { name } => {
                    self.store.delete_pair(key(&name)?, self.entry()).await.map(Value::Bool).map_err(words)
                }
                Question::List { prefix, limit, offset } => Ok(self.list(&prefix, limit, offset)),
            }
        })
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn key(name: &str) -> Result<KvKey, String> {
    KvKey::new(KvScope::System, name)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where an error is mapped")]
fn words(error: StoreError) -> String {
    error.to_string()
}

impl ActionDesk {
    fn get(&self, name: &str, decrypt: bool) -> Result<Value, String> {
        let Some(pair) = self.store.kv().get(&key(name)?) else { return Ok(Value::Null) };
        match (&pair.held, decrypt) {
            (Held::Plain(text), _) => Ok(json!(text)),
            (Held::Sealed(_), false) => Ok(json!(HIDDEN)),
            (Held::Sealed(_), true) => {
                let text = self.store.open_pair(&pair).map_err(words)?;
                self.told.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
                Ok(json!(text))
            }
        }
    }

    async fn set(&self, name: &str, value: Secret, ttl: Option<f64>, secret: bool) -> Result<Value, String> {
        let key = key(name)?;
        let span = ttl.map(|ttl| Duration::try_from_secs_f64(ttl).map_err(|_| format!("`{ttl}` is no ttl")));
        let expires = span.transpose()?.map(|span| self.world.now().plus(span));
        let secret = secret || self.store.kv().get(&key).is_some_and(|pair| pair.is_secret());
        if secret {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).push(value.expose().to_owned());
        }
        let new = NewPair { key, value, secret, expires };
        self.store.set_pair(new, self.entry()).await.map(|_| json!(true)).map_err(words)
    }

    fn list(&self, prefix: &str, limit: Option<usize>, offset: Option<usize>) -> Value {
        let now = self.world.now();
        let pairs = self.store.kv().list(&KvScope::System, prefix);
        let page = pairs.iter().skip(offset.unwrap_or(0)).take(limit.unwrap_or(MOST_LISTED).min(MOST_LISTED));
        page.map(|pair| shown(pair, now)).collect()
    }

    fn entry(&self) -> Entry {
        let mut body = Map::new();
        body.insert("execution".to_owned(), json!(self.execution));
        body.insert("action".to_owned(), json!(self.action));
        Entry {
            at: self.world.now(),
            what: What::Changed,
            person: Some(self.person.clone()),
            place: self.place.clone(),
            subject: None,
            body,
        }
    }
}

fn shown(pair: &Pair, now: Timestamp) -> Value {
    let value = match &pair.held {
        Held::Plain(text) => text,
        Held::Sealed(_) => HIDDEN,
    };
    let ttl = pair.expires.map(|expires| expires.since(now).as_secs());
    json!({"name": pair.key.name, "value": value, "scope": "system", "ttl": ttl, "secret": pair.is_secret()})
}
