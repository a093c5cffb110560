//! "Did you mean": the nearest command to a text that is none. Bounded: a few looks into sorted lists, a fixed number
//! of comparisons, whatever the number of aliases.

use std::cmp::Reverse;

use super::file::Alias;
use super::found::Entry;
use super::index::{Numbers, hash, hash_letters};
use super::literals::{Key, is_word, lower};
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
/// Words of the text that are compared with displays.
const MOST_WORDS: usize = 16;
/// Formats compared for one suggestion, of each origin.
const COMPARED: usize = 32;

/// The first words of all formats, and their slips of one letter.
#[derive(Debug, Default)]
pub(super) struct Suggester {
    heads: Vec<Head>,
    by_word: Numbers,
    /// Hash of a head with one letter left out, and the head; sorted.
    slips: Vec<(u32, u32)>,
    references: Numbers,
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
            let slips = slips(&head.word).chain([hash(&head.word)]);
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

    /// The nearest command that `allowed` lets show. `shared` are formats that share a rare word with the text.
    pub(super) fn suggest(
        &self,
        entries: &[Entry],
        text: &str,
        shared: &[(u32, u32)],
        allowed: &dyn Fn(&Alias) -> bool,
    ) -> Option<Suggestion> {
        let words: Vec<String> =
            words(text).take(MOST_WORDS).map(|word| word.chars().map(lower).collect()).collect();
        let heads: Vec<u32> = words.iter().take(WORDS).flat_map(|word| self.near(word)).collect();
        let begun = heads.iter().flat_map(|head| &self.heads[*head as usize].formats).take(COMPARED);
        let mut scored = Vec::new();
        for (entry, format) in shared.iter().take(COMPARED).chain(begun) {
            let alias = &entries[*entry as usize].alias;
            if let Some(display) = alias.formats[*format as usize].display.as_deref() {
                scored.push((Reverse(likeness(&words, display)), alias, display));
            }
        }
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
        for slip in slips(word).chain([hash(word)]).map(short) {
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

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_word(letter)).filter(|word| !word.is_empty() && word.len() <= LONGEST * 4)
}

/// How many words of the text stand in the display, those in their place counting twice; then the shorter display.
fn likeness(typed: &[String], display: &str) -> (usize, usize) {
    let same = |typed: &str, shown: &str| typed.chars().eq(shown.chars().map(lower));
    let mut score = 0;
    for (place, shown) in words(display).take(MOST_WORDS).enumerate() {
        if typed.get(place).is_some_and(|typed| same(typed, shown)) {
            score += 2;
        } else if typed.iter().any(|typed| same(typed, shown)) {
            score += 1;
        }
    }
    (score, usize::MAX - display.len())
}

/// Hashes of the word with each of its letters left out.
fn slips(word: &str) -> impl Iterator<Item = u64> + '_ {
    let length = word.chars().count();
    let gaps = if (2..=LONGEST).contains(&length) { length } else { 0 };
    (0..gaps).map(|gap| {
        hash_letters(word.chars().enumerate().filter(move |(at, _)| *at != gap).map(|(_, letter)| letter))
    })
}

/// Half of a hash is enough to find what is compared anyway.
fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::super::{Alias, Case, Entry, Found, Matcher};
    use super::Suggestion;
    use std::path::Path;
    use std::sync::Arc;

    fn matcher(formats: &[&str]) -> Matcher {
        let entry = |(number, format): (usize, &&str)| {
            let text = serde_json::json!({"name": format!("a{number}"), "action_ref": "core.noop", "formats": [format]});
            let (alias, _) = Alias::load(Some("p"), Path::new("a.yaml"), &text.to_string()).unwrap();
            Entry { alias: Arc::new(alias), parameters: None }
        };
        Matcher::build(formats.iter().enumerate().map(entry).collect(), Case::Ignore)
    }

    fn suggested(matcher: &Matcher, text: &str, hidden: &str) -> Option<String> {
        match matcher.find(text, &|alias| alias.name != hidden) {
            Found::None { suggestion } => suggestion.map(|Suggestion { display, .. }| display),
            found => panic!("{found:?}"),
        }
    }

    #[test]
    fn unknown_command_suggests_the_nearest() {
        let all = matcher(&["deploy web {{app}}", "deploy db {{app}}", "(restart|bounce) {{svc}}", "status"]);
        assert_eq!(suggested(&all, "deplyo db x", "").as_deref(), Some("deploy db {{app}}"));
        assert_eq!(suggested(&all, "Deploy webb x", "").as_deref(), Some("deploy db {{app}}"));
        assert_eq!(suggested(&all, "bonce nginx", "").as_deref(), Some("(restart|bounce) {{svc}}"));
        assert_eq!(suggested(&all, "statsu", "").as_deref(), Some("status"));
        assert_eq!(suggested(&all, "good morning", ""), None);
        assert_eq!(suggested(&all, "", ""), None);
    }

    #[test]
    fn what_a_person_may_not_know_of_is_never_suggested() {
        let all = matcher(&["deploy db {{app}}"]);
        assert_eq!(suggested(&all, "deplyo db x", "a0"), None);
    }
}
