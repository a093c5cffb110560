//! Which command a text means: candidates from the index, readings from their formats, the best by rank.

use std::sync::Arc;

use super::command::Command;
use super::file::Alias;
use super::found::{Candidate, Case, Entry, Found, Hit};
use super::index::Index;
use super::pattern::{Pattern, Reading};
use super::suggest::{Suggester, Suggestion};
use super::write::{Fold, Hits};

/// A text longer than this, in bytes, is no command.
pub const LONGEST: usize = 128 << 10;

/// Characters of a text that a suggestion looks at.
const LONGEST_SLIP: usize = 500;

/// Where a pattern lives: entry, format, representation.
#[derive(Debug, Clone, Copy)]
struct Unit {
    entry: u32,
    format: u32,
    representation: u32,
}

/// All aliases, ready to match. Disabled ones are left out.
#[derive(Debug)]
pub struct Matcher {
    entries: Vec<Entry>,
    units: Vec<Unit>,
    whole: Index,
    every: Index,
    suggester: Suggester,
    case: Case,
}

/// A pattern that matched, and how.
struct Match<'m> {
    unit: Unit,
    pattern: &'m Pattern,
    readings: Vec<Reading>,
}

/// Better is greater: exact case, nothing but text, more literal text, fewer parameters.
type Rank = (bool, bool, usize, std::cmp::Reverse<usize>);

impl Matcher {
    /// Files all formats; compiles none.
    pub fn build(entries: Vec<Entry>, case: Case) -> Self {
        let entries: Vec<Entry> = entries.into_iter().filter(|entry| entry.alias.enabled).collect();
        let mut units = Vec::new();
        let mut patterns = (Vec::new(), Vec::new());
        for (number, entry) in entries.iter().enumerate() {
            for (format, spec) in entry.alias.formats.iter().enumerate() {
                for (representation, pattern) in spec.representation.iter().enumerate() {
                    let filed = if pattern.hits() == Hits::Whole { &mut patterns.0 } else { &mut patterns.1 };
                    filed.push((units.len() as u32, pattern));
                    units.push(Unit {
                        entry: number as u32,
                        format: format as u32,
                        representation: representation as u32,
                    });
                }
            }
        }
        let (whole, every) = (Index::build(&patterns.0), Index::build(&patterns.1));
        let suggester = Suggester::build(&entries);
        Self { entries, units, whole, every, suggester, case }
    }

    /// The entries in force, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What `text` means. `allowed` says what this person may know of: only such aliases are suggested, and a tie
    /// is between them.
    pub fn find(&self, text: &str, allowed: &dyn Fn(&Alias) -> bool) -> Found {
        match self.overhear(text, allowed) {
            Found::None { .. } => Found::None { suggestion: self.suggest(text, allowed) },
            found => found,
        }
    }

    /// What `text` means to the alias `pack.name` alone.
    pub fn find_in(&self, reference: &str, text: &str) -> Found {
        if text.len() > LONGEST {
            return Found::Error(format!("a command has at most {LONGEST} bytes"));
        }
        let command = Command::new(text);
        let once = || self.best(&command, self.units_of(reference, Hits::Whole), &|_| true);
        let many = || self.every_hit(&command, self.units_of(reference, Hits::Every), &|_| true);
        once().or_else(many).unwrap_or(Found::None { suggestion: None })
    }

    /// The same for talk that is not addressed to the bot: nothing is suggested.
    pub fn overhear(&self, text: &str, allowed: &dyn Fn(&Alias) -> bool) -> Found {
        if text.len() > LONGEST {
            return Found::Error(format!("a command has at most {LONGEST} bytes"));
        }
        let command = Command::new(text);
        let found = self.once(&command, allowed);
        found
            .or_else(|| self.many(&command, allowed))
            .or_else(|| self.chosen(command.text(), allowed))
            .unwrap_or(Found::None { suggestion: None })
    }

