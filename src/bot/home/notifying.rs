//! `notifiers.yaml`: who is told of events, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::config::env::Env;
use crate::config::home::HomeDir;
use crate::config::{ConfigError, Problem, read_optional};
use crate::notifier::{self, Configured, Messages, Origin, Service};
use crate::route::{Others, Rules};
use crate::source;
use crate::topic::Topics;

/// Options of earlier versions of the file that are kept for what waits.
pub(super) const MOST_VARIANTS: usize = 1_000;

/// Stands for every source where the part of the file that declares them cannot be read.
const EVERY: &str = "*";

/// Notifiers and the rules that send to them.
#[derive(Debug, Default)]
pub struct Notifying {
    /// The routes, quiet hours and what else decides.
    pub rules: Arc<Rules>,
    /// Those of the file alone.
    pub(super) written: Arc<Rules>,
    /// The number of each notifier that there is or was, by its name.
    pub(super) numbers: Arc<BTreeMap<String, i64>>,
    /// Who listens to topics.
    pub topics: Arc<Topics>,
    /// The notifiers of the file.
    pub(super) filed: BTreeMap<String, Arc<Configured>>,
    /// Where values come from that stand elsewhere.
    pub(super) origin: Origin,
    pub(super) notifiers: BTreeMap<String, Arc<Configured>>,
    /// Where each notifier sends by its own options.
    pub(super) targets: BTreeMap<String, Targets>,
    /// Notifiers with options that a route replaced, by name and the mark of those options.
    pub(super) variants: BTreeMap<(String, String), (Arc<Service>, Targets)>,
    pub(super) sources: BTreeMap<String, Arc<source::Configured>>,
    /// Sources that are declared and cannot be used.
    pub(super) broken: BTreeSet<String>,
    /// The file cannot be used and no earlier one is in force: nobody would hear of anything.
    pub(super) unusable: bool,
    /// The file names notifiers that nobody knows.
    pub(super) estranged: bool,
}

/// What gets a delivery of its own, found once at load: every event and every send asks for it.
pub(super) type Targets = Arc<[String]>;

/// A notifier, perhaps with the options of a route.
#[derive(Debug, Clone)]
pub struct Way {
    /// The notifier.
    pub notifier: Arc<Configured>,
    variant: Option<Arc<Service>>,
    targets: Targets,
}

impl Way {
    /// A notifier with these options instead of its own, for a trial.
    pub fn trial(notifier: Arc<Configured>, service: Service) -> Self {
        let targets = service.targets().into();
        Self { notifier, variant: Some(Arc::new(service)), targets }
    }

    /// What sends.
    pub fn service(&self) -> &Service {
        self.variant.as_deref().unwrap_or(&self.notifier.service)
    }

    /// Where it sends.
    pub fn targets(&self) -> &[String] {
        &self.targets
    }

    /// The notifier's own texts.
    pub fn messages(&self) -> &Messages {
        &self.notifier.messages
    }
}

impl Notifying {
    /// Every notifier, by name.
    pub fn notifiers(&self) -> &BTreeMap<String, Arc<Configured>> {
        &self.notifiers
    }

    /// Every source, by name.
    pub fn sources(&self) -> &BTreeMap<String, Arc<source::Configured>> {
        &self.sources
    }

    /// Whether a source is declared in a way that cannot be used: its sender is to come again.
    pub fn is_broken(&self, source: &str) -> bool {
        self.is_unusable() || self.broken.contains(source) || self.broken.contains(EVERY)
    }

    /// Whether there is a file of which nothing can be used, so that events must not be taken.
    pub fn is_unusable(&self) -> bool {
        self.unusable || self.estranged
    }

    /// The number of a notifier; none before the database has given one.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.numbers.get(name).copied()
    }

    /// The notifier that has, or had, a number.
    pub fn numbered(&self, number: i64) -> Option<&str> {
        self.numbers.iter().find(|(_, own)| **own == number).map(|(name, _)| name.as_str())
    }

    /// Whether something in the file names a notifier.
    pub fn is_named_in_file(&self, name: &str) -> bool {
        self.written.names(name)
    }

    /// A notifier as it is sent to; `None` if it, or the route's options for it, are gone.
    pub fn way(&self, name: &str, variant: Option<&str>) -> Option<Way> {
        let notifier = self.notifiers.get(name)?.clone();
        let Some(mark) = variant else {
            return Some(Way { notifier, variant: None, targets: self.targets.get(name)?.clone() });
        };
        let (service, targets) = self.variants.get(&(name.to_owned(), mark.to_owned()))?.clone();
        Some(Way { notifier, variant: Some(service), targets })
    }
}

/// Names a set of replaced options without telling them.
pub fn mark(options: &Value) -> String {
    let hash = digest(&SHA256, options.to_string().as_bytes());
    crate::model::hex::encode(&hash.as_ref()[..8])
}

