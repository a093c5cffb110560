//! Mattermost's incoming webhook (developers.mattermost.com/integrate/webhooks/incoming).

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::http::{Http, Request, deliver};
use super::look::dialect;
use super::{Doors, Edits, Notice, Notifier, address};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Unit, marks};

/// A post has at most this many characters.
const TEXT: Limit = Limit { most: 16_383, unit: Unit::Chars };

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mattermost {
    /// The incoming webhook.
    url: Secret,
    /// Another channel than the webhook's own.
    #[serde(default)]
    channel: Option<String>,
    /// Another name of the sender.
    #[serde(default)]
    username: Option<String>,
    /// Another picture of the sender.
    #[serde(default)]
    icon_url: Option<String>,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

impl Notifier for Mattermost {
    const SUMMARY: &'static str = "posts to Mattermost by an incoming webhook";
    const PAGE: &'static str = include_str!("../../docs/notifiers/mattermost.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        address::parse("url", &self.url)?;
        address::check_picture("icon_url", self.icon_url.as_ref())?;
        self.http.check()
    }

    fn warnings(&self) -> Vec<String> {
        self.http.warnings()
    }

    fn targets(&self) -> Vec<String> {
        vec![self.channel.clone().unwrap_or_else(|| address::host(&self.url))]
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let mut message = json!({"text": dialect(notice, &marks::MARKDOWN, TEXT)});
        let options =
            [("channel", &self.channel), ("username", &self.username), ("icon_url", &self.icon_url)];
        // An empty channel would be looked up, and not be found.
        for (key, value) in options {
            let value = value.as_deref().map(str::trim).filter(|value| !value.is_empty());
            value.into_iter().for_each(|value| message[key] = json!(value));
        }
        let request = Request::hook(&self.url, &message);
        deliver(doors, &self.http, request, |reply| Ok(reply.receipt())).await
    }
}
