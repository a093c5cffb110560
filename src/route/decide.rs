//! Who hears of an event, and why the others do not.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::{Inherit, Notifier, Route, Rules, Send, Then};
use crate::model::{Event, EventStatus, Level, Timestamp};

/// What was known of the thing before the event.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The last outcome, if it ever had one; a start is none.
    pub outcome: Option<EventStatus>,
    /// How bad that was.
    pub level: Level,
}

/// One thing to send.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// The line of the route in the file.
    pub line: u64,
    /// The notifier.
    pub notifier: String,
    /// Options that replace its own; perhaps secret, so not shown in JSON.
    #[serde(skip)]
    pub options: Option<Value>,
    /// When.
    pub when: When,
}

/// When to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At once.
    Now,
    /// On its own, at this time (microseconds since 1970).
    Held(Timestamp),
    /// With others in one message, at this time (microseconds since 1970).
    Digest(Timestamp),
}

/// What one route means for one notifier, or, without one, why it is out as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The line of the route in the file.
    pub line: u64,
    /// The notifier; none where the whole route does not apply.
    pub notifier: Option<String>,
    /// What is sent.
    pub sends: Option<Decision>,
    /// Why, in words.
    pub why: String,
}

/// What to send where; each notifier once for the same options.
pub fn decide(rules: &Rules, event: &Event, subject: Option<&Subject>, now: Timestamp) -> Vec<Decision> {
    explain(rules, event, subject, now).into_iter().filter_map(|verdict| verdict.sends).collect()
}

/// What every route means for every notifier it names.
pub fn explain(rules: &Rules, event: &Event, subject: Option<&Subject>, now: Timestamp) -> Vec<Verdict> {
    let asked = Asked { rules, event, subject, now };
    let mut verdicts: Vec<Verdict> = Vec::new();
    for (index, route) in rules.routes.iter().enumerate() {
        if let Some(why) = asked.misses(route) {
            verdicts.push(Verdict { line: route.line, notifier: None, sends: None, why });
            continue;
        }
        for send in &route.send {
            let same = |sent: &Decision| sent.notifier == send.notifier && sent.options == send.options;
            let twice = verdicts.iter().filter_map(|verdict| verdict.sends.as_ref()).find(|sent| same(sent));
            let outcome = match twice {
                Some(sent) => Err(format!("the route in line {} sends it already", sent.line)),
                None => asked.judge(index, send),
            };
            let (sends, why) = match outcome {
                Ok((sends, why)) => (Some(sends), why),
                Err(why) => (None, why),
            };
            verdicts.push(Verdict { line: route.line, notifier: Some(send.notifier.clone()), sends, why });
        }
    }
    verdicts
}

struct Asked<'a> {
    rules: &'a Rules,
    event: &'a Event,
    subject: Option<&'a Subject>,
    now: Timestamp,
}

impl Asked<'_> {
    /// Why the route is not about this event at all.
    fn misses(&self, route: &Route) -> Option<String> {
        if self.about(route).is_empty() {
            return Some(format!(
                "no scope of the event is in `{}`",
                route.scope.as_deref().unwrap_or_default()
            ));
        }
        let off = || (!self.fires(route)).then(|| "it is not the moment (`on`)".to_owned());
        route.matching.misses(self.event).or_else(off)
    }

    fn fires(&self, route: &Route) -> bool {
        route.on.iter().any(|trigger| trigger.fires(self.event, self.subject))
    }

    /// The scopes of the event that a route is about; for a route without a scope, one nameless.
    fn about(&self, route: &Route) -> BTreeSet<&str> {
        let Some(top) = &route.scope else { return BTreeSet::from([""]) };
        self.event.scopes.iter().map(String::as_str).filter(|scope| is_in(scope, top)).collect()
    }

    /// The line of a route further down that keeps this one from sending, for every way it has.
    fn blocked(&self, index: usize, notifier: &str) -> Option<u64> {
        let route = &self.rules.routes[index];
        let top = route.scope.as_ref()?;
        let mut by = None;
        for scope in self.about(route) {
            let blocks = |lower: &&Route| {
                let below = lower
                    .scope
                    .as_ref()
                    .is_some_and(|low| low != top && is_in(low, top) && is_in(scope, low));
                below && lower.matching.misses(self.event).is_none() && self.keeps(lower, notifier)
            };
            by = Some(self.rules.routes.iter().find(blocks)?.line);
        }
        by
    }

    fn keeps(&self, lower: &Route, notifier: &str) -> bool {
        match &lower.inherit {
            Inherit::Append => false,
            Inherit::None => true,
            Inherit::Replace => self.fires(lower),
            Inherit::Except(names) => names.iter().any(|name| name == notifier),
        }
    }

    fn judge(&self, index: usize, send: &Send) -> Result<(Decision, String), String> {
        if let Some(line) = self.blocked(index, &send.notifier) {
            return Err(format!("the route in line {line} does not inherit it"));
        }
        let notifier = self.rules.notifiers.iter().find(|notifier| notifier.name == send.notifier);
        self.takes(notifier.ok_or("there is no such notifier")?)?;
        let (when, why) = self.when()?;
        let line = self.rules.routes[index].line;
        let (notifier, options) = (send.notifier.clone(), send.options.clone());
        Ok((Decision { line, notifier, options, when }, why))
    }

    fn takes(&self, notifier: &Notifier) -> Result<(), String> {
        if !notifier.enabled {
            return Err("the notifier is not enabled".to_owned());
        }
        if !notifier.events.is_empty() && !notifier.events.iter().any(|kind| kind.fits(&self.event.kind)) {
            return Err(format!("the notifier does not take the kind `{}`", self.event.kind));
        }
        if self.weight() < notifier.level {
            return Err(format!("the notifier takes `{}` and above", notifier.level));
        }
        Ok(())
    }

    /// Who heard that it is bad hears that it is over: an end weighs as much as what it ends.
    fn weight(&self) -> Level {
        let ended = self.subject.filter(|subject| {
            let bad = |status: EventStatus| status.is_failure() || status == EventStatus::Warning;
            self.event.status.is_success() && subject.outcome.is_some_and(bad)
        });
        ended.map_or(self.event.level, |subject| subject.level.max(self.event.level))
    }

    fn when(&self) -> Result<(When, String), String> {
        let level = self.event.level;
        let quiet = self.rules.quiet.iter().find_map(|quiet| Some((quiet, quiet.until(level, self.now)?)));
        let Some((quiet, until)) = quiet else { return Ok((When::Now, "sent at once".to_owned())) };
        match quiet.then {
            Then::Drop => Err(format!("dropped: quiet hours `{}`", quiet.name)),
            Then::Hold => {
                Ok((When::Held(until), format!("held until {until}: quiet hours `{}`", quiet.name)))
            }
            Then::Digest => {
                Ok((When::Digest(until), format!("in a digest at {until}: quiet hours `{}`", quiet.name)))
            }
        }
    }
}

/// Whether a path is another or lies below it.
fn is_in(scope: &str, top: &str) -> bool {
    scope.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
