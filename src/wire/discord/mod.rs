//! Discord's gateway and REST interface, version 10 (docs.discord.com/developers): frames, the heart, rate
//! limits, requests. The nouns are serenity's; the connections are ours.

mod failure;
mod frames;
mod heart;
mod limits;
mod rest;

pub use failure::Failure;
pub use frames::{Closing, INTENTS, REVOKED, Received, closing, heartbeat, identify, read, resume};
pub use heart::{Beat, Heart};
pub use rest::{Body, Rest};

use crate::model::Timestamp;

/// The first millisecond of 2015, where Discord's ids begin to count.
const EPOCH_MILLIS: u64 = 1_420_070_400_000;

/// When the thing with this id was made; Discord's ids hold it, in milliseconds.
pub fn made_at(id: u64) -> Timestamp {
    let millis = (id >> 22) + EPOCH_MILLIS;
    Timestamp::from_micros(i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_was_made() {
        assert_eq!(made_at(175_928_847_299_117_063).to_string(), "2016-04-30T11:18:25.796Z");
    }
}
