//! `approvals`, `approve`, `deny`, `withdraw`, `answer`: what waits for somebody's word, and having a say in it.

use std::sync::Arc;

use super::{Call, Need, Reply, Row, Run, code, post, table, text};
use crate::action::Part;
use crate::bot::approvals::{Kind, Open, Say, standing};
use crate::bot::engine::Decided;
use crate::bot::reply;
use crate::text::human::duration;
use crate::text::{Block, Post, Tone};

/// What waits for somebody's word.
pub(super) static APPROVALS: Row = Row {
    name: "approvals",
    display: "approvals",
    formats: &["approvals", "pending"],
    summary: "what waits for somebody's word: yours, and what you asked for",
    need: Need::Nothing,
    permit: "chatops.history",
    run: Run::Now(approvals),
};

/// Lets something run.
pub(super) static APPROVE: Row = Row {
    name: "approve",
    display: "approve {{id}} [{{reason}}]",
    formats: &["approve {{id}} {{reason=}}"],
    summary: "let something run that needs approval",
    need: Need::Nothing,
    permit: "chatops.whoami",
    run: Run::Later(|call| Box::pin(decide(call, Say::Approve))),
};

/// Keeps something from running.
pub(super) static DENY: Row = Row {
    name: "deny",
    display: "deny {{id}} [{{reason}}]",
    formats: &["deny {{id}} {{reason=}}", "reject {{id}} {{reason=}}"],
    summary: "keep something from running that needs approval",
    need: Need::Nothing,
    permit: "chatops.whoami",
    run: Run::Later(|call| Box::pin(decide(call, Say::Deny))),
};

/// Takes one's own request back.
pub(super) static WITHDRAW: Row = Row {
    name: "withdraw",
    display: "withdraw {{id}}",
    formats: &["withdraw {{id}}"],
    summary: "take back what you asked for and others have not decided",
    need: Need::Nothing,
    permit: "chatops.whoami",
    run: Run::Later(|call| Box::pin(withdraw(call))),
};

/// Answers a question.
pub(super) static ANSWER: Row = Row {
    name: "answer",
    display: "answer {{id}} {{values}}",
    formats: &["answer {{id}} {{values}}"],
    summary: "answer what an execution asks: name=value ...",
    need: Need::Nothing,
    permit: "chatops.whoami",
    run: Run::Later(|call| Box::pin(answer(call))),
};

fn approvals(call: &Call) -> Reply {
    let all = call.may("chatops.history");
    let who = call.home.access.identity(&call.asker.person);
    let mine = |open: &Open| call.home.access.identity(&open.execution.person) == who;
    let may = |open: &Open| open.is_for(&call.home.access, &call.asker.who());
    let open = call.chat.engine.awaiting();
    let seen: Vec<&Open> = open.iter().filter(|open| all || mine(open) || may(open)).collect();
    if seen.is_empty() {
        return Reply::Said(Post::plain("nothing waits for anybody's word"));
    }
    let now = call.chat.world.now();
    let row = |open: &&Open| {
        let needs = match open.kind {
            Kind::Approval => standing(&open.needs.demands, &open.votes)
                .iter()
                .map(|(have, need)| format!("{have} of {need}"))
                .collect::<Vec<_>>()
                .join(", "),
            Kind::Code => "a code".to_owned(),
            Kind::Question => "an answer".to_owned(),
        };
        let yours = match (may(open), mine(open)) {
            (true, _) => "yes",
            (false, true) => "you asked",
            (false, false) => "no",
        };
        let left = duration(open.until.since(now));
        let execution = &open.execution;
        let command = reply::shorten(&execution.command);
        vec![execution.id.to_string(), execution.person_name.clone(), command, needs, left, yours.to_owned()]
    };
    let rows = seen.iter().map(row).collect();
    Reply::Said(post(vec![table(&["id", "who", "command", "has", "time left", "yours to decide"], rows)]))
}

