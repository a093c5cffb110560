//! Values that stand elsewhere: `${NAME}` for a variable, `file:PATH` for the content of a file.
//!
//! Happens to values that are already read, so an error can show the place and the reference, never what it
//! stands for. `$${` is a literal `${`.

use std::fmt;
use std::io::Read;
use std::path::Path;

use super::env::Env;
use super::file::reason;
use super::nearest::nearest;
use crate::model::Secret;

/// A file named by `file:PATH` may have this many bytes.
const LARGEST_SECRET: u64 = 64 * 1024;

/// A value after expansion. `Debug` shows only what was written out.
#[derive(Clone, PartialEq, Eq)]
pub enum Expanded {
    /// It was written out.
    Plain(String),
    /// All or part of it came from a variable or a file.
    Fetched(Secret),
}

impl Expanded {
    /// The text, to be used and not to be shown.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Fetched(secret) => secret.expose(),
        }
    }

    /// The value as a secret, whatever it was written as.
    pub fn into_secret(self) -> Secret {
        match self {
            Self::Plain(text) => Secret::new(text),
            Self::Fetched(secret) => secret,
        }
    }

    /// How a message may show it: `***` if it was fetched.
    pub fn shown(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Fetched(_) => "***",
        }
    }
}

impl fmt::Debug for Expanded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

/// Why a value cannot be had. Names the variable or file, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// No such variable.
    #[error("the variable `{name}` is not set{}", near.as_deref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    Unset {
        /// The variable.
        name: String,
        /// One like it that is set.
        near: Option<String>,
    },
    /// `${` without an end, or around what is no name.
    #[error("`${{` begins a variable as in `${{NAME}}`; write `$${{` for the two characters themselves")]
    Malformed,
    /// The file cannot be read.
    #[error("the file `{path}` cannot be read: {why}")]
    File {
        /// The file as it was named.
        path: String,
        /// The reason.
        why: String,
    },
}

/// Expands `text`. Paths begin at `base`. A value that is fetched is not expanded again.
pub fn expand(text: &str, env: &Env, base: &Path) -> Result<Expanded, ExpandError> {
    if let Some(path) = text.strip_prefix("file:") {
        return content(path.trim(), base).map(|text| Expanded::Fetched(Secret::new(text)));
    }
    if !text.contains("${") {
        return Ok(Expanded::Plain(text.to_owned()));
    }
    let mut out = String::new();
    let mut fetched = false;
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        if let Some(literal) = before.strip_suffix('$') {
            out.push_str(literal);
            out.push_str("${");
            rest = after;
            continue;
        }
        let (name, after) =
            after.split_once('}').filter(|(name, _)| is_name(name)).ok_or(ExpandError::Malformed)?;
        out.push_str(before);
        out.push_str(variable(name, env)?);
        fetched = true;
        rest = after;
    }
    out.push_str(rest);
    Ok(if fetched { Expanded::Fetched(Secret::new(out)) } else { Expanded::Plain(out) })
}

/// Expands the items of a list; an item that is one variable, or one file, gives its comma-separated parts.
pub fn expand_list<S: AsRef<str>>(items: &[S], env: &Env, base: &Path) -> Result<Vec<Expanded>, ExpandError> {
    let mut all = Vec::new();
    for item in items {
        let item = item.as_ref();
        match expand(item, env, base)? {
            Expanded::Fetched(secret) if is_one_reference(item) => {
                all.extend(split(secret.expose()).map(|part| Expanded::Fetched(Secret::new(part))));
            }
            expanded => all.push(expanded),
        }
    }
    Ok(all)
}

/// The parts of a comma-separated list, blanks around them cut, empty ones left out.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn is_one_reference(item: &str) -> bool {
    item.starts_with("file:") || (item.starts_with("${") && item.find('}') == Some(item.len() - 1))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn variable<'a>(name: &str, env: &'a Env) -> Result<&'a str, ExpandError> {
    env.get(name).ok_or_else(|| ExpandError::Unset {
        name: name.to_owned(),
        near: nearest(name, env.names()).map(str::to_owned),
    })
}

/// The text of a file without its last line break.
fn content(path: &str, base: &Path) -> Result<String, ExpandError> {
    let refused = |why: String| ExpandError::File { path: path.to_owned(), why };
    let full = base.join(path);
    if !full.metadata().map_err(|error| refused(reason(&error)))?.is_file() {
        return Err(refused("it is not a regular file".to_owned()));
    }
    let file = std::fs::File::open(&full).map_err(|error| refused(reason(&error)))?;
    let mut text = String::new();
    file.take(LARGEST_SECRET + 1).read_to_string(&mut text).map_err(|error| refused(reason(&error)))?;
    if text.len() as u64 > LARGEST_SECRET {
        return Err(refused(format!("it has more than {LARGEST_SECRET} bytes")));
    }
    let end = text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text)).unwrap_or(&text);
    Ok(end.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Env {
        Env::parse(Path::new("chatops.env"), "TOKEN=hunter2\nROOMS=#a, #b,\nNESTED=${TOKEN}", []).unwrap()
    }

    fn value(text: &str) -> String {
        expand(text, &env(), Path::new("/")).unwrap().expose().to_owned()
    }

    #[test]
    fn variables_are_put_in_once() {
        assert_eq!(value("Bearer ${TOKEN}!"), "Bearer hunter2!");
        assert_eq!(value("${NESTED}"), "${TOKEN}");
        assert_eq!(value("$${TOKEN} $1 $"), "${TOKEN} $1 $");
        assert_eq!(value("{{ event.title }}"), "{{ event.title }}");
    }

    #[test]
    fn what_was_fetched_is_not_shown() {
        let fetched = expand("${TOKEN}", &env(), Path::new("/")).unwrap();
        assert_eq!(format!("{fetched:?} {}", fetched.shown()), "*** ***");
        assert_eq!(expand("plain", &env(), Path::new("/")).unwrap(), Expanded::Plain("plain".to_owned()));
    }

    #[test]
    fn a_missing_variable_is_named_with_the_nearest() {
        let error = expand("a ${TOKNE} b", &env(), Path::new("/")).unwrap_err();
        assert_eq!(error.to_string(), "the variable `TOKNE` is not set, did you mean `TOKEN`?");
        for text in ["${", "${A", "${}", "${A-B}"] {
            assert_eq!(expand(text, &env(), Path::new("/")).unwrap_err(), ExpandError::Malformed, "{text}");
        }
    }

    #[test]
    fn a_file_gives_its_text_without_the_last_line_break() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "s3cret\n").unwrap();
        let value = expand("file:key", &env(), folder.path()).unwrap();
        assert_eq!(value.expose(), "s3cret");
        assert_eq!(value.shown(), "***");
        let error = expand("file:nowhere", &env(), folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "the file `nowhere` cannot be read: no such file or directory");
        assert!(expand("file:.", &env(), folder.path()).is_err());
    }

    #[test]
    fn a_list_takes_a_comma_separated_variable() {
        let items = expand_list(&["#x", "${ROOMS}", "#${TOKEN},"], &env(), Path::new("/")).unwrap();
        let items: Vec<_> = items.iter().map(Expanded::expose).collect();
        assert_eq!(items, ["#x", "#a", "#b", "#hunter2,"]);
    }
}
