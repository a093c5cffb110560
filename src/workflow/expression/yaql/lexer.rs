//! YAQL's words: names, numbers, quoted texts, variables and signs.

use serde_json::{Number, Value};

use super::SyntaxError;

/// A word of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare word that is no operator and no constant.
    Word(String),
    /// A name with the bracket that follows it at once: `len(`.
    Function(String),
    /// A number, a quoted text, `true`, `false` or `null`.
    Constant(Value),
    /// `$`, `$1`, `$name`, without the sign.
    Variable(String),
    /// A sign or a word that is an operator.
    Sign(&'static str),
}

/// A word and the byte it begins at.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// Longer ones first: the first that fits is taken.
const SIGNS: [&str; 26] = [
    "=>", "?.", "=~", "!~", "!=", ">=", "<=", "->", "(", ")", "[", "]", "{", "}", ",", ".", "+", "-", "*",
    "/", "<", ">", "=", "and", "or", "not",
];

/// Operators that are words.
const WORDS: [&str; 5] = ["and", "or", "not", "in", "mod"];

/// Cuts `source` into words.
pub(super) fn cut(source: &str) -> Result<Vec<Placed>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, length) = one(&source[at..], c).map_err(|message| SyntaxError { at, message })?;
        tokens.push(Placed { token, at });
        at += length;
    }
    Ok(tokens)
}

/// The first word of `rest` and its length in bytes.
fn one(rest: &str, first: char) -> Result<(Token, usize), String> {
    match first {
        '"' | '\'' | '`' => quoted(rest, first),
        '$' => {
            let length = 1 + word_length(&rest[1..]);
            Ok((Token::Variable(rest[1..length].to_owned()), length))
        }
        c if c.is_ascii_digit() => number(rest),
        c if c == '_' || c.is_alphabetic() => word(rest),
        _ => {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| match first {
                '&' | '|' => format!("`{first}` is no operator: write `and` or `or`"),
                _ => format!("`{first}` has no meaning here"),
            })?;
            Ok((Token::Sign(sign), sign.len()))
        }
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len())
}

fn word(rest: &str) -> Result<(Token, usize), String> {
    let length = word_length(rest);
    let word = &rest[..length];
    if word.starts_with("__") {
        return Err(format!("`{word}` is private: names may not begin with two underscores"));
    }
    if let Some(operator) = WORDS.into_iter().find(|operator| *operator == word) {
        return Ok((Token::Sign(operator), length));
    }
    if rest[length..].starts_with('(') {
        return Ok((Token::Function(word.to_owned()), length + 1));
    }
    let token = match word {
        "true" => Token::Constant(Value::Bool(true)),
        "false" => Token::Constant(Value::Bool(false)),
        "null" => Token::Constant(Value::Null),
        _ => Token::Word(word.to_owned()),
    };
    Ok((token, length))
}

/// Digits, with a fraction or without; no exponent, no other base.
fn number(rest: &str) -> Result<(Token, usize), String> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut length = digits(rest);
    if let Some(fraction) = rest[length..].strip_prefix('.') {
        match digits(fraction) {
            0 => {}
            count => length += 1 + count,
        }
    }
    let text = &rest[..length];
    let unknown =
        || format!("`{}` is not a number such as 42 or 1.5", &rest[..length + word_length(&rest[length..])]);
    if word_length(&rest[length..]) > 0 {
        return Err(unknown());
    }
    let value = match text.contains('.') {
        true => text.parse().ok().and_then(Number::from_f64),
        false => text.parse::<i64>().ok().map(Number::from),
    };
    let value = value.ok_or_else(|| format!("the number `{text}` is too large"))?;
    Ok((Token::Constant(Value::Number(value)), length))
}

/// A text in quotes; back-quoted text has no escapes but that of the back quote.
fn quoted(rest: &str, quote: char) -> Result<(Token, usize), String> {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    let (end, _) = end.ok_or_else(|| format!("the text has no closing {quote}"))?;
    let inner = &rest[1..end];
    let text = if quote == '`' { inner.replace("\\`", "`") } else { unescape(inner) };
    Ok((Token::Constant(Value::String(text)), end + 1))
}

/// Python's escapes; what is none stays as it is: `\w` keeps its backslash.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (c, length) = escape(after).unwrap_or(('\\', 0));
        out.push(c);
        rest = &after[length..];
    }
    out.push_str(rest);
    out
}

/// The character that an escape stands for, and how many bytes follow the backslash.
fn escape(after: &str) -> Option<(char, usize)> {
    let hex = |from: usize, count: usize| {
        let code = u32::from_str_radix(after.get(from..from + count)?, 16).ok()?;
        Some((char::from_u32(code)?, from + count))
    };
    Some(match after.chars().next()? {
        c @ ('\\' | '\'' | '"') => (c, 1),
        'n' => ('\n', 1),
        't' => ('\t', 1),
        'r' => ('\r', 1),
        'a' => ('\u{7}', 1),
        'b' => ('\u{8}', 1),
        'f' => ('\u{c}', 1),
        'v' => ('\u{b}', 1),
        'x' => hex(1, 2)?,
        'u' => hex(1, 4)?,
        'U' => hex(1, 8)?,
        '0'..='7' => {
            let count = after.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
            (char::from_u32(u32::from_str_radix(&after[..count], 8).ok()?)?, count)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tokens(source: &str) -> Vec<Token> {
        cut(source).unwrap().into_iter().map(|placed| placed.token).collect()
    }

    #[test]
    fn words_numbers_texts_and_signs_are_told_apart() {
        use Token::{Constant, Function, Sign, Variable, Word};
        let word = |text: &str| Word(text.to_owned());
        assert_eq!(tokens("ctx().x"), [Function("ctx".into()), Sign(")"), Sign("."), word("x")]);
        assert_eq!(tokens("$ $1 $ab"), ["", "1", "ab"].map(|name| Variable(name.into())));
        assert_eq!(tokens("1.50 7 null"), [json!(1.5), json!(7), json!(null)].map(Constant));
        assert_eq!(
            tokens("a!=b<=c=>d"),
            [word("a"), Sign("!="), word("b"), Sign("<="), word("c"), Sign("=>"), word("d"),]
        );
        assert_eq!(tokens("not 1 .b"), [Sign("not"), Constant(json!(1)), Sign("."), word("b")]);
    }

    #[test]
    fn escapes_are_python_s_and_unknown_ones_stay() {
        let text = |source: &str| tokens(source).remove(0);
        assert_eq!(text(r#""\x41\u00e9\101\n\w\"""#), Token::Constant(json!("AéA\n\\w\"")));
        assert_eq!(text(r"'single \' in'"), Token::Constant(json!("single ' in")));
        assert_eq!(text(r"`a\n\``"), Token::Constant(json!("a\\n`")));
    }

    #[test]
    fn what_is_no_word_is_refused_with_its_place() {
        let cases = [
            ("1e3", 0),
            ("0x10", 0),
            ("a && b", 2),
            ("ctx().__x", 6),
            ("\"open", 0),
            ("l[1:]", 3),
            ("a ? b", 2),
        ];
        for (source, at) in cases {
            assert_eq!(cut(source).unwrap_err().at, at, "{source}");
        }
    }
}
