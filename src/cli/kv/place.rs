//! Where the keys are: at the running bot, or in the database that nobody holds.

use std::time::Duration;

use anyhow::{Context, anyhow};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::Whose;
use crate::cli::api::Api;
use crate::cli::{Global, chat, locate};
use crate::http;
use crate::model::{AdapterName, KvKey, KvScope, Pair, Person, Secret};
use crate::net::World;
use crate::store::{Entry, InstanceLock, Keys, NewPair, Store, StoreError};

/// Where the keys are.
pub(super) enum Place {
    /// At the running bot.
    Bot(Api),
    /// Here, while no bot runs.
    Here(Box<Here>),
}

/// The database, held by us alone.
pub(super) struct Here {
    store: Store,
    _lock: InstanceLock,
}

/// A value to keep.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) secret: bool,
    pub(super) ttl: Option<Duration>,
}

impl Place {
    pub(super) fn open(global: &Global) -> anyhow::Result<Self> {
        let home = locate::home_dir(global)?;
        let var = home.var_dir();
        let lock = match InstanceLock::take(&var) {
            Ok(lock) => lock,
            Err(StoreError::InUse { .. }) => return Ok(Self::Bot(Api::find(&home)?)),
            Err(error) => return Err(error.into()),
        };
        let keys = Keys::load_or_create(&var).context("cannot read or make the keys in var")?;
        let store = Store::open(&locate::database(global)?, keys, World::real())
            .context("cannot open the database")?;
        Ok(Self::Here(Box::new(Here { store, _lock: lock })))
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Bot(_) => Ok(()),
            Self::Here(here) => Ok(here.store.close().await?),
        }
    }

    pub(super) async fn get(&self, whose: &Whose, name: &str, decrypt: bool) -> anyhow::Result<Value> {
        match self {
            Self::Bot(api) => api.get(&format!("{}&decrypt={decrypt}", path(whose, name))).await,
            Self::Here(here) => {
                let key = key(whose, name)?;
                let pair = here.store.kv().get(&key).ok_or_else(|| missing(&key))?;
                here.seen(&pair, decrypt)
            }
        }
    }

    pub(super) async fn list(
        &self,
        whose: &Whose,
        prefix: &str,
        decrypt: bool,
    ) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::Bot(api) => {
                let asked = format!("keys?{}&prefix={}&decrypt={decrypt}", query(whose), escaped(prefix));
                api.all(&asked).await
            }
            Self::Here(here) => {
                let found = here.store.kv().list(&scope(whose)?, prefix);
                found.iter().map(|pair| here.seen(pair, decrypt)).collect()
            }
        }
    }

    pub(super) async fn set(&self, whose: &Whose, wanted: &Wanted<'_>) -> anyhow::Result<Value> {
        match self {
            Self::Bot(api) => {
                let ttl = wanted.ttl.map(|span| format!("{}s", span.as_secs()));
                let body = json!({"value": wanted.value, "secret": wanted.secret, "ttl": ttl});
                api.call(Method::PUT, &path(whose, wanted.name), Some(&body)).await
            }
            Self::Here(here) => {
                let key = key(whose, wanted.name)?;
                let secret = wanted.secret || here.store.kv().get(&key).is_some_and(|pair| pair.is_secret());
                let audit = entry()?;
                let expires = wanted.ttl.map(|span| audit.at.plus(span));
                let new = NewPair { key, value: Secret::new(wanted.value), secret, expires };
                Ok(http::key(&here.store.set_pair(new, audit).await?, None))
            }
        }
    }

    pub(super) async fn delete(&self, whose: &Whose, name: &str) -> anyhow::Result<()> {
        match self {
            Self::Bot(api) => api.call(Method::DELETE, &path(whose, name), None).await.map(drop),
            Self::Here(here) => {
                let key = key(whose, name)?;
                let gone = here.store.delete_pair(key.clone(), entry()?).await?;
                if gone { Ok(()) } else { Err(missing(&key)) }
            }
        }
    }
}

impl Here {
    fn seen(&self, pair: &Pair, decrypt: bool) -> anyhow::Result<Value> {
        let value = (decrypt && pair.is_secret()).then(|| self.store.open_pair(pair)).transpose()?;
        Ok(http::key(pair, value.as_deref()))
    }
}

fn missing(key: &KvKey) -> anyhow::Error {
    anyhow!("there is no key `{key}`")
}

fn person() -> anyhow::Result<Person> {
    Ok(Person::proven(AdapterName::new("terminal")?, &chat::user()))
}

fn entry() -> anyhow::Result<Entry> {
    Ok(*http::changed(&person()?, World::real().now(), String::new(), Map::new()))
}

fn scope(whose: &Whose) -> anyhow::Result<KvScope> {
    let user = match &whose.user {
        Some(user) => user.clone(),
        None => person()?.to_string(),
    };
    KvScope::read(&whose.scope, &user).map_err(|why| anyhow!(why))
}

fn key(whose: &Whose, name: &str) -> anyhow::Result<KvKey> {
    KvKey::new(scope(whose)?, name).map_err(|why| anyhow!(why))
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn query(whose: &Whose) -> String {
    let user = whose.user.as_deref().map(|user| format!("&user={}", escaped(user))).unwrap_or_default();
    format!("scope={}{user}", whose.scope)
}

fn path(whose: &Whose, name: &str) -> String {
    format!("keys/{}?{}", escaped(name), query(whose))
}
