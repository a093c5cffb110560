//! From a template's text to a post: fences, `code`, **bold**, [label](url), lists and quoted lines.
//! All else is literal; nothing here makes a mention.

use super::post::{Block, Post, Span};

/// StackStorm's mark between what is said plainly and what goes into the attachment.
const DELIMITER: &str = "{~}";

/// A mark that does not close within so many bytes is none.
const FURTHEST: usize = 2048;

/// A rendered text as a post.
///
/// ````text
/// **done** in `web1`          →  Para[Bold, Text, Code]
/// - one                       →  List[[Text]]
/// > said                      →  Quote[Text]
/// ```sh                       →  Code { lang: "sh", text: "uptime" }
/// uptime
/// ```
/// ````
pub fn parse(rendered: &str) -> Post {
    Post { body: blocks(rendered), ..Post::default() }
}

/// The two parts of a StackStorm result, split at the first `{~}`. Nothing is lost: a later mark is
/// part of the attachment's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What is said plainly, before the attachment; empty without a mark.
    pub pretext: &'a str,
    /// The attachment's text; empty when the mark is the end: then all is plain.
    pub attachment: &'a str,
}

/// Splits a rendered result. Blanks and line breaks beside the mark belong to neither part.
pub fn parts(rendered: &str) -> Parts<'_> {
    match rendered.split_once(DELIMITER) {
        Some((pretext, attachment)) => Parts { pretext: pretext.trim_end(), attachment: beside(attachment) },
        None => Parts { pretext: "", attachment: rendered },
    }
}

/// Without the blanks up to the first line that says something; that line's indent stays.
fn beside(text: &str) -> &str {
    let blank = text.len() - text.trim_start().len();
    let start = text[..blank].rfind('\n').map_or(0, |at| at + 1);
    let text = &text[start..];
    if text.trim().is_empty() { "" } else { text.strip_prefix(' ').filter(|_| start == 0).unwrap_or(text) }
}

/// A rendered result as a post: the plain part is its pretext, the attachment's text its body.
pub fn result_post(rendered: &str) -> Post {
    let parts = parts(rendered);
    Post { pretext: blocks(parts.pretext), body: blocks(parts.attachment), ..Post::default() }
}

fn blocks(text: &str) -> Vec<Block> {
    let lines: Vec<&str> = text.trim_matches('\n').lines().collect();
    let mut reader = Reader { blocks: Vec::new(), open: Open::Nothing };
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some((ticks, lang)) = fence(line) else {
            reader.line(line);
            continue;
        };
        // Never closed: all that follows is code, so that nothing in it is read as marks.
        let length = lines[at..].iter().position(|line| line.trim() == ticks);
        let end = at + length.unwrap_or(lines.len() - at);
        reader.close();
        reader.blocks.push(Block::Code { lang: lang.to_owned(), text: lines[at..end].join("\n") });
        at = end + 1;
    }
    reader.close();
    reader.blocks
}

/// The ticks and the language of a line that opens a fence.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let ticks = line.len() - line.trim_start_matches('`').len();
    let lang = line[ticks..].trim();
    (ticks >= 3 && !lang.contains(['`', ' '])).then_some((&line[..ticks], lang))
}

/// What the lines so far belong to.
enum Open {
    Nothing,
    Para(String),
    List(Vec<String>),
    Quote(String),
}

