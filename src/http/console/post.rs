//! What the bot and people say, as HTML. Every text is escaped; a link leads to the web or nowhere.

use std::fmt::Write;

use minijinja::HtmlEscape;
use serde_json::json;

use crate::adapter::Sign;
use crate::adapter::web::{Line, Said};
use crate::model::Timestamp;
use crate::net::file_bytes;
use crate::text::{Block, Post, Span, Tone, ticked};

/// A text that may stand anywhere between tags and in quoted attributes.
fn escape(text: &str) -> HtmlEscape<'_> {
    HtmlEscape(text)
}

/// What the script puts into the page for a line: `{"id", "v", "html"}` as one line of JSON.
pub(super) fn line(line: &Line) -> String {
    let (id, version) = (format!("l{}", line.id), version(line));
    json!({"id": id, "v": version, "html": item(line, &id, &version)}).to_string()
}

/// Changes when the line looks different.
fn version(line: &Line) -> String {
    let sign = line.sign.map_or("", |sign| look(sign).0);
    format!("{}{sign}", line.edits)
}

fn look(sign: Sign) -> (&'static str, &'static str, &'static str) {
    match sign {
        Sign::Working => ("busy", "…", "heard, under way"),
        Sign::Good => ("good", "✓", "done"),
        Sign::Bad => ("bad", "✕", "failed or refused"),
    }
}

fn item(line: &Line, id: &str, version: &str) -> String {
    let (kind, name) = line.who.as_ref().map_or(("bot", "bot"), |who| ("person", &*who.name));
    let initial: String = name.chars().next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let picture = match line.who {
        Some(_) => escape(&initial).to_string(),
        None => "<img src=\"/assets/icon.svg\" alt=\"\" width=\"30\" height=\"30\">".to_owned(),
    };
    let mut html = format!(
        "<li class=\"line {kind}\" id=\"{id}\" data-v=\"{version}\"><span class=\"avatar\" aria-hidden=\"true\">{picture}</span>\
         <div class=\"body\"><p class=\"who\"><b>{}</b> {}",
        escape(name),
        time(line.at)
    );
    if let Some(sign) = line.sign {
        let (mood, sign, words) = look(sign);
        let _ = write!(
            html,
            " <span class=\"sign {mood}\" title=\"{words}\"><span aria-hidden=\"true\">{sign}</span>\
             <span class=\"hidden\">{words}</span></span>"
        );
    }
    if line.only.is_some() {
        html.push_str(" <span class=\"whisper\">only you see this</span>");
    }
    html.push_str("</p>");
    match &line.said {
        Said::Typed(text) => {
            let _ = write!(html, "<p class=\"typed\">{}</p>", escape(text));
        }
        Said::Post(post) => {
            html.push_str(&self::post(post));
            html.push_str(&extras(post, line.id));
        }
    }
    html.push_str("</div></li>");
    html
}

fn time(at: Timestamp) -> String {
    let iso = at.to_string();
    let clock = iso.split('T').nth(1).and_then(|clock| clock.get(..5)).unwrap_or_default();
    format!("<time datetime=\"{iso}\" title=\"{iso}\">{clock}</time>")
}

/// A post without its buttons and files.
pub(super) fn post(post: &Post) -> String {
    let tone = match post.tone {
        Tone::Plain => "plain",
        Tone::Working => "busy",
        Tone::Good => "good",
        Tone::Warning => "warn",
        Tone::Bad => "bad",
    };
    let mut html = format!("<div class=\"post {tone}\">");
    if let Some(to) = &post.to {
        let _ = write!(html, "<p class=\"to\">@{}</p>", escape(&to.name));
    }
    post.pretext.iter().for_each(|it| block(&mut html, it));
    if !post.title.is_empty() {
        let title = match post.link.as_deref().filter(|url| is_web(url)) {
            Some(url) => anchor(url, &plain(&post.title)),
            None => spans(&post.title),
        };
        let _ = write!(html, "<p class=\"title\">{title}</p>");
    }
    post.body.iter().for_each(|it| block(&mut html, it));
    if !post.facts.is_empty() {
        html.push_str("<dl class=\"facts\">");
        for (name, value) in &post.facts {
            let _ = write!(html, "<div><dt>{}</dt><dd>{}</dd></div>", escape(name), spans(value));
        }
        html.push_str("</dl>");
    }
    if !post.foot.is_empty() {
        let _ = write!(html, "<p class=\"foot\">{}</p>", escape(&post.foot));
    }
    html.push_str("</div>");
    html
}

/// A sentence of the bot: what stands in backticks is code.
pub(super) fn sentence(text: &str) -> String {
    spans(&ticked(text))
}

