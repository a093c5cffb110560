//! The configuration of a pack: shown without secrets; values set in `configs/PACK.yaml` after they were checked.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value, json};

use super::install::pack;
use crate::action::PackConfig;
use crate::action::config::{Item, Schema};
use crate::bot::home::{config_file, config_of, schema_file};
use crate::cli::{Global, all_of, locate, print};
use crate::config::{read_optional, yaml};

pub(super) fn run(name: &str, set: &[String], global: &Global) -> anyhow::Result<ExitCode> {
    let home = locate::home_dir(global)?;
    let pack = pack(&home, name)?;
    if !set.is_empty() {
        let schema = read_optional(&schema_file(&pack.root))?;
        let schema = schema.map(|text| Schema::load(&schema_file(&pack.root), &text)).transpose();
        let schema = schema.map_err(|errors| all_of(&errors))?;
        change(&config_file(&home, name), schema, set)?;
    }
    let found = config_of(&home, &pack).map_err(|errors| all_of(&errors))?;
    let Some((config, problems)) = found else { bail!("the pack `{name}` has nothing to configure") };
    print::problems(&problems);
    let shown = config.masked();
    if global.json {
        print::json(&shown)?;
    } else {
        print::exactly(serde_yaml::to_string(&shown).context("cannot write the values as YAML")?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Sets values in the file, if all of it is good afterwards.
fn change(file: &Path, schema: Option<Schema>, set: &[String]) -> anyhow::Result<()> {
    let before = read_optional(file)?.unwrap_or_default();
    let mut values: Map<String, Value> = match before.trim() {
        "" => Map::new(),
        _ => yaml::read(file, &before)?,
    };
    let mut text = before.clone();
    for given in set {
        let (key, typed) = given.split_once('=').ok_or_else(|| anyhow!("`{given}` is no key=value"))?;
        let typed = if typed == "-" { from_stdin()? } else { typed.to_owned() };
        let value = value_of(schema.as_ref(), key, &typed)?;
        put(&mut values, key, value.clone())?;
        text = match before.contains('#') {
            false => serde_yaml::to_string(&values).context("cannot write the values as YAML")?,
            true => in_line(&text, key, &value, file)?,
        };
    }
    // What is missing still is said afterwards; what is wrong is not written.
    let fits = PackConfig::read(schema, file, Some(&text));
    if let Err(errors) = fits {
        let wrong: Vec<_> =
            errors.into_iter().filter(|error| !error.message.ends_with("is required")).collect();
        if !wrong.is_empty() {
            return Err(all_of(&wrong));
        }
    }
    write(file, &text)
}

/// A value of the type that the schema names.
fn value_of(schema: Option<&Schema>, key: &str, typed: &str) -> anyhow::Result<Value> {
    let Some(schema) = schema else { return Ok(Value::String(typed.to_owned())) };
    let mut steps = key.split('.');
    let mut item: Option<&Item> = steps.next().and_then(|step| schema.item(step));
    for step in steps {
        item = item.and_then(|item| item.property(step));
    }
    match item {
        _ if typed.contains("{{") => Ok(Value::String(typed.to_owned())),
        Some(item) => item.typed(typed).map_err(|accepted| anyhow!("`{key}` cannot be that: {accepted}")),
        None => Ok(Value::String(typed.to_owned())),
    }
}

fn put(values: &mut Map<String, Value>, key: &str, value: Value) -> anyhow::Result<()> {
    match key.split_once('.') {
        None => drop(values.insert(key.to_owned(), value)),
        Some((first, rest)) => match values.entry(first).or_insert_with(|| json!({})) {
            Value::Object(inner) => put(inner, rest, value)?,
            _ => bail!("`{first}` is no mapping, so it has no `{rest}`"),
        },
    }
    Ok(())
}

/// In a file with comments only the line of the key changes.
fn in_line(text: &str, key: &str, value: &Value, file: &Path) -> anyhow::Result<String> {
    let by_hand =
        || anyhow!("`{}` has comments that would be lost: set `{key}` there yourself", file.display());
    if key.contains('.') || value.is_object() || value.is_array() {
        return Err(by_hand());
    }
    let line = format!("{key}: {value}");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    match lines.iter().position(|line| line.starts_with(&format!("{key}:"))) {
        Some(at) if lines.get(at + 1).is_some_and(|next| next.starts_with([' ', '-'])) => {
            return Err(by_hand());
        }
        Some(at) => lines[at] = line,
        None => lines.push(line),
    }
    Ok(lines.join("\n") + "\n")
}

/// Replaced at once, readable by its owner alone: it may hold secrets.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let draft = folder.join(format!(
        ".{}.{}",
        file.file_name().unwrap_or_default().to_string_lossy(),
        std::process::id()
    ));
    let mut open = fs::OpenOptions::new();
    let mut out = open.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).context("cannot write the values")?;
    fs::rename(&draft, file).with_context(|| format!("cannot write `{}`", file.display()))
}

fn from_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(1 << 20).read_to_string(&mut text).context("cannot read the value")?;
    Ok(text.trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stay_where_one_line_is_enough() {
        let file = Path::new("configs/acme.yaml");
        let text = "# ours\nurl: a # here\ntoken: x\nhosts:\n  - a\n";
        let found = in_line(text, "token", &json!("y: z"), file).unwrap();
        assert_eq!(found, "# ours\nurl: a # here\ntoken: \"y: z\"\nhosts:\n  - a\n");
        assert!(in_line(text, "new", &json!(5), file).unwrap().ends_with("new: 5\n"));
        assert!(
            in_line(text, "hosts", &json!("x"), file).is_err()
                && in_line(text, "a.b", &json!(1), file).is_err()
        );
    }

    #[test]
    fn inner_keys_make_their_mappings() {
        let mut values = Map::new();
        put(&mut values, "a.b.c", json!(1)).unwrap();
        put(&mut values, "a.d", json!(2)).unwrap();
        assert_eq!(Value::Object(values.clone()), json!({"a": {"b": {"c": 1}, "d": 2}}));
        assert!(put(&mut values, "a.d.e", json!(3)).is_err());
    }
}
