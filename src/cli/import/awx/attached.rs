//! What notification templates are attached to, as routes: AWX's inheritance is that of scopes.

use serde_json::{Map, Value, json};

use super::read::{Template, organization};

/// The relations of AWX, and the moments they mean. Its `error` includes what was canceled, as ours does.
const RELATIONS: [(&str, &str); 4] = [
    ("notification_templates_started", "started"),
    ("notification_templates_success", "success"),
    ("notification_templates_error", "error"),
    ("notification_templates_approvals", "approvals"),
];

/// One thing that notification templates are attached to.
#[derive(Debug)]
pub(super) struct Attached<'a> {
    scope: String,
    /// The moment, and the template's natural key.
    links: Vec<(&'static str, &'a Value)>,
}

impl<'a> Attached<'a> {
    /// Everything in the export that has some.
    pub(super) fn all(export: &'a Value) -> Vec<Self> {
        let things = |key: &str| export[key].as_array().map_or(&[][..], Vec::as_slice).iter();
        let mut all: Vec<Self> = Vec::new();
        let mut add = |scope: Option<String>, thing: &'a Value| {
            let links = links(thing);
            if let Some(scope) = scope.filter(|_| !links.is_empty()) {
                all.push(Self { scope, links });
            }
        };
        things("organizations").for_each(|it| add(path(&[it["name"].as_str()]), it));
        things("projects").for_each(|it| add(path(&[organization(it), it["name"].as_str()]), it));
        things("job_templates").for_each(|it| add(job_template(it), it));
        things("workflow_job_templates")
            .for_each(|it| add(path(&[organization(it), it["name"].as_str()]), it));
        things("system_job_templates").for_each(|it| add(path(&[Some("system"), it["name"].as_str()]), it));
        for inventory in things("inventory").chain(things("inventories")) {
            let inside = inventory["related"]["inventory_sources"].as_array();
            inside.into_iter().flatten().for_each(|it| add(source(it, Some(inventory)), it));
        }
        things("inventory_sources").for_each(|it| add(source(it, None), it));
        all
    }
}

/// `organization/project/template`; a template without a project hangs below the organization.
fn job_template(it: &Value) -> Option<String> {
    let project = it.pointer("/project/name").or(it.pointer("/summary_fields/project/name"));
    let owner = organization(&it["project"]).or(organization(it));
    path(&[owner, project.and_then(Value::as_str), it["name"].as_str()])
}

fn source(it: &Value, inventory: Option<&Value>) -> Option<String> {
    let inventory = inventory.unwrap_or(&it["inventory"]);
    path(&[organization(inventory), inventory["name"].as_str(), it["name"].as_str()])
}

/// A scope; the name of the thing itself must be there. A slash in a name is no step.
fn path(names: &[Option<&str>]) -> Option<String> {
    names.last().copied().flatten()?;
    let parts = names.iter().flatten().map(|name| name.trim().replace('/', "-"));
    Some(parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}

fn links(thing: &Value) -> Vec<(&'static str, &Value)> {
    let mut links = Vec::new();
    for (relation, moment) in RELATIONS {
        let related = &thing["related"][relation];
        let items = related.as_array().or(related["results"].as_array());
        links.extend(items.into_iter().flatten().map(|key| (moment, key)));
    }
    links
}

/// The routes: for each scope one for each set of moments that some notifiers share. `names` are the notifiers.
pub(super) fn routes(
    attached: &[Attached<'_>],
    names: &[(&Template<'_>, String)],
) -> Vec<(Map<String, Value>, Vec<String>)> {
    let mut routes = Vec::new();
    for thing in attached {
        let mut groups: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
        for (template, name) in names {
            let hears = |(_, key): &&(&str, &Value)| is(template, key, names);
            let moments: Vec<&str> = thing.links.iter().filter(hears).map(|(moment, _)| *moment).collect();
            if moments.is_empty() {
                continue;
            }
            match groups.iter_mut().find(|(known, _)| *known == moments) {
                Some((_, send)) => send.push(name.clone()),
                None => groups.push((moments, vec![name.clone()])),
            }
        }
        for (moments, send) in groups {
            let fields = [("scope".to_owned(), json!(thing.scope)), ("on".to_owned(), json!(moments))];
            routes.push((Map::from_iter(fields), send));
        }
    }
    routes
}

/// Whether `key` means `template`: by name and organization, or by the name alone if there is only one such.
fn is(template: &Template<'_>, key: &Value, all: &[(&Template<'_>, String)]) -> bool {
    if key["name"].as_str() != Some(template.name) {
        return false;
    }
    match organization(key) {
        Some(owner) if template.organization.is_some() => template.organization == Some(owner),
        _ => all.iter().filter(|(other, _)| other.name == template.name).count() == 1,
    }
}
