//! What was run: history, show, rerun, ps, kill; and what of it is never shown.

use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS};

/// The first cells of the rows of a table.
fn rows(table: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    table.lines().skip(2).map(cells).collect()
}

#[test]
fn history_shows_ones_own_runs_and_everybodys_where_that_is_granted() {
    let bot = MemoryBot::start(ops());
    bot.ask("alice", OPS, "!echo one");
    bot.ask("bob", OPS, "!echo two");
    let own = rows(&bot.ask("alice", OPS, "!history"));
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!([&own[0][1], &own[0][2], &own[0][4]], ["succeeded", "alice", "echo one"]);
    let all = rows(&bot.ask("carol", OPS, "!history"));
    assert_eq!(all.iter().map(|row| row[4].as_str()).collect::<Vec<_>>(), ["echo two", "echo one"]);
    assert_eq!(rows(&bot.ask("carol", OPS, "!executions TWO")).len(), 1);
    assert_eq!(bot.ask("dave", OPS, "!history"), "nothing was run yet");
}

#[test]
fn show_tells_all_of_one_execution_to_its_owner_and_nothing_to_others() {
    let bot = MemoryBot::start(ops());
    bot.ask("alice", OPS, "!deploy to staging");
    let id = rows(&bot.ask("alice", OPS, "!history"))[0][0].clone();
    let said = bot.ask("alice", OPS, &format!("!show {id}"));
    for part in [
        "deploy to staging",
        "status: succeeded",
        "asked by: alice (memory:alice)",
        "action: default.deploy",
        "in: memory:#ops",
        "\"target\":\"staging\"",
        "\"stdout\": \"deployed 1 to staging",
    ] {
        assert!(said.contains(part), "`{part}` in\n{said}");
    }
    let none = format!("no execution `{id}` of yours; `history` lists them");
    assert_eq!(bot.ask("bob", OPS, &format!("!show {id}")), none);
    assert_eq!(bot.ask("bob", OPS, &format!("!rerun {id}")), none);
    assert_eq!(bot.ask("bob", OPS, "!show 9999"), none.replace(&id, "9999"), "it reads the same");
    assert!(bot.ask("carol", OPS, &format!("!show #{id}")).contains("asked by: alice"));
}

#[test]
fn rerun_and_two_prefixes_run_again_with_the_rights_of_who_asks() {
    let bot = MemoryBot::start(ops());
    assert_eq!(bot.ask("alice", OPS, "!!"), "you have run nothing here yet");
    assert_eq!(bot.ask("alice", OPS, "!deploy to production count=2"), "deployed 2 to production");
    assert_eq!(bot.ask("alice", OPS, "!!"), "deployed 2 to production");
    assert_eq!(bot.ask("alice", OPS, "!again"), "deployed 2 to production");
    assert_eq!(bot.ask("alice", "#lunch", "!!"), "you have run nothing here yet");
    let ids: Vec<String> =
        rows(&bot.ask("carol", OPS, "!history")).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(ids.len(), 3);
    assert!(bot.ask("carol", OPS, &format!("!show {}", ids[0])).contains(&format!("rerun of: {}", ids[1])));
    let said = bot.ask("carol", OPS, &format!("!rerun {}", ids[0]));
    assert!(said.starts_with("you may not run that here"), "carol sees it and may not run it: {said}");
    assert_eq!(bot.ask("root", OPS, &format!("!rerun {}", ids[0])), "deployed 2 to production");
}

#[test]
fn a_rerun_takes_what_the_alias_fixes_from_the_alias_as_it_is_now() {
    let bot = MemoryBot::start(ops());
    bot.ask("alice", OPS, "!deploy to staging");
    let alias = std::fs::read_to_string(bot.home().path().join("aliases/deploy.yaml")).unwrap();
    bot.home().write("aliases/deploy.yaml", &alias.replace("dry: false", "dry: false, count: 7"));
    bot.reload();
    assert_eq!(bot.ask("alice", OPS, "!!"), "deployed 7 to staging");
}

