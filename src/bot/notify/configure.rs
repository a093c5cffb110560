//! Options of notifiers and handlers of topics, changed while the bot runs: tried first, kept only if they are good.

use serde_json::{Map, Value};

use super::Notify;
use crate::bot::home::{Home, Turn, Way};
use crate::config::nearest::{choices, hint, nearest};
use crate::model::{About, Attached, HandlerSpec, Override, Timestamp};
use crate::notifier::{Row, schema};
use crate::store::{Change, Entry, Live, Setting, StoreError};

/// What a notifier has beside its options and texts, as the API calls it too.
const BESIDE: [&str; 5] = ["in_flight", "rate", "level", "on", "events"];

/// What is wanted of a notifier's options.
#[derive(Clone)]
pub enum Patch {
    /// These are set, those go back to what the file says.
    Set {
        /// The new values.
        set: Map<String, Value>,
        /// The options that are no longer overridden.
        delete: Vec<String>,
    },
    /// A notifier that no file has.
    Add(Map<String, Value>),
    /// The same with what else it has.
    Make {
        /// Its options.
        options: Map<String, Value>,
        /// Its description, its texts and so on.
        about: About,
    },
    /// Such a notifier becomes another one; an option that is `$encrypted$` stays as it is.
    Replace {
        /// All of its options.
        options: Map<String, Value>,
        /// Its description, its texts and so on.
        about: About,
    },
    /// Such a notifier goes.
    Remove,
}

/// Why a change was not made. Nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
    /// It is there already.
    #[error("{0}")]
    Conflict(String),
    /// It is not accepted: the part of the request, and why.
    #[error("{1}")]
    Wrong(String, String),
    /// It cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Unfit {
    fn wrong(part: &str, why: impl Into<String>) -> Self {
        Self::Wrong(part.to_owned(), why.into())
    }
}

impl Notify {
    /// Changes the options of the notifier `name` of a kind, if the kind takes them: they are read, checked, and a
    /// notice is made of them as for sending. Running deliveries end as they began, the next ones have the new options.
    ///
    /// # Errors
    /// See [`Unfit`]; what was in force stays so.
    pub async fn configure(
        &self,
        (kind, name): (&str, &str),
        patch: Patch,
        (who, audit): (String, Box<Entry>),
    ) -> Result<(), Unfit> {
        Row::of(kind).map_err(Unfit::Missing)?;
        let mut turn = self.homes.turn().await;
        let home = self.homes.current();
        let setting = match next(&home, turn.live(), (kind, name), patch, (who, self.world.now()))? {
            Next::Gone(setting) => setting,
            Next::Override(new) => {
                self.try_out(&home, &new).await?;
                Setting::Override(new)
            }
        };
        self.set(&mut turn, setting, audit).await
    }

    /// Reads the options and makes a notice of them for each target, without sending it.
    async fn try_out(&self, home: &Home, new: &Override) -> Result<(), Unfit> {
        if new.options.is_empty() && !new.added {
            return Ok(());
        }
        let made = home.notifying.overridden(new).map_err(|why| {
            let own = |part: &&str| part.starts_with("messages") || BESIDE.contains(part);
            let own = why.split(": ").next().filter(own);
            Unfit::wrong(&own.map_or_else(|| part(&why), str::to_owned), why)
        })?;
        let made = std::sync::Arc::new(made);
        let service = made.with(&Map::new()).map_err(|why| Unfit::wrong("set", why))?;
        let way = Way::trial(made, service);
        for tested in self.rehearse_sample(home, &way).await {
            if let Err(why) = tested.outcome {
                return Err(Unfit::wrong("set", format!("`{}`: {why}", tested.target)));
            }
        }
        Ok(())
    }

