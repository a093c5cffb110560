//! The options of the Slack adapter.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use super::memory::Memory;
use super::{Inner, Patience, Slack};
use crate::adapter::options::{self, Reader, needed_secret, row};
use crate::adapter::{Lookup, OptionRow};
use crate::model::Secret;
use crate::net::http::HttpOptions;

/// Where Slack's Web API is, unless told otherwise.
const API_URL: &str = "https://slack.com/api";

/// One call of the Web API may take this long.
const CALL: Duration = Duration::from_secs(15);

pub(super) const OPTIONS: &[OptionRow] = &[
    needed_secret("BOT_TOKEN", "the bot's token, `xoxb-...`"),
    needed_secret("APP_TOKEN", "the app-level token with the scope connections:write, `xapp-...`"),
    row("API_URL", "the address of the Web API; https://slack.com/api by default"),
    options::THREAD,
    options::REACT,
    options::WHISPER,
    options::CA_FILE,
    options::CLIENT_CERT,
    options::PROXY,
    options::EXIT_ON_DISCONNECT,
];

/// Builds the adapter.
pub(super) fn read(lookup: Lookup<'_>) -> Result<Slack, Vec<String>> {
    let mut reader = Reader::new(lookup);
    let bot_token = token(&mut reader, "BOT_TOKEN", "xoxb-", "OAuth & Permissions");
    let app_token = token(&mut reader, "APP_TOKEN", "xapp-", "Basic Information, App-Level Tokens");
    let mut reach = reader.reach();
    // A token must not follow a redirect to another host, and a redirected POST would lose its body.
    reach.http = HttpOptions { redirects: 0, timeout: CALL, ..reach.http };
    let inner = Inner {
        bot_token,
        app_token,
        api_url: reader.base("API_URL").unwrap_or_else(|| API_URL.to_owned()),
        manner: reader.manner(),
        reach,
        exit_on_disconnect: reader.switch("EXIT_ON_DISCONNECT", false),
        memory: Mutex::new(Memory::default()),
        client: OnceLock::new(),
    };
    match reader.wrong.is_empty() {
        true => Ok(Slack { patience: Patience::default(), inner: Arc::new(inner) }),
        false => Err(reader.wrong),
    }
}

/// A token; swapped ones are the usual mistake.
fn token(reader: &mut Reader<'_>, name: &str, start: &str, page: &str) -> Secret {
    let Some(token) = reader.secret(name) else {
        reader.wrong.push(format!(
            "`{name}` is missing: it begins with `{start}` and is on the page `{page}` of the app"
        ));
        return Secret::default();
    };
    let token = Secret::new(token.expose().trim());
    if !token.expose().starts_with(start) {
        reader.wrong.push(format!(
            "`{name}` does not begin with `{start}`: the right one is on the page `{page}` of the app"
        ));
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Slack, Vec<String>> {
        read(&mut |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn two_tokens_are_enough() {
        let slack = from(&[("BOT_TOKEN", "xoxb-1"), ("APP_TOKEN", "xapp-1")]).unwrap();
        assert_eq!(slack.inner.api_url, "https://slack.com/api");
        assert_eq!((slack.patience.silence.as_secs(), slack.patience.death.as_secs()), (20, 45));
        assert!(!format!("{slack:?}").contains("xoxb-1"));
    }

    #[test]
    fn every_mistake_is_named_at_once_and_no_token_is_shown() {
        let wrong = from(&[
            ("BOT_TOKEN", "xapp-hunter2"),
            ("API_URL", "slack.com"),
            ("THREAD", "maybe"),
            ("PROXY", "socks5://x:1"),
        ])
        .unwrap_err();
        for name in ["BOT_TOKEN", "APP_TOKEN", "API_URL", "THREAD", "PROXY"] {
            assert!(wrong.iter().any(|why| why.starts_with(&format!("`{name}`"))), "{name}: {wrong:?}");
        }
        assert!(!wrong.join("\n").contains("hunter2"));
    }
}
