//! The words a text must hold for a format to match: what the index looks formats up by. A word is a run of letters,
//! digits and `_`, in lower case.

use super::node::{Branches, Kind, Node, Piece, Repeat};
use super::write::{Hits, Side, closed};

/// A word of the text, whole or its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Word(String),
    Prefix(String),
}

/// Any one of these is in every matching text.
pub(super) type AnyOf = Vec<Key>;

/// More alternatives than this are not worth an entry each.
const WIDEST: usize = 16;
/// Longer keys are cut to a prefix of this many characters.
pub(super) const LONGEST: usize = 32;

/// For each top-level branch the sets to choose from, in the order of the format; a branch without any can only be tried.
pub(super) fn keys(branches: &Branches, hits: Hits) -> Vec<Vec<AnyOf>> {
    branches.iter().map(|branch| branch_keys(branch, hits)).collect()
}

/// The longest literal text that every matching text holds, in lower case; for formats without a word to look up.
pub(super) fn substring(branches: &Branches) -> Option<String> {
    let [only] = branches.as_slice() else { return None };
    let mut runs = vec![String::new()];
    for piece in only {
        match &piece.node {
            Node::Char(letter) if piece.repeat.is_none() => {
                runs.last_mut()?.push(lower(*letter));
            }
            _ => runs.push(String::new()),
        }
    }
    runs.into_iter().max_by_key(String::len).filter(|run| !run.is_empty())
}

/// The one spelling a letter has in the index.
pub(super) fn lower(letter: char) -> char {
    if letter.is_ascii() {
        letter.to_ascii_lowercase()
    } else {
        letter.to_lowercase().next().unwrap_or(letter)
    }
}

/// Whether a character is part of a word.
pub(super) fn is_word(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}

/// What stands at one place of a matching text.
#[derive(Debug)]
enum Item {
    /// This letter of a word.
    Letter(char),
    /// The edge of a word.
    Break,
    /// Any text, or none.
    Any,
    /// One of these, or nothing at all if optional.
    Choice { options: Vec<Vec<Item>>, optional: bool },
}

fn branch_keys(branch: &[Piece], hits: Hits) -> Vec<AnyOf> {
    let mut items = Vec::new();
    if closed(branch, Side::Start, hits) {
        items.push(Item::Break);
    }
    lower_sequence(branch, &mut items);
    items.push(if closed(branch, Side::End, hits) { Item::Break } else { Item::Any });
    let starts = (0..items.len()).filter(|at| {
        matches!(items[*at], Item::Letter(_) | Item::Choice { .. }) && ends_in_break(&items[..*at])
    });
    starts.filter_map(|at| words_from(&items[at..])).take(8).collect()
}

fn lower_sequence(pieces: &[Piece], out: &mut Vec<Item>) {
    for piece in pieces {
        lower_piece(piece, out);
    }
}

fn lower_piece(piece: &Piece, out: &mut Vec<Item>) {
    let repeat = piece.repeat.as_ref();
    let mut inner = Vec::new();
    match &piece.node {
        Node::Char(letter) if is_word(*letter) => inner.push(Item::Letter(lower(*letter))),
        Node::Char(_) | Node::Blank(_) | Node::Start | Node::End => inner.push(Item::Break),
        Node::Edge(text) => inner.push(if text == "\\b" { Item::Break } else { Item::Any }),
        Node::Class(text) => inner.push(if is_punctuation(text) { Item::Break } else { Item::Any }),
        Node::Flags(_) | Node::Group { kind: Kind::Look, .. } => return,
        Node::BackReference(_) | Node::Group { kind: Kind::Special, .. } => inner.push(Item::Any),
        Node::Group { branches, .. } => lower_group(branches, &mut inner),
        Node::Slot(slot) => {
            // Left out when it has a default, or when `key=value` fills it.
            let before = (slot.gap != super::placeholder::Gap::Touching).then_some(Item::Break);
            let option = before.into_iter().chain([Item::Any]).collect();
            inner.push(Item::Choice { options: vec![option], optional: true });
        }
    }
    match repeat {
        None => out.append(&mut inner),
        Some(Repeat { least: 0, most: Some(1), .. }) => {
            out.push(Item::Choice { options: vec![inner], optional: true });
        }
        Some(Repeat { least: 0, .. }) if matches!(inner.as_slice(), [Item::Break]) => {
            out.push(Item::Choice { options: vec![inner], optional: true });
        }
        Some(Repeat { least: 0, .. }) => out.push(Item::Any),
        Some(_) if matches!(inner.as_slice(), [Item::Break]) => out.append(&mut inner),
        Some(_) => {
            out.append(&mut inner);
            out.push(Item::Any);
        }
    }
}

fn lower_group(branches: &Branches, out: &mut Vec<Item>) {
    if let [only] = branches.as_slice() {
        return lower_sequence(only, out);
    }
    let options = branches.iter().map(|branch| {
        let mut items = Vec::new();
        lower_sequence(branch, &mut items);
        items
    });
    out.push(Item::Choice { options: options.collect(), optional: false });
}

