//! The machine that the bot runs on: its clock, and the programs that commands need.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::Finding;
use crate::bot::home::Home;
use crate::config::settings::SshClient;
use crate::model::Timestamp;
use crate::net::World;
use crate::store::{Reader, Search};

/// No clock that is right shows a time before this: 2026-01-01, in microseconds.
const EARLIEST: i64 = 1_767_225_600_000_000;

/// Clock and programs.
pub(super) fn all(home: &Home) -> Vec<Finding> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let recorded = Reader::open_readonly(&home.settings.database_in(&home.root))
        .and_then(|reader| reader.audit(&Search { limit: 1, ..Search::default() }));
    let last = recorded.ok().and_then(|records| records.first().map(|record| record.at));
    vec![clock(World::real().now(), last), ssh(home.settings.ssh_client, &folders), bash()]
}

fn clock(now: Timestamp, last: Option<Timestamp>) -> Finding {
    let help = "set the clock, and let it be kept right by NTP";
    if now.as_micros() < EARLIEST {
        return Finding::error(
            "clock",
            format!("it shows {now}, which is long past: TLS and times will fail"),
        )
        .help(help);
    }
    match last {
        Some(last) if last > now => {
            Finding::warning("clock", format!("it shows {now}, the audit log has a record of {last}"))
                .help(help)
        }
        _ => Finding::ok("clock", now.to_string()),
    }
}

fn ssh(client: SshClient, folders: &[PathBuf]) -> Finding {
    match client {
        SshClient::Native if cfg!(feature = "ssh-native") => Finding::ok("ssh", "the client inside the bot"),
        SshClient::Native => Finding::error("ssh", "this program was built without the native client")
            .help("set `CHATOPS_SSH_CLIENT=system`, or build it with `--features ssh-native`"),
        SshClient::System => match program("ssh", folders) {
            Some(path) => Finding::ok("ssh", path.display().to_string()),
            None => Finding::warning("ssh", "it is not installed: commands on other machines will fail")
                .help("install the OpenSSH client"),
        },
    }
}

fn bash() -> Finding {
    let bash = Path::new("/bin/bash");
    if access(bash, Access::EXEC_OK).is_ok() {
        return Finding::ok("bash", bash.display().to_string());
    }
    Finding::warning("bash", "there is no /bin/bash: shell text runs in /bin/sh, which knows less")
        .help("install bash")
}

fn program(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.join(name)).find(|path| access(path, Access::EXEC_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn a_clock_that_goes_back_behind_the_audit_log_is_seen() {
        let at = |seconds: i64| Timestamp::from_micros(EARLIEST + seconds * 1_000_000);
        assert_eq!(clock(at(10), Some(at(5))).level, Level::Ok);
        assert_eq!(clock(at(10), Some(at(500))).level, Level::Warning);
        assert_eq!(clock(at(-1), None).level, Level::Error);
    }

    #[test]
    fn a_missing_ssh_is_worth_a_word() {
        assert_eq!(ssh(SshClient::System, &[]).level, Level::Warning);
        assert!(program("sh", &[PathBuf::from("/bin")]).is_some());
    }
}
