//! A simulation told to a person: line by line what starts when, and how it ends.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::case::Case;
use super::chain::chained;
use super::clock::seconds;
use super::run::{Story, play};
use crate::config::ConfigError;
use crate::config::nearest::hint;
use crate::model::Status;
use crate::workflow::chain;
use crate::workflow::kind::{GIVEN, is_chain};
use crate::workflow::{Finding, Plan, expression};

/// What became of a simulation.
#[derive(Debug)]
pub struct Told {
    /// The whole, as `workflow try -` answers.
    pub answer: Value,
    /// The same for people.
    pub lines: Vec<String>,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// What is hardly meant and keeps nothing from being played: findings, results of tasks that are not there.
    pub doubts: Vec<ConfigError>,
}

/// Plays the workflow or chain in `text`, the content of `file`. Refused with everything that is wrong with it.
pub fn tell(file: &Path, text: &str, case: &Case) -> Result<Told, Vec<ConfigError>> {
    if is_chain(text) {
        let nodes = chain::read(file, text).map(|(chain, _)| chain.nodes).unwrap_or_default();
        let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        return Ok(Told { doubts: strangers(file, case, &names), ..told_chain(chained(text, case)) });
    }
    let case = &furnished(file, text, case).map_err(|error| vec![error])?;
    let (plan, findings) = Plan::inspect(file, text, &GIVEN).map_err(|error| vec![error])?;
    let errors: Vec<ConfigError> = fatal(&findings).map(|finding| finding.to_error(file, text)).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut doubts: Vec<ConfigError> = findings.iter().map(|finding| finding.to_error(file, text)).collect();
    let names: Vec<&str> = plan.workflow.tasks.keys().map(String::as_str).collect();
    doubts.extend(strangers(file, case, &names));
    let story = play(Arc::new(plan), case);
    let succeeded = story.conductor.status() == Status::Succeeded;
    Ok(Told { answer: story.to_json(), lines: lines(&story), succeeded, doubts })
}

/// Results of tasks that are not there.
fn strangers(file: &Path, case: &Case, known: &[&str]) -> Vec<ConfigError> {
    let strange = case.results.keys().filter(|task| !known.contains(&task.as_str()));
    let said = strange.map(|task| {
        let help = hint(task, known.iter().copied()).unwrap_or_default();
        ConfigError::new(file, format!("there are results for `{task}`, which is no task")).help(help)
    });
    said.collect()
}

fn fatal(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.category.is_fatal())
}

/// The case, with what every workflow sees when it really runs, if this one reads it.
fn furnished(file: &Path, text: &str, case: &Case) -> Result<Case, ConfigError> {
    let mut case = case.clone();
    let without = Plan::inspect(file, text, &[])?.1;
    let with = Plan::inspect(file, text, &GIVEN)?.1;
    if case.parent.is_empty() && fatal(&without).count() > fatal(&with).count() {
        let parent = json!({
            "st2": {"user": "ann", "api_user": "ann", "action_execution_id": "1", "workflow_execution_id": "1"},
            "parent": {"user": "ann"},
        });
        case.parent = parent.as_object().cloned().unwrap_or_default();
    }
    Ok(case)
}

fn lines(story: &Story) -> Vec<String> {
    let mut timed: Vec<(crate::model::Timestamp, String)> = Vec::new();
    for start in &story.starts {
        let action = start.offer.action.as_deref().unwrap_or("nothing to run");
        let input =
            if start.offer.input.is_null() { String::new() } else { format!(" {}", start.offer.input) };
        timed.push((start.at, format!("{} starts: {action}{input}", start.name())));
    }
    let published = story.published.iter();
    timed.extend(published.map(|(at, task, vars)| (*at, format!("{task} publishes {}", json!(vars)))));
    let refused = story.refused.iter();
    timed.extend(refused.map(|one| (one.at, format!("{} is refused: {}", one.ask.name(), one.why))));
    timed.extend(story.statuses.iter().map(|(at, status)| (*at, format!("the workflow is {status}"))));
    timed.sort_by_key(|(at, _)| *at);
    let mut lines: Vec<String> =
        timed.into_iter().map(|(at, text)| format!("{:>4}s  {text}", seconds(at).to_string())).collect();
    let state = story.conductor.state();
    for error in &state.errors {
        let task = error.task_id.as_deref().map(|task| format!(" in {task}")).unwrap_or_default();
        let result = error.result.as_ref().map(|result| format!(": {result}")).unwrap_or_default();
        lines.push(format!("error{task}: {}{result}", error.message));
    }
    if let Some(output) = &state.output {
        lines.extend(output.iter().map(|(name, value)| format!("output {name}: {}", shown(value))));
    }
    lines
}

fn told_chain(answer: Value) -> Told {
    let mut lines = Vec::new();
    for start in answer["parameters"].as_array().into_iter().flatten() {
        lines.push(format!(
            "{} starts: {} {}",
            shown(&start["task"]),
            shown(&start["ref"]),
            start["parameters"]
        ));
    }
    for (name, value) in answer["published"].as_object().into_iter().flatten() {
        lines.push(format!("published {name}: {}", shown(value)));
    }
    for key in ["load_error", "error", "status"] {
        lines.extend(answer.get(key).map(|value| format!("{}: {}", key.replace('_', " "), shown(value))));
    }
    let succeeded = answer["status"] == json!(Status::Succeeded);
    Told { answer, lines, succeeded, doubts: Vec::new() }
}

/// A value on one line, text without quotes.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => expression::print(other).unwrap_or_else(|_| other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::inspect_file;

    /// The code of the fenced blocks of a language in the page on workflows.
    fn blocks(language: &str) -> Vec<String> {
        let page = include_str!("../../../docs/workflows.md");
        let opening = format!("```{language}\n");
        page.split(opening.as_str())
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_example_of_the_page_is_told_as_the_page_tells_it() {
        let (files, texts) = (blocks("yaml"), blocks("text"));
        let results: Value = crate::config::yaml::read(Path::new("results.yaml"), &files[1]).unwrap();
        let case: Case =
            serde_json::from_value(json!({"inputs": {"version": 7}, "results": results})).unwrap();
        let told = tell(Path::new("release.yaml"), &files[0], &case).unwrap();
        assert_eq!(told.lines.join("\n") + "\n", texts[0]);
        assert!(told.succeeded);
    }

    #[test]
    fn the_workflows_of_the_page_have_no_mistakes() {
        let files = blocks("yaml");
        assert_eq!(inspect_file(Path::new("release.yaml"), &files[0], None).unwrap(), []);
        assert_eq!(inspect_file(Path::new("chain.yaml"), &files[2], None).unwrap(), []);
        let told = tell(
            Path::new("chain.yaml"),
            &files[2],
            &serde_json::from_value(json!({"inputs": {"name": "web"}})).unwrap(),
        );
        assert_eq!(told.unwrap().lines.last().unwrap(), "status: succeeded");
    }
}
