//! Reading a runner's parameters. They are checked and cast before; what is still wrong is said in a sentence.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The longest time limit, in seconds: a year.
const LONGEST: f64 = 31_536_000.0;

/// The options of a runner, out of its parameters. Nulls count as not given, others' parameters are ignored.
pub(super) fn options<T: DeserializeOwned>(parameters: &Map<String, Value>) -> Result<T, String> {
    let given = parameters.iter().filter(|(_, value)| !value.is_null());
    let given: Map<String, Value> = given.map(|(name, value)| (name.clone(), value.clone())).collect();
    serde_json::from_value(Value::Object(given.clone())).map_err(|error| {
        let words = error.to_string();
        // What stands before it may quote the value, and that may be a secret.
        let expected = words.rsplit_once("expected ").map_or("something else", |(_, expected)| expected);
        match culprit::<T>(&given) {
            Some(name) => format!("the parameter `{name}` is of the wrong type: expected {expected}"),
            None => "some parameters are of the wrong types".to_owned(),
        }
    })
}

/// The one parameter without which the others can be read.
fn culprit<T: DeserializeOwned>(given: &Map<String, Value>) -> Option<&String> {
    given.keys().find(|name| {
        let mut others = given.clone();
        others.shift_remove(name.as_str());
        serde_json::from_value::<T>(Value::Object(others)).is_ok()
    })
}

/// A value as text: what an environment variable or a header holds. Lists and objects as JSON, null as nothing.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A `timeout` parameter, in seconds; 0 is no limit of its own.
pub(super) fn limit(seconds: f64, whole: Duration) -> Duration {
    if seconds > 0.0 { whole.min(Duration::from_secs_f64(seconds.min(LONGEST))) } else { whole }
}

/// The variables of an `env` parameter and the values beside it, the latter last; names are checked.
pub(super) fn environment(
    env: &Map<String, Value>,
    values: &[(String, String)],
) -> Result<Vec<(String, String)>, String> {
    let given = env.iter().map(|(name, value)| (name.clone(), text(value)));
    let all: Vec<(String, String)> = given.chain(values.iter().cloned()).collect();
    for (name, value) in &all {
        if !is_variable(name) {
            return Err(format!("`{name}` cannot be the name of an environment variable"));
        }
        if value.contains('\0') {
            return Err(format!("the value of `{name}` holds a NUL byte, which no program can be given"));
        }
    }
    Ok(all)
}

/// Whether shells accept it as the name of a variable.
fn is_variable(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_type_names_the_parameter_and_never_its_value() {
        #[derive(Debug, serde::Deserialize)]
        struct Some {
            #[serde(default)]
            word: String,
        }
        let read = |value: Value| options::<Some>(value.as_object().unwrap());
        assert_eq!(read(json!({"word": "x", "other": 1})).unwrap().word, "x");
        assert_eq!(read(json!({"word": null})).unwrap().word, "");
        let error = read(json!({"word": 271_828, "other": 1})).unwrap_err();
        assert_eq!(error, "the parameter `word` is of the wrong type: expected a string");
    }

    #[test]
    fn variables_are_text_and_their_names_are_checked() {
        let env = json!({"A": 1, "B": true, "C": null, "D": [1, "x"]});
        let values = [("V".to_owned(), "$(x)".to_owned())];
        let all = environment(env.as_object().unwrap(), &values).unwrap();
        let all: Vec<String> = all.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(all, ["A=1", "B=true", "C=", "D=[1,\"x\"]", "V=$(x)"]);
        for name in ["", "1A", "A-B", "A;id", "A=B"] {
            let env = json!({name: "x"});
            assert!(environment(env.as_object().unwrap(), &[]).is_err(), "{name}");
        }
        let nul = json!({"A": "a\0b"});
        assert!(environment(nul.as_object().unwrap(), &[]).is_err());
    }

    #[test]
    fn the_shorter_limit_counts_and_zero_is_none() {
        let whole = Duration::from_secs(60);
        assert_eq!(limit(5.0, whole), Duration::from_secs(5));
        assert_eq!(limit(500.0, whole), whole);
        assert_eq!(limit(0.0, whole), whole);
        assert_eq!(limit(f64::INFINITY, Duration::MAX), Duration::from_secs(31_536_000));
    }
}
