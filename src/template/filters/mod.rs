//! The filters and tests: Jinja's own, StackStorm's, and `human`. Each file has one theme and one
//! `FILTERS`-like function that adds its rows.

mod args;
pub(super) mod format;
mod html;
mod jinja;
mod json;
mod outline;
mod regex;
pub(super) mod text;
mod text_filters;
mod time;
mod version;
mod yaml;

use minijinja::functions::Function;
use minijinja::value::{FunctionArgs, FunctionResult, Rest, StringInput, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value, filters as builtin};

use super::datastore::settled;
use super::limits::{charge, cost};
use super::secrets;
use crate::model::Secret;

/// Adds all filters and tests.
pub(super) fn add(env: &mut Environment<'static>, secret_key: Option<&Secret>) {
    meter_builtins(env);
    text_filters::add(env);
    format::add(env);
    html::add(env);
    jinja::add(env);
    json::add(env);
    outline::add(env);
    yaml::add(env);
    regex::add(env);
    version::add(env);
    time::add(env);
    secrets::add(env, secret_key);
    env.add_test("callable", |value: &Value| value.kind() == ValueKind::Plain);
}

/// Filters that are there for values that may be missing.
const TAKE_UNDEFINED: [&str; 2] = ["default", "d"];

/// In strict mode, an error that names what is undefined.
pub(super) fn defined(state: &State<'_, '_>, value: Option<&Value>) -> Result<(), Error> {
    match value.filter(|value| value.is_undefined()) {
        Some(value) => StringInput::new(state, value).map(drop),
        None => Ok(()),
    }
}

/// Adds a filter whose arguments are charged for before it runs.
pub(super) fn metered<F, Rv, Args>(env: &mut Environment<'static>, name: &'static str, filter: F)
where
    F: Function<Rv, Args>,
    Rv: FunctionResult,
    Args: for<'a> FunctionArgs<'a>,
{
    let inner = Value::from_function(filter);
    env.add_filter(name, move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
        let mut args = args.into_values();
        if name != "decrypt_kv" {
            args = args.into_iter().map(settled).collect();
        }
        charge(state, cost(&args))?;
        if !TAKE_UNDEFINED.contains(&name) {
            defined(state, args.first())?;
        }
        inner.call(state, &args)
    });
}

/// The engine's own filters that need nothing but a meter.
fn meter_builtins(env: &mut Environment<'static>) {
    metered(env, "upper", builtin::upper);
    metered(env, "lower", builtin::lower);
    metered(env, "title", builtin::title);
    metered(env, "capitalize", builtin::capitalize);
    metered(env, "items", builtin::items);
    metered(env, "int", builtin::int);
    metered(env, "float", builtin::float);
    metered(env, "bool", builtin::bool);
    metered(env, "reverse", builtin::reverse);
    metered(env, "trim", builtin::trim);
    metered(env, "split", builtin::split);
    metered(env, "lines", builtin::lines);
    metered(env, "min", builtin::min);
    metered(env, "max", builtin::max);
    metered(env, "sort", builtin::sort);
    metered(env, "list", builtin::list);
    metered(env, "slice", builtin::slice);
    metered(env, "batch", builtin::batch);
    metered(env, "sum", builtin::sum);
    metered(env, "select", builtin::select);
    metered(env, "reject", builtin::reject);
    metered(env, "selectattr", builtin::selectattr);
    metered(env, "rejectattr", builtin::rejectattr);
    metered(env, "map", builtin::map);
    metered(env, "groupby", builtin::groupby);
    metered(env, "unique", builtin::unique);
    metered(env, "chain", builtin::chain);
    metered(env, "zip", builtin::zip);
}
