//! Commands on several hosts: a real sshd on loopback addresses, through the pipe and from IRC.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::bot::Home;
use crate::support::chat::IrcUser;
use crate::support::homes;
use crate::support::ircd::{Ircd, Kind};
use crate::support::sshd::Sshd;

/// The home with an `ssh` of its own in front, which knows the test's key and hosts as a user's
/// configuration would.
fn knowing(home: Home, sshd: &Sshd) -> Home {
    let folder = home.path().join("bin");
    let script = format!(
        "#!/bin/sh\nexec /usr/bin/ssh -i '{}' -o UserKnownHostsFile='{}' -o GlobalKnownHostsFile=/dev/null \"$@\"\n",
        sshd.key().display(),
        sshd.known_hosts().display(),
    );
    home.write("bin/ssh", &script);
    fs::set_permissions(folder.join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.display());
    home.set("PATH", &path)
}

#[test]
fn a_command_runs_on_three_hosts() {
    let Some(sshd) = Sshd::start() else { return };
    let home = knowing(homes::small(), &sshd);
    let ran = home.chat(&format!("run echo from-a-host on {}\n", sshd.hosts(3)));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.matches("from-a-host").count() >= 3, "{ran:?}");
    for number in 1..=3 {
        assert!(ran.stdout.contains(&sshd.host(number)), "{ran:?}");
    }
}

#[test]
fn failures_come_first_and_are_counted() {
    let Some(sshd) = Sshd::start() else { return };
    let home = knowing(homes::small(), &sshd);
    let ran = home.chat(&format!("run echo from-a-host on {},127.0.0.1:1\n", sshd.hosts(3)));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("3 ok, 1 failed"), "{ran:?}");
    let (failed, good) = (ran.stdout.find("127.0.0.1:1\n"), ran.stdout.find("from-a-host"));
    assert!(failed.is_none() || failed < good, "{ran:?}");
}

#[test]
fn an_unknown_host_key_is_refused_with_what_to_do() {
    let Some(sshd) = Sshd::start() else { return };
    let home = knowing(homes::small(), &sshd);
    sshd.forget();
    let ran = home.chat(&format!("run date on {}\n", sshd.host(2)));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("ssh-keyscan") || ran.stdout.contains("known_hosts"), "{ran:?}");
}

#[test]
fn what_is_typed_never_becomes_shell_text_on_a_host() {
    let Some(sshd) = Sshd::start() else { return };
    let action = "name: greet\nrunner_type: remote-shell-cmd\nparameters:\n  who: { type: string }\n  \
                  cmd: { default: 'echo \"hello {{ who }}\"' }\n";
    let alias = "name: greet\naction_ref: default.greet\nformats: [\"greet {{who}} on {{hosts}}\"]\n";
    let home = homes::small().file("actions/greet.yaml", action).file("aliases/greet.yaml", alias);
    let home = knowing(home, &sshd);
    let taken = home.path().join("taken");
    let ran = home.chat(&format!(
        "greet $(touch {0})`touch {0}`\"; touch {0}; \" on {1}\n",
        taken.display(),
        sshd.host(1)
    ));
    assert!(ran.stdout.contains("$(touch"), "{ran:?}");
    assert!(!taken.exists());
}

#[test]
fn three_hosts_answer_in_a_channel() {
    let (Some(sshd), Some(ircd)) = (Sshd::start(), Ircd::start(Kind::Ngircd)) else { return };
    let home = knowing(homes::on_irc(&ircd.address()).set("CHATOPS_IRC_LINES", "100"), &sshd);
    let bot = home.serve();
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    alice.meets("bot");
    alice.says(&format!("!run echo from-a-host on {}", sshd.hosts(3)));
    for _ in 0..3 {
        alice.sees("from-a-host");
    }
    assert!(bot.stop().success());
}
