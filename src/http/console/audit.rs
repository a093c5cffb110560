//! The record of who asked what: searched, verified, taken along.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::fields::{Asked, Fields};
use super::pages::Frame;
use super::shown::when;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, shown as nouns};
use crate::config::home::HomeDir;
use crate::model::{Person, Timestamp};
use crate::store::audit::{Format, Record, export, verify};
use crate::store::{Keys, Search, What};

/// Records on a page.
const PAGE: usize = 50;
/// Findings of a verification that are shown.
const FINDINGS: usize = 100;
/// Bytes of an export that are sent at once.
const PIECE: usize = 64 << 10;
/// Whoever takes nothing of an export for so long does not get the rest.
const STALLED: Duration = Duration::from_secs(30);

/// A record as pages show it.
pub(super) fn shown(record: &Record, now: Timestamp) -> Value {
    let body: Value = serde_json::from_str(&record.body).unwrap_or_else(|_| json!(record.body));
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let words = text("text").or_else(|| changed(&body)).or_else(|| text("why")).unwrap_or_default();
    let mood = match record.what.as_str() {
        "refused" | "unmatched" => "warn",
        "killed" => "bad",
        "finished" => match body["status"].as_str() {
            Some("succeeded") => "good",
            Some("canceled") => "calm",
            _ => "bad",
        },
        "changed" | "reloaded" => "busy",
        _ => "calm",
    };
    let link = record.subject.as_deref().and_then(|subject| {
        let (kind, id) = subject.split_once('/')?;
        let id: i64 = id.parse().ok()?;
        (kind == "execution").then(|| format!("/executions/{id}"))
    });
    json!({
        "at": when(record.at, now), "what": record.what, "mood": mood, "person": record.person, "place": record.place,
        "subject": record.subject, "words": words, "status": text("status"), "link": link,
        "about": record.subject.as_deref().filter(|subject| link.is_none() && subject.contains('/')),
        "body_json": nouns::pretty(&body), "seq": format!("{}:{}", record.strand, record.seq), "mac": record.mac,
    })
}

/// What was changed: `create ci`, `login`.
fn changed(body: &Value) -> Option<String> {
    let change = body.get("change")?.as_str()?;
    Some(match body.get("name").and_then(Value::as_str) {
        Some(name) => format!("{change} {name}"),
        None => change.to_owned(),
    })
}

/// The search, and what it found.
pub(super) async fn page(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    show(&console, &viewer, &uri.to_string(), &asked, None).await
}

async fn show(
    console: &Console,
    viewer: &Viewer,
    here: &str,
    asked: &Fields,
    verdict: Option<Value>,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let search = search(asked, now)?;
    let found = console.site.bot.store().read(move |reader| reader.audit(&search)).await?;
    let (page, next) = cut(&found);
    let values = json!({
        "records": page.iter().map(|record| shown(record, now)).collect::<Vec<_>>(), "asked": asked.all(),
        "kinds": What::ALL.iter().map(|what| what.as_str()).collect::<Vec<_>>(), "verdict": verdict,
        "next": next.map(|at| asked.with("/audit", "before", Some(&at.as_micros().to_string()))),
        "first": asked.text("before").map(|_| asked.with("/audit", "before", None)),
    });
    let frame = Frame { entry: "/audit", here, title: "Audit", done: "" };
    console.page(viewer, &frame, "audit.html", values)
}

fn search(asked: &Fields, now: Timestamp) -> Result<Search, Trouble> {
    let person = asked.text("person").map(|text| text.parse::<Person>());
    let person = person.transpose().map_err(|error| Trouble::wrong(format!("person: {error}")))?;
    let what = asked.text("what").map(|word| {
        let found = What::ALL.iter().find(|what| what.as_str() == word);
        found.copied().ok_or_else(|| Trouble::wrong(format!("what: there is no kind `{word}`")))
    });
    let until = asked.time("until", now)?;
    let before = asked.number("before")?.map(Timestamp::from_micros);
    Ok(Search {
        person,
        place: asked.text("place"),
        subject: None,
        what: what.transpose()?,
        text: asked.text("text"),
        from: asked.time("from", now)?,
        until: [until, before].into_iter().flatten().min(),
        limit: PAGE + 1,
    })
}

