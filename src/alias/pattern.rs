//! One representation of a format: read at load, compiled at first use, matched against commands.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::command::Command;
use super::engine::{self, Engine, Power, Spans};
use super::literals::{self, AnyOf};
use super::node::{Branches, Kind, Node, Piece};
use super::simple::Simple;
use super::tree;
use super::write::{self, Fold, Hits, Style};

/// Parameters of one hit in the order of the format, then of the pairs: strings, or nothing for a group left out.
pub type Params = Vec<(String, Option<String>)>;

/// One parameter that a format names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The parameter's name.
    pub name: String,
    /// What it is when nothing is typed.
    pub default: Option<String>,
    /// How it was written: placeholders have their values trimmed and unquoted, named groups only trimmed.
    pub(super) group: bool,
}

/// One matched text, such as `run {{cmd}} on {{hosts}}`.
#[derive(Debug)]
pub struct Pattern {
    text: String,
    line: Option<(u64, u64)>,
    slots: Vec<Slot>,
    hits: Hits,
    power: Power,
    /// Letters and digits outside slots.
    literal: usize,
    /// Nothing but text: no slots, no regular expression.
    plain: bool,
    needs: Vec<Vec<AnyOf>>,
    substring: Option<String>,
    /// The format without regular expressions in it; such a one is never compiled.
    simple: Option<Simple>,
    folded: OnceLock<Result<Arc<Engine>, String>>,
    rarer: Mutex<Vec<(Fold, u64, Arc<Engine>)>>,
}

/// Variants kept compiled beside the usual one.
const MOST_VARIANTS: usize = 4;
/// A format whose counted repetitions multiply beyond this is compiled at load, to know that it can be.
const WORTH_A_TRY: u64 = 100;

/// One way a pattern matched a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) params: Params,
    /// Letters and digits of the text that literal text of the format matched.
    pub(super) literal: usize,
}

impl Pattern {
    /// Reads a representation; `multiple` formats match anywhere, any number of times.
    ///
    /// # Errors
    /// A plain sentence: what is wrong with the format.
    pub fn parse(text: &str, multiple: bool) -> Result<Self, String> {
        let branches = tree::parse(text)?;
        let mut facts = Facts::default();
        facts.read(&branches)?;
        let hits = if multiple { Hits::Every } else { Hits::Whole };
        let power = if facts.special { Power::Bounded } else { Power::Linear };
        let plain = facts.slots.is_empty() && !facts.raw && branches.len() == 1;
        let pattern = Self {
            text: text.to_owned(),
            line: None,
            slots: facts.slots,
            hits,
            power,
            literal: facts.literal,
            plain,
            needs: literals::keys(&branches, hits),
            substring: literals::substring(&branches),
            simple: Simple::new(&branches).filter(|_| hits == Hits::Whole),
            folded: OnceLock::new(),
            rarer: Mutex::new(Vec::new()),
        };
        if facts.raw {
            pattern.try_out(&branches, facts.weight)?;
        }
        Ok(pattern)
    }

    /// Remembers where it was written: line and column, from 1.
    #[must_use]
    pub fn at(mut self, line: u64, column: u64) -> Self {
        self.line = Some((line, column));
        self
    }

    /// The representation as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column in its file, from 1, if it came from one.
    pub fn line(&self) -> Option<(u64, u64)> {
        self.line
    }

    /// The parameters it names, in order.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Where it matches: the whole text, or anywhere in it.
    pub(super) fn hits(&self) -> Hits {
        self.hits
    }

    /// For each branch the sets of words of which every matching text holds one.
    pub(super) fn needs(&self) -> &[Vec<AnyOf>] {
        &self.needs
    }

    /// A text that every matching text holds, in lower case.
    pub(super) fn substring(&self) -> Option<&str> {
        self.substring.as_deref()
    }

