//! Lists by pages, as clients of Tower expect them: `count`, `next`, `previous`, `results`; `page`, `page_size`,
//! `order_by`, `search`. What else stands behind `?` are the list's own filters.

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problem::{Problem, query_of};
use crate::store::Slice;

/// The entries of a page where nobody says.
const USUAL: usize = 50;
/// The most entries of a page.
const MOST: usize = 200;
/// The keys that are about the page.
const KEYS: [&str; 4] = ["page", "page_size", "order_by", "search"];

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// Which page, from 1.
    #[schemars(range(min = 1))]
    page: Option<usize>,
    /// The entries of a page, 50 where nobody says; at most 200 are given.
    #[schemars(range(min = 1))]
    page_size: Option<usize>,
    /// A field to sort by; with `-` before it downwards.
    order_by: Option<String>,
    /// Text that an entry holds, in any case.
    search: Option<String>,
}

/// A list without filters of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Page<T> {
    /// How many entries there are on all pages.
    count: u64,
    /// The address of the next page.
    next: Option<String>,
    /// The address of the page before.
    previous: Option<String>,
    /// The entries.
    results: Vec<T>,
}

/// A page, or what comes before an id, for whoever reads on by ids.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it says what is given")]
pub(super) enum Either<T> {
    /// A page.
    Page(Page<T>),
    /// The entries under their own name, and the id to ask for the next ones with.
    ById {
        /// The id to give as `before`; null at the end.
        next: Option<i64>,
    },
}

impl<T> Page<T> {
    /// The entries, to be changed.
    pub(super) fn entries(&mut self) -> impl Iterator<Item = &mut T> {
        self.results.iter_mut()
    }
}

impl<T: Serialize> Page<T> {
    /// The same with the entries under another name too, for clients that know nothing of pages.
    pub(super) fn also(self, name: &str, paging: &Paging) -> Value {
        let mut answer = serde_json::json!(self);
        if !paging.is_asked() {
            answer[name] = answer["results"].clone();
        }
        answer
    }
}

/// What is asked of a list: its own filters, and which page.
pub(super) struct Listed<T> {
    /// The filters.
    pub(super) asked: T,
    /// The page.
    pub(super) paging: Paging,
}

/// Which page, and the address to name others by.
#[derive(Debug, Clone)]
pub(super) struct Paging {
    asked: Asked,
    path: String,
    /// The filters, as they were written.
    rest: Vec<(String, String)>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Listed<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // The router took the beginning of the path away.
        let path = format!("{}{}", super::catalogue::ROOT, parts.uri.path());
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned();
        let (own, rest): (Vec<_>, Vec<_>) = pairs.partition(|(key, _)| KEYS.contains(&key.as_str()));
        let asked: Asked = query_of(&uri(&own))?;
        for (field, number) in [("page", asked.page), ("page_size", asked.page_size)] {
            if number == Some(0) {
                return Err(Problem::wrong(format!("{field}: begins at 1")).field(field));
            }
        }
        Ok(Self { asked: query_of(&uri(&rest))?, paging: Paging { asked, path, rest } })
    }
}

fn uri(pairs: &[(String, String)]) -> Uri {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Uri::try_from(format!("/?{query}")).unwrap_or_default()
}

impl Paging {
    /// Whether somebody asks for a page; old clients do not.
    pub(super) const fn is_asked(&self) -> bool {
        self.asked.page.is_some() || self.asked.page_size.is_some()
    }

    /// The text to search for.
    pub(super) fn search(&self) -> Option<String> {
        self.asked.search.clone().filter(|text| !text.is_empty())
    }

    fn size(&self) -> usize {
        self.asked.page_size.unwrap_or(USUAL).min(MOST)
    }

    fn number(&self) -> usize {
        self.asked.page.unwrap_or(1)
    }

