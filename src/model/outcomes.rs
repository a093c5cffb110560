//! The newest outcomes of a subject as they are kept: one short text, since it is read and written with every event.
//!
//! `1760000000000000 failed,2500000 ok`: the first time in microseconds since 1970, each next one as what it adds to
//! the one before (below zero where the clock was put back). A list of objects, as it was once, is read too.

use std::fmt::Write;

use serde::{Deserialize, Deserializer, Serializer, de};

use super::{Outcome, Timestamp};

pub(super) fn serialize<S: Serializer>(outcomes: &[Outcome], serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = String::with_capacity(outcomes.len() * 18);
    let mut before = 0;
    for outcome in outcomes {
        let at = outcome.at.as_micros();
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{} {}", at.wrapping_sub(before), outcome.status.word());
        before = at;
    }
    serializer.serialize_str(&text)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Outcome>, D::Error> {
    struct Visitor;
    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Vec<Outcome>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("outcomes such as `1760000000000000 failed,2500000 ok`")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<Outcome>, E> {
            parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Vec<Outcome>, A::Error> {
            Vec::deserialize(de::value::SeqAccessDeserializer::new(seq))
        }
    }
    deserializer.deserialize_any(Visitor)
}

fn parse(text: &str) -> Option<Vec<Outcome>> {
    let mut before = 0_i64;
    let pieces = text.split(',').filter(|piece| !piece.is_empty());
    let read = |piece: &str| {
        let (span, status) = piece.split_once(' ')?;
        before = before.wrapping_add(span.parse().ok()?);
        Some(Outcome { at: Timestamp::from_micros(before), status: status.parse().ok()? })
    };
    pieces.map(read).collect()
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;
    use crate::model::EventStatus;

    #[derive(Serialize, Deserialize)]
    struct Kept(#[serde(with = "super")] Vec<Outcome>);

    #[test]
    fn outcomes_read_back_also_after_a_clock_was_put_back() {
        let outcome = |at, status| Outcome { at: Timestamp::from_micros(at), status };
        let all = vec![
            outcome(1_760_000_000_000_000, EventStatus::Failed),
            outcome(1_760_000_000_250_000, EventStatus::Ok),
            outcome(1_760_000_000_000_000, EventStatus::Canceled),
        ];
        let kept = serde_json::to_value(Kept(all.clone())).unwrap();
        assert_eq!(kept, json!("1760000000000000 failed,250000 ok,-250000 canceled"));
        assert_eq!(serde_json::from_value::<Kept>(kept).unwrap().0, all);
        assert_eq!(serde_json::from_value::<Kept>(json!("")).unwrap().0, []);
    }

    #[test]
    fn the_list_of_an_earlier_version_is_read() {
        let kept = json!([{"at": 7, "status": "failed"}, {"at": 9, "status": "ok"}]);
        let Kept(read) = serde_json::from_value(kept).unwrap();
        assert_eq!(read.iter().map(|it| it.at.as_micros()).collect::<Vec<_>>(), [7, 9]);
        for bad in [json!("x ok"), json!("5 fine"), json!("5"), json!(5)] {
            assert!(serde_json::from_value::<Kept>(bad).is_err());
        }
    }
}
