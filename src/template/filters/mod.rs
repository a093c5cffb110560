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

use std::sync::LazyLock;

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

/// Where this is a global, [`metered`] notes the filters it adds under names that begin so: the engine lists its
/// globals, its filters not.
const NOTED: &str = "filter ";

/// The engine's filters that are used as they are, and those that are added without a meter.
const OTHERS: [&str; 8] = ["attr", "e", "escape", "random", "safe", "tojson", "urlencode", "use_none"];

/// Every filter that a template may use.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut env = Environment::empty();
    env.add_global(NOTED, ());
    add(&mut env, None);
    let names = env.globals().filter_map(|(name, _)| name.strip_prefix(NOTED));
    let noted = names.filter(|name| !name.is_empty()).map(str::to_owned);
    noted.chain(OTHERS.iter().map(|name| (*name).to_owned())).collect()
});

/// The filter that somebody who wrote `name` may have meant: at most a third of the letters differ.
pub fn nearest(name: &str) -> Option<&'static str> {
    let letters = name.chars().count();
    let distance = |known: &String| strsim::damerau_levenshtein(name, known);
    let near = NAMES.iter().filter(|_| (1..=64).contains(&letters)).min_by_key(|known| distance(known))?;
    (distance(near) <= (letters.max(near.chars().count()) / 3).max(1)).then_some(near)
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
    if env.globals().any(|(global, _)| global == NOTED) {
        env.add_global(format!("{NOTED}{name}"), ());
    }
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
