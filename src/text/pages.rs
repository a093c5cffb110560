//! Long posts in parts that a service takes: cut at line ends, fences closed and opened again, nothing lost.

use super::limit::Limit;
use super::marks::{Marks, PLAIN};
use super::post::{File, Post};
use super::render::{Piece, pieces, render};

/// More parts than this become the first part and a file.
pub const MOST_PARTS: usize = 5;

/// The least room a part must leave for text beside the fences, in the limit's unit.
const LEAST: usize = 16;

/// A post as the service takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// One message each, in order; none of them longer than the limit.
    pub parts: Vec<String>,
    /// The whole text, when there were too many parts: then `parts` has the first alone.
    pub file: Option<File>,
}

/// Cuts a post into at most [`MOST_PARTS`] parts.
pub fn pages(post: &Post, marks: &Marks, limit: Limit) -> Pages {
    pages_up_to(post, marks, limit, MOST_PARTS)
}

/// Cuts a post into at most `most` parts.
pub fn pages_up_to(post: &Post, marks: &Marks, limit: Limit, most: usize) -> Pages {
    let mut parts = cut(&pieces(post, marks), limit);
    if parts.len() <= most {
        return Pages { parts, file: None };
    }
    parts.truncate(1);
    let file = File { name: "output.txt".to_owned(), text: render(post, &PLAIN), ..File::default() };
    Pages { parts, file: Some(file) }
}

/// Cuts a plain text into parts, at line ends where there are any.
pub fn split(text: &str, limit: Limit) -> Vec<String> {
    cut(&[Piece::Lines(text.to_owned())], limit)
}

fn cut(pieces: &[Piece], limit: Limit) -> Vec<String> {
    let mut cutter = Cutter { limit, parts: Vec::new(), part: None, used: 0 };
    for piece in pieces {
        match piece {
            Piece::Lines(text) => text.split('\n').for_each(|line| cutter.line(line, None)),
            Piece::Fenced { open, text, close } => cutter.fenced(open, text, close),
        }
    }
    cutter.finish();
    cutter.parts
}

/// An open fence.
type Fence<'a> = (&'a str, &'a str);

struct Cutter {
    limit: Limit,
    parts: Vec<String>,
    /// The part under way; a part may be an empty line.
    part: Option<String>,
    used: usize,
}

impl Cutter {
    fn count(&self, text: &str) -> usize {
        self.limit.unit.count(text)
    }

    /// Whether a further line fits, with `after` behind it.
    fn fits(&self, line: &str, after: usize) -> bool {
        let between = usize::from(self.part.is_some());
        self.used + between + self.count(line) + after <= self.limit.most
    }

    fn push(&mut self, line: &str) {
        let length = self.count(line);
        match &mut self.part {
            Some(part) => {
                part.push('\n');
                part.push_str(line);
                self.used += 1 + length;
            }
            None => {
                self.part = Some(line.to_owned());
                self.used = length;
            }
        }
    }

    fn finish(&mut self) {
        self.used = 0;
        // A service refuses a message of blanks.
        self.parts.extend(self.part.take().filter(|part| !part.trim().is_empty()));
    }

    fn fenced(&mut self, open: &str, text: &str, close: &str) {
        let marks = self.count(open) + self.count(close) + 2;
        if marks + LEAST > self.limit.most {
            return text.split('\n').for_each(|line| self.line(line, None));
        }
        let first = text.split('\n').next().unwrap_or_default();
        let start = self.count(open) + 1 + self.count(first).min(LEAST) + 1 + self.count(close);
        if !self.fits("", start) {
            self.finish();
        }
        self.push(open);
        text.split('\n').for_each(|line| self.line(line, Some((open, close))));
        self.push(close);
    }

    /// Adds a line; cuts it where even an empty part would not hold it.
    fn line(&mut self, line: &str, fence: Option<Fence<'_>>) {
        let after = fence.map_or(0, |(_, close)| 1 + self.count(close));
        if self.fits(line, after) {
            return self.push(line);
        }
        let before = fence.map_or(0, |(open, _)| self.count(open) + 1);
        let mut rest = line;
        if self.part.is_some() {
            self.next_part(fence);
        }
        let room = self.limit.most.saturating_sub(before + after).max(1);
        while self.count(rest) > room {
            let at = self.place_to_cut(rest, room);
            self.push(&rest[..at]);
            self.next_part(fence);
            rest = &rest[at..];
        }
        self.push(rest);
    }

    fn next_part(&mut self, fence: Option<Fence<'_>>) {
        if let Some((_, close)) = fence {
            self.push(close);
        }
        self.finish();
        if let Some((open, _)) = fence {
            self.push(open);
        }
    }

    /// Where to cut a line that is too long: after the last blank of its second half, else anywhere.
    fn place_to_cut(&self, line: &str, room: usize) -> usize {
        let mut used = 0;
        let mut blank = None;
        for (at, c) in line.char_indices() {
            used += self.limit.unit.of(c);
            if used > room {
                let first = line.chars().next().map_or(0, char::len_utf8);
                return blank.unwrap_or(at.max(first));
            }
            if c == ' ' && used * 2 > room {
                blank = Some(at + 1);
            }
        }
        line.len()
    }
}
