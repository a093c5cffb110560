//! `whoami`, `who can run X`, `why can't I run X`: what access says, explained.

use super::{Call, Need, Reply, Row, Run, code, post, text};
use crate::access::Explanation;
use crate::alias::Found;
use crate::bot::reply;
use crate::text::{Block, Post};

/// Who the asker is to the bot.
pub(super) static WHOAMI: Row = Row {
    name: "whoami",
    display: "whoami",
    formats: &["whoami", "who am i"],
    summary: "who you are to the bot",
    need: Need::Nothing,
    permit: "chatops.whoami",
    run: Run::Now(whoami),
};

/// Who may run something.
pub(super) static WHO_CAN: Row = Row {
    name: "who_can",
    display: "who can run {{what}}",
    formats: &["who can run {{what}}", "who may run {{what}}"],
    summary: "who may run a command, and by which rule",
    need: Need::Something,
    permit: "chatops.access",
    run: Run::Now(who_can),
};

/// Why the asker may or may not run something here.
pub(super) static WHY_NOT: Row = Row {
    name: "why_not",
    display: "why can't I run {{what}}",
    formats: &["why can('|’)?t i run {{what}}", "why can i run {{what}}"],
    summary: "which rule lets you run a command here, or what is missing",
    need: Need::Nothing,
    permit: "chatops.whoami",
    run: Run::Now(why_not),
};

fn whoami(call: &Call) -> Reply {
    let person = &call.asker.person;
    let mut said = vec![text("you are "), code(person.to_string())];
    if !person.is_proven() {
        said.push(text(", which anyone could say: log in to the network's services to be known"));
    }
    let who = call.home.access.whoami(person);
    let mut facts = Vec::new();
    let mut fact = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            facts.push((name.to_owned(), vec![text(values.join(", "))]));
        }
    };
    fact("name", who.name.into_iter().collect());
    fact("groups", who.groups);
    fact("roles", who.roles);
    if who.admin {
        said.push(text(", an admin: you may do everything"));
    } else if !call.may_run_something() {
        said.push(text("; nothing was granted to you here but help"));
    }
    Reply::Said(Post { facts, ..post(vec![Block::Para(said)]) })
}

/// What `what` names: an action and the alias that leads to it.
struct Named {
    action: String,
    alias: Option<String>,
}

fn named(call: &Call, what: &str) -> Option<Named> {
    let visible = |alias: &crate::alias::Alias| call.home.may_see(&call.asker.who(), alias);
    if let Some(alias) = call.home.listed.iter().find(|alias| alias.reference() == what) {
        return Some(Named { action: alias.action_ref.clone(), alias: Some(alias.reference()) });
    }
    if call.home.actions.contains_key(what) {
        return Some(Named { action: what.to_owned(), alias: None });
    }
    let mut called = call.home.listed.iter().filter(|alias| alias.name == what && visible(alias));
    if let (Some(alias), None) = (called.next(), called.next()) {
        return Some(Named { action: alias.action_ref.clone(), alias: Some(alias.reference()) });
    }
    // `who can run date on web1` has lost its `run` to the format.
    let texts = [what.to_owned(), format!("run {what}")];
    texts
        .iter()
        .find_map(|text| match call.home.aliases.overhear(text, &visible) {
            Found::One(hit) => Some(hit.alias),
            Found::Many(hits) => hits.into_iter().next().map(|hit| hit.alias),
            Found::Tie(_) | Found::None { .. } | Found::Error(_) => None,
        })
        .map(|alias| Named { action: alias.action_ref.clone(), alias: Some(alias.reference()) })
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
    if !call.home.may_ever(&call.asker.who(), &named.action, named.alias.as_deref()) {
        return nothing_named(what);
    }
    let holders = call.home.access.who_can(&named.action, named.alias.as_deref());
    if holders.is_empty() {
        return Reply::Said(Post::plain(format!("nobody may run {}", named.action)));
    }
    let head = Block::Para(vec![code(named.action), text(" may be run by:")]);
    Reply::Said(post(vec![
        head,
        Block::List(holders.iter().map(|holder| vec![text(holder.to_string())]).collect()),
    ]))
}

/// What somebody can do who may not.
fn what_then(call: &Call) -> &'static str {
    if call.asker.person.is_proven() {
        return "; `help` lists what you may";
    }
    "; the service does not vouch for who you are: log in to its accounts first"
}

fn why_not(call: &Call) -> Reply {
    let what = call.param("what").unwrap_or_default();
    let (who, access) = (call.asker.who(), &call.home.access);
    let explained = named(call, what)
        .map(|named| (access.explain(&who, &named.action, named.alias.as_deref()), named.action));
    let said = match explained {
        // Who may run nothing of the kind is not told whether there is such a thing.
        None | Some((Explanation::Nothing(_), _)) => {
            let said = format!("`{}` is nothing that you may run", reply::shorten(what));
            return Reply::Problem(reply::problem(&(said + what_then(call))));
        }
        Some((Explanation::Free(by), action)) => {
            vec![Block::Para(vec![code(action), text(format!(": you may run it here: {by}"))])]
        }
        Some((Explanation::Rules(rules), action)) => {
            let items = rules.iter().map(|rule| vec![text(rule.to_string())]).collect();
            vec![Block::Para(vec![code(action), text(": these rules let you run it:")]), Block::List(items)]
        }
    };
    Reply::Said(post(said))
}
