//! New configuration in a running bot: a bad edit changes nothing but what is said about it.

use std::net::TcpListener;

use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS};

#[test]
fn a_bad_edit_keeps_the_last_good_version_and_is_told_once_to_the_admins() {
    let bot = MemoryBot::start(ops());
    bot.home().write("aliases/echo.yaml", "name: echo\nformats: [\"echo {{\n");
    let report = bot.reload();
    assert_eq!((report.aliases, report.problems.len()), (4, 1));
    let told = bot.posts();
    assert!(told.place.is_direct() && &*told.place.room == "root", "{:?}", told.place);
    let head = "the configuration was changed, and something is wrong with it:\n- ";
    assert!(told.text.starts_with(head) && told.text.contains("aliases/echo.yaml"), "{}", told.text);
    assert!(told.text.ends_with("`doctor` tells how it stands"), "{}", told.text);
    assert_eq!(bot.ask("dave", OPS, "!echo still here"), "still here");
    let doctor = bot.ask("carol", OPS, "!doctor");
    assert!(doctor.starts_with("something needs a look\n") && doctor.contains("echo.yaml"), "{doctor}");
    assert!(doctor.contains("what was good before stays in force"), "{doctor}");
    bot.reload();
    bot.says_nothing_more();
    bot.home().write("aliases/deploy.yaml", "what: is this\n");
    bot.reload();
    let told = bot.posts();
    assert!(told.text.contains("deploy.yaml") && !told.text.contains("echo.yaml"), "{}", told.text);
    assert_eq!(bot.ask("bob", OPS, "!deploy to staging"), "deployed 1 to staging");
}

#[test]
fn an_action_a_template_settings_and_access_keep_their_last_good_version_too() {
    let alias = "---\nname: hi\naction_ref: core.noop\nformats: [hi]\nack: { enabled: false }\nresult: { format: \"{% include 'hi.j2' %}\" }\n";
    let bot = MemoryBot::start(
        ops()
            .file("aliases/hi.yaml", alias)
            .file("templates/hi.j2", "good day")
            .file("chatops.env", "CHATOPS_PREFIX=?\n"),
    );
    assert_eq!(bot.ask("alice", OPS, "?hi"), "good day");
    bot.home().write("templates/hi.j2", "{% if %}");
    bot.home().write("actions/deploy.yaml", "name: [\n");
    bot.home().write("access.yaml", "everyone: [ { rum: [\"*\"] } ]\n");
    bot.home().write("chatops.env", "this is = not good 'at all\n");
    let report = bot.reload();
    assert_eq!(report.problems.len(), 4, "{:#?}", report.problems);
    let told = bot.posts();
    assert_eq!(&*told.place.room, "root");
    assert_eq!(bot.ask("alice", OPS, "?hi"), "good day", "prefix and template");
    assert_eq!(bot.ask("bob", OPS, "?deploy to staging"), "deployed 1 to staging", "action and access");
    assert!(bot.ask("dave", OPS, "?hi").starts_with("you may not run that here"));
}

#[test]
fn a_new_name_of_the_bot_is_heard_from_the_reload_on_and_the_old_one_no_more() {
    let bot = MemoryBot::start(ops());
    assert_eq!(bot.ask("dave", OPS, "chatops: echo old"), "old");
    bot.home().write("chatops.env", "CHATOPS_NAME=marvin\n");
    bot.reload();
    assert_eq!(bot.ask("dave", OPS, "marvin: echo new"), "new");
    assert_eq!(bot.ask("dave", OPS, "@Marvin echo new"), "new");
    bot.says("dave", OPS, "chatops: echo old");
    bot.says_nothing_more();
}

#[test]
fn a_file_that_is_gone_takes_its_alias_along_and_a_new_one_brings_it() {
    let bot = MemoryBot::start(ops());
    bot.home().remove("aliases/echo.yaml");
    bot.reload();
    assert!(bot.ask("dave", OPS, "!echo x").starts_with("I do not know `echo x`"));
    let again = "---\nname: again_echo\naction_ref: core.echo\nformats: [\"say {{message}}\"]\nack: { enabled: false }\n\
                 result: { format: \"{{ execution.result.stdout }}\" }\n";
    bot.home().write("aliases/say.yaml", again);
    assert_eq!(bot.ask("carol", OPS, "!reload"), "4 aliases and 19 actions are in force");
    assert_eq!(bot.ask("dave", OPS, "!say x"), "x");
}

#[test]
fn a_running_command_goes_on_with_what_it_began_with() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    bot.home().remove("aliases/hold.yaml");
    bot.home().remove("actions/hold.yaml");
    bot.reload();
    go(bot.home(), "a");
    assert_eq!(bot.answers(), "a went", "in the format of the alias that is gone");
}

#[test]
fn every_reload_is_in_the_audit_log_with_who_asked_and_what_is_wrong() {
    let bot = MemoryBot::start(ops());
    bot.ask("carol", OPS, "!reload");
    bot.home().write("aliases/echo.yaml", "nonsense\n");
    bot.reload();
    let reloads = bot.audit_of("reloaded");
    assert_eq!(reloads.len(), 2);
    assert_eq!([&reloads[0]["person"], &reloads[0]["subject"]], ["memory:carol", "config"]);
    assert_eq!(reloads[0]["body"]["problems"].as_array().unwrap().len(), 0);
    assert_eq!(reloads[1]["body"]["by"], "a test");
    assert!(reloads[1]["body"]["problems"][0].as_str().unwrap().contains("echo.yaml"));
}

#[test]
fn an_adapter_connects_anew_only_when_its_own_options_changed() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let env = |nick: &str| {
        format!(
            "CHATOPS_IRC_SERVER={address}\nCHATOPS_IRC_TLS=off\nCHATOPS_IRC_NICK={nick}\nCHATOPS_IRC_CHANNELS=#ops\n"
        )
    };
    let bot = MemoryBot::start(ops().file("chatops.env", &env("bot")));
    let (_first, _) = server.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    bot.home().remove("aliases/hold.yaml");
    bot.home().write("chatops.env", &format!("{}CHATOPS_PREFIX=?\n", env("bot")));
    bot.reload();
    assert_eq!(bot.ask("dave", OPS, "?echo hi"), "hi");
    assert!(server.accept().is_err(), "it keeps its connection");
    bot.home().write("chatops.env", &env("bot").replace("=off", "=perhaps"));
    bot.reload();
    bot.ask("dave", OPS, "!echo hi");
    assert!(server.accept().is_err(), "options that are wrong change nothing");
    bot.home().write("chatops.env", "not = good 'at all\n");
    bot.reload();
    bot.ask("dave", OPS, "!echo hi");
    assert!(server.accept().is_err(), "nor does a file that cannot be read");
    bot.home().write("chatops.env", &env("bot2"));
    bot.reload();
    bot.until(|| server.accept().ok().map(drop));
}
