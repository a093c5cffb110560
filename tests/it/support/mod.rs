//! What whole-program tests stand on: the real bot, real servers, people who chat, and waiting with a limit.

pub(crate) mod api;
pub(crate) mod bot;
pub(crate) mod browser;
pub(crate) mod cable;
pub(crate) mod chat;
pub(crate) mod console;
#[cfg(feature = "discord")]
pub(crate) mod discord;
pub(crate) mod endpoint;
pub(crate) mod homes;
pub(crate) mod imports;
pub(crate) mod intake;
pub(crate) mod ircd;
pub(crate) mod ircd_config;
pub(crate) mod lines;
pub(crate) mod live;
pub(crate) mod mattermost;
pub(crate) mod memory;
pub(crate) mod memory_bot;
pub(crate) mod notify;
pub(crate) mod postfix;
pub(crate) mod remote;
pub(crate) mod rocketchat;
pub(crate) mod room;
pub(crate) mod scripted;
pub(crate) mod sender;
pub(crate) mod session;
pub(crate) mod slack;
pub(crate) mod smtpd;
pub(crate) mod source;
pub(crate) mod sshd;
pub(crate) mod st2;
pub(crate) mod tinyproxy;
pub(crate) mod tls_end;
pub(crate) mod tls_front;

use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what should come at once; generous, for a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Asks again and again until `condition` has a value; fails after `limit`. For what nobody announces;
/// lines of a log or a chat are waited for in [`lines::Lines`].
pub(crate) fn until<T>(limit: Duration, condition: impl FnMut() -> Option<T>) -> T {
    within(limit, condition).unwrap_or_else(|| panic!("it did not happen within {limit:?}"))
}

/// The same, but `None` after `limit`.
pub(crate) fn within<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let value = condition();
        if value.is_some() || Instant::now() >= end {
            return value;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Says that a test is skipped; with `CI=true` that is a failure.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "skipped, and CI skips nothing: {why}");
    eprintln!("skipped: {why}");
}
