//! Groups of alerts, as Alertmanager and Grafana send them: one event for the group, one part for each alert.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Unreadable;
use super::pick::{self, first, text};
use super::reading::{blank, level};
use crate::model::{Event, EventStatus, Level, Link, Timestamp};
use crate::text::clean::one_line;

/// Alerts that a message names; the others are counted.
const NAMED: usize = 15;
/// The longest fingerprint that is kept readable, in characters.
const LONGEST: usize = 200;

/// The kinds of what these senders send.
pub(super) const FIRING: &str = "alert.firing";
pub(super) const RESOLVED: &str = "alert.resolved";

/// What differs between the senders.
pub(super) struct Flavour {
    /// Where an alert's address is, the best first.
    pub(super) urls: &'static [&'static str],
    /// What belongs to an alert's fingerprint beside its own.
    pub(super) also: &'static str,
    /// What the address of all alerts is called.
    pub(super) home: &'static str,
}

/// The event of a group.
pub(super) fn group(sent: &Value, flavour: &Flavour) -> Result<Event, Unreadable> {
    let alerts = sent.get("alerts").and_then(Value::as_array);
    let alerts = alerts.ok_or_else(|| Unreadable::new("`alerts` is missing: it is a list of alerts"))?;
    if alerts.is_empty() {
        return Err(Unreadable::new("`alerts` is empty"));
    }
    let mut parts = Vec::new();
    for (index, alert) in alerts.iter().enumerate() {
        if !alert.is_object() {
            return Err(Unreadable(format!(
                "alerts[{index}] is {}, expected an object",
                super::body::noun(alert)
            )));
        }
        parts.push(part(alert, sent, flavour));
    }
    Ok(whole(sent, alerts, parts, flavour))
}

fn whole(sent: &Value, alerts: &[Value], parts: Vec<Event>, flavour: &Flavour) -> Event {
    let is_firing = parts.iter().any(|part| part.kind == FIRING);
    let (kind, status) =
        if is_firing { (FIRING, EventStatus::Failed) } else { (RESOLVED, EventStatus::Resolved) };
    let only = match &parts[..] {
        [only] => Some(only),
        _ => None,
    };
    let mut event = blank(kind, status, &title(sent, only));
    event.level = parts.iter().map(|part| part.level).max().unwrap_or_default();
    let common = first(sent, &["/commonAnnotations/description", "/commonAnnotations/message"]);
    event.text = only.map_or_else(|| common.to_owned(), |only| only.text.clone());
    let home = pick::url(sent, "/externalURL");
    event.url = only.and_then(|only| only.url.clone()).or_else(|| home.clone());
    event.labels = only.map_or_else(|| pick::labels(sent.get("commonLabels")), |only| only.labels.clone());
    event.fingerprint = fingerprint(sent, &parts, flavour);
    let told: Vec<&str> = parts.iter().filter_map(|part| part.dedup_key.as_deref()).collect();
    event.dedup_key =
        Some(pick::short_hash(format!("{}\n{}", event.fingerprint, told.join("\n")).as_bytes()));
    event.group = Some(text(sent, "/groupKey").to_owned()).filter(|group| !group.is_empty());
    // Of a group that fires the span goes on: only what is over has an end.
    let firing = parts.iter().filter(|part| !is_firing || part.kind == FIRING);
    event.started = firing.filter_map(|part| part.started).min();
    if !is_firing {
        event.at = parts.iter().filter_map(|part| part.at).max();
        event.duration = pick::between(event.started, event.at);
    }
    event.links = links(alerts, home, flavour);
    event.links.retain(|link| Some(&link.url) != event.url.as_ref());
    event.parts = parts;
    event
}

fn title(sent: &Value, only: Option<&Event>) -> String {
    let known = ["/commonAnnotations/summary", "/groupLabels/alertname", "/commonLabels/alertname", "/title"];
    match only {
        Some(only) => only.title.clone(),
        None => Some(first(sent, &known)).filter(|text| !text.is_empty()).unwrap_or("alerts").to_owned(),
    }
}

fn fingerprint(sent: &Value, parts: &[Event], flavour: &Flavour) -> String {
    let (receiver, key) = (text(sent, "/receiver"), text(sent, "/groupKey"));
    let also = pick::shown(sent, flavour.also).filter(|also| also != receiver);
    let also = also.map(|also| format!("/{also}")).unwrap_or_default();
    if key.is_empty() {
        let all: Vec<&str> = parts.iter().map(|part| part.fingerprint.as_str()).collect();
        return format!("{receiver}{also}/{}", pick::short_hash(all.join("\n").as_bytes()));
    }
    let readable = format!("{receiver}{also}/{key}");
    if readable.chars().count() <= LONGEST {
        readable
    } else {
        format!("{receiver}{also}/{}", pick::short_hash(key.as_bytes()))
    }
}

