//! The three things a rule compares: what is run, with which values, where.

use serde_json::Value;

use super::glob::{Star, matches};
use crate::model::{AdapterName, Place};

/// An action `default.*`, or a command `alias:default.deploy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RefPattern {
    Action(String),
    Alias(String),
}

impl RefPattern {
    /// Reads a pattern; says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, pattern) = match text.strip_prefix("alias:") {
            Some(name) => (name, Self::Alias(name.to_owned())),
            None => (text, Self::Action(text.to_owned())),
        };
        let good = |letter: char| letter.is_alphanumeric() || "._-*".contains(letter);
        if !name.chars().all(good) || !(name.contains('.') || name.contains('*')) {
            let message = "is no action such as `deploy.release` or `deploy.*`, nor a command such as `alias:web.restart`";
            return Err(format!("`{text}` {message}"));
        }
        Ok(pattern)
    }

    pub(super) fn matches(&self, action: &str, alias: Option<&str>) -> bool {
        match self {
            Self::Action(pattern) => matches(pattern, action, Star::Anything),
            Self::Alias(pattern) => alias.is_some_and(|alias| matches(pattern, alias, Star::Anything)),
        }
    }

    /// As the file has it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Action(pattern) => pattern.clone(),
            Self::Alias(pattern) => format!("alias:{pattern}"),
        }
    }
}

/// The values that a parameter may have; an empty place in the list (`~`) means that it may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) name: String,
    pub(super) allowed: Vec<Option<String>>,
}

impl Values {
    /// Whether a value is allowed. Of a list every item must be, and an empty list is none.
    pub(super) fn allow(&self, value: Option<&Value>) -> bool {
        match value {
            None | Some(Value::Null) => self.allowed.contains(&None),
            Some(Value::Array(items)) => !items.is_empty() && items.iter().all(|item| self.allow_one(item)),
            Some(one) => self.allow_one(one),
        }
    }

    fn allow_one(&self, value: &Value) -> bool {
        let patterns = || self.allowed.iter().flatten();
        match value {
            Value::Bool(given) => patterns().any(|pattern| pattern == "*" || truth(pattern) == Some(*given)),
            Value::String(text) => patterns().any(|pattern| pattern == text) || self.allow_parts(text),
            other => self.allow_text(&other.to_string()),
        }
    }

    /// Text that lists several things separated by commas needs each of them allowed.
    fn allow_parts(&self, text: &str) -> bool {
        self.allow_text(text)
            || (text.contains(',') && text.split(',').all(|part| self.allow_text(part.trim())))
    }

    fn allow_text(&self, text: &str) -> bool {
        self.allowed.iter().flatten().any(|pattern| pattern == "*" || matches(pattern, text, Star::Word))
    }

    /// As a sentence lists them: `` `staging`, `dev-*` ``.
    pub(super) fn list(&self) -> String {
        let one =
            |value: &Option<String>| value.as_ref().map_or("none".to_owned(), |text| format!("`{text}`"));
        self.allowed.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A place where a rule holds: `direct`, `slack:#ops`, `irc:#ops-*`, `irc:direct`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlacePattern {
    adapter: Option<AdapterName>,
    /// None for conversations between one person and the bot.
    room: Option<String>,
}

impl PlacePattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "direct" {
            return Ok(Self { adapter: None, room: None });
        }
        let wrong = || format!("`{text}` is no place, write `adapter:room` such as `irc:#ops`, or `direct`");
        let (adapter, room) = text.split_once(':').filter(|(_, room)| !room.is_empty()).ok_or_else(wrong)?;
        let adapter = AdapterName::new(adapter).map_err(|_| wrong())?;
        let room = (room != "direct").then(|| room.to_lowercase());
        Ok(Self { adapter: Some(adapter), room })
    }

    /// By the room's id or its name, in any case. A place in a thread is that of its room.
    pub(super) fn matches(&self, place: &Place, room_name: Option<&str>) -> bool {
        if self.adapter.as_ref().is_some_and(|adapter| *adapter != place.adapter) {
            return false;
        }
        match &self.room {
            None => place.is_direct(),
            Some(_) if place.is_direct() => false,
            Some(pattern) => {
                let fits = |name: &str| matches(pattern, &name.to_lowercase(), Star::Anything);
                fits(&place.room)
                    || room_name.is_some_and(|name| {
                        fits(name) || (!name.starts_with('#') && fits(&format!("#{name}")))
                    })
            }
        }
    }

