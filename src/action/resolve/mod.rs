//! From what a person gave to what a runner gets: cast, defaults, rules, secrets, arguments.

use std::borrow::Cow;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::arguments::arguments;
use super::cast::{Kind, cast};
use super::defaults;
use super::file::Action;
use super::parameter::{Parameter, plain};
use super::problem::{LONGEST, ParameterError, shown};
use super::render::Render;
use super::secrets::{self, HIDDEN, cut_secrets_in};
use super::shell;
use super::validate;
use crate::config::nearest::nearest;

/// One given value.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Typed in a chat: always text, `None` where a format's group took no part. Never a template.
    Text(Option<String>),
    /// From the API, the command line or an earlier execution: of its type already, or text. Never a template.
    Value(Value),
    /// From an alias's `immutable_parameters`, as the file has it: text in it is Jinja, rendered
    /// with the context alone. In a command its outputs are quoted like an action's own.
    Fixed(Value),
}

/// Everything a run needs, and what of it may be shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prepared {
    /// The runner's name.
    pub runner: String,
    /// The runner's parameters by name, defaults filled in, absent ones left out. For runners that run
    /// no shell the action's own parameters too.
    pub parameters: Map<String, Value>,
    /// The arguments of a script, in order.
    pub arguments: Vec<String>,
    /// The script or other file.
    pub entry_point: Option<PathBuf>,
    /// Environment variables that carry typed values into the command's text.
    pub values: Vec<(String, String)>,
    /// All parameters as they may be shown and kept.
    pub shown: Map<String, Value>,
    /// All parameters as they are.
    pub all: Map<String, Value>,
    /// Secret texts, for [`super::cut_secrets`].
    pub secrets: Vec<String>,
    /// The configuration of the pack, rendered for the asker.
    pub config: Map<String, Value>,
}

impl Prepared {
    /// Cuts further secrets from what may be shown.
    pub fn hide(&mut self, secrets: impl IntoIterator<Item = String>) {
        let before = self.secrets.len();
        self.secrets.extend(secrets.into_iter().filter(|text| !text.is_empty()));
        if self.secrets.len() > before {
            let cut = |value: &Value| cut_secrets_in(value, &self.secrets);
            self.shown.values_mut().for_each(|value| *value = cut(value));
        }
    }
}

/// Resolves the parameters of `action`, whose runner declares `runner`.
///
/// `context` is an object with what templates may use beside parameters: `action_context`,
/// `config_context`, `st2kv`, and for `Given::Fixed` what aliases see (`user`, `api_user`, ...).
pub fn resolve(
    action: &Action,
    runner: &[Parameter],
    given: &[(String, Given)],
    context: &Value,
    render: &dyn Render,
) -> Result<Prepared, ParameterError> {
    if !action.enabled {
        return Err(ParameterError::Disabled { action: action.reference() });
    }
    let declared = action.parameters_with(runner);
    let mut resolver =
        Resolver { action, declared: &declared, context, render, done: Map::new(), values: Vec::new() };
    let mut secrets = Vec::new();
    resolver.take(given, &mut secrets)?;
    resolver.fill()?;
    resolver.check()?;
    Ok(resolver.prepared(runner, secrets))
}

struct Resolver<'a> {
    action: &'a Action,
    declared: &'a [Cow<'a, Parameter>],
    context: &'a Value,
    render: &'a dyn Render,
    done: Map<String, Value>,
    values: Vec<(String, String)>,
}

impl<'a> Resolver<'a> {
    /// Casts what was given.
    fn take(&mut self, given: &[(String, Given)], secrets: &mut Vec<String>) -> Result<(), ParameterError> {
        self.refuse_fixed(given)?;
        for (name, given) in given {
            let parameter = self.declared(name)?;
            let value = match given {
                Given::Text(None) | Given::Value(Value::Null) | Given::Fixed(Value::Null) => continue,
                Given::Text(Some(text)) => json!(text),
                Given::Value(value) => value.clone(),
                Given::Fixed(value) => self.rendered(parameter, value, self.context)?,
            };
            if parameter.is_secret() {
                secrets::texts(&value, secrets);
            }
            let value = typed(parameter, &value)?;
            if !matches!(given, Given::Fixed(_)) {
                check_given(self.action, parameter, &value)?;
            }
            self.keep(name, value);
        }
        Ok(())
    }

