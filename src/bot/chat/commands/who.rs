//! `whoami`, `who can run X`, `why can't I run X`: what access says, explained.

use super::{Call, Need, Reply, Row, Run, code, post, text};
use crate::access;
use crate::alias::Found;
use crate::bot::reply;
use crate::text::{Block, Post};

/// Who the asker is to the bot.
pub static WHOAMI: Row = Row {
    name: "whoami",
    formats: &["whoami", "who am i"],
    summary: "who you are to the bot, and what you were granted",
    need: Need::Nothing,
    run: Run::Now(whoami),
};

/// Who may run something.
pub static WHO_CAN: Row = Row {
    name: "who_can",
    formats: &["who can run {{what}}", "who may run {{what}}"],
    summary: "who may run a command, alias or action, and by which rule",
    need: Need::Something,
    run: Run::Now(who_can),
};

/// Why the asker may or may not run something here.
pub static WHY_NOT: Row = Row {
    name: "why_not",
    formats: &["why can('|’)?t i run {{what}}", "why can i run {{what}}"],
    summary: "the rule that lets you run a command here, or what is missing",
    need: Need::Nothing,
    run: Run::Now(why_not),
};

fn whoami(call: &Call) -> Reply {
    let person = &call.asker.person;
    let mut said = vec![text(format!("{}, you are ", call.asker.name)), code(person.to_string())];
    if !person.is_proven() {
        said.push(text(", which anyone could say: log in to the network's services to be known"));
    }
    let rights = call.home.access.rights(&call.asker.who());
    let mut body = vec![Block::Para(said)];
    match rights.is_empty() {
        true => body.push(Block::Para(vec![text("nothing was granted to you here but "), code("help")])),
        false => body.push(Block::List(rights.into_iter().map(|right| vec![text(right)]).collect())),
    }
    Reply::Said(post(body))
}

/// What `what` names: an action and the alias that leads to it.
struct Named {
    action: String,
    alias: Option<String>,
}

fn named(call: &Call, what: &str) -> Option<Named> {
    let visible = |alias: &crate::alias::Alias| call.home.may_see(&call.asker, alias);
    if let Some(alias) = call.home.listed.iter().find(|alias| alias.reference() == what) {
        return Some(Named { action: alias.action_ref.clone(), alias: Some(alias.reference()) });
    }
    if call.home.actions.contains_key(what) {
        return Some(Named { action: what.to_owned(), alias: None });
    }
    match call.home.aliases.find(what, &visible) {
        Found::One(hit) => {
            Some(Named { action: hit.alias.action_ref.clone(), alias: Some(hit.alias.reference()) })
        }
        Found::Many(hits) => hits.first().map(|hit| Named {
            action: hit.alias.action_ref.clone(),
            alias: Some(hit.alias.reference()),
        }),
        Found::Tie(_) | Found::None { .. } | Found::Error(_) => None,
    }
}

fn nothing_named(what: &str) -> Reply {
    Reply::Problem(reply::problem(&format!(
        "`{}` is no command, alias or action that I know",
        reply::shorten(what)
    )))
}

fn who_can(call: &Call) -> Reply {
    let what = call.param("what").unwrap_or_default();
    let Some(named) = named(call, what) else { return nothing_named(what) };
    if !call.home.may_ever(&call.asker, &named.action, named.alias.as_deref()) {
        return nothing_named(what);
    }
    let holders = call.home.access.who_can(&named.action, named.alias.as_deref());
    if holders.is_empty() {
        return Reply::Said(Post::plain(format!("nobody may run {}", named.action)));
    }
    let head = Block::Para(vec![code(named.action), text(" may be run by:")]);
    Reply::Said(post(vec![head, Block::List(holders.into_iter().map(|holder| vec![text(holder)]).collect())]))
}

fn why_not(call: &Call) -> Reply {
    let what = call.param("what").unwrap_or_default();
    let Some(named) = named(call, what) else { return nothing_named(what) };
    let parameters = serde_json::Map::new();
    let asked =
        access::Asked { action: &named.action, alias: named.alias.as_deref(), parameters: &parameters };
    let lines = call.home.access.why(&call.asker.who(), &asked);
    Reply::Said(post(vec![
        Block::Para(vec![code(named.action.clone())]),
        Block::List(lines.into_iter().map(|line| vec![text(line)]).collect()),
    ]))
}
