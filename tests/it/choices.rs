//! Buttons: what they offer, who may press them, and what is left of them afterwards.

use std::time::Duration;

use chatops::adapter::memory::Posted;
use chatops::text::Choice;

use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS, text};

fn labels(posted: &Posted) -> Vec<&str> {
    posted.post.choices.iter().map(|choice| choice.label.as_str()).collect()
}

/// The button with a label.
fn button<'a>(posted: &'a Posted, label: &str) -> &'a Choice {
    let found = posted.post.choices.iter().find(|choice| choice.label == label);
    found.unwrap_or_else(|| panic!("no button `{label}`: {:?}", posted.post.choices))
}

/// Somebody presses a button; the bot's answer to that.
fn presses(bot: &MemoryBot, person: &str, on: &Posted, label: &str) -> Posted {
    answer_to(bot, &bot.room().press_on(on, person, &button(on, label).nonce))
}

/// The last answer to a message or press; what else is said meanwhile is left out.
fn answer_to(bot: &MemoryBot, id: &str) -> Posted {
    loop {
        let posted = bot.posts();
        if posted.answer.as_ref().is_some_and(|answer| answer.last && *answer.key.id == *id) {
            return posted;
        }
    }
}

/// A message about an unknown command that has one button.
fn mistyped(bot: &MemoryBot) -> Posted {
    bot.asks("bob", OPS, "!deplyo to staging")
}

const DEPLOY: &str = "deploy to staging";

#[test]
fn did_you_mean_runs_the_command_and_then_says_who_chose_it() {
    let bot = MemoryBot::start(ops());
    let asked = mistyped(&bot);
    assert_eq!(text(&asked), "I do not know `deplyo to staging`; did you mean `deploy to staging`?");
    assert_eq!(labels(&asked), [DEPLOY]);
    let nonce = &button(&asked, DEPLOY).nonce;
    assert!(nonce.len() <= 64 && nonce.len() >= 24, "{nonce}");
    bot.room().press_on(&asked, "bob", nonce);
    let changed = bot.comes_to_say("bob chose deploy to staging");
    assert!(changed.edited && changed.handle == asked.handle && labels(&changed).is_empty(), "{changed:?}");
    bot.comes_to_say("deployed 1 to staging");
    let asked = &bot.audit_of("asked")[0];
    assert_eq!(
        [&asked["person"], &asked["body"]["pressed"], &asked["body"]["text"]],
        ["memory:bob", DEPLOY, DEPLOY]
    );
}

#[test]
fn what_is_still_incomplete_is_shown_and_not_offered() {
    let bot = MemoryBot::start(ops());
    let asked = bot.asks("bob", OPS, "!deplyo");
    assert_eq!(text(&asked), "I do not know `deplyo`; did you mean `deploy to {{target}}`?");
    assert!(labels(&asked).is_empty());
}

#[test]
fn a_button_works_once_however_often_it_is_pressed_or_its_press_delivered() {
    let bot = MemoryBot::start(ops());
    let asked = mistyped(&bot);
    let nonce = &button(&asked, DEPLOY).nonce;
    for _ in 0..3 {
        bot.room().press_as("p1", &asked, "bob", nonce);
    }
    bot.comes_to_say("deployed 1 to staging");
    bot.says_nothing_more();
    let again = presses(&bot, "bob", &asked, DEPLOY);
    assert!(text(&again).starts_with("bob chose deploy to staging already, "), "{}", again.text);
    assert!(again.post.private);
    assert_eq!((bot.audit_of("asked").len(), bot.audit_of("finished").len()), (1, 1));
    let refused = bot.audit_of("refused").pop().unwrap();
    assert_eq!([&refused["body"]["why"], &refused["person"]], ["a used button", "memory:bob"]);
}

