//! Reads a format: a Python regular expression with placeholders, as StackStorm's authors write them. Reading
//! it ourselves is what lets literal text ignore case while classes do not, anchors be found in every branch, and
//! the words a command must hold be known without compiling anything.

use super::node::{Branches, Kind, Node, Piece, Repeat, Sequence};
use super::placeholder::{self, Gap, Placeholder};

/// Groups nest at most this deep: the walk recurses.
const DEEPEST: usize = 40;
/// A format has at most this many bytes.
const LONGEST: usize = 8 << 10;

/// Reads a format.
///
/// # Errors
/// A plain sentence: what is wrong, what would be right.
pub(super) fn parse(text: &str) -> Result<Branches, String> {
    if text.len() > LONGEST {
        return Err(format!("the format has {} bytes, at most {LONGEST} are accepted", text.len()));
    }
    let mut reader = Reader { rest: text, depth: 0, slots: 0 };
    let branches = reader.branches()?;
    if reader.rest.starts_with(')') {
        return Err("there is a `)` without its `(`; write `\\)` for a literal one".to_owned());
    }
    Ok(branches)
}

pub(super) struct Reader<'t> {
    pub(super) rest: &'t str,
    depth: usize,
    slots: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    pub(super) fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest.strip_prefix(prefix);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn branches(&mut self) -> Result<Branches, String> {
        let mut branches = vec![self.sequence()?];
        while self.eat("|") {
            branches.push(self.sequence()?);
        }
        Ok(branches)
    }

    fn sequence(&mut self) -> Result<Sequence, String> {
        let mut pieces: Sequence = Vec::new();
        while let Some(first) = self.rest.chars().next().filter(|first| !matches!(first, '|' | ')')) {
            if let Some(repeat) = self.repeat() {
                attach(&mut pieces, repeat)?;
                continue;
            }
            let node = self.node(first, &mut pieces)?;
            if let Some(node) = node {
                push(&mut pieces, node);
            }
        }
        Ok(pieces)
    }

    fn node(&mut self, first: char, before: &mut Sequence) -> Result<Option<Node>, String> {
        Ok(Some(match first {
            '{' if self.rest.starts_with("{{") => Node::Slot(self.slot(before)?),
            '(' => return self.group(),
            '[' => Node::Class(self.class()?),
            '\\' => self.escape()?,
            '^' => self.single(Node::Start),
            '$' => self.single(Node::End),
            '.' => self.single(Node::Class(".".to_owned())),
            blank if blank.is_whitespace() => self.single(Node::Blank(blank.to_string())),
            letter => self.single(Node::Char(letter)),
        }))
    }

    fn single(&mut self, node: Node) -> Node {
        let length = self.rest.chars().next().map_or(0, char::len_utf8);
        self.take(length);
        node
    }

    fn slot(&mut self, before: &mut Sequence) -> Result<Placeholder, String> {
        let (mut slot, rest) = placeholder::read(self.rest)?;
        self.rest = rest;
        if let Some(Piece { node: Node::Blank(run), repeat: None }) = before.last() {
            let broken = run.contains('\n');
            before.pop();
            let opening = self.slots == 0 && self.depth == 0 && before.iter().any(Piece::is_literal);
            slot.gap = if opening || broken { Gap::Space } else { Gap::Blank };
        }
        self.slots += 1;
        Ok(slot)
    }

    /// A quantifier in front, if there is one; a brace that is none is a literal, as in Python.
    fn repeat(&mut self) -> Option<Repeat> {
        let (text, least, most) = match self.rest.chars().next()? {
            '*' => ("*".to_owned(), 0, None),
            '+' => ("+".to_owned(), 1, None),
            '?' => ("?".to_owned(), 0, Some(1)),
            '{' => return self.counted(),
            _ => return None,
        };
        self.take(1);
        Some(self.lazy(text, least, most))
    }

    fn counted(&mut self) -> Option<Repeat> {
        let (inner, _) = self.rest.strip_prefix('{')?.split_once('}')?;
        let (low, high) = match inner.split_once(',') {
            None => (inner.parse().ok()?, Some(inner.parse().ok()?)),
            Some(("", "")) => return None,
            Some((low, high)) => (
                if low.is_empty() { 0 } else { low.parse().ok()? },
                if high.is_empty() { None } else { Some(high.parse().ok()?) },
            ),
        };
        let text = match high {
            Some(high) if high == low => format!("{{{low}}}"),
            Some(high) => format!("{{{low},{high}}}"),
            None => format!("{{{low},}}"),
        };
        self.take(inner.len() + 2);
        Some(self.lazy(text, low, high))
    }

    /// Adds the `?` of a lazy quantifier; a possessive `+` is only a promise, and dropped.
    fn lazy(&mut self, mut text: String, least: u32, most: Option<u32>) -> Repeat {
        if self.eat("?") {
            text.push('?');
        } else {
            self.eat("+");
        }
        Repeat { text, least, most }
    }

    fn group(&mut self) -> Result<Option<Node>, String> {
        if self.rest.starts_with("(?#") {
            let end = self.rest.find(')').ok_or_else(unclosed_group)?;
            self.take(end + 1);
            return Ok(None);
        }
        if let Some(after) = self.rest.strip_prefix("(?P=") {
            let end = after.find(')').ok_or_else(unclosed_group)?;
            return Ok(Some(Node::BackReference(self.take(end + 5).to_owned())));
        }
        let (open, name, kind) = self.opening()?;
        if self.rest.starts_with(')')
            && open.starts_with("(?")
            && kind == Kind::Plain
            && !open.ends_with([':', '>'])
        {
            self.take(1);
            return Ok(Some(Node::Flags(format!("{open})"))));
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("groups are nested more than {DEEPEST} deep"));
        }
        let branches = self.branches()?;
        self.depth -= 1;
        if !self.eat(")") {
            return Err(unclosed_group());
        }
        Ok(Some(Node::Group { open, name, kind, branches }))
    }

    /// The opening of a group, up to its first branch.
    fn opening(&mut self) -> Result<(String, Option<String>, Kind), String> {
        for (text, kind) in [
            ("(?:", Kind::Plain),
            ("(?=", Kind::Look),
            ("(?!", Kind::Look),
            ("(?<=", Kind::Look),
            ("(?<!", Kind::Look),
            ("(?>", Kind::Special),
        ] {
            if self.eat(text) {
                return Ok((text.to_owned(), None, kind));
            }
        }
        if self.eat("(?P<") || self.eat("(?<") {
            let (name, _) = self.rest.split_once('>').ok_or_else(unclosed_group)?;
            placeholder::check_name(name)?;
            self.take(name.len() + 1);
            return Ok((format!("(?P<{name}>"), Some(name.to_owned()), Kind::Plain));
        }
        if self.rest.starts_with("(?(") {
            let end = self.rest.find(')').ok_or_else(unclosed_group)?;
            return Ok((self.take(end + 1).to_owned(), None, Kind::Special));
        }
        if self.rest.starts_with("(?") {
            return self.flags();
        }
        self.take(1);
        Ok(("(".to_owned(), None, Kind::Plain))
    }

    /// `(?i` before `)` or `:`.
    fn flags(&mut self) -> Result<(String, Option<String>, Kind), String> {
        let end = self.rest.find([')', ':']).ok_or_else(unclosed_group)?;
        let letters = &self.rest[2..end];
        if letters.is_empty() || !letters.chars().all(|letter| matches!(letter, 'i' | 'm' | 's' | 'u' | '-'))
        {
            return Err(format!("the group `(?{letters}` is not supported: the flags are `i`, `m` and `s`"));
        }
        let colon = self.rest[end..].starts_with(':');
        Ok((self.take(end + usize::from(colon)).to_owned(), None, Kind::Plain))
    }
}

