//! Scenarios of what takes more than one person's word.

use super::list::Verdict;
use super::stage::Stage;
use super::{Shown, Who};

/// `guard NAME` waits for the word of somebody who may approve it: the admin.
pub(super) fn approval(stage: &Stage) -> Verdict {
    if stage.platform.id_of(Who::Bob).starts_with('~') {
        return unproven(stage);
    }
    let (word, asked, id) = ask(stage, Who::Bob);
    say(stage, Who::Bob, "approve", &asked, id);
    stage.sees("who asks never approves");
    if stage.platform.knows(Who::Mallory) {
        say(stage, Who::Mallory, "approve", &asked, id);
        let proven = !stage.platform.id_of(Who::Mallory).starts_with('~');
        stage.sees(if proven { "no rule lets you approve" } else { "does not vouch for who you are" });
    }
    assert!(times(stage, &word).is_empty(), "nobody approved it yet");
    let pressed = say(stage, Who::Alice, "approve", &asked, id);
    stage.once(&format!("{word} guarded"));
    // A second click, or word, finds it decided.
    say(stage, Who::Alice, "approve", &asked, id);
    stage.sees(&format!("{id} was approved by"));
    stage.fence();
    assert_eq!(times(stage, &word), "once\n");
    if pressed { Verdict::Holds } else { Verdict::Degrades }
}

/// Where only the admin is vouched for, nobody else can ask or approve, whatever the name.
fn unproven(stage: &Stage) -> Verdict {
    stage.command(Who::Bob, stage.main(), &format!("guard {}", stage.word()));
    stage.sees("does not vouch for who you are");
    let (word, asked, id) = ask(stage, Who::Alice);
    say(stage, Who::Mallory, "approve", &asked, id);
    stage.fence();
    say(stage, Who::Alice, "approve", &asked, id);
    stage.sees("who asks never approves");
    stage.command(Who::Alice, stage.main(), &format!("withdraw {id}"));
    stage.sees(&format!("{id} is withdrawn"));
    stage.fence();
    assert!(times(stage, &word).is_empty(), "nobody approved it");
    Verdict::Degrades
}

/// Somebody asks for it: the word, the message that asks others, the number.
fn ask(stage: &Stage, who: Who) -> (String, Shown, i64) {
    let word = stage.word();
    stage.command(who, stage.main(), &format!("guard {word}"));
    stage.sees(&word);
    let is_it = |shown: &Shown| shown.text.contains("asks for approval of") && shown.text.contains(&word);
    let asked =
        crate::support::within(crate::support::SOON, || stage.platform.shown().into_iter().find(is_it));
    let asked = asked.expect("others are asked");
    let rest = asked.text.split("approval of ").nth(1).unwrap();
    let id = rest.split(':').next().unwrap().parse().unwrap();
    (word, asked, id)
}

/// Somebody has a say, by the button or typed. Whether there was a button.
fn say(stage: &Stage, who: Who, what: &str, asked: &Shown, id: i64) -> bool {
    let button = asked.buttons.iter().find(|(label, _)| label == what);
    let pressed = button.is_some_and(|(_, value)| stage.platform.press(who, &asked.id, value));
    if !pressed {
        stage.command(who, stage.main(), &format!("{what} {id}"));
    }
    pressed
}

/// What each run left.
fn times(stage: &Stage, word: &str) -> String {
    std::fs::read_to_string(stage.bot.folder().join(format!("guard-{word}"))).unwrap_or_default()
}
