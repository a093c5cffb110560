//! Which executions, which audit records.

mod events;
mod notifications;

use rusqlite::types::Value;

pub use events::{DeliveryFilter, EventFilter};
pub use notifications::NotificationFilter;

use crate::model::{Person, Place, Status, Timestamp};

use super::What;

/// Which executions to list: all conditions that are given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Asked by this person.
    pub person: Option<Person>,
    /// Asked in this room; in this thread if the place has one.
    pub place: Option<Place>,
    /// Of this `pack.action`.
    pub action: Option<String>,
    /// Through this `pack.alias`.
    pub alias: Option<String>,
    /// In one of these statuses; any if empty.
    pub statuses: Vec<Status>,
    /// Whose command holds this text, in any case of ASCII letters.
    pub text: Option<String>,
    /// Steps of this workflow; without one, what is no step.
    pub of: Option<i64>,
    /// Asked at this time or later.
    pub since: Option<Timestamp>,
    /// Asked before this time.
    pub until: Option<Timestamp>,
    /// That have not ended.
    pub open: bool,
    /// With a smaller id than this: the next page.
    pub before: Option<i64>,
    /// At most so many, the newest first; 0 counts as 1.
    pub limit: usize,
}

/// Which audit records to find: all conditions that are given must hold.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Of this person.
    pub person: Option<Person>,
    /// Whose place holds this text, in any case of ASCII letters.
    pub place: Option<String>,
    /// Of this kind.
    pub what: Option<What>,
    /// That hold this text in body, place or subject, in any case of ASCII letters.
    pub text: Option<String>,
    /// About this: `execution/12`, `config`.
    pub subject: Option<String>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// At most so many, the newest first; 0 counts as 1.
    pub limit: usize,
}

/// Which rows of a list: a page of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// So many are left out at the start.
    pub offset: usize,
    /// At most so many; 0 counts as 1.
    pub limit: usize,
    /// The column to sort by, and whether downwards; without it the newest come first.
    pub order: Option<(&'static str, bool)>,
}

impl Slice {
    /// The order as SQL, with the key last so that it is always the same.
    fn by(&self, key: &str) -> String {
        let Some((column, down)) = self.order else { return format!("{key} DESC") };
        let way = if down { "DESC" } else { "ASC" };
        if column == key { format!("{key} {way}") } else { format!("{column} {way}, {key} {way}") }
    }
}

/// Conditions joined by AND, with their values.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    /// Adds a condition with one `?` for each value.
    fn add<const N: usize>(&mut self, sql: &str, values: [Value; N]) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    /// A column has a value, if there is one.
    fn is(&mut self, column: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.add(&format!("{column} = ?"), [value]);
        }
    }

    /// A number compares, if there is one.
    fn compare(&mut self, sql: &str, number: Option<i64>) {
        if let Some(number) = number {
            self.add(sql, [Value::Integer(number)]);
        }
    }

    /// The statement's end for a page of the rows with this key, and its values. The keys are found first, from an
    /// index where there is one, so that what is left out is not read.
    pub(super) fn page(mut self, table: &str, key: &str, slice: &Slice) -> (String, Vec<Value>) {
        let most = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        self.values.extend([most(slice.limit.max(1)), most(slice.offset)]);
        let (by, conditions) = (slice.by(key), self.sql);
        let keys = format!("SELECT {key} FROM {table}{conditions} ORDER BY {by} LIMIT ? OFFSET ?");
        (format!(" WHERE {key} IN ({keys}) ORDER BY {by}"), self.values)
    }

    /// The statement's end that counts, and its values.
    pub(super) fn counted(self) -> (String, Vec<Value>) {
        (self.sql, self.values)
    }

    /// The statement's end, and its values.
    pub(super) fn finish(mut self, order: &str, limit: usize) -> (String, Vec<Value>) {
        self.values.push(Value::Integer(i64::try_from(limit.max(1)).unwrap_or(i64::MAX)));
        (format!("{} ORDER BY {order} LIMIT ?", self.sql), self.values)
    }
}

impl Filter {
    pub(super) fn conditions(&self) -> Conditions {
        let mut all = Conditions::default();
        match self.of {
            Some(workflow) => all.add("parent = ?", [Value::Integer(workflow)]),
            None => all.add("parent IS NULL", []),
        }
        if let Some(person) = &self.person {
            all.add("person = ?", [text(person)]);
        }
        if let Some(place) = &self.place {
            all.add("adapter = ? AND room = ?", [text(&place.adapter), text(&place.room)]);
            if let Some(thread) = &place.thread {
                all.add("thread = ?", [text(thread)]);
            }
        }
        if let Some(action) = &self.action {
            all.add("action = ?", [text(action)]);
        }
        if let Some(alias) = &self.alias {
            all.add("alias = ?", [text(alias)]);
        }
        if !self.statuses.is_empty() {
            let words: Vec<_> = self.statuses.iter().map(|status| format!("'{status}'")).collect();
            all.add(&format!("status IN ({})", words.join(", ")), []);
            // Those that are open are few, and stand in an index of their own.
            if !self.statuses.iter().any(|status| status.is_final()) {
                all.add("ended IS NULL", []);
            }
        }
        if let Some(part) = &self.text {
            all.add(r"command LIKE ? ESCAPE '\'", [like(part)]);
        }
        all.compare("asked >= ?", self.since.map(Timestamp::as_micros));
        all.compare("asked < ?", self.until.map(Timestamp::as_micros));
        if self.open {
            all.add("ended IS NULL", []);
        }
        all.compare("id < ?", self.before);
        all
    }
}

impl Search {
    pub(super) fn conditions(&self) -> Conditions {
        let mut all = Conditions::default();
        if let Some(person) = &self.person {
            all.add("person = ?", [text(person)]);
        }
        if let Some(place) = &self.place {
            all.add(r"place LIKE ? ESCAPE '\'", [like(place)]);
        }
        if let Some(what) = self.what {
            all.add("what = ?", [text(&what.as_str())]);
        }
        if let Some(part) = &self.text {
            let places = r"(body LIKE ? ESCAPE '\' OR place LIKE ? ESCAPE '\' OR subject LIKE ? ESCAPE '\')";
            // In a body, quotes, backslashes and control characters stand in JSON's form.
            let quoted = serde_json::Value::from(part.as_str()).to_string();
            let inner = &quoted[1..quoted.len() - 1];
            all.add(places, [like(inner), like(part), like(part)]);
        }
        all.is("subject", self.subject.as_ref().map(text));
        if let Some(from) = self.from {
            all.add("at >= ?", [Value::Integer(from.as_micros())]);
        }
        if let Some(until) = self.until {
            all.add("at < ?", [Value::Integer(until.as_micros())]);
        }
        all
    }
}

fn text(value: &impl ToString) -> Value {
    Value::Text(value.to_string())
}

/// A LIKE pattern for texts that hold `part`.
fn like(part: &str) -> Value {
    let escaped = part.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    Value::Text(format!("%{escaped}%"))
}
