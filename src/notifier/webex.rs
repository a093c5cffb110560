//! Webex rooms and people by the Messages API (developer.webex.com/docs/api/v1/messages, `create-a-message` and
//! `edit-a-message`).

use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Body, Http, Reply, Request, deliver};
use super::look::dialect;
use super::{Doors, Edits, Notice, Notifier, address, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Unit, marks};

/// A message has at most this many bytes.
const TEXT: Limit = Limit { most: 7439, unit: Unit::Bytes };

/// Webex lets one message be edited this often.
const MOST_EDITS: u32 = 10;

/// What becomes of the earlier message about the same subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Earlier {
    /// It is changed.
    #[default]
    Edit,
    /// It stays, and a new one is posted.
    Leave,
}

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webex {
    /// A bot's token.
    token: Secret,
    /// Room ids and addresses of people.
    to: Vec<String>,
    /// What becomes of the earlier message about the same subject.
    #[serde(default)]
    earlier: Earlier,
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
    const EDITS: Edits = Edits::InPlace;

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
        earlier: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let text = dialect(notice, &marks::MARKDOWN, TEXT);
        let earlier = earlier.filter(|_| self.earlier == Earlier::Edit).and_then(Posted::of);
        let Some(earlier) = earlier.filter(|earlier| earlier.edits < MOST_EDITS) else {
            let key = if notice.target.contains('@') { "toPersonEmail" } else { "roomId" };
            let message = json!({key: notice.target, "markdown": text});
            let request = self.request(Method::POST, &[], &message)?;
            return deliver(doors, &self.http, request, |reply| Ok(read(reply, 0))).await;
        };
        let message = json!({"roomId": earlier.room, "markdown": text});
        let request = self.request(Method::PUT, &[&earlier.id], &message)?;
        let edits = earlier.edits + 1;
        match deliver(doors, &self.http, request, |reply| Ok(read(reply, edits))).await {
            // It was deleted, or somebody else's edits count too and it has had its ten.
            Err(SendError::Refused { why })
                if ["404", "400"].iter().any(|status| why.starts_with(status)) =>
            {
                Err(SendError::Gone { why })
            }
            outcome => outcome,
        }
    }
}

impl Webex {
    fn request(&self, method: Method, below: &[&str], message: &Value) -> Result<Request, SendError> {
        let path = [&["v1", "messages"], below].concat();
        let url = address::below("api_url", &self.api_url, &path).map_err(refused)?;
        Ok(Request::new(method, url, Body::json(message)).bearer(&self.token))
    }
}

/// A message that we posted: its id, its room (that of two people has an id as well), how often it was edited.
struct Posted {
    id: String,
    room: String,
    edits: u32,
}

impl Posted {
    fn of(handle: &Handle) -> Option<Self> {
        let mut parts = handle.0.split(' ');
        let (id, room, edits) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { id: id.to_owned(), room: room.to_owned(), edits: edits.parse().ok()? })
    }
}

fn read(reply: &Reply, edits: u32) -> Receipt {
    let answer = reply.json();
    let handle = answer["id"].as_str().zip(answer["roomId"].as_str());
    Receipt {
        handle: handle.map(|(id, room)| Handle(format!("{id} {room} {edits}"))),
        answer: reply.excerpt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::conformance::{Answer, Recorder, Rig};

    fn webex(recorder: &Recorder) -> Webex {
        let options = json!({"token": "t", "to": ["a@example.org"], "api_url": recorder.base()});
        serde_json::from_value(options).unwrap()
    }

    fn notice() -> Notice {
        Notice { target: "a@example.org".to_owned(), ..Notice::default() }
    }

    #[tokio::test]
    async fn the_earlier_message_is_edited_ten_times_and_then_a_new_one_is_posted() {
        let rig = Rig::new();
        let recorder = Recorder::start(Answer::json(200, &json!({"id": "M1", "roomId": "R1"}))).await;
        let service = webex(&recorder);
        let mut handle = None;
        for _ in 0..12 {
            handle = service.send(&rig.doors(), &notice(), handle.as_ref()).await.unwrap().handle;
        }
        let seen = recorder.requests();
        let posts: Vec<usize> = (0..12).filter(|at| seen[*at].method == "POST").collect();
        assert_eq!(posts, [0, 11]);
        assert_eq!(seen[0].json()["toPersonEmail"], "a@example.org");
        for edit in &seen[1..11] {
            assert_eq!((edit.method.as_str(), edit.path.as_str()), ("PUT", "/v1/messages/M1"));
            let keys: Vec<String> = edit.json().as_object().unwrap().keys().cloned().collect();
            assert_eq!((edit.json()["roomId"].as_str(), keys.len()), (Some("R1"), 2), "{keys:?}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_edited_any_more_is_gone_and_what_may_pass_is_not() {
        let rig = Rig::new();
        let earlier = Handle("M1 R1 3".to_owned());
        for (status, gone) in [(404, true), (400, true), (401, false), (503, false)] {
            let recorder = Recorder::start(Answer::status(status)).await;
            let error = webex(&recorder).send(&rig.doors(), &notice(), Some(&earlier)).await.unwrap_err();
            assert_eq!(matches!(error, SendError::Gone { .. }), gone, "{status}: {error:?}");
            // A new message that is refused is no edit.
            let error = webex(&recorder).send(&rig.doors(), &notice(), None).await.unwrap_err();
            assert!(!matches!(error, SendError::Gone { .. }), "{status}: {error:?}");
        }
    }

    #[tokio::test]
    async fn a_message_that_is_left_alone_is_followed_by_a_new_one() {
        let rig = Rig::new();
        let recorder = Recorder::start(Answer::json(200, &json!({"id": "M1", "roomId": "R1"}))).await;
        let service = Webex { earlier: Earlier::Leave, ..webex(&recorder) };
        service.send(&rig.doors(), &notice(), Some(&Handle("M1 R1 0".to_owned()))).await.unwrap();
        assert_eq!(recorder.requests()[0].method, "POST");
    }
}
