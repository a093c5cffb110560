//! Texts of a notifier as values, for one that no file has: the form of `messages:`, each tried on sample events.

use serde_json::{Map, Value};

use crate::model::Moment;
use crate::notifier::proof::{self, Form};
use crate::notifier::{Messages, Text};

/// Reads `{"error": {"message": "..."}}`; what is null is left out.
///
/// # Errors
/// A moment or key that is none, a text that is no template or names what no event has: one sentence.
pub(super) fn of(written: &Map<String, Value>) -> Result<Messages, String> {
    let mut all = Messages::new();
    for (word, value) in written.iter().filter(|(_, value)| !value.is_null()) {
        let moment: Moment = word.parse().map_err(|error| format!("messages: {error}"))?;
        let text: Text =
            serde_json::from_value(value.clone()).map_err(|error| format!("messages.{word}: {error}"))?;
        let parts = [
            ("message", Form::Text, &text.message),
            ("body", Form::Text, &text.body),
            ("html", Form::Html, &text.html),
        ];
        for (part, form, source) in parts {
            if let Some(source) = source {
                proof::check(moment, form, source).map_err(|why| format!("messages.{word}.{part}: {why}"))?;
            }
        }
        all.insert(moment, text);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_tried_before_they_are_taken() {
        let read = |value: Value| of(value.as_object().unwrap());
        let good = json!({"error": {"message": "{{ event.title }} broke", "body": null}, "success": null});
        assert_eq!(read(good).unwrap()[&Moment::Error].message.as_deref(), Some("{{ event.title }} broke"));
        for (bad, part) in [
            (json!({"eror": {}}), "messages: "),
            (json!({"error": {"text": "x"}}), "messages.error: unknown field"),
            (json!({"error": {"message": "{{ event.titel }}"}}), "messages.error.message: "),
        ] {
            let why = read(bad).unwrap_err();
            assert!(why.starts_with(part), "{why}");
        }
    }
}
