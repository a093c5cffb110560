//! Second factors: what a code is good for once, and where it is never found.

use std::path::Path;

use crate::codes::{WIPE, code, direct, enrolled, home, kept_nothing_of};
use crate::support::homes::ops;
use crate::support::memory_bot::{MemoryBot, OPS};
use crate::support::{SOON, until};

#[test]
fn a_code_is_good_once_and_near_its_time_alone() {
    let bot = MemoryBot::start(home());
    let (secret, recovery) = enrolled(&bot);
    let here = direct("alice");
    let wipe = || {
        bot.says("alice", OPS, "!wipe staging");
        bot.comes_to_say("needs your second factor: say the code of your app here");
    };
    wipe();
    // Minutes ahead of the clock.
    assert!(bot.ask("alice", &here, &code(&secret, 9)).contains("that code is wrong; 4 more are looked at"));
    let right = code(&secret, 1);
    assert!(bot.ask("alice", &here, &right).ends_with("is you: it runs"));
    bot.comes_to_say("deployed 1 to staging");
    wipe();
    assert!(bot.ask("alice", &here, &right).contains("that code is wrong"), "the same code again");
    assert!(bot.ask("alice", &here, &recovery[3]).contains("9 recovery codes are left"));
    bot.comes_to_say("deployed 1 to staging");
    wipe();
    assert!(bot.ask("alice", &here, &recovery[3]).contains("that code is wrong"), "a recovery code again");
    let own: Vec<&str> =
        recovery.iter().map(String::as_str).chain([secret.as_str(), right.as_str()]).collect();
    kept_nothing_of(&bot, &own);
}

#[test]
fn a_code_in_a_room_is_refused_however_it_is_said() {
    let bot = MemoryBot::start(home());
    let (secret, _) = enrolled(&bot);
    let right = code(&secret, 1);
    bot.says("alice", OPS, &format!("!2fa confirm {right}"));
    bot.comes_to_say("never say a code where others read it");
    bot.says("alice", OPS, "!wipe staging");
    bot.comes_to_say("needs your second factor");
    let said = bot.ask("alice", &direct("alice"), &right);
    assert!(said.contains("that code is wrong"), "it was used up in the room: {said}");
    bot.says("alice", OPS, "!code 654321");
    bot.comes_to_say("never say a code where others read it");
    assert!(bot.audit_of("started").is_empty());
}

#[test]
fn nobody_elses_code_counts() {
    let bot = MemoryBot::start(home());
    let (secret, _) = enrolled(&bot);
    bot.says("alice", OPS, "!wipe staging");
    bot.comes_to_say("needs your second factor");
    let said = bot.ask("bob", &direct("bob"), &format!("code {}", code(&secret, 1)));
    assert!(said.contains("nothing of yours waits for a code"), "{said}");
    assert!(bot.audit_of("started").is_empty());
}

/// Whether any file below a folder holds these bytes.
fn found(folder: &Path, text: &str) -> Option<String> {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if let Some(found) = found(&path, text) {
                return Some(found);
            }
        } else if std::fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(text.len()).any(|it| it == text.as_bytes()))
        {
            return Some(path.display().to_string());
        }
    }
    None
}

#[test]
fn neither_log_nor_history_nor_any_file_holds_a_secret_or_a_code() {
    let home = ops().file("aliases/wipe.yaml", WIPE);
    home.remove("access.yaml");
    let bot = home.serve();
    bot.logs("ready");
    let said = home.chat("2fa enroll\n").stdout;
    let secret = said.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let first = code(&secret, 0);
    let said = home.chat(&format!("2fa confirm {first}\n")).stdout;
    let recovery: Vec<String> = said
        .lines()
        .map(str::trim)
        .filter(|line| line.matches('-').count() == 3)
        .map(str::to_owned)
        .collect();
    assert_eq!(recovery.len(), 10, "{said}");
    let list = || home.run(&["execution", "list"]).stdout;
    let second = code(&secret, 1);
    std::thread::scope(|scope| {
        // Who asks waits for the end; the code is said in another terminal.
        let asks = scope.spawn(|| home.chat("wipe staging\n"));
        until(SOON, || list().contains("pending").then_some(()));
        home.chat(&format!("111111\n{second}\n"));
        assert!(asks.join().unwrap().stdout.contains("deployed 1 to staging"));
    });
    home.chat("history\naudit\n");
    let audit = home.run(&["audit", "export", "--json"]).stdout + &home.run(&["audit", "search"]).stdout;
    let shown = list() + &audit + &bot.log();
    assert!(bot.stop().success());
    let all =
        [secret.as_str(), &first, &second, "111111"].into_iter().chain(recovery.iter().map(String::as_str));
    for text in all {
        for text in [text.to_owned(), text.replace('-', ""), text.to_lowercase()] {
            assert!(!shown.contains(&text), "{text} is shown or logged");
            assert_eq!(found(home.path(), &text), None, "{text} is kept");
        }
    }
}
