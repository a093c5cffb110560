//! From a text to a command: addressing, parameters, suggestions, ties.

use crate::support::homes::ops;
use crate::support::memory_bot::{MemoryBot, OPS, text};

#[test]
fn a_parameter_that_does_not_fit_is_named_with_what_was_given_and_what_is_accepted() {
    let bot = MemoryBot::start(ops());
    for (typed, said) in [
        ("deploy to moon", "`target` cannot be `moon`: one of `staging`, `dev-1`, `production` is accepted"),
        ("deploy to staging count=many", "`count` cannot be `many`: a whole number such as 5 is accepted"),
        ("deploy to staging dry=true", "Immutable arguments cannot be overriden: dry"),
        ("deploy to staging cmd=ls", "`cmd` cannot be given: the action fixes it"),
    ] {
        assert_eq!(bot.ask("alice", OPS, &format!("!{typed}")), said);
    }
    assert_eq!(bot.ask("alice", OPS, "!deploy to staging count=3"), "deployed 3 to staging");
}

#[test]
fn a_required_parameter_may_be_given_as_key_and_value_and_is_asked_for_otherwise() {
    let bare = "---\nname: bare\naction_ref: default.deploy\nformats: [\"ship\"]\nack: { enabled: false }\n\
                result: { format: \"{{ execution.result.stdout | trim }}\" }\n";
    let bot = MemoryBot::start(ops().file("aliases/bare.yaml", bare));
    assert_eq!(bot.ask("alice", OPS, "!ship target=staging"), "deployed 1 to staging");
    let said = bot.ask("alice", OPS, "!ship");
    assert!(said.contains("`target`") && said.contains("one of `staging`, `dev-1`, `production`"), "{said}");
}

#[test]
fn the_bot_is_addressed_by_prefix_by_name_or_alone() {
    let bot = MemoryBot::start(ops());
    for text in [
        "!echo hi",
        "! echo hi",
        "chatops: echo hi",
        "@chatops echo hi",
        "ChatOps, echo hi",
        "chatops echo hi",
    ] {
        assert_eq!(bot.ask("dave", OPS, text), "hi", "{text}");
    }
    for text in ["echo hi", "!echo hi", "chatops: echo hi"] {
        assert_eq!(bot.ask("dave", "@dave", text), "hi", "{text}");
    }
    for disguised in ["!\u{200b}echo\u{a0}hi", "\u{feff}!echo \u{202e}hi\u{200b}"] {
        assert_eq!(bot.ask("dave", OPS, disguised), "hi", "{disguised:?}");
    }
    assert_eq!(bot.ask("dave", OPS, "!echo \u{201c}hi there\u{201d}"), "hi there", "quotes are quotes");
    assert_eq!(bot.ask("dave", OPS, "chatops:"), "yes? `help` lists what you may say here");
    assert_eq!(
        bot.asks("dave", OPS, "!echo hi").text,
        "dave: hi",
        "in a room with others it says whom it answers"
    );
    assert_eq!(bot.asks("dave", "@dave", "echo hi").text, "hi");
    for talk in ["echo hi", "hello", "!!!", "chatops is slow today", "ask chatops: echo hi", ""] {
        bot.says("dave", OPS, talk);
    }
    bot.says_nothing_more();
}

#[test]
fn a_slip_gets_the_nearest_command_once_and_only_when_addressed_and_allowed() {
    let bot = MemoryBot::start(ops());
    assert_eq!(
        bot.ask("alice", OPS, "!deplyo to staging"),
        "I do not know `deplyo to staging`; did you mean `deploy to staging`?"
    );
    assert_eq!(
        bot.ask("dave", OPS, "!deplyo to staging"),
        "I do not know `deplyo to staging`; `help` lists what you may say here"
    );
    bot.says("alice", OPS, "deplyo to staging");
    bot.says("alice", OPS, "chatops deplyo to staging");
    bot.says_nothing_more();
}

