//! Which executions, which audit records.

mod events;

use rusqlite::types::Value;

pub use events::{DeliveryFilter, EventFilter};

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
    /// Of this kind.
    pub what: Option<What>,
    /// That hold this text in body, place or subject, in any case of ASCII letters.
    pub text: Option<String>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// At most so many, the newest first; 0 counts as 1.
    pub limit: usize,
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

    /// The conditions alone, for counting, and their values.
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
        }
        if let Some(part) = &self.text {
            all.add(r"command LIKE ? ESCAPE '\'", [like(part)]);
        }
        if let Some(before) = self.before {
            all.add("id < ?", [Value::Integer(before)]);
        }
        all
    }
}

impl Search {
    pub(super) fn conditions(&self) -> Conditions {
        let mut all = Conditions::default();
        if let Some(person) = &self.person {
            all.add("person = ?", [text(person)]);
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
