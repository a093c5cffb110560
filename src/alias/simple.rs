//! Matches formats that are only text and slots, without a regular expression: nothing to compile, and time linear
//! in the text. It gives the very spans that the regular expression of `write.rs` would.

use super::engine::Spans;
use super::node::{Branches, Node};
use super::placeholder::Gap;
use super::write::{Fold, other_case};

/// Formats with more slots go to the regex engine: the walk recurses once a slot.
const MOST_SLOTS: usize = 32;

/// A format as text between slots.
#[derive(Debug)]
pub(super) struct Simple {
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    /// Words and the blanks between them.
    Text(Vec<Part>),
    Slot {
        number: usize,
        gap: Gap,
        optional: bool,
    },
}

#[derive(Debug)]
enum Part {
    Word(Vec<(char, char)>),
    Blanks,
}

impl Simple {
    /// The steps of a format of one branch, if it is simple.
    pub(super) fn new(branches: &Branches) -> Option<Self> {
        let [pieces] = branches.as_slice() else { return None };
        let mut steps = Vec::new();
        let mut slots = 0;
        for piece in pieces {
            if piece.repeat.is_some() {
                return None;
            }
            match &piece.node {
                Node::Char(letter) => {
                    word(&mut steps).push((*letter, other_case(*letter).unwrap_or(*letter)));
                }
                Node::Blank(run) if !run.contains(['\n', '\r']) => text(&mut steps).push(Part::Blanks),
                Node::Slot(slot) => {
                    steps.push(Step::Slot { number: slots, gap: slot.gap, optional: slot.default.is_some() });
                    slots += 1;
                }
                _ => return None,
            }
        }
        (slots <= MOST_SLOTS).then_some(Self { steps })
    }

    /// The spans of the slots in `text`, if it matches; slots of `supplied`, one bit each, may stay empty.
    pub(super) fn first(&self, text: &str, fold: Fold, supplied: u64) -> Option<Spans> {
        let slots = self.steps.iter().filter(|step| matches!(step, Step::Slot { .. })).count();
        let mut walk = Walk {
            steps: &self.steps,
            text,
            end: text.trim_end().len(),
            fold,
            supplied,
            spans: vec![None; slots],
            dead: [usize::MAX; MOST_SLOTS],
        };
        walk.go(0, 0, Lead::Loose).then_some(walk.spans)
    }
}

fn text(steps: &mut Vec<Step>) -> &mut Vec<Part> {
    if !matches!(steps.last(), Some(Step::Text(_))) {
        steps.push(Step::Text(Vec::new()));
    }
    match steps.last_mut() {
        Some(Step::Text(parts)) => parts,
        _ => unreachable!("a text was just pushed"),
    }
}

fn word(steps: &mut Vec<Step>) -> &mut Vec<(char, char)> {
    let parts = text(steps);
    if !matches!(parts.last(), Some(Part::Word(_))) {
        parts.push(Part::Word(Vec::new()));
    }
    match parts.last_mut() {
        Some(Part::Word(letters)) => letters,
        _ => unreachable!("a word was just pushed"),
    }
}

/// Whether white space may be skipped first: at the start, and after a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Loose,
    Strict,
}

struct Walk<'a> {
    steps: &'a [Step],
    text: &'a str,
    /// Where the last word ends.
    end: usize,
    fold: Fold,
    supplied: u64,
    spans: Spans,
    /// For each slot: no value that ends beyond this place lets the rest match.
    dead: [usize; MOST_SLOTS],
}

