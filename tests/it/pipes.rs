//! Pipes and redirects between commands, and lines that only look like some.

use crate::support::bot::Home;
use crate::support::homes::ops;
use crate::support::memory_bot::{MemoryBot, OPS};

/// Disks as `show disk on web*` tells them.
const DISK: &str = "---\nname: disk\naction_ref: default.disk\nformats: [\"show disk on {{hosts}}\"]\nack: { enabled: false }\n\
                    result: { format: \"{{ execution.result.stdout }}\" }\n";
const DISK_ACTION: &str = "---\nname: disk\nrunner_type: local-shell-cmd\nparameters:\n  hosts: { type: string, required: true }\n  \
                           cmd: { immutable: true, default: 'printf \"%s\\n\" \"web2 91%\" \"web1 12%\" \"web3 99%\" \"on {{hosts}}\"' }\n";

fn home() -> Home {
    ops().file("aliases/disk.yaml", DISK).file("actions/disk.yaml", DISK_ACTION)
}

#[test]
fn filters_change_the_lines_of_a_command() {
    let bot = MemoryBot::start(home());
    assert_eq!(bot.ask("alice", OPS, "!show disk on web* | filter \"9[0-9]%\""), "web2 91%\nweb3 99%");
    assert_eq!(bot.ask("alice", OPS, "!show disk on web* | filter \"9[0-9]%\" | sort | head 1"), "web2 91%");
    assert_eq!(
        bot.ask("alice", OPS, "!show disk on web* | tail 1"),
        "on web*",
        "its own parameter ends at the pipe"
    );
    assert_eq!(bot.ask("alice", OPS, "!show disk on web* | count"), "4");
    assert_eq!(bot.ask("alice", OPS, "!show disk on web* | filter nothing"), "nothing is left");
    assert_eq!(bot.ask("alice", OPS, "!aliases | filter default.disk | count"), "1", "built-in commands too");
}

#[test]
fn the_result_goes_to_another_room_or_to_oneself_and_says_who_sent_it() {
    let bot = MemoryBot::start(home());
    bot.says("alice", OPS, "!show disk on web* | filter 99 > #dev");
    let posts = [bot.posts(), bot.posts()];
    let there = posts.iter().find(|post| &*post.place.room == "#dev").unwrap();
    assert_eq!(there.text, "alice sends:\nweb3 99%");
    let here = posts.iter().find(|post| &*post.place.room == OPS).unwrap();
    assert_eq!(here.text, "alice: sent to #dev");
    bot.says("alice", OPS, "!show disk on web* > me");
    let posts = [bot.posts(), bot.posts()];
    let mine = posts.iter().find(|post| &*post.place.room == "alice").unwrap();
    assert!(mine.place.is_direct() && mine.text.contains("web1 12%"), "{}", mine.text);
}

#[test]
fn the_result_of_one_is_a_value_of_the_next_and_never_more_text_of_the_command() {
    let bot = MemoryBot::start(home());
    assert_eq!(
        bot.ask("alice", OPS, "!echo dev-1 | deploy to {{ previous }} count=2"),
        "deployed 2 to dev-1"
    );
    assert_eq!(bot.ask("alice", OPS, "!echo staging | deploy to"), "deployed 1 to staging", "the last words");
    let said = bot.ask("alice", OPS, "!echo \"staging count=5\" | deploy to {{ previous }}");
    assert!(said.contains("step 2 of 2:") && said.contains("`target` cannot be `staging count=5`"), "{said}");
    let said = bot.ask("alice", OPS, "!echo \"$(touch hacked); x\" | show disk on {{ previous }}");
    assert!(said.ends_with("on $(touch hacked); x"), "{said}");
    assert!(!bot.home().path().join("hacked").exists());
}

#[test]
fn every_step_is_allowed_before_the_first_one_runs() {
    let bot = MemoryBot::start(home());
    let said = bot.ask("bob", OPS, "!deploy to staging | deploy to production");
    assert!(said.contains("only with `target` among"), "{said}");
    let said = bot.ask("bob", OPS, "!deploy to staging | audit");
    assert!(said.contains("nobody granted you `chatops.audit`"), "{said}");
    let executions = bot.read(|reader| reader.executions(&Default::default()));
    assert!(executions.is_empty(), "{executions:?}");
    assert_eq!(bot.audit_of("refused").len(), 2);
    assert_eq!(bot.ask("bob", OPS, "!deploy to staging | count"), "1");
    // Here, and not in #dev, bob may deploy; and nothing else but to echo, which all may everywhere.
    bot.home().write(
        "access.yaml",
        "people: { bob: [memory:bob] }\nroles: { r: [ { run: [default.*], in: [\"memory:#ops\"] } ] }\ngrants: [ { role: r, to: [bob] } ]\n",
    );
    bot.reload();
    assert!(bot.ask("bob", OPS, "!deploy to staging > #dev").contains("you may not post in `#dev`"));
    assert_eq!(bot.read(|reader| reader.executions(&Default::default())).len(), 1);
}