#[test]
fn somebody_elses_button_and_a_forged_one_do_nothing_and_say_so_in_private() {
    let bot = MemoryBot::start(ops());
    let asked = mistyped(&bot);
    let other = presses(&bot, "alice", &asked, DEPLOY);
    assert_eq!((text(&other).as_str(), other.post.private), ("that button is for whoever asked", true));
    for forged in ["0123456789abcdef0123456789abcdef-0", "x", "' OR 1 --0", &"a".repeat(5000)] {
        let answer = answer_to(&bot, &bot.room().press_on(&asked, "alice", forged));
        assert!(text(&answer).starts_with("I do not know that button any more"), "{}", answer.text);
        assert!(answer.post.private);
    }
    let why: Vec<_> = bot.audit_of("refused").iter().map(|it| it["body"]["why"].clone()).collect();
    assert_eq!(why[0], "somebody else's button");
    assert_eq!(why[1..], ["an unknown button"; 4]);
    assert!(bot.audit_of("asked").is_empty());
    bot.room().press_on(&asked, "bob", &button(&asked, DEPLOY).nonce);
    bot.comes_to_say("deployed 1 to staging");
}

#[test]
fn a_press_counts_with_the_rights_that_its_person_has_now() {
    let bot = MemoryBot::start(ops());
    let asked = mistyped(&bot);
    bot.home().write("access.yaml", "everyone: [ { run: [core.echo] } ]\n");
    bot.reload();
    let refused = presses(&bot, "bob", &asked, DEPLOY);
    assert!(text(&refused).starts_with("you may not run that here"), "{}", refused.text);
    bot.home().write("access.yaml", "everyone: [ { run: [default.*] } ]\n");
    bot.reload();
    bot.room().press_on(&asked, "bob", &button(&asked, DEPLOY).nonce);
    bot.comes_to_say("deployed 1 to staging");
}

#[test]
fn a_button_survives_a_restart_and_its_use_does_too() {
    let mut bot = MemoryBot::start(ops());
    let first = mistyped(&bot);
    let second = mistyped(&bot);
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    bot.room().press_as("p1", &first, "bob", &button(&first, DEPLOY).nonce);
    let changed = bot.comes_to_say("bob chose deploy to staging");
    assert_eq!((changed.edited, &changed.handle), (true, &first.handle));
    bot.comes_to_say("deployed 1 to staging");
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    bot.room().press_as("p2", &first, "bob", &button(&first, DEPLOY).nonce);
    bot.comes_to_say("bob chose deploy to staging already");
    bot.room().press_as("p3", &second, "bob", &button(&second, DEPLOY).nonce);
    bot.comes_to_say("deployed 1 to staging");
}

#[test]
fn an_expired_button_does_nothing() {
    let mut bot = MemoryBot::start(ops());
    let asked = mistyped(&bot);
    bot.read(|_| Ok(()));
    bot.stop(Duration::ZERO);
    let database = rusqlite::Connection::open(bot.home().database()).unwrap();
    let sql = "UPDATE choice SET until = 1, body = json_set(body, '$.until', 1)";
    assert_eq!(database.execute(sql, []).unwrap(), 1);
    drop(database);
    bot.starts_again();
    bot.room().press_as("p1", &asked, "bob", &button(&asked, DEPLOY).nonce);
    let answer = bot.comes_to_say("that button is too old by now");
    assert!(answer.post.private);
    assert_eq!(bot.audit_of("refused").pop().unwrap()["body"]["why"], "an expired button");
    assert!(bot.audit_of("asked").is_empty());
}

#[test]
fn of_several_commands_that_fit_one_is_chosen_and_the_others_go() {
    let alias = |pack: &str| {
        format!(
            "---\nname: restart\naction_ref: core.echo\nformats: [\"restart {{{{message}}}}\"]\n\
             ack: {{ enabled: false }}\nresult: {{ format: \"{pack} restarts {{{{ execution.result.stdout }}}}\" }}\n"
        )
    };
    let mut home = ops();
    for pack in ["a", "b", "c", "d", "e", "f"] {
        home = home.file(&format!("packs/{pack}/aliases/restart.yaml"), &alias(pack));
    }
    let bot = MemoryBot::start(home);
    let asked = bot.asks("alice", OPS, "!restart x");
    assert_eq!(labels(&asked), ["a.restart", "b.restart", "c.restart", "d.restart", "e.restart"]);
    assert_eq!(asked.text.lines().count(), 7, "the text shows all six");
    bot.room().press_on(&asked, "alice", &button(&asked, "b.restart").nonce);
    assert!(labels(&bot.comes_to_say("alice chose b.restart")).is_empty());
    bot.comes_to_say("b restarts x");
    let late = presses(&bot, "alice", &asked, "c.restart");
    assert!(text(&late).starts_with("alice chose b.restart already"), "{}", late.text);
}

