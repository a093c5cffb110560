//! One line of a room.

use std::sync::{Arc, OnceLock};

use super::Speaker;
use crate::adapter::Sign;
use crate::model::Timestamp;
use crate::text::{Block, Post, Span};

/// What a line says.
#[derive(Debug, Clone)]
pub enum Said {
    /// A person's words, as typed.
    Typed(Arc<str>),
    /// The bot's.
    Post(Arc<Post>),
}

/// One line, as it stands now. A later state of it is another value with the same id.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its id, larger than that of every earlier line.
    pub id: i64,
    /// When it was said first.
    pub at: Timestamp,
    /// Who said it; `None` for the bot.
    pub who: Option<Speaker>,
    /// What it says.
    pub said: Said,
    /// The bot's sign on a person's line.
    pub sign: Option<Sign>,
    /// The only person who sees it.
    pub only: Option<Arc<str>>,
    /// How often it was changed.
    pub edits: u32,
    /// The identity of the message, for a person's line.
    pub(super) key: Arc<str>,
    shown: OnceLock<Arc<str>>,
}

impl Line {
    /// A line that nobody has seen yet.
    pub(super) fn new(id: i64, at: Timestamp, said: Said) -> Self {
        let key = Arc::default();
        Self { id, at, who: None, said, sign: None, only: None, edits: 0, key, shown: OnceLock::new() }
    }

    /// The same line in another state.
    pub(super) fn again(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut line = Self { shown: OnceLock::new(), ..self.clone() };
        change(&mut line);
        line
    }

    /// How it is shown: `render` is asked once, whoever looks.
    pub fn shown(&self, render: impl FnOnce(&Self) -> String) -> Arc<str> {
        self.shown.get_or_init(|| render(self).into()).clone()
    }

    /// Whether `person` may see it.
    pub fn is_for(&self, person: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == person)
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        let said = match &self.said {
            Said::Typed(text) => text.len(),
            Said::Post(post) => {
                let blocks = post.pretext.iter().chain(&post.body).map(block);
                let files = post.files.iter().map(|file| file.text.len() + file.data.len());
                blocks.chain(files).sum()
            }
        };
        said + 512
    }
}

fn block(block: &Block) -> usize {
    match block {
        Block::Para(spans) | Block::Quote(spans) => spans.iter().map(span).sum(),
        Block::Code { text, .. } => text.len(),
        Block::List(items) => items.iter().flatten().map(span).sum(),
        Block::Table { head, rows } => head.iter().chain(rows.iter().flatten()).map(String::len).sum(),
    }
}

fn span(span: &Span) -> usize {
    match span {
        Span::Text(text) | Span::Bold(text) | Span::Code(text) | Span::Person(text) => text.len(),
        Span::Link { label, url } => label.len() + url.len(),
        Span::Time(_) => 8,
    }
}
