//! What is more than a word: loops over words, `case`, redirections.

use super::lexer::{End, Ended, Lexer, Read};
use super::refusal::Unsafe;
use super::word::{Word, is_name};

impl Lexer<'_> {
    /// `for NAME in WORDS`, up to the end of the line or `;`.
    pub(super) fn for_loop(&mut self) -> Read<()> {
        self.blanks();
        let name = if self.peek() == Some('(') { Word::default() } else { self.word()? };
        if !name.is_fixed() || !is_name(&name.text) {
            return if name.is_typed() {
                self.refuse(Unsafe::Variable)
            } else {
                self.unreadable("this `for`")
            };
        }
        loop {
            self.blanks();
            if matches!(self.peek(), None | Some('\n' | ';' | '&' | '|' | ')' | '(' | '<' | '>' | '#' | '`'))
            {
                return Ok(());
            }
            if self.word()?.is_typed() {
                self.facts.names.insert(name.text.clone());
            }
        }
    }

    /// `case WORD in PATTERN) ... ;; ... esac`. Patterns are quoted as everything is.
    pub(super) fn case(&mut self) -> Read<()> {
        self.blanks();
        self.word()?;
        self.blank_lines()?;
        if !self.word()?.is_keyword("in") {
            return self.unreadable("this `case`");
        }
        loop {
            self.blank_lines()?;
            if self.peek() == Some('(') {
                self.copy();
                self.blanks();
            }
            loop {
                let word = self.word()?;
                if word.is_keyword("esac") {
                    return Ok(());
                }
                self.blanks();
                match self.copy() {
                    Some('|') => self.blanks(),
                    Some(')') => break,
                    _ => return self.unreadable("this `case`"),
                }
            }
            if self.list(End::Item)? == Ended::Esac {
                return Ok(());
            }
        }
    }

    pub(super) fn process_substitution(&mut self) -> Read<Word> {
        let typed = self.typed;
        // What is written to `>(...)` is read there, as behind a pipe.
        self.facts.piped |= self.peek() == Some('>');
        self.copy();
        self.copy();
        self.list(End::Paren)?;
        let mut word = Word::default();
        word.expand(self.typed > typed);
        Ok(word)
    }

    pub(super) fn redirection(&mut self) -> Read<()> {
        let start = self.at;
        while matches!(self.peek(), Some('<' | '>' | '&' | '|')) {
            self.copy();
        }
        let operator: String = self.text[start..self.at].iter().collect();
        if operator.starts_with("<<") && operator != "<<<" {
            return self.refuse_ahead(Unsafe::HereDocument);
        }
        if self.peek() == Some('\\') && self.ahead(1) == Some('\n') {
            return self.unreadable("a redirection over two lines");
        }
        self.blanks();
        if self.peek() == Some('-') && operator.ends_with('&') {
            self.copy();
            return Ok(());
        }
        let target = self.word()?;
        match (target.is_typed(), operator.as_str()) {
            (true, "<<<") => self.facts.piped = true,
            (true, _) => return self.refuse(Unsafe::Redirection),
            _ => {}
        }
        Ok(())
    }
}
