//! Times as they are spoken: `in 20 minutes`, `at 17:00 tomorrow`, `every monday and thursday at 9:00`, `on the
//! first monday at 9:00`, `cron ...`.

use std::time::Duration;

use jiff::civil::{Date, Time};

use super::cron::Cron;
use super::monthly::Monthly;
use super::parse::{Unclear, Words};
use super::{When, monthly, words};

/// Nothing comes round more often.
const SHORTEST: Duration = Duration::from_secs(60);

/// No span is longer.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// So many times of one day may be named.
const MOST_TIMES: usize = 48;

/// A time as it is spoken, before its zone is known.
pub(super) enum Spec {
    /// After a span.
    In(Duration),
    /// On a day.
    At {
        /// Which.
        day: Day,
        /// By the clock.
        time: Time,
    },
    /// Again and again.
    When(When),
}

/// On which day a time of day is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// This one.
    On(Date),
    /// Today.
    Today,
    /// Tomorrow.
    Tomorrow,
    /// The next time that clocks show it.
    Next,
}

/// Asks for a time.
pub(super) const WHEN: &str = "when? write it such as `in 20 minutes`, `at 17:00`, `every weekday at 9:00`, `on the first monday at 9:00`";

fn unclear<T>(why: impl Into<String>) -> Result<T, Unclear> {
    Err(Unclear(why.into()))
}

/// Reads back what a [`When`] displays.
pub fn spoken(text: &str) -> Option<When> {
    if text == "once" {
        return Some(When::Once);
    }
    let mut words = Words::new(text);
    match spec(&mut words) {
        Ok(Spec::When(when)) if words.rest().is_empty() => Some(when),
        _ => None,
    }
}

pub(super) fn spec(words: &mut Words<'_>) -> Result<Spec, Unclear> {
    let first = words.take().unwrap_or_default().to_lowercase();
    match first.as_str() {
        "in" => after(words).map(Spec::In),
        "at" => at(words),
        "tomorrow" => {
            words.takes("at");
            Ok(Spec::At { day: Day::Tomorrow, time: time(words)? })
        }
        "every" => every(words).map(Spec::When),
        "on" => {
            words.takes("the");
            monthly(words).map(|(when, _)| Spec::When(when))
        }
        "cron" => cron(words).map(|cron| Spec::When(When::Cron(cron))),
        _ => unclear(WHEN),
    }
}

/// `20 minutes`, `1 hour and 30 minutes`, `an hour`, `20m`.
fn after(words: &mut Words<'_>) -> Result<Duration, Unclear> {
    let mut all = span(words)?;
    while words.peek().is_some_and(|word| word.eq_ignore_ascii_case("and"))
        && words.second().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()))
    {
        words.take();
        all = all.saturating_add(span(words)?);
    }
    match all.is_zero() || all > LONGEST {
        true => unclear(
            "a wait is at least a second and at most a year; for later write a day, such as `at 2027-12-01 09:00`",
        ),
        false => Ok(all),
    }
}

fn span(words: &mut Words<'_>) -> Result<Duration, Unclear> {
    let word = words.take().unwrap_or_default();
    if let Some(short) = words::short(word) {
        return Ok(short);
    }
    let count = match word.to_ascii_lowercase().as_str() {
        "a" | "an" => Some(1),
        digits => digits.parse::<u64>().ok(),
    };
    let unit = words.peek().and_then(words::unit);
    match (count, unit) {
        (Some(count), Some(seconds)) => {
            words.take();
            Ok(Duration::from_secs(count.saturating_mul(seconds)))
        }
        _ => unclear(format!("`{word}` is no span: write it such as `20 minutes` or `2h`")),
    }
}

fn at(words: &mut Words<'_>) -> Result<Spec, Unclear> {
    if let Some(day) = words.peek().filter(|word| looks_like_a_day(word)) {
        words.take();
        let day =
            day.parse::<Date>().map_err(|_| Unclear(format!("`{day}` is no day such as 2026-12-01")))?;
        return Ok(Spec::At { day: Day::On(day), time: time(words)? });
    }
    let time = time(words)?;
    let day = if words.takes("tomorrow") {
        Day::Tomorrow
    } else if words.takes("today") {
        Day::Today
    } else {
        Day::Next
    };
    Ok(Spec::At { day, time })
}

