//! Slack: `chat.postMessage` and `chat.update` with a token (docs.slack.dev/reference/methods), or an incoming webhook.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Http, Reply, Request, deliver};
use super::look::{cut, dialect, is_colour};
use super::{Doors, Edits, Notice, Notifier, address, later, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Unit, marks};

/// Slack advises to keep a text below this many characters.
const TEXT: Limit = Limit { most: 4000, unit: Unit::Chars };
/// The line shown in notifications of the client.
const LINE: Limit = Limit { most: 300, unit: Unit::Chars };

/// What becomes of the earlier message about the same subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Earlier {
    /// It is changed.
    #[default]
    Edit,
    /// It is answered in its thread.
    Thread,
    /// It stays, and a new one is posted.
    Leave,
}

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// A bot token, `xoxb-...`; with `channels`.
    #[serde(default)]
    token: Option<Secret>,
    /// Names or ids; with `,` and a ts behind it a thread of one.
    #[serde(default)]
    channels: Vec<String>,
    /// An incoming webhook, instead of `token` and `channels`.
    #[serde(default)]
    webhook: Option<Secret>,
    /// The bar beside the text, `#36a64f`; without it by the outcome.
    #[serde(default)]
    color: Option<String>,
    /// What becomes of the earlier message about the same subject.
    #[serde(default)]
    earlier: Earlier,
    /// Another address of the Web API.
    #[serde(default = "api")]
    api_url: Secret,
    /// How requests are made.
    #[serde(default)]
    http: Http,
}

fn api() -> Secret {
    Secret::new("https://slack.com/api")
}

impl Notifier for Slack {
    const SUMMARY: &'static str = "posts to Slack channels with a token, or by an incoming webhook";
    const PAGE: &'static str = include_str!("../../docs/notifiers/slack.md");
    const EDITS: Edits = Edits::InPlace;