fn links(alerts: &[Value], home: Option<String>, flavour: &Flavour) -> Vec<Link> {
    let named = [
        ("runbook", "/annotations/runbook_url"),
        ("silence", "/silenceURL"),
        ("panel", "/panelURL"),
        ("dashboard", "/dashboardURL"),
        ("image", "/imageURL"),
    ];
    let mut links: Vec<Link> = Vec::new();
    for (title, at) in named {
        let mut urls: Vec<String> = alerts.iter().filter_map(|alert| pick::url(alert, at)).collect();
        urls.dedup();
        // What is not the same for all belongs to the parts.
        if let [url] = &urls[..] {
            links.push(Link { title: title.to_owned(), url: url.clone() });
        }
    }
    links.extend(home.map(|url| Link { title: flavour.home.to_owned(), url }));
    links
}

fn part(alert: &Value, sent: &Value, flavour: &Flavour) -> Event {
    let (start, end) = (pick::time_at(alert, "/startsAt"), pick::time_at(alert, "/endsAt"));
    let resolved = match text(alert, "/status") {
        "" => end.is_some() || text(sent, "/status") == "resolved",
        word => word == "resolved",
    };
    let (kind, status) =
        if resolved { (RESOLVED, EventStatus::Resolved) } else { (FIRING, EventStatus::Failed) };
    let title =
        Some(first(alert, &["/annotations/summary", "/labels/alertname"])).filter(|title| !title.is_empty());
    let mut part = blank(kind, status, title.unwrap_or("alert"));
    part.level = if resolved { Level::Ok } else { severity(alert) };
    part.text = first(alert, &["/annotations/description", "/annotations/message"]).to_owned();
    part.url = flavour.urls.iter().find_map(|at| pick::url(alert, at));
    part.labels = pick::labels(alert.get("labels"));
    let values = pick::labels(alert.get("values"));
    part.labels.extend(values.into_iter().map(|(name, value)| (format!("value_{name}"), value)));
    let own = text(alert, "/fingerprint");
    let own = if own.is_empty() { hash_of(&part.labels) } else { own.to_owned() };
    let also = pick::shown(sent, flavour.also).map(|also| format!("/{also}")).unwrap_or_default();
    part.fingerprint = format!("{own}{also}");
    let state = if resolved { "resolved" } else { "firing" };
    let told = format!("{state}/{}/{}", text(alert, "/startsAt"), text(alert, "/endsAt"));
    part.dedup_key = Some(format!("{}/{told}", part.fingerprint));
    part.started = start;
    part.at = if resolved { end } else { None };
    part.duration = if resolved { pick::between(start, end) } else { None };
    part
}

fn severity(alert: &Value) -> Level {
    let word = first(alert, &["/labels/severity", "/labels/level"]);
    level(word).unwrap_or(Level::Warning)
}

fn hash_of(labels: &BTreeMap<String, String>) -> String {
    pick::short_hash(format!("{labels:?}").as_bytes())
}

/// The lines of a group: one for each alert, the firing ones first.
pub(super) fn lines(event: &Event) -> String {
    let mut lines = Vec::new();
    if !event.text.is_empty() {
        lines.push(event.text.clone());
    }
    let mut parts: Vec<&Event> = event.parts.iter().collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.level));
    if let [only] = &parts[..] {
        lines.extend(since(only));
        return lines.join("\n");
    }
    lines.extend(parts.iter().take(NAMED).map(|part| line(part)));
    let left_out = event.payload.get("truncatedAlerts").and_then(Value::as_u64).unwrap_or(0);
    let sent = event.payload.get("alerts").and_then(Value::as_array).map_or(0, Vec::len);
    let hidden = parts.len().max(sent).saturating_sub(NAMED);
    let more = u64::try_from(hidden).unwrap_or(0) + left_out;
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

fn line(part: &Event) -> String {
    let state = if part.kind == FIRING { "firing" } else { "resolved" };
    let level = if part.kind == FIRING { format!(" ({})", part.level) } else { String::new() };
    let since = since(part).map(|since| format!(", {since}")).unwrap_or_default();
    format!("{state}{level}: {}{since}", one_line(&part.title))
}

fn since(part: &Event) -> Option<String> {
    let clock =
        |time: Timestamp| time.to_string().get(..16).map(|text| text.replace('T', " ")).unwrap_or_default();
    let start = part.started?;
    Some(match part.at.filter(|_| part.kind == RESOLVED) {
        Some(end) => format!("from {} to {} UTC", clock(start), clock(end)),
        None => format!("since {} UTC", clock(start)),
    })
}
