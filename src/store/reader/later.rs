//! What is to happen later.

use serde_json::Value;

use super::{Reader, StoredEvent, most};
use crate::model::{Person, Place, Schedule, Timestamp};
use crate::store::{Keys, RoomDefault, StoreError, memo, rows, schedules};

/// What is due.
pub(in crate::store) const COME: &str = "SELECT body FROM schedule WHERE due <= ?1 ORDER BY due, id LIMIT ?2";

/// When something is due next.
pub(in crate::store) const NEXT: &str = "SELECT due FROM schedule WHERE due IS NOT NULL ORDER BY due LIMIT 1";

/// Everybody's, those that come again.
pub(in crate::store) const COMING: &str =
    "SELECT body FROM schedule WHERE due IS NOT NULL ORDER BY due, id LIMIT ?1";

/// Everybody's, those that are paused.
pub(in crate::store) const RESTING: &str = "SELECT body FROM schedule WHERE due IS NULL ORDER BY id LIMIT ?1";

/// One person's: few.
pub(in crate::store) const OF_OWNER: &str =
    "SELECT body FROM schedule WHERE owner = ?1 ORDER BY due IS NULL, due, id LIMIT ?2";

impl Reader {
    /// Schedules of one person, or of everybody; the next due one first, paused ones last; at most `limit`.
    pub fn schedules(&self, owner: Option<&Person>, limit: usize) -> Result<Vec<Schedule>, StoreError> {
        let read = |row: &rusqlite::Row<'_>| rows::parsed(row, 0);
        if let Some(owner) = owner {
            return self.all(OF_OWNER, (owner.to_string(), most(limit)), read);
        }
        let mut found: Vec<Schedule> = self.all(COMING, [most(limit)], read)?;
        let left = limit - found.len();
        if left > 0 {
            found.extend(self.all(RESTING, [most(left)], read)?);
        }
        Ok(found)
    }

    /// One schedule.
    pub fn schedule(&self, id: i64) -> Result<Option<Schedule>, StoreError> {
        self.one("SELECT body FROM schedule WHERE id = ?1", [id], |row| rows::parsed(row, 0))
    }

    /// The whole line of a schedule, where its own shows less.
    ///
    /// # Errors
    /// [`StoreError::Key`] if it was sealed with another key.
    pub fn schedule_line(&self, id: i64, keys: &Keys) -> Result<Option<String>, StoreError> {
        let sql = "SELECT sealed FROM schedule WHERE id = ?1 AND sealed IS NOT NULL";
        let Some(sealed) = self.one(sql, [id], |row| row.get::<_, String>(0))? else { return Ok(None) };
        let line = keys.unseal(&schedules::owner(id), &sealed)?;
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }

    /// Schedules that are due by `now`, the one that waits longest first, at most `limit`.
    pub fn schedules_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Schedule>, StoreError> {
        self.all(COME, [now.as_micros(), most(limit)], |row| rows::parsed(row, 0))
    }

    /// What one room fills in, or all of them.
    pub fn room_defaults(&self, place: Option<&Place>) -> Result<Vec<RoomDefault>, StoreError> {
        const COLUMNS: &str = "SELECT adapter, room, name, value, who, at FROM room_default";
        match place {
            Some(place) => {
                let sql = format!("{COLUMNS} WHERE adapter = ?1 AND room = ?2 ORDER BY name");
                self.all(&sql, [place.adapter.as_str(), &*place.room], room_default)
            }
            None => self.all(COLUMNS, [], room_default),
        }
    }

    /// Fresh events in the order of their commits, at most `limit`, each with its number; `None` for one that is kept no
    /// more.
    pub fn fresh_events(&self, limit: usize) -> Result<Vec<(i64, Option<StoredEvent>)>, StoreError> {
        let sql = "SELECT seq, event FROM fresh_event ORDER BY seq LIMIT ?1";
        let found: Vec<(i64, i64)> = self.all(sql, [most(limit)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.into_iter().map(|(seq, event)| Ok((seq, self.event(event)?))).collect()
    }

    /// Whether the bot takes nothing new.
    pub fn drains(&self) -> Result<bool, StoreError> {
        let found = self.one("SELECT 1 FROM memo WHERE name = ?1", [memo::DRAIN], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// What is kept under names that begin so, in their order.
    pub fn memos(&self, prefix: &str) -> Result<Vec<(String, Value)>, StoreError> {
        let sql = "SELECT name, body FROM memo WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name";
        self.all(sql, [prefix], |row| Ok((row.get(0)?, rows::parsed(row, 1)?)))
    }

    /// When the next schedule is due.
    pub fn next_schedule(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.one(NEXT, [], |row| row.get(0))?.map(Timestamp::from_micros))
    }
}

fn room_default(row: &rusqlite::Row<'_>) -> rusqlite::Result<RoomDefault> {
    Ok(RoomDefault {
        adapter: row.get(0)?,
        room: row.get(1)?,
        name: row.get(2)?,
        value: row.get(3)?,
        who: row.get(4)?,
        at: Timestamp::from_micros(row.get(5)?),
    })
}
