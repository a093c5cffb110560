//! Scenarios of what goes wrong between the bot and its service.

use std::time::{Duration, Instant};

use super::list::Verdict;
use super::stage::Stage;
use super::{Fault, Where, Who};
use crate::support::{SOON, within};

/// A server that is back has the bot back within this time, however busy the machine is. How fast it is: the table, and
/// `scripts/bench`.
const BACK: Duration = Duration::from_secs(10);

/// A silent server is noticed within this time.
const NOTICED: Duration = Duration::from_secs(60);

/// The bot is there again and as it was: one new session or more, and still one answer to each command.
fn back(stage: &Stage, sessions: usize) -> Duration {
    let took = stage.meet();
    let opened = within(SOON, || (stage.platform.sessions() > sessions).then_some(()));
    assert!(opened.is_some(), "the bot was to connect anew");
    let (_, word) = stage.echo(Who::Bob, stage.main());
    stage.once(&word);
    took
}

fn recovers(stage: &Stage, fault: Fault) -> Verdict {
    let sessions = stage.platform.sessions();
    if !stage.platform.fault(fault) {
        return Verdict::Degrades;
    }
    Verdict::Back(back(stage, sessions))
}

pub(super) fn abort(stage: &Stage) -> Verdict {
    recovers(stage, Fault::Abort)
}

pub(super) fn close(stage: &Stage) -> Verdict {
    recovers(stage, Fault::Close)
}

pub(super) fn refresh(stage: &Stage) -> Verdict {
    recovers(stage, Fault::Refresh)
}

pub(super) fn html(stage: &Stage) -> Verdict {
    let sessions = stage.platform.sessions();
    if !stage.platform.fault(Fault::Html503) {
        return Verdict::Degrades;
    }
    let (_, word) = stage.echo(Who::Bob, stage.main());
    stage.rest(Duration::from_secs(1));
    stage.platform.fault(Fault::Abort);
    stage.rest(Duration::from_secs(1));
    stage.platform.mend();
    let took = back(stage, sessions);
    stage.once(&word);
    Verdict::Back(took)
}

pub(super) fn limited(stage: &Stage) -> Verdict {
    let limited = stage.platform.fault(Fault::Limited(2, Duration::from_secs(1)));
    let words: Vec<_> = (0..5).map(|_| stage.echo(Who::Alice, stage.main()).1).collect();
    for word in &words {
        stage.sees(word);
    }
    stage.platform.mend();
    for word in &words {
        stage.once(word);
    }
    let shown = stage.platform.shown();
    let places: Vec<_> =
        words.iter().map(|word| shown.iter().position(|shown| shown.text.contains(word.as_str()))).collect();
    assert!(places.is_sorted(), "out of order: {places:?}");
    if limited { Verdict::Holds } else { Verdict::Degrades }
}

pub(super) fn meanwhile(stage: &Stage) -> Verdict {
    let down = stage.platform.fault(Fault::Down);
    let word = down.then(|| stage.echo(Who::Bob, stage.main()).1);
    stage.rest(Duration::from_millis(300));
    stage.platform.mend();
    match (word, stage.platform.keeps()) {
        (Some(word), true) => {
            stage.once(&word);
            Verdict::Holds
        }
        (Some(word), false) => {
            stage.meet();
            assert!(
                stage.with(&word).is_empty(),
                "it was heard after all: the platform is to say that it keeps"
            );
            Verdict::Degrades
        }
        (None, _) => {
            stage.meet();
            Verdict::Degrades
        }
    }
}

pub(super) fn removed(stage: &Stage) -> Verdict {
    closed(stage, Fault::Removed)
}

pub(super) fn archived(stage: &Stage) -> Verdict {
    closed(stage, Fault::Archived)
}

