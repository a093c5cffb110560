//! Second factors, questions, grants for a time, dry runs.

use std::time::{SystemTime, UNIX_EPOCH};

use ring::hmac;

use crate::approvals::press;
use crate::support::bot::Home;
use crate::support::homes::ops;
use crate::support::memory_bot::{MemoryBot, OPS, text};

/// `wipe TARGET`, which needs a second factor.
pub(crate) const WIPE: &str = r#"---
name: wipe
action_ref: default.deploy
formats: ["wipe {{target}}"]
ack: { enabled: false }
result: { format: "{{ execution.result.stdout | trim }}" }
extra: { security: { twofactor: true } }
"#;

/// `go on`, which asks.
const ASK: &str =
    "---\nname: go\naction_ref: core.ask\nformats: ['go on {{users=}}']\nack: { enabled: false }\n";

pub(crate) fn home() -> Home {
    ops().file("aliases/wipe.yaml", WIPE).file("aliases/go.yaml", ASK)
}

/// The code of the secret now, `late` steps of 30 seconds from now.
pub(crate) fn code(secret: &str, late: u64) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = secret.chars().map(|c| format!("{:05b}", alphabet.find(c).unwrap())).collect();
    let bytes: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|chunk| u8::from_str_radix(std::str::from_utf8(chunk).unwrap(), 2).unwrap())
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30 + late;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let mac = hmac::sign(&key, &now.to_be_bytes());
    let mac = mac.as_ref();
    let at = usize::from(mac[19] & 15);
    let number = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The direct conversation with somebody.
pub(crate) fn direct(person: &str) -> String {
    format!("@{person}")
}

/// Enrols alice; her secret and recovery codes.
pub(crate) fn enrolled(bot: &MemoryBot) -> (String, Vec<String>) {
    let here = direct("alice");
    let said = bot.ask("alice", &here, "2fa enroll");
    assert!(said.contains("otpauth://totp/"), "{said}");
    let secret = said.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let done = bot.ask("alice", &here, &format!("2fa confirm {}", code(&secret, 0)));
    let codes: Vec<String> =
        done.lines().filter(|line| line.matches('-').count() == 3).map(str::to_owned).collect();
    assert_eq!(codes.len(), 10, "{done}");
    (secret, codes)
}

/// Nothing that was kept holds any of these.
pub(crate) fn kept_nothing_of(bot: &MemoryBot, secrets: &[&str]) {
    let records: Vec<String> = bot.audit().iter().map(ToString::to_string).collect();
    bot.read(|_| Ok(()));
    for secret in secrets {
        assert!(!records.iter().any(|record| record.contains(secret)), "{secret} is in the audit log");
        for file in ["chatops.db", "chatops.db-wal"] {
            let bytes = std::fs::read(bot.home().path().join("var").join(file)).unwrap_or_default();
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                "{secret} is in {file}"
            );
        }
    }
}

#[test]
fn a_code_in_a_direct_message_lets_the_command_go_on() {
    let mut bot = MemoryBot::start(home());
    let refused = bot.ask("alice", OPS, "!wipe staging");
    assert!(refused.contains("you have no second factor yet"), "{refused}");
    let (secret, _) = enrolled(&bot);
    bot.says("alice", OPS, "!wipe staging");
    bot.comes_to_say("I asked you for the code in a direct message");
    // The request outlives the process.
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    let right = code(&secret, 1);
    let wrong = bot.ask("alice", &direct("alice"), "000000");
    assert!(wrong.contains("that code is wrong; 4 more are looked at"), "{wrong}");
    let said = bot.ask("alice", &direct("alice"), &right);
    assert!(said.ends_with("is you: it runs"), "{said}");
    bot.comes_to_say("deployed 1 to staging");
    kept_nothing_of(&bot, &[&right, &secret, "000000"]);
    assert!(!bot.audit_of("proved").is_empty());
}

