//! What an alias asks of Slack alone: StackStorm's `extra.slack`. With `attachments` or `blocks` of its own it is the
//! whole message; otherwise its keys go into the one box of the result.
//! Keys: docs.slack.dev/messaging/formatting-message-text/#attachments.

use serde_json::{Map, Value, json};
use slack_morphism::blocks::SlackBlock;

use super::look::{TEXT, colour, fallback};
use crate::text::{Limit, Post, Unit, split};

/// What a box may have beside its text.
const KEYS: &[&str] = &[
    "author_icon",
    "author_link",
    "author_name",
    "color",
    "fallback",
    "fields",
    "footer",
    "footer_icon",
    "image_url",
    "mrkdwn_in",
    "pretext",
    "text",
    "thumb_url",
    "title",
    "title_link",
    "ts",
];

/// What a whole message may have beside its text; each needs the scope `chat:write.customize`.
const DISGUISE: &[&str] = &["username", "icon_emoji", "icon_url"];

/// Slack shows more boxes or blocks than these badly or not at all.
const BOXES: usize = 20;
const BLOCKS: usize = 50;

/// What an alias asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wish {
    /// Keys for the one box.
    Keys(Map<String, Value>),
    /// A message of its own.
    Whole(Map<String, Value>),
}

impl Wish {
    /// The keys for the one box.
    pub(super) fn keys(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Keys(keys) => Some(keys),
            Self::Whole(_) => None,
        }
    }
}

/// What the post asks of Slack, if anything; nothing in it calls a whole room.
pub(super) fn wish(post: &Post) -> Option<Wish> {
    let mut asked = post.native.get("slack")?.as_object()?.clone();
    asked.values_mut().for_each(hush);
    if asked.get("attachments").is_some_and(Value::is_array)
        || asked.get("blocks").is_some_and(Value::is_array)
    {
        return Some(Wish::Whole(asked));
    }
    let keys: Map<_, _> = asked.into_iter().filter(|(key, _)| KEYS.contains(&key.as_str())).collect();
    (!keys.is_empty()).then_some(Wish::Keys(keys))
}

/// Whether the answer is to stand in a thread under the command.
pub(super) fn in_thread(post: &Post) -> bool {
    let asked = post.native.get("slack").map(|slack| &slack["thread_response"]);
    asked.is_some_and(|asked| *asked == true || asked == "true")
}

/// Values of a command's output end up in here: none of them may call a whole room.
fn hush(value: &mut Value) {
    match value {
        Value::String(text) => {
            for call in ["<!channel", "<!here", "<!everyone", "<!subteam"] {
                if text.contains(call) {
                    *text = text.replace(call, &call.replace('<', "&lt;"));
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hush),
        Value::Object(map) => map.values_mut().for_each(hush),
        _ => {}
    }
}

/// A box with the alias's keys, and one with the buttons: keys and blocks do not mix in one.
pub(super) fn merged(post: &Post, part: &str, keys: &Map<String, Value>, rows: Vec<SlackBlock>) -> Value {
    let mut attachment =
        json!({"fallback": fallback(post), "text": part, "mrkdwn_in": ["text", "pretext", "fields"]});
    if let Some(colour) = colour(post) {
        attachment["color"] = json!(colour);
    }
    for (key, value) in keys {
        attachment[key] = value.clone();
    }
    let mut attachments = vec![attachment];
    if !rows.is_empty() {
        attachments.push(json!({"fallback": fallback(post), "blocks": rows}));
    }
    Value::Array(attachments)
}

/// The alias's own message, in as many as Slack's limits make of it.
pub(super) fn whole(mut asked: Map<String, Value>, lead: Vec<String>, post: &Post) -> Vec<Value> {
    let list = |asked: &mut Map<String, Value>, key: &str| match asked.remove(key) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    let (blocks, mut attachments) = (list(&mut asked, "blocks"), list(&mut asked, "attachments"));
    let rows = super::buttons::rows(&post.choices);
    if !rows.is_empty() {
        attachments.push(json!({"fallback": fallback(post), "blocks": rows}));
    }
    let texts = match asked.get("text").and_then(Value::as_str) {
        Some(text) => split(text, Limit { most: TEXT, unit: Unit::Utf16 }),
        None => lead,
    };
    let mut messages: Vec<Value> = texts.into_iter().map(|text| json!({"text": text})).collect();
    if messages.is_empty() {
        messages.push(json!({"text": fallback(post)}));
    }
    let mut chunks = attachments.chunks(BOXES).map(|chunk| ("attachments", chunk)).collect::<Vec<_>>();
    chunks.splice(0..0, blocks.chunks(BLOCKS).map(|chunk| ("blocks", chunk)));
    for (number, (key, chunk)) in chunks.into_iter().enumerate() {
        // The first of each joins the last words.
        let fits = messages.last().is_some_and(|last| last.get(key).is_none())
            && (number == 0 || key == "attachments");
        if !fits {
            messages.push(json!({}));
        }
        if let Some(last) = messages.last_mut() {
            last[key] = json!(chunk);
        }
    }
    for message in &mut messages {
        for key in DISGUISE {
            if let Some(value) = asked.get(*key) {
                message[*key] = value.clone();
            }
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(slack: &Value) -> Post {
        let mut post = Post::plain("all of it");
        post.native.insert("slack".to_owned(), slack.clone());
        post
    }

    #[test]
    fn keys_go_into_the_box_and_strange_ones_nowhere() {
        let wish = wish(&post(&json!({"title": "t", "surprise": 1, "thread_response": true}))).unwrap();
        let merged = merged(&post(&json!({})), "words", wish.keys().unwrap(), Vec::new());
        assert_eq!((&merged[0]["title"], &merged[0]["text"]), (&json!("t"), &json!("words")));
        assert!(merged[0].get("surprise").is_none() && merged[0].get("thread_response").is_none());
        assert!(in_thread(&post(&json!({"thread_response": true}))));
        assert_eq!(super::wish(&post(&json!({"thread_response": true}))), None);
        assert_eq!(super::wish(&post(&json!("text"))), None);
    }

    #[test]
    fn nothing_that_an_alias_asks_for_calls_a_whole_room() {
        let wish = wish(&post(&json!({"fields": [{"value": "<!channel> <@U1> <!here|x>"}]}))).unwrap();
        assert_eq!(wish.keys().unwrap()["fields"][0]["value"], "&lt;!channel> <@U1> &lt;!here|x>");
    }

    #[test]
    fn a_message_of_its_own_is_sent_as_it_is_and_cut_at_slacks_limits() {
        let attachments: Vec<_> = (0..45).map(|number| json!({"text": number.to_string()})).collect();
        let asked =
            json!({"username": "deploy", "attachments": attachments, "blocks": [{"type": "divider"}]});
        let Some(Wish::Whole(asked)) = wish(&post(&asked)) else { panic!("it is whole") };
        let messages = whole(asked, vec!["<@U0ALICE>:".to_owned()], &post(&json!({})));
        let counts: Vec<_> =
            messages.iter().map(|message| message["attachments"].as_array().map_or(0, Vec::len)).collect();
        assert_eq!(counts, [20, 20, 5]);
        assert_eq!(
            (&messages[0]["text"], &messages[0]["blocks"]),
            (&json!("<@U0ALICE>:"), &json!([{"type": "divider"}]))
        );
        assert!(messages.iter().all(|message| message["username"] == "deploy"));
    }
}
