//! Aliases: listed, found for a text, and the lines of help.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::{Body, Fault, Path, Query};
use super::model;
use super::page::Page;
use crate::alias::help::{self, Query as Wanted};
use crate::alias::{Alias, Found};
use crate::bot::chat::commands::PACK;
use crate::http::Site;

/// Which of them.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    name: Option<String>,
    pack: Option<String>,
}

impl Which {
    fn is(&self, alias: &Alias) -> bool {
        let fits = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted == own);
        fits(&self.name, &alias.name) && fits(&self.pack, &alias.pack)
    }
}

/// A Hubot has a `help` of its own, made of this list: two would answer.
fn is_listed(alias: &Alias) -> bool {
    alias.pack != PACK || alias.name != "help"
}

/// The aliases in force, the built-in commands among them.
pub(super) async fn list(
    State(site): State<Site>,
    Query(which): Query<Which>,
    Query(page): Query<Page>,
) -> Result<Response, Fault> {
    let home = site.bot.homes().current();
    let all = home.listed.iter().filter(|alias| which.is(alias) && is_listed(alias));
    page.of(all.map(|alias| model::alias(alias)).collect())
}

/// One, by its `pack.name`, or its name where that is the only one.
pub(super) async fn show(State(site): State<Site>, Path(name): Path<String>) -> Result<Json<Value>, Fault> {
    let home = site.bot.homes().current();
    let by_name = || {
        let mut all = home.listed.iter().filter(|alias| alias.name == name);
        all.next().filter(|_| all.next().is_none())
    };
    let found = home.alias(&name).or_else(by_name);
    found.map(|alias| Json(model::alias(alias))).ok_or_else(|| Fault::missing(&name))
}

/// Which lines of help.
#[derive(Debug, Deserialize)]
pub(super) struct Lines {
    filter: Option<String>,
    pack: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// `{"available", "helpstrings": [{"pack", "display", "description"}]}`; `limit` 0 is all.
pub(super) async fn help(State(site): State<Site>, Query(lines): Query<Lines>) -> Json<Value> {
    let home = site.bot.homes().current();
    let wanted = Wanted {
        filter: lines.filter,
        pack: lines.pack,
        offset: lines.offset.unwrap_or(0),
        limit: lines.limit.unwrap_or(0),
    };
    Json(json!(help::list(home.listed.iter().map(AsRef::as_ref), &wanted)))
}

/// A text.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    command: String,
}

/// The alias that a text means: `{"actionalias", "display", "representation"}`. Rights are those of whoever runs it.
pub(super) async fn fit(
    State(site): State<Site>,
    Body(Typed { command }): Body<Typed>,
) -> Result<Json<Value>, Fault> {
    let home = site.bot.homes().current();
    let hit = match home.aliases.find(&command, &|_| true) {
        Found::One(hit) => Some(hit),
        Found::Many(hits) => hits.into_iter().next(),
        Found::Tie(candidates) => {
            let all: Vec<String> = candidates.iter().map(|it| it.alias.reference()).collect();
            let text = format!("Command '{command}' matched more than 1 pattern: {}", all.join(", "));
            return Err(Fault::wrong(text));
        }
        Found::Error(why) => return Err(Fault::wrong(why)),
        Found::None { .. } => None,
    };
    let hit = hit.ok_or_else(|| Fault::wrong(format!("Command '{command}' matched no patterns")))?;
    let display = if hit.display.is_empty() { &hit.representation } else { &hit.display };
    Ok(Json(json!({
        "actionalias": model::alias(&hit.alias), "display": display, "representation": hit.representation,
    })))
}
