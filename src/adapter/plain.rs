//! A post as one text, for services without markup, buttons and files.

use crate::text::marks::Marks;
use crate::text::{Post, render};

/// The whole post, its files behind it.
pub(super) fn text(post: &Post, marks: &Marks) -> String {
    let mut text = render(post, marks);
    for file in &post.files {
        match file.bytes() {
            0 => text.push_str(&format!("\n{}:\n{}", file.name, file.text)),
            bytes => text
                .push_str(&format!("\n{}: a file of {bytes} bytes, which cannot be shown here", file.name)),
        }
    }
    text.trim_matches('\n').to_owned()
}

/// Its lines, without empty ones.
pub(super) fn lines(post: &Post, marks: &Marks) -> Vec<String> {
    let text = text(post, marks);
    let lines = text.split(['\n', '\r']).map(|line| line.trim_end().replace('\t', "    "));
    lines.filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::marks::IRC_PLAIN;
    use crate::text::{Block, File, Span};

    #[test]
    fn a_post_reads_as_plain_lines() {
        let post = Post {
            title: vec![Span::Bold("done".into())],
            body: vec![Block::Code { lang: String::new(), text: "a\n\n\tb  ".into() }],
            files: vec![File { name: "output.txt".into(), text: "c\nd\n".into(), ..File::default() }],
            ..Post::default()
        };
        assert_eq!(lines(&post, &IRC_PLAIN), ["done", "a", "    b", "output.txt:", "c", "d"]);
    }
}
