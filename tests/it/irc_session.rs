//! The IRC adapter's session against real servers.

use std::time::Duration;

use chatops::adapter::irc::Irc;
use chatops::adapter::{Adapter, Ended};
use chatops::model::{AdapterName, Place};

use crate::support::chat::IrcUser;
use crate::support::ircd::{Ircd, Kind, await_until};
use crate::support::session::Session;

/// An adapter from options; a polite rate would only slow the tests down.
fn irc(options: &[(&str, &str)]) -> Irc {
    let mut lookup = |name: &str| {
        let set = options.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        match name {
            "RATE" => set.or(Some("off".to_owned())),
            "NICK" => set.or(Some("bot".to_owned())),
            "CHANNELS" => set.or(Some("#ops".to_owned())),
            _ => set,
        }
    };
    Irc::from_options(&mut lookup).unwrap()
}

fn clear(ircd: &Ircd, more: &[(&str, &str)]) -> Irc {
    let address = ircd.address();
    irc(&[&[("SERVER", address.as_str()), ("TLS", "off")], more].concat())
}

fn over_tls(ircd: &Ircd, more: &[(&str, &str)]) -> Irc {
    let address = ircd.tls_address();
    irc(&[&[("SERVER", address.as_str())], more].concat())
}

fn ops() -> Place {
    Place::room(AdapterName::new("irc").unwrap(), "#ops")
}

#[test]
fn the_bot_hears_and_answers_on_both_servers() {
    for kind in [Kind::Ngircd, Kind::Inspircd] {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut alice = IrcUser::join(&ircd.address(), "Alice", "#ops");
        let (session, nick) = Session::start_up(clear(&ircd, &[]));
        assert_eq!(nick, "bot");
        alice.tells("#ops", "\x02!run\x02 date");
        let message = session.hears();
        assert_eq!((message.text.as_str(), message.raw.as_str()), ("!run date", "\x02!run\x02 date"));
        assert_eq!((message.person.to_string().as_str(), message.name.as_str()), ("irc:~alice", "Alice"));
        assert_eq!(message.place, ops());
        session.says(&message.place, "done\nand well");
        assert_eq!(alice.hears("bot"), "done");
        assert_eq!(alice.hears("bot"), "and well");
        assert!(session.settles().is_ok());
        alice.tells("bot", "help");
        let message = session.hears();
        assert!(message.place.is_direct());
        session.says(&message.place, "in private");
        assert_eq!(alice.hears("bot"), "in private");
        assert_eq!(session.stop(), Ended::Stopped);
        alice.until(|line| line.starts_with(":bot!") && line.contains(" QUIT "));
    }
}

#[test]
fn tls_is_verified_against_the_given_authority() {
    for kind in [Kind::Ngircd, Kind::Inspircd] {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
        let (session, _) = Session::start_up(over_tls(&ircd, &[("CA_FILE", &ircd.path("ca.pem"))]));
        session.says(&ops(), "over tls");
        assert_eq!(alice.hears("bot"), "over tls");
        assert!(session.settles().is_ok());
    }
}

#[test]
fn an_unknown_authority_is_refused_with_what_to_do() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let Ended::Refused(why) = Session::start(over_tls(&ircd, &[])).end() else { panic!("not refused") };
    assert!(why.contains("`CA_FILE`"), "{why}");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let address = ircd.tls_address().replace("localhost", "127.0.0.2");
    let ca = ircd.path("ca.pem");
    let Ended::Refused(why) = Session::start(irc(&[("SERVER", &address), ("CA_FILE", &ca)])).end() else {
        panic!("not refused")
    };
    assert!(why.contains("is not for `127.0.0.2`"), "{why}");
}

#[test]
fn a_pinned_certificate_needs_no_authority() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let (session, _) = Session::start_up(over_tls(&ircd, &[("FINGERPRINT", &ircd.fingerprint("cert.pem"))]));
    assert_eq!(session.stop(), Ended::Stopped);
    let Ended::Refused(why) =
        Session::start(over_tls(&ircd, &[("FINGERPRINT", &ircd.fingerprint("ca.pem"))])).end()
    else {
        panic!("not refused")
    };
    assert!(why.contains("`FINGERPRINT`"), "{why}");
}

#[test]
fn sasl_plain_logs_in_and_a_wrong_password_is_refused() {
    let Some(ircd) = Ircd::start(Kind::InspircdWithServices) else { return };
    ircd.register("bot", "sesame");
    let mut alice = IrcUser::connect(&ircd.address(), "alice");
    let (session, _) = Session::start_up(clear(&ircd, &[("SASL_PASSWORD", "sesame")]));
    alice.sends("WHOIS bot");
    alice.until(|line| line.contains(" 330 ") && line.contains("bot"));
    assert_eq!(session.stop(), Ended::Stopped);
    let Ended::Refused(why) = Session::start(clear(&ircd, &[("SASL_PASSWORD", "wrong")])).end() else {
        panic!("not refused")
    };
    assert!(why.contains("`SASL_PASSWORD`") && !why.contains("wrong"), "{why}");
}