#[test]
fn formats_win_over_pipes() {
    let piped = "---\nname: piped\naction_ref: core.echo\nformats: [\"grep {{message}} \\\\| wc\"]\nack: { enabled: false }\nresult: { format: \"{{ execution.result.stdout }}\" }\n";
    let plain = "---\nname: plain\naction_ref: core.echo\nformats: [\"note {{message}}\"]\nextra: { pipes: false }\nack: { enabled: false }\nresult: { format: \"{{ execution.result.stdout }}\" }\n";
    let tell = "---\nname: tell\naction_ref: core.echo\nformats: [\"tell {{message}} today\"]\nack: { enabled: false }\nresult: { format: \"{{ execution.result.stdout }}\" }\n";
    let home = home()
        .file("aliases/plain.yaml", plain)
        .file("aliases/tell.yaml", tell)
        .file("aliases/piped.yaml", piped);
    let bot = MemoryBot::start(home);
    // The operator stands before the last word of the format, in its text, or in what a shell reads.
    assert_eq!(bot.ask("alice", OPS, "!tell a | count today"), "a | count");
    assert_eq!(bot.ask("alice", OPS, "!grep x | wc"), "x");
    assert!(bot.ask("alice", OPS, "!sh echo one | wc -l").contains('1'));
    assert!(
        bot.ask("alice", OPS, "!sh printf 'a\\nb\\n' | head 1").contains("head"),
        "the shell's own head: {}",
        ""
    );
    assert_eq!(bot.ask("alice", OPS, "!note a | count"), "a | count");
    // What stands behind is no step and no place.
    assert_eq!(bot.ask("alice", OPS, "!echo a | b"), "a | b");
    assert_eq!(bot.ask("alice", OPS, "!echo 5 > 3"), "5 > 3");
    // Quotes keep it together.
    assert_eq!(bot.ask("alice", OPS, "!echo \"a | count\""), "a | count");
    assert_eq!(bot.ask("alice", OPS, "!echo a | count"), "1");
}

#[test]
fn limits_are_told() {
    let bot = MemoryBot::start(home().file(
        "aliases/many.yaml",
        "---\nname: many\naction_ref: default.many\nformats: [many]\nack: { enabled: false }\nresult: { format: \"{{ execution.result.stdout }}\" }\n",
    ).file("actions/many.yaml", "---\nname: many\nrunner_type: local-shell-cmd\nparameters:\n  cmd: { immutable: true, default: 'head -c 1100000 /dev/zero | tr \"\\0\" x' }\n")
    .set("CHATOPS_OUTPUT_LIMIT", "2MiB"));
    let said = bot.ask("alice", OPS, "!many | count");
    assert!(said.contains("a step hands on at most 1048576"), "{said}");
    let said = bot.ask("alice", OPS, "!many | head | head | head | head | head");
    assert!(said.contains("a pipe has at most 5 steps"), "{said}");
    let said = bot.ask("alice", OPS, "!deploy to moon | count");
    assert!(said.contains("`target` cannot be `moon`"), "{said}");
}

#[test]
fn a_step_that_fails_ends_the_pipe_and_says_which() {
    let bot = MemoryBot::start(home());
    let said = bot.ask("alice", OPS, "!sh false");
    assert!(!said.is_empty());
    let fails =
        "---\nname: fails\naction_ref: default.fails\nformats: [\"fails {{x}}\"]\nack: { enabled: false }\n";
    bot.home().write("aliases/fails.yaml", fails);
    bot.home().write("actions/fails.yaml", "---\nname: fails\nrunner_type: local-shell-cmd\nparameters:\n  x: { type: string }\n  cmd: { immutable: true, default: 'echo oh no >&2; exit 3' }\n");
    bot.reload();
    let said = bot.ask("alice", OPS, "!fails 1 | deploy to staging");
    assert!(said.contains("step 1 of 2:") && said.contains("oh no"), "{said}");
    let executions = bot.read(|reader| reader.executions(&Default::default()));
    assert!(executions.iter().all(|it| it.action != "default.deploy"));
}

#[test]
fn a_scheduled_pipe_goes_its_way() {
    let bot = MemoryBot::start(home());
    let said = bot.ask("alice", OPS, "!in 1 second run show disk on web* | filter 99 > #dev");
    assert!(said.contains("filter 99 > #dev"), "{said}");
    let there = bot.comes_to_say("web3 99%");
    assert_eq!((&*there.place.room, there.text.as_str()), ("#dev", "alice sends:\nweb3 99%"));
}
