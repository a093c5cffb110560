//! Work on text that filters and methods share; each result has a limit in bytes.

use minijinja::{Error, Value};

use crate::template::limits::failed;
use crate::template::python;

/// Where the text goes when it is shorter than the width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Blanks first.
    Left,
    /// Blanks last.
    Right,
    /// Blanks on both sides.
    Both,
}

impl Side {
    /// Where Python's `center`, `ljust` and `rjust` put the blanks.
    pub(crate) fn of(method: &str) -> Self {
        match method {
            "ljust" => Self::Right,
            "rjust" => Self::Left,
            _ => Self::Both,
        }
    }
}

/// Fills `text` up to `width` characters.
pub(crate) fn justify(
    text: &str,
    width: usize,
    fill: char,
    side: Side,
    most: usize,
) -> Result<String, Error> {
    if width > most {
        return Err(failed(format!("a width of {width} is too large")));
    }
    let missing = width.saturating_sub(text.chars().count());
    let left = match side {
        Side::Left => missing,
        Side::Right => 0,
        // Python puts the odd blank on the left when the width is odd.
        Side::Both => missing / 2 + (missing & width & 1),
    };
    let fill = |count: usize| std::iter::repeat_n(fill, count);
    Ok(fill(left).chain(text.chars()).chain(fill(missing - left)).collect())
}

/// Replaces `old` by `new`, at most `count` times when it is given and not negative.
pub(crate) fn replace_in(
    text: &str,
    old: &str,
    new: &str,
    count: Option<i64>,
    most: usize,
) -> Result<String, Error> {
    let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
    let found = if old.is_empty() { text.chars().count() + 1 } else { text.matches(old).count() };
    let size = text.len().saturating_add(found.min(count).saturating_mul(new.len()));
    if size > most {
        return Err(too_large());
    }
    Ok(text.replacen(old, new, count))
}

/// The items as Python prints them, with `separator` between.
pub(crate) fn join_with(items: &Value, separator: &str, most: usize) -> Result<String, Error> {
    let mut out = String::new();
    for (index, item) in items.try_iter()?.checked().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(&python::text(&item?, most)?);
        if out.len() > most {
            return Err(too_large());
        }
    }
    Ok(out)
}

/// Wraps each line at `width` characters, at blanks where there are any.
pub(crate) fn wrap(text: &str, width: usize, break_long: bool, break_hyphens: bool, ending: &str) -> String {
    let lines =
        text.lines().map(|line| wrap_line(line, width.max(1), break_long, break_hyphens).join(ending));
    lines.collect::<Vec<_>>().join(ending)
}

fn wrap_line(line: &str, width: usize, break_long: bool, break_hyphens: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut used = 0;
    for piece in pieces(line, break_hyphens) {
        let length = piece.chars().count();
        if used > 0 && used + piece.trim_end().chars().count() > width {
            lines.push(current.trim_end().to_owned());
            current.clear();
            used = 0;
        }
        if break_long && length > width {
            let chars: Vec<char> = piece.chars().collect();
            for part in chars.chunks(width) {
                if used > 0 {
                    lines.push(std::mem::take(&mut current));
                }
                current = part.iter().collect();
                used = part.len();
            }
        } else if used > 0 || !piece.trim().is_empty() || lines.is_empty() {
            current.push_str(&piece);
            used += length;
        }
    }
    if !current.trim().is_empty() || lines.is_empty() {
        lines.push(current.trim_end().to_owned());
    }
    lines
}

/// Words with the blanks after them; a hyphen inside a word ends a piece too if asked.
fn pieces(line: &str, hyphens: bool) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut blank = false;
    for c in line.chars() {
        let after_hyphen = hyphens && current.ends_with('-') && current.len() > 1 && c.is_alphabetic();
        if (blank && c != ' ') || after_hyphen {
            pieces.push(std::mem::take(&mut current));
        }
        blank = c == ' ';
        current.push(c);
    }
    pieces.push(current);
    pieces
}

pub(crate) fn too_large() -> Error {
    failed("the result is too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn center_puts_the_odd_blank_where_python_does() {
        let center = |text: &str, width| justify(text, width, '.', Side::Both, 100).unwrap();
        assert_eq!([center("ab", 5), center("a", 4), center("x", 5)], ["..ab.", ".a..", "..x.."]);
    }

    #[test]
    fn wrapping_breaks_at_blanks_then_inside_long_words() {
        assert_eq!(wrap("a bb ccc dddddddd", 4, true, true, "|"), "a bb|ccc|dddd|dddd");
        assert_eq!(wrap("well-known", 6, true, true, "|"), "well-|known");
    }

    #[test]
    fn a_result_that_would_be_too_large_is_refused() {
        assert!(justify("x", 2_000_000_000, ' ', Side::Left, 1000).is_err());
        assert!(replace_in(&"a".repeat(1000), "a", &"b".repeat(1000), None, 1000).is_err());
    }
}
