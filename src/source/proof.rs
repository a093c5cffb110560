//! Who sends: bearer tokens, basic authentication, headers with a secret, signatures. Signatures are verified on the
//! bytes as they came, every comparison takes the same time wherever two texts differ, and any of several secrets
//! counts, so that they can be exchanged one after the other.

use std::time::Duration;

use ring::hmac;

use super::Body;
use crate::model::{Secret, Timestamp, hex};
use crate::net::{same, unbase64, webhook_key};

/// How a kind of sender signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Hex or base64, with or without `sha256=` before it, over the body, in a header that the admin names.
    Plain,
    /// `X-Hub-Signature-256: sha256=<hex>` over the body.
    Github,
    /// The secret itself in `X-Gitlab-Token`, or a signature as in Standard Webhooks.
    Gitlab,
    /// Hex in `X-Grafana-Alerting-Signature` over the body, or over `time:body` with a header for the time.
    Grafana,
    /// Standard Webhooks: `v1,<base64>` over `id.time.body`.
    Standard,
}

/// The header that holds a signature where nothing else is said.
pub(super) const USUAL_HEADER: &str = "x-signature";

/// Why a request is not let in: one sentence without a secret, for the log and the sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Denied(pub String);

impl Denied {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// What a source asks of its sender; everything that is set must be right.
#[derive(Debug, Clone, Default)]
pub(super) struct Credentials {
    pub(super) bearer: Vec<Secret>,
    pub(super) basic: Vec<(String, Secret)>,
    pub(super) headers: Vec<(String, Vec<Secret>)>,
    pub(super) hmac: Option<Hmac>,
}

/// What is asked of signatures.
#[derive(Debug, Clone)]
pub(super) struct Hmac {
    pub(super) scheme: Scheme,
    pub(super) secrets: Vec<Secret>,
    /// The header of the signature and, where it is signed too, of the time.
    pub(super) header: Option<String>,
    pub(super) time_header: Option<String>,
    /// How far the signed time may be from now.
    pub(super) window: Duration,
}

impl Credentials {
    /// Whether anybody may send.
    pub(super) fn is_open(&self) -> bool {
        self.bearer.is_empty() && self.basic.is_empty() && self.headers.is_empty() && self.hmac.is_none()
    }

    /// What can be said before the body is there.
    pub(super) fn head(&self, body: &Body<'_>) -> Result<(), Denied> {
        if !self.bearer.is_empty() {
            let given =
                scheme(body, "bearer").ok_or_else(|| Denied::new("`Authorization: Bearer` is missing"))?;
            if !any(&self.bearer, given) {
                return Err(Denied::new("the bearer token is wrong"));
            }
        }
        if !self.basic.is_empty() {
            let given =
                scheme(body, "basic").and_then(unbase64).and_then(|pair| String::from_utf8(pair).ok());
            let given = given.ok_or_else(|| Denied::new("`Authorization: Basic` is missing"))?;
            let pair =
                |(user, password): &(String, Secret)| Secret::new(format!("{user}:{}", password.expose()));
            if !any(&self.basic.iter().map(pair).collect::<Vec<_>>(), &given) {
                return Err(Denied::new("user or password is wrong"));
            }
        }
        for (name, secrets) in &self.headers {
            let given =
                body.header(name).ok_or_else(|| Denied::new(format!("the header `{name}` is missing")))?;
            if !any(secrets, given) {
                return Err(Denied::new(format!("the header `{name}` is wrong")));
            }
        }
        Ok(())
    }

    /// Whether the signature is right; `raw` are the bytes as they came.
    pub(super) fn signed(&self, body: &Body<'_>, raw: &[u8], now: Timestamp) -> Result<(), Denied> {
        self.hmac.as_ref().map_or(Ok(()), |hmac| hmac.verify(body, raw, now))
    }
}

impl Hmac {
    fn verify(&self, body: &Body<'_>, raw: &[u8], now: Timestamp) -> Result<(), Denied> {
        match self.scheme {
            Scheme::Github => self.github(body, raw),
            Scheme::Gitlab if body.header("webhook-signature").is_some() => self.standard(body, raw, now),
            Scheme::Gitlab => {
                let given = needed(body, "x-gitlab-token")?;
                any(&self.secrets, given)
                    .then_some(())
                    .ok_or_else(|| Denied::new("`X-Gitlab-Token` is wrong"))
            }
            Scheme::Standard => self.standard(body, raw, now),
            Scheme::Grafana => self.timed(body, raw, now, "x-grafana-alerting-signature"),
            Scheme::Plain => self.timed(body, raw, now, USUAL_HEADER),
        }
    }

