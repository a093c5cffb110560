//! Traces by OTLP over HTTP with JSON, <https://opentelemetry.io/docs/specs/otlp/#otlphttp>. A layer of `tracing` and a
//! task that posts what ended: some hundred lines, where the crates of OpenTelemetry would bring an SDK, its generated
//! protocol and a second set of metrics and logs.
//!
//! Spans with the target [`TARGET`] are told, nothing else. They are of the level `trace`, so that the log does not
//! show them.

use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Subscriber, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The target of spans that are told.
pub const TARGET: &str = "chatops::traced";

/// The field by which a caller names its own span, <https://www.w3.org/TR/trace-context/>.
const PARENT: &str = "traceparent";

/// Spans that wait to be posted; more are counted and lost.
const MOST: usize = 4_096;
/// Spans of one post.
const BATCH: usize = 512;
/// How long a span waits for others.
const WAIT: Duration = Duration::from_secs(2);
/// How long a post may take.
const POST: Duration = Duration::from_secs(10);

/// Where traces go.
#[derive(Clone, PartialEq, Eq)]
pub struct Collector {
    url: String,
    headers: Vec<(String, String)>,
    service: String,
}

impl Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Headers hold keys, and an address may too.
        f.debug_struct("Collector").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Collector {
    /// The collector that the usual variables name, if they do: `OTEL_EXPORTER_OTLP_ENDPOINT` or
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_SDK_DISABLED`.
    pub fn find<'v>(variable: impl Fn(&str) -> Option<&'v str>) -> Option<Self> {
        let set = |name: &str| variable(name).map(str::trim).filter(|value| !value.is_empty());
        if set("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || set("OTEL_TRACES_EXPORTER") == Some("none")
        {
            return None;
        }
        let base = || {
            set("OTEL_EXPORTER_OTLP_ENDPOINT").map(|url| format!("{}/v1/traces", url.trim_end_matches('/')))
        };
        let url = set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").map(str::to_owned).or_else(base)?;
        let pairs = set("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default().split(',');
        let headers = pairs.filter_map(|pair| pair.split_once('=')).map(|(name, value)| {
            let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8_lossy().into_owned();
            (name.trim().to_owned(), value)
        });
        let service = set("OTEL_SERVICE_NAME").unwrap_or("chatops").to_owned();
        Some(Self { url, headers: headers.collect(), service })
    }
}

/// What was told and not yet posted.
#[derive(Debug)]
pub struct Traces(mpsc::Sender<Told>);

enum Told {
    Span(Value),
    Flush(oneshot::Sender<()>),
}

impl Traces {
    /// Posts what waits, at the end of the program.
    pub async fn flush(&self) {
        let (done, posted) = oneshot::channel();
        if self.0.send(Told::Flush(done)).await.is_ok() {
            // A collector that does not answer must not keep the program alive.
            let _ = tokio::time::timeout(POST, posted).await;
        }
    }
}

/// Tells of spans that ended.
pub(super) struct Teller {
    queue: mpsc::Sender<Told>,
    random: SystemRandom,
}

/// A layer that tells a collector, and the handle on what waits. Needs a running tokio runtime.
pub(super) fn teller(collector: Collector) -> (Teller, Traces) {
    let (queue, inbox) = mpsc::channel(MOST);
    tokio::spawn(post_all(collector, inbox));
    (Teller { queue: queue.clone(), random: SystemRandom::new() }, Traces(queue))
}

/// A span that is open.
struct Open {
    trace: [u8; 16],
    span: [u8; 8],
    parent: Option<[u8; 8]>,
    began: SystemTime,
    fields: Map<String, Value>,
}

impl Teller {
    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).expect("the operating system has randomness");
        bytes
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Teller {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let named = fields.0.shift_remove(PARENT).and_then(|text| parent(text.as_str()?));
        let above = span.parent().and_then(|above| {
            let extensions = above.extensions();
            extensions.get::<Open>().map(|open| (open.trace, open.span))
        });
        let (trace, parent) = match above.or(named) {
            Some((trace, parent)) => (trace, Some(parent)),
            None => (self.random(), None),
        };
        let began = SystemTime::now();
        span.extensions_mut().insert(Open { trace, span: self.random(), parent, began, fields: fields.0 });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            let mut fields = Fields(std::mem::take(&mut open.fields));
            values.record(&mut fields);
            open.fields = fields.0;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<Open>() else { return };
        // A full queue loses spans rather than holding anybody up.
        let _ = self.queue.try_send(Told::Span(told(span.name(), &open)));
    }
}

/// A span in OTLP's JSON. What is called `error` says that it went wrong.
fn told(name: &str, open: &Open) -> Value {
    let nanos = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string();
    let failed = open.fields.get("error").and_then(Value::as_str);
    let attributes: Vec<Value> =
        open.fields.iter().map(|(key, value)| json!({"key": key, "value": attribute(value)})).collect();
    let kind = match name {
        "request" => 2,
        "delivery" => 3,
        _ => 1,
    };
    let mut span = json!({
        "traceId": hex(&open.trace), "spanId": hex(&open.span), "name": name, "kind": kind,
        "startTimeUnixNano": nanos(open.began), "endTimeUnixNano": nanos(SystemTime::now()),
        "attributes": attributes, "status": {},
    });
    if let Some(parent) = open.parent {
        span["parentSpanId"] = json!(hex(&parent));
    }
    if let Some(why) = failed {
        span["status"] = json!({"code": 2, "message": why});
    }
    span
}

fn attribute(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!({"boolValue": flag}),
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            json!({"intValue": number.to_string()})
        }
        Value::Number(number) => json!({"doubleValue": number}),
        Value::String(text) => json!({"stringValue": text}),
        other => json!({"stringValue": other.to_string()}),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Trace and span of `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
fn parent(text: &str) -> Option<([u8; 16], [u8; 8])> {
    let mut parts = text.trim().split('-').skip(1);
    let trace = bytes::<16>(parts.next()?)?;
    let span = bytes::<8>(parts.next()?)?;
    (trace != [0; 16] && span != [0; 8]).then_some((trace, span))
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut all = [0; N];
    for (index, byte) in all.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(all)
}

/// Fields of a span as JSON.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), json!(value));
    }
}

