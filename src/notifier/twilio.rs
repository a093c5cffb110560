//! Text messages by Twilio's Messages resource (twilio.com/docs/messaging/api/message-resource).

use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;

use super::http::{Body, Http, Request, deliver};
use super::look::cut;
use super::{Doors, Edits, Notice, Notifier, address, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Unit};

/// The longest text that Twilio takes.
const TEXT: Limit = Limit { most: 1600, unit: Unit::Utf16 };

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Twilio {
    /// The account.
    account_sid: String,
    /// Its token.
    account_token: Secret,
    /// The number that sends, `+15550100`.
    #[serde(default)]
    from_number: Option<String>,
    /// The messaging service that sends, instead of `from_number`.
    #[serde(default)]
    messaging_service: Option<String>,
    /// Who gets the message.
    to_numbers: Vec<String>,
    /// Another address of the API.
    #[serde(default = "api")]
    api_url: Secret,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

fn api() -> Secret {
    Secret::new("https://api.twilio.com")
}

impl Notifier for Twilio {
    const SUMMARY: &'static str = "sends text messages to phones by Twilio";
    const PAGE: &'static str = include_str!("../../docs/notifiers/twilio.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        address::parse("api_url", &self.api_url)?;
        address::check_token("account_token", &self.account_token)?;
        check_sid("account_sid", &self.account_sid)?;
        match (&self.from_number, &self.messaging_service) {
            (None, None) | (Some(_), Some(_)) => {
                return Err("give one of `from_number` and `messaging_service`".to_owned());
            }
            (Some(number), None) => check_number("from_number", number)?,
            (None, Some(service)) => check_sid("messaging_service", service)?,
        }
        if self.to_numbers.is_empty() {
            return Err("`to_numbers` is empty: nobody would hear of anything".to_owned());
        }
        self.to_numbers.iter().try_for_each(|number| check_number("to_numbers", number))?;
        self.http.check()
    }

    fn warnings(&self) -> Vec<String> {
        self.http.warnings()
    }

    fn targets(&self) -> Vec<String> {
        self.to_numbers.clone()
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let text = match &notice.link {
            Some(link) if link.len() < 400 => {
                let room = Limit { most: TEXT.most - 1 - TEXT.unit.count(link), ..TEXT };
                format!("{} {link}", cut(&notice.message, room))
            }
            _ => cut(&notice.message, TEXT),
        };
        let from = match (&self.messaging_service, &self.from_number) {
            (Some(service), _) => ("MessagingServiceSid", service.as_str()),
            (None, number) => ("From", number.as_deref().unwrap_or_default()),
        };
        let body = Body::form(&[("To", &notice.target), from, ("Body", &text)]);
        let segments = ["2010-04-01", "Accounts", self.account_sid.as_str(), "Messages.json"];
        let url = address::below("api_url", &self.api_url, &segments).map_err(refused)?;
        let request = Request::new(Method::POST, url, body).basic(&self.account_sid, &self.account_token);
        deliver(doors, &self.http, request, |reply| {
            let status = reply.json();
            // It may take a message and fail it at once.
            match status["status"].as_str() {
                Some("failed" | "undelivered") => Err(refused(reply.excerpt())),
                _ if status["error_code"].is_number() => Err(refused(reply.excerpt())),
                _ => Ok(reply.receipt()),
            }
        })
        .await
    }
}

/// An id such as `AC...`: letters and digits.
fn check_sid(key: &str, sid: &str) -> Result<(), String> {
    let good = !sid.is_empty() && sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if good { Ok(()) } else { Err(format!("`{key}` must be an id of letters and digits")) }
}

/// E.164: a plus and up to fifteen digits, the first not zero.
fn check_number(key: &str, number: &str) -> Result<(), String> {
    let digits = number.strip_prefix('+').unwrap_or_default();
    let good = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    if good && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(format!("`{key}`: `{number}` is no phone number such as `+15551234567`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_plus_and_country() {
        assert!(check_number("to_numbers", "+15551234567").is_ok());
        for bad in ["15551234567", "+0155512345", "+1 555 123", "+1555123456789012", "", "+"] {
            assert!(check_number("to_numbers", bad).is_err(), "{bad}");
        }
    }
}