/// Reads the file of `dir`. What is wrong with it as a whole leaves all of `before` in force.
pub(super) fn load(
    dir: &HomeDir,
    env: &Env,
    problems: &mut Vec<Problem>,
    before: Option<&Arc<Notifying>>,
) -> Arc<Notifying> {
    let file = dir.notifiers_yaml();
    let shown = dir.shown(&file);
    let origin = Origin::new(env, dir.root());
    let text = match read_optional(&file) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => return refuse(vec![error], problems, before),
    };
    if text.trim().is_empty() {
        return Arc::new(Notifying { origin, ..Notifying::default() });
    }
    // A running bot knows all notifiers; when it starts, those in the database are still to be read.
    let added = |before: &Arc<Notifying>| -> Vec<String> {
        before.notifiers.keys().filter(|name| !before.filed.contains_key(*name)).cloned().collect()
    };
    let known = before.map(added).unwrap_or_default();
    let others = if before.is_some() { Others::Known(&known) } else { Others::Unheard };
    let read = notifier::read(shown, &text, env, dir.root());
    let rules = match Rules::parse_with(shown, &text, others) {
        Ok(rules) => rules,
        Err(errors) => return refuse(with_notifiers(errors, read.problems), problems, before),
    };
    problems.extend(read.problems);
    let mut notifiers: BTreeMap<_, _> =
        read.notifiers.into_iter().map(|it| (it.name.clone(), Arc::new(it))).collect();
    // One that is wrong now goes on as it was when it was last good.
    for name in rules.notifiers.iter().map(|it| &it.name) {
        let earlier = before.and_then(|before| before.filed.get(name));
        if let (None, Some(earlier)) = (notifiers.get(name), earlier) {
            notifiers.insert(name.clone(), earlier.clone());
        }
    }
    // What waits may have been routed by options that the file has no longer.
    let mut variants = before.map(|before| before.variants.clone()).unwrap_or_default();
    variants.retain(|(name, _), _| notifiers.contains_key(name));
    if variants.len() > MOST_VARIANTS {
        variants.clear();
    }
    for send in rules.routes.iter().flat_map(|route| &route.send) {
        let (Some(options), Some(notifier)) = (&send.options, notifiers.get(&send.notifier)) else {
            continue;
        };
        let made = options.as_object().ok_or_else(|| "options are `key: value`".to_owned());
        match made.and_then(|options| notifier.with(options)) {
            Ok(service) => {
                let targets = service.targets().into();
                variants.insert((send.notifier.clone(), mark(options)), (Arc::new(service), targets));
            }
            Err(why) => {
                let error = ConfigError::new(shown, why).at(send.line, 1).excerpt_of(&text);
                problems.push(Problem::Error(error.key(format!("routes.send.{}", send.notifier))));
            }
        }
    }
    let (sources, broken) = sources(source::read(shown, &text, env, dir.root()), problems, before);
    let targets = notifiers.iter().map(|(name, it)| (name.clone(), it.service.targets().into())).collect();
    let rules = Arc::new(rules);
    Arc::new(Notifying {
        rules: rules.clone(),
        written: rules,
        numbers: before.map(|before| before.numbers.clone()).unwrap_or_default(),
        topics: Arc::default(),
        filed: notifiers.clone(),
        origin,
        notifiers,
        targets,
        variants,
        sources,
        broken,
        unusable: false,
        estranged: false,
    })
}

/// The mistakes of the routes and those of the notifiers in the order of their lines; what both find is told once.
fn with_notifiers(mut errors: Vec<ConfigError>, notifiers: Vec<Problem>) -> Vec<ConfigError> {
    for one in notifiers {
        if let Problem::Error(error) = one
            && !errors.iter().any(|known| known.at == error.at)
        {
            errors.push(error);
        }
    }
    errors.sort_by_key(|error| error.at);
    errors
}

fn refuse(
    errors: Vec<ConfigError>,
    problems: &mut Vec<Problem>,
    before: Option<&Arc<Notifying>>,
) -> Arc<Notifying> {
    let errors = super::files::kept(errors, before);
    problems.extend(errors.into_iter().map(Problem::Error));
    before.cloned().unwrap_or_else(|| Arc::new(Notifying { unusable: true, ..Notifying::default() }))
}

/// The sources in force, and the names of those that cannot be. One that is wrong now goes on as it was when it was
/// last good.
fn sources(
    read: source::Read,
    problems: &mut Vec<Problem>,
    before: Option<&Arc<Notifying>>,
) -> (BTreeMap<String, Arc<source::Configured>>, BTreeSet<String>) {
    let earlier = before.map(|before| before.sources.clone()).unwrap_or_default();
    let is_unread = read.declared.is_empty() && read.problems.iter().any(Problem::is_fatal);
    problems.extend(read.problems.iter().cloned());
    if is_unread {
        let broken = if before.is_none() { BTreeSet::from([EVERY.to_owned()]) } else { BTreeSet::new() };
        return (earlier, broken);
    }
    let declared = read.declared.clone();
    let mut sources = read.by_name();
    let mut broken = BTreeSet::new();
    for name in declared {
        match earlier.get(&name) {
            _ if sources.contains_key(&name) => {}
            Some(good) => drop(sources.insert(name, good.clone())),
            None => drop(broken.insert(name)),
        }
    }
    (sources, broken)
}
