//! What others are told of approvals: events, and what became of something that waits no more.

use serde_json::json;

use super::{Approvals, Kind, Open};
use crate::model::{Event, EventStatus, Execution, Level, Timestamp};
use crate::store::{Accept, Vote, Waited};

/// The source of what the bot tells of itself.
const SOURCE: &str = "chatops";

/// What happened, as the end of an event's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It waits.
    Pending,
    /// It may run, or was answered.
    Approved,
    /// It may not.
    Denied,
    /// Nobody decided in time.
    TimedOut,
}

impl Moment {
    /// The word in the kind, and what a route calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::TimedOut => "timed_out",
        }
    }

    const fn status(self) -> (EventStatus, Level) {
        match self {
            Self::Pending => (EventStatus::Pending, Level::Info),
            Self::Approved => (EventStatus::Ok, Level::Ok),
            Self::Denied | Self::TimedOut => (EventStatus::Failed, Level::Warning),
        }
    }
}

impl Approvals {
    /// What is told of a moment, routed when it commits.
    pub fn told(&self, open: &Open, moment: Moment, why: Option<&str>, url: Option<String>) -> Accept {
        let event = event(open, moment, why, url, self.world.now());
        let route = open.needs.question.as_ref().filter(|_| moment == Moment::Pending);
        let routes: Vec<String> =
            route.map(|it| it.route.clone()).filter(|it| !it.is_empty()).into_iter().collect();
        self.notify.prepare_for(event, &routes)
    }
}

fn event(open: &Open, moment: Moment, why: Option<&str>, url: Option<String>, now: Timestamp) -> Event {
    let execution = &open.execution;
    let (status, level) = moment.status();
    let what = match (open.kind, moment) {
        (Kind::Question, Moment::Pending) => "waits for an answer",
        (Kind::Question, Moment::Approved) => "was answered",
        (_, Moment::Pending) => "needs approval",
        (_, Moment::Approved) => "was approved",
        (_, Moment::Denied) => "was denied",
        (_, Moment::TimedOut) => "was not decided in time",
    };
    let why = why.map(|why| format!(" {why}")).unwrap_or_default();
    let labels = [
        ("action", execution.action.clone()),
        ("alias", execution.alias.clone().unwrap_or_default()),
        ("person", execution.person_name.clone()),
        ("execution", execution.id.to_string()),
        ("waits_for", open.kind.word().to_owned()),
    ];
    let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
    Event {
        level,
        title: format!(
            "{} ({}) of {} {what}",
            shortened(&execution.command),
            execution.id,
            execution.person_name
        ),
        text: why.trim().to_owned(),
        url,
        labels: labels.map(|(name, value)| (name.to_owned(), value)).collect(),
        scopes: vec![execution.action.replacen('.', "/", 1)],
        actor: Some(execution.person_name.clone()),
        fingerprint: format!("approval/{}", execution.id),
        dedup_key: Some(format!("approval/{}/{}/{}", execution.id, open.kind.word(), moment.word())),
        at: Some(now),
        started: Some(open.asked),
        duration: (moment != Moment::Pending).then(|| now.since(open.asked)),
        payload: payload(open, execution),
        ..Event::blank(SOURCE, &format!("approval.{}", moment.word()), status)
    }
}

fn payload(open: &Open, execution: &Execution) -> serde_json::Value {
    let votes: Vec<_> = open
        .votes
        .iter()
        .map(|vote| json!({"person": vote.person, "verdict": vote.verdict, "reason": vote.reason}))
        .collect();
    json!({
        "execution_id": execution.id.to_string(), "action_ref": execution.action, "alias_ref": execution.alias,
        "parameters": execution.parameters, "person": execution.person, "until": open.until.to_string(),
        "votes": votes,
    })
}

fn shortened(command: &str) -> String {
    const LONGEST: usize = 200;
    match command.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &command[..end]),
        None => command.to_owned(),
    }
}

/// What became of something that waits no more, for who comes late.
pub(super) fn gone(id: i64, waited: Option<&Waited>, votes: &[Vote]) -> String {
    let Some((verdict, closed)) = waited.and_then(|waited| waited.verdict.as_deref().zip(waited.closed))
    else {
        return format!("nothing with the number {id} waits for anybody's word; `approvals` lists what does");
    };
    let by: Vec<&str> = votes
        .iter()
        .filter(|vote| vote.verdict == if verdict == "denied" { "deny" } else { "approve" })
        .map(|vote| vote.name.as_str())
        .collect();
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
    let how = match verdict {
        "approved" => format!("was approved{by}"),
        "denied" => format!("was denied{by}"),
        "withdrawn" => "was withdrawn".to_owned(),
        "timed_out" => "was not decided in time".to_owned(),
        "answered" => "was answered".to_owned(),
        "proved" => "got its code".to_owned(),
        other => format!("was {other}"),
    };
    format!("{id} {how} already, at {closed}")
}