    /// Keeps a handler; `new` if there must be none of its name yet. Gives it with its notifier named.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub async fn set_handler(
        &self,
        spec: HandlerSpec,
        new: bool,
        audit: Box<Entry>,
    ) -> Result<HandlerSpec, Unfit> {
        let mut turn = self.homes.turn().await;
        let home = self.homes.current();
        let known = turn.live().handlers.iter().any(|it| it.topic == spec.topic && it.id == spec.id);
        if new && known {
            let why =
                format!("the topic `{}` has a handler `{}` already: PUT replaces it", spec.topic, spec.id);
            return Err(Unfit::Conflict(why));
        }
        let checked = home.notifying.handler(&spec).map_err(|(part, why)| Unfit::wrong(part, why))?;
        if let Some(Value::String(source)) = spec.options.get("message").filter(|_| spec.kind == "aggregate")
        {
            let checked = home.templates.check("options.message", source);
            checked.map_err(|error| Unfit::wrong("options", error.to_string()))?;
        }
        self.set(&mut turn, Setting::Handler(checked.1.clone()), audit).await?;
        Ok(checked.1)
    }

    /// Removes a handler, or with `None` the topic with all its handlers.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub async fn remove_handler(
        &self,
        topic: &str,
        id: Option<&str>,
        audit: Box<Entry>,
    ) -> Result<(), Unfit> {
        let mut turn = self.homes.turn().await;
        let topic = topic.to_owned();
        let setting = match id {
            Some(id) => Setting::NoHandler { topic, id: id.to_owned() },
            None => Setting::NoTopic { topic },
        };
        self.set(&mut turn, setting, audit).await
    }

    /// Lets a notifier hear of a scope, or (`detach`) no longer.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub async fn attach(&self, attached: Attached, detach: bool, audit: Box<Entry>) -> Result<(), Unfit> {
        let mut turn = self.homes.turn().await;
        let setting = if detach { Setting::Detach(attached) } else { Setting::Attach(attached) };
        self.set(&mut turn, setting, audit).await
    }

    /// Writes a setting and puts it in force.
    async fn set(&self, turn: &mut Turn<'_>, setting: Setting, audit: Box<Entry>) -> Result<(), Unfit> {
        self.store.write(Change::Set { setting: Box::new(setting), audit }).await?;
        self.homes.recall(turn).await?;
        Ok(())
    }
}

/// What is written for a patch.
enum Next {
    /// Something is taken away.
    Gone(Setting),
    /// These are the options from now on.
    Override(Override),
}

fn next(
    home: &Home,
    live: &Live,
    (kind, name): (&str, &str),
    patch: Patch,
    (who, at): (String, Timestamp),
) -> Result<Next, Unfit> {
    let known = live.overrides.iter().filter(|it| it.kind == kind && it.name == name);
    let filed = home.notifying.is_filed(name);
    let base = Override {
        kind: kind.to_owned(),
        name: name.to_owned(),
        added: false,
        options: Map::new(),
        about: Box::default(),
        who,
        at,
    };
    match patch {
        Patch::Add(_) | Patch::Make { .. }
            if home.notifying.notifiers().contains_key(name) || known.clone().any(|it| it.added) =>
        {
            Err(Unfit::Conflict(format!("there is a notifier `{name}` already")))
        }
        Patch::Add(options) => Ok(Next::Override(Override { added: true, options, ..base })),
        Patch::Make { mut options, about } => {
            checked(kind, &options)?;
            schema::fill(&mut options, &Map::new());
            Ok(Next::Override(Override { added: true, options, about: Box::new(about), ..base }))
        }
        Patch::Replace { mut options, about } => {
            let Some(before) = known.clone().find(|it| it.added && !home.notifying.shadows(it)) else {
                let why = format!(
                    "`{name}` stands in notifiers.yaml: change it there, or its options by `POST /config/{kind}/{name}`"
                );
                return Err(if filed { Unfit::Conflict(why) } else { missing(home, kind, name) });
            };
            checked(kind, &options)?;
            schema::fill(&mut options, &before.options);
            Ok(Next::Override(Override { added: true, options, about: Box::new(about), ..base }))
        }
        Patch::Remove if !filed && home.notifying.is_named_in_file(name) => {
            let why = format!("a route in notifiers.yaml sends to `{name}`: take it out there first");
            Err(Unfit::Conflict(why))
        }
        // An override of what no file has any more goes this way too.
        Patch::Remove => match known.clone().find(|it| it.added || !filed || home.notifying.shadows(it)) {
            Some(it) => {
                let (kind, name) = (kind.to_owned(), name.to_owned());
                Ok(Next::Gone(Setting::NoOverride { kind, name, added: it.added }))
            }
            None if filed => {
                Err(Unfit::wrong("remove", format!("`{name}` stands in notifiers.yaml: remove it there")))
            }
            None => Err(missing(home, kind, name)),
        },
        Patch::Set { set, delete } => {
            let added = !filed;
            let before = known.clone().find(|it| it.added == added);
            let right =
                filed && home.notifying.notifiers().get(name).is_some_and(|it| it.service.kind() == kind);
            if !right && before.is_none() {
                return Err(missing(home, kind, name));
            }
            let about = before.map(|it| it.about.clone()).unwrap_or_default();
            let options = before.map(|it| it.options.clone()).unwrap_or_default();
            let options = merged(kind, options, set, &delete)?;
            Ok(Next::Override(Override { added, options, about, ..base }))
        }
    }
}

