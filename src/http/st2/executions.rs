//! Executions, looked at.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::fault::{Fault, Path, Query};
use super::model;
use super::page::{self, Page};
use crate::http::{Site, when};
use crate::model::{Execution, Timestamp};
use crate::store::Filter;

/// So far back a list goes.
const FURTHEST: usize = 10_000;

/// Which of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    action: Option<String>,
    status: Option<String>,
    user: Option<String>,
    id: Option<String>,
    parent: Option<String>,
    sort_asc: Option<String>,
    timestamp_gt: Option<String>,
    timestamp_lt: Option<String>,
    trace_tag: Option<String>,
}

impl Which {
    /// The filter; `None` where nothing can fit.
    fn filter(&self, now: Timestamp) -> Result<Option<Filter>, Fault> {
        if self.trace_tag.is_some() {
            return Err(Fault::wrong("trace_tag: there are no traces here"));
        }
        let of = match self.parent.as_deref() {
            None | Some("" | "null" | "None") => None,
            Some(parent) => match parent.parse() {
                Ok(parent) => Some(parent),
                Err(_) => return Ok(None),
            },
        };
        let time = |text: &Option<String>, name| {
            text.as_deref().map(|text| when::time(text, name, now)).transpose().map_err(Fault::from)
        };
        // StackStorm leaves out the time itself.
        let since = time(&self.timestamp_gt, "timestamp_gt")?.map(|at| at.plus(Duration::from_micros(1)));
        let until = time(&self.timestamp_lt, "timestamp_lt")?;
        let words = self.status.iter().flat_map(|words| words.split(',')).map(str::trim);
        let statuses: Result<Vec<_>, _> = words.map(str::parse).collect();
        let statuses = statuses.map_err(|error| Fault::wrong(format!("status: {error}")))?;
        let person = match self.user.as_deref().map(str::parse) {
            None => None,
            Some(Ok(person)) => Some(person),
            Some(Err(_)) => return Ok(None),
        };
        let action = self.action.clone();
        Ok(Some(Filter { person, action, statuses, of, since, until, ..Filter::default() }))
    }
}

/// Executions, the newest first.
pub(super) async fn list(
    State(site): State<Site>,
    Query(which): Query<Which>,
    Query(page): Query<Page>,
) -> Result<Response, Fault> {
    let (limit, offset) = (page.limit()?, page.offset());
    if let Some(id) = &which.id {
        let found = found(&site, id).await?;
        return page.of(vec![shown(&site, &found)]);
    }
    let Some(mut filter) = which.filter(site.world.now())? else {
        return Ok(page::answer(Vec::new(), 0, limit));
    };
    let upwards = which.sort_asc.is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let results = page.wants("result");
    let read = move |reader: &crate::store::Reader| {
        let total = reader.count_executions(&filter)?;
        let (skip, take) = match upwards {
            false => (offset, limit),
            true => (total.saturating_sub(offset + limit), limit.min(total.saturating_sub(offset))),
        };
        if skip + take > FURTHEST {
            return Ok((total, None));
        }
        filter.limit = skip + take;
        let part = reader.executions(&filter)?.into_iter().skip(skip).take(take);
        let mut all = Vec::new();
        for execution in part {
            let result = if results { reader.result(execution.id)? } else { None };
            all.push((execution, result.map_or(Value::Null, |(value, _)| value)));
        }
        if upwards {
            all.reverse();
        }
        Ok((total, Some(all)))
    };
    let (total, part) = site.bot.store().read(read).await?;
    let part =
        part.ok_or_else(|| Fault::wrong(format!("only the newest {FURTHEST} executions are listed")))?;
    let part = part.iter().map(|found| page.cut(shown(&site, found))).collect();
    Ok(page::answer(part, total, limit))
}

fn shown(site: &Site, (execution, result): &(Execution, Value)) -> Value {
    model::execution(&site.bot.homes().current(), execution, result)
}

/// One and its result; `None` if there is none of this id.
pub(super) async fn read(site: &Site, id: i64) -> Result<Option<(Execution, Value)>, Fault> {
    let read = move |reader: &crate::store::Reader| {
        let Some(execution) = reader.execution(id)? else { return Ok(None) };
        let result = reader.result(id)?.map_or(Value::Null, |(value, _)| value);
        Ok(Some((execution, result)))
    };
    Ok(site.bot.store().read(read).await?)
}

/// The same by what stands in an address.
pub(super) async fn found(site: &Site, id: &str) -> Result<(Execution, Value), Fault> {
    let missing = || Fault::missing(id);
    let number = id.parse::<i64>().map_err(|_| missing())?;
    read(site, number).await?.ok_or_else(missing)
}

/// One.
pub(super) async fn show(
    State(site): State<Site>,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Fault> {
    Ok(Json(page.cut(shown(&site, &found(&site, &id).await?))))
}

/// One part of it.
pub(super) async fn attribute(
    State(site): State<Site>,
    Path((id, attribute)): Path<(String, String)>,
) -> Result<Json<Value>, Fault> {
    let mut whole = shown(&site, &found(&site, &id).await?);
    let part = whole.get_mut(&attribute).map(Value::take);
    part.map(Json).ok_or_else(|| Fault::wrong(format!("Invalid attribute specified: {attribute}")))
}

/// The steps of a workflow, in the order in which they were asked for; none of anything else.
pub(super) async fn children(
    State(site): State<Site>,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Fault> {
    let (workflow, _) = found(&site, &id).await?;
    let filter = Filter { of: Some(workflow.id), limit: page::MOST, ..Filter::default() };
    let read = move |reader: &crate::store::Reader| {
        let mut all = Vec::new();
        for execution in reader.executions(&filter)?.into_iter().rev() {
            let result = reader.result(execution.id)?.map_or(Value::Null, |(value, _)| value);
            all.push((execution, result));
        }
        Ok(all)
    };
    let steps = site.bot.store().read(read).await?;
    Ok(Json(steps.iter().map(|step| page.cut(shown(&site, step))).collect()))
}

/// Its result alone.
pub(super) async fn result(State(site): State<Site>, Path(id): Path<String>) -> Result<Json<Value>, Fault> {
    Ok(Json(found(&site, &id).await?.1))
}

/// What it has written so far, as text: the last lines while it runs.
pub(super) async fn output(State(site): State<Site>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (execution, result) = found(&site, &id).await?;
    let text = site.bot.engine().tail(execution.id).unwrap_or_else(|| {
        let stream = |name: &str| result[name].as_str().filter(|text| !text.is_empty());
        [stream("stdout"), stream("stderr")].into_iter().flatten().collect::<Vec<_>>().join("\n")
    });
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