/// A class that can match no letter of a word, as far as it is easy to tell.
fn is_punctuation(class: &str) -> bool {
    let listed = class.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let plain =
        |listed: &str| !listed.starts_with('^') && !listed.contains(['\\', '-']) && !listed.contains(is_word);
    matches!(class, "\\s" | "\\W" | "\\n" | "\\t" | "\\r") || listed.is_some_and(plain)
}

/// Whether all that may stand before ends at the edge of a word.
fn ends_in_break(items: &[Item]) -> bool {
    match items.split_last() {
        None | Some((Item::Letter(_) | Item::Any, _)) => false,
        Some((Item::Break, _)) => true,
        Some((Item::Choice { options, optional }, before)) => {
            let each = |option: &Vec<Item>| {
                if option.is_empty() { ends_in_break(before) } else { ends_in_break(option) }
            };
            options.iter().all(each) && (!optional || ends_in_break(before))
        }
    }
}

/// A word being read: still growing, or done.
#[derive(Debug, Clone, PartialEq)]
enum Reading {
    Growing(String),
    Done(Key),
}

/// The words of which one begins here; none when that is not sure.
fn words_from(items: &[Item]) -> Option<AnyOf> {
    let ends = follow(items, vec![Reading::Growing(String::new())])?;
    let mut keys = Vec::new();
    for end in ends {
        let key = match end {
            Reading::Growing(text) if text.is_empty() => return None,
            Reading::Growing(text) => Key::Prefix(text),
            Reading::Done(key) => key,
        };
        let key = cut(key);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let prefixes: Vec<String> = keys
        .iter()
        .filter_map(|key| match key {
            Key::Prefix(prefix) => Some(prefix.clone()),
            Key::Word(_) => None,
        })
        .collect();
    keys.retain(|key| match key {
        Key::Word(word) => !prefixes.iter().any(|prefix| word.starts_with(prefix)),
        Key::Prefix(_) => true,
    });
    Some(keys)
}

fn cut(key: Key) -> Key {
    match key {
        Key::Prefix(text) if text.chars().count() > LONGEST => {
            Key::Prefix(text.chars().take(LONGEST).collect())
        }
        key => key,
    }
}

fn follow(items: &[Item], mut readings: Vec<Reading>) -> Option<Vec<Reading>> {
    for item in items {
        if !readings.iter().any(|reading| matches!(reading, Reading::Growing(_))) {
            break;
        }
        readings = match item {
            Item::Choice { options, optional } => choose(options, *optional, &readings)?,
            item => readings.into_iter().map(|reading| step(item, reading)).collect::<Option<_>>()?,
        };
    }
    Some(readings)
}

fn step(item: &Item, reading: Reading) -> Option<Reading> {
    let Reading::Growing(mut text) = reading else { return Some(reading) };
    match item {
        Item::Letter(letter) => text.push(*letter),
        Item::Break if text.is_empty() => {}
        Item::Break => return Some(Reading::Done(Key::Word(text))),
        _ if text.is_empty() => return None,
        _ => return Some(Reading::Done(Key::Prefix(text))),
    }
    Some(Reading::Growing(text))
}

fn choose(options: &[Vec<Item>], optional: bool, readings: &[Reading]) -> Option<Vec<Reading>> {
    let mut out: Vec<Reading> = if optional { readings.to_vec() } else { Vec::new() };
    for option in options {
        for reading in follow(option, readings.to_vec())? {
            if !out.contains(&reading) {
                out.push(reading);
            }
        }
        if out.len() > WIDEST {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    fn of(format: &str) -> Vec<String> {
        let all = keys(&tree::parse(format).unwrap(), Hits::Whole);
        let show = |key: &Key| match key {
            Key::Word(text) => text.clone(),
            Key::Prefix(text) => format!("{text}*"),
        };
        let set = |set: &AnyOf| set.iter().map(show).collect::<Vec<_>>().join("|");
        all.iter().flatten().map(set).collect()
    }

    #[test]
    fn words_outside_slots_are_needed() {
        assert_eq!(of("copy {{a}} to {{b}}"), ["copy", "to"]);
        assert_eq!(of("list {{n=5}} items"), ["list", "items"]);
        assert_eq!(of("tag {{t=1}}now"), ["tagnow|tag"]);
        assert_eq!(of("say{{x}}!"), ["say*"]);
        assert_eq!(of("who-is {{x}}"), ["who", "is"]);
    }

    #[test]
    fn alternatives_are_needed_one_of_them() {
        assert_eq!(of("(run|Execute) {{c}}( on {{h}})?[!.]?"), ["run|execute"]);
        assert_eq!(of("(?P<v>up|down)grade {{p}}"), ["upgrade|downgrade"]);
        assert_eq!(of("(?:please )?restart {{x}}"), ["restart|please", "restart"]);
        assert_eq!(of("(?P<n>\\d+) days?"), ["day|days"]);
        assert_eq!(of("stop|halt"), ["stop", "halt"]);
    }

    #[test]
    fn where_nothing_is_sure_nothing_is_asked() {
        for format in ["{{x}}", "{{a}}{{b}}", "\\w+", "(a+)*b?", "{{a}}/{{b}}"] {
            assert_eq!(of(format), Vec::<String>::new(), "{format}");
        }
    }
}
