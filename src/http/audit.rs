//! The audit log: search, export, verification.

use std::io::Write;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tracing::warn;

use super::executions::person;
use super::paging::{Listed, Page};
use super::problem::{Problem, Query};
use super::{Site, when};
use crate::store::audit::{Format, Head, Record, Verdict, export};
use crate::store::{Search, What};

/// Which records to find.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// Of this person, as `adapter:id`.
    person: Option<String>,
    /// Of this kind: asked, refused, changed and so on.
    what: Option<String>,
    /// In this place, as `adapter:room`.
    place: Option<String>,
    /// About this, such as `execution/12` or `config`.
    subject: Option<String>,
    /// At this time or later: a time, a date, or a span before now such as `2h`.
    from: Option<String>,
    /// Before this time.
    until: Option<String>,
}

/// The field to sort by, and its column.
const COLUMNS: [(&str, &str); 4] = [("seq", "rowid"), ("time", "at"), ("what", "what"), ("person", "person")];

/// One record.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Line {
    /// Which chain it belongs to.
    strand: i64,
    /// Its place there.
    seq: i64,
    /// When it happened.
    time: String,
    /// What happened.
    what: String,
    /// Who did it.
    person: Option<String>,
    /// Where.
    place: Option<String>,
    /// What it was done to.
    subject: Option<String>,
    /// Everything else.
    body: Value,
    /// What chains it to the record before.
    mac: String,
}

fn view(record: Record) -> Line {
    Line {
        strand: record.strand,
        seq: record.seq,
        time: record.at.to_string(),
        body: serde_json::from_str(&record.body).unwrap_or_else(|_| json!(record.body)),
        what: record.what,
        person: record.person,
        place: record.place,
        subject: record.subject,
        mac: record.mac,
    }
}

/// Records, the newest first; `search` looks into what was typed, the place and the subject.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { asked, paging }: Listed<Asked>,
) -> Result<Json<Page<Line>>, Problem> {
    let now = site.world.now();
    let search = Search {
        person: asked.person.map(|text| person(&text)).transpose()?,
        what: asked.what.map(|word| what(&word)).transpose()?,
        text: paging.search(),
        place: asked.place,
        subject: asked.subject,
        from: when::optional(asked.from.as_ref(), "from", now)?,
        until: when::optional(asked.until.as_ref(), "until", now)?,
        ..Search::default()
    };
    let slice = paging.slice(&COLUMNS)?;
    let (count, found) = site.bot.store().read(move |reader| reader.audit_page(&search, &slice)).await?;
    paging.page(count, found.into_iter().map(view).collect()).map(Json)
}

fn what(word: &str) -> Result<What, Problem> {
    let found = What::ALL.iter().find(|what| what.as_str() == word);
    found.copied().ok_or_else(|| {
        let words: Vec<_> = What::ALL.iter().map(|what| what.as_str()).collect();
        Problem::wrong(format!("what: `{word}` is none, accepted: {}", words.join(", "))).field("what")
    })
}

/// How to write the records.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    /// JSON, one record a line.
    #[default]
    Jsonl,
    /// Comma-separated values for a spreadsheet.
    Csv,
}

/// In which form.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wanted {
    /// The form of the records.
    format: Form,
}

/// Pieces of an export that wait for the client.
const AHEAD: usize = 16;
/// The size of a piece, in bytes.
const PIECE: usize = 64 << 10;

/// The whole log, the oldest first.
pub(super) async fn exported(State(site): State<Site>, Query(wanted): Query<Wanted>) -> Response {
    let (format, kind, name) = match wanted.format {
        Form::Jsonl => (Format::JsonLines, "application/x-ndjson", "audit.jsonl"),
        Form::Csv => (Format::Csv, "text/csv", "audit.csv"),
    };
    let (sender, receiver) = mpsc::channel(AHEAD);
    let store = site.bot.store().clone();
    tokio::spawn(async move {
        let lost = sender.clone();
        let read = store.read(move |reader| {
            let mut out = std::io::BufWriter::with_capacity(PIECE, Pipe(sender));
            reader.at_one_moment(|reader| export(reader, format, &mut out))
        });
        if let Err(error) = read.await {
            warn!(%error, "an export of the audit log did not come to its end");
            // The client sees a broken answer, never a whole one that is too short; it may be gone.
            let _ = lost.send(Err(std::io::Error::other("the export failed"))).await;
        }
    });
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async {
        let piece: Result<Bytes, std::io::Error> = receiver.recv().await?;
        Some((piece, receiver))
    });
    let named = format!("attachment; filename=\"{name}\"");
    let heads = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, named)];
    (heads, Body::from_stream(pieces)).into_response()
}

/// Gives what is written to the client; waits for one that reads slowly.
struct Pipe(mpsc::Sender<Result<Bytes, std::io::Error>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Against what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Against {
    /// A head kept from earlier, `strand:number:mac`: shows whether the end was cut off since.
    head: Option<String>,
}

/// What a verification found.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Verified {
    /// Whether no record was changed, removed, moved or added.
    whole: bool,
    /// How many records there are.
    records: u64,
    /// The last record of each strand: keep it.
    heads: Vec<String>,
    /// How much is wrong.
    flaws: u64,
    /// What is wrong, in sentences.
    findings: Vec<String>,
}

/// Tells whether any record was changed, removed, moved or added.
pub(super) async fn verified(
    State(site): State<Site>,
    Query(against): Query<Against>,
) -> Result<Json<Verified>, Problem> {
    let head = against.head.map(|text| text.parse::<Head>());
    let head = head.transpose().map_err(|error| Problem::wrong(format!("head: {error}")).field("head"))?;
    let verdict: Verdict = site.bot.store().verified(head).await?;
    let findings = verdict.findings.iter().map(ToString::to_string).collect();
    let whole = verdict.is_whole();
    let Verdict { records, heads, flaws, .. } = verdict;
    Ok(Json(Verified { whole, records, heads, flaws, findings }))
}
