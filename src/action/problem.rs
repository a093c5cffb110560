//! Why a command's parameters were refused, as sentences for the person who typed it.

use std::fmt;

/// Parameters that cannot be used. Displayed as one sentence a person understands; secret values are
/// never in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterError {
    /// The action's file says `enabled: false`.
    Disabled {
        /// The action, as `pack.name`.
        action: String,
    },
    /// Needed parameters were not given.
    Missing {
        /// Their names, and what each accepts.
        parameters: Vec<(String, String)>,
    },
    /// The action has no parameter of that name.
    Unknown {
        /// The name given.
        name: String,
        /// The one probably meant.
        nearest: Option<String>,
        /// What there is.
        known: Vec<String>,
    },
    /// The value is not accepted.
    Value {
        /// The parameter.
        name: String,
        /// What was given, `********` for a secret.
        given: String,
        /// Where inside the value, such as `/0`; empty for the whole.
        path: String,
        /// What is accepted, such as `a whole number such as 5 is accepted`.
        accepted: String,
    },
    /// These are fixed by the action.
    Immutable {
        /// Their names.
        names: Vec<String>,
    },
    /// Defaults that need each other.
    Cycle {
        /// The parameters in the circle.
        names: Vec<String>,
    },
    /// A template among the defaults or fixed values failed.
    Template {
        /// The parameter.
        name: String,
        /// What the template engine said.
        why: String,
    },
    /// Longer than a process can be given.
    TooLong {
        /// The parameter.
        name: String,
        /// Its length in bytes.
        bytes: usize,
    },
    /// The value cannot be handed to a process: a NUL, or a character that marks places internally.
    Character {
        /// The parameter.
        name: String,
    },
    /// The value would become part of a command in a place where that is not safe.
    Shell {
        /// The parameter that holds the command.
        name: String,
        /// What is unsafe.
        why: String,
    },
}

/// The longest parameter, in bytes: what Linux gives one argument, less StackStorm's allowance for its name.
pub const LONGEST: usize = 131_057;

/// A given value is shown up to this many characters.
const SHOWN: usize = 80;

/// `text` fit for an error message.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

impl std::error::Error for ParameterError {}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled { action } => write!(f, "action `{action}` is disabled"),
            Self::Missing { parameters } => missing(f, parameters),
            Self::Unknown { name, nearest: Some(near), .. } => {
                write!(f, "there is no parameter `{name}`, did you mean `{near}`?")
            }
            Self::Unknown { name, known, .. } if known.is_empty() => {
                write!(f, "there is no parameter `{name}`, and none is accepted")
            }
            Self::Unknown { name, known, .. } => {
                write!(f, "there is no parameter `{name}`, known are {}", ticked(known))
            }
            Self::Value { name, given, path, accepted } if path.is_empty() => {
                write!(f, "`{name}` cannot be `{given}`: {accepted}")
            }
            Self::Value { name, given, path, accepted } => {
                write!(f, "`{name}` cannot be `{given}`: at `{path}`, {accepted}")
            }
            Self::Immutable { names } => write!(f, "{} cannot be given: the action fixes it", ticked(names)),
            Self::Cycle { names } => write!(f, "the defaults of {} need each other", ticked(names)),
            Self::Template { name, why } => write!(f, "the template of `{name}` failed: {why}"),
            Self::TooLong { name, bytes } => {
                write!(f, "`{name}` has {bytes} bytes, at most {LONGEST} are accepted")
            }
            Self::Character { name } => {
                write!(f, "`{name}` holds a character that no command can be given, such as NUL")
            }
            Self::Shell { name, why } => write!(f, "`{name}` is not safe to run: {why}"),
        }
    }
}

fn missing(f: &mut fmt::Formatter<'_>, parameters: &[(String, String)]) -> fmt::Result {
    let each = parameters.iter().map(|(name, accepts)| format!("`{name}` ({accepts})"));
    let each = each.collect::<Vec<_>>().join(" and ");
    write!(f, "{each} must be given")
}

fn ticked(names: &[String]) -> String {
    format!("`{}`", names.join("`, `"))
}
