//! Dialogues of a whole connection.

use std::time::Duration;

use super::super::profile::Patience;
use super::super::speech::Target;
use super::*;
use crate::model::Secret;

const START: Timestamp = Timestamp::from_micros(1_000_000_000);

fn profile() -> Profile {
    Profile {
        nick: "bot".into(),
        real_name: "a bot".into(),
        password: None,
        login: None,
        nickserv: None,
        channels: vec!["#ops".parse().unwrap()],
        patience: Patience::default(),
    }
}

/// A client that was welcomed and joined, with capabilities.
fn joined(capabilities: &[&str]) -> Client {
    let mut client = Client::new(profile(), START);
    client.hear(&format!(":s CAP * LS :{}", capabilities.join(" ")), START);
    for name in capabilities {
        client.hear(&format!(":s CAP * ACK :{name}"), START);
    }
    for line in [
        ":s 001 bot :Welcome",
        ":s 005 bot WHOX NICKLEN=31 :are supported",
        ":s 376 bot :End of MOTD",
        ":bot!~bot@h.example.org JOIN #ops",
    ] {
        client.hear(line, START);
    }
    assert!(client.events().contains(&Event::Up));
    client.lines();
    client
}

fn said(client: &mut Client) -> Said {
    match client.events().pop() {
        Some(Event::Said(said)) => said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_session_is_up_when_the_channels_are_joined() {
    let mut client = Client::new(profile(), START);
    assert_eq!(client.lines(), ["CAP LS 302", "NICK bot", "USER bot 0 * :a bot"]);
    client.hear(":s 001 bot :Welcome", START);
    client.hear(":s 422 bot :No MOTD", START);
    assert_eq!(client.lines(), ["JOIN #ops"]);
    assert!(!client.is_up());
    client.hear(":bot!~bot@h JOIN :#ops", START);
    assert_eq!(client.events(), [Event::Up]);
    assert_eq!(client.standing("#OPS"), Standing::In);
}

#[test]
fn a_nickserv_login_comes_before_the_channels() {
    let mut client = Client::new(Profile { nickserv: Some(Secret::new("sesame")), ..profile() }, START);
    client.lines();
    client.hear(":s 001 bot :Welcome", START);
    client.hear(":s 376 bot :End", START);
    assert_eq!(client.lines(), ["PRIVMSG NickServ :IDENTIFY sesame"]);
    client.hear(":NickServ!s@services NOTICE bot :This nickname is registered.", START);
    assert!(client.lines().is_empty());
    client.hear(":NickServ!s@services NOTICE bot :You are now identified for bot.", START);
    assert_eq!(client.lines(), ["JOIN #ops"]);
}

#[test]
fn a_silent_server_is_asked_and_then_given_up() {
    let mut client = joined(&[]);
    client.tick(START.plus(Duration::from_secs(20)));
    client.tick(START.plus(Duration::from_secs(21)));
    assert_eq!(client.lines(), ["PING :still-there"]);
    assert!(client.events().is_empty());
    client.tick(START.plus(Duration::from_secs(45)));
    assert_eq!(client.events(), [Event::Lost("no sign of life for 45 s".into())]);
}

#[test]
fn accounts_are_known_without_tags_while_a_channel_is_shared() {
    let mut client = joined(&["extended-join", "account-notify"]);
    client.hear(":al!u@h JOIN #ops alice :Alice", START);
    client.hear(":al!u@h NICK al2", START);
    client.hear(":al2!u@h PRIVMSG bot :hi", START);
    assert_eq!(said(&mut client).account.as_deref(), Some("alice"));
    client.hear(":al2!u@h PART #ops", START);
    client.hear(":al2!u@h PRIVMSG bot :hi", START);
    assert_eq!(said(&mut client).account, None);
}

#[test]
fn whox_tells_who_was_there_before() {
    let mut client = Client::new(profile(), START);
    for line in [
        ":s CAP * LS :extended-join account-notify",
        ":s CAP * ACK :extended-join",
        ":s CAP * ACK :account-notify",
        ":s 001 bot :Welcome",
        ":s 005 bot WHOX :are supported",
        ":s 376 bot :End of MOTD",
        ":bot!~bot@h JOIN #ops * :a bot",
    ] {
        client.hear(line, START);
    }
    assert_eq!(client.lines().pop().as_deref(), Some("WHO #ops %tcna,81"));
    client.hear(":s 354 bot 81 #ops al alice", START);
    client.hear(":al!u@h PRIVMSG #ops :hi", START);
    let said = said(&mut client);
    assert_eq!(said.account.as_deref(), Some("alice"));
    assert_eq!(said.target, Target::Channel { folded: "#ops".into(), shown: "#ops".into() });
}

#[test]
fn the_wanted_nick_is_taken_when_its_holder_goes() {
    let mut client = Client::new(profile(), START);
    client.hear(":s 433 * bot :in use", START);
    client.hear(":s 001 bot_ :Welcome", START);
    client.lines();
    client.hear(":bot!x@y QUIT :ping timeout", START);
    assert_eq!(client.lines(), ["NICK bot"]);
    client.hear(":bot_!~bot@h NICK :bot", START);
    assert_eq!(client.events(), [Event::Unknown("bot".into()), Event::Nick]);
    assert_eq!(client.nick(), "bot");
}

#[test]
fn own_words_notices_and_actions_are_not_heard() {
    let mut client = joined(&[]);
    client.hear(":bot!~bot@h PRIVMSG #ops :!run date", START);
    client.hear(":al!u@h NOTICE #ops :!run date", START);
    client.hear(":al!u@h PRIVMSG #ops :\x01ACTION waves\x01", START);
    assert!(client.events().is_empty() && client.lines().is_empty());
    client.hear(":al!u@h PRIVMSG bot :\x01PING 1\x01", START);
    assert_eq!(client.lines(), ["NOTICE al :\x01PING 1\x01"]);
}

#[test]
fn unreadable_lines_do_no_harm() {
    let mut client = joined(&[]);
    for line in
        [":", "@", "@a", ": ", ":x", " ", "MODE", "MODE #ops +", "CAP", "\u{fffd}", ":a!b@c PRIVMSG", "354 a"]
    {
        client.hear(line, START);
    }
    assert!(client.events().is_empty());
}

#[test]
fn the_own_prefix_counts_when_text_is_cut() {
    let client = joined(&[]);
    let around = ":bot!~bot@h.example.org PRIVMSG #ops :\r\n".len();
    assert_eq!(client.splitter().room("#ops"), 512 - around);
}

#[test]
fn what_did_not_get_there_is_told_with_the_servers_words() {
    let mut client = joined(&[]);
    client.hear(":s 401 bot alice :No such nick/channel", START);
    client.hear(":s 531 bot carol :You are not permitted to send private messages to this user", START);
    let told: Vec<_> = client
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Undelivered { to, why } => Some((to, why)),
            _ => None,
        })
        .collect();
    assert_eq!(told[0], ("alice".to_owned(), "No such nick/channel".to_owned()));
    assert_eq!(told[1].0, "carol");
}
