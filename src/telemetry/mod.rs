//! Logs to stderr, as text or JSON; traces to a collector.

mod otlp;

use std::io::IsTerminal;

use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

pub use otlp::{Collector, TARGET, Traces};

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Logs go to stderr from here on, and traces to `collector` if there is one. `filter` is a level or a list such as
/// `info,chatops::bot=debug`; one that does not parse is replaced by `info` and named in the returned warning. A second
/// call changes nothing. With a collector it needs a running tokio runtime.
pub fn start(filter: &str, format: Format, collector: Option<Collector>) -> (Option<String>, Option<Traces>) {
    let (filter, warning) = match EnvFilter::try_new(filter) {
        Ok(filter) => (filter, None),
        Err(error) => {
            (EnvFilter::new("info"), Some(format!("CHATOPS_LOG `{filter}` is not a log filter: {error}")))
        }
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).with_filter(filter).boxed(),
        Format::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    };
    let (teller, traces) = collector.map(otlp::teller).unzip();
    let teller =
        teller.map(|teller| teller.with_filter(filter_fn(|it| it.is_span() && it.target() == TARGET)));
    // A second subscriber is refused; the first one goes on.
    let _ = tracing_subscriber::registry().with(lines).with(teller).try_init();
    (warning, traces)
}
