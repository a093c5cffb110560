//! Secrets in values that others sent: hidden by the names of their keys.

use serde_json::Value;

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// Whether a key's name says that its value is nobody's business.
pub fn is_secret_word(key: &str) -> bool {
    let key = key.to_lowercase();
    let secret = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "private_key",
        "api_key",
        "credential",
        "authorization",
    ];
    secret.iter().any(|word| key.contains(word))
}

/// Replaces every value under a secret key by [`MASK`], at any depth.
pub fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => {
            for (key, value) in fields {
                if is_secret_word(key) && !value.is_null() { *value = MASK.into() } else { mask(value) }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_by_their_keys_at_any_depth() {
        let mut value = json!({"a": [{"DB_Password": "x", "user": "u"}], "auth_token": {"deep": 1}, "n": 1});
        mask(&mut value);
        assert_eq!(value, json!({"a": [{"DB_Password": "***", "user": "u"}], "auth_token": "***", "n": 1}));
    }
}
