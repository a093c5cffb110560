//! A line as steps and a target: `show disk | filter "9[0-9]%" > #ops`. Operators are `|` and `>` as words of their own,
//! outside of quotes.

/// A line with operators in it, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split<'a> {
    /// What stands between the `|`, at least one.
    pub(super) steps: Vec<&'a str>,
    /// The one word behind the last `>`.
    pub(super) target: Option<&'a str>,
}

/// Takes a line apart; `None` if there is no operator in it, or nothing between two.
pub(super) fn split(text: &str) -> Option<Split<'_>> {
    let words = words(text);
    let operators: Vec<_> = words.iter().filter(|(at, end)| matches!(&text[*at..*end], "|" | ">")).collect();
    let last = words.len().checked_sub(2).map(|place| words[place]);
    let target = last.filter(|(at, end)| &text[*at..*end] == ">").map(|_| words[words.len() - 1]);
    let end = if target.is_some() { last.map_or(text.len(), |(at, _)| at) } else { text.len() };
    let bars = operators.into_iter().filter(|(at, stop)| &text[*at..*stop] == "|" && *at < end);
    let mut steps = Vec::new();
    let mut from = 0;
    for (at, stop) in bars {
        steps.push(text[from..*at].trim());
        from = *stop;
    }
    steps.push(text.get(from..end)?.trim());
    let some = steps.len() > 1 || target.is_some();
    let whole = steps.iter().all(|step| !step.is_empty());
    (some && whole).then(|| Split { steps, target: target.map(|(at, end)| &text[at..end]) })
}

/// Where the words are; a quote at the start of a word, or behind `=`, hides blanks until it is closed.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote: Option<char> = None;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter.is_whitespace() => words.extend(start.take().map(|from| (from, at))),
            None => {
                start.get_or_insert(at);
                let opens = before.is_whitespace() || before == '=';
                let closes = || text[at + letter.len_utf8()..].contains(letter);
                if matches!(letter, '"' | '\'') && opens && closes() {
                    quote = Some(letter);
                }
            }
        }
        before = letter;
    }
    words.extend(start.map(|from| (from, text.len())));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_words_outside_of_quotes() {
        let parts = |text: &str| split(text).map(|it| (it.steps.join("/"), it.target.map(str::to_owned)));
        let some = |steps: &str, target: Option<&str>| Some((steps.to_owned(), target.map(str::to_owned)));
        assert_eq!(
            parts("show disk on web* | filter \"9[0-9]% | x\" > #ops"),
            some("show disk on web*/filter \"9[0-9]% | x\"", Some("#ops"))
        );
        assert_eq!(parts("a | b | c"), some("a/b/c", None));
        assert_eq!(parts("don't | can't"), some("don't/can't", None), "an apostrophe is no quote");
        assert_eq!(parts("say \"5 > 3\" > me"), some("say \"5 > 3\"", Some("me")));
        assert_eq!(parts("a > b c | d"), some("a > b c/d", None), "a target is one word, and the last");
        for plain in ["a|b", "a >b", "a || b", "a", "", "| a", "a |", "a | | b", "> me", "x=\"a | b\""] {
            assert_eq!(parts(plain), None, "{plain}");
        }
    }
}
