//! `chatops action list` and `help`: read from the files of the home.

use std::borrow::Cow;
use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use crate::action::{Action, Parameter};
use crate::bot::home::{Home, runner_parameters};
use crate::cli::{Global, locate, print, start};
use crate::config::nearest::nearest;

/// One line an action whose name or description holds `filter`.
pub(super) fn list(global: &Global, filter: &str) -> anyhow::Result<ExitCode> {
    let home = start::load_home(&locate::home_dir(global)?);
    let filter = filter.to_lowercase();
    let holds = |text: &str| text.to_lowercase().contains(&filter);
    let found: Vec<_> =
        home.actions.iter().filter(|(name, action)| holds(name) || holds(&action.description)).collect();
    if global.json {
        let brief = |(name, action): &(&String, &std::sync::Arc<Action>)| json!({"ref": name, "description": action.description, "runner": action.runner, "enabled": action.enabled});
        print::pretty(&found.iter().map(brief).collect::<Value>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let widest = found.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, action) in found {
        let disabled = if action.enabled { "" } else { " (disabled)" };
        print::line(format!("{name:widest$}  {}{disabled}", action.description).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// All about one action.
pub(super) fn help(global: &Global, reference: &str) -> anyhow::Result<ExitCode> {
    let home = start::load_home(&locate::home_dir(global)?);
    let Some(action) = home.actions.get(reference) else {
        let near = nearest(reference, home.actions.keys().map(String::as_str));
        let hint = near.map_or_else(
            || "`chatops action list` shows those there are".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        bail!("action `{reference}` does not exist: {hint}");
    };
    if global.json {
        print::pretty(&full(&home, action))?;
    } else {
        print::exactly(page(&home, action))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The parameters that may be given, the action's own and its runner's.
fn open(action: &Action) -> Vec<Cow<'_, Parameter>> {
    let mut parameters = action.parameters_with(runner_parameters(action));
    parameters.retain(|parameter| !parameter.is_immutable());
    parameters.sort_by_key(|parameter| !parameter.is_required());
    parameters
}

/// What people type to run it.
fn commands<'a>(home: &'a Home, action: &Action) -> impl Iterator<Item = &'a str> {
    let reference = action.reference();
    let aliases = home.listed.iter().filter(move |alias| alias.enabled && alias.action_ref == reference);
    aliases.flat_map(|alias| &alias.formats).filter_map(|format| format.display.as_deref())
}

fn page(home: &Home, action: &Action) -> String {
    let mut text = action.reference();
    if !action.description.is_empty() {
        text += &format!(": {}", action.description);
    }
    text += &format!("\nrunner: {}\n", action.runner);
    if !action.enabled {
        text += "disabled: it never runs\n";
    }
    let parameters = open(action);
    if !parameters.is_empty() {
        text += "\nparameters:\n";
    }
    let widest = parameters.iter().map(|parameter| parameter.name.len()).max().unwrap_or_default();
    for parameter in &parameters {
        text += &format!("  {:widest$}  {}", parameter.name, parameter.hint());
        match &parameter.default {
            Some(default) if !parameter.is_secret() => text += &format!(" [default: {default}]"),
            None if parameter.is_required() => text += " (needed)",
            _ => {}
        }
        text.push('\n');
    }
    let mut commands = commands(home, action).peekable();
    if commands.peek().is_some() {
        text += "\ncommands:\n";
    }
    commands.for_each(|display| text += &format!("  {display}\n"));
    text
}

fn full(home: &Home, action: &Action) -> Value {
    let parameter = |parameter: &Parameter| {
        let default = parameter.default.as_ref().filter(|_| !parameter.is_secret());
        json!({
            "name": parameter.name, "accepts": parameter.accepts(), "description": parameter.description,
            "required": parameter.is_required(), "secret": parameter.is_secret(), "default": default,
            "enum": parameter.choices,
        })
    };
    json!({
        "ref": action.reference(), "description": action.description, "runner": action.runner,
        "enabled": action.enabled, "file": action.file,
        "parameters": open(action).iter().map(|one| parameter(one)).collect::<Value>(),
        "commands": commands(home, action).collect::<Vec<_>>(),
    })
}
