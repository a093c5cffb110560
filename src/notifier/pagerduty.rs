//! PagerDuty's Events API v2 (developer.pagerduty.com/docs/events-api-v2), and v1 for old services.

use ring::digest::{SHA256, digest};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Http, Request, deliver};
use super::look::cut;
use super::{Doors, Edits, Notice, Notifier, address, refused};
use crate::model::{Handle, Level, Moment, Receipt, Secret, SendError, hex};
use crate::text::{Limit, Unit};

/// The summary.
const SUMMARY: Limit = Limit { most: 1024, unit: Unit::Chars };
/// The client's name and other words beside it; the key of an incident.
const KEY: Limit = Limit { most: 255, unit: Unit::Chars };
/// The whole event may have 512 KB: the text and the payload get a part of it.
const TEXT: Limit = Limit { most: 16_000, unit: Unit::Bytes };
/// A payload of more bytes stays at home.
const PAYLOAD: usize = 128 << 10;
/// A longer address is no link.
const LINK: usize = 2000;

/// Which of the two interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
enum Version {
    /// With severity and details of its own.
    #[default]
    #[serde(rename = "v2")]
    V2,
    /// The older one, by `service_key`.
    #[serde(rename = "v1")]
    V1,
}

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pagerduty {
    /// The integration key of the service.
    routing_key: Secret,
    /// Which Events API.
    #[serde(default)]
    version: Version,
    /// What PagerDuty shows as the sender.
    #[serde(default)]
    client_name: Option<String>,
    /// Another address of the Events API.
    #[serde(default = "api")]
    api_url: Secret,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

fn api() -> Secret {
    Secret::new("https://events.pagerduty.com")
}

impl Notifier for Pagerduty {
    const SUMMARY: &'static str = "triggers, acknowledges and resolves incidents of PagerDuty";
    const PAGE: &'static str = include_str!("../../docs/notifiers/pagerduty.md");
    const EDITS: Edits = Edits::InPlace;

    fn check(&self) -> Result<(), String> {
        address::parse("api_url", &self.api_url)?;
        address::check_token("routing_key", &self.routing_key)?;
        if self.client_name.as_ref().is_some_and(|name| name.trim().is_empty() || !KEY.holds(name)) {
            return Err("`client_name` must have 1 to 255 characters".to_owned());
        }
        self.http.check()
    }

    fn warnings(&self) -> Vec<String> {
        self.http.warnings()
    }

    fn targets(&self) -> Vec<String> {
        vec![address::host(&self.api_url)]
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let (path, event): (&[&str], Value) = match self.version {
            Version::V2 => (&["v2", "enqueue"], self.v2(notice)),
            Version::V1 => (&["generic", "2010-04-15", "create_event.json"], self.v1(notice)),
        };
        let url = address::below("api_url", &self.api_url, path).map_err(refused)?;
        let request = Request::post(url, &event).seal(&self.routing_key);
        deliver(doors, &self.http, request, |reply| match reply.json()["status"].as_str() {
            Some("success") => Ok(reply.receipt()),
            _ => Err(refused(reply.excerpt())),
        })
        .await
    }
}

/// What is asked for: good news and decisions close what was opened; what somebody cares for already rings nobody.
fn action(notice: &Notice) -> &'static str {
    match notice.moment {
        moment if moment.is_over() => "resolve",
        Moment::Denied => "resolve",
        _ if is_acknowledged(notice) => "acknowledge",
        _ => "trigger",
    }
}

/// Whether the source says that somebody cares for it: by the kind of the event or the label `acknowledged`.
fn is_acknowledged(notice: &Notice) -> bool {
    let label = notice.labels.get("acknowledged").is_some_and(|value| value == "true");
    label || notice.kind.ends_with("acknowledged")
}

/// The same for all that is told of one subject.
fn incident(notice: &Notice) -> String {
    let key = if notice.fingerprint.is_empty() { &notice.delivery } else { &notice.fingerprint };
    if KEY.holds(key) {
        return key.clone();
    }
    // Two long keys with the same beginning are two incidents.
    let hash = hex::encode(digest(&SHA256, key.as_bytes()).as_ref());
    format!("{}{hash}", key.chars().take(KEY.most - hash.len()).collect::<String>())
}

