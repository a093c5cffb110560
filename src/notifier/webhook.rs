//! Any HTTP endpoint. Signatures follow the Standard Webhooks specification (standardwebhooks.com).

use std::collections::BTreeMap;

use reqwest::Method;
use ring::hmac;
use serde::Deserialize;
use serde_json::Value;

use super::http::{Body, Http, Request, check_header, deliver};
use super::{Doors, Edits, Notice, Notifier, address, context, refused};
use crate::model::{Handle, Receipt, Secret, SendError, Timestamp};
use crate::net::{base64, unbase64};
use crate::template::{Templates, Undefined};

/// How it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    url: Secret,
    #[serde(default)]
    method: Verb,
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<Secret>,
    #[serde(default)]
    bearer: Option<Secret>,
    #[serde(default)]
    send: Send,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    signing_secret: Option<Secret>,
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
        if self.method == Verb::Get && (self.body.is_some() || self.signing_secret.is_some()) {
            return Err("a GET has no `body` and no `signing_secret`".to_owned());
        }
        if self.body.is_some() && self.send != Send::Event {
            return Err("give `body`, or `send`, not both".to_owned());
        }
        if let Some(secret) = &self.signing_secret {
            key(secret).ok_or("`signing_secret` must be base64, with or without `whsec_` before it")?;
        }
        let sample = Notice::sample(Timestamp::from_micros(0));
        self.content(&sample, &Templates::default()).map(drop)
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
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let request = self.request(doors, notice).map_err(refused)?;
        deliver(doors, &self.http, request, |reply| Ok(reply.receipt())).await
    }
}

impl Webhook {
    fn request(&self, doors: &Doors<'_>, notice: &Notice) -> Result<Request, String> {
        let method = match self.method {
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Get => Method::GET,
        };
        let body = self.content(notice, doors.templates)?;
        let seconds = doors.world.now().as_secs();
        let signature = self
            .signing_secret
            .as_ref()
            .and_then(|secret| Some(sign(&key(secret)?, &notice.delivery, seconds, body.text())));
        let mut request = Request::new(method, self.url.clone(), body)
            .hide_pieces(&self.url)
            .header("webhook-id", &notice.delivery);
        if let Some(signature) = signature {
            request = request.header("webhook-timestamp", seconds.to_string());
            request = request.header("webhook-signature", signature);
        }
        if let Some(token) = &self.bearer {
            request = request.bearer(token);
        } else if self.username.is_some() || self.password.is_some() {
            let password = self.password.clone().unwrap_or_default();
            request = request.basic(self.username.as_deref().unwrap_or_default(), &password);
        }
        Ok(self.headers.iter().fold(request, |request, (name, value)| request.credential(name, value)))
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
        let rendered = rendered.map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_str(&rendered).map_err(|error| {
            format!("`body` does not render to JSON ({error}); values want `| tojson`: `{{\"text\": {{{{ event.title | tojson }}}}}}`")
        })?;
        Ok(Body::json(&value))
    }
}

/// The bytes of a signing secret.
fn key(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.expose();
    unbase64(text.strip_prefix("whsec_").unwrap_or(text)).filter(|key| !key.is_empty())
}

/// `v1,<base64>` over id, time and body.
fn sign(key: &[u8], id: &str, seconds: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let tag = hmac::sign(&key, format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", base64(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::conformance::{Answer, Recorder, Rig, Seen};
    use serde_json::json;

    #[test]
    fn signatures_are_those_of_the_standard_webhooks_specification() {
        let key = key(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

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
        assert!(check(&json!({"http": {"ca_file": "/no/ca.pem"}})).contains("cannot be read"));
    }
}
