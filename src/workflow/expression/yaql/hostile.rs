//! Texts made to loop, grow, dig or confuse: each ends, soon, without a panic.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::super::{Scope, evaluate, inspect};

struct Nothing(Map<String, Value>);

impl Scope for Nothing {
    fn context(&self) -> &Map<String, Value> {
        &self.0
    }
    fn in_task(&self) -> bool {
        true
    }
    fn result(&self) -> Option<&Value> {
        None
    }
    fn status(&self) -> Option<&str> {
        None
    }
    fn item(&self, _: Option<&str>) -> Result<Value, String> {
        Err("there is no item".to_owned())
    }
    fn task_status(&self, _: &str) -> Value {
        Value::Null
    }
    fn task(&self, _: Option<&str>) -> Result<Value, String> {
        Ok(Value::Null)
    }
    fn kv(&self, key: &str, _: bool, _: Option<Value>) -> Result<Value, String> {
        Ok(key.into())
    }
}

fn nothing() -> Nothing {
    let context = json!({"s": "a".repeat(10_000), "l": (0..1_000).collect::<Vec<_>>()});
    Nothing(context.as_object().unwrap().clone())
}

const HOSTILE: [&str; 33] = [
    "range(1000000000).select($)",
    "range(100000).select(range(100000).len())",
    "range(1000).select(range(1000).select(range(1000).len()))",
    "range(3000).where(range(3000).any($ < 0)).len()",
    "'x' * 1000000000",
    "1000000000 * [1]",
    "[1] * 9223372036854775807",
    "generate(1, true, $ + 1)",
    "generate(a, true, $ + $)",
    "generate([1], true, [$, $])",
    "generate({a => 1}, true, {a => $, b => $})",
    "range(1000).aggregate($1 + $1, ab)",
    "ctx().l.select(ctx().s).join(ctx().s)",
    "ctx().s.replace(a, ctx().s)",
    "ctx().s.replace('', ctx().s)",
    "ctx().s.split(a).select(ctx().s).join()",
    "range(100000).distinct()",
    "range(100000).groupBy($)",
    "range(20000).toSet().intersect(range(20000))",
    "range(9).select(generate(1, true, $ + 1))",
    "let(a => ctx().s) -> range(10000).select($a + $a)",
    "regex_search(ctx().s, '(((((a{1,1000}){1,1000}){1,1000})))')",
    "ctx().s.matches('(a*)*b(?=c)\\\\1')",
    "call(call, [], {})",
    "pow(10, 100000)",
    "9223372036854775807 * 9223372036854775807 * 9223372036854775807",
    "1 / 0",
    "1.5 mod 0",
    "range(0, 9223372036854775807, 1)",
    "range(0, 10, 0)",
    "[1].repeat(1000000000)",
    "range(2000).select(st2kv('k')).select([$] * 3000)",
    "now().x.y",
];

#[test]
fn hostile_expressions_end_in_an_error() {
    let scope = nothing();
    let mut wrong = Vec::new();
    for source in HOSTILE {
        let began = Instant::now();
        let got = evaluate(&json!(format!("<% {source} %>")), &scope);
        let took = began.elapsed();
        // Debug builds are ten times slower than what people run, and tests share the machine.
        if got.is_ok() || took > Duration::from_secs(20) {
            wrong.push(format!("{source} took {took:?}: {:?}", got.map(|value| value.to_string().len())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Numbers that only look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap_or(0)
    }
}

const WORDS: [&str; 64] = [
    "<%",
    "%>",
    "{{",
    "}}",
    "{%",
    "%}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "=>",
    ".",
    "?.",
    "->",
    "$",
    "$1",
    "$a",
    "+",
    "-",
    "*",
    "/",
    "mod",
    "=",
    "!=",
    "<",
    ">=",
    "=~",
    "!~",
    "in",
    "not",
    "and",
    "or",
    "null",
    "true",
    "1",
    "2.5",
    "9223372036854775807",
    "a",
    "l",
    "'x'",
    "\"\\u12\"",
    "`",
    "\\",
    "\u{0}",
    "é",
    "\u{1f600}",
    " ",
    "\n",
    "ctx()",
    "ctx(",
    "len(",
    ".select(",
    ".where(",
    "switch(",
    "let(a => 1)",
    "range(5)",
    "dict(",
    "result()",
    "| join",
    "x",
    "__y",
];

#[test]
fn any_text_is_answered_without_a_panic() {
    let scope = nothing();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut values = 0;
    for _ in 0..6_000 {
        let mut text: String = (0..1 + dice.roll(14)).map(|_| WORDS[dice.roll(WORDS.len())]).collect();
        if dice.roll(4) > 0 {
            text = if dice.roll(4) > 0 { format!("<% {text} %>") } else { format!("{{{{ {text} }}}}") };
        }
        let found = inspect(&text);
        let parses = found.problems.is_empty();
        let value = evaluate(&json!(text), &scope);
        values += usize::from(parses && !found.languages.is_empty() && value.is_ok());
    }
    assert!(values > 50, "only {values} texts had a value: the words are badly chosen");
}

#[test]
fn pieces_of_good_expressions_are_answered_without_a_panic() {
    let source = "<% ctx().l.where($ > 1 and not $ = 'a\\u00e9').select({k => $, v => [str($), \"é\"]}).first(null)?.v[-1] %>";
    let scope = nothing();
    for (from, _) in source.char_indices() {
        for (to, _) in source.char_indices().skip(from % 3).step_by(3).filter(|(to, _)| *to > from) {
            let piece = format!("<% {} %>", &source[from..to]);
            inspect(&piece);
            let _ = evaluate(&json!(piece), &scope);
        }
    }
    assert!(evaluate(&json!(source), &scope).is_ok());
}
