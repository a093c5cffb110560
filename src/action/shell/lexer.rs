//! Reads shell text (POSIX `sh`, and `bash` where they differ) that holds markers, and puts a quoted
//! reference to an environment variable in the place of each; or says why that is not safe there.
//!
//! Not a whole shell grammar: commands, pipes, lists, groups, subshells, `if`, `while`, `for ... in`,
//! `case`, quotes, substitutions. What else there is makes the text unreadable, and it is refused.

use super::marker::{CLOSE, OPEN, variable};
use super::refusal::{Refusal, Unsafe};
use super::rules::{Facts, assign, judge};
use super::word::{Word, is_name};

/// Commands nested deeper than this are refused.
const DEEPEST: usize = 32;

/// Texts that still teach something new after so many readings are refused.
const MOST_READINGS: usize = 8;

pub(super) type Read<T> = Result<T, Refusal>;

/// What ends a list of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The end of the text.
    Text,
    /// `)`.
    Paren,
    /// A backquote.
    Backquote,
    /// `;;` or `esac`.
    Item,
}

/// How a branch of `case` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Here,
    Esac,
}

pub(super) struct Lexer<'a> {
    pub(super) text: &'a [char],
    pub(super) at: usize,
    pub(super) out: String,
    pub(super) facts: Facts,
    /// Inside backquotes.
    pub(super) backquoted: bool,
    /// How many typed values and variables that hold one were met.
    pub(super) typed: usize,
    /// The marker met last, for messages.
    pub(super) marker: Option<usize>,
    /// The values behind the markers, where they are known.
    values: &'a [String],
    depth: usize,
}

/// Replaces the markers in `text`; text without any is returned as it is. `values` are what the
/// markers stand for, or nothing at load.
pub(super) fn quote(text: &str, values: &[String]) -> Read<String> {
    if !text.contains([OPEN, CLOSE]) {
        return Ok(text.to_owned());
    }
    let chars: Vec<char> = text.chars().collect();
    let mut facts = Facts::default();
    // What a loop's end assigns reaches its start: read until nothing new is learnt.
    for _ in 0..MOST_READINGS {
        let mut lexer = Lexer::new(&chars, values, facts.clone());
        lexer.list(End::Text)?;
        if lexer.facts == facts {
            return Ok(lexer.out);
        }
        facts = lexer.facts;
    }
    Lexer::new(&chars, values, facts).unreadable("variables set from one another in a circle")
}

impl<'a> Lexer<'a> {
    fn new(text: &'a [char], values: &'a [String], facts: Facts) -> Self {
        Self {
            values,
            text,
            at: 0,
            out: String::new(),
            facts,
            backquoted: false,
            typed: 0,
            marker: None,
            depth: 0,
        }
    }

    pub(super) fn refuse<T>(&self, why: Unsafe) -> Read<T> {
        Err(Refusal { why, marker: self.marker })
    }

