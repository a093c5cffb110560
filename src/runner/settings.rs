//! What the home directory says about running things: not part of an action.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of all runners. The defaults are those of a bot without any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where a command starts whose action names no `cwd`; without it, where the bot was started.
    pub home: Option<PathBuf>,
    /// How long a process may take to end after TERM; then comes KILL.
    pub grace: Duration,
    /// The body of an HTTP answer is kept up to this many bytes.
    pub body: usize,
    /// Remote commands.
    pub ssh: Ssh,
    /// Where the bot's own API is.
    pub api_url: Option<String>,
}

/// Settings of remote commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// Which client.
    pub backend: Backend,
    /// How many hosts at a time; without it 20 with the system's client, 100 with the native one.
    pub parallel: Option<usize>,
    /// How long to wait for a connection, greeting included.
    pub connect: Duration,
    /// What to do about a host whose key is not known.
    pub unknown_hosts: UnknownHosts,
    /// The file of known hosts in place of the user's and the system's.
    pub known_hosts: Option<PathBuf>,
    /// The client's configuration file in place of the user's and the system's; system client only.
    pub config: Option<PathBuf>,
    /// Whether `localhost` runs without SSH.
    pub localhost: Localhost,
}

/// Which SSH client carries remote commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backend {
    /// One `ssh` process for each host: honours the user's configuration, jump hosts, agent, certificates.
    #[default]
    System,
    /// One client in this process, for fleets. Needs the cargo feature `ssh-native`.
    Native,
}

/// What to do about a host whose key is not known. A changed key is always refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownHosts {
    /// Say so and run nothing there.
    #[default]
    Refuse,
    /// Remember the key and go on.
    Accept,
}

/// How commands for `localhost`, `127.0.0.1` and `::1` (without user and port) run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Localhost {
    /// As processes of the bot.
    #[default]
    Direct,
    /// By SSH like any other host.
    Ssh,
}

impl Default for Settings {
    fn default() -> Self {
        Self { home: None, grace: Duration::from_secs(5), body: 1 << 20, ssh: Ssh::default(), api_url: None }
    }
}

impl Default for Ssh {
    fn default() -> Self {
        Self {
            backend: Backend::default(),
            parallel: None,
            connect: Duration::from_secs(10),
            unknown_hosts: UnknownHosts::default(),
            known_hosts: None,
            config: None,
            localhost: Localhost::default(),
        }
    }
}

impl Ssh {
    /// How many hosts at a time.
    pub(super) fn at_a_time(&self) -> usize {
        let default = match self.backend {
            Backend::System => 20,
            Backend::Native => 100,
        };
        self.parallel.unwrap_or(default).max(1)
    }
}
