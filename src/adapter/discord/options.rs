//! The options of the Discord adapter.

use std::sync::{Mutex, OnceLock};

use super::Discord;
use super::memory::Memory;
use crate::adapter::options::{self, Reader, needed_secret, row};
use crate::adapter::{Lookup, OptionRow};
use crate::model::Secret;

/// Where Discord itself listens.
const API: &str = "https://discord.com/api/v10";

pub(super) const OPTIONS: &[OptionRow] = &[
    needed_secret("TOKEN", "the bot's token: Developer Portal > your application > Bot > Reset Token"),
    row("API_URL", "base of the REST interface; https://discord.com/api/v10 by default"),
    row(
        "GUILD",
        "id of the server where /chatops is registered at once; without it everywhere, within an hour",
    ),
    options::THREAD,
    options::REACT,
    options::WHISPER,
    options::CA_FILE,
    options::CLIENT_CERT,
    options::PROXY,
    options::EXIT_ON_DISCONNECT,
];

/// Builds the adapter; all that is wrong at once.
pub(super) fn read(lookup: Lookup<'_>) -> Result<Discord, Vec<String>> {
    let mut reader = Reader::new(lookup);
    let token = reader.secret("TOKEN").map(|token| Secret::new(bare(token.expose())));
    match &token {
        None => reader.wrong.push("`TOKEN` is missing: set it to the bot's token".to_owned()),
        Some(token) if token.expose().bytes().any(|byte| !byte.is_ascii_graphic()) => {
            reader.wrong.push("`TOKEN` is no token: it has no blanks".to_owned());
        }
        Some(_) => {}
    }
    let guild = reader.text("GUILD");
    let number = guild.as_deref().and_then(|text| text.parse::<u64>().ok()).filter(|id| *id > 0);
    if let (Some(text), None) = (&guild, number) {
        reader.wrong.push(format!(
            "`GUILD`: `{text}` is not a server's id: User Settings > Advanced > Developer Mode, then right-click the server > Copy Server ID"
        ));
    }
    let discord = Discord {
        token: token.unwrap_or_else(|| Secret::new("")),
        api: reader.base("API_URL").unwrap_or_else(|| API.to_owned()),
        guild: number,
        manner: reader.manner(),
        reach: reader.reach(),
        exit_on_disconnect: reader.switch(options::EXIT_ON_DISCONNECT.name, false),
        rest: OnceLock::new(),
        memory: Mutex::new(Memory::default()),
    };
    if reader.wrong.is_empty() { Ok(discord) } else { Err(reader.wrong) }
}

/// The token without the `Bot ` that some pages show in front of it.
fn bare(token: &str) -> &str {
    token.trim().strip_prefix("Bot ").unwrap_or(token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discord(options: &[(&str, &str)]) -> Result<Discord, Vec<String>> {
        let mut lookup =
            |name: &str| options.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        read(&mut lookup)
    }

    #[test]
    fn a_token_is_enough() {
        let discord = discord(&[("TOKEN", "Bot abc.def")]).unwrap();
        assert_eq!((discord.token.expose(), discord.api.as_str()), ("abc.def", API));
        assert_eq!((discord.guild, discord.manner.thread), (None, false));
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let wrong =
            discord(&[("GUILD", "my server"), ("API_URL", "discord"), ("THREAD", "maybe")]).unwrap_err();
        for part in
            ["`TOKEN` is missing", "`GUILD`: `my server`", "`API_URL`: `discord`", "`THREAD`: `maybe`"]
        {
            assert!(wrong.iter().any(|why| why.contains(part)), "{part}: {wrong:?}");
        }
    }

    #[test]
    fn the_token_is_never_shown() {
        assert!(!format!("{:?}", discord(&[("TOKEN", "abc.def")]).unwrap()).contains("abc"));
    }
}
