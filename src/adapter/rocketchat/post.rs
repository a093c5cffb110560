//! How a post looks on Rocket.Chat: plain words as the message's text, results in a box of its tone's colour (an
//! attachment), what an alias asks for in `extra.rocketchat` merged into that.

use serde_json::{Map, Value, json};

use crate::text::colour::as_slack_reads;
use crate::text::marks::{PLAIN, ROCKETCHAT};
use crate::text::{Block, Choice, File, Limit, MOST_PARTS, Pages, Post, Span, Tone, pages, render};

/// Keys of `extra.rocketchat` that belong to the message, not to the box.
const OF_MESSAGE: [&str; 3] = ["alias", "emoji", "avatar"];

/// What the server and the room ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    /// The longest text.
    pub(super) limit: Limit,
    /// What a button's text begins with, so that it is heard: `@bot ` where others are, else empty.
    pub(super) address: &'a str,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Outgoing {
    pub(super) text: String,
    pub(super) attachments: Vec<Value>,
    /// `alias`, `emoji`, `avatar`.
    pub(super) more: Map<String, Value>,
}

/// A post in messages, in order, and the files behind them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Letter {
    pub(super) messages: Vec<Outgoing>,
    pub(super) files: Vec<File>,
}

/// Puts names, which the server mentions people by, in the place of ids.
pub(super) fn named(post: &Post, name: impl Fn(&str) -> Option<String>) -> Post {
    let mut post = post.clone();
    if let Some(to) = &mut post.to {
        to.id = name(&to.id).unwrap_or_else(|| to.name.clone());
    }
    let spans = post.pretext.iter_mut().chain(&mut post.body).flat_map(|block| match block {
        Block::Para(spans) | Block::Quote(spans) => vec![spans],
        Block::List(items) => items.iter_mut().collect(),
        Block::Code { .. } | Block::Table { .. } => Vec::new(),
    });
    for span in spans.flatten() {
        if let Span::Person(id) = span
            && let Some(found) = name(id)
        {
            *id = found;
        }
    }
    post
}

/// A post as messages.
pub(super) fn letter(post: &Post, look: Look<'_>) -> Letter {
    let native = post.native.get("rocketchat").and_then(Value::as_object).cloned().unwrap_or_default();
    let boxed =
        !matches!(post.tone, Tone::Plain | Tone::Working) || !post.choices.is_empty() || !native.is_empty();
    let mut letter = if boxed { in_a_box(post, native, look) } else { in_words(post, look.limit) };
    letter.files.extend(post.files.iter().cloned());
    letter
}

fn in_words(post: &Post, limit: Limit) -> Letter {
    let Pages { parts, file } = pages(post, &ROCKETCHAT, limit);
    let message = |text| Outgoing { text, ..Outgoing::default() };
    Letter { messages: parts.into_iter().map(message).collect(), files: file.into_iter().collect() }
}

/// The addressee and what comes before the result as text, the result in boxes.
fn in_a_box(post: &Post, mut native: Map<String, Value>, look: Look<'_>) -> Letter {
    let head = Post { to: post.to.clone(), pretext: post.pretext.clone(), ..Post::default() };
    let head = match (&head.to, head.pretext.is_empty()) {
        // Nothing to begin with a name: the name alone.
        (Some(to), true) => Letter {
            messages: vec![Outgoing { text: format!("@{}:", to.id), ..Outgoing::default() }],
            files: Vec::new(),
        },
        _ => in_words(&head, look.limit),
    };
    let mut more = Map::new();
    for key in OF_MESSAGE {
        more.extend(native.remove(key).filter(Value::is_string).map(|value| (key.to_owned(), value)));
    }
    let (boxes, file) = boxes(post, native, look);
    let Letter { mut messages, mut files } = head;
    files.extend(file);
    let mut boxes = boxes.into_iter();
    if messages.is_empty() {
        messages.push(Outgoing::default());
    }
    if let (Some(last), Some(first)) = (messages.last_mut(), boxes.next()) {
        last.attachments = first;
    }
    messages.extend(boxes.map(|attachments| Outgoing { attachments, ..Outgoing::default() }));
    messages.retain(|message| !message.text.is_empty() || !message.attachments.is_empty());
    messages.iter_mut().for_each(|message| message.more = more.clone());
    Letter { messages, files }
}

