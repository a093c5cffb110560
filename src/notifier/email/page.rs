//! A notice as a small page of HTML, for mail programs: tables and inline styles, no pictures, nothing fetched.

use crate::notifier::Notice;
use crate::notifier::look::{cut, escape};
use crate::text::{Limit, Unit};

/// Escaping makes it longer, at most sixfold.
const BODY: Limit = Limit { most: 20_000, unit: Unit::Chars };
/// A value of a fact.
const VALUE: Limit = Limit { most: 500, unit: Unit::Chars };
/// More facts nobody reads.
const FACTS: usize = 50;

/// The page. Every text is escaped; only addresses of the web become links.
pub(super) fn of(notice: &Notice) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html><body style=\"font-family:sans-serif\">\n\
         <div style=\"border-left:4px solid {};padding-left:12px\">\n<p><strong>{}</strong></p>\n",
        notice.tone().hex(),
        escape(&cut(&notice.message, VALUE))
    );
    if !notice.body.is_empty() {
        let body = escape(&cut(&notice.body, BODY));
        out.push_str(&format!("<pre style=\"white-space:pre-wrap\">{body}</pre>\n"));
    }
    out.push_str(&facts(notice));
    if let Some(link) = notice.link.as_deref().filter(|link| is_web(link)) {
        let link = escape(link);
        out.push_str(&format!("<p><a href=\"{link}\">{link}</a></p>\n"));
    }
    if notice.test {
        out.push_str("<p><small>a test</small></p>\n");
    }
    out + "</div>\n</body></html>\n"
}

fn facts(notice: &Notice) -> String {
    let row = |(name, value): &(String, String)| {
        let (name, value) = (escape(&cut(name, VALUE)), escape(&cut(value, VALUE)));
        format!("<tr><td>{name}</td><td>{value}</td></tr>\n")
    };
    let rows: String = notice.facts.iter().take(FACTS).map(row).collect();
    if rows.is_empty() { rows } else { format!("<table cellpadding=\"4\">\n{rows}</table>\n") }
}

/// An address such as `javascript:...` is no link.
fn is_web(link: &str) -> bool {
    reqwest::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_holds_is_text_and_never_markup() {
        let notice = Notice {
            message: "<script>".into(),
            body: "a & b\n</pre>".into(),
            link: Some("javascript:alert(1)".into()),
            facts: vec![("<i>".into(), "\"x'".into())],
            ..Notice::default()
        };
        let page = of(&notice);
        assert!(page.contains("&lt;script&gt;") && page.contains("a &amp; b\n&lt;/pre&gt;"), "{page}");
        assert!(
            page.contains("<td>&lt;i&gt;</td><td>&quot;x&#39;</td>") && !page.contains("javascript"),
            "{page}"
        );
    }

    #[test]
    fn an_address_of_the_web_is_a_link() {
        let notice = Notice { link: Some("https://example.org/?a=1&b=2".into()), ..Notice::default() };
        assert!(of(&notice).contains("<a href=\"https://example.org/?a=1&amp;b=2\">"));
    }
}
