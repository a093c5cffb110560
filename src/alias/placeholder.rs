//! Placeholders of a format: `{{name}}`, `{{name=default}}`. The grammar is StackStorm's, with `{{a=}}`,
//! `{{a={}}}` and nested defaults read as they are meant.

/// One parameter slot of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder {
    /// The parameter's name: a letter or `_`, then letters, digits and `_`.
    pub(super) name: String,
    /// The value when nothing is typed; `None` for a slot that must be filled.
    pub(super) default: Option<String>,
    /// White space in front of it, which belongs to the slot: an empty optional slot needs none.
    pub(super) gap: Gap,
}

/// What stands between a placeholder and the text before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing: the value touches the text.
    Touching,
    /// Blanks.
    Blank,
    /// Blanks or a line break: the first slot after the command's words.
    Space,
}

/// Reads the placeholder that begins at the start of `text` (with its `{{`); gives it and the rest.
///
/// # Errors
/// A plain sentence when it is not closed, has no name, or has one that cannot be a parameter.
pub(super) fn read(text: &str) -> Result<(Placeholder, &str), String> {
    let inner = text.strip_prefix("{{").unwrap_or(text).trim_start();
    let end = inner.find(['=', '}']).ok_or_else(|| unclosed(text))?;
    let name = inner[..end].trim_end();
    if inner[end..].starts_with('}') && !inner[end..].starts_with("}}") {
        return Err(unclosed(text));
    }
    check_name(name)?;
    let (default, rest) = match inner[end..].strip_prefix('=') {
        None => (None, &inner[end + 2..]),
        Some(after) => {
            let (default, rest) = default(after.trim_start()).ok_or_else(|| unclosed(text))?;
            (Some(default), rest)
        }
    };
    Ok((Placeholder { name: name.to_owned(), default, gap: Gap::Touching }, rest))
}

fn unclosed(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("the placeholder `{shown}` is not closed by `}}}}`; write `\\{{\\{{` for literal braces")
}

/// Whether `name` can be a parameter: StackStorm takes what Python takes for an identifier.
///
/// # Errors
/// Says what a name looks like.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("a placeholder needs a name, as in `{{host}}`".to_owned());
    }
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|letter| letter == '_' || letter.is_alphabetic());
    if first && letters.all(|letter| letter == '_' || letter.is_alphanumeric()) {
        return Ok(());
    }
    Err(format!("`{name}` cannot name a parameter: use letters, digits and `_`, not beginning with a digit"))
}

/// The default that begins at the start of `text`, and what follows the closing braces.
fn default(text: &str) -> Option<(String, &str)> {
    quoted_default(text).or_else(|| nested_default(text)).or_else(|| {
        let end = text.find("}}")?;
        Some((text[..end].trim_end().to_owned(), &text[end + 2..]))
    })
}

/// `"..."` or `'...'`: one layer of quotes is dropped.
fn quoted_default(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let mut from = 1;
    loop {
        let end = from + text[from..].find(quote)?;
        if let Some(rest) = text[end + 1..].trim_start().strip_prefix("}}") {
            return Some((text[1..end].to_owned(), rest));
        }
        from = end + 1;
    }
}

/// `{...}` or `[...]` with its inner brackets balanced, kept as it is.
fn nested_default(text: &str) -> Option<(String, &str)> {
    let length = super::tail::balanced(text)?;
    let rest = text[length..].trim_start().strip_prefix("}}")?;
    Some((text[..length].to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Option<String>, String) {
        let (slot, rest) = read(text).unwrap();
        (slot.name, slot.default, rest.to_owned())
    }

    #[test]
    fn a_default_may_be_empty_quoted_or_nested() {
        assert_eq!(parts("{{ a }} x"), ("a".into(), None, " x".into()));
        assert_eq!(parts("{{a=}} b}}"), ("a".into(), Some(String::new()), " b}}".into()));
        assert_eq!(parts("{{a = \"b c\" }}!"), ("a".into(), Some("b c".into()), "!".into()));
        assert_eq!(parts("{{a={}}}"), ("a".into(), Some("{}".into()), String::new()));
        let nested = parts("{{a={\"b\": {\"c\": 1}}}} d");
        assert_eq!(nested, ("a".into(), Some("{\"b\": {\"c\": 1}}".into()), " d".into()));
        assert_eq!(parts("{{t=it's}}"), ("t".into(), Some("it's".into()), String::new()));
    }

    #[test]
    fn a_bad_placeholder_says_what_is_wrong_with_it() {
        for bad in
            ["{{}}", "{{ }}", "{{a b}}", "{{1a}}", "{{a-b}}", "{{a.b}}", "{{{a}}}", "{{a", "{{a=b", "{{a}"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