#[test]
fn sasl_external_logs_in_with_the_client_certificate() {
    let Some(ircd) = Ircd::start(Kind::InspircdWithServices) else { return };
    let digest = ircd.fingerprint("client.pem").replace(':', "").to_lowercase();
    ircd.register_certificate("bot", "sesame", &digest);
    let mut alice = IrcUser::connect(&ircd.address(), "alice");
    let (ca, client) = (ircd.path("ca.pem"), ircd.path("client.pem"));
    let (_session, _) = Session::start_up(over_tls(&ircd, &[("CA_FILE", &ca), ("CLIENT_CERT", &client)]));
    alice.sends("WHOIS bot");
    alice.until(|line| line.contains(" 330 ") && line.contains("bot"));
}

#[test]
fn nickserv_identifies_and_an_account_proves_a_person() {
    let Some(ircd) = Ircd::start(Kind::InspircdWithServices) else { return };
    ircd.register("bot", "sesame");
    ircd.register("Alice", "open");
    let mut alice = IrcUser::join(&ircd.address(), "al", "#ops");
    let (session, _) = Session::start_up(clear(&ircd, &[("NICKSERV_PASSWORD", "sesame")]));
    alice.sends("WHOIS bot");
    alice.until(|line| line.contains(" 330 ") && line.contains("bot"));
    alice.tells("#ops", "who am I");
    assert_eq!(session.hears().person.to_string(), "irc:~al");
    alice.tells("NickServ", "IDENTIFY Alice open");
    alice.until(|line| line.contains(" 900 "));
    alice.tells("#ops", "who am I");
    assert_eq!(session.hears().person.to_string(), "irc:alice");
}

#[test]
fn a_server_password_is_given_and_a_wrong_one_is_refused() {
    for kind in [Kind::Ngircd, Kind::Inspircd] {
        let Some(ircd) = Ircd::start_with_password(kind, Some("sesame")) else { return };
        let (session, _) = Session::start_up(clear(&ircd, &[("PASSWORD", "sesame")]));
        assert_eq!(session.stop(), Ended::Stopped);
        let ended = Session::start(clear(&ircd, &[("PASSWORD", "wrong")])).end();
        assert!(matches!(ended, Ended::Refused(_)), "{kind:?}: {ended:?}");
    }
}

#[test]
fn a_nick_in_use_is_taken_back_when_it_is_free() {
    for kind in [Kind::Ngircd, Kind::Inspircd] {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut holder = IrcUser::connect(&ircd.address(), "bot");
        let mut adapter = clear(&ircd, &[]);
        adapter.profile.patience.regain = Duration::from_millis(300);
        let (session, nick) = Session::start_up(adapter);
        assert_eq!(nick, "bot_");
        holder.sends("QUIT :bye");
        assert_eq!(session.next_up(), ["bot"]);
    }
}

#[test]
fn nickserv_gives_the_nick_back_to_its_owner() {
    let Some(ircd) = Ircd::start(Kind::InspircdWithServices) else { return };
    ircd.register("bot", "sesame");
    let _holder = IrcUser::connect(&ircd.address(), "bot");
    let (session, nick) = Session::start_up(clear(&ircd, &[("NICKSERV_PASSWORD", "sesame")]));
    assert_eq!(nick, "bot_");
    assert_eq!(session.next_up(), ["bot"]);
}

#[test]
fn after_a_kick_the_bot_comes_back() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    let mut adapter = clear(&ircd, &[]);
    adapter.profile.patience.rejoin = Duration::from_millis(200);
    let (session, _) = Session::start_up(adapter);
    alice.sends("KICK #ops bot :out");
    alice.until(|line| line.starts_with(":bot!") && line.contains(" JOIN "));
    session.says(&ops(), "back");
    assert_eq!(alice.hears("bot"), "back");
}

#[test]
fn a_channel_with_a_key_is_joined_and_a_closed_one_is_retried() {
    for kind in [Kind::Ngircd, Kind::Inspircd] {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut alice = IrcUser::join(&ircd.address(), "alice", "#locked");
        alice.sends("MODE #locked +k sesame\r\nJOIN #closed\r\nMODE #closed +i");
        alice.until(|line| line.contains(" MODE #closed ") || line.contains(" MODE #closed :"));
        let mut adapter = clear(&ircd, &[("CHANNELS", "#closed,#locked:sesame")]);
        adapter.profile.patience.refused = Duration::from_millis(300);
        let (session, _) = Session::start_up(adapter);
        session.says(&Place::room(AdapterName::new("irc").unwrap(), "#locked"), "in");
        assert_eq!(alice.hears("bot"), "in");
        assert!(session.settles().is_ok());
        session.says(&Place::room(AdapterName::new("irc").unwrap(), "#closed"), "in");
        assert!(session.settles().is_err());
        alice.sends("MODE #closed -i");
        alice.until(|line| line.starts_with(":bot!") && line.contains(" JOIN ") && line.contains("#closed"));
    }
}

