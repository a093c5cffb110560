//! Client-to-client requests inside messages (<https://modern.ircdocs.horse/ctcp>).

use std::time::Duration;

use crate::model::Timestamp;

/// One answer in this time, so that nobody can make the client flood.
const REST: Duration = Duration::from_secs(5);

/// Answers `VERSION` and `PING`, seldom; everything else is ignored.
#[derive(Debug, Default)]
pub(super) struct Ctcp {
    answered: Option<Timestamp>,
}

impl Ctcp {
    /// The body of the NOTICE that answers `text`, the message between its `\x01`s.
    pub(super) fn answer(&mut self, text: &str, now: Timestamp) -> Option<String> {
        let request = text.trim_matches('\x01');
        let (verb, argument) = request.split_once(' ').unwrap_or((request, ""));
        let answer = match verb {
            "VERSION" => concat!("VERSION chatops ", env!("CARGO_PKG_VERSION")).to_owned(),
            "PING" => format!("PING {}", &argument[..argument.floor_char_boundary(32)]),
            _ => return None,
        };
        if self.answered.is_some_and(|last| now.since(last) < REST) {
            return None;
        }
        self.answered = Some(now);
        Some(format!("\x01{answer}\x01"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_answered_seldom_and_actions_never() {
        let (mut ctcp, now) = (Ctcp::default(), Timestamp::from_micros(1));
        assert_eq!(ctcp.answer("\x01ACTION waves\x01", now), None);
        assert_eq!(ctcp.answer("\x01PING 12\x01", now).as_deref(), Some("\x01PING 12\x01"));
        assert_eq!(ctcp.answer("\x01PING 13\x01", now), None);
        assert!(ctcp.answer("\x01VERSION\x01", now.plus(REST)).is_some());
    }
}
