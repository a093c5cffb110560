//! What a service answered, and whether to try again.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::request::Request;
use crate::model::{Receipt, SendError, Timestamp};
use crate::net::World;
use crate::notifier::refused;
use crate::text::clean::one_line;

/// This many bytes of an answer are read.
const READ: usize = 64 << 10;
/// This many characters of an answer are kept for the history.
const KEPT: usize = 300;
/// No service may make us wait longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// An answer, secrets masked.
pub(in crate::notifier) struct Reply {
    /// The status: 200.
    pub(in crate::notifier) status: u16,
    /// The beginning of its text.
    pub(in crate::notifier) text: String,
    /// Whether the text did not break off.
    whole: bool,
}

impl Reply {
    /// Reads the answer within `limit`. A body that breaks off or drips is kept as far as it came: the status counts.
    pub(super) async fn read(
        mut response: Response,
        request: &Request,
        world: &World,
        limit: Duration,
    ) -> Self {
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        let whole = world.timeout(limit, collect(&mut response, &mut bytes)).await.unwrap_or(false);
        bytes.truncate(READ);
        Self { status, text: request.masked(&String::from_utf8_lossy(&bytes)), whole }
    }

    /// Whether the text came to its end, or to that of what we read.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether it is 2xx.
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The text as JSON; null if it is none.
    pub(in crate::notifier) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Status and text in one short line: `200 ok`.
    pub(in crate::notifier) fn excerpt(&self) -> String {
        let text: String = one_line(self.text.trim()).chars().take(KEPT).collect();
        format!("{} {text}", self.status).trim_end().to_owned()
    }

    /// It was taken, and cannot be edited.
    pub(in crate::notifier) fn receipt(&self) -> Receipt {
        Receipt { handle: None, answer: self.excerpt() }
    }

    /// Why it was not taken.
    pub(super) fn failure(&self, after: Option<Duration>) -> SendError {
        match self.status {
            429 => SendError::Retry { why: self.excerpt(), after: after.or_else(|| self.own_wait()) },
            408 | 425 | 500.. => SendError::Retry { why: self.excerpt(), after },
            _ => refused(self.excerpt()),
        }
    }

    /// Discord's `retry_after`, in seconds with a fraction.
    fn own_wait(&self) -> Option<Duration> {
        let seconds = self.json()["retry_after"].as_f64()?;
        Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(LONGEST_WAIT))
    }
}

/// Reads up to [`READ`] bytes and tells whether they did not break off.
async fn collect(response: &mut Response, bytes: &mut Vec<u8>) -> bool {
    while bytes.len() < READ {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
    true
}

/// `Retry-After`: seconds, or a date.
pub(super) fn wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            Timestamp::from_micros(until.as_microsecond()).since(now)
        }
    };
    Some(wait.min(LONGEST_WAIT))
}
