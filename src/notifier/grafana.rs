//! Grafana's annotations (grafana.com/docs/grafana/latest/developers/http_api/annotations): a region from beginning to end.

use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Body, Http, Request, deliver};
use super::look::dialect;
use super::{Doors, Edits, Notice, Notifier, address, refused};
use crate::model::{Handle, Moment, Receipt, Secret, SendError, Timestamp};
use crate::text::{Limit, Unit, marks};

/// The text of an annotation.
const TEXT: Limit = Limit { most: 4000, unit: Unit::Chars };

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grafana {
    /// The server.
    url: Secret,
    /// A service account's token.
    key: Secret,
    /// Only on this dashboard, by its number.
    #[serde(default)]
    dashboard_id: Option<u64>,
    /// Only on this dashboard, by its uid.
    #[serde(default)]
    dashboard_uid: Option<String>,
    /// Only on this panel.
    #[serde(default)]
    panel_id: Option<u64>,
    /// Tags of each annotation.
    #[serde(default)]
    tags: Vec<String>,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

impl Notifier for Grafana {
    const SUMMARY: &'static str = "marks the time of an event on Grafana's dashboards";
    const PAGE: &'static str = include_str!("../../docs/notifiers/grafana.md");
    const EDITS: Edits = Edits::InPlace;

    fn check(&self) -> Result<(), String> {
        address::parse("url", &self.url)?;
        address::check_token("key", &self.key)?;
        let on_dashboard = self.dashboard_id.is_some() || self.dashboard_uid.is_some();
        if self.panel_id.is_some() && !on_dashboard {
            return Err("`panel_id` needs `dashboard_uid` or `dashboard_id`".to_owned());
        }
        self.http.check()
    }

    fn warnings(&self) -> Vec<String> {
        self.http.warnings()
    }

    fn targets(&self) -> Vec<String> {
        vec![address::host(&self.url)]
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        earlier: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let base = ["api", "annotations"];
        let (method, segments): (Method, Vec<&str>) = match earlier {
            Some(handle) => (Method::PATCH, base.into_iter().chain([handle.0.as_str()]).collect()),
            None => (Method::POST, base.to_vec()),
        };
        let url = address::below("url", &self.url, &segments).map_err(refused)?;
        let body = Body::json(&self.annotation(notice, earlier));
        let request = Request::new(method, url, body).bearer(&self.key);
        let outcome = deliver(doors, &self.http, request, |reply| {
            let id = reply.json()["id"].as_u64().map(|id| Handle(id.to_string()));
            Ok(Receipt { handle: id.or_else(|| earlier.cloned()), answer: reply.excerpt() })
        });
        match (outcome.await, earlier) {
            (Err(SendError::Refused { why }), Some(_)) if why.starts_with("404") => {
                Err(SendError::Gone { why })
            }
            (outcome, _) => outcome,
        }
    }
}

impl Grafana {
    /// A region; an earlier one gets its end and its newest text.
    fn annotation(&self, notice: &Notice, earlier: Option<&Handle>) -> Value {
        let millis = |time: Timestamp| time.as_micros().div_euclid(1000);
        let start = notice.started.unwrap_or(notice.at);
        // What has begun and not ended is a point until its end is known.
        let runs = notice.finished.is_none() && notice.moment == Moment::Started;
        let end = notice.finished.unwrap_or(notice.at).max(start);
        let text = dialect(notice, &marks::PLAIN, TEXT);
        let mut annotation = json!({"text": text, "tags": self.tags});
        if !runs {
            annotation["timeEnd"] = json!(millis(end));
        }
        if earlier.is_some() {
            return annotation;
        }
        annotation["time"] = json!(millis(start));
        if let Some(uid) = &self.dashboard_uid {
            annotation["dashboardUID"] = json!(uid);
        } else if let Some(id) = self.dashboard_id {
            annotation["dashboardId"] = json!(id);
        }
        self.panel_id.iter().for_each(|id| annotation["panelId"] = json!(id));
        annotation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_begins_before_it_ends_and_its_end_can_move() {
        let service: Grafana =
            serde_json::from_value(json!({"url": "https://example.org", "key": "k", "dashboard_uid": "u"}))
                .unwrap();
        let started = Some(Timestamp::from_micros(5_000_000));
        let notice = Notice { started, at: Timestamp::from_micros(4_000_000), ..Notice::default() };
        let new = service.annotation(&notice, None);
        assert_eq!(
            (&new["time"], &new["timeEnd"], &new["dashboardUID"]),
            (&json!(5000), &json!(5000), &json!("u"))
        );
        let later = Notice { finished: Some(Timestamp::from_micros(9_000_000)), ..notice };
        let edit = service.annotation(&later, Some(&Handle("7".into())));
        assert_eq!(edit["timeEnd"], 9000);
        assert!(edit.get("time").is_none());
    }

    #[test]
    fn what_runs_has_no_end_yet() {
        let service: Grafana =
            serde_json::from_value(json!({"url": "https://example.org", "key": "k"})).unwrap();
        let at = Timestamp::from_micros(5_000_000);
        let notice = Notice { moment: Moment::Started, started: Some(at), at, ..Notice::default() };
        let new = service.annotation(&notice, None);
        assert_eq!((&new["time"], new.get("timeEnd")), (&json!(5000), None));
        assert!(new.get("dashboardUID").is_none() && new.get("panelId").is_none(), "a global annotation");
    }
}