#[test]
fn a_code_in_a_room_is_refused_and_counts_no_more() {
    let bot = MemoryBot::start(home());
    let (secret, _) = enrolled(&bot);
    bot.says("alice", OPS, "!wipe staging");
    bot.comes_to_say("I asked you for the code");
    let right = code(&secret, 1);
    bot.says("alice", OPS, &right);
    bot.comes_to_say("never say a code where others read it");
    let said = bot.ask("alice", &direct("alice"), &right);
    assert!(said.contains("that code is wrong"), "{said}");
    let refused = bot.audit_of("refused").pop().unwrap();
    assert_eq!(refused["body"]["text"], "***");
    kept_nothing_of(&bot, &[&right]);
    assert!(bot.audit_of("started").is_empty());
}

#[test]
fn five_wrong_codes_lock_out_and_a_reset_takes_the_factor_away() {
    let bot = MemoryBot::start(home());
    let (secret, recovery) = enrolled(&bot);
    let here = direct("alice");
    bot.says("alice", &here, "wipe staging");
    bot.comes_to_say("needs your second factor");
    let said = bot.ask("alice", &here, &recovery[0]);
    assert!(said.contains("9 recovery codes are left"), "{said}");
    bot.comes_to_say("deployed 1 to staging");
    bot.says("alice", &here, "wipe staging");
    bot.comes_to_say("needs your second factor");
    for _ in 0..4 {
        assert!(bot.ask("alice", &here, "000000").contains("that code is wrong"));
    }
    assert!(bot.ask("alice", &here, "000000").contains("too many codes were wrong"));
    assert!(bot.ask("alice", &here, &code(&secret, 1)).contains("too many codes were wrong"));
    assert!(bot.ask("alice", OPS, "!2fa reset alice").contains("you may not run that here"));
    assert_eq!(bot.ask("root", OPS, "!2fa reset alice"), "alice has no second factor any more");
    assert!(bot.ask("alice", OPS, "!wipe staging").contains("you have no second factor yet"));
    let changed = bot.audit_of("changed").pop().unwrap();
    assert_eq!([&changed["person"], &changed["subject"]], ["memory:root", "second_factor/alice"]);
}

#[test]
fn a_secret_is_shown_to_its_person_alone_and_others_have_none() {
    let bot = MemoryBot::start(home());
    let said = bot.ask("alice", OPS, "!2fa enroll");
    assert!(said.contains("in a direct message") && !said.contains("otpauth"), "{said}");
    assert!(bot.ask("~alice", &direct("alice"), "2fa enroll").contains("does not vouch"));
    // Six digits of somebody of whom no code is awaited are talk.
    bot.says("bob", OPS, "123456");
    bot.says_nothing_more();
}

#[test]
fn a_question_is_answered_by_a_button_and_checked() {
    let mut bot = MemoryBot::start(home());
    bot.says("alice", OPS, "!go on users=bob");
    let asked = bot.comes_to_say("asks, for alice");
    let id: i64 = asked.text.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    let labels: Vec<_> = asked.post.choices.iter().map(|choice| choice.label.as_str()).collect();
    assert_eq!(labels, ["continue: true", "continue: false"]);
    assert_eq!(bot.ask("alice", OPS, &format!("!answer {id} continue=true")), "that is for `bob` to answer");
    let wrong = bot.ask("bob", OPS, &format!("!answer {id} continue=perhaps"));
    assert_eq!(wrong, "continue: yes or no is accepted, `perhaps` was given");
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    press(&bot, "bob", &asked, "continue: true");
    bot.comes_to_say("was answered");
    let (result, _) = bot.read(move |reader| reader.result(id)).unwrap();
    assert_eq!((&result["response"]["continue"], &result["ttl"]), (&true.into(), &1440.into()));
    assert_eq!(bot.read(move |reader| reader.execution(id)).unwrap().status.as_str(), "succeeded");
}

