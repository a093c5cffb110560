//! Lines added to a home's `chatops.env`. What it sets already stays.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

use super::Mode;
use crate::config::env::Env;
use crate::config::read_file;

/// One variable to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its name.
    pub(super) name: String,
    /// Its value, as it is to be read back; [`literal`] where the reader would expand it.
    pub(super) value: String,
    /// Whether the line is active.
    pub(super) kind: Kind,
}

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It sets the variable.
    Sets,
    /// It waits as a comment.
    Comment,
    /// It stands in for a value that is not known: any other value is better.
    Placeholder,
}

/// What became of the lines: names only.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Added {
    /// Set now, or would be.
    pub(super) set: Vec<String>,
    /// Set otherwise before; they stay.
    pub(super) kept: Vec<String>,
}

/// The text of a home's `chatops.env`, empty where there is none.
pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    if !file.exists() {
        return Ok(String::new());
    }
    read_file(file).map_err(|error| anyhow::anyhow!("{error}"))
}

/// Adds lines under a comment, readable by the owner alone.
pub(super) fn add(lines: &[Line], heading: &str, file: &Path, mode: Mode) -> anyhow::Result<Added> {
    let there = text(file)?;
    let env = Env::parse(file, &there, []).map_err(|errors| anyhow::anyhow!("{}", errors[0]))?;
    let mut added = Added::default();
    let mut block = String::new();
    for line in lines {
        let comment = if line.kind == Kind::Comment { "#" } else { "" };
        let written = format!("{comment}{}={}\n", line.name, quoted(&line.value));
        match env.get(&line.name) {
            Some(_) if line.kind == Kind::Placeholder => {}
            Some(known) if known == line.value => {}
            Some(_) => added.kept.push(line.name.clone()),
            None if there.contains(&written) => {}
            None => {
                added.set.push(line.name.clone());
                block.push_str(&written);
            }
        }
    }
    if block.is_empty() || mode == Mode::Look {
        return Ok(added);
    }
    let gap = if there.is_empty() || there.ends_with('\n') { "" } else { "\n" };
    let cannot = || format!("cannot write {}", file.display());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(cannot)?;
    }
    let mut opened =
        OpenOptions::new().append(true).create(true).mode(0o600).open(file).with_context(cannot)?;
    write!(opened, "{gap}# {heading}\n{block}").with_context(cannot)?;
    Ok(added)
}

/// A value that reads back as it is.
fn quoted(value: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "!:/.,_@+-=#%".contains(letter);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A value that stands for itself: nothing in it is taken for a variable.
pub(super) fn literal(value: &str) -> String {
    value.replace("${", "$${")
}
