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
    serde_path(Value::Object(given))
}

fn serde_path<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("a parameter cannot be used: {error}"))
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