    /// Whether it is nothing but text.
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Checks the syntax; compiles if the format may be too large, needs the bounded engine, or has an escape that
    /// only the engine can judge.
    fn try_out(&self, branches: &Branches, weight: u64) -> Result<(), String> {
        let style = Style { fold: Fold::AsWritten, hits: self.hits, supplied: &[] };
        let source = write::regex(branches, style);
        let odd = ["\\p", "\\P", "\\x", "\\u", "\\U"].iter().any(|escape| self.text.contains(escape));
        if self.power == Power::Bounded || weight > WORTH_A_TRY || odd {
            return Engine::new(&source, &self.names(), self.power).map(|_| ());
        }
        let parsed = regex_syntax::ast::parse::Parser::new().parse(&source);
        parsed.map(|_| ()).map_err(|error| engine::last_line(&error.to_string()))
    }

    fn names(&self) -> Vec<&str> {
        self.slots.iter().map(|slot| slot.name.as_str()).collect()
    }

    fn compile(&self, fold: Fold, supplied: &[&str]) -> Result<Arc<Engine>, String> {
        let branches = tree::parse(&self.text)?;
        let source = write::regex(&branches, Style { fold, hits: self.hits, supplied });
        Engine::new(&source, &self.names(), self.power).map(Arc::new)
    }

    /// The engine in which the slots of `supplied` (one bit each) may stay empty.
    fn engine(&self, fold: Fold, supplied: u64) -> Result<Arc<Engine>, String> {
        if fold == Fold::EitherCase && supplied == 0 {
            return self.folded.get_or_init(|| self.compile(fold, &[])).clone();
        }
        let kept = self.rarer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((.., engine)) = kept.iter().find(|(f, s, _)| (*f, *s) == (fold, supplied)) {
            return Ok(Arc::clone(engine));
        }
        let bits = self.slots.iter().enumerate().filter(|(bit, _)| supplied >> (*bit).min(63) & 1 == 1);
        let names: Vec<&str> = bits.map(|(_, slot)| slot.name.as_str()).collect();
        let engine = self.compile(fold, &names)?;
        let mut kept = self.rarer.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_VARIANTS {
            kept.remove(0);
        }
        kept.push((fold, supplied, Arc::clone(&engine)));
        Ok(engine)
    }

    /// How this pattern reads `command`: one reading, several if it may match many times, none if it does not match.
    /// Pairs count only if `known` says that the action has a parameter of that name.
    ///
    /// # Errors
    /// The bounded engine gave up.
    pub(super) fn read(
        &self,
        command: &Command<'_>,
        known: &dyn Fn(&str) -> bool,
        fold: Fold,
    ) -> Result<Vec<Reading>, String> {
        if self.text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let cut = command.cut(|name| known(name) || self.slots.iter().any(|slot| slot.name == name));
        let all = command.pairs().len();
        let supplied = if cut < all { self.supplied(command, cut) } else { 0 };
        let mut readings = self.read_cut(command, cut, fold, 0)?;
        if readings.is_empty() && supplied != 0 {
            readings = self.read_cut(command, cut, fold, supplied)?;
        }
        if readings.is_empty() && cut < all {
            readings = self.read_cut(command, all, fold, 0)?;
        }
        // With an unknown name the action says better what is wrong than silence does.
        if readings.is_empty() && cut > 0 && all > 0 {
            readings = self.read_cut(command, 0, fold, self.supplied(command, 0))?;
        }
        Ok(readings)
    }

    /// The required slots that the pairs from `cut` on fill, one bit each.
    fn supplied(&self, command: &Command<'_>, cut: usize) -> u64 {
        let pairs = &command.pairs()[cut..];
        let filled = |slot: &Slot| {
            !slot.group && slot.default.is_none() && pairs.iter().any(|pair| pair.key == slot.name)
        };
        let bits = self.slots.iter().take(64).enumerate().filter(|(_, slot)| filled(slot));
        bits.fold(0, |mask, (bit, _)| mask | 1 << bit)
    }

    fn read_cut(
        &self,
        command: &Command<'_>,
        cut: usize,
        fold: Fold,
        supplied: u64,
    ) -> Result<Vec<Reading>, String> {
        let padded = command.padded(cut);
        let found: Vec<Spans> = match (&self.simple, self.hits) {
            (Some(simple), _) => simple.first(&padded, fold, supplied).into_iter().collect(),
            (None, Hits::Whole) => self.engine(fold, supplied)?.first(&padded)?.into_iter().collect(),
            (None, Hits::Every) => self.engine(fold, supplied)?.every(&padded)?,
        };
        Ok(found.into_iter().filter_map(|spans| self.reading(command, cut, &padded, &spans)).collect())
    }