/// Posts what ends until nobody tells any more.
async fn post_all(collector: Collector, mut inbox: mpsc::Receiver<Told>) {
    let Ok(client) = reqwest::Client::builder().timeout(POST).build() else { return };
    let mut failing = false;
    while let Some(first) = inbox.recv().await {
        let (mut spans, mut flushed) = (Vec::new(), Vec::new());
        take(first, &mut spans, &mut flushed);
        let end = tokio::time::Instant::now() + WAIT;
        while spans.len() < BATCH && flushed.is_empty() {
            match tokio::time::timeout_at(end, inbox.recv()).await {
                Ok(Some(told)) => take(told, &mut spans, &mut flushed),
                Ok(None) | Err(_) => break,
            }
        }
        let outcome = if spans.is_empty() { Ok(()) } else { post(&client, &collector, spans).await };
        match &outcome {
            Err(why) if !failing => warn!(why, "traces cannot be posted; this is said once"),
            _ => {}
        }
        failing = outcome.is_err();
        for done in flushed {
            // Whoever waited may have given up.
            let _ = done.send(());
        }
    }
}

fn take(told: Told, spans: &mut Vec<Value>, flushed: &mut Vec<oneshot::Sender<()>>) {
    match told {
        Told::Span(span) => spans.push(span),
        Told::Flush(done) => flushed.push(done),
    }
}

async fn post(client: &reqwest::Client, collector: &Collector, spans: Vec<Value>) -> Result<(), String> {
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": collector.service}},
            {"key": "service.version", "value": {"stringValue": env!("CARGO_PKG_VERSION")}},
        ]},
        "scopeSpans": [{"scope": {"name": "chatops", "version": env!("CARGO_PKG_VERSION")}, "spans": spans}],
    }]});
    let mut request = client.post(&collector.url).json(&body);
    for (name, value) in &collector.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(format!("the collector answers {}", answer.status()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_variables_name_the_collector() {
        let with = |pairs: &'static [(&str, &str)]| {
            Collector::find(|name| pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| *value))
        };
        assert_eq!(with(&[]), None);
        let full = with(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example.org:4318/"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=hunter2%20x, other = y"),
        ])
        .unwrap();
        assert_eq!(full.url, "http://collector.example.org:4318/v1/traces");
        assert_eq!(
            full.headers,
            [("x-key".to_owned(), "hunter2 x".to_owned()), ("other".to_owned(), "y".to_owned())]
        );
        assert!(!format!("{full:?}").contains("hunter2"));
        let off = &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"), ("OTEL_SDK_DISABLED", "true")];
        assert_eq!(with(off), None);
    }

    #[test]
    fn a_caller_names_its_span_by_traceparent() {
        let (trace, span) = parent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
        assert_eq!(
            (hex(&trace).as_str(), hex(&span).as_str()),
            ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
        );
        for bad in [
            "",
            "00-x-y-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parent(bad), None, "{bad}");
        }
    }
}
