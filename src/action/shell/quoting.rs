//! The inside of words: quotes, escapes, substitutions.

use super::lexer::{End, Lexer, Read};
use super::marker::{CLOSE, OPEN, PREFIX};
use super::refusal::Unsafe;
use super::word::{Word, is_name};

/// Whether double quotes are around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    DoubleQuotes,
}

impl Lexer<'_> {
    /// One word, up to a blank or an operator.
    pub(super) fn word(&mut self) -> Read<Word> {
        let mut word = Word::default();
        let start = self.at;
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | ')' | '<' | '>' => break,
                '(' => return self.unreadable("a function, an array or a pattern in brackets"),
                '`' if self.backquoted => break,
                '\\' => self.escape(&mut word)?,
                '\'' => self.single(&mut word)?,
                '"' => self.double(&mut word)?,
                '$' => self.dollar(&mut word, Around::Nothing)?,
                '`' => self.backquotes(&mut word)?,
                OPEN => {
                    self.reference("\"${", "}\"")?;
                    word.expand(true);
                }
                CLOSE => return self.unreadable("a torn value"),
                c => {
                    word.text.push(c);
                    self.copy();
                }
            }
        }
        if self.at == start { self.unreadable("an operator without a word") } else { Ok(word) }
    }

    fn escape(&mut self, word: &mut Word) -> Read<()> {
        self.copy();
        match self.peek() {
            Some(OPEN) => self.refuse_marker(Unsafe::Backslash),
            Some(_) if self.backquoted => self.unreadable("a backslash between backquotes"),
            Some('\n') => {
                self.copy();
                Ok(())
            }
            Some(c) => {
                word.quote();
                word.text.push(c);
                self.copy();
                Ok(())
            }
            None => self.unreadable("a backslash at the end"),
        }
    }

    fn single(&mut self, word: &mut Word) -> Read<()> {
        word.quote();
        self.copy();
        loop {
            match self.peek() {
                Some('\'') => {
                    self.copy();
                    return Ok(());
                }
                Some(OPEN) => return self.refuse_marker(Unsafe::SingleQuotes),
                Some('`' | '\\') if self.backquoted => return self.unreadable("quotes between backquotes"),
                Some(c) => {
                    word.text.push(c);
                    self.copy();
                }
                None => return self.unreadable("quotes that do not match"),
            }
        }
    }

    fn double(&mut self, word: &mut Word) -> Read<()> {
        word.quote();
        self.copy();
        loop {
            match self.peek() {
                Some('"') => {
                    self.copy();
                    return Ok(());
                }
                Some('\\') => {
                    // A backslash stays before what it does not escape; the rules look at words without either.
                    self.escape(word)?;
                }
                Some('$') => self.dollar(word, Around::DoubleQuotes)?,
                Some('`') if self.backquoted => return self.unreadable("quotes between backquotes"),
                Some('`') => self.backquotes(word)?,
                Some(OPEN) => {
                    self.reference("${", "}")?;
                    word.expand(true);
                }
                Some(CLOSE) => return self.unreadable("a torn value"),
                Some(c) => {
                    word.text.push(c);
                    self.copy();
                }
                None => return self.unreadable("quotes that do not match"),
            }
        }
    }

    fn backquotes(&mut self, word: &mut Word) -> Read<()> {
        let typed = self.typed;
        self.copy();
        self.backquoted = true;
        self.list(End::Backquote)?;
        self.backquoted = false;
        word.expand(self.typed > typed);
        Ok(())
    }

    fn dollar(&mut self, word: &mut Word, around: Around) -> Read<()> {
        self.copy();
        let bare = around == Around::Nothing;
        match self.peek() {
            Some(OPEN) => self.refuse_marker(Unsafe::Dollar),
            Some('\\') => self.unreadable("`$\\`"),
            Some('\'') if bare => self.ansi(word),
            Some('"') if bare => self.unreadable("`$\"`"),
            Some('[') => self.unreadable("`$[`"),
            Some('(') if self.ahead(1) == Some('(') => self.arithmetic(word),
            Some('(') => {
                let typed = self.typed;
                self.copy();
                self.list(End::Paren)?;
                word.expand(self.typed > typed);
                Ok(())
            }
            Some('{') => self.braces(word),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.name();
                self.used(word, &name);
                Ok(())
            }
            Some(c) if c.is_ascii_digit() || "@*#?!-$".contains(c) => {
                self.copy();
                let positional = c.is_ascii_digit() || c == '@' || c == '*';
                self.used(word, if positional { "@" } else { "" });
                Ok(())
            }
            _ => {
                word.quote();
                word.text.push('$');
                Ok(())
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(c);
            self.copy();
        }
        name
    }

    fn holds_typed(&self, name: &str) -> bool {
        self.facts.names.contains(name) || name.starts_with(PREFIX)
    }

    fn used(&mut self, word: &mut Word, name: &str) {
        let typed = self.holds_typed(name);
        self.typed += usize::from(typed);
        word.expand(typed);
    }

    /// `$'...'`: bash's escapes, which other shells do not know.
    fn ansi(&mut self, word: &mut Word) -> Read<()> {
        let rest = &self.text[self.at + 1..];
        let body = &rest[..rest.iter().position(|c| *c == '\'').unwrap_or(rest.len())];
        if body.contains(&'\\') && !body.contains(&OPEN) {
            return self.unreadable("escapes in `$'...'`");
        }
        self.single(word).map_err(|mut refusal| {
            if refusal.why == Unsafe::SingleQuotes {
                refusal.why = Unsafe::AnsiQuotes;
            }
            refusal
        })
    }

    /// `$((...))`: only numbers, operators and variables that hold no typed value; shells run
    /// substitutions that they find in the value of a variable there.
    fn arithmetic(&mut self, word: &mut Word) -> Read<()> {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                Some(OPEN) => return self.refuse_marker(Unsafe::Arithmetic),
                Some('(') => open += 1,
                Some(')') if open == 1 => {
                    self.copy();
                    word.expand(false);
                    return Ok(());
                }
                Some(')') => open -= 1,
                Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                    let name = self.name();
                    if self.holds_typed(&name) {
                        return self.refuse(Unsafe::Arithmetic);
                    }
                    continue;
                }
                Some('$') if matches!(self.ahead(1), Some('{' | '(' | '\'' | '"' | '[')) => {
                    return self.unreadable("substitutions in arithmetic");
                }
                Some(c) if c.is_ascii_digit() || " \t\n$+-*/%<>=!&|^~?:,#@".contains(c) => {}
                _ => return self.unreadable("this arithmetic"),
            }
            self.copy();
        }
    }

    /// `${...}`.
    fn braces(&mut self, word: &mut Word) -> Read<()> {
        self.copy();
        let mut body = String::new();
        loop {
            match self.peek() {
                Some(OPEN) => return self.refuse_marker(Unsafe::Variable),
                Some('}') => break,
                None | Some('\'' | '"' | '\\' | '`' | '{' | '(' | CLOSE) => {
                    return self.unreadable("this `${...}`");
                }
                Some(c) => body.push(c),
            }
            self.copy();
        }
        self.copy();
        let words = body.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let mut names = words.filter(|name| is_name(name));
        let typed = names.clone().any(|name| self.holds_typed(name));
        if typed && evaluates(&body) {
            return self.refuse(Unsafe::Arithmetic);
        }
        if typed
            && body.contains('=')
            && let Some(name) = names.next()
        {
            self.facts.names.insert(name.to_owned());
        }
        let positional = body.starts_with(|c: char| c.is_ascii_digit() || c == '@' || c == '*');
        self.typed += usize::from(typed);
        word.expand(typed);
        if positional {
            self.used(word, "@");
        }
        Ok(())
    }
}

/// Whether the shell reads a value in this `${...}` as code: an index, an offset, a prompt, a name.
fn evaluates(body: &str) -> bool {
    let offset = body.split_once(':').is_some_and(|(_, rest)| !rest.starts_with(['-', '=', '?', '+']));
    offset || body.contains(['[', '@']) || body.starts_with('!')
}