/// The number that was typed.
fn number(call: &Call) -> Result<i64, String> {
    let typed = call.param("id").unwrap_or_default();
    let bare = typed.trim_start_matches('#').parse();
    bare.map_err(|_| format!("`{typed}` is not a number; `approvals` lists what waits"))
}

async fn decide(call: Arc<Call>, say: Say) -> Reply {
    let id = match number(&call) {
        Ok(id) => id,
        Err(why) => return Reply::Problem(reply::problem(&why)),
    };
    let reason = call.param("reason").map(str::to_owned);
    match call.chat.engine.decide(&call.home, id, &call.asker, say, reason).await {
        Ok(Decided::Approved) => good(format!("you approved {id}: it runs")),
        Ok(Decided::Denied) => good(format!("you denied {id}")),
        Ok(Decided::Counted(standing)) => {
            let parts: Vec<_> = standing.iter().map(|(have, need)| format!("{have} of {need}")).collect();
            good(format!("you approved {id}: {}", parts.join(", ")))
        }
        Err(why) => Reply::Problem(reply::problem(&why.to_string())),
    }
}

fn good(sentence: String) -> Reply {
    Reply::Said(Post::plain(sentence).tone(Tone::Good))
}

async fn withdraw(call: Arc<Call>) -> Reply {
    let id = match number(&call) {
        Ok(id) => id,
        Err(why) => return Reply::Problem(reply::problem(&why)),
    };
    match call.chat.engine.withdraw(&call.home, id, &call.asker).await {
        Ok(()) => good(format!("{id} is withdrawn")),
        Err(why) => Reply::Problem(reply::problem(&why.to_string())),
    }
}

async fn answer(call: Arc<Call>) -> Reply {
    let id = match number(&call) {
        Ok(id) => id,
        Err(why) => return Reply::Problem(reply::problem(&why)),
    };
    let given = match parts(call.param("values").unwrap_or_default()) {
        Ok(given) => given,
        Err(why) => return Reply::Problem(reply::problem(&why)),
    };
    match call.chat.engine.answer(&call.home, id, &call.asker, given).await {
        Ok(response) => {
            let said = vec![text(format!("you answered {id}: ")), code(response.to_string())];
            Reply::Said(post(vec![Block::Para(said)]).tone(Tone::Good))
        }
        Err(why) => Reply::Problem(reply::problem(&why.to_string())),
    }
}

/// `name=value name="two words"`, the values as they were typed.
fn parts(typed: &str) -> Result<Vec<(String, Part)>, String> {
    let wrong = || "say each value as name=value, in quotes where it has blanks".to_owned();
    let mut given = Vec::new();
    let mut rest = typed.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(wrong)?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(wrong());
        }
        let quote = after.chars().next().filter(|first| matches!(first, '"' | '\''));
        let (value, left) = match quote {
            Some(quote) => after[1..].split_once(quote).ok_or_else(wrong)?,
            None => match bracketed(after) {
                Some(end) => after.split_at(end),
                None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            },
        };
        given.push((name.to_owned(), Part::Typed(value.to_owned())));
        rest = left.trim_start();
    }
    if given.is_empty() { Err(wrong()) } else { Ok(given) }
}

/// Where a JSON list or object at the beginning ends.
fn bracketed(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    text.starts_with(['[', '{']).then(|| values.next()?.ok().map(|_| values.byte_offset()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Result<Vec<(String, String)>, String> {
        let word = |(name, part)| match part {
            Part::Typed(text) => (name, text),
            Part::Value(value) => (name, value.to_string()),
        };
        parts(text).map(|given| given.into_iter().map(word).collect())
    }

    #[test]
    fn an_answer_is_names_and_values() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(typed("continue=true"), Ok(vec![pair("continue", "true")]));
        let expected = vec![pair("a", "two words"), pair("b", "[1, 2]"), pair("c", "x=y")];
        assert_eq!(typed("a=\"two words\" b=[1, 2] c=x=y"), Ok(expected));
        for bad in ["", "yes", "two words=1", "a=\"open", "=x"] {
            assert!(typed(bad).is_err(), "{bad}");
        }
    }
}
