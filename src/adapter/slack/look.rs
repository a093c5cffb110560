//! How a post looks on Slack. Talk (acknowledgements, lists) is plain text; whatever went well or badly, and whatever
//! has buttons, is a coloured box with the words of address above it, because a mention inside a box pings nobody.
//! Limits: docs.slack.dev/reference/block-kit/blocks/section-block, `reference/methods/chat.postMessage`.

use serde_json::{Value, json};
use slack_morphism::blocks::{SlackBlock, SlackBlockMarkDownText, SlackBlockText, SlackSectionBlock};

use super::{buttons, links, native};
use crate::text::marks::{PLAIN, SLACK};
use crate::text::{Block, File, Limit, Post, Span, Tone, Unit, pages, pages_up_to, render};

/// Slack cuts a section at this many characters.
pub(super) const SECTION: usize = 3000;
/// Slack advises to keep a text below this many characters.
pub(super) const TEXT: usize = 4000;
/// What a phone shows of a message that is a box.
const FALLBACK: usize = 300;

/// Messages as Slack takes them, in order, and the files behind them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Look {
    /// `text`, `attachments` and what an alias asks for; without a channel.
    pub(super) messages: Vec<Value>,
    /// Files.
    pub(super) files: Vec<File>,
}

/// A post as Slack takes it.
pub(super) fn look(post: &Post) -> Look {
    let wish = native::wish(post);
    let boxed = wish.is_some()
        || !post.choices.is_empty()
        || matches!(post.tone, Tone::Good | Tone::Warning | Tone::Bad);
    let mut files = post.files.clone();
    let messages = match wish {
        Some(native::Wish::Whole(message)) => native::whole(message, lead(post), post),
        wish if boxed => {
            let body = Post { to: None, pretext: Vec::new(), ..post.clone() };
            let pages = pages(&body, &SLACK, limit(SECTION));
            files.extend(pages.file);
            let boxes = boxes(post, pages.parts, wish.as_ref().and_then(native::Wish::keys));
            under(lead(post), boxes)
        }
        _ => {
            let pages = pages(post, &SLACK, limit(TEXT));
            files.extend(pages.file);
            pages.parts.into_iter().map(|text| json!({"text": text})).collect()
        }
    };
    Look { messages, files }
}

/// The messages that show a file where Slack takes none.
pub(super) fn in_words(file: &File) -> Vec<Value> {
    let body = vec![
        Block::Para(vec![Span::Bold(file.name.clone())]),
        Block::Code { lang: String::new(), text: words_of(file) },
    ];
    let parts = pages_up_to(&Post { body, ..Post::default() }, &SLACK, limit(TEXT), usize::MAX).parts;
    parts.into_iter().map(|text| json!({"text": text})).collect()
}

/// What a file says, or how large it is.
fn words_of(file: &File) -> String {
    match file.bytes() {
        0 => file.text.trim_end().to_owned(),
        bytes => format!("a file of {bytes} bytes"),
    }
}

/// The colour of a tone: what an alias asks for, or how it went.
pub(super) fn colour(post: &Post) -> Option<String> {
    let asked = post.native.get("color").and_then(Value::as_str);
    match post.tone {
        Tone::Plain => asked.map(str::to_owned),
        tone => Some(asked.map_or_else(|| tone.hex(), str::to_owned)),
    }
}

fn limit(most: usize) -> Limit {
    Limit { most, unit: Unit::Utf16 }
}

/// Whom a post is for, and what is said plainly before its box.
fn lead(post: &Post) -> Vec<String> {
    let mut pretext = post.pretext.clone();
    if pretext.is_empty() && post.to.is_some() {
        pretext.push(Block::Para(Vec::new()));
    }
    let lead = Post { to: post.to.clone(), pretext, ..Post::default() };
    let parts = pages_up_to(&lead, &SLACK, limit(TEXT), usize::MAX).parts;
    parts.into_iter().map(|part| part.trim_end().to_owned()).collect()
}

/// One list of attachments for each page; the buttons stand under the last.
fn boxes(post: &Post, mut parts: Vec<String>, keys: Option<&serde_json::Map<String, Value>>) -> Vec<Value> {
    if parts.is_empty() && (!post.choices.is_empty() || keys.is_some()) {
        parts.push(String::new());
    }
    let last = parts.len().saturating_sub(1);
    let one = |(number, part): (usize, String)| {
        let rows = if number == last { buttons::rows(&post.choices) } else { Vec::new() };
        match keys.filter(|_| number == 0) {
            Some(keys) => native::merged(post, &part, keys, &rows),
            None => json!([blocks(post, &part, rows)]),
        }
    };
    parts.into_iter().enumerate().map(one).collect()
}

/// A box of one section and buttons.
fn blocks(post: &Post, part: &str, rows: Vec<SlackBlock>) -> Value {
    let mut blocks = Vec::new();
    if !part.trim().is_empty() {
        // Literal text stays literal (`verbatim`), and nobody has to click to see the end (`expand`).
        let linked = Some(links::link_up(part)).filter(|linked| limit(SECTION).holds(linked));
        let text = SlackBlockMarkDownText::new(linked.unwrap_or_else(|| part.to_owned())).with_verbatim(true);
        let text = SlackBlockText::MarkDown(text);
        blocks.push(SlackSectionBlock::new().with_text(text).with_expand(true).into());
    }
    blocks.extend(rows);
    let mut attachment = json!({"fallback": fallback(post), "blocks": blocks});
    if let Some(colour) = colour(post) {
        attachment["color"] = json!(colour);
    }
    attachment
}

/// What is shown where boxes are not; nothing in it is markup.
pub(super) fn fallback(post: &Post) -> String {
    let whole = render(&Post { to: None, choices: Vec::new(), ..post.clone() }, &PLAIN);
    let line = whole.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = match line.char_indices().nth(FALLBACK) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    };
    short.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The words first; the last of them and the first box are one message.
fn under(lead: Vec<String>, boxes: Vec<Value>) -> Vec<Value> {
    let mut messages: Vec<Value> = lead.into_iter().map(|text| json!({"text": text})).collect();
    let mut boxes = boxes.into_iter();
    if let Some(last) = messages.last_mut()
        && let Some(first) = boxes.next()
    {
        last["attachments"] = first;
    }
    messages.extend(boxes.map(|attachments| json!({"attachments": attachments})));
    messages
}

#[cfg(test)]
#[path = "look_tests.rs"]
mod tests;
