//! What was set while the bot ran, laid over what the files say. Files win where both have a notifier of one name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::notifying::{MOST_VARIANTS, Notifying, mark};
use crate::config::nearest::hint;
use crate::config::{ConfigError, Problem};
use crate::model::{About, Attached, HandlerSpec, Level, Override};
use crate::notifier::{CATALOGUE, Configured, Row};
use crate::route::{self, Pattern};
use crate::store::Live;
use crate::topic::{self, Does, Handler, Topics};

/// What stands in the place of a file's name.
const PLACE: &str = "set while running";

/// Kinds of handlers that are no notifiers.
pub const OWN_KINDS: [&str; 2] = ["publish", "aggregate"];

/// The option of a handler that names its notifier.
const NOTIFIER: &str = "notifier";

/// A handler, and its spec with the notifier named.
pub(super) type Checked = (Handler, HandlerSpec);

impl Notifying {
    /// The same with what was set while the bot ran. What cannot be used is left out, and in `problems`.
    pub(super) fn laid(&self, live: &Live, problems: &mut Vec<Problem>) -> Self {
        let lost = |why: &String| problem("", why.clone());
        problems.extend(live.lost.iter().map(lost));
        let mut next = Self {
            rules: self.written.clone(),
            written: self.written.clone(),
            numbers: Arc::new(live.numbers.clone()),
            estranged: false,
            topics: Arc::default(),
            filed: self.filed.clone(),
            origin: self.origin.clone(),
            notifiers: self.filed.clone(),
            targets: self.targets.clone(),
            variants: if self.variants.len() > MOST_VARIANTS {
                BTreeMap::new()
            } else {
                self.variants.clone()
            },
            sources: self.sources.clone(),
            broken: self.broken.clone(),
            unusable: self.unusable,
        };
        for one in live.overrides.iter().filter(|one| !self.shadows(one)) {
            match next.overridden(one) {
                Ok(notifier) => drop(next.notifiers.insert(one.name.clone(), Arc::new(notifier))),
                Err(why) => problems.push(problem(&format!("config.{}.{}", one.kind, one.name), why)),
            }
        }
        next.targets =
            next.notifiers.iter().map(|(name, it)| (name.clone(), it.service.targets().into())).collect();
        next.lay_rules(live, problems);
        next.lay_routes();
        next.listen(live, problems);
        next
    }

    /// Routes know the notifiers that no file has, and what was attached to scopes.
    fn lay_rules(&mut self, live: &Live, problems: &mut Vec<Problem>) {
        for stranger in &self.written.strangers {
            if !self.notifiers.contains_key(&stranger.name) {
                problems.push(Problem::Error(stranger.error.clone()));
                self.estranged = true;
            }
        }
        let added = self.notifiers.values().filter(|it| !self.filed.contains_key(&it.name));
        let told = |name: &str| live.overrides.iter().find(|one| one.added && one.name == name);
        let rule = |it: &Arc<Configured>| {
            heard(it, &told(&it.name).map(|one| one.about.clone()).unwrap_or_default())
        };
        let added: Vec<route::Notifier> = added.filter_map(|it| rule(it).ok()).collect();
        let named =
            |one: &Attached| Some((one.scope.clone(), one.trigger, self.numbered(one.notifier)?.to_owned()));
        let attached: Vec<_> = live.attached.iter().filter_map(named).collect();
        if !added.is_empty() || !attached.is_empty() {
            self.rules = Arc::new(self.written.with(added.into_iter(), &attached));
        }
    }

    /// Whether a file has a notifier that stands before what was set.
    pub fn shadows(&self, one: &Override) -> bool {
        self.filed.get(&one.name).is_some_and(|file| one.added || file.service.kind() != one.kind)
    }

    /// The notifier that an override makes.
    ///
    /// # Errors
    /// One sentence: what is wrong with it.
    pub fn overridden(&self, one: &Override) -> Result<Configured, String> {
        if one.added {
            let made = Configured::added(&one.kind, &one.name, &one.options, &self.origin)?;
            let made = made.about(&one.about)?;
            heard(&made, &one.about)?;
            return Ok(made);
        }
        let file = self.filed.get(&one.name).filter(|file| file.service.kind() == one.kind);
        let file = file
            .ok_or_else(|| format!("notifiers.yaml has no notifier `{}` of kind `{}`", one.name, one.kind))?;
        file.overridden(&one.options)
    }

    /// What another notifier needs to be the same, but for its name: of a file's too.
    pub fn blueprint(&self, it: &Configured) -> (Map<String, Value>, About) {
        let (options, mut about) = it.blueprint();
        if let Some(rule) = self.rules.notifier(&it.name) {
            about.level = (rule.level != Level::Ok).then(|| rule.level.to_string());
            about.on = rule.on.iter().map(|moment| moment.word().to_owned()).collect();
            about.events = rule.events.iter().map(ToString::to_string).collect();
        }
        (options, about)
    }

    /// A notifier of no file, for a trial.
    ///
    /// # Errors
    /// As [`Configured::added`].
    pub fn made(&self, kind: &str, options: &Map<String, Value>) -> Result<Configured, String> {
        Configured::added(kind, kind, options, &self.origin)
    }

    /// The notifiers of the files.
    pub fn is_filed(&self, name: &str) -> bool {
        self.filed.contains_key(name)
    }

    /// Routes replace options of notifiers whose own may have changed.
    fn lay_routes(&mut self) {
        for send in self.rules.routes.iter().flat_map(|route| &route.send) {
            let Some((options, notifier)) = send.options.as_ref().zip(self.notifiers.get(&send.notifier))
            else {
                continue;
            };
            let made = options.as_object().and_then(|options| notifier.with(options).ok());
            if let Some(service) = made {
                let targets = service.targets().into();
                self.variants.insert((send.notifier.clone(), mark(options)), (Arc::new(service), targets));
            }
        }
    }

