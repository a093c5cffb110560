//! Pages of lists: `limit`, `offset`, and the headers that say how much there is.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::fault::Fault;

/// The entries of a page where nobody says.
const USUAL: i64 = 100;
/// The most entries of a page.
pub(super) const MOST: usize = 1_000;

/// Which part of a list, and which parts of its entries.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Page {
    limit: Option<i64>,
    offset: Option<usize>,
    include_attributes: Option<String>,
    exclude_attributes: Option<String>,
}

impl Page {
    /// How many entries: -1 asks for all.
    pub(super) fn limit(&self) -> Result<usize, Fault> {
        match self.limit.unwrap_or(USUAL) {
            -1 => Ok(MOST),
            limit if limit > 0 => Ok(usize::try_from(limit).map_or(MOST, |limit| limit.min(MOST))),
            limit => {
                Err(Fault::wrong(format!("Limit, \"{limit}\" specified, must be a positive number or -1.")))
            }
        }
    }

    /// How many to leave out at the start.
    pub(super) fn offset(&self) -> usize {
        self.offset.unwrap_or(0)
    }

    /// Whether an attribute is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        let names =
            |list: &Option<String>| list.as_ref().map(|list| list.split(',').any(|one| head(one) == name));
        let included = name == "id" || names(&self.include_attributes).unwrap_or(true);
        let excluded =
            self.exclude_attributes.as_ref().is_some_and(|list| list.split(',').any(|one| one == name));
        included && !excluded
    }

    /// An entry with what is wanted of it.
    pub(super) fn cut(&self, mut entry: Value) -> Value {
        if let Value::Object(fields) = &mut entry {
            fields.retain(|name, _| self.wants(name));
        }
        entry
    }

    /// The part that is asked for of a list that is at hand.
    pub(super) fn of(&self, all: Vec<Value>) -> Result<Response, Fault> {
        let total = all.len();
        // What is in memory needs no limit of ours.
        let limit = if self.limit == Some(-1) { total } else { self.limit()? };
        let part = all.into_iter().skip(self.offset()).take(limit);
        Ok(answer(part.map(|entry| self.cut(entry)).collect(), total, limit))
    }
}

/// `context` of `context.user`.
fn head(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// A page with its headers.
pub(super) fn answer(part: Vec<Value>, total: usize, limit: usize) -> Response {
    let headers = [("x-total-count", total.to_string()), ("x-limit", limit.to_string())];
    (headers, Json(Value::Array(part))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_says_what_it_holds_and_cuts_what_is_not_wanted() {
        let page = Page { limit: Some(2), offset: Some(1), ..Page::default() };
        let response = page.of((0..5).map(|id| json!({"id": id})).collect()).unwrap();
        assert_eq!(response.headers()["x-total-count"], "5");
        assert_eq!(response.headers()["x-limit"], "2");
        assert!(Page { limit: Some(0), ..Page::default() }.limit().is_err());
        assert_eq!(Page { limit: Some(-1), ..Page::default() }.limit().unwrap(), MOST);
        let some = Page { include_attributes: Some("context.user".into()), ..Page::default() };
        let entry = json!({"id": 1, "context": {"user": "a"}, "result": 2});
        assert_eq!(some.cut(entry.clone()), json!({"id": 1, "context": {"user": "a"}}));
        let less = Page { exclude_attributes: Some("result,context".into()), ..Page::default() };
        assert_eq!(less.cut(entry), json!({"id": 1}));
    }
}
