//! A command as typed, read once for all formats that may match it.

use std::borrow::Cow;

use super::tail::{self, Pair};

/// The trimmed text and the pairs at its end.
#[derive(Debug)]
pub(super) struct Command<'t> {
    text: &'t str,
    pairs: Vec<Pair<'t>>,
    /// The text without all of its pairs, and the whole text, with the blank on each side that formats may use.
    bare: String,
    whole: String,
}

impl<'t> Command<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let text = text.trim();
        let pairs = tail::pairs(text);
        let whole = pad(text);
        let bare = pairs.first().map_or_else(String::new, |first| pad(&text[..first.start]));
        Self { text, pairs, bare, whole }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn pairs(&self) -> &[Pair<'t>] {
        &self.pairs
    }

    /// The first of the pairs that count: the unbroken run at the end whose names are all known.
    pub(super) fn cut(&self, known: impl Fn(&str) -> bool) -> usize {
        self.pairs.iter().rposition(|pair| !known(pair.key)).map_or(0, |unknown| unknown + 1)
    }

    /// The text without the pairs from `cut` on, with a blank on each side.
    pub(super) fn padded(&self, cut: usize) -> Cow<'_, str> {
        match self.pairs.get(cut) {
            None => Cow::Borrowed(&self.whole),
            Some(_) if cut == 0 => Cow::Borrowed(&self.bare),
            Some(pair) => Cow::Owned(pad(&self.text[..pair.start])),
        }
    }
}

fn pad(text: &str) -> String {
    let text = text.trim();
    let mut padded = String::with_capacity(text.len() + 2);
    padded.push(' ');
    padded.push_str(text);
    padded.push(' ');
    padded
}
