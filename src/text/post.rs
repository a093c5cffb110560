//! One message of the bot, before any service's markup.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::parse::ticked;

/// How a post is meant: chooses a colour or a sign where the service has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Plain,
    /// Something is under way.
    Working,
    /// It went well.
    Good,
    /// It went well, but.
    Warning,
    /// It failed or was refused.
    Bad,
}

/// A message of the bot. Each service's dialect renders it; nothing in it is markup already.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Post {
    /// Whom it answers, in a room with others: each dialect addresses that person in its own way.
    pub to: Option<Addressee>,
    /// How it is meant.
    pub tone: Tone,
    /// What is said plainly before the rest, outside of any box: StackStorm's text before `{~}`.
    pub pretext: Vec<Block>,
    /// Its first line.
    pub title: Vec<Span>,
    /// Where the title leads.
    pub link: Option<String>,
    /// The text.
    pub body: Vec<Block>,
    /// Short named values.
    pub facts: Vec<(String, Vec<Span>)>,
    /// The small print.
    pub foot: String,
    /// What the reader may answer.
    pub choices: Vec<Choice>,
    /// What goes beside it as files.
    pub files: Vec<File>,
    /// For the one who asked only, where the service can whisper.
    pub private: bool,
    /// What an alias asks of one service: the values of StackStorm's `extra`, such as `slack` -> `{"color": ...}`.
    pub native: Map<String, Value>,
}

/// Somebody whom a post is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// The stable id on the service.
    pub id: String,
    /// How the service shows that person.
    pub name: String,
}

/// A paragraph-like piece of a post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// Running text; line breaks inside it stay.
    Para(Vec<Span>),
    /// Text in a fixed-width face, as it is.
    Code {
        /// The language, or empty.
        lang: String,
        /// The text, line breaks included, none at the end.
        text: String,
    },
    /// Items.
    List(Vec<Vec<Span>>),
    /// Rows under a head; dialects without tables align it in code.
    Table {
        /// The column names.
        head: Vec<String>,
        /// The cells, row by row.
        rows: Vec<Vec<String>>,
    },
    /// Somebody else's words.
    Quote(Vec<Span>),
}

/// A run of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// Literal text; a `@channel` in it must not ping anyone.
    Text(String),
    /// Emphasised.
    Bold(String),
    /// In a fixed-width face.
    Code(String),
    /// A link.
    Link {
        /// What is shown.
        label: String,
        /// Where it leads.
        url: String,
    },
    /// A mention of a person, by the stable id on the service where the post goes.
    Person(String),
    /// A point in time, seconds since 1970, shown in the reader's zone where the service can.
    Time(i64),
}

/// Something the reader may answer: a button, or a typed reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What the service sends back on a press.
    pub nonce: String,
    /// What the button says.
    pub label: String,
    /// What to type where there are no buttons.
    pub typed: String,
}

/// A file beside a post: text, or other bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its bytes in base64, where it is no text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub data: String,
}

impl File {
    /// How many bytes it has where it is no text, else none.
    pub fn bytes(&self) -> usize {
        let padding = self.data.bytes().rev().take_while(|byte| *byte == b'=').count();
        (self.data.len() / 4 * 3).saturating_sub(padding)
    }
}

impl Post {
    /// A post of one plain sentence.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { body: vec![Block::Para(vec![Span::Text(text.into())])], ..Self::default() }
    }

    /// A post of one sentence of the bot's own; what stands in backticks is shown as code.
    pub fn said(sentence: &str) -> Self {
        Self { body: vec![Block::Para(ticked(sentence))], ..Self::default() }
    }

    /// The same with another tone.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// The same for the asker's eyes only, where the service can whisper.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.pretext.is_empty()
            && self.title.is_empty()
            && self.body.is_empty()
            && self.facts.is_empty()
            && self.foot.is_empty()
            && self.choices.is_empty()
            && self.files.is_empty()
            && self.native.is_empty()
    }
}
