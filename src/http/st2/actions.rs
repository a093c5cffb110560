//! Actions and the runners that carry them out.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::{Fault, Path, Query};
use super::model;
use super::page::Page;
use crate::bot::home::parameters_of_runner;
use crate::http::Site;
use crate::runner::{self, CATALOGUE};

/// Which of them.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    name: Option<String>,
    pack: Option<String>,
}

impl Which {
    fn is(&self, pack: Option<&str>, name: &str) -> bool {
        let fits = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted == own);
        fits(&self.name, name) && pack.is_none_or(|pack| fits(&self.pack, pack))
    }
}

/// The actions in force, by reference.
pub(super) async fn list(
    State(site): State<Site>,
    Query(which): Query<Which>,
    Query(page): Query<Page>,
) -> Result<Response, Fault> {
    let home = site.bot.homes().current();
    let all = home.actions.values().filter(|action| which.is(Some(&action.pack), &action.name));
    page.of(all.map(|action| model::action(action)).collect())
}

/// One, by its `pack.name`.
pub(super) async fn show(State(site): State<Site>, Path(name): Path<String>) -> Result<Json<Value>, Fault> {
    let home = site.bot.homes().current();
    home.actions.get(&name).map(|action| Json(model::action(action))).ok_or_else(|| Fault::missing(&name))
}

/// What may be given to one, its runner's parameters among it.
pub(super) async fn parameters(
    State(site): State<Site>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Fault> {
    let home = site.bot.homes().current();
    let action = home.actions.get(&name).ok_or_else(|| Fault::missing(&name))?;
    Ok(Json(json!({"parameters": model::all_parameters(action)})))
}

/// The runners that are built in.
pub(super) async fn runners(Query(which): Query<Which>, Query(page): Query<Page>) -> Result<Response, Fault> {
    let all = CATALOGUE
        .iter()
        .filter(|row| which.is(None, row.name) || row.older.iter().any(|older| which.is(None, older)));
    page.of(all.map(|row| model::runner(row, parameters_of_runner(row.name))).collect())
}

/// One of them.
pub(super) async fn runner(Path(name): Path<String>) -> Result<Json<Value>, Fault> {
    let row = runner::find(&name).ok_or_else(|| Fault::missing(&name))?;
    Ok(Json(model::runner(row, parameters_of_runner(row.name))))
}