const RESTART: &str = "---\nname: restart\naction_ref: core.echo\nformats: [\"restart {{message}}\"]\nack: { enabled: false }\n\
                       result: { format: \"PACK restarts {{ execution.result.stdout }}\" }\n";

fn two_packs() -> MemoryBot {
    let alias = |pack: &str| RESTART.replace("PACK", pack);
    MemoryBot::start(
        ops()
            .file("packs/web/aliases/restart.yaml", &alias("web"))
            .file("packs/db/aliases/restart.yaml", &alias("db")),
    )
}

#[test]
fn the_same_alias_in_two_packs_is_a_tie_that_shows_both_and_each_runs_by_its_ref() {
    let bot = two_packs();
    assert_eq!(
        bot.ask("alice", OPS, "!restart x"),
        "`restart x` fits several commands:\n- `db.restart`  restart {{message}}\n- `web.restart`  restart {{message}}"
    );
    assert_eq!(bot.ask("alice", OPS, "!web.restart restart x"), "web restarts x");
    assert_eq!(bot.ask("alice", OPS, "!db.restart restart x"), "db restarts x");
}

#[test]
fn a_tie_is_none_for_who_may_run_only_one_of_them() {
    let access = "people: { bob: [memory:bob] }\nroles: { web: [ { run: [\"alias:web.*\"] } ] }\n\
                  grants: [ { role: web, to: [bob] } ]\n";
    let bot = two_packs();
    bot.home().write("access.yaml", access);
    bot.reload();
    assert_eq!(bot.ask("bob", OPS, "!restart x"), "web restarts x");
}

#[test]
fn a_format_for_several_things_runs_each_and_the_last_answer_ends_it() {
    let many = "---\nname: many\naction_ref: core.echo\nack: { enabled: false }\nformats:\n  - display: \"ticket {{message}}\"\n    \
                match_multiple: true\n    representation: [\"ticket (?P<message>[0-9]+)\"]\nresult: { format: \"see {{ execution.result.stdout }}\" }\n";
    let bot = MemoryBot::start(ops().file("aliases/many.yaml", many));
    let id = bot.says("alice", OPS, "!please ticket 12 and ticket 14");
    let posts = [bot.posts(), bot.posts()];
    assert_eq!(posts.clone().map(|post| text(&post)), ["see 12", "see 14"]);
    let answers = posts.map(|post| post.answer.unwrap());
    assert!(answers.iter().all(|answer| *answer.key.id == id));
    assert_eq!(answers.map(|answer| answer.last), [false, true]);
}

#[test]
fn a_disabled_alias_is_no_command_and_not_in_help() {
    let off = "---\nname: off\nenabled: false\naction_ref: core.echo\nformats: [\"shout {{message}}\"]\n";
    let bot = MemoryBot::start(ops().file("aliases/off.yaml", off));
    assert!(bot.ask("alice", OPS, "!shout x").starts_with("I do not know `shout x`"));
    assert!(!bot.ask("alice", OPS, "!help").contains("shout"));
}

#[test]
fn lists_show_what_one_may_use() {
    let bot = MemoryBot::start(ops());
    assert_eq!(bot.ask("dave", OPS, "!version"), concat!("chatops ", env!("CARGO_PKG_VERSION")));
    let table = "action     runner  what it does\n---------  ------  ---------------------------------------\n\
                 core.echo  echo    Says a message again; no shell reads it";
    assert_eq!(bot.ask("dave", OPS, "!actions"), table);
    let aliases = bot.ask("alice", OPS, "!aliases");
    let names: Vec<&str> = aliases.lines().skip(2).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["default.deploy", "default.echo", "default.hold", "default.sh"]);
    assert_eq!(bot.ask("dave", OPS, "!aliases deploy"), "no alias fits `deploy`");
    let packs =
        "pack     aliases  actions\n-------  -------  -------\ncore     0        16\ndefault  4        2";
    assert_eq!(bot.ask("alice", OPS, "!packs"), packs);
}
