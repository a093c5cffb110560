//! Scenarios of what takes more than one person's word.

use super::list::Verdict;
use super::stage::Stage;
use super::{Shown, Who};

/// `guard NAME` waits for the word of somebody who may approve it: the admin.
pub(super) fn approval(stage: &Stage) -> Verdict {
    if stage.platform.knows(Who::Mallory) && !is_proven(stage, Who::Mallory) {
        stage.command(Who::Mallory, stage.main(), &format!("guard {}", stage.word()));
        stage.sees("does not vouch for who you are");
    }
    let (word, asked, id) = ask(stage, Who::Bob, "guard");
    say(stage, Who::Bob, "approve", &asked, id);
    stage.sees("who asks never approves");
    let refused = stage.count("who asks never approves");
    // Under another display name it is the same person.
    if stage.platform.renames(Who::Bob, "robert") {
        say(stage, Who::Bob, "approve", &asked, id);
        let again = || (stage.count("who asks never approves") > refused).then_some(());
        crate::support::until(crate::support::SOON, again);
    }
    if stage.platform.knows(Who::Mallory) {
        say(stage, Who::Mallory, "approve", &asked, id);
        let proven = is_proven(stage, Who::Mallory);
        stage.sees(if proven { "no rule lets you approve" } else { "does not vouch for who you are" });
    }
    stage.fence();
    assert!(times(stage, &word).is_empty(), "nobody approved it yet");
    // A double click is one word.
    say(stage, Who::Alice, "approve", &asked, id);
    say(stage, Who::Alice, "approve", &asked, id);
    stage.once(&format!("{word} guarded"));
    // A late one finds it decided.
    say(stage, Who::Alice, "approve", &asked, id);
    stage.sees(&format!("{id} was approved by"));
    stage.fence();
    assert_eq!(times(stage, &word), "once\n");
    verdict(&asked)
}

/// `brief NAME` waits for a second; a word that comes later counts for nothing.
pub(super) fn expired(stage: &Stage) -> Verdict {
    let (word, asked, id) = ask(stage, Who::Bob, "brief");
    stage.sees(&format!("({id}) did not run: nobody decided it within 1 s"));
    say(stage, Who::Alice, "approve", &asked, id);
    stage.sees(&format!("{id} was not decided in time already"));
    say(stage, Who::Alice, "deny", &asked, id);
    stage.fence();
    assert!(times(stage, &word).is_empty(), "it ran after its time");
    verdict(&asked)
}

/// The bot is killed between the request and the word.
pub(super) fn restart(stage: &Stage) -> Verdict {
    let (word, asked, id) = ask(stage, Who::Bob, "guard");
    stage.restart();
    assert!(times(stage, &word).is_empty(), "nobody approved it yet");
    say(stage, Who::Alice, "approve", &asked, id);
    let guarded = format!("{word} guarded");
    let seen = || {
        // Who was cut off with the bot hears it with the next line.
        if stage.platform.kind() == "terminal" {
            stage.command(Who::Bob, stage.main(), "echo still here");
        }
        crate::support::within(std::time::Duration::from_secs(1), || stage.with(&guarded).pop())
    };
    crate::support::until(crate::support::SOON, seen);
    stage.restart();
    say(stage, Who::Alice, "approve", &asked, id);
    stage.sees(&format!("{id} was approved by"));
    stage.fence();
    assert_eq!(times(stage, &word), "once\n");
    verdict(&asked)
}

fn verdict(asked: &Shown) -> Verdict {
    if asked.buttons.is_empty() { Verdict::Degrades } else { Verdict::Holds }
}

fn is_proven(stage: &Stage, who: Who) -> bool {
    !stage.platform.id_of(who).starts_with('~')
}

/// Somebody asks for it: the word, the message that asks others, the number.
fn ask(stage: &Stage, who: Who, what: &str) -> (String, Shown, i64) {
    let word = stage.word();
    stage.command(who, stage.main(), &format!("{what} {word}"));
    stage.sees(&word);
    let is_it = |shown: &Shown| shown.text.contains("asks for approval of") && shown.text.contains(&word);
    let asked =
        crate::support::within(crate::support::SOON, || stage.platform.shown().into_iter().find(is_it));
    let asked = asked.expect("others are asked");
    let rest = asked.text.split("approval of ").nth(1).unwrap();
    let id = rest.split(':').next().unwrap().parse().unwrap();
    (word, asked, id)
}

/// Somebody has a say, by the button, or typed where there is none (any more).
fn say(stage: &Stage, who: Who, what: &str, asked: &Shown, id: i64) {
    let button = asked.buttons.iter().find(|(label, _)| label == what);
    let pressed = button.is_some_and(|(_, value)| stage.platform.press(who, &asked.id, value));
    if !pressed {
        stage.command(who, stage.main(), &format!("{what} {id}"));
    }
}

/// What each run left.
fn times(stage: &Stage, word: &str) -> String {
    std::fs::read_to_string(stage.bot.folder().join(format!("guard-{word}"))).unwrap_or_default()
}
