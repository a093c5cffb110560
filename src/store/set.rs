//! What people set by command: silences, tokens, who takes care of a subject.

use std::time::Duration;

use rusqlite::params;

use super::apply::Scribe;
use super::change::{Done, Entry, Setting, Token};
use super::reader::factor_owner;
use super::{StoreError, accept, fresh, kv, memo, schedules, topics};
use crate::model::{Acknowledged, Silence, TimeGrant, Timestamp};

/// How exactly the last use of a token is kept: so that a busy one costs a write a minute.
const MINUTE: Duration = Duration::from_secs(60);

/// Carries it out; what changed leaves its audit record.
pub(super) fn set(scribe: &mut Scribe<'_>, setting: &Setting, audit: &Entry) -> Result<Done, StoreError> {
    let changed = match setting {
        Setting::Silence(new) => silence(scribe, new)?,
        Setting::Token(new) => token(scribe, new)?,
        Setting::Revoke { token, at } => {
            let sql = "UPDATE token SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL";
            scribe.run(sql, params![token, at.as_micros()])?
        }
        Setting::Acknowledge { subject, who } => acknowledge(scribe, subject, who.as_ref())?,
        Setting::Handler(spec) => topics::set_handler(scribe, spec)?,
        Setting::NoHandler { topic, id } => topics::remove_handler(scribe, topic, id)?,
        Setting::NoTopic { topic } => topics::remove_topic(scribe, topic)?,
        Setting::Attach(new) => topics::attach(scribe, new)?,
        Setting::Detach(old) => topics::detach(scribe, old)?,
        Setting::Override(new) => topics::set_override(scribe, new)?,
        Setting::Pair(pair) => kv::put(scribe, pair)?,
        Setting::NoPair(key) => kv::remove(scribe, key)?,
        Setting::Grant(new) => grant(scribe, new)?,
        Setting::Revoked { grant, at } => {
            let sql = "UPDATE time_grant SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL AND ends > ?2";
            scribe.run(sql, params![grant, at.as_micros()])?
        }
        Setting::Factor { who, body, at } => factor(scribe, who, body.as_deref(), *at)?,
        Setting::NewSchedule(new) => schedules::make(scribe, new)?,
        Setting::Schedule(schedule) => schedules::change(scribe, schedule)?,
        Setting::RoomDefault(new) => schedules::set_default(scribe, new)?,
        Setting::NoRoomDefault { adapter, room, name } => {
            let sql = "DELETE FROM room_default WHERE adapter = ?1 AND room = ?2 AND name = ?3";
            scribe.run(sql, [adapter, room, name])?
        }
        Setting::Drain(on) => memo::put(scribe, memo::DRAIN, on.then(|| serde_json::json!({})).as_ref())?,
        Setting::NoSchedule { id } => schedules::remove(scribe, *id)?,
        Setting::NoOverride { kind, name, added } => topics::remove_override(scribe, kind, name, *added)?,
    };
    if changed == 0 {
        return Ok(Done::Stale);
    }
    scribe.audit(audit)?;
    Ok(Done::Written)
}

fn silence(scribe: &Scribe<'_>, silence: &Silence) -> Result<usize, StoreError> {
    let sql = "INSERT INTO silence (id, matching, who, why, begins, ends) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (id) DO UPDATE SET ends = excluded.ends";
    let matching = serde_json::to_string(&silence.matching)?;
    let (begins, ends) = (silence.from.as_micros(), silence.until.as_micros());
    scribe.run(sql, params![silence.id, matching, silence.who, silence.why, begins, ends])
}

fn grant(scribe: &Scribe<'_>, new: &TimeGrant) -> Result<usize, StoreError> {
    let sql = "INSERT INTO time_grant (id, what, holder, person, person_name, why, begins, ends)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let TimeGrant { id, what, to, by, by_name, why, from, until } = new;
    let (from, until) = (from.as_micros(), until.as_micros());
    scribe.run(sql, params![id, what, to, by.to_string(), by_name, why, from, until])
}

fn factor(scribe: &Scribe<'_>, who: &str, body: Option<&[u8]>, at: Timestamp) -> Result<usize, StoreError> {
    let Some(body) = body else {
        return scribe.run("DELETE FROM second_factor WHERE who = ?1", [who]);
    };
    let sealed = scribe.keys.seal(&factor_owner(who), body);
    let sql = "INSERT OR REPLACE INTO second_factor (who, sealed, at) VALUES (?1, ?2, ?3)";
    scribe.run(sql, params![who, sealed, at.as_micros()])
}

fn token(scribe: &Scribe<'_>, token: &Token) -> Result<usize, StoreError> {
    let sql = "SELECT count(*) FROM token WHERE name = ?1 AND revoked IS NULL";
    let live: i64 = scribe.connection.prepare_cached(sql)?.query_row([&token.name], |row| row.get(0))?;
    if live > 0 {
        return Err(StoreError::Conflict(format!("there is a token `{}` already", token.name)));
    }
    let sql = "INSERT INTO token (id, name, hash, scopes, created, expires, used, revoked)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let scopes = serde_json::to_string(&token.scopes)?;
    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_micros);
    let created = token.created.as_micros();
    let (expires, used, revoked) = (micros(token.expires), micros(token.used), micros(token.revoked));
    scribe.run(sql, params![token.id, token.name, token.hash, scopes, created, expires, used, revoked])
}

fn acknowledge(scribe: &mut Scribe<'_>, key: &str, who: Option<&Acknowledged>) -> Result<usize, StoreError> {
    let Some(mut subject) = accept::subject(scribe.connection, key)? else { return Ok(0) };
    subject.acknowledged = who.cloned();
    if let Some(who) = who {
        fresh::calm(scribe, key, who.at, &format!("{} takes care of it", who.who))?;
    }
    let body = serde_json::to_string(&subject)?;
    scribe.run("UPDATE subject SET body = ?2 WHERE key = ?1", params![key, body])
}

/// A token was used: kept to the minute, never earlier than before.
pub(super) fn used(scribe: &Scribe<'_>, token: i64, at: Timestamp) -> Result<Done, StoreError> {
    let minute = i64::try_from(MINUTE.as_micros()).unwrap_or(i64::MAX);
    let at = at.as_micros().div_euclid(minute) * minute;
    let sql = "UPDATE token SET used = ?2 WHERE id = ?1 AND (used IS NULL OR used < ?2)";
    let changed = scribe.run(sql, [token, at])?;
    Ok(if changed == 0 { Done::Stale } else { Done::Written })
}
