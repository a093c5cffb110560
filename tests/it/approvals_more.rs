//! Approvals, continued: the list, draining, what is typed wrong.

use std::time::Duration;

use crate::approvals::{asked, bot, home, status};
use crate::support::api::Api;
use crate::support::bot::Home;
use crate::support::live::serve;
use crate::support::memory_bot::{MemoryBot, OPS};
use crate::support::{SOON, homes, until};

#[test]
fn a_draining_bot_takes_nothing_new_and_says_so() {
    let bot = bot();
    let (_, id) = asked(&bot);
    assert!(bot.ask("bob", OPS, "!drain").contains("you may not run that here"));
    assert!(bot.ask("carol", OPS, "!drain").contains("nothing new is taken until `drain off`"));
    assert!(bot.ask("alice", OPS, "!deploy to staging").contains("takes nothing new; try again later"));
    assert!(bot.ask("alice", OPS, &format!("!approve {id}")).contains("takes nothing new"));
    assert!(bot.ask("alice", OPS, "!help").contains("deploy"));
    bot.ask("carol", OPS, "!drain off");
    bot.ask("alice", OPS, &format!("!approve {id}"));
    bot.comes_to_say("deployed 1 to staging");
}

#[test]
fn a_drained_bot_stays_so_over_a_restart_until_it_is_told() {
    let mut bot = bot();
    bot.ask("carol", OPS, "!drain");
    bot.dies();
    bot.starts_again();
    assert!(bot.ask("alice", OPS, "!deploy to staging").contains("takes nothing new; try again later"));
    assert_eq!(bot.ask("carol", OPS, "!undrain"), "commands are taken again");
    assert_eq!(bot.ask("carol", OPS, "!undrain"), "commands are taken: nothing was drained");
    bot.dies();
    bot.starts_again();
    assert_eq!(bot.ask("alice", OPS, "!deploy to staging"), "deployed 1 to staging");
    let changes: Vec<_> = bot.audit_of("changed").iter().map(|it| it["body"]["change"].clone()).collect();
    assert_eq!(changes, ["drain", "drain off"]);
}

#[test]
fn a_reason_that_is_too_long_and_a_number_that_is_none_are_told() {
    let bot = bot();
    let (_, id) = asked(&bot);
    let long = "x".repeat(1001);
    assert_eq!(
        bot.ask("alice", OPS, &format!("!approve {id} {long}")),
        "a reason has at most 1000 characters"
    );
    assert!(
        bot.ask("alice", OPS, "!approve it").contains("`it` is not a number; `approvals` lists what waits")
    );
    assert!(bot.ask("alice", OPS, "!approve 99999").contains("nothing with the number 99999 waits"));
    assert_eq!(
        bot.ask("bob", OPS, &format!("!deny {id}")),
        format!("you asked for {id} yourself: `withdraw {id}` takes it back")
    );
    assert_eq!(status(&bot, id), "pending");
}

#[test]
fn an_unproven_person_cannot_ask_for_what_needs_approval() {
    let home = home("true");
    home.write("access.yaml", "everyone: [ { run: [default.*] } ]\n");
    let bot = MemoryBot::start(home);
    let said = bot.ask("~bob", OPS, "!ship to staging");
    assert!(said.contains("the service does not vouch for who you are"), "{said}");
    bot.says_nothing_more();
}

#[test]
fn a_stop_and_a_start_leave_it_waiting() {
    let mut bot = bot();
    let (_, id) = asked(&bot);
    bot.stop(Duration::ZERO);
    bot.starts_again();
    assert_eq!(status(&bot, id), "pending");
    assert!(bot.ask("alice", OPS, "!approvals").contains(&id.to_string()));
}

