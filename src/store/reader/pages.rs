//! Pages of lists: how many rows fit, and some of them. What is left out is found in an index where there is one.

use rusqlite::{Row, params_from_iter};

use super::Reader;
use super::events::StoredEvent;
use crate::model::Execution;
use crate::store::audit::Record;
use crate::store::claims::Stored;
use crate::store::filter::Conditions;
use crate::store::{
    DeliveryFilter, EventFilter, Filter, NotificationFilter, Search, Slice, StoreError, rows,
};

/// How many there are in all, and those of the page.
type Page<T> = Result<(u64, Vec<T>), StoreError>;

/// Where the rows are, and the columns to read.
struct Table<'a> {
    name: &'a str,
    key: &'a str,
    columns: &'a str,
}

impl Reader {
    /// A page of executions; `before` and `limit` of the filter do not count.
    pub fn execution_page(&self, filter: &Filter, slice: &Slice) -> Page<Execution> {
        let table = Table { name: "execution", key: "id", columns: rows::EXECUTION };
        self.page(&table, || filter.conditions(), slice, rows::execution)
    }

    /// A page of events; `before` and `limit` of the filter do not count.
    pub fn event_page(&self, filter: &EventFilter, slice: &Slice) -> Page<StoredEvent> {
        let table = Table { name: "event", key: "id", columns: StoredEvent::COLUMNS };
        self.page(&table, || filter.conditions(), slice, StoredEvent::read)
    }

    /// A page of deliveries; `before` and `limit` of the filter do not count.
    pub fn delivery_page(&self, filter: &DeliveryFilter, slice: &Slice) -> Page<Stored> {
        let table = Table { name: "delivery", key: "id", columns: Stored::COLUMNS };
        self.page(&table, || filter.conditions(), slice, Stored::read)
    }

    /// A page of the audit log; `limit` of the search does not count.
    pub fn audit_page(&self, search: &Search, slice: &Slice) -> Page<Record> {
        let table = Table { name: "audit", key: "rowid", columns: super::audit::AUDIT };
        self.page(&table, || search.conditions(), slice, super::audit::record)
    }

    /// A page of notifications, each by the first of its deliveries.
    pub fn notification_page(&self, filter: &NotificationFilter, slice: &Slice) -> Page<Stored> {
        let table = Table { name: "delivery", key: "id", columns: Stored::COLUMNS };
        self.page(&table, || filter.conditions(), slice, Stored::read)
    }

    /// The same without counting them.
    pub fn notifications(
        &self,
        filter: &NotificationFilter,
        slice: &Slice,
    ) -> Result<Vec<Stored>, StoreError> {
        let (rest, values) = filter.conditions().page("delivery", "id", slice);
        let columns = Stored::COLUMNS;
        self.all(&format!("SELECT {columns} FROM delivery{rest}"), params_from_iter(values), Stored::read)
    }

    /// Every delivery of the same event at the same notifier, the first one first; of what belongs to no event itself.
    pub fn same_notification(&self, one: &Stored) -> Result<Vec<Stored>, StoreError> {
        let columns = Stored::COLUMNS;
        let sql = format!("SELECT {columns} FROM delivery WHERE event = ?1 AND notifier = ?2 ORDER BY id");
        match one.event {
            Some(event) => self.all(&sql, rusqlite::params![event, one.slot.notifier], Stored::read),
            None => Ok(vec![one.clone()]),
        }
    }

    /// The events that an execution told: of its end, and its announcements.
    pub fn events_of_execution(&self, execution: i64) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT id FROM event WHERE source = 'action' AND
                   (json_extract(body, '$.payload.execution_id') = ?1 OR json_extract(body, '$.fingerprint') = ?2)
                   AND at >= (SELECT asked FROM execution WHERE id = ?3) ORDER BY id";
        let (text, said) = (execution.to_string(), format!("announcement/{execution}"));
        self.all(sql, rusqlite::params![text, said, execution], |row| row.get(0))
    }

    fn page<T>(
        &self,
        table: &Table<'_>,
        conditions: impl Fn() -> Conditions,
        slice: &Slice,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Page<T> {
        let Table { name, key, columns } = table;
        let (rest, values) = conditions().page(name, key, slice);
        let found =
            self.all(&format!("SELECT {columns} FROM {name}{rest}"), params_from_iter(values), read)?;
        // The end is here: what would be counted has been looked through already.
        if found.len() < slice.limit.max(1) && (slice.offset == 0 || !found.is_empty()) {
            let count = slice.offset.saturating_add(found.len());
            return Ok((u64::try_from(count).unwrap_or(0), found));
        }
        let (rest, values) = conditions().counted();
        let sql = format!("SELECT count(*) FROM {name}{rest}");
        let count: Option<i64> = self.one(&sql, params_from_iter(values), |row| row.get(0))?;
        Ok((count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0), found))
    }
}
