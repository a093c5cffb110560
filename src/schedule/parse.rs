//! What people write: when, in which time zone, what if the bot was away, and then the command.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::spoken::{self, Spec};
use super::{When, zone};
use crate::model::{Missed, Timestamp};

/// The longest wait for a single moment.
const LONGEST: Duration = Duration::from_secs(366 * 5 * 86_400);

/// Something that is to happen, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// When it comes round.
    pub when: When,
    /// The IANA name of the time zone.
    pub zone: String,
    /// When a single one is due, or when spans begin: for [`When::next`].
    pub anchor: Timestamp,
    /// When it comes first.
    pub first: Timestamp,
    /// What if the bot is away then, where that was said.
    pub missed: Option<Missed>,
    /// What is left of the text: the command, or what to say.
    pub rest: String,
}

/// Why a text says no time, as one sentence for who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unclear(pub String);

/// Words of a text, one after another, with the rest as it is.
pub(super) struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.trim() }
    }

    /// The next word, left where it is.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.rest.split_whitespace().next()
    }

    /// The word after the next.
    pub(super) fn second(&self) -> Option<&'a str> {
        self.rest.split_whitespace().nth(1)
    }

    /// Takes the next word.
    pub(super) fn take(&mut self) -> Option<&'a str> {
        let word = self.peek()?;
        self.rest = self.rest[word.len()..].trim_start();
        Some(word)
    }

    /// Takes the next word if it is this one, in any case.
    pub(super) fn takes(&mut self, word: &str) -> bool {
        let is = self.peek().is_some_and(|next| next.eq_ignore_ascii_case(word));
        if is {
            self.take();
        }
        is
    }

    /// All that is left.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Goes on at `rest`, a later part of the same text.
    pub(super) fn go_on(&mut self, rest: &'a str) {
        self.rest = rest.trim_start();
    }
}

/// Reads `every weekday at 9:00 in zone Europe/Amsterdam run deploy web`: `rest` is `run deploy web`. Without a zone in
/// the text it is `zone`.
///
/// # Errors
/// What is not understood, or lies in the past.
pub fn parse(text: &str, now: Timestamp, zone: &str) -> Result<Planned, Unclear> {
    let mut words = Words::new(text);
    let planned = plan(&mut words, now, zone)?;
    if planned.rest.is_empty() {
        return Err(Unclear("what is to be run then? write the command behind the time".to_owned()));
    }
    Ok(planned)
}

/// Reads what is behind `remind me`: `in 20 minutes to look at the disk`, or `to look at the disk in 20 minutes`. `rest`
/// is `look at the disk`.
///
/// # Errors
/// As [`parse`].
pub fn remind(text: &str, now: Timestamp, zone: &str) -> Result<Planned, Unclear> {
    let mut words = Words::new(text);
    let planned = if words.takes("to") || words.takes("that") {
        behind(words.rest(), now, zone)?
    } else {
        let planned = plan(&mut words, now, zone)?;
        let mut said = Words::new(&planned.rest);
        let _ = said.takes("to") || said.takes("that");
        Planned { rest: said.rest().to_owned(), ..planned }
    };
    match planned.rest.is_empty() {
        true => Err(Unclear(
            "of what? write it behind the time: `remind me in 20 minutes to look again`".to_owned(),
        )),
        false => Ok(planned),
    }
}

/// A text with its time at the end: the last words that are a time, and nothing but one.
fn behind(text: &str, now: Timestamp, zone: &str) -> Result<Planned, Unclear> {
    let begins = |at: usize| at == 0 || text[..at].ends_with(char::is_whitespace);
    let lower = text.to_ascii_lowercase();
    let mut places: Vec<usize> = ["in ", "at ", "every ", "tomorrow ", "on the ", "cron "]
        .iter()
        .flat_map(|word| lower.match_indices(word).map(|(at, _)| at).collect::<Vec<_>>())
        .filter(|at| begins(*at))
        .collect();
    places.sort_unstable();
    for at in places {
        let mut words = Words::new(&text[at..]);
        match plan(&mut words, now, zone) {
            Ok(planned) if planned.rest.is_empty() => {
                return Ok(Planned { rest: text[..at].trim().to_owned(), ..planned });
            }
            _ => {}
        }
    }
    Err(Unclear(spoken::WHEN.to_owned()))
}

