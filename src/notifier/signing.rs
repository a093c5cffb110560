//! Signatures of what is sent, by the Standard Webhooks specification (standardwebhooks.com): one for each secret,
//! so that a secret can be rotated while the receiver knows either.

use std::borrow::Cow;
use std::fmt;

use ring::hmac;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserializer, de};

use crate::model::Secret;
use crate::net::{base64, webhook_key};

/// Whether every secret can sign.
///
/// # Errors
/// One is no base64; one sentence without it.
pub(super) fn check(secrets: &[Secret]) -> Result<(), String> {
    let bad = "`signing_secret` must be base64, with or without `whsec_` before it".to_owned();
    secrets.iter().try_for_each(|secret| key(secret).map(drop)).ok_or(bad)
}

/// `v1,<base64>` over id, time and body for each secret, with a blank between two.
pub(super) fn sign(secrets: &[Secret], id: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let one = |secret: &Secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key(secret)?);
        Some(format!("v1,{}", base64(hmac::sign(&key, signed.as_bytes()).as_ref())))
    };
    secrets.iter().filter_map(one).collect::<Vec<_>>().join(" ")
}

/// The bytes of a secret.
fn key(secret: &Secret) -> Option<Vec<u8>> {
    webhook_key(secret.expose()).filter(|key| !key.is_empty())
}

/// What [`one_or_more`] reads, in schemas.
pub(super) struct OneOrMore;

impl JsonSchema for OneOrMore {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMore".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "array"], "items": {"type": "string"}, "writeOnly": true, "format": "password"})
    }
}

/// Reads one secret, or a list of them. For `deserialize_with`.
///
/// # Errors
/// It is neither.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    struct Secrets;
    impl<'de> de::Visitor<'de> for Secrets {
        type Value = Vec<Secret>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a secret or a list of secrets")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<Secret>, E> {
            Ok(vec![Secret::new(text)])
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Secret>, A::Error> {
            let mut all = Vec::new();
            while let Some(secret) = items.next_element()? {
                all.push(secret);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_any(Secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard_webhooks_specification() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = r#"{"test": 2432232314}"#;
        let signature = sign(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
