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
    /// How many of the fixed characters come before its last expansion.
    expanded: usize,
    /// Whether it begins with a typed value that begins with a dash.
    pub(super) dash: bool,
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
        self.expanded = self.text.len();
        if typed {
            self.typed.get_or_insert(self.text.len());
        }
    }

    /// A typed value stands here, which may be an option if nothing stands before it.
    pub(super) fn hold(&mut self, dash: bool) {
        self.dash |= dash && self.text.is_empty();
        self.expand(true);
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

    /// The last step of its path: `bash` of `/bin/bash` and of `$HOME/bin/bash`, `python` of `python3.13`;
    /// empty where an expansion hides it.
    pub(super) fn program(&self) -> &str {
        let shown = &self.text[self.expanded..];
        let name = match shown.rsplit_once('/') {
            Some((_, name)) => name,
            None if self.expands => return "",
            None => shown,
        };
        match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-') {
            "" => name,
            name => name,
        }
    }

    /// Whether it is an option of shells whose code follows: `-c`, `-lc`.
    pub(super) fn is_shell_code_option(&self) -> bool {
        let letters = self.text.strip_prefix('-').unwrap_or_default();
        letters.contains('c') && letters.chars().all(|c| "abceilmuvx".contains(c))
    }
}

/// Whether shells take it as the name of a variable.
pub(super) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
