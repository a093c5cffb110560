//! One event before all rules: what a route means for one of its notifiers.

use std::cell::OnceCell;
use std::time::Duration;

use super::decide::Ruling;
use super::gather::{Digest, lane};
use super::inhibit::Muffled;
use super::matching::{Seen, is_in};
use super::moments::{Cause, Facts, Flaps, Heard, wants};
use super::quiet::quiet;
use super::recent::{Repeat, failures, is_told, was_told};
use super::why::{self, Why};
use super::{Asked, Bundle, Inherit, Muted, Notifier, Quiet, Route, Rules, Scene, Send, Then, When};
use crate::model::{Event, EventStatus, Level, Moment, Subject, Timestamp};

/// An event, what is known of its subject, and the rules.
pub(super) struct Judge<'a> {
    pub(super) rules: &'a Rules,
    pub(super) next: Subject,
    silences: &'a [Muted],
    asked: &'a Asked<'a>,
    scene: Scene<'a>,
    facts: Facts,
    silenced: OnceCell<Option<&'a Muted>>,
    inhibited: OnceCell<Option<(u64, String)>>,
    quiet: OnceCell<Option<(&'a Quiet, Timestamp)>>,
}

/// How long a start may run that has run for `elapsed` until it is told next: the smallest limit of the routes
/// that hear of it, and twice as long each time after.
pub(super) fn next_running(rules: &Rules, event: &Event, elapsed: Duration) -> Option<Duration> {
    let seen = Seen::event(event, event.level.max(Level::Warning));
    let about = |route: &&Route| is_about(route, event) && route.matching.fits(&seen);
    let limits = rules.routes.iter().filter(about).filter_map(|route| running(rules, route, event));
    limits.map(|limit| if limit > elapsed { limit } else { elapsed.saturating_mul(2) }).min()
}

/// After how long the route hears of a start without an end: by its own limit, that of all routes, that of the event.
fn running(rules: &Rules, route: &Route, event: &Event) -> Option<Duration> {
    let usual = || {
        rules.limits.still_running.or(event.still_running).filter(|_| wants(&route.on, Moment::StillRunning))
    };
    route.still_running.or_else(usual)
}

fn is_about(route: &Route, event: &Event) -> bool {
    route.scope.as_ref().is_none_or(|top| event.scopes.iter().any(|scope| is_in(scope, top)))
}

impl<'a> Judge<'a> {
    pub(super) fn of(
        rules: &'a Rules,
        silences: &'a [Muted],
        asked: &'a Asked<'a>,
        scene: Scene<'a>,
        next: Subject,
        facts: Facts,
    ) -> Self {
        let (silenced, inhibited, quiet) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { rules, next, silences, asked, scene, facts, silenced, inhibited, quiet }
    }

