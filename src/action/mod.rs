//! Actions: what may be run, with which parameters, and how typed values reach a process safely.
//!
//! Values in, decisions out. [`Action::load`] reads StackStorm's metadata; [`resolve`] turns what a person gave into what a runner gets; [`shell`] keeps typed values out of shell text; [`core`]
//! is the pack inside the binary.

mod answer;
mod arguments;
mod cast;
pub mod config;
pub mod core;
mod defaults;
mod file;
mod literal;
mod node;
mod notify;
pub mod own;
mod parameter;
mod problem;
mod render;
mod resolve;
mod script;
mod secrets;
pub mod shell;
#[cfg(test)]
mod testing;
mod validate;

pub use self::config::PackConfig;
pub use answer::{Field, Part, answer, check_schema, fields};
pub use cast::{Kind, Mismatch, cast};
pub use file::Action;
pub use notify::{Announcement, Notify};
pub use parameter::{Parameter, read_parameters};
pub use problem::{LONGEST, ParameterError};
pub use render::Render;
pub use resolve::{Given, Prepared, resolve};
pub use secrets::{HIDDEN, cut_secrets, cut_secrets_in};

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The files of a folder of the repository, by the end of their names.
    fn files(folder: &str, end: &str) -> Vec<(std::path::PathBuf, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.extension().is_some_and(|found| found == end));
        files.map(|path| (path.clone(), std::fs::read_to_string(&path).unwrap())).collect()
    }

    fn starters() -> Vec<Action> {
        let load = |(file, text): &(std::path::PathBuf, String)| {
            let (action, problems) =
                Action::load("default", file, text).unwrap_or_else(|errors| panic!("{}", errors[0]));
            assert!(problems.is_empty(), "{problems:?}");
            action
        };
        files("actions", "yaml").iter().map(load).collect()
    }

    #[test]
    fn every_starter_action_loads_and_its_script_exists() {
        let actions = starters();
        assert!(actions.len() >= 6);
        for action in actions {
            assert_eq!(action.file.file_stem().unwrap().to_str().unwrap(), action.name);
            assert!(!action.description.is_empty(), "{}", action.name);
            assert!(action.entry_point.iter().all(|script| script.is_file()), "{}", action.name);
        }
    }

    #[test]
    fn every_starter_template_compiles() {
        let templates = files("templates", "j2");
        assert!(templates.len() >= 3);
        for (file, text) in templates {
            let environment = minijinja::Environment::new();
            let compiled = environment.template_from_str(&text);
            assert!(compiled.is_ok(), "{}: {compiled:?}", file.display());
        }
    }

    #[test]
    fn the_example_of_the_documentation_loads() {
        let page = include_str!("../../docs/actions.md");
        let example = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        let (action, problems) = Action::load("default", Path::new("actions/disk.yaml"), example).unwrap();
        assert_eq!((action.reference().as_str(), problems.len()), ("default.disk", 0));
    }

    #[test]
    fn every_starter_alias_names_an_action_that_exists() {
        let known: Vec<_> = starters().iter().chain(&core::actions()).map(Action::reference).collect();
        let aliases = files("aliases", "yaml");
        assert!(aliases.len() >= 10);
        for (file, text) in aliases {
            let alias: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            let action = alias["action_ref"].as_str().unwrap();
            assert!(known.iter().any(|known| known == action), "{}: {action}", file.display());
        }
    }
}
