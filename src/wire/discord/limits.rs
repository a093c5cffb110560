//! Rate limits (docs.discord.com/developers/topics/rate-limits): buckets that answers name, one limit over all, and
//! what a refusal asks for. Pure, fed with times.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::Timestamp;

/// Requests a second over all routes; Discord allows 50.
const MOST_A_SECOND: u32 = 45;

/// Buckets and routes kept; past this number those that are open again are forgotten.
const MOST_KEPT: usize = 2000;

/// What a request counts against: its method and path with the ids left out, and the id that has limits of its
/// own (a channel, a server, an interaction).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Route {
    kind: String,
    owner: String,
}

impl Route {
    /// `POST`, `channels/12/messages` -> `POST channels/*/messages` of `channels/12`.
    pub(super) fn of(method: &str, path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let mut kind = method.to_owned();
        let mut owner = String::new();
        let parts: Vec<&str> = path.split('/').collect();
        for (index, part) in parts.iter().enumerate() {
            let major = index == 1 && matches!(parts[0], "channels" | "guilds" | "webhooks" | "interactions");
            let id = major
                || part.bytes().all(|byte| byte.is_ascii_digit())
                || (index == 2 && parts[0] == "webhooks");
            // All reactions of a channel count together, whatever the sign.
            let sign = index > 0 && parts[index - 1] == "reactions";
            if major {
                owner = format!("{}/{part}", parts[0]);
            }
            kind.push('/');
            kind.push_str(if id || sign { "*" } else { part });
        }
        Self { kind, owner }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    opens: Timestamp,
}

/// What is known of the limits.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// The bucket that answers named for a kind of request.
    names: HashMap<String, String>,
    buckets: HashMap<(String, String), Bucket>,
    /// Nothing at all before this time.
    closed: Timestamp,
    second: i64,
    asked: u32,
}

impl Limits {
    fn key(&self, route: &Route) -> (String, String) {
        let name = self.names.get(&route.kind).unwrap_or(&route.kind);
        (name.clone(), route.owner.clone())
    }

    /// Takes leave for one request, or says how long to wait before asking again.
    pub(super) fn take(&mut self, route: &Route, now: Timestamp) -> Result<(), Duration> {
        if self.closed > now {
            return Err(self.closed.since(now));
        }
        if self.second != now.as_secs() {
            (self.second, self.asked) = (now.as_secs(), 0);
        }
        if self.asked >= MOST_A_SECOND {
            return Err(Timestamp::from_micros((self.second + 1) * 1_000_000).since(now));
        }
        let key = self.key(route);
        if let Some(bucket) = self.buckets.get_mut(&key) {
            if bucket.opens <= now {
                self.buckets.remove(&key);
            } else if bucket.left == 0 {
                return Err(bucket.opens.since(now));
            } else {
                bucket.left -= 1;
            }
        }
        self.asked += 1;
        Ok(())
    }

    /// Learns from the head of an answer: the bucket's name, what is left in it, and in how many seconds it is full.
    pub(super) fn learn(&mut self, route: &Route, name: &str, left: u64, after: Duration, now: Timestamp) {
        self.forget(now);
        self.names.insert(route.kind.clone(), name.to_owned());
        let key = self.key(route);
        let fresh = Bucket { left, opens: now.plus(after) };
        // Answers overtake each other: the least that was said of one span counts.
        let bucket = self.buckets.entry(key).or_insert(fresh);
        let same_span = bucket.opens > now && fresh.opens.since(bucket.opens) < Duration::from_millis(100);
        *bucket = if same_span { Bucket { left: left.min(bucket.left), ..fresh } } else { fresh };
    }

    /// A request was refused for `after`.
    pub(super) fn refused(&mut self, route: &Route, after: Duration, global: bool, now: Timestamp) {
        if global {
            self.closed = self.closed.max(now.plus(after));
        } else {
            let key = self.key(route);
            self.buckets.insert(key, Bucket { left: 0, opens: now.plus(after) });
        }
    }

    fn forget(&mut self, now: Timestamp) {
        if self.buckets.len() >= MOST_KEPT {
            self.buckets.retain(|_, bucket| bucket.opens > now);
        }
        if self.names.len() >= MOST_KEPT {
            self.names.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(millis * 1000)
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_route_leaves_out_ids_and_keeps_its_owner() {
        let post = Route::of("POST", "channels/12/messages");
        assert_eq!((post.kind.as_str(), post.owner.as_str()), ("POST/channels/*/messages", "channels/12"));
        let edit = Route::of("PATCH", "webhooks/1/secret/messages/@original");
        assert_eq!(edit.kind, "PATCH/webhooks/*/*/messages/@original");
        let react = Route::of("PUT", "channels/12/messages/13/reactions/%E2%9C%85/@me");
        assert_eq!(react.kind, "PUT/channels/*/messages/*/reactions/*/@me");
    }

    #[test]
    fn an_empty_bucket_waits_and_another_channel_does_not() {
        let mut limits = Limits::default();
        let (ops, dev) = (Route::of("POST", "channels/1/messages"), Route::of("POST", "channels/2/messages"));
        limits.learn(&ops, "abc", 1, SECOND, at(0));
        assert_eq!(limits.take(&ops, at(0)), Ok(()));
        assert_eq!(limits.take(&ops, at(400)), Err(Duration::from_millis(600)));
        assert_eq!(limits.take(&dev, at(400)), Ok(()));
        assert_eq!(limits.take(&ops, at(1000)), Ok(()));
    }

    #[test]
    fn a_global_refusal_holds_everything() {
        let mut limits = Limits::default();
        let (ops, dev) = (Route::of("POST", "channels/1/messages"), Route::of("GET", "gateway/bot"));
        limits.refused(&ops, SECOND, true, at(0));
        assert_eq!(limits.take(&dev, at(0)), Err(SECOND));
        limits.refused(&ops, SECOND, false, at(1000));
        assert_eq!(limits.take(&dev, at(1000)), Ok(()));
        assert_eq!(limits.take(&ops, at(1000)), Err(SECOND));
    }

    #[test]
    fn fewer_than_fifty_a_second_leave() {
        let mut limits = Limits::default();
        let granted = (0..100)
            .filter(|n| limits.take(&Route::of("POST", &format!("channels/{n}/messages")), at(1)).is_ok());
        assert_eq!(granted.count(), 45);
        assert_eq!(limits.take(&Route::of("GET", "x"), at(1000)), Ok(()));
    }
}