/// Buttons belong to the form `press` of the page, so that the same piece fits every session.
fn extras(post: &Post, line: i64) -> String {
    let mut html = String::new();
    if !post.files.is_empty() {
        html.push_str("<ul class=\"files\">");
        for (number, file) in post.files.iter().enumerate() {
            let size = crate::text::human::size(file_bytes(file).len() as u64);
            let _ = write!(
                html,
                "<li><a href=\"/files/{line}/{number}\" download>{}</a> <small>{size}</small></li>",
                escape(&file.name)
            );
        }
        html.push_str("</ul>");
    }
    if !post.choices.is_empty() {
        html.push_str("<p class=\"choices\">");
        for choice in &post.choices {
            let _ = write!(
                html,
                "<button type=\"submit\" form=\"press\" name=\"press\" value=\"{line} {}\" title=\"{}\">{}</button>",
                escape(&choice.nonce),
                escape(&choice.typed),
                escape(&choice.label)
            );
        }
        html.push_str("</p>");
    }
    html
}

fn block(html: &mut String, block: &Block) {
    // Writing to a string cannot fail.
    let _ = match block {
        Block::Para(it) => write!(html, "<p>{}</p>", spans(it)),
        Block::Quote(it) => write!(html, "<blockquote>{}</blockquote>", spans(it)),
        Block::Code { text, .. } => write!(html, "<pre tabindex=\"0\">{}</pre>", escape(text)),
        Block::List(items) => {
            let items: String = items.iter().map(|it| format!("<li>{}</li>", spans(it))).collect();
            write!(html, "<ul>{items}</ul>")
        }
        Block::Table { head, rows } => {
            let cells = |tag: &str, cells: &[String]| -> String {
                cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect()
            };
            let rows: String = rows.iter().map(|row| format!("<tr>{}</tr>", cells("td", row))).collect();
            let head = cells("th", head);
            write!(
                html,
                "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
            )
        }
    };
}

fn spans(all: &[Span]) -> String {
    all.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Text(text) => escape(text).to_string(),
        Span::Bold(text) => format!("<strong>{}</strong>", escape(text)),
        Span::Code(text) => format!("<code>{}</code>", escape(text)),
        Span::Link { label, url } if is_web(url) => anchor(url, label),
        Span::Link { label, url } => format!("{} ({})", escape(label), escape(url)),
        Span::Person(id) => format!("<span class=\"mention\">@{}</span>", escape(id)),
        Span::Time(seconds) => {
            let at = Timestamp::from_micros(seconds.saturating_mul(1_000_000)).to_string();
            let shown = at.replace('T', " ");
            let shown = shown.get(..16).unwrap_or(&shown);
            format!("<time datetime=\"{at}\">{shown} UTC</time>")
        }
    }
}

fn anchor(url: &str, label: &str) -> String {
    format!("<a href=\"{}\" target=\"_blank\" rel=\"noopener noreferrer\">{}</a>", escape(url), escape(label))
}

/// Whether an address leads to the web: no other kind is made a link.
pub(super) fn is_web(url: &str) -> bool {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

fn plain(all: &[Span]) -> String {
    let word = |span: &Span| match span {
        Span::Text(text) | Span::Bold(text) | Span::Code(text) | Span::Person(text) => text.clone(),
        Span::Link { label, .. } => label.clone(),
        Span::Time(seconds) => seconds.to_string(),
    };
    all.iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Addressee, Choice, File};

    const EVIL: &str = "\"><script>alert(1)</script><img src=x onerror='x'>";

    #[test]
    fn nothing_that_is_said_becomes_markup() {
        let text = || EVIL.to_owned();
        let all = vec![
            Span::Text(text()),
            Span::Bold(text()),
            Span::Code(text()),
            Span::Person(text()),
            Span::Link { label: text(), url: format!("https://example.org/{EVIL}") },
            Span::Link { label: text(), url: "javascript:alert(1)".into() },
        ];
        let post = Post {
            to: Some(Addressee { id: text(), name: text() }),
            pretext: vec![Block::Quote(all.clone())],
            title: all.clone(),
            link: Some("javascript:alert(1)".into()),
            body: vec![
                Block::Para(all.clone()),
                Block::List(vec![all.clone()]),
                Block::Code { lang: text(), text: text() },
                Block::Table { head: vec![text()], rows: vec![vec![text()]] },
            ],
            facts: vec![(text(), all)],
            foot: text(),
            choices: vec![Choice { nonce: text(), label: text(), typed: text() }],
            files: vec![File { name: text(), text: text(), data: String::new() }],
            ..Post::default()
        };
        let html = super::post(&post) + &extras(&post, 7);
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("\">\"><"), "{html}");
        assert!(!html.contains("href=\"javascript"), "{html}");
    }

    #[test]
    fn a_post_is_structured_as_it_is_meant() {
        let rows = vec![vec!["1".to_owned()]];
        let post = Post {
            title: vec![Span::Text("done".into())],
            link: Some("https://example.org/7".into()),
            body: vec![Block::Table { head: vec!["id".into()], rows }, Block::Para(vec![Span::Time(0)])],
            ..Post::default()
        };
        let html = super::post(&post.tone(Tone::Good));
        assert!(html.starts_with("<div class=\"post good\"><p class=\"title\"><a href=\"https:"), "{html}");
        assert!(html.contains("<th>id</th>") && html.contains("1970-01-01 00:00 UTC"), "{html}");
    }
}
