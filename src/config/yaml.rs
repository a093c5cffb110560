//! YAML as admins write it, read by serde-saphyr: PyYAML's octals, strict budgets, and each error with its place.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::ConfigError;

/// A value with the place where it was written; see [`line_of`].
pub use serde_saphyr::Spanned;

/// A file larger than this is refused, in bytes: far beyond what a person writes.
pub const LARGEST: usize = 1 << 20;

/// Reads `text`, the content of `file`.
pub fn read<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, ConfigError> {
    if text.len() > LARGEST {
        return Err(ConfigError::new(
            file,
            format!("the file has {} bytes, at most {LARGEST} are accepted", text.len()),
        ));
    }
    let options = serde_saphyr::options! { legacy_octal_numbers: true, strict_booleans: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| convert(file, text, &error))
}

/// Line and column, from 1, of a spanned value.
pub fn line_of<T>(value: &Spanned<T>) -> (u64, u64) {
    (value.referenced.line(), value.referenced.column())
}

fn convert(file: &Path, text: &str, error: &serde_saphyr::Error) -> ConfigError {
    let plain = error.without_snippet();
    let converted = ConfigError::new(file, plain.to_string());
    match error.location() {
        Some(place) => converted.at(place.line(), place.column()).excerpt_of(text),
        None => converted,
    }
}