/// An address that may stand in an event.
fn link(notice: &Notice) -> Option<&String> {
    notice.link.as_ref().filter(|url| url.starts_with("http") && url.len() <= LINK)
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Ok | Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
        Level::Critical => "critical",
    }
}

fn details(notice: &Notice) -> Value {
    let fits = notice.payload.to_string().len() <= PAYLOAD;
    let payload = if fits { notice.payload.clone() } else { json!("too large to be sent along") };
    json!({"text": cut(&notice.body, TEXT), "source": cut(&notice.source, KEY), "payload": payload})
}

/// A text, or a word where there is none: PagerDuty refuses empty ones.
fn or(text: String, word: &str) -> String {
    if text.is_empty() { word.to_owned() } else { text }
}

impl Pagerduty {
    fn client(&self) -> &str {
        self.client_name.as_deref().unwrap_or("chatops")
    }

    fn v2(&self, notice: &Notice) -> Value {
        let action = action(notice);
        let mut event = json!({
            "routing_key": self.routing_key.expose(), "event_action": action, "dedup_key": incident(notice),
        });
        if action == "trigger" {
            event["client"] = json!(self.client());
            event["payload"] = json!({
                "summary": or(cut(&notice.message, SUMMARY), "an event without words"),
                "source": or(cut(&notice.source, KEY), "chatops"), "severity": severity(notice.level),
                "timestamp": notice.at.to_string(), "class": or(cut(&notice.kind, KEY), "event"),
                "custom_details": details(notice),
            });
            if let Some(url) = link(notice) {
                event["client_url"] = json!(url);
                event["links"] = json!([{"href": url, "text": "more"}]);
            }
        }
        event
    }

    fn v1(&self, notice: &Notice) -> Value {
        let action = action(notice);
        let mut event = json!({
            "service_key": self.routing_key.expose(), "event_type": action,
            "incident_key": incident(notice), "details": details(notice),
            "description": or(cut(&notice.message, SUMMARY), "an event without words"),
        });
        if action == "trigger" {
            event["client"] = json!(self.client());
            link(notice).into_iter().for_each(|url| event["client_url"] = json!(url));
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_is_opened_and_closed_under_one_key() {
        let service: Pagerduty = serde_json::from_value(json!({"routing_key": "k"})).unwrap();
        let event = |moment, level| {
            let notice = Notice { moment, level, fingerprint: "job:7".into(), ..Notice::default() };
            service.v2(&notice)
        };
        let opened = event(Moment::Error, Level::Critical);
        let closed = event(Moment::Recovered, Level::Ok);
        assert_eq!(
            (&opened["event_action"], &opened["payload"]["severity"]),
            (&json!("trigger"), &json!("critical"))
        );
        assert_eq!(closed["event_action"], "resolve");
        assert_eq!(opened["dedup_key"], closed["dedup_key"]);
        assert!(closed.get("payload").is_none());
    }

    #[test]
    fn long_keys_with_one_beginning_are_two_incidents() {
        let key = |end: &str| {
            incident(&Notice { fingerprint: format!("{}{end}", "k".repeat(400)), ..Notice::default() })
        };
        assert_ne!(key("a"), key("b"));
        assert_eq!((key("a"), key("a").chars().count()), (key("a"), 255));
    }

    #[test]
    fn what_somebody_cares_for_is_acknowledged() {
        let labels = [("acknowledged".to_owned(), "true".to_owned())].into();
        assert_eq!(action(&Notice { labels, ..Notice::default() }), "acknowledge");
        let kind = "alert.acknowledged".to_owned();
        assert_eq!(action(&Notice { kind, ..Notice::default() }), "acknowledge");
        let asked = |moment| action(&Notice { moment, ..Notice::default() });
        assert_eq!((asked(Moment::Pending), asked(Moment::Denied)), ("trigger", "resolve"));
    }

    #[test]
    fn the_older_interface_has_its_own_words() {
        let service: Pagerduty =
            serde_json::from_value(json!({"routing_key": "k", "version": "v1"})).unwrap();
        let event = service.v1(&Notice { message: "m".into(), ..Notice::default() });
        assert_eq!((&event["service_key"], &event["event_type"]), (&json!("k"), &json!("trigger")));
    }
}