#[test]
fn a_grant_lets_somebody_run_something_until_it_is_over() {
    let home = home();
    let access = std::fs::read_to_string(home.path().join("access.yaml")).unwrap();
    let access = access.replace("  keeper:\n", "  lender:\n    - approve: [default.*]\n  keeper:\n");
    let access = access.replace("grants:\n", "grants:\n  - { role: lender, to: [alice] }\n");
    let bot = MemoryBot::start(home.file("access.yaml", &access));
    assert!(bot.ask("bob", OPS, "!hold x").contains("you may not run that here"));
    let refused = bot.ask("bob", OPS, "!grant default.hold to bob for 1h");
    assert!(refused.contains("you may not run that here"), "{refused}");
    let own = bot.ask("alice", OPS, "!grant default.* to alice for 1h");
    assert_eq!(own, "nobody grants anything to themselves: it takes a second person");
    assert!(bot.ask("alice", OPS, "!grant core.* to bob for 1h").contains("you may not run that here"));
    let unknown = bot.ask("alice", OPS, "!grant default.hold to bbo for 1h");
    assert!(unknown.contains("did you mean `bob`"), "{unknown}");
    let given = bot.ask("alice", OPS, "!grant default:hold to bob for 1h the release night");
    assert!(given.contains("`bob` may run `default.hold` until"), "{given}");
    crate::support::homes::go(bot.home(), "x");
    assert!(bot.ask("bob", OPS, "!hold x").contains("x went"));
    let why = bot.ask("bob", OPS, "!why can't I run default.hold");
    assert!(why.contains("grant ") && why.contains("of alice until"), "{why}");
    let listed = bot.ask("bob", OPS, "!grants");
    assert!(listed.contains("default.hold") && listed.contains("release night"), "{listed}");
    let id = listed.lines().find(|line| line.contains("default.hold")).unwrap();
    let id = id.split(|c: char| !c.is_ascii_digit()).find(|word| !word.is_empty()).unwrap();
    assert!(bot.ask("bob", OPS, &format!("!revoke {id}")).contains("no grant"));
    assert_eq!(bot.ask("alice", OPS, &format!("!revoke {id}")), format!("grant {id} is over"));
    assert!(bot.ask("bob", OPS, "!hold x").contains("you may not run that here"));
    assert_eq!(bot.audit_of("granted").len(), 2);
}

#[test]
fn a_grant_survives_a_restart_and_ends_by_itself() {
    let mut bot = MemoryBot::start(home());
    bot.ask("root", OPS, "!grant operator to bob for 1h");
    bot.ask("root", OPS, "!grant default.hold to carol for 2s");
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    crate::support::homes::go(bot.home(), "x");
    assert!(bot.ask("bob", OPS, "!hold x").contains("x went"));
    assert!(bot.ask("bob", OPS, "!whoami").contains("operator"));
    bot.until(|| bot.ask("carol", OPS, "!hold x").contains("you may not run that here").then_some(()));
}

#[test]
fn a_grant_may_need_approval_itself() {
    let home = home();
    let access = std::fs::read_to_string(home.path().join("access.yaml")).unwrap();
    let rule = "    - run: [chatops.grant]\n      approval: { by: sre }\n";
    let access = access.replace("  keeper:\n    - run: [chatops.*]\n", &format!("  keeper:\n{rule}"));
    let mut bot = MemoryBot::start(home.file("access.yaml", &access));
    bot.says("carol", OPS, "!grant default.hold to bob for 1h");
    let asked = bot.comes_to_say("carol asks for approval of");
    bot.read(|_| Ok(()));
    bot.dies();
    bot.starts_again();
    press(&bot, "alice", &asked, "approve");
    bot.comes_to_say("`bob` may run `default.hold` until");
    crate::support::homes::go(bot.home(), "x");
    assert!(bot.ask("bob", OPS, "!hold x").contains("x went"));
}

#[test]
fn a_dry_run_tells_and_runs_nothing() {
    let home = home().file("aliases/ship.yaml", crate::approvals::SHIP);
    let bot = MemoryBot::start(home);
    let said = bot.ask("bob", OPS, "!ship to staging token=hunter2 --dry-run");
    for part in ["nothing was run", "default.deploy", "target: `staging`", "1 of `sre`", "echo \"deployed"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    let refused = bot.ask("bob", OPS, "!ship to production --dry-run");
    assert!(refused.contains("you may not run that here") || refused.contains("you may run"), "{refused}");
    assert!(bot.ask("bob", OPS, "!whoami --dry-run").contains("has no dry run"));
    assert!(bot.audit_of("asked").is_empty());
    let posted = bot.asks("bob", OPS, "!ship to staging --dry-run");
    assert!(!text(&posted).is_empty());
}
