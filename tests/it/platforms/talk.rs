//! Scenarios of what people say.

use super::list::Verdict;
use super::stage::Stage;
use super::{Where, Who};
use crate::support::SOON;
use crate::support::within;

pub(super) fn channel(stage: &Stage) -> Verdict {
    let (_, word) = stage.echo(Who::Bob, stage.main());
    let shown = stage.once(&word);
    if !stage.platform.has(Where::Ops) {
        return Verdict::Degrades;
    }
    assert_eq!(shown.thread, None, "{shown:?}");
    let talk = stage.word();
    stage.platform.say(Who::Bob, Where::Ops, &format!("echo {talk}"));
    stage.fence();
    assert!(stage.with(&talk).is_empty(), "talk of people is none of the bot's business");
    Verdict::Holds
}

pub(super) fn direct(stage: &Stage) -> Verdict {
    let (_, word) = stage.echo(Who::Bob, Where::Direct);
    let shown = stage.once(&word);
    if stage.platform.has(Where::Ops) {
        let (_, word) = stage.echo(Who::Bob, Where::Ops);
        assert_ne!(stage.sees(&word).room, shown.room, "said to one person alone");
    }
    Verdict::Holds
}

pub(super) fn thread(stage: &Stage) -> Verdict {
    if !stage.platform.has(Where::Thread) {
        let (_, word) = stage.echo(Who::Bob, stage.main());
        assert_eq!(stage.once(&word).thread, None);
        return Verdict::Degrades;
    }
    let (_, word) = stage.echo(Who::Bob, Where::Thread);
    let shown = stage.once(&word);
    assert!(shown.thread.is_some(), "{shown:?}");
    let (_, word) = stage.echo(Who::Bob, Where::Ops);
    let outside = stage.once(&word);
    assert_eq!((outside.thread, outside.room), (None, shown.room), "in the same room, outside the thread");
    Verdict::Holds
}

pub(super) fn duplicate(stage: &Stage) -> Verdict {
    let (id, word) = stage.echo(Who::Bob, stage.main());
    let twice = stage.platform.again(&id);
    stage.sees(&word);
    if twice {
        stage.platform.again(&id);
    }
    stage.once(&word);
    if twice { Verdict::Holds } else { Verdict::Degrades }
}

pub(super) fn mention(stage: &Stage) -> Verdict {
    let word = stage.word();
    stage.platform.mention(Who::Bob, stage.main(), &format!("echo {word}"));
    stage.once(&word);
    if stage.platform.has(Where::Ops) { Verdict::Holds } else { Verdict::Degrades }
}

pub(super) fn bots(stage: &Stage) -> Verdict {
    let bots = [Who::Myself, Who::OtherBot].into_iter().filter(|who| stage.platform.knows(*who));
    let mut words = Vec::new();
    for who in bots {
        words.push(stage.echo(who, Where::Ops).1);
        let word = stage.word();
        stage.platform.mention(who, Where::Ops, &format!("echo {word}"));
        words.push(word);
    }
    stage.fence();
    stage.fence();
    // What the bot is made to say itself is shown too.
    let answered =
        |word: &&String| stage.with(word).iter().any(|shown| !shown.text.contains(&format!("echo {word}")));
    let heard: Vec<_> = words.iter().filter(answered).collect();
    assert!(heard.is_empty(), "the bot answered a bot: {heard:?}");
    if words.is_empty() { Verdict::Degrades } else { Verdict::Holds }
}

pub(super) fn mallory(stage: &Stage) -> Verdict {
    let thief = if stage.platform.knows(Who::Mallory) { Who::Mallory } else { Who::Bob };
    let vault = |name: &str| stage.bot.folder().join(format!("vault-{name}")).exists();
    let places = [stage.main(), Where::Direct];
    for place in places {
        let word = stage.word();
        stage.command(thief, place, &format!("vault {word}"));
        stage.sees("may not");
        stage.fence();
        assert!(!vault(&word), "{thief:?} opened it");
    }
    let word = stage.word();
    stage.command(Who::Alice, stage.main(), &format!("vault {word}"));
    stage.once(&format!("{word} open"));
    assert!(vault(&word), "the admin may");
    if thief == Who::Mallory { Verdict::Holds } else { Verdict::Degrades }
}

pub(super) fn edit(stage: &Stage) -> Verdict {
    let (id, word) = stage.echo(Who::Bob, stage.main());
    stage.sees(&word);
    let changed = stage.word();
    if !stage.platform.edit(&id, &format!("!echo {changed}")) {
        return Verdict::Degrades;
    }
    let (talk, second) = (stage.platform.say(Who::Bob, Where::Ops, "good morning"), stage.word());
    stage.platform.edit(&talk, &format!("!echo {second}"));
    stage.fence();
    stage.once(&word);
    for word in [changed, second] {
        assert!(stage.with(&word).is_empty(), "an edit ran");
    }
    Verdict::Holds
}

