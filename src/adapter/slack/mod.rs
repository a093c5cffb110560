//! Slack: Socket Mode for what is said, the Web API for what is answered. The protocol itself is in `wire::slack`.

mod buttons;
mod catch_up;
mod context;
mod examine;
mod files;
mod hearing;
mod line;
mod links;
mod look;
mod memory;
mod names;
mod native;
mod options;
mod rooms;
mod seats;
mod sending;
mod session;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::options::{Manner, Reach};
use super::{Abilities, Adapter, Check, Ended, Limit, Link, Lookup, OptionRow, Unit};
use crate::model::Secret;
use crate::net::World;
use crate::net::http::cause;
use crate::net::tls;
use crate::wire::slack::Api;

use memory::Memory;

/// A Slack workspace as configured. Public fields may be changed before the first session.
#[derive(Debug)]
pub struct Slack {
    /// How long to wait for what.
    pub patience: Patience,
    inner: Arc<Inner>,
}

/// What sessions share.
#[derive(Debug)]
struct Inner {
    bot_token: Secret,
    app_token: Secret,
    api_url: String,
    manner: Manner,
    reach: Reach,
    exit_on_disconnect: bool,
    memory: Mutex<Memory>,
    /// Made once: reading the authorities takes its time.
    client: OnceLock<reqwest::Client>,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a WebSocket and its greeting.
    pub connect: Duration,
    /// Silence of a socket after which Slack is asked for a sign of life.
    pub silence: Duration,
    /// Silence of a socket after which it counts as lost.
    pub death: Duration,
    /// Two sockets carry what was said within a moment in any order; this long after the first of it all of it is there.
    pub settle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(20),
            death: Duration::from_secs(45),
            settle: Duration::from_millis(50),
        }
    }
}

impl Inner {
    /// What survives a session. Never held over an await.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The Web API with the bot's token and with the app's.
    fn apis(&self) -> Result<(Api, Api), String> {
        let client = match self.client.get() {
            Some(client) => client,
            None => {
                let built = self.reach.http.builder(&World::real())?.build();
                let built = built.map_err(|error| format!("cannot set up HTTP: {}", cause(&error)))?;
                self.client.get_or_init(|| built)
            }
        };
        let api = |token: &Secret| Api::new(client.clone(), &self.api_url, token.clone());
        Ok((api(&self.bot_token), api(&self.app_token)))
    }
}

impl Adapter for Slack {
    const ABILITIES: Abilities = Abilities {
        longest: Limit { most: look::SECTION, unit: Unit::Utf16 },
        edits: true,
        threads: true,
        buttons: true,
        files: true,
        reactions: false,
        in_flight: 1,
    };
    const SUMMARY: &'static str = "Slack workspaces by Socket Mode: threads, buttons, /chatops, files";
    const PAGE: &'static str = include_str!("../../../docs/adapters/slack.md");
    const OPTIONS: &'static [OptionRow] = options::OPTIONS;

    fn from_options(lookup: Lookup<'_>) -> Result<Self, Vec<String>> {
        options::read(lookup)
    }

    fn check(&self) -> Result<(), String> {
        tls::client_config(&self.inner.reach.via.tls)?;
        self.inner.apis().map(drop)
    }

    fn exits_on_disconnect(&self) -> bool {
        self.inner.exit_on_disconnect
    }

    async fn session(&self, link: &Link) -> Ended {
        session::run(self, link).await
    }

    async fn examine(&self, world: &World) -> Vec<Check> {
        examine::examine(&self.inner, world).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::wire::slack::{EVENTS, SCOPES};

    #[test]
    fn the_manifest_holds_exactly_what_the_code_needs() {
        let manifest = include_str!("../../../docs/adapters/slack-manifest.yaml");
        let manifest: Value = serde_yaml::from_str(manifest).unwrap();
        let list = |pointer: &str| -> Vec<String> {
            let items = manifest.pointer(pointer).and_then(Value::as_array).unwrap();
            items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            list("/oauth_config/scopes/bot"),
            SCOPES.iter().map(|scope| scope.name).collect::<Vec<_>>()
        );
        assert_eq!(list("/settings/event_subscriptions/bot_events"), EVENTS);
        assert_eq!(manifest.pointer("/settings/socket_mode_enabled"), Some(&Value::Bool(true)));
        assert_eq!(manifest.pointer("/settings/interactivity/is_enabled"), Some(&Value::Bool(true)));
    }

    #[test]
    fn every_scope_is_on_the_page() {
        let page = include_str!("../../../docs/adapters/slack.md");
        for scope in SCOPES {
            assert!(page.contains(&format!("`{}`", scope.name)), "{}", scope.name);
        }
    }
}