    /// Takes the handlers in force.
    fn listen(&mut self, live: &Live, problems: &mut Vec<Problem>) {
        let mut good = Vec::new();
        for spec in &live.handlers {
            match self.read_handler(spec, false) {
                Ok((handler, _)) => good.push(handler),
                Err((part, why)) => {
                    let key = format!("topics.{}.{}.{part}", spec.topic, spec.id);
                    problems.push(problem(&key, why));
                }
            }
        }
        for handler in &good {
            let Does::Notify { notifier, options: Some(options) } = &handler.does else { continue };
            let made = options.as_object().zip(self.notifiers.get(notifier));
            match made.map(|(options, notifier)| notifier.with(options)) {
                Some(Ok(service)) => {
                    let targets = service.targets().into();
                    self.variants.insert((notifier.clone(), mark(options)), (Arc::new(service), targets));
                }
                Some(Err(why)) => {
                    problems.push(problem(&format!("topics.{}.{}", handler.topic, handler.id), why));
                }
                None => {}
            }
        }
        if !good.is_empty() {
            self.topics = Arc::new(Topics::new(good));
        }
    }

    /// Reads a handler that somebody wants: its notifier must be there.
    ///
    /// # Errors
    /// What is wrong, and with which part of it.
    pub fn handler(&self, spec: &HandlerSpec) -> Result<Checked, (&'static str, String)> {
        let kinds = || CATALOGUE.iter().map(|row| row.kind).chain(OWN_KINDS);
        if !kinds().any(|kind| kind == spec.kind) {
            let near = hint(&spec.kind, kinds()).unwrap_or_default();
            return Err(("kind", format!("there is no kind of handler `{}`: {near}", spec.kind)));
        }
        self.read_handler(spec, true)
    }

    fn read_handler(&self, spec: &HandlerSpec, new: bool) -> Result<Checked, (&'static str, String)> {
        let mut named = spec.clone();
        let handler = topic::read(spec, |options| {
            let mut rest = options.clone();
            let given = rest.shift_remove(NOTIFIER);
            let name = match given {
                Some(Value::String(name)) => name,
                Some(_) => return Err("options.notifier: the name of a notifier is expected".to_owned()),
                None => self.only(&spec.kind)?,
            };
            named.options.insert(NOTIFIER.to_owned(), Value::from(name.clone()));
            if new {
                self.check_target(&spec.kind, &name, &rest)?;
            }
            let options = if rest.is_empty() { None } else { Some(Value::Object(rest)) };
            Ok(Does::Notify { notifier: name, options })
        })?;
        Ok((handler, named))
    }

    fn check_target(&self, kind: &str, name: &str, options: &Map<String, Value>) -> Result<(), String> {
        let of_kind = self.notifiers.iter().filter(|(_, it)| it.service.kind() == kind);
        let names: Vec<&str> = of_kind.map(|(name, _)| name.as_str()).collect();
        if !names.contains(&name) {
            let near = hint(name, names.iter().copied()).map(|near| format!(": {near}")).unwrap_or_default();
            return Err(format!("options.notifier: there is no notifier `{name}` of kind `{kind}`{near}"));
        }
        let notifier = self.notifiers.get(name).filter(|_| !options.is_empty());
        notifier.map_or(Ok(()), |notifier| notifier.with(options).map(drop))
    }

    /// The one notifier of a kind.
    fn only(&self, kind: &str) -> Result<String, String> {
        let mut names =
            self.notifiers.iter().filter(|(_, it)| it.service.kind() == kind).map(|(name, _)| name);
        match (names.next(), names.next()) {
            (Some(name), None) => Ok(name.clone()),
            (None, _) => Err(format!(
                "options.notifier: no notifier of kind `{kind}` is configured: add one to notifiers.yaml or with \
                 `POST /api/v1/config/{kind}`"
            )),
            (Some(_), Some(_)) => Err(format!(
                "options.notifier: there are several notifiers of kind `{kind}`: name one of them"
            )),
        }
    }
}

/// What routing knows of a notifier that no file has: without a word about it, it takes everything.
///
/// # Errors
/// A word is none; one sentence that begins with the part, such as `level: `.
fn heard(it: &Configured, about: &About) -> Result<route::Notifier, String> {
    let level = about.level.as_ref().map_or(Ok(Level::Ok), |word| word.parse());
    let level = level.map_err(|why| format!("level: {why}"))?;
    let on = about.on.iter().map(|word| word.parse().map_err(|why| format!("on: {why}")));
    let events = about.events.iter().map(|text| Pattern::parse(text).map_err(|why| format!("events: {why}")));
    let (on, events) = (on.collect::<Result<_, _>>()?, events.collect::<Result<_, _>>()?);
    Ok(route::Notifier { name: it.name.clone(), level, on, events, enabled: it.enabled })
}

fn problem(key: &str, why: String) -> Problem {
    Problem::Error(ConfigError::new(Path::new(PLACE), why).key(key))
}

/// The options of a handler as they may be shown, and what was cut.
pub fn shown(spec: &HandlerSpec) -> (Map<String, Value>, Vec<String>) {
    let Ok(row) = Row::of(&spec.kind) else { return (spec.options.clone(), Vec::new()) };
    let (mut shown, mut cut) = crate::notifier::schema::redact(&(row.schema)(), &spec.options);
    // Secrets that the handler does not replace are the notifier's.
    shown.retain(|key, _| spec.options.contains_key(key));
    cut.retain(|path| spec.options.contains_key(path.split('.').next().unwrap_or(path)));
    (shown, cut)
}
