//! What a command prints, looked at while it passes: its last lines, and how many match.

use std::collections::VecDeque;

use regex::Regex;

use crate::text::clean::printable;

/// This many bytes of a line are kept; the rest passes unseen.
const WIDEST: usize = 2_000;
/// This many characters of a line are told.
const SHOWN: usize = 500;

/// Which of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// stdout.
    Out,
    /// stderr.
    Err,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Tail {
    most: usize,
    errors: Option<Regex>,
    warnings: Option<Regex>,
    lines: VecDeque<String>,
    partial: [Vec<u8>; 2],
    /// Lines that are errors.
    pub(super) error_count: u64,
    /// Lines that are warnings, and no errors.
    pub(super) warning_count: u64,
}

impl Tail {
    /// Keeps the last `most` lines.
    pub(super) fn new(most: usize, errors: Option<Regex>, warnings: Option<Regex>) -> Self {
        Self { most, errors, warnings, ..Self::default() }
    }

    /// Looks at the next bytes of a stream.
    pub(super) fn see(&mut self, stream: Stream, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let partial = &mut self.partial[stream as usize];
            let room = WIDEST.saturating_sub(partial.len()).min(text.len());
            partial.extend_from_slice(&text[..room]);
            if ends {
                self.end(stream);
            }
        }
    }

    /// A line ended, or its stream did.
    pub(super) fn end(&mut self, stream: Stream) {
        let bytes = std::mem::take(&mut self.partial[stream as usize]);
        let text = String::from_utf8_lossy(&bytes);
        // A progress bar writes over itself: its last state is the line.
        let text = text.trim_end_matches('\r');
        let text = printable(text.rsplit('\r').next().unwrap_or(text));
        let is = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(&text));
        if is(&self.errors) {
            self.error_count += 1;
        } else if is(&self.warnings) {
            self.warning_count += 1;
        }
        if self.most > 0 && !text.trim().is_empty() {
            self.lines.push_back(text.chars().take(SHOWN).collect());
            if self.lines.len() > self.most {
                self.lines.pop_front();
            }
        }
    }

    /// The last lines, of both streams as they came.
    pub(super) fn text(&mut self) -> String {
        for stream in [Stream::Out, Stream::Err] {
            if !self.partial[stream as usize].is_empty() {
                self.end(stream);
            }
        }
        self.lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_both_streams_are_kept_as_they_came() {
        let mut tail = Tail::new(3, None, None);
        tail.see(Stream::Out, b"one\ntw");
        tail.see(Stream::Err, b"oops\n");
        tail.see(Stream::Out, b"o\n\n\x1b[31mthree\x1b[0m\n10 %\r20 %\r\nlast");
        assert_eq!(tail.text(), "three\n20 %\nlast");
    }

    #[test]
    fn a_line_is_an_error_or_a_warning_but_not_both() {
        let pattern = |text| Some(Regex::new(text).unwrap());
        let mut tail = Tail::new(0, pattern("ERROR"), pattern("WARN|ERROR"));
        tail.see(Stream::Out, b"ERROR a\nWARN b\nfine\nERROR");
        assert_eq!((tail.text().as_str(), tail.error_count, tail.warning_count), ("", 2, 1));
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut tail = Tail::new(2, None, None);
        (0..100).for_each(|_| tail.see(Stream::Out, &[b'x'; 65_536]));
        assert!(tail.partial[0].capacity() < 2 * WIDEST);
        assert_eq!(tail.text().len(), SHOWN);
    }
}