    fn seen(&self) -> Seen<'_> {
        Seen::event(self.asked.event, self.facts.weight)
    }

    /// Why the route is not about this event at all.
    pub(super) fn misses<'s>(&'s self, route: &'s Route) -> Option<Why<'s>> {
        if !is_about(route, self.asked.event) {
            return Some(Why::Scope(route.scope.as_deref().unwrap_or_default()));
        }
        if let Some(miss) = route.matching.misses(&self.seen()) {
            return Some(Why::Miss(miss, self.asked.event, self.facts.weight));
        }
        if self.heard(route).is_nothing() {
            return Some(Why::Moment);
        }
        let Cause::Running(elapsed) = self.facts.cause else { return None };
        let limit = running(self.rules, route, self.asked.event);
        limit.is_none_or(|limit| limit > elapsed).then_some(Why::Early(limit))
    }

    /// What of the event the route hears.
    fn heard(&self, route: &Route) -> Heard {
        match self.facts.cause {
            Cause::Running(_) if route.still_running.is_some() => Heard::running(),
            _ => self.facts.heard(&route.on),
        }
    }

    /// The line of a route further down that keeps this one from sending, for every way it has.
    fn blocked(&self, route: &Route, notifier: &str) -> Option<u64> {
        let top = route.scope.as_ref()?;
        let mut by = None;
        for scope in self.asked.event.scopes.iter().filter(|scope| is_in(scope, top)) {
            let blocks = |lower: &&Route| {
                let path = lower.scope.as_ref();
                let below = path.is_some_and(|low| low != top && is_in(low, top) && is_in(scope, low));
                below && self.keeps(lower, notifier) && lower.matching.fits(&self.seen())
            };
            by = Some(self.rules.routes.iter().find(blocks)?.line);
        }
        by
    }

    fn keeps(&self, lower: &Route, notifier: &str) -> bool {
        match &lower.inherit {
            Inherit::Append => false,
            Inherit::None => true,
            Inherit::Replace => !self.heard(lower).is_nothing(),
            Inherit::Except(names) => names.iter().any(|name| name == notifier),
        }
    }

    /// What becomes of one notifier of a route that is about the event.
    pub(super) fn rule<'s>(&'s self, route: &'s Route, send: &'s Send) -> Ruling<'s> {
        if let Some(line) = self.blocked(route, &send.notifier) {
            return Ruling::Out(Why::Inherited(line));
        }
        let Some(notifier) = self.rules.notifier(&send.notifier) else { return Ruling::Out(Why::Unknown) };
        let moment = match self.takes(route, notifier) {
            Ok(moment) => moment,
            Err(why) => return Ruling::Out(why),
        };
        match self.dropped(route, notifier).map_or_else(|| self.when(route, send), Err) {
            Ok(when) => Ruling::Goes(moment, when),
            Err(why) => Ruling::Drops(moment, why),
        }
    }

    /// What the notifier is told, if it takes such events at all.
    fn takes<'s>(&'s self, route: &Route, notifier: &'s Notifier) -> Result<Moment, Why<'s>> {
        if !notifier.enabled {
            return Err(Why::Off);
        }
        let kind = &self.asked.event.kind;
        if !notifier.events.is_empty() && !notifier.events.iter().any(|pattern| pattern.fits(kind)) {
            return Err(Why::Kind(kind));
        }
        if self.facts.weight < notifier.level {
            return Err(Why::Level(notifier.level));
        }
        let both = self.heard(route).and(self.facts.heard(&notifier.on));
        self.facts.told(both).ok_or(Why::NotifierMoment)
    }

    /// Why a message that a route asks for is not sent.
    fn dropped(&self, route: &Route, notifier: &Notifier) -> Option<Why<'_>> {
        let silenced = self.silenced().map(Why::Silenced);
        let inhibited = || self.inhibited().map(|(line, by)| Why::Inhibited(*line, by));
        let flapping = || self.flapping(&route.on, &notifier.on);
        let told = silenced.or_else(inhibited).or_else(|| self.acknowledged()).or_else(flapping);
        told.or_else(|| self.few(route)).or_else(|| self.repeated(route))
    }

    fn silenced(&self) -> Option<&'a Muted> {
        *self.silenced.get_or_init(|| {
            let (event, now) = (self.asked.event, self.asked.now);
            self.silences.iter().find(|muted| muted.holds(event, &self.next.key, self.facts.weight, now))
        })
    }

    fn inhibited(&self) -> Option<&(u64, String)> {
        let find = || {
            let (event, key) = (self.asked.event, self.next.key.as_str());
            let muffled = Muffled { event, key, before: self.scene.subject, weight: self.facts.weight };
            let mut rules = self.rules.inhibit.iter().filter(|rule| rule.is_about(&muffled)).peekable();
            rules.peek()?;
            let failing = (self.scene.failing)();
            rules.find_map(|rule| Some((rule.line, rule.by(&muffled, &failing)?.title.clone())))
        };
        self.inhibited.get_or_init(find).as_ref()
    }

    /// Repeats that are no worse than what somebody takes care of.
    fn acknowledged(&self) -> Option<Why<'_>> {
        let kept = self.next.acknowledged.as_ref()?;
        let repeats = match self.facts.cause {
            Cause::Told => self.asked.event.status.is_outcome(),
            Cause::Running(_) => true,
            Cause::Calm | Cause::Nothing => false,
        };
        repeats.then_some(Why::Acknowledged(kept))
    }

    /// Changes of what flaps, for those who were told that it does; what is worse than before is told.
    fn flapping(&self, route: &[Moment], notifier: &[Moment]) -> Option<Why<'_>> {
        let limit = self.rules.limits.flapping.filter(|_| self.facts.flaps == Flaps::GoesOn)?;
        let event = self.asked.event;
        let changes = event.status.is_outcome() || event.status == EventStatus::Started;
        let worse = self.scene.subject.is_some_and(|before| event.level > before.level);
        let aware = wants(route, Moment::Flapping) && wants(notifier, Moment::Flapping);
        (changes && aware && !worse).then_some(Why::Flapping(limit))
    }

    /// Failures that are too few, and the end of such.
    fn few(&self, route: &Route) -> Option<Why<'_>> {
        let after = route.after.filter(|_| self.facts.cause == Cause::Told)?;
        if self.asked.event.status.is_bad() {
            let count = failures(&self.next.recent, after.within);
            return (count < after.count).then_some(Why::Few(count, after));
        }
        let before = self.scene.subject.filter(|_| self.facts.ends)?;
        (!was_told(&before.recent, after)).then_some(Why::Untold(after))
    }

    /// What fails still, told already, and is no worse.
    fn repeated(&self, route: &Route) -> Option<Why<'_>> {
        let every = route.repeat.filter(|_| self.facts.cause == Cause::Told)?;
        let event = self.asked.event;
        let same = self
            .scene
            .subject
            .is_some_and(|before| before.status == Some(event.status) && event.level <= before.level);
        let told = || is_told(&self.next.recent, Repeat { every, after: route.after });
        (same && event.status.is_bad() && !told()).then_some(Why::Repeat(every))
    }

    fn quiet(&self) -> Option<(&'a Quiet, Timestamp)> {
        *self.quiet.get_or_init(|| quiet(&self.rules.quiet, self.facts.weight, self.asked.now))
    }

    fn when(&self, route: &Route, send: &Send) -> Result<When, Why<'_>> {
        let now = self.asked.now;
        let quiet = self.quiet();
        let end = quiet.map_or(now, |(_, until)| until);
        let gather = |until: Timestamp, key: String, bundle| {
            let key = lane(key, send.options.as_ref());
            Ok(When::Gather { until: until.max(end), key, bundle })
        };
        if let Some((quiet, _)) = quiet.filter(|(quiet, _)| quiet.then == Then::Drop) {
            return Err(Why::Quiet(&quiet.name));
        }
        let waits = |digest: &&Digest| digest.below.is_none_or(|below| self.facts.weight < below);
        if let Some(digest) = send.digest.as_ref().or(route.digest.as_ref()).filter(waits) {
            return gather(digest.next(now), digest.key(), Bundle::Digest);
        }
        if let Some((quiet, until)) = quiet.filter(|(quiet, _)| quiet.then == Then::Digest) {
            return gather(until, format!("quiet {}", quiet.name), Bundle::Digest);
        }
        if let Some(group) = &route.group {
            return gather(
                now.plus(group.wait),
                group.key(self.asked.event, self.scope(route)),
                Bundle::Group,
            );
        }
        Ok(if quiet.is_some() { When::Held(end) } else { When::Now })
    }

    /// The scope of the event for which the route hears of it.
    fn scope(&self, route: &Route) -> &'a str {
        let event: &'a Event = self.asked.event;
        let mut scopes = event.scopes.iter().map(String::as_str);
        let inside = |scope: &&str| route.scope.as_ref().is_none_or(|top| is_in(scope, top));
        scopes.find(inside).unwrap_or_default()
    }

    /// When it is sent, in words.
    pub(super) fn sent(&self, route: &Route, when: &When) -> String {
        let quiet = self.quiet().map(|(quiet, until)| (quiet.name.as_str(), until));
        why::sent(when, quiet, route.group.as_ref())
    }
}
