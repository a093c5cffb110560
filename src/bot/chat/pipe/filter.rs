//! What stands between two `|` and needs no command: `filter`, `head`, `tail`, `count`, `sort`, `unique`.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};

/// Lines that `head` and `tail` keep where no number is given.
const LINES: usize = 10;

/// The compiled size of a regular expression, in bytes.
const LARGEST: usize = 1 << 20;

/// Changes text, line by line.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    Matching(Regex),
    Head(usize),
    Tail(usize),
    Count,
    Sort,
    Unique,
}

impl Filter {
    /// Reads `filter "9[0-9]%"`; `None` if it does not begin with the name of a filter.
    pub(super) fn parse(text: &str) -> Option<Result<Self, String>> {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let alone = |filter: Self| match rest.is_empty() {
            true => Ok(filter),
            false => Err(format!("`{name}` takes nothing")),
        };
        Some(match name.to_ascii_lowercase().as_str() {
            "filter" => expression(rest),
            "head" => lines(name, rest).map(Self::Head),
            "tail" => lines(name, rest).map(Self::Tail),
            "count" => alone(Self::Count),
            "sort" => alone(Self::Sort),
            "unique" => alone(Self::Unique),
            _ => return None,
        })
    }

    /// What is left of a text.
    pub(super) fn apply(&self, text: &str) -> String {
        let all = || text.lines();
        let kept: Vec<&str> = match self {
            Self::Matching(regex) => all().filter(|line| regex.is_match(line)).collect(),
            Self::Head(count) => all().take(*count).collect(),
            Self::Tail(count) => {
                let lines: Vec<&str> = all().collect();
                lines[lines.len().saturating_sub(*count)..].to_vec()
            }
            Self::Count => return all().filter(|line| !line.trim().is_empty()).count().to_string(),
            Self::Sort => {
                let mut lines: Vec<&str> = all().collect();
                lines.sort_unstable();
                lines
            }
            Self::Unique => {
                let mut seen = HashSet::new();
                all().filter(|line| seen.insert(*line)).collect()
            }
        };
        kept.join("\n")
    }
}

fn expression(text: &str) -> Result<Filter, String> {
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    let source = quoted('"').or_else(|| quoted('\'')).unwrap_or(text);
    if source.is_empty() {
        return Err("`filter` needs a regular expression, such as `filter \"9[0-9]%\"`".to_owned());
    }
    let regex = RegexBuilder::new(source).size_limit(LARGEST).build();
    regex.map(Filter::Matching).map_err(|_| format!("`{source}` is no regular expression"))
}

fn lines(name: &str, text: &str) -> Result<usize, String> {
    match text {
        "" => Ok(LINES),
        text => text.parse().map_err(|_| format!("`{name}` takes a number of lines, not `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(filter: &str, text: &str) -> String {
        Filter::parse(filter).unwrap().unwrap().apply(text)
    }

    #[test]
    fn each_filter_does_what_it_is_called() {
        let text = "web2 91%\nweb1 12%\nweb2 91%\n\nweb3 99%";
        assert_eq!(apply("filter \"9[0-9]%\"", text), "web2 91%\nweb2 91%\nweb3 99%");
        assert_eq!(apply("filter web1", text), "web1 12%");
        assert_eq!(apply("head 2", text), "web2 91%\nweb1 12%");
        assert_eq!(apply("TAIL 1", text), "web3 99%");
        assert_eq!(apply("count", text), "4");
        assert_eq!(apply("sort", "b\na\nc"), "a\nb\nc");
        assert_eq!(apply("unique", text), "web2 91%\nweb1 12%\n\nweb3 99%");
    }

    #[test]
    fn what_is_wrong_with_a_filter_is_said_and_other_words_are_none() {
        for (text, part) in [
            ("filter", "needs a regular expression"),
            ("filter \"(a\"", "no regular expression"),
            ("filter (((a{1000}){1000}){1000})", "no regular expression"),
            ("head x", "a number of lines"),
            ("count 3", "takes nothing"),
        ] {
            let error = Filter::parse(text).unwrap().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(Filter::parse("grep x").is_none());
    }
}
