//! Dialogues of registration.

use super::super::profile::Patience;
use super::*;
use crate::model::Secret;

fn profile(login: Option<Login>) -> Profile {
    Profile {
        nick: "bot".into(),
        real_name: "a bot".into(),
        password: None,
        login,
        nickserv: None,
        channels: Vec::new(),
        patience: Patience::default(),
    }
}

fn plain() -> Option<Login> {
    Some(Login::Plain { user: "bot".into(), password: Secret::new("sesame") })
}

/// Feeds lines; gives what was sent and the last step.
fn talk(profile: &Profile, lines: &[&str]) -> (Vec<String>, Step) {
    let (mut registration, mut nick) = (Registration::default(), Nick::new(&profile.nick));
    let (mut out, mut step) = (Vec::new(), Step::On);
    for line in lines {
        let message = line.parse().unwrap();
        step = registration.hear(&message, profile, &mut nick, &mut out);
    }
    (out, step)
}

#[test]
fn capabilities_come_over_several_lines_and_are_asked_for_one_by_one() {
    let (out, _) = talk(
        &profile(None),
        &[
            ":s CAP * LS * :echo-message server-time",
            ":s CAP * LS :account-tag sasl=PLAIN",
            ":s CAP * NAK :server-time",
            ":s CAP * ACK :account-tag",
        ],
    );
    assert_eq!(out, ["CAP REQ :server-time", "CAP REQ :account-tag", "CAP END"]);
}

#[test]
fn sasl_is_done_before_the_end_of_capabilities() {
    let (out, step) = talk(
        &profile(plain()),
        &[
            ":s CAP * LS :sasl=EXTERNAL,PLAIN",
            ":s CAP bot ACK :sasl",
            "AUTHENTICATE +",
            ":s 900 bot bot!bot@host bot :You are now logged in",
            ":s 903 bot :SASL authentication successful",
            ":s 001 bot :Welcome",
        ],
    );
    assert_eq!(out, ["CAP REQ :sasl", "AUTHENTICATE PLAIN", "AUTHENTICATE Ym90AGJvdABzZXNhbWU=", "CAP END"]);
    assert_eq!(step, Step::Welcome);
}

#[test]
fn a_wrong_password_says_which_settings_to_check() {
    let (_, step) = talk(
        &profile(plain()),
        &[
            ":s CAP * LS :sasl",
            ":s CAP bot ACK :sasl",
            "AUTHENTICATE +",
            ":s 904 bot :SASL authentication failed",
        ],
    );
    let Step::Refused(why) = step else { panic!("{step:?}") };
    assert!(why.contains("`SASL_PASSWORD`") && !why.contains("sesame"), "{why}");
}

#[test]
fn a_server_without_capabilities_welcomes_too() {
    let (out, step) = talk(&profile(plain()), &[":s 421 bot CAP :Unknown command", ":s 001 bot :Welcome"]);
    assert!(out.is_empty());
    assert_eq!(step, Step::Welcome);
}

#[test]
fn a_nick_in_use_is_replaced() {
    let (out, _) = talk(&profile(None), &[":s 433 * bot :Nickname is already in use"]);
    assert_eq!(out, ["NICK bot_"]);
}
