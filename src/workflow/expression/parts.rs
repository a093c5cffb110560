//! Cuts a text into what stands as it is and expressions.

use super::Language;

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text that stays.
    Plain(&'a str),
    /// An expression: with its marks, and what is between them.
    Expression { language: Language, written: &'a str, inner: &'a str },
}

/// Cuts at every opening mark that is closed later; the first closing mark counts. What is not closed is text.
pub(super) fn cut(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((at, language)) = open(rest) {
        let close = if language == Language::Yaql { "%>" } else { "}}" };
        let inner = &rest[at + 2..];
        let Some(length) = inner.find(close) else {
            // Not closed; one of the other language may still follow.
            let Some((next, _)) = open_other(rest, at, language) else { break };
            parts.push(Part::Plain(&rest[..next]));
            rest = &rest[next..];
            continue;
        };
        let end = at + 2 + length + 2;
        if at > 0 {
            parts.push(Part::Plain(&rest[..at]));
        }
        parts.push(Part::Expression { language, written: &rest[at..end], inner: &inner[..length] });
        rest = &rest[end..];
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(Part::Plain(rest));
    }
    parts
}

fn open(text: &str) -> Option<(usize, Language)> {
    let yaql = text.find("<%").map(|at| (at, Language::Yaql));
    let jinja = text.find("{{").map(|at| (at, Language::Jinja));
    match (yaql, jinja) {
        (Some(a), Some(b)) => Some(if a.0 < b.0 { a } else { b }),
        (a, b) => a.or(b),
    }
}

/// The next mark of the other language behind an unclosed one, if it is closed.
fn open_other(text: &str, from: usize, not: Language) -> Option<(usize, Language)> {
    let (mark, close, language) = match not {
        Language::Yaql => ("{{", "}}", Language::Jinja),
        Language::Jinja => ("<%", "%>", Language::Yaql),
    };
    let at = from + text[from..].find(mark)?;
    text[at..].contains(close).then_some((at, language))
}

/// Whether a text has a Jinja block, which makes the whole of it a template.
pub(super) fn has_block(text: &str) -> bool {
    text.find("{%").is_some_and(|at| text[at..].contains("%}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_closed_marks() {
        let shown = |text: &str| {
            let one = |part: Part<'_>| match part {
                Part::Plain(text) => format!("'{text}'"),
                Part::Expression { language, inner, .. } => format!("{}:{inner}", language.name()),
            };
            cut(text).into_iter().map(one).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown("<%x%>"), "yaql:x");
        assert_eq!(shown("a <% 1 %>b{{ 2 }}"), "'a ' yaql: 1  'b' jinja: 2 ");
        assert_eq!(shown("<% open"), "'<% open'");
        assert_eq!(shown("<% open {{ x }}"), "'<% open ' jinja: x ");
        assert_eq!(shown("{{ open <% {{ x %> y"), "'{{ open ' yaql: {{ x  ' y'");
        assert_eq!(shown("<% '%>' %>"), "yaql: ' '' %>'");
        assert_eq!(shown(""), "''");
    }
}
