//! Jinja's filters on text with Jinja's own arguments: MiniJinja lacks them, takes other arguments,
//! or has no limits.

use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, State, Value};

use super::args::{count, flag, words};
use super::metered;
use super::text::{Side, join_with, justify, replace_in, too_large, wrap};
use crate::template::limits::{charge, failed, room};
use crate::template::python;

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(env, "string", string);
    metered(env, "join", join);
    metered(env, "replace", replace);
    metered(env, "indent", indent);
    metered(env, "center", center);
    metered(env, "truncate", truncate);
    metered(env, "wordwrap", wordwrap);
    metered(env, "wordcount", |text: String| {
        text.split(|c: char| c != '_' && !c.is_alphanumeric()).filter(|word| !word.is_empty()).count()
    });
    metered(env, "pprint", |state: &mut State<'_, '_>, value: &Value| {
        python::sorted_repr(value, room(state))
    });
    metered(env, "filesizeformat", filesizeformat);
    metered(env, "basename", |path: String| path.rsplit('/').next().unwrap_or_default().to_owned());
    metered(env, "dirname", |path: String| dirname(&path));
    env.add_filter("random", |values: &Value| values.try_iter()?.checked().next().transpose());
}

fn string(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::String {
        return Ok(value.clone());
    }
    let text = python::text(value, room(state))?;
    charge(state, text.len())?;
    Ok(Value::from(text))
}

fn join(
    state: &mut State<'_, '_>,
    values: &Value,
    separator: Option<String>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let separator = match separator {
        Some(separator) => separator,
        None => kwargs.get::<Option<String>>("d")?.unwrap_or_default(),
    };
    let attribute: Option<Value> = kwargs.get("attribute")?;
    kwargs.assert_all_used()?;
    if values.is_undefined() {
        return Ok(String::new());
    }
    let items = match attribute {
        Some(name) => {
            let named: Kwargs = [("attribute", name)].into_iter().collect();
            state.apply_filter("map", &[values.clone(), Value::from(named)])?
        }
        None => values.clone(),
    };
    let text = join_with(&items, &separator, room(state))?;
    charge(state, text.len())?;
    Ok(text)
}

fn replace(
    state: &mut State<'_, '_>,
    text: String,
    old: String,
    new: String,
    count: Option<i64>,
) -> Result<String, Error> {
    let text = replace_in(&text, &old, &new, count, room(state))?;
    charge(state, text.len())?;
    Ok(text)
}

/// `indent(width=4, first=False, blank=False)`; the width may be a text.
fn indent(
    state: &mut State<'_, '_>,
    text: String,
    args: Rest<Value>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let width: Option<Value> = match args.first() {
        Some(width) => Some(width.clone()),
        None => kwargs.get("width")?,
    };
    let first = flag(&args, 1, &kwargs, "first")?.unwrap_or(false);
    let blank = flag(&args, 2, &kwargs, "blank")?.unwrap_or(false);
    kwargs.assert_all_used()?;
    let most = room(state);
    let margin = match width {
        Some(width) if width.as_str().is_some() => width.to_string(),
        Some(width) => justify("", usize::try_from(width)?, ' ', Side::Left, most)?,
        None => "    ".to_owned(),
    };
    let lines = text.matches('\n').count() + 1;
    if lines.saturating_mul(margin.len()).saturating_add(text.len()) > most {
        return Err(too_large());
    }
    let mut out = String::with_capacity(text.len() + lines * margin.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if (index > 0 || first) && (blank || !line.is_empty() || (index == 0 && first)) {
            out.push_str(&margin);
        }
        out.push_str(line);
    }
    charge(state, out.len())?;
    Ok(out)
}

fn center(state: &mut State<'_, '_>, text: String, width: Option<usize>) -> Result<String, Error> {
    justify(&text, width.unwrap_or(80), ' ', Side::Both, room(state))
}

/// `truncate(length=255, killwords=False, end='...', leeway=5)`.
fn truncate(text: String, args: Rest<Value>, kwargs: Kwargs) -> Result<String, Error> {
    let length = count(&args, 0, &kwargs, "length")?.unwrap_or(255);
    let kill = flag(&args, 1, &kwargs, "killwords")?.unwrap_or(false);
    let end = words(&args, 2, &kwargs, "end")?.unwrap_or_else(|| "...".to_owned());
    let leeway = count(&args, 3, &kwargs, "leeway")?.unwrap_or(5);
    kwargs.assert_all_used()?;
    let room = end.chars().count();
    if length < room {
        return Err(failed(format!("`truncate` needs a length of at least {room}")));
    }
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text);
    }
    let cut: String = text.chars().take(length - room).collect();
    let kept = if kill { &cut[..] } else { cut.rsplit_once(' ').map_or(&cut[..], |(before, _)| before) };
    Ok(format!("{kept}{end}"))
}

/// `wordwrap(width=79, break_long_words=True, wrapstring="\n", break_on_hyphens=True)`.
fn wordwrap(
    state: &mut State<'_, '_>,
    text: String,
    args: Rest<Value>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let width = count(&args, 0, &kwargs, "width")?.unwrap_or(79);
    let long = flag(&args, 1, &kwargs, "break_long_words")?.unwrap_or(true);
    let ending = words(&args, 2, &kwargs, "wrapstring")?.unwrap_or_else(|| "\n".to_owned());
    let hyphens = flag(&args, 3, &kwargs, "break_on_hyphens")?.unwrap_or(true);
    kwargs.assert_all_used()?;
    if text.len().saturating_mul(ending.len() + 1) > room(state) {
        return Err(too_large());
    }
    Ok(wrap(&text, width, long, hyphens, &ending))
}

/// `filesizeformat(binary=False)`: `1.0 MB`, `976.6 KiB`.
fn filesizeformat(value: f64, binary: Option<bool>, kwargs: Kwargs) -> Result<String, Error> {
    let binary = binary.or(kwargs.get("binary")?).unwrap_or(false);
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    if value == 1.0 {
        return Ok("1 Byte".to_owned());
    }
    if value < base {
        return Ok(format!("{} Bytes", value.trunc()));
    }
    let mut size = value / base;
    let mut names = "kMGTPEZY".chars();
    let mut name = names.next().unwrap_or('k');
    while size >= base {
        let Some(next) = names.next() else { break };
        name = next;
        size /= base;
    }
    let name = if binary { format!("{}iB", name.to_ascii_uppercase()) } else { format!("{name}B") };
    Ok(format!("{size:.1} {name}"))
}

fn dirname(path: &str) -> String {
    let Some(at) = path.rfind('/') else { return String::new() };
    let head = &path[..=at];
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }.to_owned()
}
