//! `help`: what this person may run here.

use super::{Call, Need, Reply, Row, Run, code, post, text};
use crate::alias::{Alias, Found};
use crate::bot::home::runner_parameters;
use crate::bot::reply;
use crate::text::{Block, Post, Span};

/// Lists commands, or explains one.
pub static HELP: Row = Row {
    name: "help",
    formats: &["help {{what=}}"],
    summary: "what you may say here; with a word, the commands that hold it; with a command, its parameters",
    need: Need::Nothing,
    run: Run::Now(help),
};

fn help(call: &Call) -> Reply {
    let Some(what) = call.param("what") else { return Reply::Said(list(call, "")) };
    let visible = |alias: &Alias| call.home.may_see(&call.asker.who(), alias);
    let named = call.home.alias(what).filter(|alias| visible(alias)).cloned();
    let shown = named.or_else(|| {
        call.home.listed.iter().filter(|alias| visible(alias)).find(|alias| alias.is_called(what)).cloned()
    });
    if let Some(alias) = shown {
        return Reply::Said(details(call, &alias));
    }
    let listed = list(call, what);
    if !listed.is_empty() {
        return Reply::Said(listed);
    }
    match call.home.aliases.find(what, &visible) {
        Found::One(hit) if visible(&hit.alias) => Reply::Said(details(call, &hit.alias)),
        _ => Reply::Problem(reply::problem(&format!("No available commands match {}", reply::shorten(what)))),
    }
}

/// The commands that this person may run here and whose line holds `filter`, by pack.
fn list(call: &Call, filter: &str) -> Post {
    let who = call.asker.who();
    let filter = filter.to_lowercase();
    let mut blocks: Vec<Block> = Vec::new();
    let mut pack = "";
    let mut lines: Vec<Vec<Span>> = Vec::new();
    for alias in call.home.listed.iter().filter(|alias| alias.enabled && call.home.may_see(&who, alias)) {
        let description = alias.description.as_deref().unwrap_or_default();
        let displays = alias.displays().filter(|display| {
            filter.is_empty() || display.to_lowercase().contains(&filter) || description.to_lowercase().contains(&filter)
        });
        for display in displays {
            if alias.pack != pack {
                close(&mut blocks, pack, &mut lines);
                pack = &alias.pack;
            }
            let mut line = vec![code(display)];
            if !description.is_empty() {
                line.push(text(format!(" - {description}")));
            }
            lines.push(line);
        }
    }
    close(&mut blocks, pack, &mut lines);
    post(blocks)
}

fn close(blocks: &mut Vec<Block>, pack: &str, lines: &mut Vec<Vec<Span>>) {
    if !lines.is_empty() {
        blocks.push(Block::Para(vec![Span::Bold(pack.to_owned())]));
        blocks.push(Block::List(std::mem::take(lines)));
    }
}

/// One command: its formats, its parameters with types and defaults.
fn details(call: &Call, alias: &Alias) -> Post {
    let mut body = Vec::new();
    if let Some(description) = &alias.description {
        body.push(Block::Para(vec![text(description.clone())]));
    }
    body.push(Block::List(alias.displays().map(|display| vec![code(display)]).collect()));
    if let Some(action) = call.home.actions.get(&alias.action_ref) {
        let named = alias.parameter_names();
        let parameters = action.parameters_with(&runner_parameters(action));
        let open = parameters.iter().filter(|parameter| {
            !parameter.is_immutable() && !alias.immutable_parameters.contains_key(&parameter.name)
        });
        let own: Vec<_> = open
            .filter(|parameter| named.contains(&parameter.name) || action.parameters.iter().any(|own| own.name == parameter.name))
            .map(|parameter| {
                let mut line = vec![code(parameter.name.clone()), text(format!(" ({})", parameter.accepts()))];
                if let Some(default) = &parameter.default {
                    line.push(text(format!(", default {default}")));
                }
                if let Some(description) = &parameter.description {
                    line.push(text(format!(": {description}")));
                }
                line
            })
            .collect();
        if !own.is_empty() {
            body.push(Block::Para(vec![text("parameters, also as name=value at the end:")]));
            body.push(Block::List(own));
        }
    }
    let title = vec![code(alias.reference()), text(format!(" runs {}", alias.action_ref))];
    Post { title, body, ..Post::default() }
}
