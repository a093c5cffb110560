//! What is left of long answers, until somebody says `more`.

use std::collections::VecDeque;

/// Places whose rest is kept; the one longest untouched is forgotten.
const PLACES: usize = 64;
/// Lines that are kept for one place.
const LINES: usize = 10_000;

/// The rests of long answers, by place; the latest answer of a place is read first, then the one before it.
#[derive(Debug, Default)]
pub(super) struct More {
    places: VecDeque<Rest>,
}

#[derive(Debug)]
struct Rest {
    place: String,
    /// What is left of each answer, the latest first; none is empty.
    answers: VecDeque<VecDeque<String>>,
}

impl Rest {
    /// Forgets the ends of the oldest answers past the bound.
    fn truncate(&mut self) {
        let mut room = LINES;
        for answer in &mut self.answers {
            answer.truncate(room);
            room -= answer.len();
        }
        self.answers.retain(|answer| !answer.is_empty());
    }
}

impl More {
    /// Keeps what is left of an answer in `place`, before what is kept of earlier ones.
    pub(super) fn keep(&mut self, place: &str, lines: Vec<String>) {
        let empty = || Rest { place: place.to_owned(), answers: VecDeque::new() };
        let mut rest = self.remove(place).unwrap_or_else(empty);
        rest.answers.push_front(lines.into());
        rest.truncate();
        self.places.push_back(rest);
        if self.places.len() > PLACES {
            self.places.pop_front();
        }
    }

    /// Takes the next lines of the latest answer in `place`; gives them and how many are left of that answer.
    pub(super) fn take(&mut self, place: &str, most: usize) -> Option<(Vec<String>, usize)> {
        let mut rest = self.remove(place)?;
        let answer = rest.answers.front_mut()?;
        let lines: Vec<_> = answer.drain(..most.min(answer.len())).collect();
        let left = answer.len();
        if left == 0 {
            rest.answers.pop_front();
        }
        if !rest.answers.is_empty() {
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
        more.keep("#a", numbers(0..5));
        assert_eq!(more.take("#a", 3), Some((numbers(0..3), 2)));
        more.keep("#a", numbers(7..9));
        assert_eq!(more.take("#a", 1), Some((numbers(7..8), 1)), "of the latest answer alone");
        assert_eq!(more.take("#a", 9), Some((numbers(8..9), 0)));
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
        more.keep("#a", numbers(0..5));
        more.keep("#a", numbers(0..LINES - 2));
        assert_eq!(more.take("#a", LINES).map(|(lines, left)| (lines.len(), left)), Some((LINES - 2, 0)));
        assert_eq!(more.take("#a", LINES), Some((numbers(0..2), 0)));
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
