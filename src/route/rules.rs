//! The rules, as checked.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::gather::{Digest, Group};
use super::inhibit::Inhibition;
use super::{Escalation, Match, Pattern, Quiet, Reaction};
use crate::config::ConfigError;
use crate::model::{Level, Moment, Trigger};

/// Everything that decides who hears of an event.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Where events may be sent.
    pub notifiers: Vec<Notifier>,
    /// The routes in the order of the file.
    pub routes: Vec<Route>,
    /// When not to disturb.
    pub quiet: Vec<Quiet>,
    /// What mutes what.
    pub inhibit: Vec<Inhibition>,
    /// When the bot speaks by itself.
    pub limits: Limits,
    /// Notifiers that are told when another one keeps failing.
    pub fallback: Vec<String>,
    /// What is run because of events.
    pub reactions: Vec<Reaction>,
    /// Notifiers that are named and that the file does not have: somebody may have added them while the bot ran.
    pub strangers: Vec<Stranger>,
}

/// A notifier that the file names and does not have.
#[derive(Debug, Clone)]
pub struct Stranger {
    /// Its name.
    pub name: String,
    /// What is said if nobody knows it.
    pub error: ConfigError,
}

/// What becomes of names that the file does not explain.
#[derive(Debug, Clone, Copy)]
pub enum Others<'a> {
    /// These are known too; another one is a mistake.
    Known(&'a [String]),
    /// Nobody knows yet: they are kept as strangers.
    Unheard,
}

impl Rules {
    /// Reads the text of `notifiers.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with its routes, with places.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Vec<ConfigError>> {
        Self::parse_with(file, text, Others::Known(&[]))
    }

    /// The same where there are notifiers that the file does not have.
    ///
    /// # Errors
    /// As [`Rules::parse`].
    pub fn parse_with(file: &Path, text: &str, others: Others<'_>) -> Result<Self, Vec<ConfigError>> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let raw = crate::config::yaml::read(file, text).map_err(|error| vec![error])?;
        super::check::check((file, text), raw, others)
    }

    /// Whether anything in the file names a notifier.
    pub fn names(&self, notifier: &str) -> bool {
        let mut sends = self.routes.iter().flat_map(|route| &route.send);
        sends.any(|send| send.notifier == notifier) || self.fallback.iter().any(|name| name == notifier)
    }

    /// The same rules with notifiers that no file has, and those that were attached to scopes, by name.
    pub fn with(
        &self,
        added: impl Iterator<Item = Notifier>,
        attached: &[(String, Trigger, String)],
    ) -> Self {
        let mut all = self.clone();
        all.notifiers.extend(added);
        for (scope, trigger, notifier) in attached {
            let send = Send { line: 0, notifier: notifier.clone(), options: None, digest: None };
            let same =
                |route: &&mut Route| route.attached == Some(*trigger) && route.scope.as_ref() == Some(scope);
            match all.routes.iter_mut().find(same) {
                Some(route) => route.send.push(send),
                None => all.routes.push(Route::attached(scope, *trigger, send)),
            }
        }
        all
    }

    /// The notifier of this name.
    pub fn notifier(&self, name: &str) -> Option<&Notifier> {
        self.notifiers.iter().find(|notifier| notifier.name == name)
    }
}

/// What routing knows of a notifier.
#[derive(Debug, Clone)]
pub struct Notifier {
    /// Its name.
    pub name: String,
    /// Events below are not for it.
    pub level: Level,
    /// The moments it hears of; all if empty.
    pub on: Vec<Moment>,
    /// Kinds of events that it takes; all if empty.
    pub events: Vec<Pattern>,
    /// Whether it is on.
    pub enabled: bool,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Route {
    /// The line in the file.
    pub line: u64,
    /// The path that it, and everything below, is about.
    pub scope: Option<String>,
    /// Which events.
    pub matching: Match,
    /// At which moments; all if empty.
    pub on: Vec<Moment>,
    /// What becomes of the routes above.
    pub inherit: Inherit,
    /// Events that belong together are told as one.
    pub group: Option<Group>,
    /// Events wait for a summary.
    pub digest: Option<Digest>,
    /// Failures are told only when there were several.
    pub after: Option<After>,
    /// What fails still is told again only after this.
    pub repeat: Option<Duration>,
    /// A start without an end is told after this, whatever `on` says.
    pub still_running: Option<Duration>,
    /// Who else is told of a failure that nobody takes care of.
    pub escalate: Vec<Escalation>,
    /// To whom.
    pub send: Vec<Send>,
    /// At which trigger, where its notifiers were attached while the bot ran: no line of a file says so.
    pub attached: Option<Trigger>,
}

impl Route {
    fn attached(scope: &str, trigger: Trigger, send: Send) -> Self {
        Self {
            line: 0,
            scope: Some(scope.to_owned()),
            matching: Match::default(),
            on: trigger.moments().to_vec(),
            inherit: Inherit::Append,
            group: None,
            digest: None,
            after: None,
            repeat: None,
            still_running: None,
            escalate: Vec::new(),
            send: vec![send],
            attached: Some(trigger),
        }
    }
}

/// What a route of a scope means for those of the scopes above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inherit {
    /// They send too.
    Append,
    /// When this route sends, they do not.
    Replace,
    /// They never send.
    None,
    /// They send, but not to these notifiers.
    Except(Vec<String>),
}

/// A notifier, perhaps with other options.
#[derive(Debug, Clone)]
pub struct Send {
    /// The line in the file.
    pub line: u64,
    /// The notifier's name.
    pub notifier: String,
    /// Options that replace its own, for its kind to check.
    pub options: Option<Value>,
    /// This notifier gets summaries.
    pub digest: Option<Digest>,
}

/// So many failures of one subject in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// How many, this one counted; at least 2.
    pub count: usize,
    /// In which time.
    pub within: Duration,
}

/// When the bot speaks by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// A start without an end is told after this.
    pub still_running: Option<Duration>,
    /// What changes more often is told as one notice.
    pub flapping: Option<Flapping>,
}

/// So many changes of one subject's outcome in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flapping {
    /// How many; at least 2.
    pub changes: usize,
    /// In which time; quiet for as long, it is over.
    pub within: Duration,
}
