//! Random and hostile formats and texts: never a panic, never a long wait, never a format hidden by the index.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Alias, Case, Entry, Found, Matcher, Pattern, answer};

/// A small generator with a fixed seed: the same texts each time.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    pub(super) fn text(&mut self, pieces: &[&str], most: usize) -> String {
        (0..self.roll(most)).map(|_| pieces[self.roll(pieces.len())]).collect()
    }
}

const FORMATS: [&str; 36] = [
    "a", "b", "to", " ", " ", "{{x}}", "{{y}}", "{{z=1}}", "{{", "}}", "(", ")", "|", "?", "*", "+", "[ab]",
    "[", "]", "\\d", "\\b", "\\", "^", "$", "(?:", "(?P<n>", "(?i)", "(?=", "(?!", "{2}", "é", ".", "\\1",
    "=", "\n", "'",
];
const TEXTS: [&str; 18] =
    ["a", "b", "B", "to", " ", " ", "1", "k=", "=", "v", "\"", "'", "{", "}", "\\", "\n", "é", "\u{2028}"];

fn matcher(formats: &[String]) -> Option<Matcher> {
    let file = serde_json::json!({"name": "a", "action_ref": "core.noop", "formats": formats});
    let (alias, _) = Alias::load(Some("p"), Path::new("a.yaml"), &file.to_string()).ok()?;
    Some(Matcher::build(vec![Entry { alias: Arc::new(alias), parameters: None }], Case::Ignore))
}

#[test]
fn random_formats_and_texts_never_panic_and_the_index_agrees() {
    let mut dice = Dice::new(1);
    let mut read = 0;
    while read < 120 {
        let format = dice.text(&FORMATS, 10);
        if Pattern::parse(&format, false).is_err() {
            continue;
        }
        read += 1;
        let matcher = matcher(std::slice::from_ref(&format));
        for round in 0..6 {
            let text = dice.text(&TEXTS, 16);
            let alone = answer::with_format(&format, false, &text, Case::Ignore);
            if round == 0 {
                drop(answer::with_format(&format, true, &text, Case::Strict));
            }
            let Some(matcher) = &matcher else { continue };
            let found = answer::with_aliases(matcher, &text);
            if alone.error.is_none() {
                assert_eq!(
                    (found.matches, found.params),
                    (alone.matches, alone.params),
                    "{format:?} {text:?}"
                );
            }
        }
    }
}

#[test]
fn hostile_texts_end_soon() {
    let formats = [
        "say {{a}} to {{b}}",
        "{{a}} {{b=1}} {{c=2}} {{d}}",
        "(run|do) {{a}}( on {{b}})?",
        "{{a}}{{b}}{{c}}x",
        "list {{a}} {{n=5}} of {{m=6}}",
        "do {{x}}( (?P<n>\\d+))?( {{y}})?",
        "(?!no ){{x}} (\\w+) \\2",
    ];
    let matcher = matcher(&formats.map(str::to_owned)).unwrap();
    let pieces = [" ", "a=b ", "to ", "\"", "'a \"b ", "{", "a={ ", "}", "list 1 of ", "\u{a0}"];
    for piece in pieces {
        for start in ["", "say ", "run ", "list "] {
            let text = format!("{start}{}=", piece.repeat((16 << 10) / piece.len()));
            let started = Instant::now();
            drop(matcher.find(&text, &|_| true));
            // Generous: an unoptimised build on a busy machine; quadratic time would take minutes.
            assert!(started.elapsed() < Duration::from_secs(20), "{start}{piece}: {:?}", started.elapsed());
        }
    }
    assert!(matches!(matcher.find(&"a".repeat(1 << 20), &|_| true), Found::Error(_)));
}
