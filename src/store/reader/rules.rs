//! What rules ran: told by the keys under which what they start is recorded, `rule`, the rule, the event.

use super::{Reader, most};
use crate::model::Timestamp;
use crate::store::StoreError;

/// What stands in such a key where messages have their adapter.
pub const RULES: &str = "rule";

/// Between the parts of a key, and the character after it: what begins with a part lies between the two.
const PART: [char; 2] = ['\u{1f}', '\u{20}'];

/// The keys that begin with `start` as a whole part: from the first, up to the second.
fn keys(start: &str) -> [String; 2] {
    PART.map(|end| format!("{start}{end}"))
}

impl Reader {
    /// When a rule ran after `since`, and because of which event: the newest first, at most `limit`. As far back as the
    /// history goes.
    pub fn ran_by_rule(
        &self,
        rule: &str,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, i64)>, StoreError> {
        let [from, to] = keys(&format!("{RULES}{}{rule}", PART[0]));
        let sql =
            "SELECT at, key FROM seen WHERE key >= ?1 AND key < ?2 AND at > ?3 ORDER BY at DESC LIMIT ?4";
        let found: Vec<(i64, String)> =
            self.all(sql, (from, to, since.as_micros(), most(limit)), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let event = |key: &str| key.rsplit(PART[0]).next()?.parse().ok();
        Ok(found.iter().filter_map(|(at, key)| Some((Timestamp::from_micros(*at), event(key)?))).collect())
    }

    /// The rule that started an execution, and the event that it was about.
    pub fn rule_of(&self, execution: i64) -> Result<Option<(String, i64)>, StoreError> {
        let [from, to] = keys(RULES);
        let sql = "SELECT key FROM seen WHERE key >= ?1 AND key < ?2 AND id = ?3";
        let key = self.one(sql, (from, to, execution), |row| row.get::<_, String>(0))?;
        Ok(key.and_then(|key| {
            let mut parts = key.split(PART[0]).skip(1);
            Some((parts.next()?.to_owned(), parts.next()?.parse().ok()?))
        }))
    }
}
