//! A post as lines of IRC: plain text, since IRC has no markup that everyone sees.

use crate::text::{Block, Post, Span};

/// The lines of a post, without line ends; never empty lines.
pub(super) fn lines(post: &Post) -> Vec<String> {
    let mut text = String::new();
    if !post.title.is_empty() {
        text.push_str(&spans(&post.title));
        if let Some(link) = &post.link {
            text.push_str(&format!(" <{link}>"));
        }
        text.push('\n');
    }
    for block in &post.body {
        render(block, &mut text);
        text.push('\n');
    }
    for (name, value) in &post.facts {
        text.push_str(&format!("{name}: {}\n", spans(value)));
    }
    for file in &post.files {
        text.push_str(&format!("{}:\n{}\n", file.name, file.text));
    }
    for choice in &post.choices {
        text.push_str(&format!("{}: say `{}`\n", choice.label, choice.typed));
    }
    text.push_str(&post.foot);
    text.split(['\n', '\r'])
        .map(|line| line.trim_end().replace('\t', "    "))
        .filter(|line| !line.is_empty())
        .collect()
}

fn render(block: &Block, out: &mut String) {
    match block {
        Block::Para(text) => out.push_str(&spans(text)),
        Block::Code { text, .. } => out.push_str(text),
        Block::List(items) => {
            let items: Vec<_> = items.iter().map(|item| format!("- {}", spans(item))).collect();
            out.push_str(&items.join("\n"));
        }
        Block::Table { head, rows } => table(head, rows, out),
        Block::Quote(text) => {
            let text = spans(text);
            let lines: Vec<_> = text.lines().map(|line| format!("> {line}")).collect();
            out.push_str(&lines.join("\n"));
        }
    }
}

fn table(head: &[String], rows: &[Vec<String>], out: &mut String) {
    let all = || std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let width =
        |column: usize| all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<_> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
    for row in all() {
        for (cell, width) in row.iter().zip(widths.iter().chain(std::iter::repeat(&0))) {
            out.push_str(&format!("{cell:width$}  "));
        }
        out.push('\n');
    }
}

fn spans(spans: &[Span]) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Text(text) | Span::Bold(text) | Span::Code(text) => text.clone(),
        Span::Link { label, url } if label.is_empty() || label == url => url.clone(),
        Span::Link { label, url } => format!("{label} <{url}>"),
        Span::Person(id) => id.trim_start_matches('~').to_owned(),
        Span::Time(seconds) => match jiff::Timestamp::from_second(*seconds) {
            Ok(time) => time.to_string(),
            Err(_) => seconds.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_reads_as_plain_lines() {
        let post = Post {
            title: vec![Span::Bold("done".into())],
            body: vec![
                Block::Code { lang: String::new(), text: "a\n\n\tb".into() },
                Block::Table {
                    head: vec!["host".into(), "rc".into()],
                    rows: vec![vec!["web1".into(), "0".into()]],
                },
            ],
            facts: vec![("took".into(), vec![Span::Text("2 s".into())])],
            ..Post::default()
        };
        assert_eq!(lines(&post), ["done", "a", "    b", "host  rc", "web1  0", "took: 2 s"]);
    }
}
