//! The walker: one post in, one dialect's text out.

use super::clean::{one_line, printable};
use super::marks::{ChoiceStyle, CodeStyle, Escape, LinkStyle, Marks, Pair, TimeStyle};
use super::post::{Addressee, Block, Post, Span, Tone};
use super::{escape, table};

/// A piece of the text that can be cut at its line ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Lines as they are.
    Lines(String),
    /// Lines between two fences, which are repeated where the piece is cut.
    Fenced {
        /// The opening line.
        open: String,
        /// What is inside.
        text: String,
        /// The closing line.
        close: &'static str,
    },
}

/// A post as one text of any length, without what the service shows otherwise: its files, and its
/// choices where there are buttons.
pub fn render(post: &Post, marks: &Marks) -> String {
    let pieces = pieces(post, marks).into_iter().map(|piece| match piece {
        Piece::Lines(text) => text,
        Piece::Fenced { open, text, close } => format!("{open}\n{text}\n{close}"),
    });
    pieces.collect::<Vec<_>>().join("\n")
}

/// The same in pieces; between two is a line break.
pub(crate) fn pieces(post: &Post, marks: &Marks) -> Vec<Piece> {
    let walker = Walker { marks };
    let mut pieces: Vec<Piece> = post.pretext.iter().map(|block| walker.block(block)).collect();
    let sign = match post.tone {
        Tone::Plain | Tone::Working => "",
        Tone::Good => marks.signs[0],
        Tone::Warning => marks.signs[1],
        Tone::Bad => marks.signs[2],
    };
    if !post.title.is_empty() {
        pieces.push(Piece::Lines(walker.title(post)));
    }
    for block in &post.body {
        pieces.push(walker.block(block));
    }
    if let Some(Piece::Lines(first)) = pieces.first_mut() {
        first.insert_str(0, sign);
    }
    if let Some(to) = &post.to {
        walker.address(to, &mut pieces);
    }
    for (name, value) in &post.facts {
        let name = walker.around(marks.bold, &walker.literal(&one_line(name)));
        pieces.push(Piece::Lines(format!("{name}: {}", walker.spans(value))));
    }
    if marks.choices == ChoiceStyle::Typed {
        for choice in &post.choices {
            let typed = walker.code(&choice.typed);
            pieces.push(Piece::Lines(format!("{}{}: {typed}", marks.item, walker.literal(&choice.label))));
        }
    }
    if !post.foot.is_empty() {
        pieces.push(Piece::Lines(walker.around(marks.small, &walker.literal(&one_line(&post.foot)))));
    }
    pieces
}

struct Walker<'a> {
    marks: &'a Marks,
}