    /// Null is as good as nothing.
    fn keep(&mut self, name: &str, value: Value) {
        if !value.is_null() {
            self.done.insert(name.to_owned(), value);
        }
    }

    fn declared(&self, name: &str) -> Result<&'a Parameter, ParameterError> {
        let mut declared = self.declared.iter().map(AsRef::as_ref);
        declared.find(|parameter| parameter.name == name).ok_or_else(|| {
            let open = self.declared.iter().filter(|parameter| !parameter.is_immutable());
            let known: Vec<_> = open.map(|parameter| parameter.name.clone()).collect();
            let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
            ParameterError::Unknown { name: name.to_owned(), nearest: near, known }
        })
    }

    /// Nobody gives what the action fixes. Its own command counts as fixed: else whoever may run one
    /// harmless action could put any command in its place.
    fn refuse_fixed(&self, given: &[(String, Given)]) -> Result<(), ParameterError> {
        let own_command = |name: &str| {
            shell::is_command(&self.action.runner, name)
                && self.action.parameters.iter().any(|own| own.name == name && own.default.is_some())
        };
        let fixed = given.iter().filter(|(name, given)| {
            let locked =
                self.declared.iter().any(|parameter| &parameter.name == name && parameter.is_immutable());
            let null =
                matches!(given, Given::Text(None) | Given::Value(Value::Null) | Given::Fixed(Value::Null));
            !null && (locked || (!matches!(given, Given::Fixed(_)) && own_command(name)))
        });
        let names: Vec<_> = fixed.map(|(name, _)| name.clone()).collect();
        if names.is_empty() { Ok(()) } else { Err(ParameterError::Immutable { names }) }
    }

    /// Fills in defaults, templates last and in the order of their needs.
    fn fill(&mut self) -> Result<(), ParameterError> {
        let mut templates = Map::new();
        for parameter in self.declared {
            match &parameter.default {
                Some(default) if !self.done.contains_key(&parameter.name) => {
                    if defaults::is_template(default) {
                        templates.insert(parameter.name.clone(), default.clone());
                    } else {
                        self.keep(&parameter.name, typed(parameter, default)?);
                    }
                }
                _ => {}
            }
        }
        self.missing(&templates)?;
        for name in defaults::order(&templates)? {
            let parameter = self.declared(&name)?;
            let value = self.rendered_default(parameter, &templates[&name])?;
            self.keep(&name, value);
        }
        Ok(())
    }

    fn missing(&self, templates: &Map<String, Value>) -> Result<(), ParameterError> {
        let absent = |name: &str| !self.done.contains_key(name) && !templates.contains_key(name);
        let missing =
            self.declared.iter().filter(|parameter| parameter.is_required() && absent(&parameter.name));
        let parameters: Vec<_> =
            missing.map(|parameter| (parameter.name.clone(), parameter.hint())).collect();
        if parameters.is_empty() { Ok(()) } else { Err(ParameterError::Missing { parameters }) }
    }

    fn rendered_default(&mut self, parameter: &Parameter, default: &Value) -> Result<Value, ParameterError> {
        let mut context = self.context.as_object().cloned().unwrap_or_default();
        for parameter in self.declared {
            let value = self.done.get(&parameter.name).cloned().unwrap_or(Value::Null);
            context.insert(parameter.name.clone(), value);
        }
        let value = self.rendered(parameter, default, &Value::Object(context))?;
        typed(parameter, &value)
    }

    /// Renders a template. In the command of a shell its outputs become environment variables.
    fn rendered(
        &mut self,
        parameter: &Parameter,
        value: &Value,
        context: &Value,
    ) -> Result<Value, ParameterError> {
        let name = &parameter.name;
        match value {
            Value::String(source)
                if shell::is_command(&self.action.runner, name) && defaults::is_template(value) =>
            {
                let command = shell::render_command(self.render, name, source, context)?;
                self.values = command.values;
                Ok(Value::String(command.text))
            }
            value => defaults::render(self.render, name, value, context)
                .map_err(|why| ParameterError::Template { name: name.clone(), why }),
        }
    }

    fn check(&self) -> Result<(), ParameterError> {
        for (name, value) in &self.done {
            let parameter = self.declared(name)?;
            validate::check(parameter, value)
                .map_err(|wrong| refused(parameter, value, wrong.path, wrong.accepted))?;
            check_size(name, value)?;
        }
        Ok(())
    }

    fn prepared(self, runner: &[Parameter], mut secrets: Vec<String>) -> Prepared {
        let action = self.action;
        let of_runner = |name: &str| runner.iter().any(|parameter| parameter.name == name);
        for parameter in self.declared.iter().filter(|parameter| parameter.is_secret()) {
            secrets::texts(self.done.get(&parameter.name).unwrap_or(&Value::Null), &mut secrets);
        }
        let script = action.runner.ends_with("-script");
        let own: Vec<_> = action.parameters.iter().filter(|own| !of_runner(&own.name)).cloned().collect();
        let prefix = self.done.get("kwarg_op").and_then(Value::as_str).unwrap_or("--");
        let starts_process = shell::starts_process(&action.runner);
        let passed = self.done.iter().filter(|(name, _)| !starts_process || of_runner(name));
        Prepared {
            runner: action.runner.clone(),
            parameters: passed.map(|(name, value)| (name.clone(), value.clone())).collect(),
            arguments: if script { arguments(&own, &self.done, prefix) } else { Vec::new() },
            entry_point: action.entry_point.clone(),
            values: self.values,
            shown: shown_map(self.declared, &self.done, &secrets),
            all: self.done,
            secrets,
            config: Map::new(),
        }
    }
}

