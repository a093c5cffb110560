//! Bare addresses become links. Slack makes them only where it may also make mentions of what is literal text, so
//! boxes are `verbatim` and this does the one thing that is wanted.

/// Wraps each `http://` and `https://` address outside of code into `<...>`. The text is mrkdwn.
pub(super) fn link_up(text: &str) -> String {
    if !text.contains("http") {
        return text.to_owned();
    }
    let fenced = text.split("```").enumerate().map(|(number, piece)| match number % 2 {
        0 => outside_fences(piece),
        _ => piece.to_owned(),
    });
    fenced.collect::<Vec<_>>().join("```")
}

fn outside_fences(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let pieces = line.split('`').enumerate().map(|(number, piece)| match number % 2 {
            0 => outside_code(piece),
            _ => piece.to_owned(),
        });
        pieces.collect::<Vec<_>>().join("`")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn outside_code(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let before = &rest[..at];
        out.push_str(before);
        let tail = &rest[at..];
        let length = tail.find(|c: char| c.is_whitespace() || "<>|".contains(c)).unwrap_or(tail.len());
        // A link that is one already, and what is part of a word, stay.
        let stays = before.ends_with(['<', '|']) || before.ends_with(char::is_alphanumeric);
        let url = if stays {
            &tail[..length]
        } else {
            tail[..length]
                .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '"', '*', '_', '~'])
        };
        match stays || url.ends_with("//") {
            true => out.push_str(&tail[..length]),
            false => out.push_str(&format!("<{url}>{}", &tail[url.len()..length])),
        }
        rest = &tail[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_addresses_become_links_and_nothing_else_changes() {
        for (plain, linked) in [
            ("see https://example.org/a?b=1&amp;c.", "see <https://example.org/a?b=1&amp;c>."),
            ("(http://a.example.org) and https://b", "(<http://a.example.org>) and <https://b>"),
            ("<https://example.org|label> stays", "<https://example.org|label> stays"),
            ("<https://example.org|https://example.org>", "<https://example.org|https://example.org>"),
            ("`curl https://a` https://b", "`curl https://a` <https://b>"),
            ("```\nhttps://a\n```\nhttps://b", "```\nhttps://a\n```\n<https://b>"),
            ("https:// xhttps://a", "https:// xhttps://a"),
            ("no address", "no address"),
        ] {
            assert_eq!(link_up(plain), linked);
        }
    }
}
