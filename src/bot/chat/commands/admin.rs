//! `reload`, `audit`, `doctor`: for those who look after the bot.

use std::sync::{Arc, PoisonError};

use super::{Call, Need, Reply, Row, Run, code, post, table, text};
use serde_json::Value;

use crate::bot::link;
use crate::bot::reply;
use crate::store::{Search, What};
use crate::text::{Block, Post, Tone};

/// How many audit records are shown.
const SHOWN: usize = 15;

/// Loads the configuration again.
pub(super) static RELOAD: Row = Row {
    name: "reload",
    display: "reload",
    formats: &["reload"],
    summary: "load the configuration again",
    need: Need::Grant,
    permit: "chatops.reload",
    run: Run::Later(|call| Box::pin(reload(call))),
};

/// Searches the audit log.
pub(super) static AUDIT: Row = Row {
    name: "audit",
    display: "audit [{{filter}}]",
    formats: &["audit {{filter=}}"],
    summary: "the last records of the audit log",
    need: Need::Grant,
    permit: "chatops.audit",
    run: Run::Later(|call| Box::pin(audit(call))),
};

/// How the bot is.
pub(super) static DOCTOR: Row = Row {
    name: "doctor",
    display: "doctor",
    formats: &["doctor"],
    summary: "how the bot is",
    need: Need::Grant,
    permit: "chatops.doctor",
    run: Run::Now(doctor),
};

async fn reload(call: Arc<Call>) -> Reply {
    let home = call.chat.homes.reload(&call.asker.person.to_string()).await;
    let head = format!("{} aliases and {} actions are in force", home.own_aliases(), home.actions.len());
    let mut body = vec![Block::Para(vec![text(head)])];
    let problems =
        home.problems.iter().map(|problem| vec![text(problem.error().headline())]).collect::<Vec<_>>();
    if problems.is_empty() {
        return Reply::Said(post(body));
    }
    body.push(Block::List(problems));
    Reply::Problem(post(body))
}

async fn audit(call: Arc<Call>) -> Reply {
    let filter = Search { limit: SHOWN, ..call.param("filter").map(search).unwrap_or_default() };
    let found = call.chat.store.read(move |reader| reader.audit(&filter)).await;
    let records = match found {
        Ok(records) => records,
        Err(error) => {
            return Reply::Problem(reply::problem(&format!("the audit log cannot be read: {error}")));
        }
    };
    if records.is_empty() {
        return Reply::Said(Post::plain("no audit record fits"));
    }
    let rows = records.into_iter().map(|record| {
        let body: Value = serde_json::from_str(&record.body).unwrap_or_default();
        let text = reply::shorten(body["text"].as_str().unwrap_or_default());
        let (person, subject) = (record.person.unwrap_or_default(), record.subject.unwrap_or_default());
        vec![record.at.to_string(), record.what, person, subject, text]
    });
    Reply::Said(post(vec![table(&["when", "what", "who", "subject", "text"], rows.collect())]))
}

/// A kind of record, a person, or any text.
fn search(word: &str) -> Search {
    if let Some(what) = What::ALL.iter().find(|what| what.as_str() == word) {
        return Search { what: Some(*what), ..Search::default() };
    }
    match word.parse() {
        Ok(person) => Search { person: Some(person), ..Search::default() },
        Err(_) => Search { text: Some(word.to_owned()), ..Search::default() },
    }
}

fn doctor(call: &Call) -> Reply {
    let links = call.chat.links.lock().unwrap_or_else(PoisonError::into_inner);
    let mut well = true;
    let mut items = Vec::new();
    for (name, state) in links.iter() {
        let said = match &*state.borrow() {
            link::State::Up { since } => format!("up since {since}"),
            link::State::Connecting { since, why } => {
                well = false;
                let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                format!("connecting since {since}{why}")
            }
            link::State::Refused { since, why } => {
                well = false;
                format!("refused since {since}: {why}")
            }
            link::State::Stopped => "stopped".to_owned(),
        };
        items.push(vec![code(name.to_string()), text(format!(" {said}"))]);
    }
    drop(links);
    if call.chat.engine.is_draining() {
        well = false;
        items.push(vec![text("it drains: nothing new is taken until "), code("drain off")]);
    }
    for problem in &call.home.problems {
        well &= !problem.is_fatal();
        items.push(vec![text(problem.error().headline())]);
    }
    let head = if well { "all is well" } else { "something needs a look" };
    let said = post(vec![Block::Para(vec![text(head)]), Block::List(items)]);
    if well { Reply::Said(said.tone(Tone::Good)) } else { Reply::Problem(said.tone(Tone::Warning)) }
}
