//! `help`: what this person may run here.

use super::{Call, Need, Reply, Row, Run, code, post, text};
use crate::action::{Action, Parameter};
use crate::alias::Alias;
use crate::alias::help::{Detail, Query, details, list};
use crate::bot::home::runner_parameters;
use crate::bot::reply;
use crate::text::{Block, Span};

/// Commands explained in full at once; more are only listed.
const MOST_DETAILS: usize = 2;

/// Lists commands, or explains one.
pub(super) static HELP: Row = Row {
    name: "help",
    display: "help [{{what}}]",
    formats: &["help {{what=}}"],
    summary: "what you may say here, or all about one command",
    need: Need::Nothing,
    permit: "chatops.help",
    run: Run::Now(help),
};

fn help(call: &Call) -> Reply {
    let Some(what) = call.param("what") else { return Reply::Said(post(listed(call, None))) };
    let found = details(visible(call), what);
    if (1..=MOST_DETAILS).contains(&found.len()) {
        return Reply::Said(post(found.iter().flat_map(|detail| explained(call, detail)).collect()));
    }
    let blocks = listed(call, Some(what));
    if !blocks.is_empty() {
        return Reply::Said(post(blocks));
    }
    if found.is_empty() {
        return Reply::Problem(reply::problem(&format!(
            "No available commands match {}",
            reply::shorten(what)
        )));
    }
    Reply::Said(post(vec![Block::List(found.iter().map(|detail| vec![code(&detail.alias)]).collect())]))
}

/// The aliases that this person may use here; of the built-in ones those that are open to them.
fn visible(call: &Call) -> impl Iterator<Item = &Alias> {
    let aliases = call.home.listed.iter().map(AsRef::as_ref);
    aliases.filter(|alias: &&Alias| match super::find(alias) {
        Some(row) => call.may_use(row),
        None => call.home.may_see(&call.asker.who(), alias),
    })
}

/// One list a pack, a line a format.
fn listed(call: &Call, filter: Option<&str>) -> Vec<Block> {
    let page = list(visible(call), &Query { filter: filter.map(str::to_owned), ..Query::default() });
    let mut blocks = Vec::new();
    for pack in page.helpstrings.chunk_by(|one, next| one.pack == next.pack) {
        let lines = pack.iter().map(|line| {
            let mut spans = vec![code(&line.display)];
            spans.extend(line.description.iter().map(|description| text(format!(" - {description}"))));
            spans
        });
        blocks.push(Block::Para(vec![Span::Bold(pack[0].pack.clone())]));
        blocks.push(Block::List(lines.collect()));
    }
    blocks
}

/// One command: its formats, and the parameters that may be typed.
fn explained(call: &Call, detail: &Detail) -> Vec<Block> {
    let mut head = vec![Span::Bold(detail.alias.clone()), text(format!(" runs {}", detail.action_ref))];
    head.extend(detail.description.iter().map(|description| text(format!(": {description}"))));
    let formats = detail.formats.iter().map(|format| vec![code(&format.display)]);
    let mut blocks = vec![Block::Para(head), Block::List(formats.collect())];
    let (Some(action), Some(alias)) =
        (call.home.actions.get(&detail.action_ref), call.home.alias(&detail.alias))
    else {
        return blocks;
    };
    let open: Vec<_> = open_parameters(action, alias, detail).iter().map(parameter_line).collect();
    if !open.is_empty() {
        blocks.push(Block::Para(vec![text("parameters, also as name=value at the end:")]));
        blocks.push(Block::List(open));
    }
    blocks
}

/// What the formats name and what the action itself declares, less what is fixed.
fn open_parameters(action: &Action, alias: &Alias, detail: &Detail) -> Vec<Parameter> {
    let named =
        |name: &str| detail.formats.iter().flat_map(|format| &format.slots).any(|slot| slot.name == name);
    let own = |name: &str| action.parameters.iter().any(|parameter| parameter.name == name);
    let mut parameters = action.parameters_with(&runner_parameters(action));
    parameters.retain(|parameter| {
        let name = &parameter.name;
        (named(name) || own(name))
            && !parameter.is_immutable()
            && !alias.immutable_parameters.contains_key(name)
    });
    parameters
}

fn parameter_line(parameter: &Parameter) -> Vec<Span> {
    let mut line = vec![code(&parameter.name), text(format!(" ({})", parameter.accepts()))];
    if let Some(default) = parameter.default.as_ref().filter(|_| !parameter.is_secret()) {
        line.push(text(format!(", default {default}")));
    }
    line.extend(parameter.description.iter().map(|description| text(format!(": {description}"))));
    line
}
