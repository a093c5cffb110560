//! How a notice looks in chat: a post, cut at the service's limit.

use super::Notice;
use crate::text::{Block, Limit, Marks, Post, Span, pages_up_to};

/// Ends a text that was cut.
const CUT: &str = "…";

impl Notice {
    /// The notice as a post.
    pub fn post(&self) -> Post {
        let text = |text: &str| vec![Span::Text(text.to_owned())];
        let body = if self.body.is_empty() { Vec::new() } else { vec![Block::Para(text(&self.body))] };
        Post {
            tone: self.tone(),
            title: text(&self.message),
            link: self.link.clone(),
            body,
            facts: self.facts.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            foot: if self.test { "a test".to_owned() } else { String::new() },
            ..Post::default()
        }
    }
}

/// The notice in a dialect, within `limit`; what does not fit is cut, and a mark says so.
pub(super) fn dialect(notice: &Notice, marks: &Marks, limit: Limit) -> String {
    let inner = Limit { most: limit.most - limit.unit.count(CUT), ..limit };
    let mut parts = pages_up_to(&notice.post(), marks, inner, usize::MAX).parts.into_iter();
    let first = parts.next().unwrap_or_default();
    if parts.next().is_some() { first + CUT } else { first }
}

/// A plain text within `limit`.
pub(super) fn cut(text: &str, limit: Limit) -> String {
    if limit.holds(text) {
        return text.to_owned();
    }
    let mut room = limit.most.saturating_sub(limit.unit.count(CUT));
    let fits = |c: &char| {
        let left = room.checked_sub(limit.unit.of(*c));
        room = left.unwrap_or(0);
        left.is_some()
    };
    text.chars().take_while(fits).collect::<String>() + CUT
}

/// A text as HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Whether a text is a colour such as `#36a64f` or `#3a4`.
pub(super) fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 3 | 6) && digits.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Unit, marks};

    #[test]
    fn a_long_text_is_cut_inside_the_limit_and_says_so() {
        let limit = Limit { most: 10, unit: Unit::Bytes };
        assert_eq!(cut("ääääääää", limit), "äää…");
        assert_eq!(cut("short", limit), "short");
        let notice = Notice { message: "m".into(), body: "x".repeat(500), ..Notice::default() };
        let limit = Limit { most: 100, unit: Unit::Chars };
        let text = dialect(&notice, &marks::SLACK, limit);
        assert!(text.ends_with('…') && limit.holds(&text), "{text}");
    }

    #[test]
    fn a_mention_in_a_notice_pings_nobody() {
        let notice = Notice { message: "<!channel>".into(), ..Notice::default() };
        let text = dialect(&notice, &marks::SLACK, Limit { most: 100, unit: Unit::Chars });
        assert!(!text.contains("<!channel>"));
    }

    #[test]
    fn colours_are_three_or_six_digits() {
        assert!(is_colour("#36a64f") && is_colour("#fff"));
        assert!(!is_colour("36a64f") && !is_colour("#36a64g") && !is_colour("red"));
    }
}