fn plan(words: &mut Words<'_>, now: Timestamp, default: &str) -> Result<Planned, Unclear> {
    let spec = spoken::spec(words)?;
    let named = place(words)?.unwrap_or_else(|| default.to_owned());
    let known = zone::known(&named)
        .ok_or_else(|| Unclear(format!("`{named}` is no time zone: write one such as `Europe/Amsterdam`")))?;
    let missed = missed(words)?;
    let (when, anchor) = match spec {
        Spec::In(span) => (When::Once, now.plus(span)),
        Spec::At { day, time } => (When::Once, moment(&known, day, time, now)?),
        Spec::When(when) => (when, now),
    };
    if anchor.since(now) > LONGEST {
        return Err(Unclear("that is more than five years away, the longest for a single time".to_owned()));
    }
    let first = when.next(&known, anchor, now);
    let first = first.ok_or_else(|| Unclear("that is over already".to_owned()))?;
    Ok(Planned { when, zone: named, anchor, first, missed, rest: words.rest().to_owned() })
}

/// `in zone Europe/Amsterdam`, `in Europe/Amsterdam`, `Europe/Amsterdam`, `UTC`.
fn place(words: &mut Words<'_>) -> Result<Option<String>, Unclear> {
    let is_zone =
        |word: &&str| (word.contains('/') || word.eq_ignore_ascii_case("utc")) && zone::known(word).is_some();
    let next = words.peek().unwrap_or_default();
    if next.eq_ignore_ascii_case("in") && words.second().is_some_and(|word| word.eq_ignore_ascii_case("zone"))
    {
        words.take();
        words.take();
        let named = words.take().ok_or_else(|| Unclear("which time zone?".to_owned()))?;
        return Ok(Some(named.to_owned()));
    }
    if next.eq_ignore_ascii_case("in") && words.second().as_ref().is_some_and(is_zone) {
        words.take();
        return Ok(words.take().map(str::to_owned));
    }
    Ok(if is_zone(&next) { words.take().map(str::to_owned) } else { None })
}

/// `if missed once`, `if missed skip`.
fn missed(words: &mut Words<'_>) -> Result<Option<Missed>, Unclear> {
    let is = words.peek().is_some_and(|word| word.eq_ignore_ascii_case("if"))
        && words.second().is_some_and(|word| word.eq_ignore_ascii_case("missed"));
    if !is {
        return Ok(None);
    }
    words.take();
    words.take();
    match words.take().map(str::to_ascii_lowercase).as_deref() {
        Some("once") => Ok(Some(Missed::Once)),
        Some("skip") => Ok(Some(Missed::Skip)),
        _ => Err(Unclear("`if missed` takes `once` or `skip`".to_owned())),
    }
}

