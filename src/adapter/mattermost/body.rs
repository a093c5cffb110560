//! From a post to Mattermost's messages: Markdown, with what went well or badly in a coloured attachment
//! (developers.mattermost.com/integrate/reference/message-attachments).

use serde_json::{Map, Value, json};

use crate::text::clean::one_line;
use crate::text::colour::as_slack_reads;
use crate::text::marks::{ChoiceStyle, MARKDOWN, Marks, PLAIN};
use crate::text::{Addressee, Block, Choice, File, Limit, Post, Span, Tone, Unit, pages, render};

/// What an alias may set of an attachment, by `extra.mattermost`.
const KEYS: &[&str] = &[
    "fallback",
    "color",
    "pretext",
    "text",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "fields",
    "image_url",
    "thumb_url",
    "footer",
    "footer_icon",
];
/// Characters of the text that notifications show instead of an attachment.
const FALLBACK: usize = 150;
/// Ends the small print of a text that goes on in a file.
const IN_FILE: &str = "the whole text is in the file";

/// One message.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Body {
    /// Its text.
    pub(super) text: String,
    /// Its attachments.
    pub(super) attachments: Vec<Value>,
}

/// Makes the button of a choice, the how manieth it is.
pub(super) type Button<'a> = &'a (dyn Fn(usize, &Choice) -> Value + Sync);

/// How messages are made.
pub(super) struct Style<'a> {
    /// The longest text.
    pub(super) longest: usize,
    /// The name of who is addressed.
    pub(super) to: Option<String>,
    /// Without it choices are typed.
    pub(super) button: Option<Button<'a>>,
}

impl Body {
    /// The JSON of a new post, or of an edit, which would keep old attachments otherwise.
    pub(super) fn json(&self) -> Value {
        json!({"message": self.text, "props": {"attachments": self.attachments}})
    }
}

/// The messages of a post, and the files that go with the last. Names of people stand in the post already.
pub(super) fn bodies(post: &Post, style: &Style<'_>) -> (Vec<Body>, Vec<File>) {
    let native = post.native.get("mattermost").and_then(Value::as_object);
    if let Some(own) = native.and_then(|native| own(post, native, style)) {
        return (vec![own], post.files.clone());
    }
    let boxed = matches!(post.tone, Tone::Good | Tone::Warning | Tone::Bad)
        || !post.facts.is_empty()
        || native.is_some()
        || (style.button.is_some() && !post.choices.is_empty());
    if boxed { in_box(post, native, style) } else { bare(post, style) }
}

fn limit(style: &Style<'_>) -> Limit {
    Limit { most: style.longest, unit: Unit::Chars }
}

fn marks(style: &Style<'_>) -> Marks {
    let choices = if style.button.is_some() { ChoiceStyle::Buttons } else { ChoiceStyle::Typed };
    Marks { choices, ..MARKDOWN }
}

/// Plain text.
fn bare(post: &Post, style: &Style<'_>) -> (Vec<Body>, Vec<File>) {
    let to = style.to.as_ref().map(|name| Addressee { id: name.clone(), name: name.clone() });
    let pages = pages(&Post { to, ..post.clone() }, &marks(style), limit(style));
    let mut bodies: Vec<_> =
        pages.parts.into_iter().map(|text| Body { text, attachments: Vec::new() }).collect();
    if pages.file.is_some()
        && let Some(first) = bodies.first_mut()
    {
        append(&mut first.text, &format!("_{IN_FILE}_"), limit(style));
    }
    (bodies, post.files.iter().cloned().chain(pages.file).collect())
}

/// Adds a line where there is room for it.
fn append(text: &mut String, line: &str, limit: Limit) {
    let longer = format!("{text}\n{line}");
    if limit.holds(&longer) {
        *text = longer;
    }
}