    /// Which rows the database is to give. `columns` are the fields it can sort by with their columns.
    pub(super) fn slice(&self, columns: &[(&str, &'static str)]) -> Result<Slice, Problem> {
        let order = match self.order() {
            None => None,
            Some((name, down)) => {
                let found = columns.iter().find(|(known, _)| *known == name);
                let known = columns.iter().map(|(name, _)| *name);
                Some((found.ok_or_else(|| unsorted(name, known))?.1, down))
            }
        };
        let offset = (self.number() - 1).saturating_mul(self.size());
        Ok(Slice { offset, limit: self.size(), order })
    }

    /// The field to sort by, and whether downwards.
    fn order(&self) -> Option<(&str, bool)> {
        let word = self.asked.order_by.as_deref().filter(|word| !word.is_empty())?;
        Some(word.strip_prefix('-').map_or((word, false), |name| (name, true)))
    }

    /// The page that the database gave.
    pub(super) fn page<T>(&self, count: u64, results: Vec<T>) -> Result<Page<T>, Problem> {
        let (number, size) = (self.number(), self.size());
        if results.is_empty() && number > 1 {
            return Err(Problem::missing(format!("page: there is no page {number}")).field("page"));
        }
        let seen = (number as u64).saturating_mul(size as u64);
        let next = (seen < count).then(|| self.address(number + 1));
        let previous = (number > 1).then(|| self.address(number - 1));
        Ok(Page { count, next, previous, results })
    }

    /// The page of a list that is at hand.
    pub(super) fn cut<T: Serialize>(&self, items: Vec<T>) -> Result<Page<Value>, Problem> {
        let mut all: Vec<Value> = items.into_iter().map(|item| serde_json::json!(item)).collect();
        if let Some(text) = self.search() {
            let text = text.to_lowercase();
            all.retain(|item| holds(item, &text));
        }
        if let Some((name, down)) = self.order() {
            let known = |item: &Value| item.get(name).is_some();
            if let Some(first) = all.first().filter(|first| !known(first)) {
                let names = first.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str));
                return Err(unsorted(name, names));
            }
            all.sort_by(|a, b| compare(&a[name], &b[name]));
            if down {
                all.reverse();
            }
        }
        let count = all.len() as u64;
        let slice = Slice { order: None, ..self.slice_of() };
        self.page(count, all.into_iter().skip(slice.offset).take(slice.limit).collect())
    }

    fn slice_of(&self) -> Slice {
        let offset = (self.number() - 1).saturating_mul(self.size());
        Slice { offset, limit: self.size(), order: None }
    }

    fn address(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.rest);
        let asked = &self.asked;
        let pairs = [
            ("page", Some(page.to_string())),
            ("page_size", asked.page_size.map(|size| size.to_string())),
            ("order_by", asked.order_by.clone()),
            ("search", asked.search.clone()),
        ];
        for (key, value) in pairs {
            if let Some(value) = value {
                query.append_pair(key, &value);
            }
        }
        format!("{}?{}", self.path, query.finish())
    }
}

fn unsorted<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    let known: Vec<&str> = known.collect();
    let detail = format!("order_by: nothing is sorted by `{name}`, accepted: {}", known.join(", "));
    Problem::wrong(detail).field("order_by")
}

/// Whether any text in it holds `text`, which is in lower case.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.to_lowercase().contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(map) => map.values().any(|item| holds(item, text)),
        _ => false,
    }
}

/// Numbers by value, texts by their letters, nothing first.
fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => {
            let text = |value: &Value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            text(a).cmp(&text(b))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paging(asked: Asked) -> Paging {
        Paging {
            asked,
            path: "/api/v1/things".to_owned(),
            rest: vec![("state".to_owned(), "a b".to_owned())],
        }
    }

    fn names(page: &Page<Value>) -> Vec<&str> {
        page.results.iter().map(|item| item["name"].as_str().unwrap()).collect()
    }

    #[test]
    fn pages_name_their_neighbours_with_the_same_filters() {
        let items: Vec<Value> = (1..=5).map(|n| json!({"name": format!("n{n}"), "n": n})).collect();
        let asked =
            Asked { page: Some(2), page_size: Some(2), order_by: Some("-n".into()), ..Asked::default() };
        let page = paging(asked).cut(items).unwrap();
        assert_eq!((page.count, names(&page)), (5, vec!["n3", "n2"]));
        assert_eq!(page.next.as_deref(), Some("/api/v1/things?state=a+b&page=3&page_size=2&order_by=-n"));
        assert_eq!(page.previous.as_deref(), Some("/api/v1/things?state=a+b&page=1&page_size=2&order_by=-n"));
    }

    #[test]
    fn a_search_finds_texts_anywhere_and_a_page_that_is_not_there_is_missing() {
        let items = vec![json!({"name": "a", "to": ["#Ops"]}), json!({"name": "b", "to": ["#dev"]})];
        let search = Asked { search: Some("OPS".into()), ..Asked::default() };
        assert_eq!(names(&paging(search).cut(items.clone()).unwrap()), ["a"]);
        let far = Asked { page: Some(9), ..Asked::default() };
        assert!(format!("{:?}", paging(far).cut(items.clone()).unwrap_err()).contains("there is no page 9"));
        let unknown = Asked { order_by: Some("size".into()), ..Asked::default() };
        assert!(format!("{:?}", paging(unknown).cut(items).unwrap_err()).contains("accepted: name, to"));
    }
}