fn unclosed_group() -> String {
    "there is a `(` without its `)`; write `\\(` for a literal one".to_owned()
}

/// Adds a node; a blank joins the blanks before it.
fn push(pieces: &mut Sequence, node: Node) {
    if let Node::Blank(more) = &node
        && let Some(Piece { node: Node::Blank(run), repeat: None }) = pieces.last_mut()
    {
        run.push_str(more);
        return;
    }
    pieces.push(Piece { node, repeat: None });
}

/// Gives the last node its quantifier. Of a run of blanks only the last one is repeated.
fn attach(pieces: &mut Sequence, repeat: Repeat) -> Result<(), String> {
    let text = repeat.text.clone();
    let nothing = || format!("`{text}` repeats nothing; write `\\{text}` for a literal one");
    let last = pieces.last_mut().ok_or_else(nothing)?;
    if last.repeat.is_some() || matches!(last.node, Node::Start | Node::End | Node::Edge(_) | Node::Flags(_))
    {
        return Err(nothing());
    }
    if let Node::Slot(slot) = &last.node {
        // In StackStorm it would repeat the quote that may follow the value: nothing a person can mean.
        let name = &slot.name;
        return if repeat.least <= 1 && repeat.text != "*" {
            Ok(())
        } else {
            Err(format!("the placeholder `{name}` cannot be repeated by `{text}`"))
        };
    }
    if let Node::Blank(run) = &mut last.node
        && run.chars().count() > 1
    {
        let blank = run.pop().map(String::from).unwrap_or_default();
        pieces.push(Piece { node: Node::Blank(blank), repeat: Some(repeat) });
        return Ok(());
    }
    last.repeat = Some(repeat);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_refused_with_a_reason() {
        for bad in
            ["(a", "a)", "[a", "a**", "*a", "a\\", "(?P<1>a)", "(?P<a", "a {{b}}*", "(?x)a", "\\q", "(?"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"(".repeat(5000)).unwrap_err().contains("nested"));
        assert!(parse(&"a".repeat(9000)).unwrap_err().contains("bytes"));
    }

    #[test]
    fn python_regex_is_read_as_python_reads_it() {
        for good in [
            "a{2}",
            "x {a}",
            "a{,3}",
            "[]a]",
            "[[:x:]]+",
            "\\<a\\>",
            "(?#note)a",
            "c++ x",
            "a|",
            "{{a}}?",
            "",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
    }
}