/// In a coloured box: title, text, facts, small print and buttons have places of their own there.
fn in_box(post: &Post, native: Option<&Map<String, Value>>, style: &Style<'_>) -> (Vec<Body>, Vec<File>) {
    let typed = if style.button.is_some() { Vec::new() } else { post.choices.clone() };
    let inner = Post { body: post.body.clone(), choices: typed, ..Post::default() };
    let pages = pages(&inner, &marks(style), limit(style));
    let mut texts = pages.parts;
    if texts.is_empty() {
        texts.push(String::new());
    }
    let last = texts.len() - 1;
    let boxes = texts.into_iter().enumerate().map(|(index, text)| {
        let mut one = Map::new();
        one.insert("fallback".to_owned(), json!(fallback(post)));
        one.insert("color".to_owned(), json!(post.tone.hex()));
        if index == 0 {
            title(post, &mut one);
        }
        one.insert("text".to_owned(), json!(text));
        if index == last {
            ending(post, pages.file.is_some(), style, &mut one);
        }
        merge(native, index == 0, &mut one);
        let text = if index == 0 { head(post, style) } else { String::new() };
        Body { text, attachments: vec![Value::Object(one)] }
    });
    let bodies = boxes.collect();
    (bodies, post.files.iter().cloned().chain(pages.file).collect())
}

/// What stands outside of the box: whom it is for, and what is said before.
fn head(post: &Post, style: &Style<'_>) -> String {
    let before = Post { body: post.pretext.clone(), ..Post::default() };
    let before = render(&before, &marks(style));
    match (&style.to, before.is_empty()) {
        (Some(name), true) => format!("@{name}:"),
        (Some(name), false) => format!("@{name}: {before}"),
        (None, _) => before,
    }
}

fn title(post: &Post, one: &mut Map<String, Value>) {
    if post.title.is_empty() {
        return;
    }
    let words = Post { body: vec![Block::Para(post.title.clone())], ..Post::default() };
    one.insert("title".to_owned(), json!(render(&words, &MARKDOWN)));
    if let Some(link) = &post.link {
        one.insert("title_link".to_owned(), json!(link));
    }
}

/// Facts, small print, buttons.
fn ending(post: &Post, in_file: bool, style: &Style<'_>, one: &mut Map<String, Value>) {
    let field = |(name, value): &(String, Vec<Span>)| {
        let value = Post { body: vec![Block::Para(value.clone())], ..Post::default() };
        let value = render(&value, &MARKDOWN);
        json!({"title": one_line(name), "short": value.chars().count() <= 40, "value": value})
    };
    if !post.facts.is_empty() {
        one.insert("fields".to_owned(), post.facts.iter().map(field).collect());
    }
    let foot = match (post.foot.is_empty(), in_file) {
        (false, true) => format!("{} · {IN_FILE}", one_line(&post.foot)),
        (false, false) => one_line(&post.foot),
        (true, true) => IN_FILE.to_owned(),
        (true, false) => String::new(),
    };
    if !foot.is_empty() {
        one.insert("footer".to_owned(), json!(foot));
    }
    if let Some(button) = style.button.filter(|_| !post.choices.is_empty()) {
        let buttons = post.choices.iter().enumerate().map(|(index, choice)| button(index, choice));
        one.insert("actions".to_owned(), buttons.collect());
    }
}

/// What an alias asks for comes last; its colour counts for every part.
fn merge(native: Option<&Map<String, Value>>, first: bool, one: &mut Map<String, Value>) {
    for (key, value) in native.into_iter().flatten().filter(|(key, _)| KEYS.contains(&key.as_str())) {
        let value = if key == "color" {
            value.as_str().map_or_else(|| value.clone(), |text| json!(as_slack_reads(text)))
        } else {
            value.clone()
        };
        if first || key == "color" {
            one.insert(key.clone(), value);
        }
    }
}

/// `extra.mattermost` with attachments of its own: they are the message.
fn own(post: &Post, native: &Map<String, Value>, style: &Style<'_>) -> Option<Body> {
    let attachments = native.get("attachments")?.as_array()?;
    let known = attachments.iter().filter_map(Value::as_object).map(|one| {
        let mut kept = Map::new();
        merge(Some(one), true, &mut kept);
        Value::Object(kept)
    });
    let before = match native.get("text").and_then(Value::as_str) {
        Some(text) => {
            Post { pretext: vec![Block::Para(vec![Span::Text(text.to_owned())])], ..Post::default() }
        }
        None => post.clone(),
    };
    Some(Body { text: head(&before, style), attachments: known.collect() })
}

/// What notifications show.
fn fallback(post: &Post) -> String {
    let words = |body: Vec<Block>| render(&Post { body, ..Post::default() }, &PLAIN);
    let title = words(vec![Block::Para(post.title.clone())]);
    let words = if title.is_empty() { words(post.body.clone()) } else { title };
    one_line(&words).chars().take(FALLBACK).collect()
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
