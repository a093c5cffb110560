//! What a room fills in for parameters that nobody typed: `set env=staging`.

use std::collections::{BTreeMap, HashMap};

use super::Chat;
use super::aside::lasting;
use crate::alias::Hit;
use crate::bot::engine::Asker;
use crate::bot::home::{Home, runner_parameters};
use crate::model::Place;
use crate::store::{RoomDefault, StoreError};

/// The defaults of every room, by adapter and room.
#[derive(Debug, Default)]
pub(super) struct Defaults(HashMap<(String, String), BTreeMap<String, String>>);

impl Defaults {
    fn of(all: Vec<RoomDefault>) -> Self {
        let mut rooms: HashMap<_, BTreeMap<_, _>> = HashMap::new();
        for one in all {
            rooms.entry((one.adapter, one.room)).or_default().insert(one.name, one.value);
        }
        Self(rooms)
    }
}

impl Chat {
    /// Reads what is set for rooms; call it when something was.
    ///
    /// # Errors
    /// As [`crate::store::Store::read`]; what was known stays.
    pub(super) async fn recall_defaults(&self) -> Result<(), StoreError> {
        let all = self.store.read(|reader| reader.room_defaults(None)).await?;
        *self.defaults.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Defaults::of(all);
        Ok(())
    }

    /// What is set for a room.
    pub(super) fn defaults_of(&self, place: &Place) -> BTreeMap<String, String> {
        let all = self.defaults.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let place = lasting(place);
        let key = (place.adapter.as_str().to_owned(), place.room.to_string());
        all.0.get(&key).cloned().unwrap_or_default()
    }

    /// The same hit with what its room fills in, and that in words: `env=staging`. Only what was not typed, is a
    /// parameter of the action, and is fixed by nobody.
    pub(super) fn filled(&self, home: &Home, asker: &Asker, mut hit: Hit) -> (Hit, Vec<String>) {
        let Some(place) = &asker.place else { return (hit, Vec::new()) };
        let mut set = self.defaults_of(place);
        if set.is_empty() {
            return (hit, Vec::new());
        }
        let Some(action) = home.actions.get(&hit.alias.action_ref) else { return (hit, Vec::new()) };
        let parameters = action.parameters_with(runner_parameters(action));
        let free = |name: &str| {
            let takes = parameters.iter().any(|it| it.name == name && !it.is_immutable() && !it.is_secret());
            takes && !hit.alias.immutable_parameters.contains_key(name)
        };
        let typed = |name: &str| hit.params.iter().any(|(own, value)| own == name && value.is_some());
        set.retain(|name, _| free(name) && !typed(name));
        hit.params.retain(|(name, _)| !set.contains_key(name));
        let words = set.iter().map(|(name, value)| format!("{name}={value}")).collect();
        hit.params.extend(set.into_iter().map(|(name, value)| (name, Some(value))));
        (hit, words)
    }
}
