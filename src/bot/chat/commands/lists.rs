//! `version`, `packs`, `aliases`, `actions`: what there is.

use std::collections::BTreeMap;

use super::{Call, Need, PACK, Reply, Row, Run, code, post, table, text};
use crate::text::{Block, Post};

/// The version.
pub(super) static VERSION: Row = Row {
    name: "version",
    display: "version",
    formats: &["version"],
    summary: "the version of the bot",
    need: Need::Nothing,
    permit: "chatops.list",
    run: Run::Now(|_| Reply::Said(Post::plain(concat!("chatops ", env!("CARGO_PKG_VERSION"))))),
};

/// The rest of a long answer. Adapters that cut answers give the rest themselves and never ask the bot.
pub(super) static MORE: Row = Row {
    name: "more",
    display: "more",
    formats: &["more"],
    summary: "the rest of a long answer",
    need: Need::Nothing,
    permit: "chatops.help",
    run: Run::Now(|_| Reply::Problem(Post::plain("there is no more to show"))),
};

/// The packs.
pub(super) static PACKS: Row = Row {
    name: "packs",
    display: "packs",
    formats: &["packs"],
    summary: "the packs",
    need: Need::Something,
    permit: "chatops.list",
    run: Run::Now(packs),
};

/// The aliases.
pub(super) static ALIASES: Row = Row {
    name: "aliases",
    display: "aliases [{{filter}}]",
    formats: &["aliases {{filter=}}"],
    summary: "the aliases you may use here",
    need: Need::Something,
    permit: "chatops.list",
    run: Run::Now(aliases),
};

/// The actions.
pub(super) static ACTIONS: Row = Row {
    name: "actions",
    display: "actions [{{filter}}]",
    formats: &["actions {{filter=}}"],
    summary: "the actions you may run here",
    need: Need::Something,
    permit: "chatops.list",
    run: Run::Now(actions),
};

fn packs(call: &Call) -> Reply {
    let mut packs: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for alias in seen_aliases(call) {
        packs.entry(&alias.pack).or_default().0 += 1;
    }
    for action in seen_actions(call) {
        packs.entry(&action.pack).or_default().1 += 1;
    }
    let row = |(pack, (aliases, actions)): (&str, (usize, usize))| {
        vec![pack.to_owned(), aliases.to_string(), actions.to_string()]
    };
    let rows = packs.into_iter().map(row).collect();
    Reply::Said(post(vec![table(&["pack", "aliases", "actions"], rows)]))
}

fn aliases(call: &Call) -> Reply {
    let rows = seen_aliases(call).map(|alias| {
        let description = alias.description.clone().unwrap_or_default();
        (alias.reference(), alias.action_ref.clone(), description)
    });
    listing(call, "alias", rows.collect())
}

fn actions(call: &Call) -> Reply {
    let rows = seen_actions(call)
        .map(|action| (action.reference(), action.runner.clone(), action.description.clone()));
    listing(call, "action", rows.collect())
}

fn listing(call: &Call, noun: &str, rows: Vec<(String, String, String)>) -> Reply {
    let filter = call.param("filter").unwrap_or_default().to_lowercase();
    let fits = |(name, _, description): &(String, String, String)| {
        name.to_lowercase().contains(&filter) || description.to_lowercase().contains(&filter)
    };
    let rows: Vec<_> = rows.into_iter().filter(fits).map(|(a, b, c)| vec![a, b, c]).collect();
    if rows.is_empty() {
        let none = vec![text(format!("no {noun} fits ")), code(filter)];
        return Reply::Problem(post(vec![Block::Para(none)]));
    }
    let second = if noun == "alias" { "action" } else { "runner" };
    Reply::Said(post(vec![table(&[noun, second, "what it does"], rows)]))
}

fn seen_aliases(call: &Call) -> impl Iterator<Item = &crate::alias::Alias> {
    let listed = call.home.listed.iter().map(AsRef::as_ref);
    listed.filter(|alias: &&crate::alias::Alias| {
        alias.pack != PACK && call.home.may_see(&call.asker.who(), alias)
    })
}

fn seen_actions(call: &Call) -> impl Iterator<Item = &crate::action::Action> {
    let actions = call.home.actions.values().map(AsRef::as_ref);
    actions.filter(|action: &&crate::action::Action| {
        call.home.may_ever(&call.asker.who(), &action.reference(), None)
    })
}
