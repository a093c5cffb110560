//! What nobody is to hear of for a while.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::fields::{Asked, Fields};
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, shown, to};
use crate::config::units;
use crate::http::silence;
use crate::model::{Noun, Silence};
use crate::route::Muted;
use crate::store::{Change, Setting};

/// The longest silence: who needs more writes a route.
const LONGEST: Duration = Duration::from_secs(90 * 86_400);

/// Those in force, and a form for another one.
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    show(&console, &viewer, &asked, None).await
}

async fn show(
    console: &Console,
    viewer: &Viewer,
    fields: &Fields,
    wrong: Option<&str>,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let found = console.site.bot.store().read(move |reader| reader.silences(Some(now))).await?;
    let one = |it: &Silence| {
        json!({
            "id": it.id, "what": words(&it.matching), "who": it.who, "why": it.why,
            "from": shown::when(it.from, now), "until": shown::when(it.until, now),
        })
    };
    let values = json!({
        "silences": found.iter().map(one).collect::<Vec<_>>(), "asked": fields.all(), "wrong": wrong,
    });
    let frame = Frame { entry: "/silences", here: "/silences", title: "Silences", done: fields.raw("done") };
    let status = wrong.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    console.page_as(status, viewer, &frame, "silences.html", values)
}

/// What it is about, as one would type it: `source=ci`, and of labels `env=prod`.
fn words(matching: &Map<String, Value>) -> Vec<String> {
    let word = |(name, value): (&String, &Value)| match value.as_object() {
        Some(labels) if name == "labels" => words(labels),
        _ => {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            vec![format!("{name}={value}")]
        }
    };
    matching.iter().flat_map(word).collect()
}

/// Begins one; what is wrong with it stands over the form.
pub(super) async fn begin(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
) -> Result<Response, Trouble> {
    let silence = match wanted(&console, &viewer, &fields) {
        Ok(silence) => silence,
        Err(why) => return show(&console, &viewer, &fields, Some(&why)).await,
    };
    keep(&console, &viewer, silence, "silence").await?;
    to("/silences?done=silence")
}

fn wanted(console: &Console, viewer: &Viewer, fields: &Fields) -> Result<Silence, String> {
    let what = fields.text("what").unwrap_or_default();
    let matching = Muted::typed(what.split_whitespace()).map_err(|why| format!("what: {why}"))?;
    let span = units::duration(fields.raw("for").trim()).map_err(|why| format!("for: {why}"))?;
    if span.is_zero() || span > LONGEST {
        return Err("for: a silence lasts at most 90 days, and longer than nothing".to_owned());
    }
    let why = fields.text("why").ok_or("why: is empty; others will ask")?;
    let from = console.site.world.now();
    let id = console.site.bot.store().id(Noun::Silence);
    let who = viewer.person.to_string();
    let silence = Silence { id, matching, who, why, from, until: from.plus(span) };
    Muted::parse(&silence).map_err(|why| format!("what: {why}"))?;
    Ok(silence)
}

async fn keep(console: &Console, viewer: &Viewer, it: Silence, change: &str) -> Result<(), Trouble> {
    let mut body = Map::from_iter([("change".to_owned(), json!(change))]);
    if let Value::Object(whole) = silence(&it) {
        body.extend(whole);
    }
    let audit = viewer.changed(console.site.world.now(), format!("silence/{}", it.id), body);
    let setting = Box::new(Setting::Silence(it));
    console.site.bot.store().write(Change::Set { setting, audit }).await?;
    console.site.bot.notify().refresh().await;
    Ok(())
}

/// Ends one now.
pub(super) async fn end(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let found = console.site.bot.store().read(move |reader| reader.silences(Some(now))).await?;
    let Some(silence) = found.into_iter().find(|one| one.id == id) else {
        return to("/silences?done=nothing");
    };
    keep(&console, &viewer, Silence { until: now, ..silence }, "unsilence").await?;
    to("/silences?done=unsilence")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_shown_as_it_is_typed() {
        let matching = json!({"source": "ci", "labels": {"env": "dev-*", "team": "web"}});
        assert_eq!(words(matching.as_object().unwrap()), ["source=ci", "env=dev-*", "team=web"]);
    }
}
