//! `kill -9` between the start and the end of a command, and what the next life makes of it.

use std::fs;
use std::time::Duration;

use crate::support::bot::{Bot, Home};
use crate::support::scripted::Scripted;
use crate::support::{SOON, homes, until};

/// A bot in `#ops` of a scripted server.
fn in_the_channel(home: &Home, server: &mut Scripted) -> Bot {
    let bot = home.serve();
    server.receives("JOIN #ops");
    bot
}

/// Alice says `text` in `#ops`, in the message with the id `id`.
fn alice_says(server: &Scripted, id: &str, text: &str) {
    server.sends(format!("@msgid={id} :alice!alice@host.example.org PRIVMSG #ops :{text}").as_bytes());
}

#[test]
fn a_command_cut_short_is_abandoned_told_once_and_never_run_again() {
    let mut server = Scripted::start();
    let home = homes::on_irc(&server.address());
    let began = home.path().join("began");
    let command = format!("!run touch {}; sleep 20 on localhost", began.display());

    let bot = in_the_channel(&home, &mut server);
    alice_says(&server, "m1", &command);
    until(SOON, || began.exists().then_some(()));
    bot.kill9();
    fs::remove_file(&began).unwrap();

    let bot = in_the_channel(&home, &mut server);
    assert!(server.receives("abandoned").contains("alice"));
    alice_says(&server, "m1", &command);
    alice_says(&server, "m2", "!echo and now this");
    server.receives("and now this");
    assert!(
        !server.receives_within(Duration::from_millis(300), "PRIVMSG #ops"),
        "the replay is not answered"
    );
    assert!(!began.exists(), "the replayed message ran again");
    assert!(bot.stop().success());

    let bot = in_the_channel(&home, &mut server);
    alice_says(&server, "m3", "!echo once more");
    server.receives("once more");
    assert_eq!(server.count("abandoned"), 1, "told once");
    assert!(bot.stop().success());

    let verified = home.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let listed = home.run(&["execution", "list", "--json"]);
    assert!(listed.stdout.contains("abandoned"), "{listed:?}");
}

#[test]
fn killed_again_and_again_it_tells_each_end_once() {
    let mut server = Scripted::start();
    let home = homes::on_irc(&server.address());
    for round in 0..5 {
        let bot = in_the_channel(&home, &mut server);
        alice_says(&server, &format!("q{round}"), &format!("!run echo quick-{round}-end on localhost"));
        alice_says(&server, &format!("s{round}"), &format!("!run sleep 30; echo slow-{round} on localhost"));
        until(SOON, || (server.count(&format!("stdout : quick-{round}-end")) > 0).then_some(()));
        until(SOON, || (server.count(&format!("slow-{round} ")) > 0 || began(&home, round)).then_some(()));
        bot.kill9();
        let verified = home.run(&["audit", "verify"]);
        assert_eq!(verified.code, Some(0), "{verified:?}");
    }
    let bot = in_the_channel(&home, &mut server);
    until(SOON, || (server.count("was abandoned") >= 5).then_some(()));
    alice_says(&server, "last", "!echo and that is all");
    server.receives("and that is all");
    assert_eq!(server.count("was abandoned"), 5, "each told once");
    assert!(bot.stop().success());
}

/// Whether the slow command of `round` is known to the database.
fn began(home: &Home, round: usize) -> bool {
    home.run(&["execution", "list", "--json"]).stdout.contains(&format!("slow-{round}"))
}

#[test]
fn nothing_that_was_answered_is_lost_by_a_kill() {
    let mut server = Scripted::start();
    let home = homes::on_irc(&server.address());
    let bot = in_the_channel(&home, &mut server);
    for number in 0..20 {
        alice_says(&server, &format!("m{number}"), &format!("!run echo answer-{number} on localhost"));
    }
    for number in 0..20 {
        until(SOON, || (server.count(&format!("answer-{number}")) > 0).then_some(()));
    }
    bot.kill9();
    let verified = home.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let exported = home.run(&["audit", "export"]).stdout;
    for number in 0..20 {
        assert!(exported.contains(&format!("echo answer-{number} ")), "{number} is not in the audit log");
    }
}