    fn github(&self, body: &Body<'_>, raw: &[u8]) -> Result<(), Denied> {
        let given = needed(body, "x-hub-signature-256")?;
        let bytes = given.strip_prefix("sha256=").and_then(hex::decode);
        self.fits(&[raw], &bytes.into_iter().collect::<Vec<_>>(), text_key)
    }

    /// A signature in a header, over the body, or over `time:body` where a header for the time is there.
    fn timed(&self, body: &Body<'_>, raw: &[u8], now: Timestamp, usual: &str) -> Result<(), Denied> {
        let given = needed(body, self.header.as_deref().unwrap_or(usual))?;
        let usual_time = (self.scheme == Scheme::Grafana).then_some("x-grafana-alerting-timestamp");
        let time = match self.time_header.as_deref() {
            Some(name) => Some(needed(body, name)?),
            None => usual_time.and_then(|name| body.header(name)),
        };
        let bare =
            given.split_once('=').filter(|(name, _)| *name == "sha256").map_or(given, |(_, rest)| rest);
        let bytes: Vec<Vec<u8>> = hex::decode(bare).into_iter().chain(unbase64(bare)).collect();
        match time {
            None => self.fits(&[raw], &bytes, text_key),
            Some(time) => {
                self.fits(&[time.as_bytes(), b":", raw], &bytes, text_key)?;
                self.recent(time, now)
            }
        }
    }

    fn standard(&self, body: &Body<'_>, raw: &[u8], now: Timestamp) -> Result<(), Denied> {
        let (id, time) = (needed(body, "webhook-id")?, needed(body, "webhook-timestamp")?);
        let given = needed(body, "webhook-signature")?;
        let signatures: Vec<Vec<u8>> =
            given.split(' ').filter_map(|one| unbase64(one.strip_prefix("v1,")?)).collect();
        self.fits(&[id.as_bytes(), b".", time.as_bytes(), b".", raw], &signatures, binary_key)?;
        self.recent(time, now)
    }

    /// Whether one of the signatures is that of one of the secrets.
    fn fits(&self, signed: &[&[u8]], given: &[Vec<u8>], key: fn(&Secret) -> Vec<u8>) -> Result<(), Denied> {
        let signed = signed.concat();
        let fits = |secret: &Secret| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key(secret));
            given.iter().any(|signature| hmac::verify(&key, &signed, signature).is_ok())
        };
        self.secrets.iter().any(fits).then_some(()).ok_or_else(|| Denied::new("the signature is wrong"))
    }

    /// What was signed long ago may have been recorded by somebody who sends it again.
    fn recent(&self, time: &str, now: Timestamp) -> Result<(), Denied> {
        let seconds = time.trim().parse::<i64>().map_err(|_| Denied::new("the signed time is no number"))?;
        // Some senders count milliseconds.
        let seconds = if seconds > 100_000_000_000 { seconds / 1000 } else { seconds };
        let off = Duration::from_secs(now.as_secs().abs_diff(seconds));
        if off <= self.window {
            return Ok(());
        }
        let (off, window) = (off.as_secs(), self.window.as_secs());
        Err(Denied::new(format!(
            "the request was signed {off} s from now, {window} s are accepted (replay_window)"
        )))
    }
}

/// Whether a secret can sign for Standard Webhooks.
pub(super) fn is_binary(secret: &Secret) -> bool {
    webhook_key(secret.expose()).is_some_and(|key| !key.is_empty())
}

fn text_key(secret: &Secret) -> Vec<u8> {
    secret.expose().as_bytes().to_vec()
}

fn binary_key(secret: &Secret) -> Vec<u8> {
    webhook_key(secret.expose()).unwrap_or_else(|| text_key(secret))
}

fn needed<'a>(body: &Body<'a>, name: &str) -> Result<&'a str, Denied> {
    let given = body.header(name).filter(|value| !value.is_empty());
    given.ok_or_else(|| {
        Denied::new(format!("the header `{name}` is missing, and the source has a secret for it"))
    })
}

