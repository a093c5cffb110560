//! What a form or an address says, by name.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::trouble::Trouble;
use crate::http::when;
use crate::model::Timestamp;

/// The fields of a form that passed the guard, or the part of an address behind `?`. Of two of one name the last counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

/// The part of an address behind `?`.
pub(super) struct Asked(pub(super) Fields);

impl Fields {
    /// Reads what a form sends.
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// A field as it is; empty where there is none.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A field without blanks around it; `None` where it is empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        Some(self.raw(name).trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A number.
    ///
    /// # Errors
    /// What is there is none.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Trouble> {
        let read =
            |text: String| text.parse().map_err(|_| Trouble::wrong(format!("{name}: `{text}` is no number")));
        self.text(name).map(read).transpose()
    }

    /// A time, exact, a date, or a span before now.
    ///
    /// # Errors
    /// What is there is none; one sentence.
    pub(super) fn time(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>, Trouble> {
        let read = |text: String| {
            // What `<input type=datetime-local>` sends is UTC here, as all times are.
            let exact = if text.contains('T') && !text.ends_with('Z') { format!("{text}Z") } else { text };
            let exact =
                if exact.len() == "2026-11-21T08:40Z".len() { exact.replace('Z', ":00Z") } else { exact };
            when::time(&exact, name, now).map_err(|problem| Trouble::from(&problem))
        };
        self.text(name).map(read).transpose()
    }

    /// The address of the same page with one field changed, or left out where `value` is `None`.
    pub(super) fn with(&self, path: &str, name: &str, value: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let others = self.0.iter().filter(|(key, value)| *key != name && *key != "done" && !value.is_empty());
        query.extend_pairs(others);
        if let Some(value) = value {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// All of them, for the page that shows them again.
    pub(super) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Fields::read(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_what_was_asked() {
        let fields = Fields::read(b"person=web%3Aalice&text=a+b&before=9&done=replayed&empty=");
        assert_eq!(fields.with("/audit", "before", Some("5")), "/audit?person=web%3Aalice&text=a+b&before=5");
        assert_eq!(Fields::default().with("/audit", "before", None), "/audit");
    }

    #[test]
    fn a_time_may_come_from_a_date_field() {
        let now = Timestamp::from_micros(0);
        let read = |text: &str| {
            let fields = Fields(BTreeMap::from([("from".to_owned(), text.to_owned())]));
            fields.time("from", now).ok().flatten().map(|time| time.to_string())
        };
        assert_eq!(read("2026-11-21T08:40").as_deref(), Some("2026-11-21T08:40:00.000Z"));
        assert_eq!(read("2026-11-21T08:40:05Z").as_deref(), Some("2026-11-21T08:40:05.000Z"));
        assert_eq!(read("2026-11-21").as_deref(), Some("2026-11-21T00:00:00.000Z"));
        assert_eq!(read("soon"), None);
    }
}
