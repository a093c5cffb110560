//! Reads which modules a source file names, by `crate::` and `super::` paths; no compiler needed.

/// A path such as `bot::engine::Engine`, from the root of the crate, and the line that names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The segments.
    pub(crate) path: Vec<String>,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// Every path of this crate that `source` names. `module` is where the file stands: `["bot", "engine"]`.
pub(crate) fn of(module: &[String], source: &str) -> Vec<Import> {
    let code = without_comments_and_strings(source);
    let mut found = Vec::new();
    for start in starts_of_paths(&code) {
        let line = code[..start].matches('\n').count() + 1;
        let base = modules_around(&code, start).fold(module.to_vec(), |mut base, name| {
            base.push(name);
            base
        });
        for path in tree(&mut Reader { rest: &code[start..] }) {
            found.extend(resolve(&base, path).map(|path| Import { path, line }));
        }
    }
    found
}

/// The heads of external paths that `source` names: `serde` for `serde::Deserialize`.
pub(crate) fn heads(source: &str) -> Vec<String> {
    let code = without_comments_and_strings(source);
    let mut heads = Vec::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let head: String = before.chars().rev().take_while(|c| is_word(*c)).collect();
        let earlier = before[..before.len() - head.len()].trim_end();
        if !head.is_empty() && !earlier.ends_with("::") {
            heads.push(head.chars().rev().collect());
        }
    }
    heads
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where `crate::` and `super::` begin a path; in `super::super::x` only the first.
fn starts_of_paths(code: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    for word in ["crate::", "super::"] {
        for (at, _) in code.match_indices(word) {
            let before = code[..at].chars().next_back();
            if !before.is_some_and(|c| is_word(c) || c == ':') {
                starts.push(at);
            }
        }
    }
    starts
}

/// The inline modules, such as `mod tests { ... }`, that hold the byte `at`, outermost first.
fn modules_around(code: &str, at: usize) -> impl Iterator<Item = String> {
    let mut open: Vec<Option<String>> = Vec::new();
    for (index, c) in code[..at].char_indices() {
        match c {
            '{' => open.push(inline_module(&code[..index])),
            '}' => drop(open.pop()),
            _ => {}
        }
    }
    open.into_iter().flatten()
}

/// `tests`, if the text before a brace ends in `mod tests`.
fn inline_module(before: &str) -> Option<String> {
    let mut words = before.split_whitespace().rev();
    let name = words.next()?;
    (words.next()? == "mod").then(|| name.to_owned())
}

/// The absolute path, `None` for a path into the standard library's `super` that cannot be ours.
fn resolve(base: &[String], path: Vec<String>) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|segment| *segment == "super").count();
    if ups == 0 {
        return Some(path.into_iter().skip(1).collect());
    }
    let kept = base.len().checked_sub(ups)?;
    Some(base[..kept].iter().cloned().chain(path.into_iter().skip(ups)).collect())
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self) -> Option<String> {
        self.skip_space();
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }
}

/// The paths of one use tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn tree(reader: &mut Reader<'_>) -> Vec<Vec<String>> {
    let mut stem = Vec::new();
    while let Some(word) = reader.word() {
        stem.push(word);
        if !reader.eat("::") {
            return vec![stem];
        }
    }
    if !reader.eat("{") {
        return vec![stem];
    }
    let mut paths = Vec::new();
    while !reader.eat("}") && !reader.rest.is_empty() {
        for branch in tree(reader) {
            paths.push(stem.iter().cloned().chain(branch).collect());
        }
        skip_to_next_branch(reader);
    }
    paths
}

/// Over `*`, `as name` and the comma.
fn skip_to_next_branch(reader: &mut Reader<'_>) {
    let end = reader.rest.find([',', '}']).unwrap_or(reader.rest.len());
    reader.rest = &reader.rest[end..];
    reader.eat(",");
}

/// The same text with comments, strings and characters blanked; line breaks stay.
fn without_comments_and_strings(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let length = blank_length(rest).unwrap_or(0);
        if length == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (blanked, after) = rest.split_at(length);
        out.extend(blanked.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    out
}

/// How many bytes a comment, string or character that begins `rest` takes.
fn blank_length(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    if let Some(hashes) = raw_string_hashes(rest) {
        let close = format!("\"{}", "#".repeat(hashes));
        let open = hashes + 2;
        return Some(rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len()));
    }
    if rest.starts_with('"') {
        return Some(quoted_length(rest, '"'));
    }
    let is_char =
        rest.starts_with('\'') && (rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\''));
    is_char.then(|| quoted_length(rest, '\''))
}

/// The number of `#` of a raw string that begins `rest`.
fn raw_string_hashes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            c if c == quote && !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str) -> Vec<String> {
        let module = ["bot".to_owned(), "engine".to_owned()];
        of(&module, source).iter().map(|import| import.path.join("::")).collect()
    }

    #[test]
    fn groups_renames_and_globs_are_read() {
        let source = "use crate::{model::{Person, Place as Where}, net::*};\nuse super::home;";
        assert_eq!(paths(source), ["model::Person", "model::Place", "net", "bot::home"]);
    }

    #[test]
    fn paths_in_code_count_and_those_in_comments_and_strings_do_not() {
        let source = "// crate::cli::x\nfn f(c: char) { if c == '\"' { crate::http::serve() } let s = \"crate::cli\"; r#\"crate::bot\"#; }";
        assert_eq!(paths(source), ["http::serve"]);
    }

    #[test]
    fn super_inside_an_inline_module_is_the_file_itself() {
        assert_eq!(
            paths("mod tests { use super::*; use super::super::outbox::Outbox; }"),
            ["bot::engine", "bot::outbox::Outbox"]
        );
    }

    #[test]
    fn the_head_of_a_path_is_its_crate() {
        assert_eq!(heads("use serde::de::Error; let x = std::fmt::Debug; "), ["serde", "std"]);
    }
}
