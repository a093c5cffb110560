//! Silences: what nobody is to hear of for a while.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::paging::Listed;
use super::problem::{Body, Path, Problem};
use super::{Site, when};
use crate::model::{Noun, Silence};
use crate::route::Muted;
use crate::store::{Change, Setting};

/// The longest silence: who needs more writes a route.
const LONGEST: Duration = Duration::from_secs(90 * 86_400);

/// Which silences to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// Those that are over too.
    all: bool,
}

/// The silences in force, the one that ends last first.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { asked, paging }: Listed<Asked>,
) -> Result<Json<Value>, Problem> {
    let at = (!asked.all).then(|| site.world.now());
    let found = site.bot.store().read(move |reader| reader.silences(at)).await?;
    let page = paging.cut(found.iter().map(whole).collect())?;
    Ok(Json(page.also("silences", &paging)))
}

/// A silence, as the API answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Silenced {
    /// Its id.
    id: i64,
    /// Which events.
    #[serde(rename = "match")]
    matching: Map<String, Value>,
    /// Who asked for it.
    who: String,
    /// Why.
    why: String,
    /// Since when.
    from: String,
    /// Until when.
    until: String,
}

/// A silence, as the API answers.
pub fn whole(silence: &Silence) -> Value {
    json!(Silenced {
        id: silence.id,
        matching: silence.matching.clone(),
        who: silence.who.clone(),
        why: silence.why.clone(),
        from: silence.from.to_string(),
        until: silence.until.to_string(),
    })
}

/// A silence that somebody wants.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Which events: the keys of a route's `match`, `subject`, `scope`.
    #[serde(rename = "match")]
    matching: Map<String, Value>,
    /// For how long, `2h`.
    #[serde(rename = "for")]
    span: String,
    /// Why.
    why: String,
}

/// Begins one: 201 with it.
pub(super) async fn begin(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let span = when::span(&wanted.span, "for")?;
    if span.is_zero() || span > LONGEST {
        return Err(
            Problem::wrong("for: a silence lasts at most 90 days, and longer than nothing").field("for")
        );
    }
    if wanted.why.trim().is_empty() {
        return Err(Problem::wrong("why: is empty; others will ask").field("why"));
    }
    let now = site.world.now();
    let silence = Silence {
        id: site.bot.store().id(Noun::Silence),
        matching: wanted.matching,
        who: caller.person().to_string(),
        why: wanted.why.trim().to_owned(),
        from: now,
        until: now.plus(span),
    };
    Muted::parse(&silence).map_err(|why| Problem::wrong(format!("match: {why}")).field("match"))?;
    let answer = whole(&silence);
    keep(&site, &caller, silence, "silence").await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn keep(site: &Site, caller: &Caller, silence: Silence, change: &str) -> Result<(), Problem> {
    let mut body = Map::from_iter([("change".to_owned(), json!(change))]);
    if let Value::Object(whole) = whole(&silence) {
        body.extend(whole);
    }
    let audit = caller.changed(site.world.now(), format!("silence/{}", silence.id), body);
    let setting = Box::new(Setting::Silence(silence));
    site.bot.store().write(Change::Set { setting, audit }).await?;
    site.bot.notify().refresh().await;
    Ok(())
}

/// Ends one now.
pub(super) async fn end(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let now = site.world.now();
    let found = site.bot.store().read(move |reader| reader.silences(Some(now))).await?;
    let silence = found.into_iter().find(|one| one.id == id);
    let silence = silence.ok_or_else(|| Problem::missing(format!("no silence {id} is in force")))?;
    let over = Silence { until: now, ..silence };
    let answer = whole(&over);
    keep(&site, &caller, over, "unsilence").await?;
    Ok(Json(answer))
}