#[test]
fn approvals_lists_what_waits_and_whose_it_is() {
    let bot = bot();
    let (_, id) = asked(&bot);
    let line = |person: &str| {
        let said = bot.ask(person, OPS, "!approvals");
        said.lines().find(|line| line.contains(&id.to_string())).map(str::to_owned)
    };
    assert!(line("alice").unwrap().contains("0 of 1") && line("alice").unwrap().contains("yes"));
    assert!(line("bob").unwrap().contains("you asked"));
    assert!(line("carol").unwrap().contains("no"));
    assert!(line("mallory").is_none());
    assert!(bot.ask("carol", OPS, "!ps").contains("pending"));
}

#[test]
fn words_that_come_together_are_judged_one_after_the_other() {
    let bot = bot();
    for _ in 0..5 {
        let (_, id) = asked(&bot);
        let approve = format!("!approve {id}");
        for person in ["mallory", "bob", "alice", "alice"] {
            bot.says(person, OPS, &approve);
        }
        bot.comes_to_say(&format!("you approved {id}: it runs"));
        bot.comes_to_say("deployed 1 to staging");
    }
    assert_eq!(bot.audit_of("started").len(), 5);
    let why = bot.audit_of("refused").iter().map(|it| it["body"]["why"].to_string()).collect::<String>();
    assert!(!why.contains("somebody else is deciding"), "{why}");
}

#[test]
fn a_drained_program_is_ready_says_so_and_refuses_what_comes_through_the_api() {
    let home = homes::small();
    let (bot, api) = serve(&home);
    assert_eq!(api.root("/readyz").json["draining"], false);
    assert!(home.chat("drain\n").stdout.contains("nothing new is taken until"));
    bot.kill9();
    let (bot, api) = serve(&home);
    bot.logs("the bot drains, as before");
    let ready = until(SOON, || Some(api.root("/readyz")).filter(|ready| ready.status == 200));
    assert_eq!(ready.json["draining"], true, "{ready:?}");
    assert_eq!(api.get("status").json["draining"], true);
    let doctor = home.run(&["doctor"]);
    assert!(doctor.stdout.contains("it drains: it takes nothing new"), "{doctor:?}");
    let run = serde_json::json!({"action": "core.echo", "parameters": {"message": "x"}});
    let refused = api.post("actions/run", &run);
    assert!(refused.status == 503 && refused.text.contains("takes nothing new"), "{refused:?}");
    assert!(home.chat("undrain\n").stdout.contains("commands are taken again"));
    assert_eq!(api.root("/readyz").json["draining"], false);
    assert_eq!(api.get("drain").json["draining"], false);
    until(SOON, || (api.post("actions/run", &run).status == 200).then_some(()));
    drains_from_a_shell_and_through_the_api(&home, &api);
    assert!(bot.stop().success());
}

fn drains_from_a_shell_and_through_the_api(home: &Home, api: &Api) {
    let said = home.run(&["drain"]);
    assert_eq!(said.stdout, "nothing runs, and nothing new is taken until `drain --off`", "{said:?}");
    let again = api.post("drain", &serde_json::json!({}));
    assert_eq!((again.status, &again.json["changed"]), (200, &serde_json::json!(false)), "{again:?}");
    assert_eq!(api.root("/readyz").json["draining"], true);
    let made = api.post("tokens", &serde_json::json!({"name": "ci", "scopes": ["read", "run"]}));
    let weak = api.with(made.json["token"].as_str().unwrap());
    let refused = weak.post("drain", &serde_json::json!({}));
    assert!(refused.status == 403 && refused.text.contains("admin"), "{refused:?}");
    assert_eq!(weak.get("drain").json["draining"], true, "{refused:?}");
    assert_eq!(api.call("DELETE", "drain", "", b"").json["changed"], true);
    assert_eq!(home.run(&["drain", "--off"]).stdout, "commands are taken: nothing was drained");
    assert_eq!(api.root("/readyz").json["draining"], false);
    let changes = home.run(&["audit", "search", "--what", "changed", "--json"]).stdout;
    let changes: serde_json::Value = serde_json::from_str(&changes).unwrap();
    let drains = changes.as_array().unwrap().iter().filter(|it| it["subject"] == "engine").count();
    assert_eq!(drains, 4, "two by chat, one from a shell, one through the API: {changes}");
}
