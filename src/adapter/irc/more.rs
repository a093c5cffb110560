//! What is left of long answers, until somebody says `more`.

use std::collections::VecDeque;

/// Places whose rest is kept; the one longest untouched is forgotten.
const PLACES: usize = 64;
/// Lines that are kept for one place.
const LINES: usize = 10_000;

/// The rests of long answers, by place; the latest answer of a place is read first.
#[derive(Debug, Default)]
pub(super) struct More {
    places: VecDeque<Rest>,
}

#[derive(Debug)]
struct Rest {
    place: String,
    lines: VecDeque<String>,
}

impl More {
    /// Keeps lines of `place`, before what is kept of it already; gives how many are kept now.
    pub(super) fn keep(&mut self, place: &str, lines: Vec<String>) -> usize {
        let mut rest =
            self.remove(place).unwrap_or_else(|| Rest { place: place.to_owned(), lines: VecDeque::new() });
        for line in lines.into_iter().rev() {
            rest.lines.push_front(line);
        }
        rest.lines.truncate(LINES);
        let kept = rest.lines.len();
        self.places.push_back(rest);
        if self.places.len() > PLACES {
            self.places.pop_front();
        }
        kept
    }

    /// Takes the next lines of `place`; gives them and how many are left.
    pub(super) fn take(&mut self, place: &str, most: usize) -> Option<(Vec<String>, usize)> {
        let mut rest = self.remove(place)?;
        let lines: Vec<_> = rest.lines.drain(..most.min(rest.lines.len())).collect();
        let left = rest.lines.len();
        if left > 0 {
            self.places.push_back(rest);
        }
        Some((lines, left))
    }

    fn remove(&mut self, place: &str) -> Option<Rest> {
        let at = self.places.iter().position(|rest| rest.place == place)?;
        self.places.remove(at)
    }
}

/// The line that ends a part of a long answer.
pub(super) fn footer(left: usize) -> String {
    let lines = if left == 1 { "line" } else { "lines" };
    format!("(… {left} more {lines}: say \"more\")")
}

/// Whether a message asks for more: `more`, with a prefix sign or the bot's name before it.
pub(super) fn is_request(text: &str, names: &[&str]) -> bool {
    let text = text.trim().to_lowercase();
    let bare = text.trim_start_matches(|c: char| c.is_ascii_punctuation());
    if bare == "more" {
        return true;
    }
    names.iter().any(|name| {
        let rest = bare.strip_prefix(&name.to_lowercase()).unwrap_or_default();
        rest.starts_with([':', ',', ' ']) && rest.trim_start_matches([':', ',', ' ', '!']) == "more"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|number| number.to_string()).collect()
    }

    #[test]
    fn the_rest_is_read_in_parts() {
        let mut more = More::default();
        assert_eq!(more.keep("#a", numbers(0..5)), 5);
        assert_eq!(more.take("#a", 3), Some((numbers(0..3), 2)));
        more.keep("#a", numbers(7..8));
        assert_eq!(more.take("#a", 1), Some((numbers(7..8), 2)));
        assert_eq!(more.take("#a", 9), Some((numbers(3..5), 0)));
        assert_eq!(more.take("#a", 9), None);
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut more = More::default();
        for place in 0..1000 {
            more.keep(&place.to_string(), numbers(0..1));
        }
        assert_eq!(more.places.len(), PLACES);
        assert_eq!(more.keep("#a", numbers(0..LINES + 5)), LINES);
    }

    #[test]
    fn more_is_asked_for_in_several_ways() {
        for text in ["more", "!more", " More ", "bot: more", "bot, !more", "@bot more"] {
            assert!(is_request(text, &["bot"]), "{text}");
        }
        for text in ["more beer", "some more", "bot", "alice: more", "botmore"] {
            assert!(!is_request(text, &["bot"]), "{text}");
        }
    }
}
