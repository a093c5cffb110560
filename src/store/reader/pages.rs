//! Pages of lists: how many rows fit, and some of them. What is left out is found in an index where there is one.

use rusqlite::{Row, params_from_iter};

use super::Reader;
use super::events::StoredEvent;
use crate::model::Execution;
use crate::store::audit::Record;
use crate::store::claims::Stored;
use crate::store::filter::Conditions;
use crate::store::{DeliveryFilter, EventFilter, Filter, Search, Slice, StoreError, rows};

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

    fn page<T>(
        &self,
        table: &Table<'_>,
        conditions: impl Fn() -> Conditions,
        slice: &Slice,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Page<T> {
        let Table { name, key, columns } = table;
        let (rest, values) = conditions().counted();
        let count: Option<i64> =
            self.one(&format!("SELECT count(*) FROM {name}{rest}"), params_from_iter(values), |row| {
                row.get(0)
            })?;
        let (rest, values) = conditions().page(name, key, slice);
        let found =
            self.all(&format!("SELECT {columns} FROM {name}{rest}"), params_from_iter(values), read)?;
        Ok((count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0), found))
    }
}