/// A page and where the next one begins. Records of one moment stay together: the next page is found by time alone.
fn cut(found: &[Record]) -> (&[Record], Option<Timestamp>) {
    let Some(over) = found.get(PAGE) else { return (found, None) };
    let same = found.iter().take(PAGE).rev().take_while(|record| record.at == over.at).count();
    let length = if same < PAGE { PAGE - same } else { PAGE };
    (&found[..length], Some(found[length - 1].at))
}

/// Walks the whole chain; the page tells what was found.
pub(super) async fn verify_chain(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
) -> Result<Response, Trouble> {
    let home = console.site.bot.homes().current();
    let var = HomeDir::at(&home.root).var_dir();
    let work = move |reader: &crate::store::Reader| verify(reader, &Keys::load(&var)?, None);
    let verdict = console.site.bot.store().read(work).await?;
    let finding = |it: &crate::store::audit::Finding| it.to_string();
    let values = json!({
        "whole": verdict.is_whole(), "records": verdict.records, "flaws": verdict.flaws, "heads": verdict.heads,
        "findings": verdict.findings.iter().take(FINDINGS).map(finding).collect::<Vec<_>>(),
    });
    show(&console, &viewer, "/audit", &Fields::default(), Some(values)).await
}

/// The whole log as a file, `format=csv` or JSON lines; made while it is sent.
pub(super) async fn export_all(State(console): State<Arc<Console>>, Asked(asked): Asked) -> Response {
    let (format, name, kind) = match asked.raw("format") {
        "csv" => (Format::Csv, "audit.csv", "text/csv; charset=utf-8"),
        _ => (Format::JsonLines, "audit.jsonl", "application/jsonl"),
    };
    let (sender, pieces) = mpsc::channel(4);
    let mut out = Pieces { sender: sender.clone(), runtime: Handle::current(), piece: Vec::new() };
    let store = console.site.bot.store().clone();
    tokio::spawn(async move {
        let done =
            store.read(move |reader| reader.at_one_moment(|reader| export(reader, format, &mut out))).await;
        if let Err(error) = done {
            // The file ends as broken, so that nobody takes it for whole.
            let _ = sender.send(Err(io::Error::other(error.to_string()))).await;
        }
    });
    let body = stream::unfold(pieces, |mut pieces| async move { Some((pieces.recv().await?, pieces)) });
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, Body::from_stream(body)).into_response()
}

/// Takes what is written to a browser, piece by piece, from the thread that reads the database.
struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        if piece.is_empty() {
            return Ok(());
        }
        let sent = self.runtime.block_on(self.sender.send_timeout(Ok(piece), STALLED));
        sent.map_err(|_| io::Error::other("nobody takes the export any more"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: i64) -> Record {
        Record {
            strand: 1,
            seq: at,
            at: Timestamp::from_micros(at),
            what: "asked".into(),
            person: None,
            place: None,
            subject: Some("execution/7".into()),
            body: r#"{"text":"<b>"}"#.into(),
            mac: String::new(),
        }
    }

    #[test]
    fn a_page_ends_where_another_moment_begins() {
        let few: Vec<Record> = (0..PAGE as i64).map(|at| record(100 - at)).collect();
        assert_eq!(cut(&few).1, None);
        let mut many: Vec<Record> = (0..=PAGE as i64).map(|at| record(100 - at)).collect();
        assert_eq!(cut(&many), (&many[..PAGE], Some(many[PAGE - 1].at)));
        many[PAGE - 1].at = many[PAGE].at;
        assert_eq!(cut(&many), (&many[..PAGE - 1], Some(many[PAGE - 2].at)));
    }

    #[test]
    fn a_record_leads_to_its_execution() {
        let shown = shown(&record(1), Timestamp::from_micros(2));
        assert_eq!((&shown["link"], &shown["words"]), (&json!("/executions/7"), &json!("<b>")));
    }
}
