//! Logs to stderr, as text or JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Logs go to stderr from here on. `filter` is a level or a list such as `info,chatops::bot=debug`;
/// one that does not parse is replaced by `info` and named in the returned warning. A second call changes nothing.
pub fn start(filter: &str, format: Format) -> Option<String> {
    let (filter, warning) = match EnvFilter::try_new(filter) {
        Ok(filter) => (filter, None),
        Err(error) => {
            (EnvFilter::new("info"), Some(format!("CHATOPS_LOG `{filter}` is not a log filter: {error}")))
        }
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber is refused; the first one goes on.
    let _ = match format {
        Format::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    warning
}
