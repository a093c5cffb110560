//! The options under a notifier's kind, as plain values: completed, and laid over by a route's.

use std::path::Path;

use serde_json::{Map, Value};

use crate::config::env::Env;
use crate::config::expand::{Expanded, expand, expand_list};

/// The options with every text expanded.
///
/// # Errors
/// A variable or a file is not there; one sentence that names it.
pub(super) fn expanded(
    options: Map<String, Value>,
    env: &Env,
    base: &Path,
) -> Result<Map<String, Value>, String> {
    options.into_iter().map(|(key, item)| Ok((key, value(item, env, base)?))).collect()
}

/// Every text in a value expanded; an item that is one variable gives its comma-separated parts.
fn value(item: Value, env: &Env, base: &Path) -> Result<Value, String> {
    match item {
        Value::String(text) => {
            let expanded = expand(&text, env, base).map_err(|error| error.to_string())?;
            Ok(Value::from(expanded.expose()))
        }
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            let all = expand_list(&texts, env, base).map_err(|error| error.to_string())?;
            Ok(all.iter().map(Expanded::expose).collect())
        }
        Value::Array(items) => items.into_iter().map(|item| value(item, env, base)).collect(),
        Value::Object(map) => expanded(map, env, base).map(Value::Object),
        other => Ok(other),
    }
}

/// The options under the kind.
pub(super) fn own(options: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    options.values_mut().next().and_then(Value::as_object_mut)
}

/// Takes out the first option of this name, however deep; whether there was one.
pub(super) fn take_out(options: &mut Map<String, Value>, name: &str) -> bool {
    let deeper = |options: &mut Map<String, Value>| {
        options.values_mut().any(|value| value.as_object_mut().is_some_and(|map| take_out(map, name)))
    };
    options.shift_remove(name).is_some() || deeper(options)
}

/// Relative paths of files begin at the home, wherever the program was started.
pub(super) fn at_home(options: &mut Map<String, Value>, base: &Path) {
    for key in ["ca_file", "client_certificate", "file"] {
        if let Some(Value::String(path)) = options.get_mut(key)
            && !path.is_empty()
        {
            *path = base.join(&path).display().to_string();
        }
    }
    // A program without a slash is looked up in PATH.
    if let Some(Value::String(program)) = options.get_mut("command").and_then(|command| command.get_mut(0))
        && program.contains('/')
    {
        *program = base.join(&program).display().to_string();
    }
    if let Some(http) = options.get_mut("http").and_then(Value::as_object_mut) {
        at_home(http, base);
    }
}

/// Lays a route's options over the notifier's own; of `http`, only those that it names.
pub(super) fn lay_over(options: &mut Map<String, Value>, overrides: &Map<String, Value>) {
    for (key, value) in overrides {
        match (options.get_mut(key), value) {
            (Some(Value::Object(http)), Value::Object(own)) if key == "http" => http.extend(own.clone()),
            _ => drop(options.insert(key.clone(), value.clone())),
        }
    }
}

/// What the reader of options says, without the value that it found.
pub(super) fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(", expected ") {
        Some((found, accepted)) if found.starts_with("invalid") => {
            format!("an option is not of the accepted kind: expected {accepted}")
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn relative_paths_begin_at_the_home_and_free_options_are_left_alone() {
        let mut options = json!({
            "file": "var/trail.log", "command": ["bin/siren", "bin/x"], "with": {"file": "as/it/is"},
            "http": {"ca_file": "ca.pem", "client_certificate": "/etc/client.pem"},
        });
        at_home(options.as_object_mut().unwrap(), Path::new("/home"));
        let expected = json!({
            "file": "/home/var/trail.log", "command": ["/home/bin/siren", "bin/x"], "with": {"file": "as/it/is"},
            "http": {"ca_file": "/home/ca.pem", "client_certificate": "/etc/client.pem"},
        });
        assert_eq!(options, expected);
        let mut plain = json!({"command": ["siren"]});
        at_home(plain.as_object_mut().unwrap(), Path::new("/home"));
        assert_eq!(plain["command"][0], "siren");
    }
}
