//! One word of shell text, as far as the rules need to know it.

/// A word: its fixed text with the quotes gone, and what else is in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Word {
    /// The fixed characters.
    pub(super) text: String,
    /// How many of them come before the first quote, escape or expansion.
    pub(super) plain: Option<usize>,
    /// How many of them come before the first typed value; `None` if there is none.
    pub(super) typed: Option<usize>,
    /// Whether anything in it is expanded by the shell.
    pub(super) expands: bool,
}

impl Word {
    /// Whether a typed value is in it, itself or by way of a variable or a substitution.
    pub(super) fn is_typed(&self) -> bool {
        self.typed.is_some()
    }

    /// Whether it is nothing but fixed text.
    pub(super) fn is_fixed(&self) -> bool {
        !self.expands && !self.is_typed()
    }

    /// Whether it is exactly this word without quotes: a keyword.
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        self.plain.is_none() && self.is_fixed() && self.text == keyword
    }

    /// The plain characters end here.
    pub(super) fn quote(&mut self) {
        self.plain.get_or_insert(self.text.len());
    }

    /// An expansion stands here.
    pub(super) fn expand(&mut self, typed: bool) {
        self.quote();
        self.expands = true;
        if typed {
            self.typed.get_or_insert(self.text.len());
        }
    }

    /// The plain characters at its start.
    pub(super) fn plain_text(&self) -> &str {
        &self.text[..self.plain.unwrap_or(self.text.len())]
    }

    /// The variable it assigns, if it is `NAME=...` or `NAME+=...`.
    pub(super) fn assigned(&self) -> Option<&str> {
        let (name, _) = self.plain_text().split_once('=')?;
        let name = name.strip_suffix('+').unwrap_or(name);
        is_name(name).then_some(name)
    }

    /// Whether it is fixed text that begins with a dash.
    pub(super) fn is_option(&self) -> bool {
        self.text.starts_with(['-', '+']) && self.text.len() > 1
    }

    /// The last step of its path, for fixed words: `bash` of `/bin/bash`, `python` of `python3.13`.
    pub(super) fn program(&self) -> &str {
        if !self.is_fixed() {
            return "";
        }
        let name = self.text.rsplit('/').next().unwrap_or_default();
        match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-') {
            "" => name,
            name => name,
        }
    }
}

/// Whether shells take it as the name of a variable.
pub(super) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