    fn reading(&self, command: &Command<'_>, cut: usize, padded: &str, spans: &Spans) -> Option<Reading> {
        let mut params: Params = Vec::with_capacity(self.slots.len());
        for (slot, span) in self.slots.iter().zip(spans) {
            let raw = span.clone().map(|span| &padded[span]);
            params.push((slot.name.clone(), self.value(slot, raw)));
        }
        for pair in &command.pairs()[cut..] {
            set(&mut params, pair.key, &pair.value);
        }
        let blank = padded.trim().is_empty();
        let empty =
            params.iter().take(self.slots.len()).all(|(_, value)| value.as_deref().is_none_or(str::is_empty));
        if blank && empty {
            return None;
        }
        let taken: usize = spans.iter().flatten().map(|span| weigh(&padded[span.clone()])).sum();
        let literal = weigh(padded).saturating_sub(taken).min(self.literal);
        Some(Reading { params, literal })
    }

    fn value(&self, slot: &Slot, raw: Option<&str>) -> Option<String> {
        let value = raw.map(|raw| match (self.hits, slot.group) {
            (Hits::Every, true) => raw,
            (Hits::Whole, true) => raw.trim(),
            (Hits::Every, false) => unquoted(raw),
            (Hits::Whole, false) => unquoted(raw.trim()),
        });
        match &slot.default {
            Some(default) => Some(value.filter(|value| !value.is_empty()).unwrap_or(default).to_owned()),
            None => value.map(str::to_owned),
        }
    }
}

fn set(params: &mut Params, name: &str, value: &str) {
    match params.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = Some(value.to_owned()),
        None => params.push((name.to_owned(), Some(value.to_owned()))),
    }
}

/// The characters of a text that are not blank.
fn weigh(text: &str) -> usize {
    text.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// Drops a pair of quotes around the whole value, unless the value goes on after the second one.
fn unquoted(value: &str) -> &str {
    let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) else { return value };
    let Some(inner) = value[1..].strip_suffix(quote) else { return value };
    let mut escaped = false;
    for letter in inner.chars() {
        if letter == quote && !escaped {
            return value;
        }
        escaped = letter == '\\' && !escaped;
    }
    inner
}

/// What one walk over the tree finds.
#[derive(Default)]
struct Facts {
    slots: Vec<Slot>,
    literal: usize,
    /// Anything beyond text and slots.
    raw: bool,
    /// Needs the bounded engine.
    special: bool,
    /// Product of nested counted repetitions, the largest.
    weight: u64,
}

impl Facts {
    fn read(&mut self, branches: &Branches) -> Result<(), String> {
        self.raw |= branches.len() > 1;
        branches.iter().flatten().try_for_each(|piece| self.piece(piece, 1))
    }

    fn piece(&mut self, piece: &Piece, around: u64) -> Result<(), String> {
        let count = piece.repeat.as_ref().map_or(1, |repeat| repeat.most.unwrap_or(repeat.least).max(1));
        let weight = around.saturating_mul(u64::from(count));
        self.weight = self.weight.max(weight);
        self.raw |= piece.repeat.is_some();
        match &piece.node {
            Node::Char(_) => self.literal += 1,
            Node::Blank(_) => {}
            Node::Slot(slot) => self.slot(&slot.name, slot.default.clone(), false)?,
            Node::BackReference(_) => self.special = true,
            Node::Group { name, kind, branches, .. } => {
                self.raw = true;
                self.special |= *kind != Kind::Plain;
                if let Some(name) = name {
                    self.slot(name, None, true)?;
                }
                branches.iter().flatten().try_for_each(|piece| self.piece(piece, weight))?;
            }
            Node::Class(_) | Node::Start | Node::End | Node::Edge(_) | Node::Flags(_) => self.raw = true,
        }
        Ok(())
    }

    fn slot(&mut self, name: &str, default: Option<String>, group: bool) -> Result<(), String> {
        if self.slots.iter().any(|slot| slot.name == name) {
            return Err(format!("the parameter `{name}` is named twice: give each slot its own name"));
        }
        self.slots.push(Slot { name: name.to_owned(), default, group });
        Ok(())
    }
}