pub(super) fn markup(stage: &Stage) -> Verdict {
    let word = stage.word();
    let typed = "say \u{201c}good\u{a0}day\u{201d} it\u{2019}s <b> 5 > 4 & 3 web1.example.org:80 in `\u{201c}code\u{201d}`\u{200b}";
    let meant = "say \"good day\" it's <b> 5 > 4 & 3 web1.example.org:80 in `\u{201c}code\u{201d}`";
    stage.command(Who::Alice, stage.main(), &format!("note {word} {typed}"));
    stage.sees(&format!("{word} noted"));
    let kept = std::fs::read_to_string(stage.bot.folder().join(format!("note-{word}"))).unwrap();
    assert_eq!(kept, meant);
    Verdict::Holds
}

pub(super) fn acknowledgement(stage: &Stage) -> Verdict {
    let word = stage.word();
    stage.command(Who::Bob, stage.main(), &format!("hold {word}"));
    stage.began(&word);
    let running = |shown: &super::Shown| shown.text.contains(&word) && shown.text.contains("running");
    let acknowledged = || stage.platform.shown().into_iter().find(running);
    // A terminal behind a pipe shows results only.
    let early = match stage.platform.has(Where::Ops) {
        true => Some(within(SOON, acknowledged).expect("a command that takes its time is acknowledged")),
        false => None,
    };
    stage.go(&word);
    let result = stage.once(&format!("{word} went"));
    match early {
        Some(early) if early.id == result.id => {
            assert!(result.edits > 0 && acknowledged().is_none(), "{result:?}");
            Verdict::Holds
        }
        _ => Verdict::Degrades,
    }
}

pub(super) fn empty(stage: &Stage) -> Verdict {
    let before = stage.platform.shown().len();
    stage.platform.say(Who::Bob, stage.main(), "");
    stage.fence();
    assert_eq!(stage.platform.shown().len(), before + 1, "nothing but the answer to what came after");
    Verdict::Holds
}

pub(super) fn megabyte(stage: &Stage) -> Verdict {
    let long = "x".repeat(1 << 20);
    stage.platform.say(Who::Bob, stage.main(), &long);
    stage.platform.say(Who::Bob, stage.main(), &format!("!{long}"));
    let (_, word) = stage.echo(Who::Bob, stage.main());
    stage.once(&word);
    assert!(stage.platform.shown().iter().all(|shown| shown.text.len() < 100_000), "it is not repeated");
    Verdict::Holds
}

pub(super) fn garbled(stage: &Stage) -> Verdict {
    let garbled = stage.platform.garble();
    let (_, word) = stage.echo(Who::Bob, stage.main());
    stage.once(&word);
    if garbled { Verdict::Holds } else { Verdict::Degrades }
}

/// The button, or what is typed where there are none, that ends a running command.
fn end(stage: &Stage, who: Who, running: &super::Shown) -> bool {
    let button = running.buttons.iter().find(|(label, _)| label == "end it");
    if let Some((_, value)) = button {
        return stage.platform.press(who, &running.id, value);
    }
    let rest = running.text.rsplit("is running as ").next().unwrap_or_default();
    let id: String = rest.chars().take_while(char::is_ascii_digit).collect();
    stage.command(who, stage.main(), &format!("kill {id}"));
    false
}

pub(super) fn button(stage: &Stage) -> Verdict {
    let word = stage.word();
    let ended = || stage.with("ended by").len();
    let before = ended();
    stage.command(Who::Bob, stage.main(), &format!("hold {word}"));
    stage.began(&word);
    let is_it = |shown: &super::Shown| shown.text.contains(&word) && shown.text.contains("is running as");
    let running =
        within(SOON, || stage.platform.shown().into_iter().find(is_it)).expect("it is acknowledged");
    let pressed = end(stage, Who::Mallory, &running);
    stage.fence();
    stage.fence();
    assert_eq!(ended(), before, "it was not hers to end: {:#?}", stage.with("ended by"));
    end(stage, Who::Bob, &running);
    within(SOON, || (ended() > before).then_some(())).expect("who asked may end it");
    if pressed {
        end(stage, Who::Bob, &running);
    }
    stage.fence();
    assert_eq!(ended(), before + 1, "a button works once");
    if pressed { Verdict::Holds } else { Verdict::Degrades }
}