fn looks_like_a_day(word: &str) -> bool {
    word.len() == 10
        && word.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn time(words: &mut Words<'_>) -> Result<Time, Unclear> {
    let word = words.take().unwrap_or_default();
    let found = words::time(word.trim_end_matches(','));
    found.ok_or_else(|| Unclear(format!("`{word}` is no time of day: write it such as `17:00` or `5pm`")))
}

fn every(words: &mut Words<'_>) -> Result<When, Unclear> {
    if words.peek().and_then(monthly::place).is_some() && words.second().and_then(words::day).is_some() {
        return every_nth(words);
    }
    let word = words.peek().unwrap_or_default().trim_end_matches(',');
    let spanned = word.starts_with(|c: char| c.is_ascii_digit());
    let single = words::unit(word).filter(|_| words::day(word).is_none());
    let span = match single {
        Some(seconds) => {
            words.take();
            Some(Duration::from_secs(seconds))
        }
        None if spanned => Some(span(words)?),
        None => None,
    };
    match span {
        Some(span) if span < SHORTEST => {
            unclear("nothing is done more often than every minute: at least a minute")
        }
        Some(span) if span > LONGEST => unclear("that comes round after more than a year"),
        Some(span) => Ok(When::Every(span)),
        None => on_days(words),
    }
}

fn on_days(words: &mut Words<'_>) -> Result<When, Unclear> {
    let mut days = 0;
    loop {
        let word = words.take().unwrap_or_default();
        let Some(found) = words::day(word.trim_end_matches(',')) else {
            return unclear(format!(
                "`{word}` is no day: write `day`, `weekday`, `monday` and so on, or `15 minutes`"
            ));
        };
        days |= found;
        if !word.ends_with(',') && !words.takes("and") {
            break;
        }
        words.takes("and");
    }
    Ok(When::Days { days, times: at_times(words, "every weekday at 9:00")? })
}

/// `every first monday of the month at 9:00`. Without `of the month` it may mean every other monday.
fn every_nth(words: &mut Words<'_>) -> Result<When, Unclear> {
    let (nth, day) = (words.peek().unwrap_or_default(), words.second().unwrap_or_default());
    match monthly(words)? {
        (when, true) => Ok(when),
        (_, false) => unclear(format!("in each month? write `on the {nth} {day} of the month at 9:00`")),
    }
}

/// `first monday at 9:00`, `2nd and 4th tuesday of the month at ...`, `last weekday at ...`, `15th at ...`. With it
/// whether `of the month` was said.
fn monthly(words: &mut Words<'_>) -> Result<(When, bool), Unclear> {
    let (mut places, mut numbers) = (Some(0), Some(0));
    loop {
        let word = words.take().unwrap_or_default();
        let bare = word.trim_end_matches(',');
        let (place, number) = (monthly::place(bare), monthly::number(bare));
        if place.is_none() && number.is_none() {
            return unclear(format!(
                "`{word}` is no day of a month: write it such as `on the first monday at 9:00` or `on the 15th at 9:00`"
            ));
        }
        places = places.zip(place).map(|(all, one)| all | one);
        numbers = numbers.zip(number).map(|(all, one)| all | 1 << (one - 1));
        if !word.ends_with(',') && !words.takes("and") {
            break;
        }
        words.takes("and");
    }
    let day = match words.peek() {
        Some(word) if !["at", "of"].iter().any(|known| word.eq_ignore_ascii_case(known)) => {
            let day = words::day(word);
            let why =
                || Unclear(format!("`{word}` is no day: write it such as `on the first monday at 9:00`"));
            words.take();
            Some(day.ok_or_else(why)?)
        }
        _ => None,
    };
    let of_month = of_month(words)?;
    let times = at_times(words, "on the first monday at 9:00")?;
    let monthly = match (day, places, numbers) {
        (Some(days), Some(places), _) => Monthly::of(places, days, times),
        (Some(_), None, _) => {
            return unclear("of such days there are five in a month at most: `first` to `fifth`, or `last`");
        }
        (None, _, Some(numbers)) => Monthly::numbered(numbers, times),
        (None, _, None) => {
            return unclear("of which days? write it such as `on the first monday` or `on the 1st`");
        }
    };
    Ok((When::Monthly(monthly), of_month))
}

/// `of the month`, if it is said.
fn of_month(words: &mut Words<'_>) -> Result<bool, Unclear> {
    if !words.takes("of") {
        return Ok(false);
    }
    let _ = words.takes("the") || words.takes("each") || words.takes("every");
    if words.takes("month") { Ok(true) } else { unclear("of what? only `of the month` is understood") }
}

/// Some times of day behind `at`.
fn at_times(words: &mut Words<'_>, example: &str) -> Result<Vec<Time>, Unclear> {
    if !words.takes("at") {
        return unclear(format!("at what time? write it such as `{example}`"));
    }
    let mut times = Vec::new();
    loop {
        let more = words.peek().is_some_and(|word| word.ends_with(','));
        times.push(time(words)?);
        let next =
            |word: Option<&str>| word.is_some_and(|word| words::time(word.trim_end_matches(',')).is_some());
        let and = words.peek().is_some_and(|word| word.eq_ignore_ascii_case("and")) && next(words.second());
        if and {
            words.take();
        } else if !(more && next(words.peek())) {
            break;
        }
    }
    times.sort_unstable();
    times.dedup();
    if times.len() > MOST_TIMES {
        return unclear(format!("at most {MOST_TIMES} times of a day can be named"));
    }
    Ok(times)
}

/// `"*/5 * * * *"`, or its fields without quotes, or `@daily`.
fn cron(words: &mut Words<'_>) -> Result<Cron, Unclear> {
    let rest = words.rest();
    let text = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let end = rest[1..].find(quote);
            let end = end.ok_or_else(|| Unclear("the cron expression has no closing quote".to_owned()))?;
            words.go_on(&rest[end + 2..]);
            rest[1..=end].to_owned()
        }
        Some('@') => words.take().unwrap_or_default().to_owned(),
        _ => {
            let fields: Vec<&str> = std::iter::from_fn(|| words.take()).take(5).collect();
            fields.join(" ")
        }
    };
    Cron::parse(&text).map_err(Unclear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_displayed_is_read_back() {
        for text in [
            "once",
            "every 15 minutes",
            "every hour",
            "every 36 hours",
            "every week",
            "every weekday at 09:00",
            "every monday and thursday at 09:00 and 17:30",
            "on the first monday of the month at 09:00",
            "on the second and last weekday of the month at 09:00 and 17:00",
            "on the 1st and 15th of the month at 09:00",
            "cron \"0 9 * * mon-fri\"",
        ] {
            assert_eq!(spoken(text).map(|when| when.to_string()).as_deref(), Some(text));
        }
        assert_eq!(spoken("every day at 9:00 and more"), None);
    }

    #[test]
    fn every_24_hours_is_a_span_and_reads_back_as_one() {
        let when = When::Every(Duration::from_secs(86_400));
        assert_eq!((when.to_string().as_str(), spoken("every 24 hours")), ("every 24 hours", Some(when)));
    }
}
