//! What the bot says about what waits for somebody's word.

use serde_json::{Map, Value};

use super::diff::{differences, exact};
use super::tally::standing;
use super::{Needs, Open};
use crate::config::{Demand, Reason};
use crate::model::{Execution, Timestamp};
use crate::store::Vote;
use crate::text::human::duration;
use crate::text::{Block, Post, Span, Tone};

fn text(text: impl Into<String>) -> Span {
    Span::Text(text.into())
}

fn code(text: impl Into<String>) -> Span {
    Span::Code(text.into())
}

fn para(spans: Vec<Span>) -> Block {
    Block::Para(spans)
}

fn names(names: &[String]) -> Vec<Span> {
    let mut spans = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            spans.push(text(", "));
        }
        spans.push(code(name));
    }
    spans
}

/// An earlier run that ended well, and how long ago.
pub(super) type Last<'a> = Option<(&'a Execution, std::time::Duration)>;

/// Asks for approval: who, what, exactly which parameters, what differs from last time, until when.
pub(super) fn request(execution: &Execution, needs: &Needs, until: Timestamp, last: Last<'_>) -> Post {
    let id = execution.id;
    let head = vec![
        text(format!("{} asks for approval of {id}: ", execution.person_name)),
        code(&execution.command),
    ];
    let mut facts = vec![("asked by".to_owned(), vec![code(execution.person.to_string())])];
    facts.push(("action".to_owned(), vec![code(&execution.action)]));
    facts.extend(parameters(&execution.parameters));
    let mut body = vec![para(head)];
    body.extend(compared(&execution.parameters, last));
    facts.extend(needs.demands.iter().map(|demand| ("needs".to_owned(), demanded(demand))));
    facts.push(("until".to_owned(), vec![Span::Time(until.as_secs())]));
    Post { tone: Tone::Warning, body, facts, foot: how(id, &needs.demands), ..Post::default() }
}

/// What to type.
fn how(id: i64, demands: &[Demand]) -> String {
    let required = demands.iter().any(|demand| demand.reason == Reason::Required);
    let why = if required { "REASON" } else { "[REASON]" };
    format!("approve {id} {why} · deny {id} {why} · withdraw {id}")
}

/// Each parameter as a fact of its own.
pub(in crate::bot) fn parameters(parameters: &Map<String, Value>) -> Vec<(String, Vec<Span>)> {
    parameters.iter().map(|(name, value)| (name.clone(), vec![code(exact(value))])).collect()
}

fn compared(now: &Map<String, Value>, last: Last<'_>) -> Vec<Block> {
    let Some((last, ago)) = last else {
        return vec![para(vec![text("it never ran well before")])];
    };
    let run = format!("run {} of {}, {} ago", last.id, last.person_name, duration(ago));
    let lines = differences(&last.parameters, now);
    if lines.is_empty() {
        return vec![para(vec![text(format!("nothing differs from {run}"))])];
    }
    let items = lines.into_iter().map(|line| vec![code(line)]).collect();
    vec![para(vec![text(format!("differs from {run}:"))]), Block::List(items)]
}

/// Who must approve: ``2 of `sre` in `irc:#ops`, with a reason``.
pub(in crate::bot) fn demanded(demand: &Demand) -> Vec<Span> {
    let count = demand.count;
    let mut spans = match (demand.by.is_empty(), count) {
        (true, 1) => vec![text("one who may approve it")],
        (true, many) => vec![text(format!("{many} who may approve it"))],
        (false, many) => vec![text(format!("{many} of "))],
    };
    spans.extend(names(&demand.by));
    if !demand.places.is_empty() {
        spans.push(text(" in "));
        spans.extend(names(&demand.places));
    }
    if demand.reason == Reason::Required {
        spans.push(text(", with a reason"));
    }
    spans
}

/// Asks a question: what an answer looks like, who may give it, until when.
pub(super) fn question(execution: &Execution, needs: &Needs, until: Timestamp) -> Post {
    let id = execution.id;
    let Some(question) = &needs.question else { return Post::default() };
    let head = vec![text(format!("{id} asks, for {}: ", execution.person_name)), code(&execution.command)];
    let mut items = Vec::new();
    for field in question.fields() {
        let mut line = vec![code(&field.name), text(format!(" ({})", field.kind))];
        if !field.about.is_empty() {
            line.push(text(format!(" {}", field.about)));
        }
        items.push(line);
    }
    let mut facts = Vec::new();
    let people: Vec<String> = question.roles.iter().chain(&question.users).cloned().collect();
    if !people.is_empty() {
        facts.push(("for".to_owned(), names(&people)));
    }
    facts.push(("until".to_owned(), vec![Span::Time(until.as_secs())]));
    let example: Vec<String> = question.fields().map(|field| format!("{}=…", field.name)).collect();
    let foot = format!("answer {id} {}", example.join(" "));
    Post { tone: Tone::Warning, body: vec![para(head), Block::List(items)], facts, foot, ..Post::default() }
}

/// The message once it is decided: as it was, and what became of it.
pub(super) fn outcome(asked: &Post, open: &Open, verdict: &str, why: Option<&str>, now: Timestamp) -> Post {
    let mut post = Post { foot: String::new(), choices: Vec::new(), ..asked.clone() };
    post.tone = if matches!(verdict, "approved" | "answered" | "proved") { Tone::Good } else { Tone::Bad };
    let mut spans = vec![text(format!("{} ", open.execution.id)), Span::Bold(verdict.replace('_', " "))];
    spans.extend(why.map(|why| text(format!(" {why}"))));
    spans.extend([text(", "), Span::Time(now.as_secs())]);
    post.body.push(para(spans));
    post
}

/// The same in one line, where messages cannot be changed.
pub(super) fn outcome_line(open: &Open, verdict: &str, why: Option<&str>) -> Post {
    let why = why.map(|why| format!(" {why}")).unwrap_or_default();
    let tone = if matches!(verdict, "approved" | "answered" | "proved") { Tone::Good } else { Tone::Bad };
    let said = vec![
        text(format!("{} ", open.execution.id)),
        code(&open.execution.command),
        text(format!(" {}{why}", verdict.replace('_', " "))),
    ];
    Post { tone, body: vec![para(said)], ..Post::default() }
}

/// The message after a vote that does not decide it yet.
pub(super) fn counted(asked: &Post, demands: &[Demand], votes: &[Vote]) -> Post {
    let mut post = asked.clone();
    let good = votes.iter().filter(|vote| vote.verdict == "approve");
    let who: Vec<&str> = good.map(|vote| vote.name.as_str()).collect();
    let (have, need) = standing(demands, votes)
        .into_iter()
        .fold((0, 0), |(have, need), (one, of)| (have + one.min(of), need + of));
    post.body.push(para(vec![text(format!("approved by {}: {have} of {need}", who.join(", ")))]));
    post
}

/// What the requester hears of an answer.
pub(super) fn answered(execution: &Execution, response: &Value) -> Post {
    let facts = response.as_object().map(parameters).unwrap_or_default();
    let said = vec![code(&execution.command), text(format!(" ({}) was answered", execution.id))];
    Post { tone: Tone::Good, body: vec![para(said)], facts, ..Post::default() }
}

/// What the requester hears of the end of what never ran.
pub(super) fn never_ran(execution: &Execution, why: &str) -> Post {
    let said = vec![code(&execution.command), text(format!(" ({}) did not run: {why}", execution.id))];
    Post { tone: Tone::Bad, body: vec![para(said)], ..Post::default() }
}
