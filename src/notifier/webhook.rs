//! Any HTTP endpoint. Signatures follow the Standard Webhooks specification (standardwebhooks.com).

use std::collections::BTreeMap;

use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::http::{Body, Http, Request, check_header, deliver};
use super::{Doors, Edits, Notice, Notifier, address, context, refused, signing};
use crate::model::{Handle, Moment, Receipt, Secret, SendError, Timestamp};
use crate::template::{Templates, Undefined};

/// How it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    /// `POST`.
    #[default]
    #[serde(alias = "post")]
    Post,
    /// `PUT`.
    #[serde(alias = "put")]
    Put,
    /// `GET`, without a body.
    #[serde(alias = "get")]
    Get,
}

/// What the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Send {
    /// The event in our words.
    #[default]
    Event,
    /// What the source sent, as it was.
    Payload,
    /// Nothing.
    Nothing,
}

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to; it may hold a key.
    url: Secret,
    /// How it is sent.
    #[serde(default)]
    method: Verb,
    /// More headers; values are secrets.
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
    /// For basic authentication.
    #[serde(default)]
    username: Option<String>,
    /// Belongs to `username`.
    #[serde(default)]
    password: Option<Secret>,
    /// Sent as `Authorization: Bearer`.
    #[serde(default)]
    bearer: Option<Secret>,
    /// What is sent.
    #[serde(default)]
    send: Send,
    /// A template of the body, instead of the usual one.
    #[serde(default)]
    body: Option<String>,
    /// Signs each request as Standard Webhooks say; several while they change.
    #[serde(default, deserialize_with = "signing::one_or_more")]
    #[schemars(with = "signing::OneOrMore")]
    signing_secret: Vec<Secret>,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

impl Notifier for Webhook {
    const SUMMARY: &'static str = "sends the event to any address: POST, PUT or GET, own JSON, signed";
    const PAGE: &'static str = include_str!("../../docs/notifiers/webhook.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        address::parse("url", &self.url)?;
        self.http.check()?;
        for (name, value) in &self.headers {
            check_header(name, value.expose())?;
        }
        if self.bearer.is_some() && (self.username.is_some() || self.password.is_some()) {
            return Err("give `bearer`, or `username` and `password`, not both".to_owned());
        }
        if let Some(bearer) = &self.bearer {
            address::check_token("bearer", bearer)?;
        }
        if self.username.as_ref().is_some_and(|name| name.contains(':')) {
            return Err("`username` cannot have a colon".to_owned());
        }
        if self.method == Verb::Get && (self.body.is_some() || !self.signing_secret.is_empty()) {
            return Err("a GET has no `body` and no `signing_secret`".to_owned());
        }
        if self.body.is_some() && self.send != Send::Event {
            return Err("give `body`, or `send`, not both".to_owned());
        }
        signing::check(&self.signing_secret)?;
        let sample = Notice::sample(Timestamp::from_micros(0));
        self.content(&sample, &Templates::default()).map(drop)
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.http.warnings();
        let tried = |notice: &Notice| self.content(notice, &Templates::default()).is_err();
        if [awkward(), bare()].iter().any(tried) {
            let fragile = "`body` renders to no JSON for a title with quotes, or for an event that lacks something: \
                           write `| tojson` after every value; until then such an event is sent in its usual shape";
            warnings.push(fragile.to_owned());
        }
        warnings
    }

    fn targets(&self) -> Vec<String> {
        vec![address::host(&self.url)]
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let (body, problem) = match self.content(notice, doors.templates) {
            Ok(body) => (body, None),
            // What an admin wrote fails: the event goes out all the same.
            Err(why) => (Body::json(&notice.event()), Some(why)),
        };
        let request = self.request(doors, notice, body);
        let told = deliver(doors, &self.http, request, |reply| Ok(reply.receipt())).await;
        match (told, problem) {
            (Ok(receipt), Some(why)) => Ok(Receipt {
                answer: format!("{}\nthe event was sent in its usual shape: {why}", receipt.answer),
                ..receipt
            }),
            (Err(SendError::Refused { why }), Some(problem)) => Err(refused(format!("{why}; {problem}"))),
            (told, _) => told,
        }
    }
}

/// An event whose texts need escapes.
fn awkward() -> Notice {
    let text = "a \"quoted\" \\ word\nand a line".to_owned();
    let sample = Notice::sample(Timestamp::from_micros(0));
    Notice { title: text.clone(), message: text.clone(), body: text, ..sample }
}

/// An event that has begun, and of which little is known.
fn bare() -> Notice {
    let title = "a title".to_owned();
    Notice { title, moment: Moment::Started, ..Notice::default() }
}

impl Webhook {
    fn request(&self, doors: &Doors<'_>, notice: &Notice, body: Body) -> Request {
        let method = match self.method {
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Get => Method::GET,
        };
        let seconds = doors.world.now().as_secs();
        let signature = signing::sign(&self.signing_secret, &notice.delivery, seconds, body.text());
        let mut request = Request::new(method, self.url.clone(), body)
            .hide_pieces(&self.url)
            .header("webhook-id", &notice.delivery);
        if !self.signing_secret.is_empty() {
            request = request.header("webhook-timestamp", seconds.to_string());
            request = request.header("webhook-signature", signature);
        }
        if let Some(token) = &self.bearer {
            request = request.bearer(token);
        } else if self.username.is_some() || self.password.is_some() {
            let password = self.password.clone().unwrap_or_default();
            request = request.basic(self.username.as_deref().unwrap_or_default(), &password);
        }
        self.headers.iter().fold(request, |request, (name, value)| request.credential(name, value))
    }

