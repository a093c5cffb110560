//! Ordinary talk that aliases listen to, files in results, and what a room fills in.

use std::fmt::Write as _;

use crate::support::bot::Home;
use crate::support::homes::ops;
use crate::support::memory_bot::{MemoryBot, OPS, text};

/// Tells of tickets that are named in #ops.
const TICKET: &str = "---\nname: ticket\naction_ref: core.echo\nack: { enabled: false }\nformats:\n  - display: \"OPS-123\"\n    \
                      match_multiple: true\n    representation: [\"\\\\b(?P<message>OPS-[0-9]+)\\\\b\"]\n\
                      extra: { listen: [\"#ops\"], cooldown: 1h }\nresult: { format: \"https://tickets.example.org/{{ execution.result.stdout }}\" }\n";

fn home() -> Home {
    ops().file("aliases/ticket.yaml", TICKET)
}

#[test]
fn talk_in_a_named_room_is_acted_on_and_in_no_other() {
    let bot = MemoryBot::start(home());
    bot.says("dave", OPS, "did anybody look at OPS-12 and OPS-14 yet?");
    let said = [bot.posts(), bot.posts()].map(|post| text(&post));
    assert_eq!(said, ["https://tickets.example.org/OPS-12", "https://tickets.example.org/OPS-14"]);
    bot.says("dave", "#dev", "OPS-15 is mine");
    bot.says("dave", OPS, "nothing to see here, deploy to staging");
    bot.says_nothing_more();
    assert_eq!(bot.ask("dave", OPS, "!echo still here"), "still here");
}

#[test]
fn the_same_thing_rests_and_one_line_does_not_flood() {
    let bot = MemoryBot::start(home());
    bot.says("dave", OPS, "OPS-1");
    bot.posts();
    bot.says("bob", OPS, "yes, OPS-1");
    bot.says_nothing_more();
    let mut line = String::new();
    (10..30).for_each(|number| write!(line, "OPS-{number} ").unwrap());
    bot.says("bob", OPS, &line);
    for _ in 0..5 {
        bot.posts();
    }
    bot.says_nothing_more();
}

#[test]
fn who_may_not_run_it_hears_nothing_of_it() {
    let bot = MemoryBot::start(home());
    bot.home().write("access.yaml", "people: { alice: [memory:alice] }\nroles: { r: [ { run: [core.echo] } ] }\ngrants: [ { role: r, to: [alice] } ]\n");
    bot.reload();
    bot.says("dave", OPS, "OPS-1");
    bot.says_nothing_more();
    bot.says("alice", OPS, "OPS-1");
    assert_eq!(bot.answers(), "https://tickets.example.org/OPS-1");
}

fn with_files(json: &str) -> MemoryBot {
    let alias = "---\nname: report\naction_ref: default.report\nformats: [report]\nack: { enabled: false }\nresult: { format: \"the report\" }\n";
    let action = "---\nname: report\nrunner_type: local-shell-cmd\nparameters:\n  cmd: { immutable: true, default: 'cat HERE/result.json' }\n";
    let home = ops();
    let here = home.path().display().to_string();
    std::fs::create_dir_all(home.path().join("var/files")).unwrap();
    std::fs::write(home.path().join("var/files/table.csv"), "a,b\n").unwrap();
    std::fs::write(home.path().join("secret.txt"), "sesame").unwrap();
    let home =
        home.file("aliases/report.yaml", alias).file("actions/report.yaml", &action.replace("HERE", &here));
    home.write("result.json", &json.replace("HERE", &here));
    MemoryBot::start(home)
}

#[test]
fn files_of_a_result_stand_beside_the_answer() {
    let bot = with_files(
        r#"{"files": [{"path": "HERE/var/files/table.csv"}, {"name": "dot.png", "type": "image/png", "data": "iVBORw0KGgo="}]}"#,
    );
    let posted = bot.asks("alice", OPS, "!report");
    let files: Vec<(&str, &str, &str)> =
        posted.post.files.iter().map(|file| (&*file.name, &*file.text, &*file.data)).collect();
    assert_eq!(files, [("table.csv", "a,b\n", ""), ("dot.png", "", "iVBORw0KGgo=")]);
    assert!(
        posted.text.contains("the report") && posted.text.contains("dot.png: a file of"),
        "{}",
        posted.text
    );
    let (result, _) = bot.read(|reader| reader.result(1)).unwrap();
    assert_eq!(
        result["stdout"]["files"][1],
        serde_json::json!({"name": "dot.png", "bytes": 8}),
        "the history keeps no bytes"
    );
}