#[test]
fn a_missing_value_is_asked_for_with_the_values_there_are() {
    let alias = "---\nname: ship\naction_ref: default.deploy\nformats: [\"ship it {{count}}\"]\n\
                 ack: { enabled: false }\nresult: { format: \"{{ execution.result.stdout | trim }}\" }\n";
    let bot = MemoryBot::start(ops().file("aliases/ship.yaml", alias));
    let asked = bot.asks("alice", OPS, "!ship it 3");
    assert_eq!(
        text(&asked),
        "`target` (one of `staging`, `dev-1`, `production`: where to) must be given: type `ship it 3 target=…`"
    );
    assert_eq!(labels(&asked), ["staging", "dev-1", "production"]);
    assert_eq!(button(&asked, "dev-1").typed, "ship it 3 target=dev-1");
    bot.room().press_on(&asked, "alice", &button(&asked, "dev-1").nonce);
    bot.comes_to_say("alice chose dev-1");
}

#[test]
fn what_failed_is_run_again_by_a_button_with_the_rights_of_whoever_presses() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!sh test -e done || { touch done; exit 3; }");
    let failed = bot.comes_to_say("exit code 3");
    assert_eq!(
        (labels(&failed), button(&failed, "run it again").typed.as_str()),
        (vec!["run it again"], "rerun 1")
    );
    let refused = presses(&bot, "bob", &failed, "run it again");
    assert!(text(&refused).contains("no execution `1` of yours"), "{}", refused.text);
    bot.room().press_on(&failed, "alice", &button(&failed, "run it again").nonce);
    bot.comes_to_say("alice chose run it again");
    let ends = || (bot.audit_of("finished").len() == 2).then(|| bot.audit_of("finished"));
    assert_eq!(bot.until(ends)[1]["body"]["status"], "succeeded");
    let answered = bot.audit_of("answered").pop().unwrap();
    assert_eq!([&answered["body"]["command"], &answered["body"]["pressed"]], ["rerun", "run it again"]);
}

#[test]
fn what_was_abandoned_is_run_again_by_a_button() {
    let mut bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    bot.dies();
    bot.starts_again();
    let told = bot.comes_to_say("was abandoned");
    go(bot.home(), "a");
    bot.room().press_on(&told, "alice", &button(&told, "run it again").nonce);
    bot.comes_to_say("a went");
}

#[test]
fn a_running_command_is_ended_by_a_button() {
    let bot = MemoryBot::start(ops());
    let alias = "---\nname: wait\naction_ref: default.hold\nformats: [\"wait {{name}}\"]\n";
    bot.home().write("aliases/wait.yaml", alias);
    bot.reload();
    bot.says("alice", OPS, "!wait a");
    let running = bot.comes_to_say("is running as 1");
    assert_eq!((labels(&running), button(&running, "end it").typed.as_str()), (vec!["end it"], "kill 1"));
    let refused = presses(&bot, "bob", &running, "end it");
    assert!(text(&refused).contains("no execution 1 of yours"), "{}", refused.text);
    bot.room().press_on(&running, "alice", &button(&running, "end it").nonce);
    let ended = bot.comes_to_say("ended by alice");
    assert!(labels(&ended).is_empty() && ended.handle == running.handle, "{ended:?}");
    assert_eq!(bot.audit_of("killed")[0]["person"], "memory:alice");
}
