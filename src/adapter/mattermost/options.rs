//! The options of the Mattermost adapter.

use std::sync::Mutex;

use super::Mattermost;
use super::memory::Memory;
use crate::adapter::options::{self, Reader, needed, needed_secret, row, secret};
use crate::adapter::{Lookup, OptionRow};
use crate::model::Secret;

pub(super) const OPTIONS: &[OptionRow] = &[
    needed("URL", "address of the server, with its path where it has one: https://chat.example.org"),
    needed_secret("TOKEN", "access token of the bot account, or of a person"),
    row("TEAM", "name of the team in which `#name` is looked up, as in addresses; `team/name` names another"),
    row(
        "CALLBACK_URL",
        "address at which the server reaches the bot's own listener: choices become buttons; otherwise they are typed",
    ),
    secret("SLASH_TOKEN", "token that Mattermost gave the slash command; several with commas"),
    options::CA_FILE,
    options::CLIENT_CERT,
    options::PROXY,
    options::THREAD,
    options::REACT,
    options::WHISPER,
    options::EXIT_ON_DISCONNECT,
];

/// Builds the adapter.
pub(super) fn read(lookup: Lookup<'_>) -> Result<Mattermost, Vec<String>> {
    let mut reader = Reader::new(lookup);
    let url = base(&mut reader, "URL");
    if url.is_none() && reader.wrong.is_empty() {
        reader.wrong.push("`URL` is missing: set it to the server's address".to_owned());
    }
    let token = reader.needed("TOKEN", "the access token of the bot account");
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        reader.wrong.push("`TOKEN` is no access token: letters and digits, 26 of them".to_owned());
    }
    let mattermost = Mattermost {
        url: url.unwrap_or_default(),
        token: Secret::new(token),
        team: team(&mut reader),
        callback: base(&mut reader, "CALLBACK_URL"),
        slash: slash(&mut reader),
        manner: reader.manner(),
        reach: reader.reach(),
        exit_on_disconnect: reader.switch(options::EXIT_ON_DISCONNECT.name, false),
        memory: Mutex::new(Memory::default()),
    };
    if reader.wrong.is_empty() { Ok(mattermost) } else { Err(reader.wrong) }
}

/// An address that a path can be put behind.
fn base(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    let url = reader.base(name)?;
    if url.contains(['?', '#']) || url.contains("/api/v4") {
        reader.wrong.push(format!(
            "`{name}` is the address that people open, without `/api/v4`, question mark or number sign"
        ));
    }
    Some(url)
}

fn team(reader: &mut Reader<'_>) -> Option<String> {
    let team = reader.text("TEAM")?;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !team.chars().all(good) {
        reader.wrong.push(format!(
            "`TEAM`: `{team}` is not a team's name: as in its address, small letters, digits and hyphens"
        ));
    }
    Some(team)
}

fn slash(reader: &mut Reader<'_>) -> Vec<Secret> {
    let Some(text) = reader.secret("SLASH_TOKEN") else { return Vec::new() };
    let tokens = text.expose().split(',').map(str::trim).filter(|token| !token.is_empty());
    tokens.map(Secret::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Mattermost, Vec<String>> {
        read(&mut |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn address_and_token_are_enough() {
        let it = from(&[("URL", "https://example.org/chat/"), ("TOKEN", "t")]).unwrap();
        assert_eq!((it.url.as_str(), it.token.expose()), ("https://example.org/chat", "t"));
        assert!(it.callback.is_none() && it.slash.is_empty() && it.team.is_none());
    }

    #[test]
    fn several_slash_tokens_are_told_apart() {
        let pairs = [("URL", "https://example.org"), ("TOKEN", "t"), ("SLASH_TOKEN", "a, b,")];
        let it = from(&pairs).unwrap();
        assert_eq!(it.slash.iter().map(Secret::expose).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let pairs = [
            ("URL", "https://example.org/api/v4"),
            ("TEAM", "My Team"),
            ("CALLBACK_URL", "bot"),
            ("THREAD", "x"),
        ];
        let wrong = from(&pairs).unwrap_err();
        for name in ["URL", "TOKEN", "TEAM", "CALLBACK_URL", "THREAD"] {
            assert!(wrong.iter().any(|it| it.starts_with(&format!("`{name}`"))), "{name}: {wrong:?}");
        }
    }
}
