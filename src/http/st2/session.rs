//! Tokens that end by themselves, as StackStorm gives for a name and a password: `st2_<id>.<end>.<mac>`. Nothing of them
//! is kept: the MAC's key is made of `var/token`, and each stands on the API token it was given for, whose revocation
//! and end are its own.

use std::time::Duration;

use ring::hmac;

use super::Caller;
use crate::http::Site;
use crate::http::tokens::Bad;
use crate::model::{Timestamp, hex};
use crate::net::same;

/// What every one begins with.
const START: &str = "st2_";
/// The id that stands for `var/token`.
const LOCAL: i64 = 0;
/// Parts these MACs from any other use of the same key.
const PURPOSE: &[u8] = b"st2 session 1";

/// A token and its end.
pub(super) struct Session {
    pub(super) token: String,
    pub(super) end: Timestamp,
    pub(super) caller: Caller,
}

/// Whether a text may be one of these.
pub(super) fn is_session(given: &str) -> bool {
    given.starts_with(START)
}

/// A token for whoever holds `given`, which was found good, for `span` at most.
pub(super) fn issue(site: &Site, given: &str, caller: Caller, span: Duration) -> Result<Session, Bad> {
    let now = site.world.now();
    let id = match read(given) {
        Some((id, ..)) => id,
        None if matches!(caller, Caller::Local(_)) => LOCAL,
        None => site.tokens.id(given).ok_or(Bad::Unknown)?,
    };
    let parent = if id == LOCAL { None } else { site.tokens.numbered(id, now)?.1 };
    let end = now.plus(span);
    let end = parent.map_or(end, |parent| parent.min(end));
    let signed = format!("{START}{id}.{}", end.as_secs());
    Ok(Session { token: format!("{signed}.{}", mac(site, &signed)), end, caller })
}

/// Whose token it is.
pub(super) fn caller(site: &Site, given: &str) -> Result<Caller, Bad> {
    let (id, end, signed, given_mac) = read(given).ok_or(Bad::Unknown)?;
    if !same(given_mac, &mac(site, signed)) {
        return Err(Bad::Unknown);
    }
    let now = site.world.now();
    let caller = if id == LOCAL { Caller::Local(None) } else { site.tokens.numbered(id, now)?.0 };
    if now.as_secs() >= end {
        return Err(Bad::Expired(caller.person().id().to_owned()));
    }
    Ok(caller)
}

/// Id, end, what is signed, and the MAC.
fn read(token: &str) -> Option<(i64, i64, &str, &str)> {
    let (signed, mac) = token.rsplit_once('.')?;
    let (id, end) = signed.strip_prefix(START)?.split_once('.')?;
    Some((id.parse().ok()?, end.parse().ok()?, signed, mac))
}

fn mac(site: &Site, signed: &str) -> String {
    let root = hmac::Key::new(hmac::HMAC_SHA256, site.token.expose().as_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, PURPOSE).as_ref());
    hex::encode(hmac::sign(&key, signed.as_bytes()).as_ref())
}
