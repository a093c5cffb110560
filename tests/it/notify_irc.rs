//! The notifier `irc` against real servers.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::chat::IrcUser;
use crate::support::ircd::{Ircd, Kind};
use crate::support::notify::{self, later, notifier, only, refused, tell};
use chatops::notifier::{Configured, Notice};

const BOTH: [Kind; 2] = [Kind::Ngircd, Kind::Inspircd];

fn irc(address: &str, more: &Value) -> Configured {
    let (server, port) = address.rsplit_once(':').unwrap();
    let mut options = json!({
        "server": server, "port": port.parse::<u16>().unwrap(), "tls": false, "nickname": "bell",
        "targets": ["#ops"], "rate": "off",
    });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    notifier(&json!({"irc": options}))
}

/// A failed job in one line.
fn failed() -> Notice {
    Notice { body: String::new(), link: None, facts: Vec::new(), ..notify::failed() }
}

fn on(ircd: &Ircd, more: &Value) -> Configured {
    irc(&ircd.address(), more)
}

#[test]
fn a_channel_and_people_hear_each_line_once_and_see_the_quit() {
    for kind in BOTH {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
        let mut carol = IrcUser::connect(&ircd.address(), "carol");
        let notice = Notice { body: "first\nsecond".into(), ..failed() };
        let told = tell(&on(&ircd, &json!({"targets": ["#ops", "carol"]})), notice);
        for (target, outcome) in &told {
            assert!(outcome.is_ok(), "{kind:?} {target}: {outcome:?}");
        }
        for user in [&mut alice, &mut carol] {
            let heard = [user.hears("bell"), user.hears("bell"), user.hears("bell")];
            assert_eq!(heard, ["deploy web failed", "first", "second"], "{kind:?}");
        }
        let quit = alice.until(|line| line.starts_with(":bell!") && !line.contains(" PART "));
        assert!(quit.contains(" QUIT "), "{kind:?}: heard twice, or no quit: {quit}");
    }
}

#[test]
fn who_is_not_there_did_not_get_it() {
    for kind in BOTH {
        let Some(ircd) = Ircd::start(kind) else { return };
        let why = refused(only(tell(&on(&ircd, &json!({"targets": ["nobody"]})), failed())));
        assert!(why.contains("`nobody`") && why.contains("No such nick"), "{kind:?}: {why}");
    }
}

#[test]
fn a_channel_that_lets_nobody_in_is_reported() {
    for kind in BOTH {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut owner = IrcUser::join(&ircd.address(), "owner", "#invited");
        for (channel, mode) in [("#invited", "+i"), ("#keyed", "+k sesame"), ("#banned", "+b bell!*@*")] {
            owner.sends(&format!("JOIN {channel}"));
            owner.sends(&format!("MODE {channel} {mode}"));
            owner.until(|line| line.contains(&format!(" MODE {channel}")));
            let told = tell(&on(&ircd, &json!({"targets": [channel]})), failed());
            let why = refused(only(told));
            assert!(why.starts_with(&format!("cannot join `{channel}`: ")), "{kind:?}: {why}");
        }
        let told = tell(&on(&ircd, &json!({"targets": ["#keyed:sesame"]})), failed());
        assert!(only(told).is_ok(), "{kind:?}");
        assert_eq!(owner.hears("bell"), "deploy web failed");
    }
}

#[test]
fn a_channel_that_takes_no_words_is_reported() {
    for kind in BOTH {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut owner = IrcUser::join(&ircd.address(), "owner", "#quiet");
        owner.sends("MODE #quiet +m");
        owner.until(|line| line.contains(" MODE #quiet"));
        let why = refused(only(tell(&on(&ircd, &json!({"targets": ["#quiet"]})), failed())));
        assert!(why.starts_with("`#quiet` did not get it: "), "{kind:?}: {why}");
    }
}

#[test]
fn a_nick_in_use_is_replaced_by_another_like_it() {
    for kind in BOTH {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut other = IrcUser::join(&ircd.address(), "bell", "#ops");
        let receipt = only(tell(&on(&ircd, &json!({})), failed())).unwrap();
        assert!(receipt.answer.contains("`bell_`"), "{kind:?}: {receipt:?}");
        assert_eq!(other.hears("bell_"), "deploy web failed");
    }
}