    fn check(&self) -> Result<(), String> {
        self.http.check()?;
        address::parse("api_url", &self.api_url)?;
        match (&self.token, &self.webhook) {
            (None, None) => return Err("give `token` and `channels`, or `webhook`".to_owned()),
            (Some(_), Some(_)) => return Err("give `token` or `webhook`, not both".to_owned()),
            (Some(_), None) if self.channels.is_empty() => {
                return Err("`channels` is empty: nobody would hear of anything".to_owned());
            }
            (None, Some(_)) if !self.channels.is_empty() => {
                return Err(
                    "an incoming webhook has one channel of its own: `channels` needs a `token`".to_owned()
                );
            }
            (Some(token), None) => address::check_token("token", token)?,
            (None, Some(webhook)) => drop(address::parse("webhook", webhook)?),
        }
        if self.channels.iter().any(|channel| room(channel).0.is_empty() || channel.matches(',').count() > 1)
        {
            return Err(
                "`channels`: one is written `#name`, its id, or either with `,` and the ts of a thread"
                    .to_owned(),
            );
        }
        match &self.color {
            Some(color) if !is_colour(color) => Err("`color` must be such as `#36a64f`".to_owned()),
            _ => Ok(()),
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.http.warnings()
    }

    fn targets(&self) -> Vec<String> {
        match &self.webhook {
            Some(webhook) => vec![address::host(webhook)],
            None => self.channels.clone(),
        }
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        earlier: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let mut message = self.message(notice);
        let Some(token) = &self.token else {
            let url = self.webhook.clone().ok_or_else(|| refused("there is no `token`"))?;
            return deliver(doors, &self.http, Request::hook(&url, &message), |reply| Ok(reply.receipt()))
                .await;
        };
        let earlier = earlier.filter(|_| self.earlier != Earlier::Leave).and_then(posted);
        let (channel, thread) = room(&notice.target);
        let edits = earlier.is_some() && self.earlier == Earlier::Edit;
        match &earlier {
            Some((channel, ts)) if edits => {
                message["channel"] = json!(channel);
                message["ts"] = json!(ts);
            }
            Some((channel, ts)) => {
                message["channel"] = json!(channel);
                message["thread_ts"] = json!(ts);
            }
            None => {
                message["channel"] = json!(channel);
                thread.into_iter().for_each(|ts| message["thread_ts"] = json!(ts));
            }
        }
        let method = if edits { "chat.update" } else { "chat.postMessage" };
        let url = address::below("api_url", &self.api_url, &[method]).map_err(refused)?;
        let request = Request::post(url, &message).bearer(token);
        let first = earlier.filter(|_| self.earlier == Earlier::Thread);
        let edits_or_answers = message["ts"].is_string() || first.is_some();
        match deliver(doors, &self.http, request, |reply| read(reply, first)).await {
            // There is no earlier message: posting anew would meet the same.
            Err(SendError::Gone { why }) if !edits_or_answers => Err(refused(why)),
            outcome => outcome,
        }
    }
}

impl Slack {
    fn message(&self, notice: &Notice) -> Value {
        let color = self.color.clone().unwrap_or_else(|| notice.tone().hex());
        let text = dialect(notice, &marks::SLACK, TEXT);
        let fallback = cut(&notice.message, LINE);
        json!({"attachments": [{"color": color, "text": text, "fallback": fallback, "mrkdwn_in": ["text"]}]})
    }
}

/// A channel, and the thread in it: `#ops` or `C0123,1700000000.000100`.
fn room(written: &str) -> (&str, Option<&str>) {
    match written.split_once(',') {
        Some((channel, ts)) => (channel.trim(), Some(ts.trim())),
        None => (written.trim(), None),
    }
}

/// Channel and time of a message that we posted.
fn posted(handle: &Handle) -> Option<(String, String)> {
    let (channel, ts) = handle.0.split_once(' ')?;
    Some((channel.to_owned(), ts.to_owned()))
}

/// Slack answers 200 to everything and says in the text whether it took it. `first` is the head of the thread,
/// which the next message answers too.
fn read(reply: &Reply, first: Option<(String, String)>) -> Result<Receipt, SendError> {
    let answer = reply.json();
    if answer["ok"] == true {
        let (channel, ts) = match (first, answer["channel"].as_str(), answer["ts"].as_str()) {
            (Some(first), ..) => first,
            (None, Some(channel), Some(ts)) => (channel.to_owned(), ts.to_owned()),
            _ => return Ok(reply.receipt()),
        };
        return Ok(Receipt {
            handle: Some(Handle(format!("{channel} {ts}"))),
            answer: format!("ok, ts {ts}"),
        });
    }
    let why = format!("slack says `{}`", answer["error"].as_str().unwrap_or("nothing that it should"));
    Err(match answer["error"].as_str().unwrap_or_default() {
        "message_not_found" | "cant_update_message" | "edit_window_closed" | "thread_not_found" => {
            SendError::Gone { why }
        }
        "ratelimited"
        | "rate_limited"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org" => later(why),
        _ => refused(why),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::conformance::{Answer, Recorder, Rig};
    use serde_json::json;

    fn slack(recorder: &Recorder, more: &Value) -> Slack {
        let mut options = json!({"token": "xoxb-hunter2", "channels": ["#a"], "api_url": recorder.base()});
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(options).unwrap()
    }

    #[tokio::test]
    async fn news_of_a_subject_edits_its_message_or_answers_in_its_thread() {
        let rig = Rig::new();
        let recorder =
            Recorder::start(Answer::json(200, &json!({"ok": true, "channel": "C1", "ts": "1.2"}))).await;
        let notice = Notice { target: "#a".into(), message: "m".into(), ..Notice::default() };
        let service = slack(&recorder, &json!({}));
        let first = service.send(&rig.doors(), &notice, None).await.unwrap();
        service.send(&rig.doors(), &notice, first.handle.as_ref()).await.unwrap();
        let thread = slack(&recorder, &json!({"earlier": "thread"}));
        thread.send(&rig.doors(), &notice, first.handle.as_ref()).await.unwrap();
        let seen = recorder.requests();
        assert_eq!(
            [&seen[0].path, &seen[1].path, &seen[2].path],
            ["/chat.postMessage", "/chat.update", "/chat.postMessage"]
        );
        assert_eq!((&seen[1].json()["ts"], &seen[1].json()["channel"]), (&json!("1.2"), &json!("C1")));
        assert_eq!(seen[2].json()["thread_ts"], "1.2");
        assert_eq!(seen[0].header("authorization"), Some("Bearer xoxb-hunter2"));
    }

    #[tokio::test]
    async fn what_slack_says_decides_and_not_its_200() {
        let rig = Rig::new();
        for (error, expected) in
            [("ratelimited", "Retry"), ("channel_not_found", "Refused"), ("message_not_found", "Gone")]
        {
            let recorder = Recorder::start(Answer::json(200, &json!({"ok": false, "error": error}))).await;
            let notice = Notice { target: "#a".into(), ..Notice::default() };
            let (slack, earlier) = (slack(&recorder, &json!({})), Handle("C1 1.2".to_owned()));
            let outcome = slack.send(&rig.doors(), &notice, Some(&earlier)).await.unwrap_err();
            assert!(format!("{outcome:?}").starts_with(expected), "{outcome:?}");
            // Without an earlier message nothing can be gone: posting anew for ever would be the end of it.
            let outcome = slack.send(&rig.doors(), &notice, None).await.unwrap_err();
            assert!(!matches!(outcome, SendError::Gone { .. }), "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn a_channel_may_name_a_thread() {
        let rig = Rig::new();
        let recorder =
            Recorder::start(Answer::json(200, &json!({"ok": true, "channel": "C1", "ts": "1.2"}))).await;
        let notice = Notice { target: "#a,17.1".into(), ..Notice::default() };
        slack(&recorder, &json!({})).send(&rig.doors(), &notice, None).await.unwrap();
        assert_eq!(recorder.requests()[0].json()["thread_ts"], "17.1");
    }

    #[test]
    fn options_that_cannot_work_are_refused_at_load() {
        let check =
            |options: &Value| serde_json::from_value::<Slack>(options.clone()).unwrap().check().unwrap_err();
        assert!(check(&json!({})).contains("`webhook`"));
        assert!(check(&json!({"token": "x"})).contains("`channels` is empty"));
        assert!(check(&json!({"token": "x", "webhook": "https://example.org/x"})).contains("not both"));
        assert!(check(&json!({"token": "x", "channels": ["#a,1,2"]})).contains("thread"));
        assert!(check(&json!({"token": "x", "channels": ["#a"], "color": "red"})).contains("#36a64f"));
    }
}