    /// Everything that formats which match anywhere find in a text, each alias by one of its formats.
    pub fn every(&self, text: &str) -> Vec<Hit> {
        if text.len() > LONGEST {
            return Vec::new();
        }
        let command = Command::new(text);
        let units =
            self.every.candidates(command.text()).into_iter().map(|number| self.units[number as usize]);
        let (mut matches, _) = self.matches(&command, units);
        matches.dedup_by_key(|found| found.unit.entry);
        matches.iter().flat_map(|found| self.hits(found)).collect()
    }

    /// The nearest command to a text that is none.
    pub fn suggest(&self, text: &str, allowed: &dyn Fn(&Alias) -> bool) -> Option<Suggestion> {
        let text = text.trim();
        let start: String = text.chars().take(LONGEST_SLIP).collect();
        let shared: Vec<(u32, u32)> = self
            .whole
            .candidates(&start)
            .into_iter()
            .map(|number| self.units[number as usize])
            .map(|unit| (unit.entry, unit.format))
            .collect();
        self.suggester.suggest(&self.entries, &start, &shared, allowed)
    }

    /// The first pass: formats that match the whole text.
    fn once(&self, command: &Command<'_>, allowed: &dyn Fn(&Alias) -> bool) -> Option<Found> {
        let units =
            self.whole.candidates(command.text()).into_iter().map(|number| self.units[number as usize]);
        self.best(command, units, allowed)
    }

    fn best(
        &self,
        command: &Command<'_>,
        units: impl Iterator<Item = Unit>,
        allowed: &dyn Fn(&Alias) -> bool,
    ) -> Option<Found> {
        let (matches, error) = self.matches(command, units);
        if matches.is_empty() {
            return error;
        }
        let top = if matches.len() == 1 { matches } else { self.top(command, matches) };
        let tied = self.choose(top, allowed);
        match tied.as_slice() {
            [only] => self.hits(only).pop().map(Found::One),
            several => Some(Found::Tie(several.iter().map(|hit| self.candidate(hit)).collect())),
        }
    }

    /// The second pass: formats that match anywhere, many times.
    fn many(&self, command: &Command<'_>, allowed: &dyn Fn(&Alias) -> bool) -> Option<Found> {
        let units =
            self.every.candidates(command.text()).into_iter().map(|number| self.units[number as usize]);
        self.every_hit(command, units, allowed)
    }

    /// They are not ranked: each would lose what another found.
    fn every_hit(
        &self,
        command: &Command<'_>,
        units: impl Iterator<Item = Unit>,
        allowed: &dyn Fn(&Alias) -> bool,
    ) -> Option<Found> {
        let (matches, error) = self.matches(command, units);
        if matches.is_empty() {
            return error;
        }
        let tied = self.choose(matches, allowed);
        match tied.as_slice() {
            [only] => Some(Found::Many(self.hits(only))),
            several => Some(Found::Tie(several.iter().map(|hit| self.candidate(hit)).collect())),
        }
    }

    /// `pack.alias command`: the command of that alias, for ties.
    fn chosen(&self, text: &str, allowed: &dyn Fn(&Alias) -> bool) -> Option<Found> {
        let (reference, rest) = text.split_once(char::is_whitespace)?;
        self.best(&Command::new(rest), self.units_of(reference, Hits::Whole), allowed)
    }

    /// The units of one alias.
    fn units_of(&self, reference: &str, hits: Hits) -> impl Iterator<Item = Unit> {
        let entry = self.suggester.entry(&self.entries, reference);
        let units = entry.into_iter().flat_map(move |entry| {
            let units = self.units.iter().skip(self.units.partition_point(|unit| unit.entry < entry));
            units.take_while(move |unit| unit.entry == entry).copied()
        });
        units.filter(move |unit| self.pattern(*unit).hits() == hits)
    }

