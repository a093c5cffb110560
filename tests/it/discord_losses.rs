//! The whole bot on Discord when something is lost: connections, sessions, receipts, the token, the peace.

use std::time::{Duration, Instant};

use crate::discord::{home, meet, settle};
use crate::support::discord::world::{ALICE, Out, TOKEN};
use crate::support::discord::{DiscordServer, text};
use crate::support::{SOON, until};

#[test]
fn a_limit_is_waited_for_and_nothing_is_lost_or_overtaken() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    {
        let mut world = server.world();
        (world.switches.limited, world.switches.limited_for) = (2, Duration::from_millis(700));
    }
    for number in 0..20 {
        server.says(ALICE, server.ops(), &format!("!echo line-{number}-end"));
    }
    server.sees("line-19-end");
    let shown: Vec<String> = server.shown().iter().map(text).collect();
    assert_eq!(shown.len(), 20, "{shown:#?}");
    for (number, line) in shown.iter().enumerate() {
        assert!(line.contains(&format!("line-{number}-end")), "in order: {shown:#?}");
    }
    assert!(bot.stop().success());
}

#[test]
fn an_empty_bucket_is_never_knocked_at() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    server.world().switches.bucket = Some((3, Duration::from_millis(500)));
    for number in 0..10 {
        server.says(ALICE, server.ops(), &format!("!echo drop-{number}-end"));
    }
    server.sees("drop-9-end");
    assert_eq!(server.requests("POST", "/messages").iter().filter(|status| **status == 429).count(), 0);
    assert!(bot.stop().success());
}

#[test]
fn an_answer_whose_receipt_was_lost_is_said_once() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    server.world().switches.unanswered = 2;
    server.says(ALICE, server.ops(), "!echo said-once");
    server.sees("said-once");
    until(SOON, || {
        (server.requests("POST", "/messages").iter().filter(|status| **status == 200).count() >= 1)
            .then_some(())
    });
    settle(&server, "after-that");
    assert_eq!(server.count("said-once"), 1);
    assert!(bot.stop().success());
}

#[test]
fn every_way_to_lose_a_connection_is_survived_and_nothing_is_missed() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    settle(&server, "at-first");
    type Loss = fn(&DiscordServer);
    let losses: [(&str, Loss); 5] = [
        ("abort", |server| server.each(&Out::Cut)),
        ("close-4000", |server| server.each(&Out::Close(4000))),
        ("close-1001", |server| server.each(&Out::Close(1001))),
        ("op-7", |server| server.frame(r#"{"op":7,"d":null}"#)),
        ("op-9-true", |server| server.frame(r#"{"op":9,"d":true}"#)),
    ];
    for (name, lose) in losses {
        let before = server.world().resumed;
        lose(&server);
        server.says(ALICE, server.ops(), &format!("!echo after-{name}-end"));
        server.sees(&format!("after-{name}-end"));
        assert_eq!(server.count(&format!("after-{name}-end")), 1, "{name}");
        assert!(server.world().resumed > before, "{name} is resumed");
    }
    assert_eq!(server.world().identified.len(), 1, "no session was lost");
    assert!(bot.stop().success());
}

#[test]
fn a_session_that_is_over_is_begun_anew_after_a_pause() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    settle(&server, "the-first");
    server.world().sessions.clear();
    server.frame(r#"{"op":9,"d":false}"#);
    server.meets(2);
    settle(&server, "the-second");
    server.world().sessions.clear();
    server.each(&Out::Close(4009));
    server.meets(3);
    settle(&server, "the-third");
    assert_eq!(server.world().identified.len(), 3);
    assert!(bot.stop().success());
}

#[test]
fn a_frozen_gateway_is_noticed_within_a_minute_and_what_was_missed_is_heard() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    settle(&server, "before-the-frost");
    let began = Instant::now();
    server.each(&Out::Freeze);
    server.says(ALICE, server.ops(), "!echo under-the-ice");
    server.sees_within(Duration::from_secs(60), "under-the-ice");
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(server.count("under-the-ice"), 1);
    assert!(bot.stop().success());
}

#[test]
fn a_page_of_html_and_a_closed_port_pass() {
    let server = DiscordServer::closed();
    let home = home(&server);
    let bot = home.serve();
    bot.logs("connection lost");
    server.world().switches.html503 = true;
    server.listens(true);
    until(SOON, || (server.requests("GET", "gateway/bot").len() >= 2).then_some(()));
    server.world().switches.html503 = false;
    server.meets(1);
    settle(&server, "it-is-up");

    server.world().switches.html503 = true;
    server.says(ALICE, server.ops(), "!echo through-the-page");
    until(SOON, || server.requests("POST", "/messages").contains(&503).then_some(()));
    server.each(&Out::Cut);
    server.world().switches.html503 = false;
    server.sees("through-the-page");
    assert_eq!(server.count("through-the-page"), 1);
    assert!(bot.stop().success());
}

#[test]
fn a_revoked_token_is_said_once_and_is_no_storm() {
    let server = DiscordServer::start();
    let (_home, bot) = meet(&server);
    settle(&server, "it-works");
    server.world().switches.revoked = true;
    server.each(&Out::Close(4004));
    let said = bot.logs("the service refuses the bot");
    assert!(said.contains("Reset Token"), "{said}");
    std::thread::sleep(Duration::from_secs(3));
    let refused = server.requests("GET", "gateway/bot").iter().filter(|status| **status == 401).count();
    assert!(refused <= 2, "{refused} tries");
    assert_eq!(bot.log().matches("the service refuses the bot").count(), 1);
    server.world().switches.revoked = false;
    let begun = {
        let world = server.world();
        world.identified.len() + world.resumed
    };
    server.meets(begun + 1);
    settle(&server, "it-works-again");
    assert!(!bot.log().contains(TOKEN), "the token is not in the log");
    assert!(bot.stop().success());
}

#[test]
fn a_missing_intent_is_said_with_what_to_click() {
    let server = DiscordServer::start();
    server.world().switches.no_content = true;
    let home = home(&server);
    let bot = home.serve();
    let said = bot.logs("the service refuses the bot");
    assert!(said.contains("Message Content Intent"), "{said}");
    server.world().switches.no_content = false;
    server.meets(2);
    settle(&server, "switched-on");
    assert!(bot.stop().success());
}