/// The attachments of each message, and the file where there would be too many.
fn boxes(post: &Post, mut native: Map<String, Value>, look: Look<'_>) -> (Vec<Vec<Value>>, Option<File>) {
    if let Some(Value::Array(own)) = native.remove("attachments") {
        return (vec![own.into_iter().filter(Value::is_object).collect()], None);
    }
    let title = render(&Post { title: post.title.clone(), ..Post::default() }, &PLAIN);
    let inner = Post {
        body: post.body.clone(),
        choices: post.choices.clone(),
        foot: post.foot.clone(),
        ..Post::default()
    };
    let Pages { parts, file } = pages(&inner, &ROCKETCHAT, look.limit);
    debug_assert!(parts.len() <= MOST_PARTS, "pages keep to their number");
    let colour = json!(post.tone.hex());
    let mut boxes: Vec<Map<String, Value>> =
        parts.into_iter().map(|text| object(json!({"text": text}))).collect();
    if boxes.is_empty() && !(native.is_empty() && title.is_empty() && post.facts.is_empty()) {
        boxes.push(Map::new());
    }
    if let Some(first) = boxes.first_mut() {
        if !title.is_empty() {
            first.insert("title".to_owned(), json!(title));
        }
        first.extend(
            post.link
                .as_ref()
                .filter(|_| !title.is_empty())
                .map(|link| ("title_link".to_owned(), json!(link))),
        );
    }
    if let Some(last) = boxes.last_mut() {
        last.extend(fields(&post.facts).map(|fields| ("fields".to_owned(), fields)));
        last.extend(buttons(&post.choices, look.address));
    }
    boxes.iter_mut().for_each(|one| drop(one.insert("color".to_owned(), colour.clone())));
    if let Some(first) = boxes.first_mut() {
        first.extend(native.into_iter().map(|(key, value)| of_alias(key, value)));
    }
    (boxes.into_iter().map(|one| vec![Value::Object(one)]).collect(), file)
}

/// What an alias writes for Slack is understood too: colours by name or without `#`.
fn of_alias(key: String, value: Value) -> (String, Value) {
    match value.as_str().filter(|_| key == "color").map(as_slack_reads) {
        Some(colour) => (key, json!(colour)),
        None => (key, value),
    }
}

fn fields(facts: &[(String, Vec<Span>)]) -> Option<Value> {
    /// A longer value takes the whole width.
    const SHORT: usize = 40;
    let field = |(name, value): &(String, Vec<Span>)| {
        let text = render(&Post { body: vec![Block::Para(value.clone())], ..Post::default() }, &ROCKETCHAT);
        json!({"title": name, "value": text, "short": text.chars().count() <= SHORT})
    };
    (!facts.is_empty()).then(|| facts.iter().map(field).collect())
}

/// Buttons that say what could be typed, as the one who presses.
fn buttons(choices: &[Choice], address: &str) -> Vec<(String, Value)> {
    if choices.is_empty() {
        return Vec::new();
    }
    let button = |choice: &Choice| {
        let said = format!("{address}{}", choice.typed);
        json!({"type": "button", "text": choice.label, "msg": said, "msg_in_chat_window": true})
    };
    let actions: Vec<Value> = choices.iter().map(button).collect();
    vec![("actions".to_owned(), json!(actions)), ("button_alignment".to_owned(), json!("horizontal"))]
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::rendered;
    use crate::text::{Unit, parse};

    const LIMIT: Limit = Limit { most: 5000, unit: Unit::Utf16 };
    const LOOK: Look<'_> = Look { limit: LIMIT, address: "@chatops " };

    fn names(id: &str) -> Option<String> {
        (id == "U0ALICE").then(|| "alice".to_owned())
    }

    #[test]
    fn each_sample_reads_as_it_is_kept() {
        for (name, post) in rendered::samples() {
            let letter = letter(&named(&post, names), LOOK);
            let message = |message: &Outgoing| {
                let mut json = object(json!({"msg": message.text}));
                if !message.attachments.is_empty() {
                    json.insert("attachments".to_owned(), json!(message.attachments));
                }
                json.extend(message.more.clone());
                Value::Object(json)
            };
            let messages: Vec<Value> = letter.messages.iter().map(message).collect();
            let file = |file: &File| json!({"name": file.name, "characters": file.text.chars().count()});
            let files: Vec<Value> = letter.files.iter().map(file).collect();
            rendered::check("rocketchat", name, &json!({"messages": messages, "files": files}));
        }
    }

    #[test]
    fn every_text_keeps_within_the_limit_and_nothing_is_lost() {
        let lines: String = (0..900).map(|line| format!("line {line} 🦀\n")).collect();
        for tone in [Tone::Plain, Tone::Good] {
            let post = Post { tone, ..parse(&format!("```\n{lines}```")) };
            let letter = letter(&post, LOOK);
            let mut texts = letter.messages.iter().flat_map(|message| {
                let boxed = message.attachments.iter().filter_map(|one| one["text"].as_str());
                [message.text.as_str()].into_iter().chain(boxed).collect::<Vec<_>>()
            });
            assert!(texts.all(|text| LIMIT.holds(text)));
            let all = serde_json::to_string(
                &letter.messages.iter().map(|it| (&it.text, &it.attachments)).collect::<Vec<_>>(),
            );
            let all = all.unwrap();
            assert!((0..900).all(|line| all.contains(&format!("line {line} "))), "{tone:?}");
        }
    }

    #[test]
    fn an_alias_decides_on_its_box() {
        let native = json!({"rocketchat": {"color": "danger", "alias": "Deploy", "title": "t", "emoji": 7}});
        let post = Post { native: object(native), ..parse("text") };
        let letter = letter(&post, LOOK);
        assert_eq!(
            letter.messages[0].attachments,
            [json!({"text": "text", "color": "#e01e5a", "title": "t"})]
        );
        assert_eq!(letter.messages[0].more, object(json!({"alias": "Deploy"})));
        let own = json!({"rocketchat": {"attachments": [{"text": "mine"}, "no"]}});
        let post = Post { native: object(own), ..parse("text") };
        assert_eq!(super::letter(&post, LOOK).messages[0].attachments, [json!({"text": "mine"})]);
    }
}