    fn matches<'m>(
        &'m self,
        command: &Command<'_>,
        units: impl Iterator<Item = Unit>,
    ) -> (Vec<Match<'m>>, Option<Found>) {
        let mut matches = Vec::new();
        let mut error = None;
        for unit in units {
            let pattern = self.pattern(unit);
            match self.read(command, unit, self.fold()) {
                Ok(readings) if readings.is_empty() => {}
                Ok(readings) => matches.push(Match { unit, pattern, readings }),
                Err(why) => {
                    let alias = self.entry(unit).alias.reference();
                    error =
                        Some(Found::Error(format!("the format `{}` of `{alias}`: {why}", pattern.text())));
                }
            }
        }
        (matches, error)
    }

    fn fold(&self) -> Fold {
        if self.case == Case::Strict { Fold::AsWritten } else { Fold::EitherCase }
    }

    fn read(&self, command: &Command<'_>, unit: Unit, fold: Fold) -> Result<Vec<Reading>, String> {
        let entry = self.entry(unit);
        let known = |name: &str| match &entry.parameters {
            None => true,
            Some(names) => names.contains(name) || entry.alias.immutable_parameters.contains_key(name),
        };
        self.pattern(unit).read(command, &known, fold)
    }

    /// The matches of the highest rank.
    fn top<'m>(&self, command: &Command<'_>, matches: Vec<Match<'m>>) -> Vec<Match<'m>> {
        let ranked: Vec<(Rank, Match<'m>)> =
            matches.into_iter().map(|found| (self.rank(command, &found), found)).collect();
        let best = ranked.iter().map(|(rank, _)| *rank).max();
        ranked.into_iter().filter(|(rank, _)| Some(*rank) == best).map(|(_, found)| found).collect()
    }

    fn rank(&self, command: &Command<'_>, found: &Match<'_>) -> Rank {
        let exact = self.case == Case::Strict
            || self.read(command, found.unit, Fold::AsWritten).is_ok_and(|readings| !readings.is_empty());
        let literal = found.readings.first().map_or(0, |reading| reading.literal);
        (exact, found.pattern.is_plain(), literal, std::cmp::Reverse(found.pattern.slots().len()))
    }

    /// One match of each alias; of several aliases those that the person may know of, if any.
    fn choose<'m>(&self, mut matches: Vec<Match<'m>>, allowed: &dyn Fn(&Alias) -> bool) -> Vec<Match<'m>> {
        matches.dedup_by_key(|found| found.unit.entry);
        if matches.len() > 1 {
            let known = |found: &Match<'_>| allowed(&self.entry(found.unit).alias);
            if matches.iter().any(known) {
                matches.retain(known);
            } else {
                matches.truncate(1);
            }
        }
        matches
    }

    fn hits(&self, found: &Match<'_>) -> Vec<Hit> {
        let alias = &self.entry(found.unit).alias;
        let hit = |reading: &Reading| Hit {
            alias: Arc::clone(alias),
            format: found.unit.format as usize,
            representation: found.pattern.text().to_owned(),
            display: self.display(found),
            params: reading.params.clone(),
        };
        found.readings.iter().map(hit).collect()
    }

    fn candidate(&self, found: &Match<'_>) -> Candidate {
        Candidate { alias: Arc::clone(&self.entry(found.unit).alias), display: self.display(found) }
    }

    fn display(&self, found: &Match<'_>) -> String {
        let format = &self.entry(found.unit).alias.formats[found.unit.format as usize];
        format.display.clone().unwrap_or_else(|| found.pattern.text().to_owned())
    }

    fn entry(&self, unit: Unit) -> &Entry {
        &self.entries[unit.entry as usize]
    }

    fn pattern(&self, unit: Unit) -> &Pattern {
        let format = &self.entry(unit).alias.formats[unit.format as usize];
        &format.representation[unit.representation as usize]
    }
}

#[cfg(test)]
#[path = "matcher_tests.rs"]
mod tests;
