//! Who hears of an event, and why the others do not.

use super::escalation;
use super::judge::Judge;
use super::moments::Facts;
use super::recent::Repeat;
use super::subject::Step;
use super::why::Why;
use super::{Asked, Decision, Explained, Muted, Outcome, Route, Rules, Scene, Send, Verdict, When};
use crate::model::{Moment, Timestamp};

/// What becomes of an event: the same for the same values, whatever they are. For 50 routes some microseconds.
pub fn decide(rules: &Rules, silences: &[Muted], asked: &Asked<'_>, scene: Scene<'_>) -> Outcome {
    let judge = Judge::new(rules, silences, asked, scene);
    let sends = lines(&judge).into_iter().filter_map(Line::decision).collect();
    Outcome { subject: judge.next, sends }
}

/// The same, and what every route means for every notifier it names.
pub fn explain(rules: &Rules, silences: &[Muted], asked: &Asked<'_>, scene: Scene<'_>) -> Explained {
    let judge = Judge::new(rules, silences, asked, scene);
    let verdicts: Vec<Verdict> = lines(&judge).into_iter().map(|line| line.verdict(&judge)).collect();
    let escalations = match asked.derived.is_none() && escalation::begins(scene.subject, asked.event) {
        true => escalation::shown(rules, verdicts.iter().filter_map(|it| it.sends.as_ref()), asked.now),
        false => Vec::new(),
    };
    Explained { subject: judge.next, verdicts, escalations }
}

/// What a route, or one notifier of it, means for an event.
struct Line<'a> {
    route: &'a Route,
    send: Option<&'a Send>,
    ruling: Ruling<'a>,
}

/// What becomes of one notifier of a route.
pub(super) enum Ruling<'a> {
    /// It is told this.
    Goes(Moment, When),
    /// It would be told this.
    Drops(Moment, Why<'a>),
    /// It has nothing to do with it.
    Out(Why<'a>),
}

fn lines<'a>(judge: &'a Judge<'_>) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for route in &judge.rules.routes {
        match judge.misses(route) {
            Some(why) => lines.push(Line { route, send: None, ruling: Ruling::Out(why) }),
            None => {
                for send in &route.send {
                    let line = Line { route, send: Some(send), ruling: judge.rule(route, send) };
                    push(&mut lines, line);
                }
            }
        }
    }
    lines
}

/// Of several routes that send the same to the same notifier the soonest does; what is dropped gives way.
fn push<'a>(lines: &mut Vec<Line<'a>>, mut line: Line<'a>) {
    let same = |other: &&mut Line<'a>| {
        let options = |line: &Line<'a>| line.send.map(|send| (&send.notifier, &send.options));
        other.due().is_some() && options(other) == options(&line)
    };
    if let (Some(due), Some(other)) = (line.due(), lines.iter_mut().find(same)) {
        if other.due().is_some_and(|earlier| earlier <= due) {
            line.ruling = Ruling::Out(Why::Twice(other.route.line));
        } else {
            other.ruling = Ruling::Out(Why::Twice(line.route.line));
        }
    }
    lines.push(line);
}

impl Line<'_> {
    /// When it is sent, the end of time for what is dropped; none if it is out.
    fn due(&self) -> Option<Timestamp> {
        match &self.ruling {
            Ruling::Goes(_, When::Now) => Some(Timestamp::from_micros(i64::MIN)),
            Ruling::Goes(_, When::Held(until) | When::Gather { until, .. }) => Some(*until),
            Ruling::Goes(_, When::Dropped(_)) | Ruling::Drops(..) => Some(Timestamp::from_micros(i64::MAX)),
            Ruling::Out(_) => None,
        }
    }

    fn decision(self) -> Option<Decision> {
        let (moment, when) = match self.ruling {
            Ruling::Goes(moment, when) => (moment, when),
            Ruling::Drops(moment, why) => (moment, When::Dropped(why.to_string())),
            Ruling::Out(_) => return None,
        };
        let send = self.send?;
        let (notifier, options) = (send.notifier.clone(), send.options.clone());
        Some(Decision { line: self.route.line, notifier, options, moment, when })
    }

    fn verdict(self, judge: &Judge<'_>) -> Verdict {
        let (line, notifier) = (self.route.line, self.send.map(|send| send.notifier.clone()));
        let why = match &self.ruling {
            Ruling::Goes(_, when) => judge.sent(self.route, when),
            Ruling::Drops(_, why) => format!("dropped: {why}"),
            Ruling::Out(why) => why.to_string(),
        };
        let attached = self
            .route
            .attached
            .map(|trigger| format!("{} {trigger}", self.route.scope.as_deref().unwrap_or_default()));
        Verdict { line, attached, notifier, sends: self.decision(), why }
    }
}

impl<'a> Judge<'a> {
    fn new(rules: &'a Rules, silences: &'a [Muted], asked: &'a Asked<'a>, scene: Scene<'a>) -> Self {
        let repeat = |route: &Route| route.repeat.map(|every| Repeat { every, after: route.after });
        let mut repeats: Vec<Repeat> = rules.routes.iter().filter_map(repeat).collect();
        repeats.dedup();
        let running = |elapsed| super::judge::next_running(rules, asked.event, elapsed);
        let step = Step {
            asked,
            before: scene.subject,
            limits: &rules.limits,
            repeats: &repeats,
            running: &running,
        };
        let next = step.next();
        let facts = Facts::of(asked, scene.subject, &next);
        Self::of(rules, silences, asked, scene, next, facts)
    }
}
