//! Taking the meaning out of literal text, dialect by dialect.

use super::marks::Escape;

/// Parts `@` from a name, and backticks from each other, without being seen.
const ZERO_WIDTH: char = '\u{200b}';

/// Names that call a whole room on one service or another.
const ROOM_WIDE: [&str; 4] = ["all", "here", "channel", "everyone"];

/// Text outside code.
pub(crate) fn text(escape: Escape, text: &str) -> String {
    match escape {
        Escape::None => text.to_owned(),
        Escape::Slack => slack(text),
        Escape::Markdown => text.split_inclusive(char::is_whitespace).map(markdown_word).collect(),
        Escape::Unslashed => unslashed(text),
    }
}

/// Code inside a line.
pub(crate) fn code(escape: Escape, text: &str) -> String {
    match escape {
        Escape::None => text.to_owned(),
        Escape::Slack => slack(text),
        Escape::Markdown | Escape::Unslashed => no_room_wide(text),
    }
}

/// What stands between fences: nothing in it may end the fence.
pub(crate) fn code_block(escape: Escape, text: &str) -> String {
    code(escape, text).replace("```", &format!("`{ZERO_WIDTH}`{ZERO_WIDTH}`"))
}

/// Slack's own rule: three characters, everywhere.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// One word with the blank after it. A bare address stays as it is, so that it remains a link.
fn markdown_word(word: &str) -> String {
    if word.starts_with("https://") || word.starts_with("http://") {
        return word.to_owned();
    }
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if "\\*_~`[]<>|#".contains(c) {
            out.push('\\');
        }
        out.push(c);
        if c == '@' {
            out.push(ZERO_WIDTH);
        }
    }
    out
}

/// Parts what would be a mention, `[a label](of a link)` or `<a link|with a label>`.
fn unslashed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '(' && out.ends_with(']') {
            out.push(ZERO_WIDTH);
        }
        out.push(c);
        if c == '@' || c == '<' {
            out.push(ZERO_WIDTH);
        }
    }
    out
}

/// Code reaches some services' mention search as well; only the words that call a room are parted,
/// so that an address in code can be copied.
fn no_room_wide(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in text.split('@').enumerate() {
        if index > 0 {
            out.push('@');
            let calls =
                |name: &&str| part.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
            if ROOM_WIDE.iter().any(calls) {
                out.push(ZERO_WIDTH);
            }
        }
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_backslashes_only_mentions_and_links_are_parted() {
        let shown = text(Escape::Unslashed, "web_1 *.log @all [x](http://y) <http://z|w> (a)");
        let zero = ZERO_WIDTH;
        assert_eq!(shown, format!("web_1 *.log @{zero}all [x]{zero}(http://y) <{zero}http://z|w> (a)"));
        assert_eq!(code(Escape::Unslashed, "[x](y) @here"), format!("[x](y) @{zero}here"));
    }
}