pub(super) fn renamed(stage: &Stage) -> Verdict {
    let (_, word) = stage.echo(Who::Bob, stage.main());
    let room = stage.sees(&word).room;
    let word = stage.word();
    stage.command(Who::Bob, stage.main(), &format!("hold {word}"));
    stage.began(&word);
    let renamed = stage.platform.fault(Fault::Renamed);
    stage.go(&word);
    stage.sees(&format!("{word} went"));
    stage.platform.mend();
    stage.meet();
    let result = stage.sees(&format!("{word} went"));
    assert_eq!(result.room, room, "{result:?}");
    assert_eq!(stage.with(&format!("{word} went")).len(), 1, "told once");
    if renamed { Verdict::Holds } else { Verdict::Degrades }
}

/// The room is closed to the bot while a command runs that was asked for there.
fn closed(stage: &Stage, fault: Fault) -> Verdict {
    let (_, word) = stage.echo(Who::Bob, Where::Direct);
    let direct = stage.sees(&word).room;
    let word = stage.word();
    stage.command(Who::Bob, stage.main(), &format!("hold {word}"));
    stage.began(&word);
    let closed = stage.platform.fault(fault);
    stage.go(&word);
    let result = stage.sees(&format!("{word} went"));
    stage.platform.mend();
    stage.meet();
    assert_eq!(stage.with(&format!("{word} went")).len(), 1, "told once");
    if !closed {
        return Verdict::Degrades;
    }
    assert_eq!(result.room, direct, "told directly: {result:?}");
    Verdict::Holds
}

pub(super) fn revoked(stage: &Stage) -> Verdict {
    const REFUSED: &str = "the service refuses the bot";
    let sessions = stage.platform.sessions();
    if !stage.platform.fault(Fault::Revoked) {
        return Verdict::Degrades;
    }
    // Who logged in before may stay until the connection ends.
    if stage.platform.kind() != "memory" {
        stage.platform.fault(Fault::Abort);
    }
    let said = within(SOON, || (stage.bot.logged(REFUSED) > 0).then_some(()));
    assert!(said.is_some(), "the log says what is wrong");
    stage.rest(Duration::from_secs(4));
    assert_eq!(stage.bot.logged(REFUSED), 1, "said once");
    let tries = stage.platform.sessions() - sessions;
    assert!(tries <= 4, "{tries} sessions in 4 s");
    stage.platform.mend();
    Verdict::Back(stage.meet_within(Duration::from_secs(40)))
}

/// A server that is away for five seconds while a command ends: how long after it is up the bot answers.
fn outage(stage: &Stage) -> Option<Duration> {
    let word = stage.word();
    stage.command(Who::Bob, stage.main(), &format!("hold {word}"));
    stage.began(&word);
    if !stage.platform.fault(Fault::Down) {
        stage.go(&word);
        stage.once(&format!("{word} went"));
        return None;
    }
    stage.rest(Duration::from_secs(1));
    stage.go(&word);
    stage.rest(Duration::from_secs(4));
    stage.platform.mend();
    let took = stage.meet();
    stage.once(&format!("{word} went"));
    Some(took)
}

pub(super) fn down(stage: &Stage) -> Verdict {
    let Some(took) = outage(stage) else { return Verdict::Degrades };
    assert!(took <= BACK, "{took:?} after the server was up");
    Verdict::Back(took)
}

pub(super) fn frozen(stage: &Stage) -> Verdict {
    const LOST: &str = "connection lost";
    let before = stage.bot.logged(LOST);
    let began = Instant::now();
    if !stage.platform.fault(Fault::Freeze) {
        stage.fence();
        return Verdict::Degrades;
    }
    let noticed = within(NOTICED, || (stage.bot.logged(LOST) > before).then_some(()));
    assert!(noticed.is_some(), "not noticed within {NOTICED:?}");
    stage.platform.mend();
    stage.meet();
    let took = began.elapsed();
    assert!(took < NOTICED, "{took:?}");
    let (_, word) = stage.echo(Who::Bob, stage.main());
    stage.once(&word);
    Verdict::Back(took)
}

/// The stage was set with the server down.
pub(super) fn late(stage: &Stage) -> Verdict {
    let down = stage.platform.fault(Fault::Down);
    stage.rest(Duration::from_millis(1500));
    stage.platform.mend();
    let took = stage.meet();
    if down { Verdict::Back(took) } else { Verdict::Degrades }
}