#[test]
fn a_secret_is_in_no_answer_no_history_no_audit_and_still_runs_again() {
    let bot = MemoryBot::start(ops());
    let secret = "hunter2-of-old";
    let cut = bot.ask("alice", OPS, &format!("!deploy to staging token={secret}"));
    assert_eq!(cut, "deployed 1 to staging ********");
    assert_eq!(bot.ask("alice", OPS, "!!"), cut, "the runner gets the value again");
    let refused = bot.ask("bob", OPS, &format!("!deploy to production token={secret}"));
    let wrong = bot.ask("alice", OPS, &format!("!deploy to staging count=x token=\"{secret}\""));
    let history = bot.ask("carol", OPS, "!history");
    let id = rows(&history)[0][0].clone();
    let shown = bot.ask("carol", OPS, &format!("!show {id}"));
    let found = bot.ask("carol", OPS, "!audit");
    let audit = format!("{:?}", bot.audit());
    for text in [&refused, &wrong, &history, &shown, &found, &audit] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(
        history.contains("deploy to staging token=********") && audit.contains("count=x token="),
        "{audit}"
    );
    let file = std::fs::read(bot.home().database()).unwrap();
    let log = std::fs::read(bot.home().path().join("var/chatops.db-wal")).unwrap_or_default();
    let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
    assert!(!holds(&file) && !holds(&log), "the database holds it in clear");
    assert_eq!(
        bot.ask("root", OPS, &format!("!rerun {id}")),
        "it holds secret values that somebody else typed, so only that person may run it again"
    );
}

#[test]
fn ps_lists_what_runs_to_its_owner_and_to_those_who_may_see_all() {
    let bot = MemoryBot::start(ops());
    assert_eq!(bot.ask("alice", OPS, "!ps"), "nothing runs");
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    let own = rows(&bot.ask("alice", OPS, "!ps"));
    assert_eq!([&own[0][1], &own[0][2], &own[0][4]], ["running", "alice", "hold a"]);
    assert_eq!(rows(&bot.ask("carol", OPS, "!ps")).len(), 1);
    assert_eq!(bot.ask("bob", OPS, "!ps"), "nothing runs");
    go(bot.home(), "a");
    bot.comes_to_say("a went");
    assert_eq!(bot.ask("alice", OPS, "!ps"), "nothing runs");
}

#[test]
fn kill_ends_ones_own_and_what_others_run_where_that_is_granted() {
    let bot = MemoryBot::start(ops());
    let run = |name: &str| {
        bot.says("alice", OPS, &format!("!hold {name}"));
        began(bot.home(), name);
        rows(&bot.ask("alice", OPS, "!ps"))[0][0].clone()
    };
    let id = run("a");
    let none = format!("no execution {id} of yours waits or runs; `ps` lists them");
    assert_eq!(bot.ask("bob", OPS, &format!("!kill {id}")), none);
    assert_eq!(bot.ask("alice", OPS, &format!("!kill {id}")), format!("ending {id}: hold a"));
    let end = format!("canceled (ended by alice) · execution {id}");
    bot.comes_to_say(&end);
    let id = run("b");
    bot.says("carol", OPS, &format!("!kill #{id}"));
    bot.comes_to_say(&format!("canceled (ended by carol) · execution {id}"));
    assert_eq!(bot.ask("alice", OPS, "!kill x"), "`x` is not an id; `ps` lists what runs");
    assert_eq!(
        bot.ask("alice", OPS, &format!("!kill {id}")),
        none.replace(&none[13..none.find(" of").unwrap()], &id)
    );
    let killed = bot.audit_of("killed");
    assert_eq!(killed.len(), 2);
    assert_eq!([&killed[1]["person"], &killed[1]["body"]["asked_by"]], ["memory:carol", "memory:alice"]);
}
