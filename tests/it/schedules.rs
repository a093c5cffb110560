//! Commands and reminders that happen later.

use serde_json::json;

use crate::support::homes::{ops, small};
use crate::support::memory_bot::{MemoryBot, OPS};

/// The number in `schedule 1 runs ...`.
fn made(said: &str) -> i64 {
    said.split_whitespace().nth(1).and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{said}"))
}

/// Makes what waits of a schedule due now, as if the time had passed.
fn passes(bot: &MemoryBot, id: i64, micros: i64) {
    let path = bot.home().database();
    let database = rusqlite::Connection::open(path).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    let body: String =
        database.query_row("SELECT body FROM schedule WHERE id = ?1", [id], |row| row.get(0)).unwrap();
    let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let now = body["made"].as_i64().unwrap() - micros;
    body["due"] = json!(now);
    if body["when"] == "once" {
        body["anchor"] = json!(now);
    }
    let sql = "UPDATE schedule SET due = ?2, body = ?3 WHERE id = ?1";
    database.execute(sql, rusqlite::params![id, now, body.to_string()]).unwrap();
}

/// The room and the admin are told that schedule 1 pauses itself, each once.
fn rests(bot: &MemoryBot) {
    let part = "did not run and is paused: no rule names its owner `memory:alice`";
    let mut told = [bot.comes_to_say(part), bot.comes_to_say(part)];
    told.sort_by_key(|posted| posted.place.is_direct());
    assert_eq!(told[0].place.to_string(), "memory:#ops", "{told:?}");
    assert!(told[1].place.is_direct() && told[1].place.to_string().contains("root"), "{told:?}");
    assert!(told[0].text.contains("`schedule resume 1` tries again"), "{}", told[0].text);
}

#[test]
fn a_command_runs_later_as_its_owner_and_a_single_one_is_gone_then() {
    let bot = MemoryBot::start(ops());
    let said = bot.ask("alice", OPS, "!in 1 second run deploy to staging");
    assert!(said.starts_with("schedule 1 runs `deploy to staging` at "), "{said}");
    let posted = bot.comes_to_say("deployed 1 to staging");
    assert_eq!(posted.text, "alice: deployed 1 to staging");
    assert!(posted.answer.is_none(), "nobody waits for it");
    let executions = bot.read(|reader| reader.executions(&Default::default()));
    assert_eq!(
        (executions[0].cause.as_str(), executions[0].person.to_string().as_str()),
        ("schedule", "memory:alice")
    );
    assert_eq!(bot.ask("alice", OPS, "!schedules"), "nothing is scheduled");
    assert_eq!(bot.audit_of("due").len(), 1);
    assert!(bot.audit_is_whole());
}

#[test]
fn what_its_owner_may_not_run_any_more_is_refused_when_its_time_comes_and_told() {
    let bot = MemoryBot::start(ops());
    let id = made(&bot.ask("alice", OPS, "!every day at 9:00 run deploy to staging"));
    bot.home()
        .write("access.yaml", "people: { alice: [memory:alice] }\neveryone: [ { run: [core.echo] } ]\n");
    bot.reload();
    passes(&bot, id, 1_000_000);
    // Anything that is made wakes the bot.
    bot.says("alice", OPS, "!remind me in 5 hours to wake up");
    let said = bot.comes_to_say("deploy to staging");
    assert!(
        said.text.contains("schedule 1: ") && said.text.contains("no rule allows you to run"),
        "{}",
        said.text
    );
    assert_eq!(bot.audit_of("refused").len(), 1);
}