struct Reader {
    blocks: Vec<Block>,
    open: Open,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let item = ["- ", "* ", "• "].iter().find_map(|mark| line.strip_prefix(mark));
        let quote = line.strip_prefix("> ");
        match (&mut self.open, item, quote) {
            _ if line.trim().is_empty() => self.blank(),
            (Open::List(items), Some(item), _) => items.push(item.to_owned()),
            (Open::Quote(text), _, Some(quote)) => add_line(text, quote),
            (Open::Para(text), None, None) => add_line(text, line),
            (_, Some(item), _) => self.start(Open::List(vec![item.to_owned()])),
            (_, _, Some(quote)) => self.start(Open::Quote(quote.to_owned())),
            _ => self.start(Open::Para(line.to_owned())),
        }
    }

    /// An empty line stays inside a paragraph, so that output keeps its shape.
    fn blank(&mut self) {
        match &mut self.open {
            Open::Para(text) => text.push('\n'),
            _ => self.close(),
        }
    }

    fn start(&mut self, open: Open) {
        self.close();
        self.open = open;
    }

    fn close(&mut self) {
        let block = match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => return,
            Open::Para(text) => Block::Para(spans(text.trim_end_matches('\n'))),
            Open::List(items) => Block::List(items.iter().map(|item| spans(item)).collect()),
            Open::Quote(text) => Block::Quote(spans(&text)),
        };
        self.blocks.push(block);
    }
}

fn add_line(text: &mut String, line: &str) {
    text.push('\n');
    text.push_str(line);
}

/// A sentence of the bot itself, in which nothing but `code` is marked: names that others chose may stand in it.
pub fn ticked(sentence: &str) -> Vec<Span> {
    let (mut spans, mut rest) = (Vec::new(), sentence);
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, left)) = after.split_once('`') else { break };
        if !before.is_empty() {
            spans.push(Span::Text(before.to_owned()));
        }
        spans.push(if code.is_empty() { Span::Text("``".to_owned()) } else { Span::Code(code.to_owned()) });
        rest = left;
    }
    if !rest.is_empty() {
        spans.push(Span::Text(rest.to_owned()));
    }
    spans
}

/// Marks inside a text; each must close on its line.
pub(crate) fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match marked(rest, literal.chars().next_back()) {
            Some((span, after)) => {
                if !literal.is_empty() {
                    spans.push(Span::Text(std::mem::take(&mut literal)));
                }
                spans.push(span);
                rest = after;
            }
            None => {
                literal.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if !literal.is_empty() {
        spans.push(Span::Text(literal));
    }
    spans
}

/// The span that begins here, and what is after it. `before` is the character in front.
fn marked(text: &str, before: Option<char>) -> Option<(Span, &str)> {
    if !text.starts_with(['`', '*', '[']) {
        return None;
    }
    let (span, length) = mark_in(window(text), before)?;
    Some((span, &text[length..]))
}

/// The rest of the line, as far as a mark is looked for: a hostile text must not cost its square.
fn window(text: &str) -> &str {
    let mut end = text.len().min(FURTHEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    text.find('\n').map_or(text, |end| &text[..end])
}

/// The span at the start of `text`, and how many bytes it takes.
fn mark_in(text: &str, before: Option<char>) -> Option<(Span, usize)> {
    let (span, after) = span_in(text, before)?;
    Some((span, text.len() - after.len()))
}

fn span_in(text: &str, before: Option<char>) -> Option<(Span, &str)> {
    match text.as_bytes() {
        [b'`', ..] if before != Some('`') => {
            let (code, after) = text[1..].split_once('`')?;
            let sound = !code.is_empty() && !code.contains('\n') && !after.starts_with('`');
            sound.then(|| (Span::Code(code.to_owned()), after))
        }
        [b'*', b'*', ..] if before.is_none_or(|c| !c.is_alphanumeric() && c != '*') => {
            let (bold, after) = text[2..].split_once("**")?;
            let sound = bold.trim() == bold && !bold.is_empty() && !bold.contains(['\n', '*', '`']);
            sound.then(|| (Span::Bold(bold.to_owned()), after))
        }
        [b'[', ..] => {
            let (label, after) = text[1..].split_once("](")?;
            let (url, after) = after.split_once(')')?;
            let sound = !label.is_empty() && !label.contains(['\n', '[', ']']) && is_url(url);
            sound.then(|| (Span::Link { label: label.to_owned(), url: url.to_owned() }, after))
        }
        _ => None,
    }
}

/// Addresses that a link may lead to: the web and mail, with nothing that could end the mark early.
fn is_url(url: &str) -> bool {
    let known = ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
    known && !url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>|\"`".contains(c))
}