/// The options that are overridden from now on: null takes one away as `delete` does, and what only says that a secret is
/// set leaves it.
fn merged(
    kind: &str,
    mut options: Map<String, Value>,
    mut set: Map<String, Value>,
    delete: &[String],
) -> Result<Map<String, Value>, Unfit> {
    let schema = Row::of(kind).map(|row| (row.schema)()).unwrap_or_default();
    let known = schema::keys(&schema);
    for key in set.keys().map(String::as_str).chain(delete.iter().map(String::as_str)) {
        if !known.contains(&key) {
            return Err(Unfit::wrong(key, unknown(kind, key, &known)));
        }
    }
    schema::unmask(&schema, &mut set);
    for key in delete {
        options.shift_remove(key);
    }
    for (key, value) in set {
        match (options.get_mut(&key), value) {
            (_, Value::Null) => drop(options.shift_remove(&key)),
            (Some(Value::Object(before)), Value::Object(new)) if key == "http" => before.extend(new),
            (_, value) => drop(options.insert(key, value)),
        }
    }
    Ok(options)
}

/// Every option must be one of the kind's.
fn checked(kind: &str, options: &Map<String, Value>) -> Result<(), Unfit> {
    let schema = Row::of(kind).map(|row| (row.schema)()).unwrap_or_default();
    let known = schema::keys(&schema);
    match options.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(Unfit::wrong(key, unknown(kind, key, &known))),
        None => Ok(()),
    }
}

/// What is said of an option that a kind has not.
pub(super) fn unknown(kind: &str, key: &str, known: &[&str]) -> String {
    let near = nearest(key, known.iter().copied()).map(|near| format!("did you mean `{near}`? "));
    let all = choices(known.iter().copied());
    format!("`{kind}` has no option `{key}`: {}accepted: {all}", near.unwrap_or_default())
}

fn missing(home: &Home, kind: &str, name: &str) -> Unfit {
    let all = home.notifying.notifiers().iter().filter(|(_, it)| it.service.kind() == kind);
    let names: Vec<&str> = all.map(|(name, _)| name.as_str()).collect();
    let near = hint(name, names.iter().copied()).map(|near| format!(": {near}")).unwrap_or_default();
    Unfit::Missing(format!("there is no notifier `{name}` of kind `{kind}`{near}"))
}

/// The option that a sentence names first, where it names one.
fn part(why: &str) -> String {
    let named = why.split('`').nth(1).filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    named.unwrap_or("set").to_owned()
}
