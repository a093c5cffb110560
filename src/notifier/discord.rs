//! Discord's webhook (discord.com/developers/docs/resources/webhook): posts, and edits of them.

use reqwest::Method;
use reqwest::Url;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Body, Http, Request, deliver};
use super::look::dialect;
use super::{Doors, Edits, Notice, Notifier, address, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Unit, marks};

/// The description of an embed.
const TEXT: Limit = Limit { most: 4096, unit: Unit::Utf16 };
/// The name of the author.
const NAME: Limit = Limit { most: 80, unit: Unit::Chars };

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Discord {
    /// The webhook of a channel.
    webhook: Secret,
    /// Another name of the sender.
    #[serde(default)]
    username: Option<String>,
    /// Another picture of the sender.
    #[serde(default)]
    avatar_url: Option<String>,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

impl Notifier for Discord {
    const SUMMARY: &'static str = "posts to a Discord channel by a webhook, and edits the earlier message";
    const PAGE: &'static str = include_str!("../../docs/notifiers/discord.md");
    const EDITS: Edits = Edits::InPlace;

    fn check(&self) -> Result<(), String> {
        address::parse("webhook", &self.webhook)?;
        address::check_picture("avatar_url", self.avatar_url.as_ref())?;
        match &self.username {
            Some(name) if name.is_empty() || !NAME.holds(name) => {
                Err("`username` must have 1 to 80 characters".to_owned())
            }
            _ => self.http.check(),
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.http.warnings()
    }

    fn targets(&self) -> Vec<String> {
        vec![address::host(&self.webhook)]
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        earlier: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let message = self.message(notice, earlier.is_some());
        let (method, url) = self.place(earlier).map_err(refused)?;
        let request = Request::new(method, url, Body::json(&message)).hide_pieces(&self.webhook);
        let outcome = deliver(doors, &self.http, request, |reply| {
            let handle = reply.json()["id"].as_str().map(|id| Handle(id.to_owned()));
            Ok(Receipt { handle, answer: reply.excerpt() })
        });
        match (outcome.await, earlier) {
            // The message that would be edited was deleted by somebody.
            (Err(SendError::Refused { why }), Some(_)) if why.starts_with("404") => {
                Err(SendError::Gone { why })
            }
            (outcome, _) => outcome,
        }
    }
}

impl Discord {
    /// Where to, and how: `wait` makes Discord tell the id of the message.
    fn place(&self, earlier: Option<&Handle>) -> Result<(Method, Secret), String> {
        let base = match earlier {
            Some(handle) => address::below("webhook", &self.webhook, &["messages", &handle.0])?,
            None => self.webhook.clone(),
        };
        let mut url: Url = address::parse("webhook", &base)?;
        if earlier.is_some() {
            return Ok((Method::PATCH, base));
        }
        url.query_pairs_mut().append_pair("wait", "true");
        Ok((Method::POST, Secret::new(url.as_str())))
    }

    fn message(&self, notice: &Notice, edits: bool) -> Value {
        let text = dialect(notice, &marks::DISCORD, TEXT);
        let embed = json!({"description": text, "color": notice.tone().colour()});
        let mut message = json!({"embeds": [embed], "allowed_mentions": {"parse": []}});
        // The author of a message cannot be changed later.
        if !edits {
            let options = [("username", &self.username), ("avatar_url", &self.avatar_url)];
            for (key, value) in options {
                if let Some(value) = value {
                    message[key] = json!(value);
                }
            }
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::conformance::{Answer, Recorder, Rig};

    #[tokio::test]
    async fn the_earlier_message_is_edited_and_a_deleted_one_is_gone() {
        let rig = Rig::new();
        let recorder = Recorder::start(Answer::json(200, &json!({"id": "77"}))).await;
        let url = format!("{}/api/webhooks/1/key", recorder.base());
        let service: Discord = serde_json::from_value(json!({"webhook": url})).unwrap();
        let receipt = service.send(&rig.doors(), &Notice::default(), None).await.unwrap();
        service.send(&rig.doors(), &Notice::default(), receipt.handle.as_ref()).await.unwrap();
        let seen = recorder.requests();
        assert_eq!(seen[0].path, "/api/webhooks/1/key?wait=true");
        assert_eq!(
            (seen[1].method.as_str(), seen[1].path.as_str()),
            ("PATCH", "/api/webhooks/1/key/messages/77")
        );
        let deleted = Recorder::start(Answer::status(404)).await;
        let url = format!("{}/api/webhooks/1/key", deleted.base());
        let service: Discord = serde_json::from_value(json!({"webhook": url})).unwrap();
        let error =
            service.send(&rig.doors(), &Notice::default(), receipt.handle.as_ref()).await.unwrap_err();
        assert!(matches!(error, SendError::Gone { .. }));
    }
}
