//! The lines of an environment file: `KEY=value`, `export KEY=value`, quotes, comments.
//!
//! A value without quotes ends at ` #` or the end of the line, blanks around it cut; `#ops, #dev` is a list. In single quotes everything
//! stands for itself; in double quotes `\n`, `\t`, `\"`, `\\` and `\$` are the usual ones. A quoted value may
//! hold line breaks. Nothing is a shell: `$(...)` is text.

use std::path::Path;

use crate::config::ConfigError;

/// One assignment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) value: String,
    /// From 1.
    pub(super) number: u64,
}

/// Every assignment, in order; or every mistake. Mistakes show no line: it may hold a secret.
pub(super) fn lines(file: &Path, text: &str) -> Result<Vec<Line>, Vec<ConfigError>> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let mut rest = text;
    let mut number = 1;
    while !rest.is_empty() {
        let (taken, outcome) = assignment(rest);
        match outcome {
            Ok(Some((name, value))) => good.push(Line { name, value, number }),
            Ok(None) => {}
            Err(mistake) => {
                let error = ConfigError::new(file, mistake.message).at(number, 1);
                bad.push(ConfigError { help: mistake.help, ..error });
            }
        }
        number += rest[..taken].matches('\n').count() as u64;
        rest = &rest[taken..];
    }
    if bad.is_empty() { Ok(good) } else { Err(bad) }
}

struct Mistake {
    message: String,
    help: Option<String>,
}

fn mistake(message: impl Into<String>, help: &str) -> Mistake {
    Mistake { message: message.into(), help: Some(help.to_owned()) }
}

type Parsed = Result<Option<(String, String)>, Mistake>;

/// The assignment at the start of `text`, and how many bytes it took, its line break included.
fn assignment(text: &str) -> (usize, Parsed) {
    let line_end = text.find('\n').map_or(text.len(), |at| at + 1);
    let line = text[..line_end].trim();
    if line.is_empty() || line.starts_with('#') {
        return (line_end, Ok(None));
    }
    let unexported = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
    let Some((name, _)) = unexported.unwrap_or(line).split_once('=') else {
        return (line_end, Err(mistake("the line is no `KEY=value`", "begin a comment with `#`")));
    };
    let name = name.trim();
    if !is_name(name) {
        let help = "a name has letters, digits and `_`, and begins with no digit";
        return (line_end, Err(mistake("what stands before `=` is no name of a variable", help)));
    }
    let equals = text.find('=').map_or(0, |at| at + 1);
    let start = equals + text[equals..].len() - text[equals..].trim_start_matches([' ', '\t']).len();
    match text[start..].chars().next() {
        Some(mark @ ('"' | '\'')) => quoted(text, start, mark, name),
        _ => (line_end, Ok(Some((name.to_owned(), bare(&text[equals..line_end]))))),
    }
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// A `#` behind a blank begins a comment, unless a list goes on: `#ops, #dev`.
fn bare(value: &str) -> String {
    let begins = |at: usize| {
        let before = &value[..at];
        before.ends_with([' ', '\t']) && !before.trim_end().ends_with(',')
    };
    let cut = value.match_indices('#').map(|(at, _)| at).find(|at| begins(*at)).unwrap_or(value.len());
    value[..cut].trim().to_owned()
}

fn quoted(text: &str, start: usize, mark: char, name: &str) -> (usize, Parsed) {
    let line_end = text.find('\n').map_or(text.len(), |at| at + 1);
    let Some((value, length)) = unquote(&text[start + 1..], mark) else {
        let message = format!("the quotes of `{name}` are never closed");
        return (line_end, Err(mistake(message, "close them, or put the value in single quotes")));
    };
    let after = start + 1 + length;
    let end = text[after..].find('\n').map_or(text.len(), |at| after + at + 1);
    let tail = text[after..end].trim();
    if !tail.is_empty() && !tail.starts_with('#') {
        let message = format!("something follows the closing quote of `{name}`");
        return (end, Err(mistake(message, "put the whole value in quotes")));
    }
    (end, Ok(Some((name.to_owned(), value))))
}

/// The text up to the closing `mark`, and the bytes it took with that mark.
fn unquote(text: &str, mark: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == mark => return Some((value, at + letter.len_utf8())),
            '\\' if mark == '"' => match letters.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                plain @ ('"' | '\\' | '$' | '`') => value.push(plain),
                other => value.extend(['\\', other]),
            },
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, u64)> {
        let lines = lines(Path::new("chatops.env"), text).unwrap();
        lines.into_iter().map(|line| (line.name, line.value, line.number)).collect()
    }

    fn one(text: &str) -> String {
        read(text).remove(0).1
    }

    fn refused(text: &str) -> String {
        lines(Path::new("chatops.env"), text).unwrap_err().remove(0).headline()
    }

    #[test]
    fn assignments_keep_their_line_numbers() {
        let text = "# first\n\nA=1\n  export B = two words # note\r\nC='x\ny'\nD=\"4\"#no blank";
        let expected = [("A", "1", 3), ("B", "two words", 4), ("C", "x\ny", 5), ("D", "4", 7)];
        assert_eq!(read(text), expected.map(|(name, value, line)| (name.to_owned(), value.to_owned(), line)));
    }

    #[test]
    fn quotes_keep_what_a_bare_value_would_lose() {
        assert_eq!(one("A=#ops,#dev, #web # rooms"), "#ops,#dev, #web");
        assert_eq!(one("A= # nothing"), "");
        assert_eq!(one("A='#ops'"), "#ops");
        assert_eq!(one("A=a#b"), "a#b");
        assert_eq!(one(r#"A="a\n\"b\" \$c \d""#), "a\n\"b\" $c \\d");
        assert_eq!(one(r"A='a\nb'"), r"a\nb");
        assert_eq!(one("A="), "");
        assert_eq!(one("A=$(id) `id` ${B}"), "$(id) `id` ${B}");
        assert_eq!(one("A=b=c=="), "b=c==");
    }

    #[test]
    fn broken_lines_are_named_and_not_shown() {
        let hidden = "hunter2 hunter2";
        for text in [hidden, "1A=hunter2", "A-B=hunter2", "A=\"hunter2", "A='x'hunter2", "=hunter2"] {
            let error = refused(&format!("X=1\n{text}"));
            assert!(error.starts_with("chatops.env:2:1: "), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn reading_goes_on_behind_a_mistake() {
        let errors = lines(Path::new("chatops.env"), "oops\nA=1\nB=\"x\nC=2\n").unwrap_err();
        assert_eq!(errors.iter().map(|error| error.at.unwrap().0).collect::<Vec<_>>(), [1, 3]);
    }
}