impl Walk<'_> {
    /// Whether the steps from `step` on match at `at`.
    fn go(&mut self, step: usize, at: usize, lead: Lead) -> bool {
        let steps = self.steps;
        match steps.get(step) {
            None => at >= self.end,
            Some(Step::Text(parts)) => {
                self.parts(parts, at, lead).is_some_and(|after| self.go(step + 1, after, Lead::Strict))
            }
            Some(Step::Slot { number, gap, optional }) => {
                if self.gap(*gap, at, lead) && self.value(step, *number, self.run(at)) {
                    return true;
                }
                self.spans[*number] = None;
                let optional = *optional || self.supplied >> number & 1 == 1;
                optional && self.go(step + 1, at, lead)
            }
        }
    }

    /// The end of the white space at `at`.
    fn run(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        at + (rest.len() - rest.trim_start().len())
    }

    fn gap(&self, gap: Gap, at: usize, lead: Lead) -> bool {
        let run = &self.text[at..self.run(at)];
        match (gap, lead) {
            (Gap::Touching, _) => true,
            (Gap::Space, _) => !run.is_empty(),
            (Gap::Blank, Lead::Loose) => run.contains(is_horizontal),
            (Gap::Blank, Lead::Strict) => run.starts_with(is_horizontal),
        }
    }

    /// Where the words end that begin at `at`.
    fn parts(&self, parts: &[Part], at: usize, lead: Lead) -> Option<usize> {
        let mut at = at;
        let mut lead = lead;
        for (index, part) in parts.iter().enumerate() {
            let run = self.run(at);
            let blanks = &self.text[at..run];
            match part {
                Part::Word(letters) => {
                    let start = if lead == Lead::Loose { run } else { at };
                    at = self.word(letters, start)?;
                }
                Part::Blanks => {
                    let last = index + 1 == parts.len();
                    let fits = match (lead, last) {
                        (Lead::Loose, true) => blanks.contains(is_horizontal),
                        (Lead::Loose, false) => blanks.ends_with(is_horizontal),
                        (Lead::Strict, true) => blanks.starts_with(is_horizontal),
                        (Lead::Strict, false) => !blanks.is_empty() && blanks.chars().all(is_horizontal),
                    };
                    if !fits {
                        return None;
                    }
                    at = run;
                }
            }
            lead = Lead::Strict;
        }
        Some(at)
    }

    fn word(&self, letters: &[(char, char)], at: usize) -> Option<usize> {
        let mut found = self.text[at..].chars();
        let fold = self.fold == Fold::EitherCase;
        for (letter, other) in letters {
            let next = found.next()?;
            if next != *letter && !(fold && next == *other) {
                return None;
            }
        }
        Some(self.text.len() - found.as_str().len())
    }

    /// Finds the value of a slot that begins at `start`: quoted, braced, else the shortest.
    fn value(&mut self, step: usize, number: usize, start: usize) -> bool {
        if start >= self.end || start >= self.dead[number] {
            return false;
        }
        let found = self
            .quoted(step, start)
            .or_else(|| self.braced(step, start))
            .or_else(|| self.bare(step, number, start));
        match found {
            Some(end) => self.spans[number] = Some(start..end),
            None => self.dead[number] = self.dead[number].min(start),
        }
        found.is_some()
    }

    fn quoted(&mut self, step: usize, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let quote = bytes[start];
        if !matches!(quote, b'"' | b'\'') {
            return None;
        }
        let end = super::tail::closing(bytes, start)? + 1;
        self.go(step + 1, end, Lead::Loose).then_some(end)
    }

    fn braced(&mut self, step: usize, start: usize) -> Option<usize> {
        if !self.text[start..].starts_with('{') {
            return None;
        }
        let text = self.text;
        let mut ends =
            text[start..].match_indices('}').map(|(at, _)| start + at + 1).filter(|end| *end > start + 2);
        ends.find(|end| self.go(step + 1, *end, Lead::Loose))
    }

    /// The shortest value: ends are tried where what follows may begin.
    fn bare(&mut self, step: usize, number: usize, start: usize) -> Option<usize> {
        let text = self.text;
        let dead = self.dead[number];
        let steps = self.steps;
        let next = match steps.get(step + 1) {
            None => return self.go(step + 1, self.end, Lead::Loose).then_some(self.end),
            Some(Step::Text(parts)) => parts.iter().find_map(|part| match part {
                Part::Word(letters) => letters.first().copied(),
                Part::Blanks => None,
            }),
            Some(Step::Slot { .. }) => None,
        };
        let first = start + text[start..].chars().next().map_or(0, char::len_utf8);
        match next {
            Some((letter, other)) => {
                for (at, _) in text[first..].match_indices([letter, other]) {
                    let end = text[..first + at].trim_end().len();
                    if end > dead {
                        return None;
                    }
                    if end >= first && self.go(step + 1, end, Lead::Loose) {
                        return Some(end);
                    }
                }
                None
            }
            None => {
                for (at, letter) in text[start..self.end].char_indices() {
                    let end = start + at + letter.len_utf8();
                    if end > dead {
                        return None;
                    }
                    if !letter.is_whitespace() && self.go(step + 1, end, Lead::Loose) {
                        return Some(end);
                    }
                }
                None
            }
        }
    }
}

/// White space inside a line.
fn is_horizontal(letter: char) -> bool {
    letter.is_whitespace() && !matches!(letter, '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::super::engine::{Engine, Power};
    use super::super::fuzz::Dice;
    use super::super::tree;
    use super::super::write::{Hits, Style, regex};
    use super::*;

    #[test]
    fn it_finds_what_the_regular_expression_finds() {
        let formats = ["a", " ", " ", "b", "{{x}}", "{{y}}", "{{z=1}}", "{{w=}}", "é", "to", "\"", "-"];
        let texts = ["a", "A", " ", " ", "b", "é", "É", "to", "\"", "'", "{", "}", "\\", "-", "\u{a0}", "  "];
        let mut dice = Dice::new(7);
        let mut tried = 0;
        while tried < 300 {
            let Ok(branches) = tree::parse(&dice.text(&formats, 8)) else { continue };
            let names: Vec<String> = branches[0]
                .iter()
                .filter_map(|piece| match &piece.node {
                    Node::Slot(slot) => Some(slot.name.clone()),
                    _ => None,
                })
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let style = Style { fold: Fold::EitherCase, hits: Hits::Whole, supplied: &[] };
            let Some(simple) = Simple::new(&branches) else { continue };
            let Ok(engine) = Engine::new(&regex(&branches, style), &names, Power::Linear) else { continue };
            tried += 1;
            for _ in 0..40 {
                let text = format!(" {} ", dice.text(&texts, 14).trim());
                let wanted = engine.first(&text).unwrap();
                assert_eq!(simple.first(&text, Fold::EitherCase, 0), wanted, "{branches:?} {text:?}");
            }
        }
    }
}
