//! Where in `notifiers.yaml` the option stands that a sentence complains about.

use serde_json::{Map, Value};

/// Where an option stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Line and column, from 1.
    pub(super) at: (u64, u64),
    /// The keys below `to`: `slack.http.timeout`.
    pub(super) key: String,
}

/// The place of the option that `message` names first in backticks; `None` if it names none that is written. The
/// entry's options are `options`, its `to` stands in `line` of `text`.
pub(super) fn of(text: &str, line: u64, options: &Map<String, Value>, message: &str) -> Option<Place> {
    let word = message.split('`').nth(1)?;
    let key = path(options, word)?;
    let first = usize::try_from(line.saturating_sub(1)).ok()?;
    let lines = text.lines().enumerate().skip(first);
    // The next entry may have an option of the same name.
    let own = lines.take_while(|(index, line)| *index <= first || !line.trim_start().starts_with("- name:"));
    for (index, line) in own {
        if let Some(column) = column(line, word) {
            return Some(Place { at: (index as u64 + 1, column as u64 + 1), key });
        }
    }
    None
}

/// The keys that lead to `word`.
fn path(options: &Map<String, Value>, word: &str) -> Option<String> {
    if options.contains_key(word) {
        return Some(word.to_owned());
    }
    let deeper = |(key, value): (&String, &Value)| Some(format!("{key}.{}", path(value.as_object()?, word)?));
    options.iter().find_map(deeper)
}

/// Where `word` stands as a key in a line, counted in characters.
fn column(line: &str, word: &str) -> Option<usize> {
    let is_key = |at: &usize| {
        let before = line[..*at].chars().next_back();
        let after = line[at + word.len()..].trim_start_matches(['"', '\'']).trim_start();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) && after.starts_with(':')
    };
    let at = line.match_indices(word).map(|(at, _)| at).find(is_key)?;
    Some(line[..at].chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str = "notifiers:\n  - name: a\n    to:\n      slack:\n        xcolor: 1\n        \"color\": red\n        \
                        http: { timeout: 0 }\n  - name: b\n    to: { webhook: { url: x } }\n";

    fn place(message: &str) -> Option<Place> {
        let options = json!({"slack": {"color": "red", "xcolor": 1, "url": "", "http": {"timeout": 0}}});
        of(TEXT, 4, options.as_object().unwrap(), message)
    }

    #[test]
    fn an_option_is_found_where_it_is_a_key() {
        let found = place("`color` must be such as `#36a64f`").unwrap();
        assert_eq!(found, Place { at: (6, 10), key: "slack.color".to_owned() });
        let deeper = place("`timeout` must be more than nothing").unwrap();
        assert_eq!(deeper, Place { at: (7, 17), key: "slack.http.timeout".to_owned() });
    }

    #[test]
    fn what_is_not_written_in_this_entry_has_no_place() {
        assert_eq!(place("`url` must be an address"), None);
        assert_eq!(place("`nothing` is there"), None);
        assert_eq!(place("no word"), None);
    }
}