fn moment(zone: &TimeZone, day: spoken::Day, time: Time, now: Timestamp) -> Result<Timestamp, Unclear> {
    let beyond = || Unclear("that is beyond the calendar".to_owned());
    let today = zone::local(zone, now).ok_or_else(beyond)?.date();
    let on = |day: Date| zone::once(zone, day, time).ok_or_else(beyond);
    let found = match day {
        spoken::Day::On(day) => on(day)?,
        spoken::Day::Today => on(today)?,
        spoken::Day::Tomorrow => on(today.tomorrow().map_err(|_| beyond())?)?,
        spoken::Day::Next => {
            let first = on(today)?;
            if first > now { first } else { on(today.tomorrow().map_err(|_| beyond())?)? }
        }
    };
    if found <= now {
        return Err(Unclear("that is over already: name a time that is to come".to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::zone::tests::at;
    use super::*;

    const NOW: &str = "2026-11-21T10:00:00Z";

    fn planned(text: &str) -> (String, String, String) {
        let planned = parse(text, at(NOW), "Europe/Amsterdam").unwrap_or_else(|why| panic!("{text}: {why}"));
        (planned.when.to_string(), planned.first.to_string().replace(".000", ""), planned.rest)
    }

    #[test]
    fn what_people_write_is_read() {
        for (text, when, first) in [
            ("at 17:00 run echo x", "once", "2026-11-21T16:00:00Z"),
            ("at 9:00 run echo x", "once", "2026-11-22T08:00:00Z"),
            ("at 9am tomorrow run echo x", "once", "2026-11-22T08:00:00Z"),
            ("at 2026-12-01 09:00 run echo x", "once", "2026-12-01T08:00:00Z"),
            ("at 2026-12-01 09:00 UTC run echo x", "once", "2026-12-01T09:00:00Z"),
            ("in 20 minutes run echo x", "once", "2026-11-21T10:20:00Z"),
            ("in 1 hour and 30 minutes run echo x", "once", "2026-11-21T11:30:00Z"),
            ("in an hour run echo x", "once", "2026-11-21T11:00:00Z"),
            ("every 15 minutes run echo x", "every 15 minutes", "2026-11-21T10:15:00Z"),
            ("every hour run echo x", "every hour", "2026-11-21T11:00:00Z"),
            ("every day at 9:00 run echo x", "every day at 09:00", "2026-11-22T08:00:00Z"),
            ("Every weekday at 9:00 run echo x", "every weekday at 09:00", "2026-11-23T08:00:00Z"),
            (
                "every monday and thursday at 9:00 run echo x",
                "every monday and thursday at 09:00",
                "2026-11-23T08:00:00Z",
            ),
            (
                "every mon, thu at 9:00, 17:00 run echo x",
                "every monday and thursday at 09:00 and 17:00",
                "2026-11-23T08:00:00Z",
            ),
            (
                "every day at 12:30 in zone Asia/Kolkata run echo x",
                "every day at 12:30",
                "2026-11-22T07:00:00Z",
            ),
            (
                "every day at 12:30 in America/New_York run echo x",
                "every day at 12:30",
                "2026-11-21T17:30:00Z",
            ),
            (
                "on the first monday at 9:00 run echo x",
                "on the first monday of the month at 09:00",
                "2026-12-07T08:00:00Z",
            ),
            (
                "every last weekday of the month at 17:00 UTC run echo x",
                "on the last weekday of the month at 17:00",
                "2026-11-30T17:00:00Z",
            ),
            (
                "on the 1st and 15th at noon in zone UTC run echo x",
                "on the 1st and 15th of the month at 12:00",
                "2026-12-01T12:00:00Z",
            ),
            ("cron \"*/5 * * * *\" run echo x", "cron \"*/5 * * * *\"", "2026-11-21T10:05:00Z"),
            (
                "cron 0 9 * * mon-fri UTC if missed once run echo x",
                "cron \"0 9 * * mon-fri\"",
                "2026-11-23T09:00:00Z",
            ),
            ("cron @daily run echo x", "cron \"@daily\"", "2026-11-21T23:00:00Z"),
        ] {
            assert_eq!(planned(text), (when.to_owned(), first.to_owned(), "run echo x".to_owned()), "{text}");
        }
    }

    #[test]
    fn the_command_keeps_its_blanks_and_quotes() {
        assert_eq!(planned("at 17:00 say \"a  b\"  c").2, "say \"a  b\"  c");
        assert_eq!(planned("every day at 9:00 in 5 rooms say x").2, "in 5 rooms say x");
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (text, part) in [
            ("at run echo x", "`run` is no time of day"),
            ("at 2026-11-21 09:00 run echo x", "over already"),
            ("at 2026-02-30 09:00 run echo x", "is no day"),
            ("at 2099-01-01 09:00 run echo x", "five years"),
            ("every day run echo x", "at what time"),
            ("every moon at 9:00 run x", "`moon`"),
            ("every 5 seconds run x", "at least a minute"),
            ("every 0 minutes run x", "at least a minute"),
            ("every day at 9:00 in zone Mars/Base run x", "`Mars/Base` is no time zone"),
            ("every day at 9:00 if missed twice run x", "`once` or `skip`"),
            ("every day at 9:00", "what is to be run"),
            ("cron \"* * *\" run x", "five fields"),
            ("cron \"* * * * * run x", "no closing quote"),
            ("in five minutes run x", "`five`"),
            ("at 25:00 run x", "`25:00` is no time of day: write it such as `17:00`"),
            ("every blursday at 9:00 run x", "`blursday` is no day: write `day`, `weekday`"),
            ("cron 0 0 31 2 * run x", "`0 0 31 2 *` never comes"),
            ("in 400 days run x", "at most a year"),
            ("in 99999999999999999999 minutes run x", "is no span"),
            ("every 9999 weeks run x", "more than a year"),
            ("every second monday at 9:00 run x", "`on the second monday of the month at 9:00`"),
            ("on the 6th monday at 9:00 run x", "five in a month at most"),
            ("on the first at 9:00 run x", "of which days?"),
            ("on the blue monday at 9:00 run x", "`blue` is no day of a month"),
            ("on the first monday of may at 9:00 run x", "`of the month`"),
            ("on the 15th run x", "`run` is no day"),
            ("on the 15th", "at what time?"),
        ] {
            let error = parse(text, at(NOW), "UTC").unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_reminder_may_have_its_time_before_or_behind() {
        let read = |text: &str| {
            let planned = remind(text, at(NOW), "UTC").unwrap_or_else(|why| panic!("{text}: {why}"));
            (planned.first.to_string().replace(".000", ""), planned.rest)
        };
        let expected = ("2026-11-21T10:20:00Z".to_owned(), "look at the disk".to_owned());
        assert_eq!(read("in 20 minutes to look at the disk"), expected);
        assert_eq!(read("to look at the disk in 20 minutes"), expected);
        let monthly = ("2026-12-07T09:00:00Z".to_owned(), "pay".to_owned());
        assert_eq!(read("to pay on the first monday at 9:00"), monthly);
        assert!(remind("to look at the disk", at(NOW), "UTC").unwrap_err().to_string().starts_with("when?"));
        assert!(remind("in 20 minutes", at(NOW), "UTC").unwrap_err().to_string().starts_with("of what?"));
    }
}
