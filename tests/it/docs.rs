//! The Markdown pages: their links lead somewhere, every door has its page, every page its example.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::source;

/// The pages of the project.
fn pages() -> Vec<PathBuf> {
    source::files(&source::root(), "md")
}

/// The targets of `[label](target)` outside of code.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in page.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
        for (at, _) in prose.match_indices("](") {
            let target = prose[at + 2..].split(')').next().unwrap_or_default();
            found.push(target.to_owned());
        }
    }
    found
}

/// The anchor of a heading, as code hosts make it: `## Two words` is `two-words`.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let text = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"));
    text.map(|text| text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect())
        .collect()
}

/// What is wrong with a link on `page`.
fn broken(page: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { page.to_owned() } else { page.parent().unwrap().join(path) };
    if !target.exists() {
        return Some(format!("{}: `{link}` leads nowhere", page.display()));
    }
    let known = anchor.is_empty() || anchors(&fs::read_to_string(target).ok()?).iter().any(|a| a == anchor);
    (!known).then(|| format!("{}: there is no heading `{anchor}`", page.display()))
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        wrong.extend(links(&text).iter().filter_map(|link| broken(&page, link)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The kinds in the list macro of a room: rows such as `Irc(irc::Irc) = "irc"`, on lines of their own.
fn kinds(room: &str) -> BTreeSet<String> {
    let files = source::files(&source::root().join("src").join(room), "rs");
    let texts: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    texts.lines().filter_map(|line| kind(line.trim())).map(str::to_owned).collect()
}

/// The kind that a row of a list macro names.
fn kind(line: &str) -> Option<&str> {
    let (door, rest) = line.strip_suffix(',')?.split_once(") = \"")?;
    let (name, path) = door.split_once('(')?;
    let is_row = name.starts_with(char::is_uppercase) && path.contains("::") && !name.contains(' ');
    is_row.then(|| rest.split('"').next()).flatten()
}

/// The pages in `docs/<room>s`, by name.
fn pages_of(room: &str) -> BTreeSet<String> {
    let folder = source::root().join(format!("docs/{room}s"));
    let names = source::files(&folder, "md").into_iter();
    let names = names.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned());
    // The page about all of them is nobody's own.
    names.filter(|name| name != "README").collect()
}

/// The first block of a page fenced as one of `languages`.
fn first_block(page: &str, languages: &[&str]) -> Option<String> {
    let mut lines = page.lines();
    lines.find(|line| line.strip_prefix("```").is_some_and(|language| languages.contains(&language)))?;
    let block: Vec<_> = lines.take_while(|line| *line != "```").collect();
    Some(block.join("\n"))
}

#[test]
fn every_door_has_its_page_and_every_page_its_door() {
    for room in ["adapter", "notifier", "runner", "source"] {
        let (kinds, pages) = (kinds(room), pages_of(room));
        let without: Vec<_> = kinds.difference(&pages).collect();
        assert!(without.is_empty(), "no page in docs/{room}s for {without:?}");
        // The terminal and the tests' own adapter are in no list: nobody configures them.
        let folder = source::root().join("src").join(room);
        let there = |page: &str| folder.join(page).is_dir() || folder.join(format!("{page}.rs")).is_file();
        let stray = |page: &&String| !kinds.contains(*page) && !there(page);
        let stray: Vec<_> = pages.iter().filter(stray).collect();
        assert!(stray.is_empty(), "docs/{room}s has {stray:?}, which nothing in src/{room} is");
    }
}

#[test]
fn every_page_of_a_door_opens_with_an_example() {
    for room in ["adapter", "notifier", "runner", "source"] {
        for name in pages_of(room) {
            let path = source::root().join(format!("docs/{room}s/{name}.md"));
            let block = first_block(&fs::read_to_string(&path).unwrap(), &["yaml", "env", "sh"]);
            assert!(block.is_some_and(|block| !block.trim().is_empty()), "{} has no example", path.display());
        }
    }
}

#[test]
fn a_row_of_a_list_names_its_kind() {
    assert_eq!(kind("Irc(irc::Irc) = \"irc\","), Some("irc"));
    assert_eq!(kind("Noop(noop::Noop) = \"noop\" or [],"), Some("noop"));
    assert_eq!(kind("let Some(x) = \"noop\","), None);
}

#[test]
fn links_in_code_are_not_links() {
    let page = "see [a](a.md) and `[b](b.md)`\n```\n[c](c.md)\n```\n[d](d.md#e)";
    assert_eq!(links(page), ["a.md", "d.md#e"]);
    assert_eq!(anchors("# The house\n## 2. Words, words"), ["the-house", "2-words-words"]);
}
