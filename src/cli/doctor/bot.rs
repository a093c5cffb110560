//! Whether a bot runs on this home, and whether its API answers or could be opened.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::Value;

use super::Finding;
use super::places::remedy;
use crate::bot::home::Home;
use crate::cli::api::Api;
use crate::config::home::HomeDir;
use crate::config::settings::ListenOn;
use crate::store::{InstanceLock, StoreError};
use crate::text::human;

/// What is known of a running bot.
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    /// What it says of itself.
    pub(super) status: Option<Value>,
}

/// Asks the bot through its API; where that fails, the lock tells whether there is one.
pub(super) async fn find(dir: &HomeDir, home: &Home) -> Found {
    let asked = match Api::find(dir) {
        Ok(api) => api.get("status").await.map(|status| (status, api.address().to_owned())),
        Err(error) => Err(error),
    };
    match asked {
        Ok((status, address)) => Found { findings: running(&status, &address), status: Some(status) },
        Err(error) => Found { findings: vec![silent(dir, home, &error)], status: None },
    }
}

fn running(status: &Value, address: &str) -> Vec<Finding> {
    let version = status["version"].as_str().unwrap_or("of unknown version");
    let uptime = Duration::from_secs(status["uptime_seconds"].as_u64().unwrap_or_default());
    let said = format!("pid {}, {version}, up {}, API at {address}", status["pid"], human::duration(uptime));
    let mut findings = vec![Finding::ok("bot", said)];
    if status["draining"] == true {
        let drains = Finding::warning("bot", "it drains: it takes nothing new, also after a restart");
        findings.push(drains.help("`chatops drain --off`, or `drain off` said to it in a chat"));
    }
    if version != env!("CARGO_PKG_VERSION") {
        let other = format!("the bot that runs is {version}, this program is {}", env!("CARGO_PKG_VERSION"));
        findings.push(Finding::warning("version", other).help("start the bot again to run the new version"));
    }
    findings
}

/// No bot answers: one that runs should have.
fn silent(dir: &HomeDir, home: &Home, error: &anyhow::Error) -> Finding {
    // Taking the lock would make the folder: a home that was never used stays as it is.
    let lock = dir.var_dir().is_dir().then(|| InstanceLock::take(&dir.var_dir()));
    match (lock, home.settings.listen) {
        (Some(Err(error)), _) if !matches!(error, StoreError::InUse { .. }) => {
            Finding::error("bot", format!("it cannot start: {error}")).help(remedy(&error, &dir.var_dir()))
        }
        (Some(Err(taken)), ListenOn::Off) => {
            Finding::warning("bot", format!("{taken}; its API is off, so nothing more is known"))
                .help("set `CHATOPS_LISTEN` to an address")
        }
        (Some(Err(taken)), ListenOn::Address(_)) => Finding::error("bot", format!("{taken}; {error:#}"))
            .help("a `chatops chat` has no API; a bot that hangs is started again"),
        (_, ListenOn::Off) => Finding::ok("bot", "none runs on this home; the API is off"),
        (_, ListenOn::Address(address)) => match TcpListener::bind(address) {
            Ok(_) => Finding::ok("bot", format!("none runs on this home; {address} is free for its API")),
            Err(error) => port_taken(home, &format!("the API cannot listen on {address}: {error}")),
        },
    }
}

fn port_taken(home: &Home, message: &str) -> Finding {
    if home.sets("CHATOPS_LISTEN") {
        return Finding::error("bot", message).help("set `CHATOPS_LISTEN` to a free address");
    }
    Finding::warning("bot", format!("{message}; it will take a free port"))
        .help("set `CHATOPS_LISTEN` to have a port that stays")
}