/// What stands behind a word in `Authorization`.
fn scheme<'a>(body: &Body<'a>, word: &str) -> Option<&'a str> {
    let (found, rest) = body.header("authorization")?.split_once(' ')?;
    found.eq_ignore_ascii_case(word).then(|| rest.trim())
}

/// Whether a text is one of the secrets. All are looked at, so that the time tells nothing of which one it is.
fn any(secrets: &[Secret], given: &str) -> bool {
    secrets.iter().fold(false, |found, secret| found | same(secret.expose(), given))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(all: &[&str]) -> Vec<Secret> {
        all.iter().map(|secret| Secret::new(*secret)).collect()
    }

    fn hmac(scheme: Scheme, all: &[&str]) -> Hmac {
        let window = Duration::from_secs(300);
        Hmac { scheme, secrets: secrets(all), header: None, time_header: None, window }
    }

    fn with<T>(headers: &[(&str, &str)], work: impl FnOnce(&Body<'_>) -> T) -> T {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        work(&Body { method: "POST", headers: &headers, query: &[], bytes: b"" })
    }

    #[test]
    fn everything_that_is_set_must_be_right() {
        let both = Credentials {
            bearer: secrets(&["new", "old"]),
            headers: vec![("x-team".into(), secrets(&["ops"]))],
            ..Credentials::default()
        };
        let head =
            |headers: &[(&str, &str)]| with(headers, |body| both.head(body).map_err(|denied| denied.0));
        assert_eq!(head(&[("authorization", "bearer old"), ("x-team", "ops")]), Ok(()));
        assert!(head(&[("authorization", "Bearer olds"), ("x-team", "ops")]).unwrap_err().contains("wrong"));
        assert!(head(&[("authorization", "Bearer new")]).unwrap_err().contains("`x-team` is missing"));
        assert!(head(&[("authorization", "Basic new"), ("x-team", "ops")]).is_err());
        let basic =
            Credentials { basic: vec![("ana".into(), Secret::new("pw:1"))], ..Credentials::default() };
        let good = format!("Basic {}", crate::net::base64(b"ana:pw:1"));
        assert!(with(&[("authorization", &good)], |body| basic.head(body)).is_ok());
        assert!(with(&[("authorization", "Basic !!")], |body| basic.head(body)).is_err());
    }

    #[test]
    fn a_github_signature_is_that_of_its_documentation() {
        // docs.github.com, "validating webhook deliveries": secret, payload and signature for testing.
        let good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let hmac = hmac(Scheme::Github, &["other", "It's a Secret to Everybody"]);
        let verify = |header: &str, body: &[u8]| {
            with(&[("x-hub-signature-256", header)], |it| hmac.verify(it, body, Timestamp::default()))
        };
        assert_eq!(verify(good, b"Hello, World!"), Ok(()));
        for wrong in ["", "sha256=", "sha256=zz", &good[7..], &good.replace('7', "8")] {
            assert!(verify(wrong, b"Hello, World!").is_err(), "{wrong}");
        }
        assert!(verify(good, b"Hello, World").is_err());
        assert!(
            with(&[], |it| hmac.verify(it, b"", Timestamp::default())).unwrap_err().0.contains("missing")
        );
    }

    #[test]
    fn a_signed_time_must_be_near() {
        let hmac = hmac(Scheme::Standard, &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
        let headers = [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v2,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ];
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let verify = |now| with(&headers, |it| hmac.verify(it, br#"{"test": 2432232314}"#, at(now)));
        assert_eq!(verify(1_614_265_330 + 300), Ok(()));
        assert!(verify(1_614_265_330 + 301).unwrap_err().0.contains("301 s from now"));
        assert!(verify(1_614_265_330 - 301).is_err());
    }

    #[test]
    fn gitlab_s_token_is_the_secret_itself() {
        let hmac = hmac(Scheme::Gitlab, &["gl-token"]);
        let verify =
            |token: &str| with(&[("x-gitlab-token", token)], |it| hmac.verify(it, b"", Timestamp::default()));
        assert!(verify("gl-token").is_ok() && verify("gl-tokem").is_err() && verify("").is_err());
    }
}