#[test]
fn bytes_that_are_not_utf8_are_heard() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    let (session, _) = Session::start_up(clear(&ircd, &[]));
    alice.sends_bytes(b"PRIVMSG #ops :caf\xe9 \xff\xfe");
    assert_eq!(session.hears().text, "caf\u{fffd} \u{fffd}\u{fffd}");
    alice.tells("#ops", "still here");
    assert_eq!(session.hears().text, "still here");
}

#[test]
fn output_cannot_inject_commands() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    let (session, _) = Session::start_up(clear(&ircd, &[]));
    session.says(&ops(), "one\rQUIT :x\r\nNICK evil\0PART #ops\ntwo");
    for expected in ["one", "QUIT :x", "NICK evilPART #ops", "two"] {
        assert_eq!(alice.hears("bot"), expected);
    }
}

#[test]
fn long_lines_arrive_whole() {
    for kind in [Kind::Ngircd, Kind::Inspircd] {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
        let (session, _) = Session::start_up(clear(&ircd, &[("LINES", "50")]));
        let text = format!("{}{}end", "Größe 漢字 🦀 ".repeat(150), "é".repeat(900));
        session.says(&ops(), &text);
        let mut heard = String::new();
        while !heard.ends_with("end") {
            let line = alice.until(|line| line.starts_with(":bot!") && line.contains(" PRIVMSG "));
            assert!(line.len() + 2 <= 512, "{} bytes", line.len() + 2);
            // Some servers cut the blank at which a line was cut.
            heard.push_str(line.split_once(" :").unwrap().1.trim_end());
            if !heard.ends_with("end") && !heard.ends_with('é') {
                heard.push(' ');
            }
        }
        assert_eq!(heard, text);
    }
}

#[test]
fn a_hundred_lines_are_read_in_parts() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    let (session, _) = Session::start_up(clear(&ircd, &[]));
    let lines: Vec<_> = (0..100).map(|number| format!("line {number}")).collect();
    session.says(&ops(), &lines.join("\n"));
    let mut heard = Vec::new();
    for part in 0..10 {
        heard.extend((0..10).map(|_| alice.hears("bot")));
        if part < 9 {
            assert_eq!(alice.hears("bot"), format!("(… {} more lines: say \"more\")", 90 - 10 * part));
            alice.tells("#ops", "bot: more");
        }
    }
    assert_eq!(heard, lines);
    alice.tells("#ops", "more");
    assert_eq!(session.hears().text, "more", "nothing is left: the bot hears it");
}

#[test]
fn a_killed_server_ends_the_session_at_once() {
    let Some(mut ircd) = Ircd::start(Kind::Ngircd) else { return };
    let (session, _) = Session::start_up(clear(&ircd, &[]));
    ircd.kill();
    assert!(matches!(session.end(), Ended::Lost(_)));
    let ended = Session::start(clear(&ircd, &[])).end();
    assert!(matches!(&ended, Ended::Lost(why) if why.contains("cannot connect")), "{ended:?}");
}

#[test]
fn a_frozen_server_is_noticed_and_what_it_did_not_take_comes_back() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let mut adapter = clear(&ircd, &[]);
    adapter.profile.patience.silence = Duration::from_millis(500);
    adapter.profile.patience.death = Duration::from_secs(2);
    let (session, _) = Session::start_up(adapter);
    ircd.freeze();
    session.says(&ops(), "one");
    session.says(&ops(), "two");
    await_until("both parcels are taken", || session.waiting() == 0);
    assert!(matches!(session.end(), Ended::Lost(why) if why.contains("no sign of life")));
    assert_eq!(session.waiting(), 2);
    assert!(session.settled.try_recv().is_err());
    ircd.thaw();
}

#[test]
fn what_was_said_before_a_stop_counts_as_delivered() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    let (session, _) = Session::start_up(clear(&ircd, &[]));
    session.says(&ops(), "last words");
    assert_eq!(alice.hears("bot"), "last words");
    assert_eq!(session.stop(), Ended::Stopped);
    assert!(session.settles().is_ok());
    assert_eq!(session.waiting(), 0);
}

#[test]
fn the_polite_rate_is_kept() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    let (session, _) = Session::start_up(clear(&ircd, &[("RATE", "2/0.3s")]));
    let begun = std::time::Instant::now();
    session.says(&ops(), "1\n2\n3\n4");
    for expected in ["1", "2", "3", "4"] {
        assert_eq!(alice.hears("bot"), expected);
    }
    assert!(begun.elapsed() >= Duration::from_millis(550), "{:?}", begun.elapsed());
}

#[test]
fn a_channel_outside_the_settings_is_refused() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let (session, _) = Session::start_up(clear(&ircd, &[]));
    session.says(&Place::room(AdapterName::new("irc").unwrap(), "#other"), "hello");
    assert!(session.settles().unwrap_err().to_string().contains("`CHANNELS`"));
}
