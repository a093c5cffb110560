//! Webex rooms and people by the Messages API (developer.webex.com/docs/api/v1/messages).

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::http::{Http, Request, deliver};
use super::look::dialect;
use super::{Doors, Edits, Notice, Notifier, address, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Unit, marks};

/// A message has at most this many bytes.
const TEXT: Limit = Limit { most: 7439, unit: Unit::Bytes };

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webex {
    /// A bot's token.
    token: Secret,
    /// Room ids and addresses of people.
    to: Vec<String>,
    /// Another address of the API.
    #[serde(default = "api")]
    api_url: Secret,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

fn api() -> Secret {
    Secret::new("https://webexapis.com")
}

impl Notifier for Webex {
    const SUMMARY: &'static str = "posts to Webex rooms and people with a bot's token";
    const PAGE: &'static str = include_str!("../../docs/notifiers/webex.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        address::parse("api_url", &self.api_url)?;
        address::check_token("token", &self.token)?;
        if self.to.is_empty() || self.to.iter().any(|to| to.trim().is_empty()) {
            return Err("`to` is empty: name ids of rooms, or addresses of people".to_owned());
        }
        self.http.check()
    }

    fn warnings(&self) -> Vec<String> {
        self.http.warnings()
    }

    fn targets(&self) -> Vec<String> {
        self.to.clone()
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let key = if notice.target.contains('@') { "toPersonEmail" } else { "roomId" };
        let message = json!({key: notice.target, "markdown": dialect(notice, &marks::MARKDOWN, TEXT)});
        let url = address::below("api_url", &self.api_url, &["v1", "messages"]).map_err(refused)?;
        let request = Request::post(url, &message).bearer(&self.token);
        deliver(doors, &self.http, request, |reply| Ok(reply.receipt())).await
    }
}
