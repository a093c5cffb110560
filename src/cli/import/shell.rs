//! The little of a shell that settings files use: `${NAME}` and `${NAME:-default}`.

/// The value without its variables. `known` tells of those set before; without it a default stands in. None where
/// only a shell could tell: commands, other forms, a variable that nobody set and that has no default.
pub(super) fn resolve<'a>(value: &str, known: &impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find(['$', '`']) {
        out.push_str(&rest[..at]);
        let after = rest[at..].strip_prefix("${");
        if let Some(after) = after {
            let end = closing(after)?;
            out.push_str(&variable(&after[..end], known)?);
            rest = &after[end + 1..];
            continue;
        }
        let next = rest[at + 1..].chars().next();
        if rest[at..].starts_with('`')
            || next.is_some_and(|next| next == '(' || next == '_' || next.is_alphabetic())
        {
            return None;
        }
        out.push('$');
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    Some(out)
}

fn variable<'a>(inside: &str, known: &impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    match known(name).filter(|value| !value.is_empty()) {
        Some(value) => Some(value.to_owned()),
        None => resolve(default?, known),
    }
}

/// Where the brace ends that was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_their_defaults_are_put_in() {
        let known = |name: &str| (name == "HOST").then_some("st2.example.org");
        let value = |text: &str| resolve(text, &known);
        assert_eq!(value("${NAME:-hubot}").as_deref(), Some("hubot"));
        assert_eq!(value("${URL:-https://${HOST}/api}!").as_deref(), Some("https://st2.example.org/api!"));
        assert_eq!(value("${HOST:-localhost} 5$ $1").as_deref(), Some("st2.example.org 5$ $1"));
        assert_eq!(value("${EMPTY:-}").as_deref(), Some(""));
        for text in ["$(hostname)", "`hostname`", "${NOBODY}", "$HOST", "${A:-$(id)}", "${A", "${A:+x}"] {
            assert_eq!(value(text), None, "{text}");
        }
    }
}
