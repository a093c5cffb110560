//! Wrong tokens, counted for each address: a few are answered one by one, many are not worth an answer each.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::Timestamp;

/// So many wrong tokens an address may send in a minute.
const MOST: u32 = 20;
/// The span in which they are counted.
const SPAN: Duration = Duration::from_secs(60);
/// So many addresses are remembered; the next one makes room.
const ADDRESSES: usize = 4_096;

/// The count of each address.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<HashMap<IpAddr, (Timestamp, u32)>>);

impl Failures {
    /// Counts one. How long to wait when it is one too many.
    pub(super) fn count(&self, address: IpAddr, now: Timestamp) -> Option<Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES && !all.contains_key(&address) {
            all.retain(|_, (since, _)| now.since(*since) < SPAN);
            if all.len() >= ADDRESSES {
                all.clear();
            }
        }
        let (since, count) = all.entry(address).or_insert((now, 0));
        if now.since(*since) >= SPAN {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        (*count > MOST).then(|| SPAN.saturating_sub(now.since(*since)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_that_guesses_does_not_disturb_another() {
        let failures = Failures::default();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let now = Timestamp::from_micros(0);
        assert!((0..MOST).all(|_| failures.count(one, now).is_none()));
        assert_eq!(failures.count(one, now.plus(Duration::from_secs(10))), Some(Duration::from_secs(50)));
        assert_eq!(failures.count(other, now), None);
        assert_eq!(failures.count(one, now.plus(SPAN)), None);
    }

    #[test]
    fn many_addresses_take_little_memory() {
        let failures = Failures::default();
        for number in 0..100_000_u32 {
            failures.count(IpAddr::from(number.to_be_bytes()), Timestamp::default());
        }
        assert!(failures.0.lock().unwrap().len() <= ADDRESSES);
    }
}
