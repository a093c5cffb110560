//! `help`: what this person may run here.

use serde_json::Value;
use std::borrow::Cow;

use super::{Call, Need, Reply, Row, Run, code, post, text};
use crate::action::{Action, Parameter};
use crate::alias::Alias;
use crate::alias::help::{Detail, FormatDetail, Query, details, list};
use crate::bot::home::runner_parameters;
use crate::bot::reply;
use crate::text::{Block, Span, ticked};

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
    let Some(what) = call.param("what") else { return Reply::Said(post(listed(call, None)).private()) };
    let found = details(visible(call), what);
    if (1..=MOST_DETAILS).contains(&found.len()) {
        return Reply::Said(
            post(found.iter().flat_map(|detail| explained(call, detail)).collect()).private(),
        );
    }
    let blocks = listed(call, Some(what));
    if !blocks.is_empty() {
        return Reply::Said(post(blocks).private());
    }
    if found.is_empty() {
        return Reply::Problem(reply::problem(&format!(
            "No available commands match {}",
            reply::shorten(what)
        )));
    }
    Reply::Said(
        post(vec![Block::List(found.iter().map(|detail| vec![code(&detail.alias)]).collect())]).private(),
    )
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
            spans
                .extend(line.description.iter().flat_map(|description| ticked(&format!(" - {description}"))));
            spans
        });
        blocks.push(Block::Para(vec![Span::Bold(pack[0].pack.clone())]));
        blocks.push(Block::List(lines.collect()));
    }
    blocks
}

/// One command: its formats, the parameters that may be typed, examples.
fn explained(call: &Call, detail: &Detail) -> Vec<Block> {
    let mut head = vec![Span::Bold(detail.alias.clone()), text(format!(" runs {}", detail.action_ref))];
    head.extend(detail.description.iter().flat_map(|description| ticked(&format!(": {description}"))));
    let mut blocks = vec![Block::Para(head), Block::List(detail.formats.iter().map(format_line).collect())];
    if let (Some(action), Some(alias)) =
        (call.home.actions.get(&detail.action_ref), call.home.alias(&detail.alias))
    {
        let open = open_parameters(action, alias, detail);
        let lines =
            open.iter().map(|parameter| parameter_line(parameter, slot_default(detail, &parameter.name)));
        blocks.extend(headed("parameters, also as name=value at the end:", lines.collect()));
    }
    let examples = detail.examples.iter().map(|example| vec![code(example)]);
    blocks.extend(headed("for example:", examples.collect()));
    blocks
}

/// A list under its line; nothing where there is nothing to list.
fn headed(line: &str, items: Vec<Vec<Span>>) -> Vec<Block> {
    if items.is_empty() { Vec::new() } else { vec![Block::Para(vec![text(line)]), Block::List(items)] }
}

/// How a format is shown, and what else is understood.
fn format_line(format: &FormatDetail) -> Vec<Span> {
    let mut line = vec![code(&format.display)];
    for other in &format.others {
        line.extend([text(", also "), code(other)]);
    }
    if format.match_multiple {
        line.push(text(", anywhere in a sentence"));
    }
    line
}

/// What a parameter is when the format is typed without it.
fn slot_default<'a>(detail: &'a Detail, name: &str) -> Option<&'a str> {
    let mut slots = detail.formats.iter().flat_map(|format| &format.slots).filter(|slot| slot.name == name);
    slots.find_map(|slot| slot.default.as_deref())
}

/// What the formats name and what the action itself declares, less what is fixed.
fn open_parameters<'a>(action: &'a Action, alias: &Alias, detail: &Detail) -> Vec<Cow<'a, Parameter>> {
    let named =
        |name: &str| detail.formats.iter().flat_map(|format| &format.slots).any(|slot| slot.name == name);
    let own = |name: &str| action.parameters.iter().any(|parameter| parameter.name == name);
    let mut parameters = action.parameters_with(runner_parameters(action));
    parameters.retain(|parameter| {
        let name = &parameter.name;
        (named(name) || own(name))
            && !parameter.is_immutable()
            && !alias.immutable_parameters.contains_key(name)
    });
    parameters
}

fn parameter_line(parameter: &Parameter, typed: Option<&str>) -> Vec<Span> {
    let mut line = vec![code(&parameter.name), text(format!(" ({})", parameter.accepts()))];
    let default = parameter.default.as_ref().map(Value::to_string);
    match typed.map(str::to_owned).or(default).filter(|_| !parameter.is_secret()) {
        Some(default) => line.push(text(format!(", default {default}"))),
        None if parameter.is_required() => line.push(text(", required")),
        None => {}
    }
    line.extend(parameter.description.iter().flat_map(|description| ticked(&format!(": {description}"))));
    line
}