impl Walker<'_> {
    /// Begins the first line with whom it is for; a fence gets a line of its own before it.
    fn address(&self, to: &Addressee, pieces: &mut Vec<Piece>) {
        let named = match self.marks.person {
            ("", "") => format!("{}:", self.literal(&one_line(&to.name))),
            person => format!("{}:", self.around(person, &one_line(&to.id))),
        };
        match pieces.first_mut() {
            Some(Piece::Lines(first)) => first.insert_str(0, &format!("{named} ")),
            Some(Piece::Fenced { .. }) => pieces.insert(0, Piece::Lines(named)),
            None => {}
        }
    }

    fn title(&self, post: &Post) -> String {
        match &post.link {
            Some(url) => self.link(&plain(&post.title), url),
            None => self.around(self.marks.bold, &self.spans(&unbold(&post.title))),
        }
    }

    fn block(&self, block: &Block) -> Piece {
        match block {
            Block::Para(spans) => Piece::Lines(self.spans(spans)),
            Block::Code { lang, text } => self.fenced(lang, &printable(text)),
            Block::Table { head, rows } => self.fenced("", &table::align(head, rows)),
            Block::List(items) => {
                let items = items.iter().map(|item| format!("{}{}", self.marks.item, self.spans(item)));
                Piece::Lines(items.collect::<Vec<_>>().join("\n"))
            }
            Block::Quote(spans) => {
                let text = self.spans(spans);
                let lines = text.split('\n').map(|line| format!("{}{line}", self.marks.quote));
                Piece::Lines(lines.collect::<Vec<_>>().join("\n"))
            }
        }
    }

    fn fenced(&self, lang: &str, text: &str) -> Piece {
        let open = match self.marks.block {
            CodeStyle::Lines => {
                let lines = text.split('\n').map(|line| format!("{}{line}", self.marks.code_line));
                return Piece::Lines(lines.collect::<Vec<_>>().join("\n"));
            }
            CodeStyle::Fence => "```".to_owned(),
            CodeStyle::LangFence => {
                let known = lang.chars().all(|c| c.is_ascii_alphanumeric() || "+-#_.".contains(c));
                format!("```{}", if known { lang } else { "" })
            }
        };
        Piece::Fenced { open, text: escape::code_block(self.marks.escape, text), close: "```" }
    }

    fn spans(&self, spans: &[Span]) -> String {
        spans.iter().map(|span| self.span(span)).collect()
    }

    fn span(&self, span: &Span) -> String {
        match span {
            Span::Text(text) => self.literal(&printable(text)),
            Span::Bold(text) => self.around(self.marks.bold, &self.literal(&printable(text))),
            Span::Code(text) => self.code(text),
            Span::Link { label, url } => self.link(label, url),
            Span::Person(id) => self.around(self.marks.person, &one_line(id)),
            Span::Time(seconds) => self.time(*seconds),
        }
    }

    fn literal(&self, text: &str) -> String {
        escape::text(self.marks.escape, text)
    }

    fn code(&self, text: &str) -> String {
        let text = one_line(text);
        if self.marks.code.0 != "`" {
            return self.around(self.marks.code, &text);
        }
        let inside = escape::code(self.marks.escape, &text);
        match (text.contains('`'), self.marks.escape) {
            (false, _) => self.around(self.marks.code, &inside),
            (true, Escape::Markdown) => format!("`` {inside} ``"),
            (true, _) => inside,
        }
    }

    /// Emphasis ends at a line break, so each line gets its own.
    fn around(&self, marks: Pair, text: &str) -> String {
        if marks == ("", "") {
            return text.to_owned();
        }
        let lines = text.split('\n').map(|line| match line.trim().is_empty() {
            true => line.to_owned(),
            false => format!("{}{line}{}", marks.0, marks.1),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn link(&self, label: &str, url: &str) -> String {
        let (label, url) = (one_line(label), one_line(url));
        match self.marks.link {
            LinkStyle::Plain if label == url || label.is_empty() => url,
            LinkStyle::Plain => format!("{label} ({url})"),
            LinkStyle::Slack => {
                let url = escape::text(Escape::Slack, &url).replace('|', "%7C");
                format!("<{url}|{}>", self.literal(&label).replace('|', "¦"))
            }
            LinkStyle::Markdown => {
                let url = url.replace('(', "%28").replace(')', "%29").replace(' ', "%20");
                format!("[{}]({url})", self.literal(&label))
            }
        }
    }

    fn time(&self, seconds: i64) -> String {
        let utc = jiff::Timestamp::from_second(seconds)
            .map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
            .unwrap_or_else(|_| seconds.to_string());
        match self.marks.time {
            TimeStyle::Utc => utc,
            TimeStyle::Slack => format!("<!date^{seconds}^{{date_short_pretty}} {{time}}|{utc}>"),
            TimeStyle::Discord => format!("<t:{seconds}:f>"),
        }
    }
}

/// The words alone.
fn plain(spans: &[Span]) -> String {
    let words = spans.iter().map(|span| match span {
        Span::Text(text) | Span::Bold(text) | Span::Code(text) | Span::Person(text) => text.clone(),
        Span::Link { label, .. } => label.clone(),
        Span::Time(seconds) => seconds.to_string(),
    });
    words.collect()
}

/// A title is emphasised as a whole.
fn unbold(spans: &[Span]) -> Vec<Span> {
    let plain = |span: &Span| match span {
        Span::Bold(text) => Span::Text(text.clone()),
        other => other.clone(),
    };
    spans.iter().map(plain).collect()
}
