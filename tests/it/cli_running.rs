//! The command line beside a running bot: what goes through its API, and how it ends.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::bot::{Home, Ran};
use crate::support::{SOON, homes, within};

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The newest execution that runs.
fn running(home: &Home) -> Option<i64> {
    let ran = home.run(&["execution", "list", "--status", "running", "--json"]);
    json(&ran)[0]["id"].as_i64()
}

#[test]
fn an_action_runs_through_the_api_of_the_running_bot() {
    let home = homes::small();
    let bot = home.serve();
    bot.logs("ready");
    let ran = home.run(&["action", "run", "core.local", "cmd=echo hello", "--json"]);
    assert_eq!((ran.code, json(&ran)["result"]["stdout"].as_str()), (Some(0), Some("hello")), "{ran:?}");
    let ran = home.run(&["action", "run", "core.local", "cmd=exit 4"]);
    assert_eq!((ran.code, json(&ran)["return_code"].as_i64()), (Some(1), Some(4)), "{ran:?}");
    let ran = home.run(&["action", "run", "core.nothing"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("`chatops action list`"), "{ran:?}");
    let ran = home.run(&["action", "run", "core.local"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("`cmd`"), "{ran:?}");
    assert!(bot.stop().success());
}

#[test]
fn execution_cancel_ends_what_runs() {
    let home = homes::small();
    let bot = home.serve();
    bot.logs("ready");
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| home.run(&["action", "run", "core.local", "cmd=sleep 50"]));
        let id = within(SOON, || running(&home)).expect("it starts");
        let ran = home.run(&["execution", "cancel", &id.to_string()]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let slow = slow.join().unwrap();
        assert!(slow.code == Some(1) && slow.stderr.contains("canceled"), "{slow:?}");
    });
    let ran = home.run(&["execution", "cancel", "7"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("execution 7 neither waits nor runs"), "{ran:?}");
    assert!(bot.stop().success());
}

#[test]
fn without_a_bot_what_needs_one_says_how_to_start_it() {
    let home = homes::small();
    for arguments in [&["reload"][..], &["execution", "cancel", "1"]] {
        let ran = home.run(arguments);
        assert!(ran.code == Some(1) && ran.stderr.contains("`chatops serve`"), "{ran:?}");
    }
}

#[test]
fn doctor_asks_the_running_bot() {
    let home = homes::small();
    let bot = home.serve();
    bot.logs("ready");
    let ran = home.run(&["doctor"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in [&format!("pid {}", bot.pid().as_raw_nonzero()), "audit log: whole", "var/token"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    assert!(bot.stop().success());
}

#[test]
fn doctor_names_what_does_not_connect_and_exits_with_1() {
    let home = homes::small().set("CHATOPS_IRC_SERVER", "127.0.0.1:1");
    let ran = home.run(&["doctor", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report = json(&ran);
    let irc =
        report["findings"].as_array().unwrap().iter().find(|one| one["about"] == "adapter irc").unwrap();
    assert_eq!((irc["level"].as_str(), report["good"].as_bool()), (Some("error"), Some(false)), "{irc}");
    assert!(irc["message"].as_str().unwrap().contains("cannot connect to `127.0.0.1:1`"), "{irc}");
    assert!(irc["help"].as_str().unwrap().contains("chatops adapter help irc"), "{irc}");
}

#[test]
fn a_stop_waits_for_the_grace_and_then_cancels() {
    let home = homes::small().set("CHATOPS_GRACE_SECONDS", "1");
    let bot = home.serve();
    bot.logs("ready");
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| home.run(&["action", "run", "core.local", "cmd=sleep 50"]));
        within(SOON, || running(&home)).expect("it starts");
        let asked = Instant::now();
        assert!(bot.stop().success());
        assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
        assert_eq!(slow.join().unwrap().code, Some(1));
    });
    let list = json(&home.run(&["execution", "list", "--json"]));
    assert_eq!(list[0]["status"], "canceled", "{list}");
}

#[test]
fn a_taken_address_that_was_asked_for_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let home = homes::small().set("CHATOPS_LISTEN", &address);
    let ran = home.run(&["serve"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains(&format!("cannot listen on `{address}` (CHATOPS_LISTEN)")), "{ran:?}");
}

#[test]
fn a_new_home_chats_at_once() {
    let home = Home::new();
    let ran = home.run(&["init"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("serve   start the bot"), "{ran:?}");
    let ran = home.run(&["check", "--json"]);
    assert_eq!(json(&ran)["problems"].as_array().map(Vec::len), Some(0), "{ran:?}");
    let ran = home.chat("run echo $((6 * 7)) on localhost\n");
    assert!(ran.code == Some(0) && ran.stdout.contains("42"), "{ran:?}");
}

#[test]
fn kinds_and_actions_are_explained() {
    let home = homes::small();
    let ran = home.run(&["adapter", "help", "irc"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("CHATOPS_IRC_SASL_PASSWORD"), "{ran:?}");
    let ran = home.run(&["adapter", "help", "icr"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("did you mean `irc`?"), "{ran:?}");
    assert!(home.run(&["adapter", "list"]).stdout.contains("irc"));
    assert!(home.run(&["runner", "list"]).stdout.contains("local-shell-cmd"));
    let ran = home.run(&["action", "help", "core.remote"]);
    for part in ["hosts", "cmd", "run {{cmd}} on {{hosts}}"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    assert_eq!(home.run(&["action", "help", "core.remot"]).code, Some(1));
}
