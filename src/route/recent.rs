//! What the newest outcomes of a subject tell. Their times are those of the bot's clock at which they came, oldest
//! first, so a sender's clock that jumps changes nothing here.

use std::time::Duration;

use super::{After, Flapping};
use crate::model::{EventStatus, Outcome, RECENT, Subject, Timestamp};

/// Whether two outcomes are one to people: well is well.
pub(super) fn is_same(one: EventStatus, other: EventStatus) -> bool {
    one == other || (one.is_success() && other.is_success())
}

/// How often the outcome changed in the time before `now`.
pub(super) fn changes(recent: &[Outcome], now: Timestamp, within: Duration) -> usize {
    let counts =
        |pair: &&[Outcome]| !is_same(pair[0].status, pair[1].status) && now.since(pair[1].at) <= within;
    recent.windows(2).filter(counts).count()
}

/// Whether the newest outcome makes a subject flap.
pub(super) fn flaps(recent: &[Outcome], now: Timestamp, limit: Flapping) -> bool {
    changes(recent, now, limit.within) >= limit.changes
}

/// How many bad outcomes there were in the time up to the newest.
pub(super) fn failures(recent: &[Outcome], within: Duration) -> usize {
    let Some(newest) = recent.last() else { return 0 };
    recent.iter().filter(|outcome| outcome.status.is_bad() && newest.at.since(outcome.at) <= within).count()
}

/// Where the outcomes at the end begin that have no good one between them.
fn bad_run(recent: &[Outcome]) -> usize {
    recent.iter().rposition(|outcome| outcome.status.is_success()).map_or(0, |good| good + 1)
}

/// Since when it is bad, if it is; as far back as is remembered.
pub(super) fn bad_since(recent: &[Outcome]) -> Option<Timestamp> {
    recent[bad_run(recent)..].iter().find(|outcome| outcome.status.is_bad()).map(|outcome| outcome.at)
}

/// The worst outcome since the last good one, if there is a bad one.
pub(super) fn worst(subject: &Subject) -> Option<EventStatus> {
    let run = &subject.recent[bad_run(&subject.recent)..];
    let bad = run.iter().map(|outcome| outcome.status).chain(subject.status).filter(|status| status.is_bad());
    bad.max_by_key(|status| status.is_failure())
}

/// Whether one of the bad outcomes at the end was one too many.
pub(super) fn was_told(recent: &[Outcome], after: After) -> bool {
    let first = bad_run(recent);
    (first..recent.len())
        .any(|last| recent[last].status.is_bad() && failures(&recent[..=last], after.within) >= after.count)
}

/// When the same outcome is told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeat {
    /// Only after this.
    pub(super) every: Duration,
    /// Those before do not count as told.
    pub(super) after: Option<After>,
}

/// For each outcome whether it is told.
fn told(recent: &[Outcome], repeat: Repeat) -> Vec<bool> {
    let mut last: Option<Outcome> = None;
    let tell = |(at, outcome): (usize, &Outcome)| {
        let enough = repeat.after.is_none_or(|after| {
            !outcome.status.is_bad() || failures(&recent[..=at], after.within) >= after.count
        });
        let again =
            |last: Outcome| last.status != outcome.status || outcome.at.since(last.at) >= repeat.every;
        let tells = enough && last.is_none_or(again);
        if tells {
            last = Some(*outcome);
        }
        tells
    };
    recent.iter().enumerate().map(tell).collect()
}

/// Whether the newest outcome is told.
pub(super) fn is_told(recent: &[Outcome], repeat: Repeat) -> bool {
    told(recent, repeat).pop().unwrap_or(true)
}

/// Keeps at most [`RECENT`]. Repeats that nobody heard of, by all of `repeats`, go first, so that when something
/// was told last is known for as long as it fails; the newer half stays whole for counting.
pub(super) fn cut(recent: &mut Vec<Outcome>, repeats: &[Repeat]) {
    while recent.len() > RECENT {
        let mut kept: Vec<bool> = recent.iter().map(|_| false).collect();
        for repeat in repeats {
            told(recent, *repeat).into_iter().zip(&mut kept).for_each(|(told, kept)| *kept |= told);
        }
        let is_spare = |at: &usize| !kept[*at] && recent[*at].status == recent[at - 1].status;
        let spare = (1..recent.len() / 2).find(is_spare);
        recent.remove(spare.unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(text: &str) -> Vec<Outcome> {
        let status = |letter| match letter {
            'f' => EventStatus::Failed,
            'w' => EventStatus::Warning,
            _ => EventStatus::Ok,
        };
        let minute = |at: usize| Timestamp::from_micros(at as i64 * 60_000_000);
        let all = text.chars().enumerate().filter(|(_, letter)| *letter != '-');
        all.map(|(at, letter)| Outcome { at: minute(at), status: status(letter) }).collect()
    }

    const fn minutes(count: u64) -> Duration {
        Duration::from_secs(count * 60)
    }

    #[test]
    fn changes_and_failures_are_counted_in_their_time() {
        let recent = outcomes("of-fo-f");
        let now = recent[4].at;
        assert_eq!(changes(&recent, now, minutes(9)), 3);
        assert_eq!(changes(&recent, now, minutes(2)), 2);
        assert_eq!(failures(&recent, minutes(3)), 2);
        assert_eq!(bad_since(&recent), Some(now));
        assert_eq!(bad_since(&outcomes("fo")), None);
    }

    #[test]
    fn an_end_is_told_if_one_of_the_failures_was() {
        let after = After { count: 3, within: minutes(5) };
        assert!(was_told(&outcomes("fff------f"), after));
        assert!(!was_told(&outcomes("ff------f"), after));
        assert!(!was_told(&outcomes("fffo"), after));
    }

    #[test]
    fn the_same_is_told_again_after_its_time_however_often_it_comes() {
        let told_at = |text: &str, every| {
            let recent = outcomes(text);
            (0..recent.len())
                .filter(|at| is_told(&recent[..=*at], Repeat { every, after: None }))
                .collect::<Vec<_>>()
        };
        assert_eq!(told_at("ffffffff", minutes(3)), [0, 3, 6]);
        assert_eq!(told_at("f--f--f--f", minutes(4)), [0, 2]);
        assert_eq!(told_at("ffwf", minutes(9)), [0, 2, 3]);
    }

    #[test]
    fn what_came_too_seldom_to_be_told_does_not_keep_the_next_from_it() {
        let after = Some(After { count: 3, within: minutes(5) });
        let repeat = Repeat { every: minutes(60), after };
        let recent = outcomes("ffff");
        let told: Vec<bool> = (0..4).map(|at| is_told(&recent[..=at], repeat)).collect();
        assert_eq!(told, [false, false, true, false]);
    }

    #[test]
    fn what_was_told_is_remembered_beyond_the_limit() {
        let repeat = Repeat { every: minutes(100), after: None };
        let (mut recent, mut told) = (Vec::new(), Vec::new());
        for minute in 0..1_000_i64 {
            let at = Timestamp::from_micros(minute * 60_000_000);
            recent.push(Outcome { at, status: EventStatus::Failed });
            cut(&mut recent, &[repeat]);
            if is_told(&recent, repeat) {
                told.push(minute);
            }
            assert!(recent.len() <= RECENT);
        }
        assert_eq!(told, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    }
}
