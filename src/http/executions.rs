//! Executions: what ran and what runs.

use axum::extract::State;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::paging::{Listed, Page};
use super::problem::{Path, Problem};
use super::{Site, when};
use crate::model::{AdapterName, Person, Place, Status};
use crate::store::Filter;

/// Which executions to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// Asked by this person, as `adapter:id`.
    person: Option<String>,
    /// Of this `pack.action`.
    action: Option<String>,
    /// Through this `pack.alias`.
    alias: Option<String>,
    /// In one of these statuses, separated by commas.
    status: Option<String>,
    /// Asked in this room, as `adapter:room`.
    place: Option<String>,
    /// Asked since: a time, a date, or a span before now such as `2h`.
    since: Option<String>,
    /// Asked before.
    until: Option<String>,
    /// Only those that have not ended.
    open: bool,
    /// The tasks of this workflow; without it, what is no task.
    workflow: Option<i64>,
}

/// The field to sort by, and its column.
const COLUMNS: [(&str, &str); 7] = [
    ("id", "id"),
    ("asked", "asked"),
    ("started", "started"),
    ("ended", "ended"),
    ("status", "status"),
    ("action", "action"),
    ("person", "person"),
];

/// One run: who asked for what, where, and what became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Execution {
    /// Its id.
    id: i64,
    /// Where it stands.
    #[schemars(with = "String")]
    status: Status,
    /// One sentence on why it ended as it did.
    why: Option<String>,
    /// What ran, as `pack.action`.
    action: String,
    /// The runner of that action.
    runner: String,
    /// What was typed, secrets cut.
    command: String,
    /// The command that matched, as `pack.alias`.
    alias: Option<String>,
    /// The parameters, secrets as `********`.
    parameters: Map<String, Value>,
    /// Who asked, as `adapter:id`.
    person: String,
    /// How that person was shown.
    person_name: String,
    /// Where, as `adapter:room`.
    place: Option<String>,
    /// What made it start: command, rerun, cli, api.
    cause: String,
    /// The execution that it repeats.
    rerun_of: Option<i64>,
    /// The workflow whose task it is.
    workflow: Option<i64>,
    /// That task; `deploy#3` for its item 3.
    task: Option<String>,
    /// SHA-256 of the action's definition, in hex.
    definition: String,
    /// When it was asked for.
    asked: String,
    /// When its runner started.
    started: Option<String>,
    /// When it ended.
    ended: Option<String>,
}

/// The same with what came of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Whole {
    #[serde(flatten)]
    execution: Execution,
    /// The result, secrets cut; none while it runs.
    result: Option<Value>,
    /// The bytes of output, also those that were not kept.
    output_bytes: Option<u64>,
}

fn view(one: &crate::model::Execution) -> Execution {
    Execution {
        id: one.id,
        status: one.status,
        why: one.why.clone(),
        action: one.action.clone(),
        runner: one.runner.clone(),
        command: one.command.clone(),
        alias: one.alias.clone(),
        parameters: one.parameters.clone(),
        person: one.person.to_string(),
        person_name: one.person_name.clone(),
        place: one.place.as_ref().map(ToString::to_string),
        cause: one.cause.as_str().to_owned(),
        rerun_of: one.rerun_of,
        workflow: one.step.as_ref().map(|step| step.workflow),
        task: one.step.as_ref().map(|step| step.task.clone()),
        definition: one.definition.clone(),
        asked: one.asked.to_string(),
        started: one.started.map(|time| time.to_string()),
        ended: one.ended.map(|time| time.to_string()),
    }
}

/// Executions, the newest first.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { asked, paging }: Listed<Asked>,
) -> Result<Json<Page<Execution>>, Problem> {
    let now = site.world.now();
    let filter = Filter {
        person: asked.person.map(|text| person(&text)).transpose()?,
        place: asked.place.map(|text| place(&text)).transpose()?,
        statuses: statuses(asked.status.as_deref().unwrap_or_default())?,
        action: asked.action,
        alias: asked.alias,
        text: paging.search(),
        since: when::optional(asked.since.as_ref(), "since", now)?,
        until: when::optional(asked.until.as_ref(), "until", now)?,
        open: asked.open,
        of: asked.workflow,
        ..Filter::default()
    };
    let slice = paging.slice(&COLUMNS)?;
    let (count, found) = site.bot.store().read(move |reader| reader.execution_page(&filter, &slice)).await?;
    paging.page(count, found.iter().map(view).collect()).map(Json)
}

/// A person as somebody wrote it.
pub(super) fn person(text: &str) -> Result<Person, Problem> {
    text.parse().map_err(|error| Problem::wrong(format!("person: {error}")).field("person"))
}

/// A room as somebody wrote it, `irc:#ops`.
fn place(text: &str) -> Result<Place, Problem> {
    let wrong = || Problem::wrong("place: expected `adapter:room`, such as `irc:#ops`").field("place");
    let (adapter, room) = text.split_once(':').ok_or_else(wrong)?;
    let adapter = AdapterName::new(adapter).map_err(|_| wrong())?;
    Ok(Place::room(adapter, room))
}

fn statuses(text: &str) -> Result<Vec<Status>, Problem> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| word.parse().map_err(|error| Problem::wrong(format!("status: {error}")).field("status")))
        .collect()
}

/// The execution of an id.
pub(super) async fn found(site: &Site, id: i64) -> Result<crate::model::Execution, Problem> {
    let found = site.bot.store().read(move |reader| reader.execution(id)).await?;
    found.ok_or_else(|| Problem::missing(format!("there is no execution {id}")))
}

/// One execution with its result.
pub(super) async fn show(State(site): State<Site>, Path(id): Path<i64>) -> Result<Json<Whole>, Problem> {
    let execution = found(&site, id).await?;
    let result = site.bot.store().read(move |reader| reader.result(id)).await?;
    let (result, output_bytes) = result.map_or((None, None), |(body, seen)| (Some(body), Some(seen)));
    Ok(Json(Whole { execution: view(&execution), result, output_bytes }))
}

/// What a load found.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Loaded {
    /// Aliases in force.
    aliases: usize,
    /// Actions in force.
    actions: usize,
    /// What is wrong in single files.
    problems: Vec<Value>,
}

/// Loads the configuration again: 200 with what changed and what is wrong in single files.
pub(super) async fn reload(State(site): State<Site>, Extension(caller): Extension<Caller>) -> Json<Loaded> {
    let by = match &caller {
        Caller::Local(None) => "the command line".to_owned(),
        _ => caller.person().to_string(),
    };
    let report = site.bot.reload(&by).await;
    let problems = report.problems.iter().map(|problem| json!(problem)).collect();
    Json(Loaded { aliases: report.aliases, actions: report.actions, problems })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_are_none_name_their_field() {
        assert_eq!(statuses("failed, timeout").unwrap(), [Status::Failed, Status::Timeout]);
        for problem in [statuses("done").unwrap_err(), place("ops").unwrap_err(), person("x").unwrap_err()] {
            assert!(format!("{problem:?}").contains("field: Some("), "{problem:?}");
        }
    }
}
