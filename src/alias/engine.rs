//! The two regex engines behind formats: linear time for all that allows it, and a bounded one for look-around and
//! back-references.

use std::ops::Range;

/// Compiled, in bytes: what one format may take in memory.
const LARGEST: usize = 1 << 20;
/// The cache of one linear engine, in bytes.
const CACHE: usize = 256 << 10;
/// Steps back of the bounded engine in one text, some milliseconds.
const STEPS: usize = 100_000;
/// Bytes of text the bounded engine looks at: each of its steps may read the whole text.
const LONGEST: usize = 8 << 10;
/// Hits taken from one text by a format that matches many times.
const MOST_HITS: usize = 100;

/// Where a format matched: the span of each group, in the order asked for.
pub(super) type Spans = Vec<Option<Range<usize>>>;

/// A compiled format and the numbers of the groups that are its parameters.
#[derive(Debug)]
pub(super) struct Engine {
    regex: Regex,
    groups: Vec<usize>,
}

#[derive(Debug)]
enum Regex {
    Linear(regex::Regex),
    Bounded(Box<fancy_regex::Regex>),
}

/// Which engine a format needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    Linear,
    Bounded,
}

impl Engine {
    /// Compiles `source`; `names` are the groups to report.
    ///
    /// # Errors
    /// Too large, or not a regular expression.
    pub(super) fn new(source: &str, names: &[&str], power: Power) -> Result<Self, String> {
        match power {
            Power::Linear => {
                let built =
                    regex::RegexBuilder::new(source).size_limit(LARGEST).dfa_size_limit(CACHE).build();
                let built = built.map_err(|error| linear_error(&error))?;
                let groups = groups(built.capture_names(), names);
                Ok(Self { regex: Regex::Linear(built), groups })
            }
            Power::Bounded => {
                let mut builder = fancy_regex::RegexBuilder::new(source);
                builder.backtrack_limit(STEPS).delegate_size_limit(LARGEST).delegate_dfa_size_limit(CACHE);
                let built = builder.build().map_err(|error| last_line(&error.to_string()))?;
                let groups = groups(built.capture_names(), names);
                Ok(Self { regex: Regex::Bounded(Box::new(built)), groups })
            }
        }
    }

    /// The first match.
    ///
    /// # Errors
    /// The bounded engine gave up.
    pub(super) fn first(&self, text: &str) -> Result<Option<Spans>, String> {
        match &self.regex {
            Regex::Linear(regex) => {
                let mut places = regex.capture_locations();
                let found = regex.captures_read(&mut places, text).is_some();
                let span = |group: &usize| places.get(*group).map(|(start, end)| start..end);
                Ok(found.then(|| self.groups.iter().map(span).collect()))
            }
            Regex::Bounded(regex) => {
                check_length(text)?;
                let found = regex.captures(text).map_err(|error| gave_up(&error))?;
                Ok(found.map(|captures| self.spans(&captures)))
            }
        }
    }

    /// Every match that does not overlap the one before, at most [`MOST_HITS`].
    ///
    /// # Errors
    /// The bounded engine gave up.
    pub(super) fn every(&self, text: &str) -> Result<Vec<Spans>, String> {
        match &self.regex {
            Regex::Linear(regex) => {
                let span =
                    |captures: &regex::Captures<'_>, group: usize| captures.get(group).map(|hit| hit.range());
                let hits = regex.captures_iter(text).take(MOST_HITS);
                Ok(hits.map(|hit| self.groups.iter().map(|group| span(&hit, *group)).collect()).collect())
            }
            Regex::Bounded(regex) => {
                check_length(text)?;
                let hits = regex.captures_iter(text).take(MOST_HITS);
                hits.map(|hit| hit.map(|hit| self.spans(&hit)).map_err(|error| gave_up(&error))).collect()
            }
        }
    }

    fn spans(&self, captures: &fancy_regex::Captures<'_, str>) -> Spans {
        self.groups.iter().map(|group| captures.get(*group).map(|hit| hit.start()..hit.end())).collect()
    }
}

fn groups<'n>(known: impl Iterator<Item = Option<&'n str>>, names: &[&str]) -> Vec<usize> {
    let known: Vec<_> = known.collect();
    let number = |name: &&str| known.iter().position(|group| *group == Some(*name));
    names.iter().filter_map(number).collect()
}

fn check_length(text: &str) -> Result<(), String> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(format!("formats with look-around or back-references take texts of at most {LONGEST} bytes"))
}

fn gave_up(_error: &fancy_regex::Error) -> String {
    format!("it took more than {STEPS} steps: simplify the look-around or back-reference of the format")
}

fn linear_error(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("it is too large to compile: more than {limit} bytes; lower the counts in braces")
        }
        other => last_line(&other.to_string()),
    }
}

/// The engines draw a picture of what we wrote, not of what the author wrote: the last line has the reason.
pub(super) fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message);
    line.trim_start_matches("error: ").trim().to_owned()
}