fn shown_map(
    declared: &[Cow<'_, Parameter>],
    all: &Map<String, Value>,
    secrets: &[String],
) -> Map<String, Value> {
    let secret =
        |name: &str| declared.iter().any(|parameter| parameter.name == name && parameter.is_secret());
    let show = |(name, value): (&String, &Value)| {
        let value = if secret(name) { json!(HIDDEN) } else { cut_secrets_in(value, secrets) };
        (name.clone(), value)
    };
    all.iter().map(show).collect()
}

/// Casts a value, and the items of a list where the schema names their type.
fn typed(parameter: &Parameter, value: &Value) -> Result<Value, ParameterError> {
    let wrong = |path: String, accepted: String| refused(parameter, value, path, accepted);
    let done = cast(parameter.kind, value).map_err(|mismatch| wrong(String::new(), mismatch.to_string()))?;
    let item = parameter.schema.get("items").and_then(|items| items["type"].as_str());
    match (done, item.and_then(|word| word.parse::<Kind>().ok())) {
        (Value::Array(items), Some(kind)) if parameter.kind == Some(Kind::Array) => {
            let each = items.iter().enumerate();
            let each = each.map(|(at, item)| {
                // Text that is meant as text stays; what a person typed as a list is all text.
                cast(Some(kind), item).map_err(|mismatch| wrong(format!("/{at}"), mismatch.to_string()))
            });
            each.collect()
        }
        (done, _) => Ok(done),
    }
}

fn refused(parameter: &Parameter, value: &Value, path: String, accepted: String) -> ParameterError {
    let given = if parameter.is_secret() { HIDDEN.to_owned() } else { shown(&plain(value)) };
    ParameterError::Value { name: parameter.name.clone(), given, path, accepted }
}

/// What no person may hand to a process.
fn check_given(action: &Action, parameter: &Parameter, value: &Value) -> Result<(), ParameterError> {
    let name = &parameter.name;
    if !shell::is_clean(value) {
        return Err(ParameterError::Character { name: name.clone() });
    }
    if let (true, "env", Value::Object(variables)) =
        (shell::starts_process(&action.runner), name.as_str(), value)
        && let Some(variable) = variables.keys().find(|variable| !shell::is_harmless_variable(variable))
    {
        let accepted = "a variable that changes how programs start is not accepted".to_owned();
        return Err(ParameterError::Value {
            name: name.clone(),
            given: shown(variable),
            path: String::new(),
            accepted,
        });
    }
    Ok(())
}

fn check_size(name: &str, value: &Value) -> Result<(), ParameterError> {
    let bytes = match value {
        Value::String(text) => text.len(),
        value => value.to_string().len(),
    };
    if bytes > LONGEST {
        return Err(ParameterError::TooLong { name: name.to_owned(), bytes });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