#[test]
fn what_cannot_run_now_is_no_schedule() {
    let bot = MemoryBot::start(ops());
    for (typed, part) in [
        ("every day at 9:00 run deplyo to staging", "did you mean"),
        ("every day at 9:00 run deploy to moon", "`target` cannot be `moon`"),
        ("every day at 9:00", "what is to be run"),
        ("every day run deploy to staging", "at what time"),
        ("at 9:00 in zone Mars/Base run deploy to staging", "`Mars/Base` is no time zone"),
        ("in 5 minutes every 5 minutes run deploy to staging", "makes no schedules"),
        ("cron \"* * *\" deploy to staging", "five fields"),
    ] {
        let said = bot.ask("alice", OPS, &format!("!{typed}"));
        assert!(said.contains(part), "{typed}: {said}");
    }
    let said = bot.ask("dave", OPS, "!every day at 9:00 run deploy to staging");
    assert!(said.contains("I do not know") || said.contains("no rule allows"), "{said}");
    assert_eq!(bot.ask("alice", OPS, "!schedules"), "nothing is scheduled");
}

#[test]
fn every_time_that_is_not_understood_is_answered_with_what_is() {
    let bot = MemoryBot::start(ops());
    for (typed, part) in [
        ("at 25:00 run deploy to staging", "`25:00` is no time of day: write it such as `17:00` or `5pm`"),
        ("every 0 minutes run deploy to staging", "at least a minute"),
        (
            "every blursday at 9:00 run deploy to staging",
            "`blursday` is no day: write `day`, `weekday`, `monday`",
        ),
        ("cron 0 0 31 2 * deploy to staging", "`0 0 31 2 *` never comes"),
        ("cron 61 0 1 * * deploy to staging", "the minute `61` cannot be used: `61` is none of 0 to 59"),
        ("at 2099-01-01 09:00 run deploy to staging", "more than five years away"),
        ("in 400 days run deploy to staging", "at most a year; for later write a day"),
        ("every second monday at 9:00 run deploy to staging", "`on the second monday of the month at 9:00`"),
        ("on the first moonday at 9:00 run deploy to staging", "`moonday` is no day"),
        ("every day at 9:00 if missed thrice run deploy to staging", "`if missed` takes `once` or `skip`"),
        ("remind me to look at the disk", "`on the first monday at 9:00`"),
    ] {
        let said = bot.ask("alice", OPS, &format!("!{typed}"));
        assert!(said.contains(part), "{typed}: {said}");
    }
    assert_eq!(bot.ask("alice", OPS, "!schedules"), "nothing is scheduled");
    let said = bot.ask("alice", OPS, "!on the last friday of the month at 17:00 run deploy to staging");
    assert!(said.contains("on the last friday of the month at 17:00, first at"), "{said}");
    let said = bot.ask("alice", OPS, "!remind me on the 15th at 9:00 to pay");
    assert!(said.contains("on the 15th of the month at 09:00, first at"), "{said}");
}

