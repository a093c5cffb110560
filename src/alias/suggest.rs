//! "Did you mean": the nearest command to a text that is none. Bounded: a few looks into sorted lists, a fixed number
//! of comparisons, whatever the number of aliases.

use std::collections::HashMap;

use super::file::Alias;
use super::index::hash;
use super::literals::{Key, is_word, lower};
use super::matcher::Entry;
use super::pattern::Pattern;

/// What was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The alias, `pack.alias`.
    pub alias: String,
    /// The command as help shows it.
    pub display: String,
}

/// Words longer than this are not corrected.
const LONGEST: usize = 24;
/// Words of the text that are looked up.
const WORDS: usize = 4;
/// Formats compared for one suggestion.
const COMPARED: usize = 64;

/// The first words of all formats, and their slips of one letter.
#[derive(Debug, Default)]
pub(super) struct Suggester {
    heads: Vec<Head>,
    by_word: HashMap<u64, u32>,
    /// Hash of a head with one letter left out, and the head; sorted.
    slips: Vec<(u32, u32)>,
    references: HashMap<u64, u32>,
}

/// A first word and the formats that begin with it: entry and format.
#[derive(Debug)]
struct Head {
    word: String,
    formats: Vec<(u32, u32)>,
}

impl Suggester {
    pub(super) fn build(entries: &[Entry]) -> Self {
        let mut built = Self::default();
        for (number, entry) in entries.iter().enumerate() {
            built.references.insert(hash(&entry.alias.reference()), number as u32);
            for (index, format) in entry.alias.formats.iter().enumerate() {
                let first = format.representation.iter().flat_map(Pattern::needs);
                for key in first.filter_map(|sets| sets.first()).flatten() {
                    built.add(key, (number as u32, index as u32));
                }
            }
        }
        for (number, head) in built.heads.iter().enumerate() {
            let slips = slips(&head.word).into_iter().chain([hash(&head.word)]);
            built.slips.extend(slips.map(|slip| (short(slip), number as u32)));
        }
        built.slips.sort_unstable();
        built
    }

    fn add(&mut self, key: &Key, format: (u32, u32)) {
        let (Key::Word(word) | Key::Prefix(word)) = key;
        let number = *self.by_word.entry(hash(word)).or_insert_with(|| {
            self.heads.push(Head { word: word.clone(), formats: Vec::new() });
            self.heads.len() as u32 - 1
        });
        let formats = &mut self.heads[number as usize].formats;
        if formats.last() != Some(&format) {
            formats.push(format);
        }
    }

    /// The entry with this `pack.alias`.
    pub(super) fn entry(&self, entries: &[Entry], reference: &str) -> Option<u32> {
        let number = *self.references.get(&hash(reference))?;
        let alias = &entries[number as usize].alias;
        let (pack, name) = reference.split_at_checked(alias.pack.len())?;
        (pack == alias.pack && name.strip_prefix('.') == Some(&alias.name)).then_some(number)
    }

    /// The nearest command that `allowed` lets show.
    pub(super) fn suggest(
        &self,
        entries: &[Entry],
        text: &str,
        allowed: &dyn Fn(&Alias) -> bool,
    ) -> Option<Suggestion> {
        let words: Vec<String> = words(text);
        let heads: Vec<u32> = words.iter().take(WORDS).flat_map(|word| self.near(word)).collect();
        let formats = heads.iter().flat_map(|head| self.heads[*head as usize].formats.iter().take(COMPARED));
        let shown = formats.take(COMPARED).filter_map(|(entry, format)| {
            let alias = &entries[*entry as usize].alias;
            let format = &alias.formats[*format as usize];
            let display = format.display.as_deref()?;
            Some((alias, display))
        });
        let mut scored: Vec<_> = shown
            .map(|(alias, display)| (std::cmp::Reverse(likeness(&words, display)), alias, display))
            .collect();
        scored.sort_by_key(|(score, ..)| *score);
        let (_, alias, display) = scored.into_iter().find(|(_, alias, _)| allowed(alias))?;
        Some(Suggestion { alias: alias.reference(), display: display.to_owned() })
    }

    /// Heads that are `word`, or one slip away from it.
    fn near(&self, word: &str) -> Vec<u32> {
        if let Some(head) = self.by_word.get(&hash(word)) {
            return vec![*head];
        }
        let mut found = Vec::new();
        for slip in slips(word).into_iter().chain([hash(word)]).map(short) {
            let from = self.slips.partition_point(|(known, _)| *known < slip);
            let same = self.slips[from..].iter().take_while(|(known, _)| *known == slip).take(COMPARED);
            for (_, head) in same {
                let near = strsim::damerau_levenshtein(word, &self.heads[*head as usize].word);
                if near <= word.chars().count().div_ceil(3).min(2) && !found.contains(&(near, *head)) {
                    found.push((near, *head));
                }
            }
        }
        found.sort_unstable();
        found.into_iter().take(8).map(|(_, head)| head).collect()
    }
}

fn words(text: &str) -> Vec<String> {
    let all =
        text.split(|letter| !is_word(letter)).filter(|word| !word.is_empty() && word.len() <= LONGEST * 4);
    all.take(16).map(|word| word.chars().map(lower).collect()).collect()
}

/// How many words of the text stand in the display, the same place counting most; then the shorter display.
fn likeness(words: &[String], display: &str) -> (usize, usize) {
    let shown = self::words(display);
    let same = words.iter().zip(&shown).take_while(|(typed, shown)| typed == shown).count();
    let common = words.iter().filter(|word| shown.contains(word)).count();
    (same + common, usize::MAX - display.len())
}

/// Hashes of the word with each of its letters left out.
fn slips(word: &str) -> Vec<u64> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() > LONGEST || letters.len() < 2 {
        return Vec::new();
    }
    let without = |gap: usize| -> String {
        letters.iter().enumerate().filter(|(at, _)| *at != gap).map(|(_, letter)| *letter).collect()
    };
    (0..letters.len()).map(|gap| hash(&without(gap))).collect()
}

/// Half of a hash is enough to find what is compared anyway.
fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}
