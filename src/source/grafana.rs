//! Grafana's webhook contact point (grafana.com/docs: alerting, configure webhook notifications), and the alerts of
//! Grafana 8 and before. A contact point whose payload is a template of somebody's own is read as any JSON.

use serde::Deserialize;
use serde_json::Value;

use super::alerts::{self, Flavour};
use super::pick::{self, text};
use super::proof::Scheme;
use super::reading::{blank, level};
use super::{Body, Reading, Source, Unreadable};
use crate::model::{Event, EventStatus, Level, Link};

/// Grafana.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grafana {}

const FLAVOUR: Flavour =
    Flavour { urls: &["/panelURL", "/dashboardURL", "/generatorURL"], also: "/orgId", home: "grafana" };

impl Source for Grafana {
    const SUMMARY: &'static str = "Grafana's webhook contact point, and its alerts before version 9";
    const PAGE: &'static str = include_str!("../../docs/sources/grafana.md");
    const SCHEME: Scheme = Scheme::Grafana;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = body.object()?;
        let event = if sent.get("alerts").is_some_and(Value::is_array) {
            unified(&sent)?
        } else if sent.get("ruleId").is_some() || sent.get("ruleName").is_some() {
            legacy(&sent)
        } else {
            return super::json::Json::default().read(body);
        };
        Ok(Event { payload: sent, ..event }.into())
    }

    fn tell(event: &Event) -> String {
        if event.parts.is_empty() { legacy_lines(event) } else { alerts::lines(event) }
    }
}

fn unified(sent: &Value) -> Result<Event, Unreadable> {
    let mut event = alerts::group(sent, &FLAVOUR)?;
    let title = text(sent, "/title");
    if !title.trim().is_empty() {
        event.title = super::clean::title(title);
    }
    Ok(event)
}

fn legacy(sent: &Value) -> Event {
    let state = text(sent, "/state");
    let named = level(pick::first(sent, &["/tags/severity", "/tags/level"]));
    let (kind, status, level) = match state {
        "alerting" => (alerts::FIRING.to_owned(), EventStatus::Failed, named.unwrap_or(Level::Error)),
        "ok" => (alerts::RESOLVED.to_owned(), EventStatus::Resolved, Level::Ok),
        "no_data" => ("alert.no_data".to_owned(), EventStatus::Warning, Level::Warning),
        "pending" => ("alert.pending".to_owned(), EventStatus::Pending, Level::Warning),
        "paused" => ("alert.paused".to_owned(), EventStatus::Info, Level::Info),
        other => (format!("alert.{other}"), EventStatus::Unknown, Level::Info),
    };
    let title = pick::first(sent, &["/title", "/ruleName"]);
    let mut event = blank(&kind, status, if title.is_empty() { "alert" } else { title });
    event.level = level;
    event.text = text(sent, "/message").to_owned();
    event.url = pick::url(sent, "/ruleUrl");
    event.labels = pick::labels(sent.get("tags"));
    for found in sent.get("evalMatches").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(name), Some(value)) = (pick::shown(found, "/metric"), pick::shown(found, "/value")) {
            event.labels.insert(format!("value_{name}"), value);
        }
    }
    let org = pick::shown(sent, "/orgId").map(|org| format!("/{org}")).unwrap_or_default();
    let rule = pick::shown(sent, "/ruleId").or_else(|| pick::shown(sent, "/ruleName")).unwrap_or_default();
    event.fingerprint = format!("rule:{rule}{org}");
    event.links.extend(pick::url(sent, "/imageUrl").map(|url| Link { title: "image".to_owned(), url }));
    event
}

fn legacy_lines(event: &Event) -> String {
    let values = event.labels.iter().filter_map(|(name, value)| Some((name.strip_prefix("value_")?, value)));
    let values: Vec<String> = values.map(|(name, value)| format!("{name} = {value}")).collect();
    let parts = [event.text.clone(), values.join(", ")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &Value) -> Event {
        let bytes = body.to_string();
        let body = Body { method: "POST", headers: &[], query: &[], bytes: bytes.as_bytes() };
        Grafana {}.read(&body).unwrap().0.remove(0).event
    }

    #[test]
    fn alerts_of_old_versions_have_their_states() {
        for (state, status, level) in [
            ("alerting", EventStatus::Failed, Level::Error),
            ("ok", EventStatus::Resolved, Level::Ok),
            ("no_data", EventStatus::Warning, Level::Warning),
            ("pending", EventStatus::Pending, Level::Warning),
            ("paused", EventStatus::Info, Level::Info),
        ] {
            let event = read(&serde_json::json!({"ruleId": 3, "ruleName": "cpu", "title": "[Alerting] cpu",
                "state": state, "evalMatches": [{"metric": "load", "value": 4.5}], "orgId": 1}));
            assert_eq!((event.status, event.level), (status, level), "{state}");
            assert_eq!(
                (event.fingerprint.as_str(), event.labels["value_load"].as_str()),
                ("rule:3/1", "4.5")
            );
        }
    }

    #[test]
    fn a_payload_of_somebody_s_own_is_read_as_any_json() {
        let event = read(&serde_json::json!({"name": "cpu high", "state": "firing"}));
        assert_eq!((event.title.as_str(), event.status), ("cpu high", EventStatus::Failed));
    }
}
