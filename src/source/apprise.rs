//! Apprise's `json://` and `form://` (github.com/caronc/apprise): `{version, title, message, type}` and keys of the
//! user's own.

use serde::Deserialize;

use super::pick::{self, text};
use super::proof::Scheme;
use super::reading::blank;
use super::{Again, Body, Item, Reading, Source, Unreadable};
use crate::model::EventStatus;

/// Apprise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apprise {}

/// Keys that are its own.
const OWN: [&str; 5] = ["version", "title", "message", "type", "attachments"];

impl Source for Apprise {
    const SUMMARY: &'static str = "Apprise's json:// and form:// addresses";
    const PAGE: &'static str = include_str!("../../docs/sources/apprise.md");
    const SCHEME: Scheme = Scheme::Plain;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = match body.form() {
            Some(form) => form,
            None => body.object()?,
        };
        let (title, message) = (text(&sent, "/title").trim(), text(&sent, "/message").trim());
        if title.is_empty() && message.is_empty() {
            return Err(Unreadable::new("neither `title` nor `message` has a text"));
        }
        let word = text(&sent, "/type");
        let status = match word {
            "success" => EventStatus::Ok,
            "failure" => EventStatus::Failed,
            "warning" => EventStatus::Warning,
            _ => EventStatus::Info,
        };
        let (title, message) = if title.is_empty() {
            message.split_once('\n').unwrap_or((message, ""))
        } else {
            (title, message)
        };
        let mut event = blank(if word.is_empty() { "info" } else { word }, status, title);
        event.text = message.to_owned();
        event.labels = pick::labels(Some(&sent));
        event.labels.retain(|name, _| !OWN.contains(&name.as_str()));
        event.fingerprint = event.title.clone();
        event.dedup_key = Some(pick::short_hash(body.bytes));
        event.payload = sent;
        Ok(Item { again: Again::WithinAMinute, ..Item::from(event) }.into())
    }
}
