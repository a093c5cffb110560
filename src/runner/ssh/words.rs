//! What `ssh` says when it cannot connect, as one sentence that says what to do.

use std::path::Path;

use super::super::Ssh;
use super::super::host::Host;

/// Why a connection failed, whichever client found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    NoAddress,
    Refused,
    Silent,
    NoRoute,
    UnknownKey,
    ChangedKey,
    NotLetIn,
    /// The other side closed the connection before the login: trying again may help.
    TurnedAway,
    Other(String),
}

/// `ssh`'s words and what they mean; the first that fits counts. Case as OpenSSH writes them.
const SIGNS: &[(&str, Trouble)] = &[
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", Trouble::ChangedKey),
    ("Host key verification failed", Trouble::UnknownKey),
    ("Could not resolve hostname", Trouble::NoAddress),
    ("Connection refused", Trouble::Refused),
    ("timed out", Trouble::Silent),
    ("No route to host", Trouble::NoRoute),
    ("Network is unreachable", Trouble::NoRoute),
    ("Permission denied", Trouble::NotLetIn),
    ("Too many authentication failures", Trouble::NotLetIn),
    ("kex_exchange_identification", Trouble::TurnedAway),
    ("ssh_exchange_identification", Trouble::TurnedAway),
];

impl Trouble {
    /// Out of what `ssh` wrote before it gave up.
    pub(super) fn read(stderr: &str) -> Self {
        let found = SIGNS.iter().find(|(sign, _)| stderr.contains(sign));
        if let Some((_, trouble)) = found {
            return trouble.clone();
        }
        let last = stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
        Self::Other(last.unwrap_or("ssh gave no reason").to_owned())
    }

    /// The sentence for a person; `port` is the one that is used, where known.
    pub(super) fn sentence(&self, host: &Host, user: Option<&str>, port: Option<u16>, ssh: &Ssh) -> String {
        let at = port.map(|port| format!(" on port {port}")).unwrap_or_default();
        match self {
            Self::NoAddress => format!("there is no host `{}`: the name has no address", host.name),
            Self::Refused => format!("`{host}` refuses connections{at}: is its SSH server running?"),
            Self::Silent => {
                format!("`{host}` does not answer{at} within {} seconds", ssh.connect.as_secs_f64())
            }
            Self::NoRoute => format!("`{host}` cannot be reached: no route to it"),
            Self::UnknownKey => unknown(host, port, ssh),
            Self::ChangedKey => changed(host, port, ssh),
            Self::NotLetIn => match user {
                Some(user) => format!("`{host}` does not let `{user}` in: check key, password and user"),
                None => format!("`{host}` does not let us in: check key, password and user"),
            },
            Self::TurnedAway => format!(
                "`{host}` closed the connection before the login: it may have too many at once (see MaxStartups in sshd_config)"
            ),
            Self::Other(words) => format!("`{host}` cannot be reached: {words}"),
        }
    }
}

fn unknown(host: &Host, port: Option<u16>, ssh: &Ssh) -> String {
    let port = port.map(|port| format!("-p {port} ")).unwrap_or_default();
    format!(
        "the key of `{host}` is not known: check it, then `ssh-keyscan {port}{} >> {}`",
        host.name,
        known_hosts(ssh)
    )
}

fn changed(host: &Host, port: Option<u16>, ssh: &Ssh) -> String {
    let entry = match port {
        Some(port) if port != 22 => format!("[{}]:{port}", host.name),
        _ => host.name.clone(),
    };
    format!(
        "the key of `{host}` has changed: somebody may stand in between; if it was renewed, `ssh-keygen -R '{entry}' -f {}` and accept the new one",
        known_hosts(ssh)
    )
}

fn known_hosts(ssh: &Ssh) -> String {
    let file = ssh.known_hosts.as_deref().unwrap_or(Path::new("~/.ssh/known_hosts"));
    file.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(stderr: &str) -> String {
        let host = Host::parse("web1:2222").unwrap();
        Trouble::read(stderr).sentence(&host, Some("deploy"), Some(2222), &Ssh::default())
    }

    #[test]
    fn each_trouble_has_its_sentence() {
        assert_eq!(
            say("ssh: Could not resolve hostname web1: Name or service not known\r\n"),
            "there is no host `web1`: the name has no address"
        );
        assert!(say("ssh: connect to host web1 port 2222: Connection refused").contains("on port 2222"));
        assert!(say("Connection timed out during banner exchange").contains("within 10 seconds"));
        assert!(
            say("Host key verification failed.").contains("ssh-keyscan -p 2222 web1 >> ~/.ssh/known_hosts")
        );
        let changed = "@  WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!  @\nHost key verification failed.";
        assert!(say(changed).contains("has changed"));
        assert!(say("deploy@web1: Permission denied (publickey).").contains("does not let `deploy` in"));
        assert_eq!(say("\nsomething new\n"), "`web1:2222` cannot be reached: something new");
    }
}