    /// As the file has it.
    pub(super) fn text(&self) -> String {
        let room = self.room.as_deref().unwrap_or("direct");
        self.adapter.as_ref().map_or_else(|| room.to_owned(), |adapter| format!("{adapter}:{room}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(allowed: &[&str]) -> Values {
        Values {
            name: "env".to_owned(),
            allowed: allowed.iter().map(|text| Some((*text).to_owned())).collect(),
        }
    }

    #[test]
    fn values_are_compared_as_text() {
        let allowed = values(&["staging", "dev-*", "7", "no"]);
        for good in [
            json!("staging"),
            json!("dev-1"),
            json!(7),
            json!("7"),
            json!(false),
            json!(["staging", "dev-2"]),
        ] {
            assert!(allowed.allow(Some(&good)), "{good}");
        }
        let bad = [
            json!("prod"),
            json!("Staging"),
            json!(true),
            json!(["staging", "prod"]),
            json!([]),
            json!({}),
            json!(null),
        ];
        for bad in bad {
            assert!(!allowed.allow(Some(&bad)), "{bad}");
        }
        assert!(!allowed.allow(None));
    }

    #[test]
    fn every_part_of_a_comma_separated_text_must_be_allowed() {
        let allowed = values(&["web-*", "a,b"]);
        assert!(allowed.allow(Some(&json!("web-1, web-2"))));
        assert!(allowed.allow(Some(&json!("a,b"))));
        for bad in ["web-1,db-1", "web-1,", "web-1;db-1", "web-1 db-1", "b,a"] {
            assert!(!allowed.allow(Some(&json!(bad))), "{bad}");
        }
    }

    #[test]
    fn one_star_alone_allows_any_value_and_a_tilde_none() {
        assert!(values(&["*"]).allow(Some(&json!("any, thing; at all"))));
        assert!(!values(&["*"]).allow(None));
        let optional = Values { name: "env".to_owned(), allowed: vec![None] };
        assert!(
            optional.allow(None) && optional.allow(Some(&json!(null))) && !optional.allow(Some(&json!("")))
        );
    }

    #[test]
    fn places_are_rooms_by_id_or_name_or_direct() {
        let adapter = |name: &str| AdapterName::new(name).unwrap();
        let room = Place::room(adapter("slack"), "C0123");
        let direct = Place::direct(adapter("irc"), "alice");
        let fits =
            |pattern: &str, place: &Place, name| PlacePattern::parse(pattern).unwrap().matches(place, name);
        assert!(fits("slack:C0123", &room, None) && fits("slack:#ops", &room, Some("#ops")));
        assert!(fits("slack:#ops", &room, Some("ops")) && fits("slack:#o*", &room, Some("OPS")));
        assert!(!fits("irc:#ops", &room, Some("#ops")) && !fits("slack:#ops", &room, Some("##ops")));
        assert!(!fits("slack:##ops", &room, Some("#ops")));
        assert!(
            fits("direct", &direct, None)
                && fits("irc:direct", &direct, None)
                && !fits("direct", &room, None)
        );
        assert!(
            !fits("slack:direct", &direct, None)
                && !fits("irc:*", &direct, None)
                && !fits("irc:alice", &direct, None)
        );
        for text in ["#ops", "", "irc:", ":#ops", "IRC:#ops"] {
            assert!(PlacePattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_of_actions_and_commands_are_told_apart() {
        let fits = |pattern: &str, action, alias| RefPattern::parse(pattern).unwrap().matches(action, alias);
        assert!(fits("default.*", "default.deploy", None) && fits("*", "core.local", Some("a.b")));
        assert!(
            !fits("default.*", "core.local", Some("default.run")),
            "a command's pack grants no action of another"
        );
        assert!(
            fits("alias:default.run", "core.local", Some("default.run"))
                && !fits("alias:*", "core.local", None)
        );
        for text in ["deploy", "", "a b.c", "alias:deploy", "role:x.y"] {
            assert!(RefPattern::parse(text).is_err(), "{text}");
        }
    }
}
