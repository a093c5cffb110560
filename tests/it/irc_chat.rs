//! Chats on real IRC servers, plain and with TLS, from the first greeting to a server that dies under them.

use std::time::Duration;

use crate::support::bot::{Bot, Home};
use crate::support::chat::IrcUser;
use crate::support::ircd::{Ircd, Kind};
use crate::support::{SOON, homes, until};

/// Starts the bot in `#ops` and lets `nick` join there.
fn meet(ircd: &Ircd, home: &Home, nick: &str) -> (Bot, IrcUser) {
    let bot = home.serve();
    let mut user = IrcUser::join(&ircd.address(), nick, "#ops");
    user.meets("bot");
    (bot, user)
}

/// The home of a bot that speaks TLS to `ircd` and trusts the test's authority.
fn over_tls(ircd: &Ircd) -> Home {
    homes::on_irc(&ircd.tls_address())
        .set("CHATOPS_IRC_TLS", "on")
        .set("CHATOPS_IRC_CA_FILE", &ircd.path("ca.pem"))
}

/// What two people and the bot say to each other.
fn transcript(ircd: &Ircd, home: &Home) {
    let (bot, mut alice) = meet(ircd, home, "alice");
    let mut bob = IrcUser::join(&ircd.address(), "bob", "#ops");

    alice.says("!run date -u +year:%Y on localhost");
    let answer = alice.sees("year:20");
    assert_eq!((answer.nick.as_str(), answer.to.as_str()), ("bot", "#ops"));

    bob.says("bot: echo hello");
    assert!(bob.sees("hello").text.starts_with("bob: "), "an answer in a channel names whom it answers");

    alice.tells("bot", "echo only for me");
    assert_eq!(alice.sees("only for me").to, "alice");

    alice.says("echo is not for the bot, and neither is run");
    bob.sends("NOTICE #ops :!echo a notice is never answered");
    bob.says("!rum date on localhost");
    bob.sees("did you mean `run date on localhost`?");
    let heard = bob.heard("");
    let answers: Vec<_> = heard.iter().filter(|said| said.nick == "bot").map(|said| &said.text).collect();
    assert!(
        !answers.iter().any(|text| text.contains("never answered") || text.contains("not for")),
        "{answers:?}"
    );

    assert!(bot.stop().success());
}

#[test]
fn a_chat_on_ngircd() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    transcript(&ircd, &homes::on_irc(&ircd.address()));
}

#[test]
fn a_chat_on_ngircd_over_tls() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    transcript(&ircd, &over_tls(&ircd));
}

#[test]
fn a_chat_on_inspircd() {
    let Some(ircd) = Ircd::start(Kind::Inspircd) else { return };
    transcript(&ircd, &homes::on_irc(&ircd.address()));
}

#[test]
fn a_chat_on_inspircd_over_tls() {
    let Some(ircd) = Ircd::start(Kind::Inspircd) else { return };
    transcript(&ircd, &over_tls(&ircd));
}

#[test]
fn a_certificate_of_a_stranger_is_refused() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.tls_address()).set("CHATOPS_IRC_TLS", "on");
    let bot = home.serve();
    bot.logs("certificate");
    assert!(bot.stop().success());
}

#[test]
fn commands_of_different_people_do_not_block_each_other() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address());
    let (bot, mut alice) = meet(&ircd, &home, "alice");
    let mut bob = IrcUser::join(&ircd.address(), "bob", "#ops");
    let gate = home.path().join("gate");
    alice.says(&format!(
        "!run until [ -e {} ]; do sleep 0.05; done; echo slow-done on localhost",
        gate.display()
    ));
    bob.says("!run echo quick-done on localhost");
    bob.sees("bob: ");
    assert!(bob.heard("slow-done").iter().all(|said| said.nick != "bot"), "alice's command still waits");
    home.write("gate", "");
    alice.sees("slow-done");
    assert!(bot.stop().success());
}

#[test]
fn the_answers_to_one_person_come_in_order() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let (bot, mut alice) = meet(&ircd, &homes::on_irc(&ircd.address()), "alice");
    for number in 0..100 {
        alice.says(&format!("!echo line-{number}-end"));
    }
    for number in 0..100 {
        alice.sees(&format!("line-{number}-end"));
    }
    let answers = alice.heard("line-").into_iter().filter(|said| said.nick == "bot").count();
    assert_eq!(answers, 100, "one answer each");
    assert!(bot.stop().success());
}

#[test]
fn a_result_that_finishes_while_the_server_is_down_is_said_when_it_is_back() {
    let Some(mut ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address());
    let (bot, mut alice) = meet(&ircd, &home, "alice");
    let file = |name: &str| home.path().join(name);
    let wait = "touch began; until [ -e gate ]; do sleep 0.05; done; echo survived; touch done";
    alice.says(&format!("!run cd {}; {wait} on localhost", home.path().display()));
    until(SOON, || file("began").exists().then_some(()));
    ircd.kill();
    home.write("gate", "");
    until(SOON, || file("done").exists().then_some(()));

    // The bot stands still until alice is back, or she would miss what it says at once.
    bot.freeze();
    ircd.revive();
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    bot.thaw();
    alice.meets("bot");
    alice.sees("survived");
    alice.says("!echo and it listens");
    alice.sees("and it listens");
    assert_eq!(alice.heard("survived").len(), 1, "said once");
    assert!(bot.stop().success());
}

