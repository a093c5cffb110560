//! What people type, as commands are read: addresses and emphasis undone, code as it is. What might be a file name or
//! a pattern of a shell (`__init__.py`, `*.rs`, `a_b`) stays, and so do backslashes.

/// A text without the mention that called the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called<'a> {
    /// What is left.
    pub text: &'a str,
    /// Whether there was a mention.
    pub mentioned: bool,
}

/// Takes `@name` off the beginning or the end of a text, in any case.
pub fn called<'a>(text: &'a str, name: &str) -> Called<'a> {
    let text = text.trim();
    if name.is_empty() {
        return Called { text, mentioned: false };
    }
    let same = |word: &str| {
        word.strip_prefix('@')
            .is_some_and(|it| it.trim_end_matches([':', ',', '.']).eq_ignore_ascii_case(name))
    };
    let first = text.split(char::is_whitespace).next().unwrap_or_default();
    if same(first) {
        return Called { text: text[first.len()..].trim_start(), mentioned: true };
    }
    let last = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let fenced = text.matches('`').count() % 2 == 1 || text.ends_with('`');
    if same(last) && !fenced {
        return Called { text: text[..text.len() - last.len()].trim_end(), mentioned: true };
    }
    Called { text, mentioned: false }
}

/// Undoes the markup outside of code.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let ticks = rest[start..].bytes().take_while(|byte| *byte == b'`').count();
        let fence = &rest[start..start + ticks];
        // Backticks that are never closed open nothing.
        let Some(length) = rest[start + ticks..].find(fence) else { break };
        prose(&rest[..start], &mut out);
        let end = start + ticks + length + ticks;
        out.push_str(&rest[start..end]);
        rest = &rest[end..];
    }
    prose(rest, &mut out);
    out
}

fn prose(text: &str, out: &mut String) {
    let mut rest = text;
    let mut before = out.chars().next_back();
    while let Some(first) = rest.chars().next() {
        let opens = before.is_none_or(char::is_whitespace);
        let undone = match first {
            '<' => address(rest),
            '[' if opens => link(rest),
            '*' | '~' if opens => emphasis(rest),
            _ => None,
        };
        let (shown, length) = undone.unwrap_or((&rest[..first.len_utf8()], first.len_utf8()));
        out.push_str(shown);
        before = shown.chars().next_back();
        rest = &rest[length..];
    }
}

/// `<https://example.org>`: what is inside, and the length of the whole.
fn address(text: &str) -> Option<(&str, usize)> {
    let end = text.find('>')?;
    let inside = &text[1..end];
    let known = ["http://", "https://", "mailto:"].iter().any(|scheme| inside.starts_with(scheme));
    let good = known && !inside.contains(char::is_whitespace);
    good.then(|| (inside.strip_prefix("mailto:").unwrap_or(inside), end + 1))
}

/// `[label](https://example.org)`: the label.
fn link(text: &str) -> Option<(&str, usize)> {
    let middle = text.find("](")?;
    let label = &text[1..middle];
    let end = middle + text[middle..].find(')')?;
    let url = &text[middle + 2..end];
    let good = url.contains("://") && !url.contains(char::is_whitespace) && !label.contains(['[', '\n']);
    good.then_some((label, end + 1))
}

/// `**words**` and `~~words~~`, where they stand alone.
fn emphasis(text: &str) -> Option<(&str, usize)> {
    let mark = ["**", "~~"].into_iter().find(|mark| text.starts_with(mark))?;
    let length = text[2..].find(mark)?;
    let inside = &text[2..2 + length];
    let after = text[length + 4..].chars().next();
    let words = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "!@\"'.?".contains(c));
    let good = words(inside.chars().next())
        && words(inside.chars().next_back())
        && after.is_none_or(char::is_whitespace)
        && !inside.contains('\n');
    good.then_some((inside, length + 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_emphasis_are_undone() {
        assert_eq!(plain("!ping <https://web1.example.org>"), "!ping https://web1.example.org");
        assert_eq!(plain("!ping [web1.example.org](http://web1.example.org)"), "!ping web1.example.org");
        assert_eq!(plain("**!run** ~~date~~ on **web1**"), "!run date on web1");
        assert_eq!(plain("mail <mailto:ops@example.org>"), "mail ops@example.org");
    }

    #[test]
    fn what_a_shell_may_mean_stays() {
        for text in [
            "!run ls **/*.rs **/a",
            "!run cat __init__.py my_file_name",
            "!run grep 'a\\|b' *.txt",
            "!run a < b > c",
            "!run test [ -e x ](y)",
            "!run echo 2>&1 <http",
            "!run ls **",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn code_stays_as_it_is() {
        assert_eq!(plain("run `**a** <http://b>` **c**"), "run `**a** <http://b>` c");
        assert_eq!(plain("```sh\n**a**\n``` **b**"), "```sh\n**a**\n``` b");
        assert_eq!(plain("a ` b **c**"), "a ` b c");
    }

    #[test]
    fn the_bot_is_called_at_either_end() {
        let says = |text| called(text, "chatops");
        assert_eq!(says(" @ChatOps: run date"), Called { text: "run date", mentioned: true });
        assert_eq!(says("run date @chatops"), Called { text: "run date", mentioned: true });
        assert_eq!(says("@chatops"), Called { text: "", mentioned: true });
        for text in ["ask @chatops nicely", "@chatopsy run", "run `x @chatops`", "@alice run"] {
            assert!(!says(text).mentioned, "{text}");
        }
    }
}
