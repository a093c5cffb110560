//! The notification templates in an export.

use anyhow::bail;
use serde_json::{Map, Value};

/// One notification template.
#[derive(Debug)]
pub(super) struct Template<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    pub(super) organization: Option<&'a str>,
    /// `slack`, `email`.
    pub(super) kind: &'a str,
    pub(super) configuration: &'a Map<String, Value>,
    pub(super) messages: &'a Value,
}

/// All of them, in the order of the export.
///
/// # Errors
/// There is none, or one that is not as AWX writes it.
pub(super) fn templates(export: &Value) -> anyhow::Result<Vec<Template<'_>>> {
    let found = list(export);
    let found: Vec<&Value> = found.into_iter().filter(|one| one["notification_type"].is_string()).collect();
    if found.is_empty() {
        bail!(
            "it holds no notification templates: write one with `awx export --notification_templates`, or save the \
             answer of /api/v2/notification_templates/"
        );
    }
    found.into_iter().enumerate().map(|(index, one)| template(one, index)).collect()
}

/// Where they may stand: under their name, in a page of results, in a list, alone.
fn list(export: &Value) -> Vec<&Value> {
    let key = ["notification_templates", "results"].into_iter().find(|key| !export[key].is_null());
    match (key, export) {
        (Some(key), _) => list(&export[key]),
        (None, Value::Array(items)) => items.iter().collect(),
        (None, one) => vec![one],
    }
}

fn template(value: &Value, index: usize) -> anyhow::Result<Template<'_>> {
    let text = |key: &str| value[key].as_str();
    let Some(name) = text("name").filter(|name| !name.trim().is_empty()) else {
        bail!("the notification template number {} has no `name`", index + 1);
    };
    let Some(configuration) = value["notification_configuration"].as_object() else {
        bail!("the notification template `{name}` has no `notification_configuration`");
    };
    Ok(Template {
        name,
        description: text("description").unwrap_or_default(),
        organization: organization(value),
        kind: text("notification_type").unwrap_or_default(),
        configuration,
        messages: &value["messages"],
    })
}

/// The organization's name: the command line writes natural keys, the API summaries.
pub(super) fn organization(value: &Value) -> Option<&str> {
    let places =
        ["/organization/name", "/natural_key/organization/name", "/summary_fields/organization/name"];
    places.into_iter().find_map(|place| value.pointer(place)?.as_str())
}