    /// The body: JSON, whatever made it.
    fn content(&self, notice: &Notice, templates: &Templates) -> Result<Body, String> {
        if self.method == Verb::Get || self.send == Send::Nothing {
            return Ok(Body::None);
        }
        let Some(template) = &self.body else {
            let forwards = self.send == Send::Payload;
            return Ok(if forwards { Body::json(&notice.payload) } else { Body::json(&notice.event()) });
        };
        let rendered = templates.render("body", template, &context::of(notice), Undefined::Lenient);
        let rendered =
            rendered.map_err(|error| format!("`body` cannot be rendered: {}", error.headline()))?;
        let value: Value = serde_json::from_str(&rendered).map_err(|error| {
            format!("`body` does not render to JSON ({error}); values want `| tojson`: `{{\"text\": {{{{ event.title | tojson }}}}}}`")
        })?;
        Ok(Body::json(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::conformance::{Answer, Recorder, Rig, Seen};
    use serde_json::json;
    async fn sent(options: &Value) -> Seen {
        let recorder = Recorder::start(Answer::status(200)).await;
        let mut all = json!({"url": format!("{}/in", recorder.base())});
        all.as_object_mut().unwrap().extend(options.as_object().cloned().unwrap());
        let service: Webhook = serde_json::from_value(all).unwrap();
        service.check().unwrap();
        let payload = json!({"from": "the source"});
        let notice = Notice { delivery: "d1".into(), title: "a \"b\"".into(), payload, ..Notice::default() };
        service.send(&Rig::new().doors(), &notice, None).await.unwrap();
        recorder.requests().remove(0)
    }

    #[tokio::test]
    async fn the_body_is_the_event_the_payload_an_own_text_or_nothing() {
        assert_eq!(sent(&json!({})).await.json()["title"], "a \"b\"");
        assert_eq!(sent(&json!({"send": "payload"})).await.json(), json!({"from": "the source"}));
        let own = sent(&json!({"body": "{\"text\": {{ event.title | tojson }}}", "method": "put"})).await;
        assert_eq!((own.json(), own.method.as_str()), (json!({"text": "a \"b\""}), "PUT"));
        let get = sent(&json!({"method": "GET"})).await;
        assert_eq!((get.body.as_str(), get.header("content-type")), ("", None));
    }

    #[tokio::test]
    async fn own_headers_win_and_each_attempt_has_the_same_id() {
        let seen =
            sent(&json!({"username": "u", "password": "p", "headers": {"content-type": "text/x-own"}})).await;
        assert_eq!(seen.header("authorization"), Some("Basic dTpw"));
        assert_eq!(seen.header("content-type"), Some("text/x-own"));
        assert_eq!(seen.header("webhook-id"), Some("d1"));
    }

    #[tokio::test]
    async fn while_a_secret_is_rotated_both_sign() {
        let seen = sent(&json!({"signing_secret": ["whsec_MfKQ9r8G", "AAAA"]})).await;
        let signatures = seen.header("webhook-signature").unwrap();
        assert_eq!(signatures.split(' ').filter(|one| one.starts_with("v1,")).count(), 2, "{signatures}");
        assert!(seen.header("webhook-timestamp").is_some());
    }

    #[tokio::test]
    async fn an_own_body_that_fails_is_replaced_by_the_event_and_said() {
        let recorder = Recorder::start(Answer::status(200).body("thanks")).await;
        let options = json!({"url": recorder.base(), "body": "{\"text\": \"{{ event.title }}\"}"});
        let service: Webhook = serde_json::from_value(options).unwrap();
        assert_eq!(service.check(), Ok(()));
        assert!(service.warnings()[0].contains("tojson"));
        let notice = Notice { title: "a \"b\"".into(), ..Notice::default() };
        let receipt = service.send(&Rig::new().doors(), &notice, None).await.unwrap();
        assert!(receipt.answer.starts_with("200 thanks\nthe event was sent"), "{}", receipt.answer);
        assert_eq!(recorder.requests()[0].json()["title"], "a \"b\"");
    }

    #[test]
    fn options_that_cannot_work_are_refused_at_load() {
        let check = |options: &Value| {
            let mut all = json!({"url": "https://example.org"});
            all.as_object_mut().unwrap().extend(options.as_object().cloned().unwrap());
            serde_json::from_value::<Webhook>(all).unwrap().check().unwrap_err()
        };
        assert!(check(&json!({"url": "example.org"})).contains("must be an address"));
        assert!(check(&json!({"body": "{{ event.title }}"})).contains("tojson"));
        assert!(check(&json!({"headers": {"X-A": "a\r\nX-B: b"}})).contains("`X-A`"));
        assert!(check(&json!({"bearer": "a", "username": "b"})).contains("not both"));
        assert!(check(&json!({"signing_secret": "!"})).contains("base64"));
        assert!(check(&json!({"signing_secret": ["MfKQ9r8G", ""]})).contains("base64"));
        assert!(check(&json!({"bearer": "a\nb"})).contains("`bearer`"));
        assert!(check(&json!({"http": {"timeout": 0}})).contains("`timeout`"));
        assert!(check(&json!({"http": {"ca_file": "/no/ca.pem"}})).contains("cannot be read"));
    }
}