#[test]
fn a_file_elsewhere_on_the_machine_is_not_shown() {
    let bot = with_files(
        r#"{"files": [{"path": "HERE/secret.txt"}, {"path": "HERE/var/files/../../secret.txt"}, {"name": "x"}]}"#,
    );
    let posted = bot.asks("alice", OPS, "!report");
    assert!(posted.post.files.is_empty());
    assert!(!posted.text.contains("sesame"));
    assert!(posted.text.contains("the file `secret.txt` is not shown"), "{}", posted.text);
    assert!(posted.text.contains("neither `path` nor `data`"), "{}", posted.text);
}

#[test]
fn a_room_fills_in_what_nobody_typed_and_says_so() {
    let mut bot = MemoryBot::start(ops());
    assert!(bot.ask("alice", OPS, "!set count=5").contains("nobody granted you `chatops.set`"));
    let said = bot.ask("carol", OPS, "!set count=5");
    assert!(said.contains("from now on `count=5` is filled in here"), "{said}");
    let said = bot.ask("alice", OPS, "!deploy to staging");
    assert!(
        said.starts_with("deployed 5 to staging") && said.contains("with count=5, as this room says"),
        "{said}"
    );
    assert_eq!(
        bot.ask("alice", OPS, "!deploy to staging count=2"),
        "deployed 2 to staging",
        "what is typed wins"
    );
    assert_eq!(bot.ask("alice", "#dev", "!deploy to staging"), "deployed 1 to staging", "another room");
    assert!(bot.ask("alice", OPS, "!settings").contains("carol"));
    bot.stop(std::time::Duration::from_secs(5));
    bot.starts_again();
    assert!(bot.ask("alice", OPS, "!deploy to staging").starts_with("deployed 5"), "it survives a restart");
    assert_eq!(bot.ask("carol", OPS, "!unset count"), "count is filled in no longer");
    assert_eq!(bot.ask("alice", OPS, "!deploy to staging"), "deployed 1 to staging");
    assert!(bot.ask("carol", OPS, "!unset count").contains("is not set here"));
    let changes: Vec<_> = bot.audit_of("changed").iter().map(|it| it["body"]["change"].clone()).collect();
    assert_eq!(changes, ["set", "unset"]);
}

#[test]
fn what_a_room_fills_in_gives_nobody_more_rights_and_holds_no_secrets() {
    let bot = MemoryBot::start(ops());
    bot.ask("carol", OPS, "!set target=production");
    let said = bot.ask("bob", OPS, "!deploy to staging");
    assert_eq!(said, "deployed 1 to staging");
    let bare = "---\nname: ship\naction_ref: default.deploy\nformats: [ship]\nack: { enabled: false }\n";
    bot.home().write("aliases/ship.yaml", bare);
    bot.reload();
    assert!(
        bot.ask("bob", OPS, "!ship").contains("only with `target` among"),
        "the value is judged as if typed"
    );
    for (typed, part) in [
        ("set token=x", "secret"),
        ("set password=x", "secret"),
        ("set count=", "1 to 1000 characters"),
        ("set count", "write it such as"),
        ("set a b=c", "no parameter's name"),
    ] {
        let said = bot.ask("carol", OPS, &format!("!{typed}"));
        assert!(said.contains(part), "{typed}: {said}");
    }
}

#[test]
fn a_command_of_the_home_goes_before_a_built_in_one() {
    let alias = "---\nname: own\naction_ref: core.echo\nformats: [\"set {{message}}\", \"every {{message}}\"]\nack: { enabled: false }\nresult: { format: \"own {{ execution.result.stdout }}\" }\n";
    let bot = MemoryBot::start(ops().file("aliases/own.yaml", alias));
    assert_eq!(bot.ask("alice", OPS, "!set the table"), "own the table");
    assert_eq!(bot.ask("alice", OPS, "!every day at 9:00 run echo x"), "own day at 9:00 run echo x");
    assert!(
        bot.ask("alice", OPS, "!chatops.later every day at 9:00 run echo x")
            .starts_with("schedule 1 runs `echo x`")
    );
}
