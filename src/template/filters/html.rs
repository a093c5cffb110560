//! Jinja's filters for HTML: rarely needed in chat, but templates that use them must not fail.

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, State, Value};

use super::metered;
use crate::template::limits::{failed, room};
use crate::template::python;

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(env, "escape", |text: String| escape(&text));
    metered(env, "e", |text: String| escape(&text));
    metered(env, "forceescape", |text: String| escape(&text));
    metered(env, "striptags", |text: String| striptags(&text));
    metered(env, "xmlattr", xmlattr);
    metered(env, "urlize", urlize);
}

/// Escapes as MarkupSafe does.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Without tags and comments; runs of blanks become one.
fn striptags(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let (open, close) = if rest[start..].starts_with("<!--") { (4, "-->") } else { (1, ">") };
        match rest[start + open..].find(close) {
            Some(end) => rest = &rest[start + open + end + close.len()..],
            None => {
                out.push_str(&rest[start..]);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// ` class="a" id="b"` of a mapping; entries without a value are left out.
fn xmlattr(state: &mut State<'_, '_>, map: &Value, autospace: Option<bool>) -> Result<String, Error> {
    let most = room(state);
    let mut out = String::new();
    for key in map.try_iter()?.checked() {
        let key = key?;
        let value = map.get_item(&key)?;
        if value.is_none() || value.is_undefined() {
            continue;
        }
        let name = python::text(&key, most)?;
        if name.contains([' ', '/', '>', '=', '\t', '\n']) {
            return Err(failed(format!("`{name}` cannot be the name of an attribute")));
        }
        out.push_str(&format!(" {}=\"{}\"", escape(&name), escape(&python::text(&value, most)?)));
    }
    Ok(if autospace == Some(false) { out.trim_start().to_owned() } else { out })
}

/// Makes links of web addresses; texts longer than `trim_url_limit` are cut.
fn urlize(text: String, trim_url_limit: Option<usize>, kwargs: Kwargs) -> Result<String, Error> {
    let limit = match trim_url_limit {
        Some(limit) => Some(limit),
        None => kwargs.get("trim_url_limit")?,
    };
    let nofollow: Option<bool> = kwargs.get("nofollow")?;
    let target: Option<String> = kwargs.get("target")?;
    let rel: Option<String> = kwargs.get("rel")?;
    let follow = if nofollow == Some(true) { "nofollow noopener" } else { "noopener" };
    let rel = rel.unwrap_or_else(|| follow.to_owned());
    let target = target.map(|target| format!(" target=\"{}\"", escape(&target))).unwrap_or_default();
    let link = |word: &str| {
        let core = word.trim_end_matches(['.', ',', ')', '!', '?', ';', ':']);
        let address = match core {
            core if core.starts_with("http://") || core.starts_with("https://") => core.to_owned(),
            core if core.starts_with("www.") => format!("https://{core}"),
            _ => return escape(word),
        };
        let shown: String = match limit {
            Some(limit) if core.chars().count() > limit => {
                core.chars().take(limit).chain("...".chars()).collect()
            }
            _ => core.to_owned(),
        };
        let (address, shown, after) = (escape(&address), escape(&shown), escape(&word[core.len()..]));
        format!("<a href=\"{address}\" rel=\"{}\"{target}>{shown}</a>{after}", escape(&rel))
    };
    Ok(text
        .split_inclusive(char::is_whitespace)
        .map(|word| {
            let core = word.trim_end();
            format!("{}{}", link(core), &word[core.len()..])
        })
        .collect())
}
