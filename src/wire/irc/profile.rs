//! Who the client is on a network and how patient it is.

use std::str::FromStr;
use std::time::Duration;

use crate::model::Secret;

/// Who the client is and where it goes.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The nick to have; another is taken while it is in use.
    pub nick: String,
    /// The real name, as WHOIS shows it.
    pub real_name: String,
    /// The server's own password.
    pub password: Option<Secret>,
    /// The services account, by SASL.
    pub login: Option<Login>,
    /// The password for NickServ, where there is no SASL.
    pub nickserv: Option<Secret>,
    /// The channels to be in.
    pub channels: Vec<Channel>,
    /// How long to wait for what.
    pub patience: Patience,
}

/// How to log in to a services account before joining.
#[derive(Debug, Clone)]
pub enum Login {
    /// SASL PLAIN.
    Plain {
        /// The account.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// SASL EXTERNAL: the TLS client certificate proves the account.
    External,
}

/// A channel to be in. Written `#ops`, with a key `#ops:sesame`; a name without a sign gets `#`.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The name with its sign.
    pub name: String,
    /// The key of mode `+k`.
    pub key: Option<Secret>,
}

impl FromStr for Channel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, key) = match text.split_once(':') {
            Some((name, key)) => (name, Some(key)),
            None => (text, None),
        };
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == ',';
        let empty = name.trim_start_matches(['#', '&', '+', '!']).is_empty();
        if empty || name.contains(bad) || key.is_some_and(|key| key.is_empty() || key.contains(bad)) {
            return Err(format!("`{name}` is not a channel: write `#ops`, or `#ops:key` for one with a key"));
        }
        let signed = name.starts_with(['#', '&', '+', '!']);
        let name = if signed { name.to_owned() } else { format!("#{name}") };
        Ok(Self { name, key: key.map(Secret::new) })
    }
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the TCP connection and the TLS handshake.
    pub connect: Duration,
    /// For the server's welcome: it may look up names first.
    pub welcome: Duration,
    /// For the services to accept a NickServ login, before joining without it.
    pub login: Duration,
    /// For the channels to be joined, before the session counts as up without them.
    pub join: Duration,
    /// Silence after which the server is asked for a sign of life.
    pub silence: Duration,
    /// Silence after which the connection counts as lost.
    pub death: Duration,
    /// Before going back to a channel after a kick; doubles with each kick.
    pub rejoin: Duration,
    /// Before asking again for a channel that was refused; doubles with each refusal up to ten times.
    pub refused: Duration,
    /// Between looks at whether the wanted nick is free.
    pub regain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            welcome: Duration::from_secs(60),
            login: Duration::from_secs(5),
            join: Duration::from_secs(5),
            silence: Duration::from_secs(20),
            death: Duration::from_secs(45),
            rejoin: Duration::from_secs(3),
            refused: Duration::from_secs(60),
            regain: Duration::from_secs(15),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_read_as_written() {
        let read =
            |text: &str| text.parse::<Channel>().map(|c| (c.name, c.key.map(|k| k.expose().to_owned())));
        assert_eq!(read("#ops"), Ok(("#ops".into(), None)));
        assert_eq!(read("ops"), Ok(("#ops".into(), None)));
        assert_eq!(read("##ops:se:same"), Ok(("##ops".into(), Some("se:same".into()))));
        for wrong in ["", "#", "#a b", "#a:", "#a,b"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
