//! People and roles: who is known, and who may do what. Read from `access.yaml`; changed there.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Site;
use super::executions::person;
use super::paging::{Listed, Nothing, Page};
use super::problem::{Path, Problem, Query};
use crate::access::{Access, Role};
use crate::model::Person;

/// Somebody whom a rule names.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct User {
    /// The id, as `adapter:id`.
    person: String,
    /// The name in `access.yaml`.
    name: Option<String>,
    /// The groups that the person is in.
    groups: Vec<String>,
    /// The roles that the person has.
    roles: Vec<String>,
    /// Whether the person may do everything.
    admin: bool,
}

fn view(access: &Access, person: &Person) -> User {
    let who = access.whoami(person);
    User {
        person: who.person.to_string(),
        name: who.name,
        groups: who.groups,
        roles: who.roles,
        admin: who.admin,
    }
}

/// Everybody whom a rule names.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Value>>, Problem> {
    let home = site.bot.homes().current();
    let all = home.access.persons().into_iter().map(|person| view(&home.access, person));
    paging.cut(all.collect()).map(Json)
}

/// Who the bot takes a person for, also one whom no rule names.
pub(super) async fn show(State(site): State<Site>, Path(text): Path<String>) -> Result<Json<User>, Problem> {
    let person = person(&text)?;
    Ok(Json(view(&site.bot.homes().current().access, &person)))
}

/// The roles, those whom they were granted, and what they allow.
pub(super) async fn roles(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Value>>, Problem> {
    let all: Vec<Role> = site.bot.homes().current().access.roles();
    paging.cut(all).map(Json)
}

/// What somebody would run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The action, as `pack.name`.
    action: String,
    /// The command that leads to it, as `pack.alias`.
    #[serde(default)]
    alias: Option<String>,
}

/// Who may run something.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Holders {
    /// The action.
    action: String,
    /// Each who may, under which conditions and by which rule, in words.
    holders: Vec<String>,
}

/// Who may run an action, and by which rule.
pub(super) async fn who_can(State(site): State<Site>, Query(asked): Query<Asked>) -> Json<Holders> {
    let home = site.bot.homes().current();
    let all = home.access.who_can(&asked.action, asked.alias.as_deref());
    Json(Holders { action: asked.action, holders: all.iter().map(ToString::to_string).collect() })
}
