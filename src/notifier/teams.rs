//! Microsoft Teams' Workflows webhook: one Adaptive Card (adaptivecards.io/explorer).

use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Http, Request, deliver};
use super::look::cut;
use super::{Doors, Edits, Notice, Notifier, address};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Tone, Unit};

/// A message may have 28 KB in all; its parts are kept well below, escapes included.
const TITLE: Limit = Limit { most: 1000, unit: Unit::Bytes };
/// The text.
const TEXT: Limit = Limit { most: 6000, unit: Unit::Bytes };
/// One fact's name or value.
const FACT: Limit = Limit { most: 200, unit: Unit::Bytes };
/// This many facts are shown.
const FACTS: usize = 12;

/// The options.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Teams {
    webhook: Secret,
    #[serde(default)]
    http: Http,
}

impl Notifier for Teams {
    const SUMMARY: &'static str = "posts an Adaptive Card to Microsoft Teams by a Workflows webhook";
    const PAGE: &'static str = include_str!("../../docs/notifiers/teams.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        address::parse("webhook", &self.webhook)?;
        self.http.check()
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
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let attachment =
            json!({"contentType": "application/vnd.microsoft.card.adaptive", "content": card(notice)});
        let message = json!({"type": "message", "attachments": [attachment]});
        let request = Request::hook(&self.webhook, &message);
        deliver(doors, &self.http, request, |reply| Ok(reply.receipt())).await
    }
}

fn card(notice: &Notice) -> Value {
    let color = match notice.tone() {
        Tone::Plain => "default",
        Tone::Working => "accent",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "attention",
    };
    let block =
        |text: &str, limit| json!({"type": "TextBlock", "wrap": true, "text": literal(&cut(text, limit))});
    let mut title = block(&notice.message, TITLE);
    title["weight"] = json!("bolder");
    title["color"] = json!(color);
    let mut body = vec![title];
    if !notice.body.is_empty() {
        body.push(block(&notice.body, TEXT));
    }
    let fact = |(name, value): &(String, String)| json!({"title": cut(name, FACT), "value": literal(&cut(value, FACT))});
    let facts: Vec<Value> = notice.facts.iter().take(FACTS).map(fact).collect();
    if !facts.is_empty() {
        body.push(json!({"type": "FactSet", "facts": facts}));
    }
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": body,
    });
    if let Some(url) = notice.link.as_ref().filter(|url| url.starts_with("http") && url.len() <= 2000) {
        card["actions"] = json!([{"type": "Action.OpenUrl", "title": "Open", "url": url}]);
    }
    card
}

/// Text whose Markdown marks mean nothing.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '_' | '[' | ']' | '`' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
