//! Answers on stdout. A reader that went away is no error.

use std::fmt::Display;
use std::io::Write;

/// One line.
pub(super) fn line(text: impl Display) {
    // A closed pipe (`chatops ... | head`) only means that nobody reads on.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
