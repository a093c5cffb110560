//! HipChat's room notifications, API v2. The service was discontinued in 2019; servers of one's own may live on.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::http::{Http, Request, deliver};
use super::look::dialect;
use super::{Doors, Edits, Notice, Notifier, address, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Tone, Unit, marks};

/// A notification has at most this many characters.
const TEXT: Limit = Limit { most: 10_000, unit: Unit::Chars };
/// The name beside it.
const FROM: Limit = Limit { most: 64, unit: Unit::Chars };

/// The colours of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Color {
    Yellow,
    Green,
    Red,
    Purple,
    Gray,
    Random,
}

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hipchat {
    /// The server.
    api_url: Secret,
    /// A token that may post to the rooms.
    token: Secret,
    /// Names or ids.
    rooms: Vec<String>,
    /// The colour of every message; without it by the outcome.
    #[serde(default)]
    color: Option<Color>,
    /// Whether people's clients make a sound.
    #[serde(default)]
    notify: bool,
    /// A name beside the sender's.
    #[serde(default)]
    message_from: Option<String>,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

impl Notifier for Hipchat {
    const SUMMARY: &'static str = "notifies rooms of a HipChat server (discontinued)";
    const PAGE: &'static str = include_str!("../../docs/notifiers/hipchat.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        address::parse("api_url", &self.api_url)?;
        address::check_token("token", &self.token)?;
        if self.rooms.is_empty() || self.rooms.iter().any(|room| room.trim().is_empty()) {
            return Err("`rooms` is empty or has an empty name".to_owned());
        }
        if self.message_from.as_ref().is_some_and(|from| !FROM.holds(from)) {
            return Err("`message_from` may have 64 characters".to_owned());
        }
        self.http.check()
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.http.warnings();
        warnings.push("HipChat was discontinued: only a server of your own still answers".to_owned());
        warnings
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
        let color = match self.color {
            Some(Color::Yellow) => "yellow",
            Some(Color::Green) => "green",
            Some(Color::Red) => "red",
            Some(Color::Purple) => "purple",
            Some(Color::Gray) => "gray",
            Some(Color::Random) => "random",
            None => own(notice.tone()),
        };
        let mut message = json!({
            "color": color, "notify": self.notify, "message_format": "text",
            "message": dialect(notice, &marks::PLAIN, TEXT),
        });
        self.message_from.iter().for_each(|from| message["from"] = json!(from));
        let segments = ["v2", "room", notice.target.as_str(), "notification"];
        let url = address::below("api_url", &self.api_url, &segments).map_err(refused)?;
        let request = Request::post(url, &message).bearer(&self.token);
        deliver(doors, &self.http, request, |reply| Ok(reply.receipt())).await
    }
}

fn own(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "gray",
        Tone::Working => "purple",
        Tone::Good => "green",
        Tone::Warning => "yellow",
        Tone::Bad => "red",
    }
}
