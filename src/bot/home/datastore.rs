//! The key-value datastore as the templates of the home see it, for one person.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::Home;
use crate::action::HIDDEN;
use crate::model::{Held, KvKey, KvScope, Person};
use crate::store::Store;
use crate::template::{Datastore, Kept, Templates, Whose, split_key};
use crate::workflow;

/// The datastore for one person, and which secrets were opened for them.
pub struct Shelf {
    store: Store,
    user: Option<String>,
    revealed: Mutex<Vec<String>>,
}

impl Shelf {
    /// For the user scope of `user`; without one there are no user keys.
    pub fn new(store: Store, user: Option<String>) -> Arc<Self> {
        Arc::new(Self { store, user, revealed: Mutex::default() })
    }

    /// The texts of secrets that were opened: to be cut from what is shown.
    pub fn revealed(&self) -> Vec<String> {
        self.revealed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `st2kv("system.a.b")` of expressions: the text of a key, or the default.
    ///
    /// # Errors
    /// There is no such key and no default, or a secret cannot be opened.
    pub fn st2kv(&self, name: &str, decrypt: bool, default: Option<Value>) -> Result<Value, String> {
        let (whose, key) = split_key(name);
        let found = match decrypt {
            true => self.reveal(whose, key).transpose()?,
            false => self.look_up(whose, key).map(|kept| match kept {
                Kept::Text(text) => text,
                Kept::Secret => HIDDEN.to_owned(),
            }),
        };
        match (found, default) {
            (Some(text), _) => Ok(Value::String(text)),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(format!("the datastore has no key `{name}`")),
        }
    }

    fn key(&self, whose: Whose, name: &str) -> Option<KvKey> {
        let scope = match whose {
            Whose::System => KvScope::System,
            Whose::User => KvScope::User(self.user.clone()?),
        };
        KvKey::new(scope, name).ok()
    }
}

impl Datastore for Shelf {
    fn look_up(&self, whose: Whose, key: &str) -> Option<Kept> {
        let pair = self.store.kv().get(&self.key(whose, key)?)?;
        Some(match pair.held {
            Held::Plain(text) => Kept::Text(text),
            Held::Sealed(_) => Kept::Secret,
        })
    }

    fn goes_on(&self, whose: Whose, prefix: &str) -> bool {
        self.key(whose, prefix).is_some_and(|key| self.store.kv().goes_on(&key.scope, &key.name))
    }

    fn reveal(&self, whose: Whose, key: &str) -> Option<Result<String, String>> {
        let pair = self.store.kv().get(&self.key(whose, key)?)?;
        let opened = self.store.open_pair(&pair).map_err(|error| error.to_string());
        if let (true, Ok(text)) = (pair.is_secret(), &opened) {
            self.revealed.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
        }
        Some(opened)
    }
}

impl workflow::Datastore for Shelf {
    fn get(&self, key: &str, decrypt: bool, default: Option<Value>) -> Result<Value, String> {
        self.st2kv(key, decrypt, default)
    }
}

impl Home {
    /// Whose keys `user` means for a person: the name in `access.yaml`, else the person's id. `None` for somebody whom
    /// the service does not vouch for: another could take that name.
    pub fn user_of(&self, person: &Person) -> Option<String> {
        let known = person.is_proven();
        known.then(|| self.access.whoami(person).name.unwrap_or_else(|| person.to_string()))
    }

    /// The datastore for somebody; `None` where there is no database: files are checked alone.
    pub fn shelf_of(&self, person: &Person) -> Option<Arc<Shelf>> {
        Some(Shelf::new(self.store.clone()?, self.user_of(person)))
    }

    /// The template environment in which `st2kv` is what `shelf` has.
    pub fn templates_with(&self, shelf: Option<&Arc<Shelf>>) -> Templates {
        match shelf {
            Some(shelf) => self.templates.with_datastore(shelf.clone()),
            None => self.templates.clone(),
        }
    }

    /// The same home beside its database.
    #[must_use]
    pub(super) fn beside(mut self, store: &Store) -> Self {
        self.templates = self.templates.with_datastore(Shelf::new(store.clone(), None));
        self.store = Some(store.clone());
        self
    }
}
