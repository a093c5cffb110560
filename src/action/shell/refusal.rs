//! Why a placeholder cannot stand where it stands in shell text.

use std::fmt;

/// A place where no typed value may stand, or text too unusual to be sure about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsafe {
    /// Between single quotes.
    SingleQuotes,
    /// Between `$'` and `'`.
    AnsiQuotes,
    /// Right behind a backslash.
    Backslash,
    /// Right behind a dollar sign.
    Dollar,
    /// In a text with a here-document.
    HereDocument,
    /// Between backquotes.
    Backquotes,
    /// In `$((...))`, or a variable that carries it there.
    Arithmetic,
    /// In `${...}`, or as the name of a variable.
    Variable,
    /// As the variable of that name, which changes how programs start.
    Environment(String),
    /// Where the name of a command stands.
    CommandPosition,
    /// As the file of a redirection.
    Redirection,
    /// As text that this command reads as code: `eval`, `bash`, `ssh`, `sed`.
    Code(String),
    /// Piped into this command, which runs what it reads.
    Piped(String),
    /// In `[` or `test`, other than on one side of a comparison.
    Test,
    /// The text beside it cannot be followed: what it is about.
    Unreadable(String),
}

/// What to do where it is not obvious.
const SCRIPT: &str = "put the commands into a script file (`runner_type: local-shell-script` or \
                      `remote-shell-script`): its arguments are safe as they are";

impl Unsafe {
    /// What to do instead.
    pub fn help(&self) -> String {
        match self {
            Self::SingleQuotes | Self::AnsiQuotes => "use double quotes".to_owned(),
            Self::Backslash | Self::Dollar => {
                "take the sign before the placeholder away, or end the quotes between them".to_owned()
            }
            Self::Backquotes => "write `$(...)` instead of backquotes".to_owned(),
            Self::Code(command) if command == "sed" || command == "awk" => {
                format!("give `{command}` a fixed program, and write `--` before files that are typed")
            }
            Self::Code(_) => {
                format!("{SCRIPT}; or give the code fixed text that reads its arguments as \"$1\"")
            }
            _ => SCRIPT.to_owned(),
        }
    }
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SingleQuotes => f.write_str("a placeholder stands between single quotes"),
            Self::AnsiQuotes => f.write_str("a placeholder stands in a `$'...'`"),
            Self::Backslash => f.write_str("a placeholder stands right behind a backslash"),
            Self::Dollar => f.write_str("a placeholder stands right behind a `$`"),
            Self::HereDocument => f.write_str("a placeholder stands in a command with a here-document"),
            Self::Backquotes => f.write_str("a placeholder stands between backquotes"),
            Self::Arithmetic => f.write_str("a placeholder stands in arithmetic, which shells read as code"),
            Self::Variable => f.write_str("a placeholder stands where the shell wants the name of a variable"),
            Self::Environment(name) => {
                write!(f, "a placeholder sets `{name}`, which changes how programs start")
            }
            Self::CommandPosition => f.write_str("a placeholder stands where the name of a command belongs"),
            Self::Redirection => f.write_str("a placeholder names the file of a redirection"),
            Self::Code(command) => write!(f, "a placeholder stands in what `{command}` may read as code"),
            Self::Piped(command) => write!(f, "a placeholder is piped into `{command}`, which runs what it reads"),
            Self::Test => f.write_str("a placeholder in `[` must be compared by `=` or `!=`, or stand behind `-n`, `-z`, `-e`, `-f`, `-d`"),
            Self::Unreadable(what) => write!(f, "a placeholder stands beside {what}, which cannot be checked"),
        }
    }
}

/// What is unsafe, and which placeholder it is about (from 1), where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) why: Unsafe,
    pub(super) marker: Option<usize>,
}
