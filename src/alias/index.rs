//! From a text to the few formats that may match it: each format is filed under its rarest needed word.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::literals::{AnyOf, Key, LONGEST, is_word, lower};
use super::pattern::Pattern;

/// Formats by number, filed under hashes of words. A collision costs one useless try, never a wrong answer.
#[derive(Debug, Default)]
pub(super) struct Index {
    words: Table,
    prefixes: Table,
    /// One bit for each length, in characters, that some prefix has.
    lengths: u64,
    /// Formats without a word to file them under, with a text they need, if any.
    always: Vec<(u32, Option<Box<str>>)>,
}

type Table = HashMap<u64, Vec<u32>, BuildHasherDefault<Ready>>;

/// The keys are hashes already.
#[derive(Default)]
pub(super) struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| mix(hash, u32::from(*byte)));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn mix(hash: u64, letter: u32) -> u64 {
    (hash.rotate_left(5) ^ u64::from(letter)).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// The hash of a word: of its letters in lower case.
pub(super) fn hash(word: &str) -> u64 {
    hash_letters(word.chars())
}

/// The hash of a word given as letters.
pub(super) fn hash_letters(letters: impl Iterator<Item = char>) -> u64 {
    letters.fold(SEED, |hash, letter| mix(hash, u32::from(lower(letter))))
}

/// Numbers by the hash of a word.
pub(super) type Numbers = HashMap<u64, u32, BuildHasherDefault<Ready>>;

impl Index {
    /// Files `patterns`, each under its number.
    pub(super) fn build(patterns: &[(u32, &Pattern)]) -> Self {
        let rarity = Rarity::of(patterns);
        let mut index = Self::default();
        for (number, pattern) in patterns {
            match rarity.choose(pattern.needs()) {
                Some(keys) => keys.iter().for_each(|key| index.file(key, *number)),
                None => index.always.push((*number, pattern.substring().map(Box::from))),
            }
        }
        index
    }

    fn file(&mut self, key: &Key, number: u32) {
        let numbers = match key {
            Key::Word(word) => self.words.entry(hash(word)).or_default(),
            Key::Prefix(prefix) => {
                self.lengths |= 1 << prefix.chars().count().min(63);
                self.prefixes.entry(hash(prefix)).or_default()
            }
        };
        if numbers.last() != Some(&number) {
            numbers.push(number);
        }
    }

    /// The formats that may match `text`, in order.
    pub(super) fn candidates(&self, text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        if self.words.is_empty() && self.prefixes.is_empty() && self.always.is_empty() {
            return found;
        }
        let mut last = None;
        for word in text.split(|letter| !is_word(letter)).filter(|word| !word.is_empty()) {
            // Floods repeat one word.
            if last.replace(word) != Some(word) {
                self.word(word, &mut found);
            }
        }
        if !self.always.is_empty() {
            self.tried(text, &mut found);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn word(&self, word: &str, found: &mut Vec<u32>) {
        let mut hash = SEED;
        for (count, letter) in word.chars().enumerate() {
            hash = mix(hash, u32::from(lower(letter)));
            if count < LONGEST && self.lengths >> (count + 1) & 1 == 1 {
                found.extend(self.prefixes.get(&hash).into_iter().flatten());
            }
        }
        found.extend(self.words.get(&hash).into_iter().flatten());
    }

    fn tried(&self, text: &str, found: &mut Vec<u32>) {
        let lowered: String = text.chars().map(lower).collect();
        let may =
            |needed: &Option<Box<str>>| needed.as_ref().is_none_or(|needed| lowered.contains(&**needed));
        found.extend(self.always.iter().filter(|(_, needed)| may(needed)).map(|(number, _)| number));
    }
}

/// How many formats need each word.
struct Rarity(Numbers);

impl Rarity {
    fn of(patterns: &[(u32, &Pattern)]) -> Self {
        let mut counts = Numbers::default();
        for key in patterns.iter().flat_map(|(_, pattern)| pattern.needs()).flatten().flatten() {
            *counts.entry(hash(text(key))).or_default() += 1;
        }
        Self(counts)
    }

    /// The cheapest set of each branch, together; none if a branch has no set.
    fn choose<'p>(&self, needs: &'p [Vec<AnyOf>]) -> Option<Vec<&'p Key>> {
        let cost = |set: &&AnyOf| -> u64 { set.iter().map(|key| self.cost(key)).sum() };
        let cheapest = needs.iter().map(|sets| sets.iter().min_by_key(cost));
        let sets: Vec<&AnyOf> = cheapest.collect::<Option<_>>()?;
        Some(sets.into_iter().flatten().collect())
    }

    /// Short prefixes begin many words.
    fn cost(&self, key: &Key) -> u64 {
        let count = u64::from(self.0.get(&hash(text(key))).copied().unwrap_or(0));
        match key {
            Key::Word(_) => count,
            Key::Prefix(prefix) => count * if prefix.len() < 3 { 16 } else { 2 },
        }
    }
}

fn text(key: &Key) -> &str {
    match key {
        Key::Word(text) | Key::Prefix(text) => text,
    }
}