    pub(super) fn unreadable<T>(&self, what: &str) -> Read<T> {
        self.refuse(Unsafe::Unreadable(what.to_owned()))
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(super) fn ahead(&self, by: usize) -> Option<char> {
        self.text.get(self.at + by).copied()
    }

    /// Copies the next character.
    pub(super) fn copy(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.out.push(c);
        self.at += 1;
        Some(c)
    }

    /// Takes a marker and writes its reference, within double quotes that are there or that it brings.
    pub(super) fn reference(&mut self, before: &str, after: &str) -> Read<()> {
        let end = self.text[self.at..].iter().position(|c| *c == CLOSE);
        let digits: Option<String> = end.map(|end| self.text[self.at + 1..self.at + end].iter().collect());
        let Some((end, number)) = end.zip(digits.and_then(|digits| digits.parse::<usize>().ok())) else {
            return self.unreadable("a torn value");
        };
        self.at += end + 1;
        self.marker = Some(number);
        self.typed += 1;
        self.out.push_str(&format!("{before}{}{after}", variable(number)));
        if self.backquoted {
            return self.refuse(Unsafe::Backquotes);
        }
        Ok(())
    }

    /// Whether the value of the marker met last begins with a dash, or with nothing.
    pub(super) fn leads_with_dash(&self) -> bool {
        let value = self.marker.and_then(|number| self.values.get(number - 1));
        value.is_some_and(|value| value.starts_with('-') || (value.is_empty() && self.any_dash()))
    }

    /// Whether any value begins with a dash.
    pub(super) fn any_dash(&self) -> bool {
        self.values.iter().any(|value| value.starts_with('-'))
    }

    /// Notes the marker at the current place for the message, and refuses it.
    pub(super) fn refuse_marker<T>(&mut self, why: Unsafe) -> Read<T> {
        self.reference("", "")?;
        self.refuse(why)
    }

    /// The same for the next marker, if one is ahead.
    pub(super) fn refuse_ahead<T>(&mut self, why: Unsafe) -> Read<T> {
        if let Some(ahead) = self.text[self.at..].iter().position(|c| *c == OPEN) {
            self.at += ahead;
            return self.refuse_marker(why);
        }
        self.refuse(why)
    }

    /// Reads commands up to `end`, which is taken too.
    pub(super) fn list(&mut self, end: End) -> Read<Ended> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.unreadable("deeply nested commands");
        }
        let ended = self.commands(end)?;
        self.depth -= 1;
        Ok(ended)
    }

    fn commands(&mut self, end: End) -> Read<Ended> {
        let mut typed = self.typed;
        loop {
            self.blank_lines()?;
            match (self.peek(), end) {
                (None, End::Text) => return Ok(Ended::Here),
                (Some(')'), End::Paren) | (Some('`'), End::Backquote) => {
                    self.copy();
                    return Ok(Ended::Here);
                }
                (Some(';'), End::Item) if matches!(self.ahead(1), Some(';' | '&')) => {
                    self.copy();
                    self.copy();
                    return Ok(Ended::Here);
                }
                (None | Some(')' | '`'), _) => {
                    return self.unreadable("quotes or brackets that do not match");
                }
                (Some('|'), _) if self.ahead(1) != Some('|') => {
                    self.facts.piped |= self.typed > typed;
                    self.copy();
                }
                (Some(';' | '&' | '|'), _) => {
                    if self.copy() == Some('|') {
                        self.copy();
                    }
                    typed = self.typed;
                }
                (Some('('), _) => {
                    if self.ahead(1) == Some('(') {
                        return self.unreadable("`((`");
                    }
                    self.copy();
                    self.list(End::Paren)?;
                }
                (Some(_), _) => {
                    if self.command(end)? == Ended::Esac {
                        return Ok(Ended::Esac);
                    }
                }
            }
        }
    }

    /// Blanks, line breaks and comments.
    pub(super) fn blank_lines(&mut self) -> Read<()> {
        loop {
            self.blanks();
            match self.peek() {
                Some('\n') => {
                    self.copy();
                }
                Some('#') => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    pub(super) fn blanks(&mut self) {
        loop {
            match (self.peek(), self.ahead(1)) {
                (Some(' ' | '\t'), _) => {
                    self.copy();
                }
                (Some('\\'), Some('\n')) => {
                    self.copy();
                    self.copy();
                }
                _ => return,
            }
        }
    }

    fn comment(&mut self) -> Read<()> {
        while let Some(c) = self.peek().filter(|c| *c != '\n') {
            match c {
                OPEN => self.reference("", "")?,
                '`' if self.backquoted => return self.unreadable("a comment between backquotes"),
                _ => {
                    self.copy();
                }
            }
        }
        Ok(())
    }

    /// A simple command, or a keyword and the command behind it.
    fn command(&mut self, end: End) -> Read<Ended> {
        let mut words: Vec<Word> = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None | Some('\n' | ';' | '&' | '|' | ')') => break,
                Some('`') if self.backquoted => break,
                Some('#') => {
                    self.comment()?;
                    break;
                }
                Some('<' | '>') if self.ahead(1) == Some('(') => words.push(self.process_substitution()?),
                Some('<' | '>') => self.redirection()?,
                Some('(') => return self.unreadable("a function or an array"),
                Some(_) => {
                    let word = self.word()?;
                    if words.is_empty() {
                        match self.first(word, end)? {
                            First::Word(word) => words.push(word),
                            First::Taken => {}
                            First::Esac => return Ok(Ended::Esac),
                        }
                    } else if !matches!((word.text.parse::<u32>(), self.peek()), (Ok(_), Some('<' | '>'))) {
                        words.push(word);
                    }
                }
            }
        }
        match judge(&words, &mut self.facts) {
            Ok(()) => Ok(Ended::Here),
            Err(why) => self.refuse(why),
        }
    }

    /// What stands where a command's name may stand.
    fn first(&mut self, word: Word, end: End) -> Read<First> {
        let keyword = if word.plain.is_none() && word.is_fixed() { word.text.as_str() } else { "" };
        match keyword {
            "if" | "then" | "else" | "elif" | "while" | "until" | "do" | "!" | "{" => {
                return Ok(First::Taken);
            }
            "for" => return self.for_loop().map(|()| First::Taken),
            "case" => return self.case().map(|()| First::Taken),
            "esac" if end == End::Item => return Ok(First::Esac),
            "select" | "function" | "coproc" | "[[" => return self.unreadable(&format!("`{keyword}`")),
            _ => {}
        }
        let indexed =
            word.plain_text().contains('[') && word.plain_text().split('[').next().is_some_and(is_name);
        if indexed && word.text != "[" {
            return self.unreadable("an array");
        }
        if word.assigned().is_none() {
            return Ok(First::Word(word));
        }
        if word.is_typed()
            && let Err(why) = assign(&word, &mut self.facts)
        {
            return self.refuse(why);
        }
        Ok(First::Taken)
    }
}

enum First {
    Word(Word),
    Taken,
    Esac,
}
