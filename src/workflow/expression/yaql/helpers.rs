//! Functions that are filters of the templates too: one implementation serves both languages.

use std::borrow::Cow;

use serde_json::Value;

use super::super::jinja;
use super::call::Call;
use super::evaluate::Evaluator;
use super::table::{Row, function};
use super::value::{Cause, Datum, kind, size};

/// The rows; names and order of the parameters are the filters'.
pub(super) const ROWS: &[Row] = &[
    function("from_json_string", "value", helper),
    function("json_parse", "value", helper),
    function("from_yaml_string", "value", helper),
    function("yaml_parse", "value", helper),
    function("to_json_string", "value indent? sort_keys? separators?", helper),
    function("json_dump", "value indent? sort_keys? separators?", helper),
    function("to_yaml_string", "value indent? allow_unicode?", helper),
    function("yaml_dump", "value indent? allow_unicode?", helper),
    function("json_escape", "value", helper),
    function("jsonpath_query", "value query", helper),
    function("regex_match", "value pattern ignorecase?", helper),
    function("regex_replace", "value pattern replacement ignorecase?", helper),
    function("regex_search", "value pattern ignorecase?", helper),
    function("regex_substring", "value pattern result_index? ignorecase?", helper),
    function("version_compare", "value pattern", helper),
    function("version_more_than", "value pattern", helper),
    function("version_less_than", "value pattern", helper),
    function("version_equal", "value pattern", helper),
    function("version_match", "value pattern", helper),
    function("version_bump_major", "value", helper),
    function("version_bump_minor", "value", helper),
    function("version_bump_patch", "value", helper),
    function("version_strip_patch", "value", helper),
    function("to_human_time_from_seconds", "value", helper),
    function("use_none", "value", helper),
    function("basename", "value", helper),
    function("dirname", "value", helper),
];

/// The most parameters of a row.
const MOST: usize = 4;

fn helper<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut args = Vec::new();
    for index in 0..MOST {
        match call.optional(index)? {
            Some(value) => args.push(value),
            // An argument left out between two given ones has its default, which null stands for.
            None if (index..MOST).any(|later| call.has(later)) => args.push(super::value::NULL),
            None => break,
        }
    }
    let args: Vec<&Value> = args.iter().map(|value| &**value).collect();
    call.evaluator.meter.charge(args.iter().map(|arg| size(arg)).sum())?;
    let made = jinja::filter(call.name, &args)?;
    call.evaluator.meter.make(size(&made))?;
    Ok(Cow::Owned(made))
}

/// Whether a regular expression is found anywhere in a text.
pub(super) fn search(evaluator: &Evaluator<'_>, text: &Value, pattern: &Value) -> Result<bool, Cause> {
    for value in [text, pattern] {
        if !value.is_string() {
            return Err(format!("a text is needed, not {}", kind(value)));
        }
    }
    evaluator.meter.charge(size(text) + size(pattern))?;
    Ok(jinja::filter("regex_search", &[text, pattern])? == Value::Bool(true))
}
