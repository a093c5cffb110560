//! What `chatops alias match` answers, as JSON: one question, one object.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::command::Command;
use super::found::{Case, Found, Hit};
use super::matcher::{LONGEST, Matcher};
use super::pattern::{Params, Pattern};
use super::write::Fold;

/// One line of `alias match -`: `{"format": "run {{cmd}}", "input": "run date"}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The format to match; without one all aliases are asked.
    #[serde(default)]
    pub format: Option<String>,
    /// Whether that format matches many times.
    #[serde(default)]
    pub match_multiple: bool,
    /// What was typed.
    pub input: String,
}

/// The answer; absent fields are left out of the JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Answer {
    /// Whether exactly one command is meant.
    #[serde(rename = "match")]
    pub matches: bool,
    /// `pack.alias`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The text that matched, as the alias has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// How help shows the format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// Parameters before casting: strings or null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// The same for each hit of a format that matches many times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params_list: Option<Vec<Value>>,
    /// A tie: `pack.alias` of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<String>>,
    /// The nearest command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// Why nothing could be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Answers with all aliases, as if everything were allowed.
pub fn with_aliases(matcher: &Matcher, input: &str) -> Answer {
    match matcher.find(input, &|_| true) {
        Found::One(hit) => Answer { params: Some(params(&hit.params)), ..matched(hit) },
        Found::Many(hits) => {
            let list = hits.iter().map(|hit| params(&hit.params)).collect();
            let first = hits.into_iter().next().map(matched).unwrap_or_default();
            Answer { params_list: Some(list), ..first }
        }
        Found::Tie(candidates) => {
            let references = candidates.iter().map(|candidate| candidate.alias.reference()).collect();
            Answer { candidates: Some(references), ..Answer::default() }
        }
        Found::None { suggestion } => {
            Answer { suggestion: suggestion.map(|suggestion| suggestion.display), ..Answer::default() }
        }
        Found::Error(why) => error(why),
    }
}

/// Answers for one format alone; pairs may have any name.
pub fn with_format(format: &str, match_multiple: bool, input: &str, case: Case) -> Answer {
    if input.len() > LONGEST {
        return error(format!("a command has at most {LONGEST} bytes"));
    }
    let pattern = match Pattern::parse(format, match_multiple) {
        Ok(pattern) => pattern,
        Err(why) => return error(why),
    };
    let fold = if case == Case::Strict { Fold::AsWritten } else { Fold::EitherCase };
    let readings = match pattern.read(&Command::new(input), &|_| true, fold) {
        Ok(readings) => readings,
        Err(why) => return error(why),
    };
    let mut list: Vec<Value> = readings.iter().map(|reading| params(&reading.params)).collect();
    let answer = Answer { matches: !list.is_empty(), ..Answer::default() };
    match (match_multiple, list.is_empty()) {
        (true, _) => Answer { params_list: Some(list), ..answer },
        (false, true) => answer,
        (false, false) => Answer { params: Some(list.swap_remove(0)), ..answer },
    }
}

fn matched(hit: Hit) -> Answer {
    Answer {
        matches: true,
        alias: Some(hit.alias.reference()),
        format: Some(hit.representation),
        display: Some(hit.display),
        ..Answer::default()
    }
}

/// The answer to a question that cannot be asked.
pub fn error(why: String) -> Answer {
    Answer { error: Some(why), ..Answer::default() }
}

fn params(params: &Params) -> Value {
    let text = |value: &Option<String>| value.clone().map_or(Value::Null, Value::String);
    Value::Object(params.iter().map(|(name, value)| (name.clone(), text(value))).collect::<Map<_, _>>())
}