#[test]
fn who_left_has_a_schedule_that_runs_nothing_and_others_can_end_it() {
    let bot = MemoryBot::start(ops());
    let id = made(&bot.ask("alice", OPS, "!every day at 9:00 run deploy to staging"));
    let access = std::fs::read_to_string(bot.home().path().join("access.yaml")).unwrap();
    let gone = access.replace("alice: [memory:alice], ", "").replace("sre: [alice]", "sre: [carol]");
    bot.home().write("access.yaml", &gone);
    bot.reload();
    passes(&bot, id, 1_000_000);
    bot.says("carol", OPS, "!remind me in 5 hours to wake up");
    rests(&bot);
    assert!(bot.audit_of("started").is_empty());
    let outcomes = || -> Vec<String> {
        let due = bot.audit_of("due");
        due.iter().map(|it| it["body"]["outcome"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(outcomes(), ["paused"]);
    let shown = bot.ask("carol", OPS, "!schedule show 1");
    assert!(shown.contains("paused: no rule names its owner"), "{shown}");

    // Whoever lets it go on has it tried again: refused once more, and once more told.
    assert!(bot.ask("carol", OPS, "!schedule resume 1").starts_with("schedule 1 goes on at "));
    passes(&bot, id, 2_000_000);
    bot.says("carol", OPS, "!remind me in 6 hours to wake up");
    rests(&bot);
    assert_eq!(outcomes(), ["paused", "paused"]);
    bot.home().write("access.yaml", &access);
    bot.reload();
    assert!(bot.ask("carol", OPS, "!schedule resume 1").starts_with("schedule 1 goes on at "));
    passes(&bot, id, 3_000_000);
    bot.says("carol", OPS, "!remind me in 7 hours to wake up");
    bot.comes_to_say("deployed 1 to staging");
    bot.home().write("access.yaml", &gone);
    bot.reload();
    assert!(bot.ask("bob", OPS, "!schedule pause 1").contains("no schedule `1` of yours"));
    assert!(bot.ask("bob", OPS, "!schedule resume 1").contains("no schedule `1` of yours"));
    assert_eq!(bot.ask("carol", OPS, "!schedule pause 1"), "schedule 1 is paused");
    assert_eq!(bot.ask("carol", OPS, "!schedule remove 1"), "schedule 1 is removed");
    assert!(bot.ask("carol", OPS, "!schedule remove 1").contains("no schedule `1`"));
}

#[test]
fn schedules_are_shown_paused_resumed_and_removed_by_their_owner_alone() {
    let bot = MemoryBot::start(ops());
    let id = made(&bot.ask(
        "alice",
        OPS,
        "!every weekday at 9:00 Europe/Amsterdam if missed once run deploy to staging",
    ));
    let shown = bot.ask("alice", OPS, &format!("!schedule show {id}"));
    assert!(shown.contains("every weekday at 09:00") && shown.contains("Europe/Amsterdam"), "{shown}");
    assert!(shown.contains("once"), "{shown}");
    assert_eq!(bot.ask("bob", OPS, "!schedules"), "nothing is scheduled");
    assert!(bot.ask("bob", OPS, &format!("!schedule remove {id}")).contains("no schedule `1` of yours"));
    assert_eq!(bot.ask("alice", OPS, &format!("!schedule pause {id}")), "schedule 1 is paused");
    assert!(bot.ask("alice", OPS, "!schedules").contains("paused"));
    assert!(bot.ask("alice", OPS, &format!("!schedule resume {id}")).starts_with("schedule 1 goes on at "));
    assert!(bot.ask("root", OPS, "!schedules").contains("deploy to staging"), "an admin sees all");
    assert_eq!(bot.ask("root", OPS, &format!("!schedule remove {id}")), "schedule 1 is removed");
    assert!(
        bot.ask("alice", OPS, &format!("!schedule explode {id}")).contains("show, pause, resume or remove")
    );
}

#[test]
fn a_time_that_was_missed_is_skipped_or_made_up_for_once_and_never_twice() {
    let mut bot = MemoryBot::start(ops());
    let skip = made(&bot.ask("alice", OPS, "!every hour run deploy to staging"));
    let once = made(&bot.ask("alice", OPS, "!every hour if missed once run deploy to dev-1"));
    let single = made(&bot.ask("alice", OPS, "!in 3 hours run deploy to staging count=7"));
    let reminder = made(&bot.ask("alice", OPS, "!remind me in 3 hours to look again"));
    bot.stop(std::time::Duration::from_secs(5));
    bot.starts_again();
    bot.stop(std::time::Duration::from_secs(5));
    for id in [skip, once, single, reminder] {
        // Hours ago: more than one time of each was missed.
        passes(&bot, id, 4 * 3_600_000_000);
    }
    bot.starts_again();
    let mut said = vec![bot.posts().text, bot.posts().text, bot.posts().text];
    said.sort();
    assert!(
        said[0].contains("a reminder:")
            && said[0].contains("look again")
            && said[0].contains("while I was away"),
        "{said:#?}"
    );
    assert_eq!(said[1], "alice: deployed 1 to dev-1");
    assert!(said[2].contains("was to run at") && said[2].contains("count=7"), "{said:#?}");
    bot.says_nothing_more();
    let left = bot.ask("alice", OPS, "!schedules");
    assert!(left.contains("dev-1") && !left.contains("look again"), "{left}");
    bot.dies();
    bot.starts_again();
    bot.says_nothing_more();
}

#[test]
fn a_reminder_goes_to_a_room_that_one_may_use_and_to_no_other() {
    let bot = MemoryBot::start(ops());
    let said = bot.ask("alice", OPS, "!remind #dev in 1 second to look at the disk");
    assert!(said.contains("reminds of `look at the disk`"), "{said}");
    let posted = bot.comes_to_say("look at the disk");
    assert_eq!(&*posted.place.room, "#dev");
    assert!(bot.ask("alice", OPS, "!remind nobody in 1 second to look").contains("is no place"));
    assert!(bot.ask("alice", OPS, "!remind slack:#dev in 1 second to look").contains("no adapter `slack`"));
    bot.home().write(
        "access.yaml",
        "people: { alice: [memory:alice] }\nroles: { r: [ { run: [default.*], in: [\"memory:#ops\"] } ] }\ngrants: [ { role: r, to: [alice] } ]\n",
    );
    bot.reload();
    let said = bot.ask("alice", OPS, "!remind #dev in 1 hour to look");
    assert!(said.contains("you may not post in `#dev`"), "{said}");
}

#[test]
fn a_secret_in_a_scheduled_command_is_shown_nowhere_and_used_when_it_runs() {
    let action = "---\nname: login\nrunner_type: local-shell-cmd\nparameters:\n  token: { type: string, secret: true, required: true }\n  cmd: { immutable: true, default: 'test \"{{token}}\" = hunter2 && echo right' }\n";
    let alias = "---\nname: login\naction_ref: default.login\nformats: [\"login with {{token}}\"]\nack: { enabled: false }\n";
    let bot = MemoryBot::start(ops().file("actions/login.yaml", action).file("aliases/login.yaml", alias));
    let said = bot.ask("alice", OPS, "!in 1 second run login with hunter2");
    assert!(said.contains("login with") && !said.contains("hunter2"), "{said}");
    bot.comes_to_say("right");
    let bytes = std::fs::read(bot.home().database()).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
    assert!(!bot.audit().iter().any(|record| record.to_string().contains("hunter2")));
}

#[test]
fn one_person_has_a_hundred_schedules_and_no_more() {
    let bot = MemoryBot::start(ops());
    for _ in 0..100 {
        assert!(bot.ask("alice", OPS, "!remind me in 5 hours to eat").starts_with("schedule "));
    }
    assert!(bot.ask("alice", OPS, "!remind me in 5 hours to eat").contains("100 schedules already"));
    assert!(bot.ask("bob", OPS, "!remind me in 5 hours to eat").starts_with("schedule "));
}

#[test]
fn the_command_line_makes_pauses_resumes_and_removes_them_through_the_api() {
    let home = small();
    let bot = home.serve();
    bot.logs("ready");
    let add = [
        "schedule",
        "add",
        "--in",
        "terminal:ops",
        "--json",
        "every",
        "day",
        "at",
        "9:00",
        "run",
        "echo",
        "hi",
    ];
    let ran = home.run(&add);
    let made: serde_json::Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert_eq!((made["line"].as_str(), made["when"].as_str()), (Some("echo hi"), Some("every day at 09:00")));
    let listed = home.run(&["schedule", "list"]);
    assert!(listed.stdout.contains("every day at 09:00 (UTC) terminal:ops"), "{listed:?}");
    assert!(home.run(&["schedule", "pause", "1"]).stdout.contains("paused"));
    assert_eq!(home.run(&["schedule", "resume", "1"]).code, Some(0));
    assert_eq!(home.run(&["schedule", "remove", "1"]).stdout, "schedule 1 is removed");
    let gone = home.run(&["schedule", "remove", "1"]);
    assert!(gone.code == Some(1) && gone.stderr.contains("there is no schedule 1"), "{gone:?}");
    let wrong = home.run(&["schedule", "add", "--in", "terminal:ops", "every", "day", "run", "echo", "hi"]);
    assert!(wrong.code == Some(1) && wrong.stderr.contains("at what time"), "{wrong:?}");
    let nowhere =
        home.run(&["schedule", "add", "--in", "slack:ops", "every", "day", "at", "9:00", "echo", "hi"]);
    assert!(nowhere.code == Some(1) && nowhere.stderr.contains("no adapter `slack`"), "{nowhere:?}");
    assert!(bot.stop().success());
}