#[test]
fn a_long_line_is_split_and_arrives_whole() {
    for kind in BOTH {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
        let long: String = (0..120).map(|number| format!("wört{number} ")).collect();
        let notice = Notice { body: long.trim().to_owned(), ..failed() };
        assert!(notice.body.len() > 900);
        only(tell(&on(&ircd, &json!({})), notice.clone())).unwrap();
        alice.hears("bell");
        let mut heard = Vec::new();
        while heard.join(" ").len() < notice.body.len() {
            let line = alice.until(|line| line.starts_with(":bell!") && line.contains(" PRIVMSG "));
            assert!(line.len() <= 510, "{kind:?}: {} bytes", line.len());
            heard.push(line.split_once(" :").unwrap().1.to_owned());
        }
        assert_eq!(heard.join(" "), notice.body, "{kind:?}");
        assert!(heard.len() >= 2);
    }
}

#[test]
fn more_lines_than_a_channel_bears_are_cut_and_that_is_shown() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    let notice = Notice { body: "line\n".repeat(50), ..failed() };
    let receipt = only(tell(&on(&ircd, &json!({"lines": 3})), notice.clone())).unwrap();
    assert!(receipt.answer.starts_with("3 lines"), "{receipt:?}");
    assert_eq!(
        [alice.hears("bell"), alice.hears("bell"), alice.hears("bell")],
        ["deploy web failed", "line", "…"]
    );
    only(tell(&on(&ircd, &json!({"lines": 1})), notice)).unwrap();
    assert_eq!(alice.hears("bell"), "deploy web failed");
}

#[test]
fn tls_is_verified_pinned_or_refused() {
    for kind in BOTH {
        let Some(ircd) = Ircd::start(kind) else { return };
        let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
        let with = |more: Value| {
            let mut all = json!({"tls": true});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            only(tell(&irc(&ircd.tls_address(), &all), failed()))
        };
        let why = later(with(json!({})));
        assert!(why.contains("`ca_file`"), "{kind:?}: {why}");
        with(json!({"ca_file": ircd.path("ca.pem")})).unwrap();
        assert_eq!(alice.hears("bell"), "deploy web failed");
        with(json!({"fingerprint": ircd.fingerprint("cert.pem")})).unwrap();
        let why = later(with(json!({"fingerprint": ircd.fingerprint("ca.pem")})));
        assert!(why.contains("`fingerprint`"), "{kind:?}: {why}");
    }
}

#[test]
fn a_client_without_tls_at_a_port_with_it_fails_fast() {
    for kind in BOTH {
        let Some(ircd) = Ircd::start(kind) else { return };
        let begun = Instant::now();
        let why = later(only(tell(&irc(&ircd.tls_address(), &json!({})), failed())));
        assert!(begun.elapsed() < Duration::from_secs(10), "{kind:?}: {:?}", begun.elapsed());
        assert!(why.contains("TLS"), "{kind:?}: {why}");
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up_before_ten_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    let address = silent.local_addr().unwrap().to_string();
    let why = later(only(tell(&irc(&address, &json!({})), failed())));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(why.contains("says nothing"), "{why}");
    drop(silent);
    later(only(tell(&irc(&address, &json!({})), failed())));
}

#[test]
fn the_servers_password_is_asked_for() {
    for kind in BOTH {
        let Some(ircd) = Ircd::start_with_password(kind, Some("sesame")) else { return };
        only(tell(&on(&ircd, &json!({"password": "sesame"})), failed())).unwrap();
        let outcome = only(tell(&on(&ircd, &json!({"password": "open"})), failed()));
        let why = outcome.unwrap_err().to_string();
        assert!(!why.contains("open"), "{kind:?}: {why}");
    }
}

#[test]
fn sasl_logs_in_and_a_wrong_password_is_refused() {
    let Some(ircd) = Ircd::start(Kind::InspircdWithServices) else { return };
    ircd.register("bell", "sesame");
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    alice.sends("CAP REQ :account-tag");
    only(tell(&on(&ircd, &json!({"sasl_password": "sesame"})), failed())).unwrap();
    let line = alice.until(|line| line.contains(":bell!") && line.contains(" PRIVMSG "));
    assert!(line.contains("account=bell"), "{line}");
    let why = refused(only(tell(&on(&ircd, &json!({"sasl_password": "wrong"})), failed())));
    assert!(why.contains("`sasl_password`") && !why.contains("wrong"), "{why}");
}
