//! No typed value becomes shell text.
//!
//! Where an action's own command has Jinja outputs, `df -h {{ path }}`, each output reaches the shell
//! as the value of an environment variable, and a quoted reference stands in the text:
//! `df -h "${CHATOPS_V1}"`. [`render_command`] does that at run, on the text as rendered; the check at
//! load tries the branches of the template, so that most mistakes are told with their line before
//! anybody runs them.

mod branches;
mod commands;
mod compound;
mod lexer;
mod marker;
mod quoting;
mod refusal;
mod rules;
mod word;

#[cfg(test)]
mod proof;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::defaults;
use super::file::Action;
use super::node::Reader;
use super::problem::{LONGEST, ParameterError};
use super::render::Render;

pub use commands::is_harmless_variable;
pub use marker::is_clean;
pub use refusal::Unsafe;

/// Runners whose parameter `cmd` is shell text, by their names of today and of old.
const SHELLS: &[&str] = &["local-shell-cmd", "run-local", "remote-shell-cmd", "run-remote"];

/// Whether this parameter of this runner is shell text.
pub fn is_command(runner: &str, parameter: &str) -> bool {
    parameter == "cmd" && SHELLS.contains(&runner)
}

/// Whether the runner starts a process with its parameters.
pub(super) fn starts_process(runner: &str) -> bool {
    SHELLS.contains(&runner) || runner.ends_with("-script") || runner.ends_with("-cmd")
}

/// Shell text, and the environment variables it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The text: only what the admin wrote, and references.
    pub text: String,
    /// Names and values of the variables.
    pub values: Vec<(String, String)>,
}

/// Renders the template of a command, so that what its outputs print stays out of the text.
/// `name` is the parameter, for errors.
///
/// # Errors
/// `Template` if the template fails, `Shell` if an output stands where no quoted reference is safe,
/// `Character` if a value holds a NUL, `TooLong` if one does not fit into an environment variable.
pub fn render_command(
    render: &dyn Render,
    name: &str,
    source: &str,
    context: &Value,
) -> Result<Command, ParameterError> {
    let unsafe_because = |why: String| ParameterError::Shell { name: name.to_owned(), why };
    if !is_clean(context) {
        return Err(ParameterError::Character { name: name.to_owned() });
    }
    let mut outputs = Vec::new();
    let mut keep = |printed: &str| {
        outputs.push(printed.to_owned());
        marker::marker(outputs.len())
    };
    let text = render
        .render_with(name, source, context, &mut keep)
        .map_err(|why| ParameterError::Template { name: name.to_owned(), why })?;
    let text = lexer::quote(&text, &outputs).map_err(|refusal| unsafe_because(refusal.why.to_string()))?;
    let named = outputs.into_iter().enumerate();
    let values: Vec<_> = named.map(|(at, value)| (marker::variable(at + 1), value)).collect();
    if values.iter().any(|(_, value)| value.contains('\0')) {
        return Err(ParameterError::Character { name: name.to_owned() });
    }
    if let Some((_, value)) = values.iter().find(|(_, value)| value.len() > LONGEST) {
        return Err(ParameterError::TooLong { name: name.to_owned(), bytes: value.len() });
    }
    Ok(Command { text, values })
}

/// Tries the branches of a command's template. The error comes with the byte of `source` where the
/// placeholder begins.
pub fn check_command(source: &str) -> Result<(), (usize, Unsafe)> {
    let variants = branches::variants(source, marker::marker);
    for text in &variants.texts {
        lexer::quote(text, &[]).map_err(|refusal| {
            let output = refusal.marker.and_then(|marker| variants.outputs.get(marker - 1));
            (output.or(variants.outputs.first()).copied().unwrap_or(0), refusal.why)
        })?;
    }
    Ok(())
}

/// Refuses an action whose own command has a placeholder in an unsafe place.
pub(super) fn check_action(reader: &mut Reader<'_>, action: &Action, text: &str) {
    for parameter in action.parameters.iter().filter(|own| is_command(&action.runner, &own.name)) {
        let Some(Value::String(source)) =
            parameter.default.as_ref().filter(|default| defaults::is_template(default))
        else {
            continue;
        };
        if let Err((offset, why)) = check_command(source) {
            let at = place(text, parameter.default_at, source, offset);
            let error = reader.error(at, &format!("parameters.{}.default", parameter.name), why.to_string());
            reader.errors.push(error.help(why.help()));
        }
    }
}

/// Line and column in the file of the byte `offset` of a scalar that begins at `at`: exact for text
/// in one line and for blocks (`|`, `>`).
fn place(text: &str, at: (u64, u64), source: &str, offset: usize) -> (u64, u64) {
    let wanted = source[offset..].lines().next().unwrap_or_default();
    let from = |line: u64| {
        let skipped = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
        let mut lines = text.lines().enumerate().skip(skipped);
        lines.find_map(|(line, text)| text.find(wanted).map(|column| (line, text[..column].chars().count())))
    };
    let breaks = u64::try_from(source[..offset].matches('\n').count()).unwrap_or(0);
    match from(at.0 + breaks).or_else(|| from(at.0)).filter(|_| !wanted.is_empty()) {
        Some((line, column)) => {
            (u64::try_from(line + 1).unwrap_or(at.0), u64::try_from(column + 1).unwrap_or(1))
        }
        None => at,
    }
}