/// Only the services account `alice` may run anything.
const ALICE_ALONE: &str = "people: { alice: [irc:alice] }
roles: { operator: [ { run: [default.*, core.*] } ] }
grants: [ { role: operator, to: [alice] } ]
";

#[test]
fn a_nick_without_an_account_is_nobody() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address()).file("access.yaml", ALICE_ALONE);
    let (bot, mut mallory) = meet(&ircd, &home, "alice");
    mallory.says(&format!("!run touch {} on localhost", home.path().join("taken").display()));
    let answer = mallory.sees("may not");
    assert_eq!(answer.nick, "bot");
    mallory.says("!whoami");
    mallory.sees("irc:~alice");
    assert!(!home.path().join("taken").exists(), "{}", answer.text);
    assert!(bot.stop().success());
}

#[test]
fn an_account_is_somebody_under_any_nick() {
    let Some(ircd) = Ircd::start(Kind::InspircdWithServices) else { return };
    ircd.register("alice", "sesame-sesame");
    let home = homes::on_irc(&ircd.address()).file("access.yaml", ALICE_ALONE);
    let (bot, mut alice) = meet(&ircd, &home, "wonder");
    alice.says("!echo not yet");
    alice.sees("may not");
    alice.tells("NickServ", "IDENTIFY alice sesame-sesame");
    alice.receives(" 900 ");
    alice.says("!whoami");
    alice.sees("irc:alice");
    alice.says("!echo now then");
    alice.sees("now then");
    assert!(bot.stop().success());
}

#[test]
fn long_output_begins_and_more_goes_on_to_its_end() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let (bot, mut alice) = meet(&ircd, &homes::on_irc(&ircd.address()), "alice");
    alice.says("!run seq -f row-%g-end 1 60 on localhost");
    alice.sees("row-1-end");
    for _ in 0..60 {
        if alice.peeks(Duration::from_millis(300), "row-60-end").is_some() {
            break;
        }
        alice.says("!more");
    }
    alice.sees("row-60-end");
    for row in 1..=60 {
        let said = alice.heard(&format!("row-{row}-end"));
        assert_eq!(said.len(), 1, "row {row}: {said:?}");
    }
    assert!(bot.stop().success());
}

#[test]
fn broken_bytes_and_injected_lines_do_no_harm() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address()).set("CHATOPS_IRC_LINES", "100");
    let (bot, mut alice) = meet(&ircd, &home, "alice");
    alice.sends_bytes(b"PRIVMSG #ops :!echo \xff\xfe\xc3\x28 broken");
    alice.sees("broken");
    alice.says("!run printf 'one\\r\\nQUIT :gone\\r\\ntwo-\\000-end\\n' on localhost");
    alice.sees("-end");
    alice.says("!echo still here");
    alice.sees("still here");
    assert!(bot.stop().success());
}

#[test]
fn an_edited_alias_is_in_force_without_a_new_connection() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address());
    let (bot, mut alice) = meet(&ircd, &home, "alice");
    home.write("aliases/say.yaml", "name: say\naction_ref: core.echo\nformats: [\"repeat {{message}}\"]\n");
    bot.logs("configuration loaded");
    alice.says("!repeat after me");
    assert_eq!(alice.sees("after me").nick, "bot");
    assert_eq!(alice.heard("").iter().filter(|said| said.text.contains("Closing Link")).count(), 0);
    assert!(bot.stop().success());
}

#[test]
fn a_running_command_is_listed_and_killed() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address());
    let (bot, mut alice) = meet(&ircd, &home, "alice");
    let began = home.path().join("began");
    alice.says(&format!("!run touch {}; sleep 60 on localhost", began.display()));
    until(SOON, || began.exists().then_some(()));
    let said = alice.sees("is running as ").text;
    let id = said.rsplit("is running as ").next().unwrap().trim().to_owned();
    alice.says("!ps");
    alice.sees("sleep 60");
    alice.says(&format!("!kill {id}"));
    alice.sees("canceled");
    alice.says("!ps");
    alice.sees("nothing runs");
    assert!(bot.stop().success());
}

#[test]
fn a_stop_cancels_what_runs_and_says_so() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address()).set("CHATOPS_GRACE_SECONDS", "1");
    let (bot, mut alice) = meet(&ircd, &home, "alice");
    let began = home.path().join("began");
    alice.says(&format!("!run touch {}; sleep 60 on localhost", began.display()));
    until(SOON, || began.exists().then_some(()));
    assert!(bot.stop().success());
    alice.sees("canceled");
    let verified = home.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn a_bot_that_is_to_end_with_its_connection_does() {
    let Some(mut ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address()).set("CHATOPS_IRC_EXIT_ON_DISCONNECT", "on");
    let (bot, _alice) = meet(&ircd, &home, "alice");
    ircd.kill();
    assert_eq!(bot.ends().code(), Some(1));
}
