//! The options of the Rocket.Chat adapter.

use std::sync::{Arc, Mutex};

use super::known::Known;
use super::{Credentials, Patience, Rocketchat};
use crate::adapter::options::{self, Reader, needed, row, secret};
use crate::adapter::{Lookup, OptionRow};
use crate::wire::rocketchat::Waits;

pub(super) const OPTIONS: &[OptionRow] = &[
    needed("URL", "the server's address, such as https://chat.example.org, with the path where it has one"),
    row("USER", "the bot's user name or mail address, with PASSWORD"),
    secret("PASSWORD", "its password; only a digest of it is sent"),
    row("USER_ID", "instead of USER: the id that came with the personal access token in TOKEN"),
    secret("TOKEN", "the personal access token, made with `ignore two factor authentication`"),
    options::THREAD,
    options::REACT,
    row("WHISPER", "on: help and refusals come as a direct message; off by default"),
    options::CA_FILE,
    options::CLIENT_CERT,
    options::PROXY,
    options::EXIT_ON_DISCONNECT,
];

/// Builds the adapter.
pub(super) fn read(lookup: Lookup<'_>) -> Result<Rocketchat, Vec<String>> {
    let mut reader = Reader::new(lookup);
    let base = reader.base("URL").unwrap_or_else(|| {
        reader.wrong.push("`URL` is missing: set it to `https://chat.example.org`".to_owned());
        String::new()
    });
    let credentials = credentials(&mut reader);
    let (manner, reach) = (reader.manner(), reader.reach());
    let exit_on_disconnect = reader.switch("EXIT_ON_DISCONNECT", false);
    match credentials {
        Some(credentials) if reader.wrong.is_empty() => Ok(Rocketchat {
            base,
            credentials,
            manner,
            reach,
            exit_on_disconnect,
            patience: Patience::default(),
            known: Arc::new(Mutex::new(Known::default())),
            waits: Arc::new(Waits::default()),
        }),
        _ => Err(reader.wrong),
    }
}

/// Exactly one of the two pairs.
fn credentials(reader: &mut Reader<'_>) -> Option<Credentials> {
    let (user, password) = (reader.text("USER"), reader.secret("PASSWORD"));
    let (user_id, token) = (reader.text("USER_ID"), reader.secret("TOKEN"));
    let why = match (user, password, user_id, token) {
        (Some(user), Some(password), None, None) => return Some(Credentials::Password { user, password }),
        (None, None, Some(user_id), Some(token)) => return Some(Credentials::Token { user_id, token }),
        (None, None, None, None) => "`USER_ID` and `TOKEN` are missing: set them, or `USER` and `PASSWORD`",
        (None, None, Some(_), None) => "`USER_ID` needs `TOKEN`: a personal access token of that user",
        (None, None, None, Some(_)) => "`TOKEN` needs `USER_ID`: the id that was shown with the token",
        (Some(_), None, None, None) => "`USER` needs `PASSWORD`",
        (None, Some(_), None, None) => "`PASSWORD` needs `USER`",
        _ => "`USER` and `PASSWORD`, or `USER_ID` and `TOKEN`: set one pair, not some of both",
    };
    reader.wrong.push(why.to_owned());
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Holds;

    fn from(pairs: &[(&str, &str)]) -> Result<Rocketchat, Vec<String>> {
        read(&mut |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_server_and_one_pair_are_enough() {
        let token =
            from(&[("URL", "https://chat.example.org/team/"), ("USER_ID", "u1"), ("TOKEN", "t")]).unwrap();
        assert_eq!(token.base, "https://chat.example.org/team");
        assert!(matches!(token.credentials, Credentials::Token { .. }));
        let password = from(&[("URL", "http://localhost:3000"), ("USER", "bot"), ("PASSWORD", "p")]).unwrap();
        assert!(matches!(password.credentials, Credentials::Password { .. }));
        assert!(!format!("{password:?}").contains("\"p\""));
    }

    #[test]
    fn exactly_one_pair_is_wanted() {
        let all = [("USER", "a"), ("PASSWORD", "b"), ("USER_ID", "c"), ("TOKEN", "d")];
        for chosen in 0..16_usize {
            let pairs = all.iter().enumerate().filter(|(place, _)| chosen & (1 << place) != 0);
            let mut pairs: Vec<_> = pairs.map(|(_, pair)| *pair).collect();
            pairs.push(("URL", "https://chat.example.org"));
            let good = matches!(chosen, 0b0011 | 0b1100);
            assert_eq!(from(&pairs).is_ok(), good, "{pairs:?}");
        }
        let wrong = from(&[("URL", "https://x"), ("TOKEN", "d")]).unwrap_err();
        assert!(wrong[0].starts_with("`TOKEN` needs `USER_ID`"), "{wrong:?}");
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let wrong =
            from(&[("URL", "chat.example.org"), ("THREAD", "maybe"), ("PROXY", "socks5://x:1")]).unwrap_err();
        for name in ["URL", "USER_ID", "THREAD", "PROXY"] {
            assert!(wrong.iter().any(|why| why.starts_with(&format!("`{name}`"))), "{name}: {wrong:?}");
        }
    }

    #[test]
    fn passwords_and_tokens_are_never_shown() {
        let secret = |name: &str| OPTIONS.iter().any(|row| row.name == name && row.holds == Holds::Secret);
        assert!(secret("PASSWORD") && secret("TOKEN"));
    }
}
