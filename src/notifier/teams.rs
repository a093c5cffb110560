//! Microsoft Teams' Workflows webhook: one Adaptive Card (adaptivecards.io/explorer).

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Http, Request, deliver};
use super::look::cut;
use super::{Doors, Edits, Notice, Notifier, address, later, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::text::{Limit, Tone, Unit};

/// A message may have 28 KB in all, escapes included.
const LARGEST: usize = 28 * 1000;
/// The title.
const TITLE: Limit = Limit { most: 1000, unit: Unit::Bytes };
/// The text, unless its escapes need the room.
const TEXT: Limit = Limit { most: 12_000, unit: Unit::Bytes };
/// One fact's name or value.
const FACT: Limit = Limit { most: 200, unit: Unit::Bytes };
/// This many facts are shown.
const FACTS: usize = 12;

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Teams {
    /// The address of the workflow or connector.
    webhook: Secret,
    /// How requests are made.
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
        let request = Request::hook(&self.webhook, &message(notice));
        deliver(doors, &self.http, request, |reply| match reply.text.as_str() {
            // The older connectors answer 200 to everything.
            text if text.contains("message delivery failed") && text.contains("429") => {
                Err(later(reply.excerpt()))
            }
            text if text.contains("message delivery failed") => Err(refused(reply.excerpt())),
            _ => Ok(reply.receipt()),
        })
        .await
    }
}

/// The message with as much of the text as fits.
fn message(notice: &Notice) -> Value {
    let mut text = TEXT;
    loop {
        let attachment =
            json!({"contentType": "application/vnd.microsoft.card.adaptive", "content": card(notice, text)});
        let message = json!({"type": "message", "attachments": [attachment]});
        if text.most < 100 || message.to_string().len() <= LARGEST {
            return message;
        }
        text.most /= 2;
    }
}

fn card(notice: &Notice, limit: Limit) -> Value {
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
    let text = block(&notice.body, limit);
    if text["text"] != "" {
        body.push(text);
    }
    let fact = |(name, value): &(String, String)| json!({"title": cut(name, FACT), "value": literal(&cut(value, FACT))});
    let is_told = |fact: &Value| fact["title"] != "" && fact["value"] != "";
    let facts: Vec<Value> = notice.facts.iter().map(fact).filter(is_told).take(FACTS).collect();
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

/// Text whose Markdown marks mean nothing, and whose lines stay lines.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '_' | '[' | ']' | '`' | '\\' => out.extend(['\\', c]),
            // One alone is a blank there.
            '\n' => out.push_str("\n\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_of_nothing_but_escapes_stays_below_the_limit() {
        for hostile in ["\\", "\"", "\n", "*", "\u{1}", "\u{1f600}", "w"] {
            let long = hostile.repeat(60_000);
            let facts = (0..50).map(|_| (long.clone(), long.clone())).collect();
            let notice = Notice { message: long.clone(), body: long.clone(), facts, ..Notice::default() };
            let size = message(&notice).to_string().len();
            assert!(size <= LARGEST, "{hostile:?}: {size}");
        }
    }

    #[test]
    fn lines_stay_lines_and_marks_are_only_letters() {
        assert_eq!(literal("a\nb *c*"), "a\n\nb \\*c\\*");
    }
}
