//! `chatops import awx FILE`: the notification templates of AWX, or Ansible Tower, as notifiers; where the export says
//! what they are attached to, as routes too.
//!
//! Read: what `awx export` writes, and the lists of `/api/v2/notification_templates/`. Facts about its options:
//! awx/main/notifications in github.com/ansible/awx.

mod attached;
mod convert;
mod kinds;
mod read;
#[cfg(test)]
mod tests;
mod words;

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use super::notifiers::{Draft, Report, Target};
use attached::Attached;
use convert::Convert;
pub(super) use convert::is_credential;
use read::Template;

/// An export larger than this is refused, in bytes.
const LARGEST: u64 = 64 << 20;

/// Reads the export at `path` and writes what it says.
pub(super) fn import(path: &Path, target: &Target<'_>) -> anyhow::Result<Report> {
    let cannot = || format!("cannot read `{}`", path.display());
    if std::fs::metadata(path).with_context(cannot)?.len() > LARGEST {
        bail!(
            "`{}` is larger than {} MiB: export the notification templates alone",
            path.display(),
            LARGEST >> 20
        );
    }
    let text = std::fs::read_to_string(path).with_context(cannot)?;
    let export: Value =
        serde_json::from_str(&text).with_context(|| format!("`{}` is no JSON", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    draft(&export).with_context(cannot)?.write(&format!("awx {name}"), target)
}

/// What an export says.
fn draft(export: &Value) -> anyhow::Result<Draft> {
    let templates = read::templates(export)?;
    let mut draft = Draft::new("AWX");
    let mut names = Vec::new();
    for template in &templates {
        let name = draft.name(template.name);
        add(&mut draft, &name, template);
        names.push((template, name));
    }
    let attached = Attached::all(export);
    for (fields, send) in attached::routes(&attached, &names) {
        draft.route(fields, &send);
    }
    match attached.is_empty() {
        true => draft.note(
            "The export does not say what these are attached to, so there are no routes: `awx export` with \
             organizations, projects and job templates does.",
        ),
        false => draft.note(
            "Scopes are organization/project/job template, organization/workflow and organization/inventory/source: \
             events must carry them in `scopes`.",
        ),
    }
    Ok(draft)
}

fn add(draft: &mut Draft, name: &str, template: &Template<'_>) {
    let mut convert = Convert::new(draft, name, template);
    let kind = match kinds::convert(&mut convert) {
        Ok(kind) => kind,
        Err(why) => return draft.leave_out(name, template.kind, &why),
    };
    let messages = words::messages(&mut convert);
    convert.unused();
    let Convert { options, remarks, .. } = convert;
    let mut fields = Map::new();
    if let Some(description) = describe(name, template) {
        fields.insert("description".to_owned(), json!(description));
    }
    if !messages.is_empty() {
        fields.insert("messages".to_owned(), Value::Object(messages));
    }
    draft.add(name, kind, &options, fields, remarks);
}

/// What it says of itself; else its name, where ours differs.
fn describe(name: &str, template: &Template<'_>) -> Option<String> {
    let own = template.description.trim();
    if !own.is_empty() {
        return Some(own.to_owned());
    }
    let full = match template.organization {
        Some(organization) => format!("{} of {organization}", template.name),
        None => template.name.to_owned(),
    };
    (template.name != name).then_some(full)
}
