//! Standard Webhooks (standardwebhooks.com): `{type, timestamp, data}`, signed.

use serde::Deserialize;

use super::pick;
use super::proof::Scheme;
use super::reading::blank;
use super::{Body, Reading, Source, Unreadable, suffix};
use crate::model::Event;

/// Standard Webhooks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardWebhooks {}

impl Source for StandardWebhooks {
    const SUMMARY: &'static str = "Anything signed by the Standard Webhooks specification";
    const PAGE: &'static str = include_str!("../../docs/sources/standard-webhooks.md");
    const SCHEME: Scheme = Scheme::Standard;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = body.object()?;
        let kind = pick::first(&sent, &["/type", "/event_type", "/event"]);
        let kind = if kind.is_empty() { "webhook" } else { kind };
        let status = suffix::status(kind);
        let title = pick::first(&sent, &["/title", "/data/title", "/data/subject"]);
        let mut event = blank(kind, status, if title.is_empty() { kind } else { title });
        let named = ["/severity", "/level", "/data/severity", "/data/level"].map(|at| sent.pointer(at));
        event.level = suffix::weigh(&named, status);
        event.text =
            pick::first(&sent, &["/data/error", "/data/description", "/data/message", "/message"]).to_owned();
        event.url = pick::url(&sent, "/data/url").or_else(|| pick::url(&sent, "/url"));
        event.labels = pick::labels(sent.get("data"));
        event.labels.remove("url");
        // What the data is about, where it says so.
        let about = ["/data/id", "/data/name", "/data/service"].iter().find_map(|at| pick::shown(&sent, at));
        let about = about.map(|about| format!("/{about}")).unwrap_or_default();
        event.fingerprint = format!("{}{about}", suffix::stem(kind));
        let id = body.header("webhook-id").filter(|id| !id.is_empty()).map(str::to_owned);
        event.dedup_key = Some(id.unwrap_or_else(|| pick::short_hash(body.bytes)));
        event.at = pick::time_at(&sent, "/timestamp");
        Ok(Event { payload: sent, ..event }.into())
    }
}
