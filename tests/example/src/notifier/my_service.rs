//! My service's messages (example.org/docs/messages).

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::http::{Http, Request, deliver};
use super::look::dialect;
use super::{Doors, Edits, Notice, Notifier, address, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Unit, marks};

/// A message has at most this many characters.
const TEXT: Limit = Limit { most: 2000, unit: Unit::Chars };

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MyService {
    /// The server.
    api_url: Secret,
    /// A token that may post.
    token: Secret,
    /// Who hears of it: each room gets a message of its own.
    rooms: Vec<String>,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

impl Notifier for MyService {
    const SUMMARY: &'static str = "posts to rooms of my service";
    const PAGE: &'static str = include_str!("../../docs/notifiers/my-service.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        address::parse("api_url", &self.api_url)?;
        if self.rooms.is_empty() {
            return Err("`rooms` is empty: nobody would hear of anything".to_owned());
        }
        self.http.check()
    }

    fn warnings(&self) -> Vec<String> {
        self.http.warnings()
    }

    fn targets(&self) -> Vec<String> {
        self.rooms.clone()
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let message = json!({"room": notice.target, "text": dialect(notice, &marks::MARKDOWN, TEXT)});
        let url = address::below("api_url", &self.api_url, &["v1", "messages"]).map_err(refused)?;
        let request = Request::post(url, &message).bearer(&self.token);
        deliver(doors, &self.http, request, |reply| Ok(reply.receipt())).await
    }
}
