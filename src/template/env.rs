//! The environment: the engine with our filters, tests, globals and printing.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value};

use super::limits::{Limits, charge, room};
use super::prepare::Prepared;
use super::{filters, globals, methods, operators, python};
use crate::model::Secret;

/// Makes an environment that finds `named` templates.
pub(super) fn make(
    named: &Arc<BTreeMap<String, String>>,
    limits: Limits,
    secret_key: Option<&Secret>,
    behavior: UndefinedBehavior,
) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_syntax(syntax());
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_undefined_behavior(behavior);
    env.set_fuel(Some(limits.fuel));
    // Errors then name the expression that was undefined.
    env.set_debug(true);
    env.set_formatter(print);
    env.set_unknown_method_callback(methods::call);
    let named = named.clone();
    env.set_loader(move |name| Ok(named.get(name).map(|source| Prepared::new(source).text)));
    filters::add(&mut env, secret_key);
    operators::add(&mut env);
    globals::add(&mut env);
    env
}

/// Jinja's own marks; blocks take their line with them, as in StackStorm's results.
fn syntax() -> SyntaxConfig {
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    syntax.unwrap_or_default()
}

/// Writes a value as Python prints it, in one write.
pub(super) fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let most = room(state);
    match value.as_str() {
        Some(text) => {
            charge(state, text.len())?;
            out.write_str(text)?;
        }
        None => {
            let text = python::text(value, most)?;
            charge(state, text.len())?;
            out.write_str(&text)?;
        }
    }
    Ok(())
}
