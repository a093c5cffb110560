//! The seal of a button. Mattermost does not sign what it posts to an integration, but hands back the context that
//! the button was made with, and shows it to nobody: an HMAC in there proves that the server made the call.

use std::time::Duration;

use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::model::{Secret, Timestamp, hex};

/// How long a button can be pressed.
const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// Seals and opens the context of buttons.
#[derive(Debug, Clone)]
pub struct Seal {
    key: hmac::Key,
}

/// The context of a button as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The choice.
    pub nonce: String,
    /// The channel that the button stands in.
    pub channel: String,
    /// The first post of the thread that it stands in; empty outside of threads.
    pub thread: String,
    /// Whether the channel is a conversation with one person.
    pub direct: bool,
    /// Until when it counts, seconds since 1970.
    pub expires: i64,
    /// HMAC-SHA256 over all that, in hex.
    pub mac: String,
}

impl Seal {
    /// A seal out of the bot's token: it outlives the process, and a new token ends all buttons.
    pub fn new(token: &Secret, adapter: &str) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, token.expose().as_bytes());
        let derived = hmac::sign(&root, format!("chatops press {adapter}").as_bytes());
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) }
    }

    /// The context of the button for `nonce` in `channel`, in a thread or not.
    pub fn seal(&self, nonce: &str, channel: &str, thread: &str, direct: bool, now: Timestamp) -> Sealed {
        let mut sealed = Sealed {
            nonce: nonce.to_owned(),
            channel: channel.to_owned(),
            thread: thread.to_owned(),
            direct,
            expires: now.plus(LASTS).as_secs(),
            mac: String::new(),
        };
        sealed.mac = hex::encode(hmac::sign(&self.key, sealed.signed().as_bytes()).as_ref());
        sealed
    }

    /// Whether a context is ours and belongs to `channel`. Takes the same time for any MAC.
    pub fn is_ours(&self, sealed: &Sealed, channel: &str) -> bool {
        let Some(mac) = hex::decode(&sealed.mac) else { return false };
        hmac::verify(&self.key, sealed.signed().as_bytes(), &mac).is_ok() && sealed.channel == channel
    }
}

impl Sealed {
    /// Whether it is too late to press.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now.as_secs() >= self.expires
    }

    /// What is signed; lengths keep the parts apart.
    fn signed(&self) -> String {
        let part = |text: &str| format!("{}:{text}", text.len());
        let Self { nonce, channel, thread, direct, expires, .. } = self;
        format!("{}{}{}{direct}{expires}", part(nonce), part(channel), part(thread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000_000);

    fn seal() -> Seal {
        Seal::new(&Secret::new("token"), "mattermost")
    }

    #[test]
    fn a_button_is_ours_in_its_channel_until_it_expires() {
        let sealed = seal().seal("n1", "c1", "", false, NOW);
        assert!(seal().is_ours(&sealed, "c1") && !sealed.is_expired(NOW));
        assert!(!seal().is_ours(&sealed, "c2"), "another channel");
        assert!(sealed.is_expired(NOW.plus(LASTS)), "too late");
    }

    #[test]
    fn a_forged_context_is_not_ours() {
        let sealed = seal().seal("n1", "c1", "t1", false, NOW);
        let forgeries = [
            Sealed { nonce: "n2".to_owned(), ..sealed.clone() },
            Sealed { expires: sealed.expires + 1, ..sealed.clone() },
            Sealed { thread: String::new(), ..sealed.clone() },
            Sealed { direct: true, ..sealed.clone() },
            Sealed { mac: String::new(), ..sealed.clone() },
            Sealed { mac: "no hex".to_owned(), ..sealed.clone() },
            Seal::new(&Secret::new("other"), "mattermost").seal("n1", "c1", "t1", false, NOW),
            Seal::new(&Secret::new("token"), "mattermost-two").seal("n1", "c1", "t1", false, NOW),
        ];
        for forged in forgeries {
            assert!(!seal().is_ours(&forged, "c1"), "{forged:?}");
        }
    }
}
