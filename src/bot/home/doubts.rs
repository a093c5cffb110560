//! What loads and yet cannot be meant: rules for nothing, templates that will fail, examples that do not fit. Nothing is
//! refused for it; people are told before somebody meets it in chat.

use std::collections::{HashMap, HashSet};

use super::Home;
use crate::alias::{Alias, Found};
use crate::config::instances::is_hubot;
use crate::config::nearest::nearest;
use crate::config::{ConfigError, Problem};
use crate::runner;
use crate::template::Templates;

/// What is wrong with a template: a sentence and perhaps what was meant.
type Wrong = (String, Option<String>);

/// What is known of templates by their text: many aliases share theirs.
type Known<'h> = HashMap<&'h str, Option<Wrong>>;

/// Everything doubtful about `home`, as warnings.
pub(super) fn doubts(home: &Home) -> Vec<Problem> {
    let mut all = rules_for_nothing(home);
    all.extend(people_of_nowhere(home));
    all.extend(actions_without_runner(home));
    all.extend(approvers_of_nowhere(home));
    let mut known = Known::new();
    for alias in home.listed.iter().filter(|alias| alias.pack != home.built_in) {
        all.extend(broken_templates(home, alias, &mut known));
        all.extend(strange_examples(home, alias));
    }
    all
}

/// Actions whose runner is not there: they are listed and refused when run. Those of the pack inside the binary are known.
fn actions_without_runner(home: &Home) -> Vec<Problem> {
    let own = home.actions.values().filter(|action| action.pack != "core");
    let missing = own.filter_map(|action| {
        let why = runner::Row::of(&action.runner).err()?;
        Some(Problem::Warning(ConfigError::new(&action.file, why.to_string()).key("runner_type")))
    });
    missing.collect()
}

fn rules_for_nothing(home: &Home) -> Vec<Problem> {
    let actions: Vec<&str> = home.actions.keys().map(String::as_str).collect();
    let aliases: Vec<String> = home.listed.iter().map(|alias| alias.reference()).collect();
    home.access.idle(&actions, &aliases.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Approvers whom nobody knows: what waits for them waits in vain.
fn approvers_of_nowhere(home: &Home) -> Vec<Problem> {
    let aliases =
        home.listed.iter().filter_map(|alias| Some((alias.approval()?, &alias.file, "extra.approval.by")));
    let actions =
        home.actions.values().filter_map(|it| Some((it.approval.clone()?, &it.file, "approval.by")));
    let mut problems = Vec::new();
    for (demand, file, key) in aliases.chain(actions) {
        for name in demand.by.iter().filter(|name| !home.access.knows(name)) {
            let message = format!("`{name}` is no role, group or person of access.yaml");
            problems.push(Problem::Warning(ConfigError::new(file, message).key(key)));
        }
    }
    problems
}

/// People whose adapter there is none of: a rule for them never holds.
fn people_of_nowhere(home: &Home) -> Vec<Problem> {
    let kinds = crate::adapter::CATALOGUE.iter().map(|row| row.kind);
    let known: Vec<&str> =
        home.services.iter().map(|wired| wired.instance.name.as_str()).chain(kinds).chain(["api"]).collect();
    let mut told = HashSet::new();
    // Holders of tokens, and people behind a Hubot, come through the API.
    let is_known = |name: &str| known.contains(&name) || name == "api" || is_hubot(name);
    let strange = home.access.persons().into_iter().filter(|person| !is_known(person.adapter().as_str()));
    strange
        .filter(|person| told.insert(person.adapter().as_str().to_owned()))
        .map(|person| {
            let message = format!(
                "`{person}` can never be here: no adapter `{}` is configured",
                person.adapter().as_str()
            );
            let place = if home.access.has_rules() {
                home.root.join("access.yaml")
            } else {
                home.root.join("chatops.env")
            };
            let warning = ConfigError::new(&place, message);
            Problem::Warning(match nearest(person.adapter().as_str(), known.iter().copied()) {
                Some(near) => warning.help(format!("did you mean `{near}`?")),
                None => warning,
            })
        })
        .collect()
}

/// Templates of an alias that cannot be read, or that include what is not there.
fn broken_templates<'h>(home: &Home, alias: &'h Alias, known: &mut Known<'h>) -> Vec<Problem> {
    let formats = [("ack.format", &alias.ack.format), ("result.format", &alias.result.format)];
    let mut problems = Vec::new();
    for (key, source) in formats {
        let Some(source) = source.as_deref() else { continue };
        let wrong = known.entry(source).or_insert_with(|| wrong_with(&home.templates, key, source));
        if let Some((message, help)) = wrong.clone() {
            let error = ConfigError::new(&alias.file, message).key(key);
            problems.push(Problem::Warning(ConfigError { help, ..error }));
        }
    }
    problems
}

fn wrong_with(templates: &Templates, key: &str, source: &str) -> Option<Wrong> {
    if let Err(error) = templates.check(key, source) {
        let line =
            error.line.filter(|line| *line > 1).map(|line| format!("line {line}: ")).unwrap_or_default();
        return Some((format!("{line}{}", error.message), None));
    }
    let name = templates.missing(source)?;
    let near = nearest(&name, templates.names()).map(|near| format!("did you mean `{near}`?"));
    Some((format!("there is no template `{name}`"), near))
}

/// Examples of an alias that mean something else, or nothing.
fn strange_examples(home: &Home, alias: &Alias) -> Vec<Problem> {
    let own = |found: Found| match found {
        Found::One(hit) => hit.alias.reference() == alias.reference(),
        Found::Many(hits) => hits.iter().any(|hit| hit.alias.reference() == alias.reference()),
        _ => false,
    };
    let strange = alias.examples().into_iter().filter(|text| !own(home.aliases.overhear(text, &|_| true)));
    strange
        .map(|text| {
            let message = format!("the example `{text}` is not a command of this alias");
            Problem::Warning(ConfigError::new(&alias.file, message).key("extra.examples"))
        })
        .collect()
}
