//! Variables: those of `chatops.env`, and over them those of the process's environment.

mod lines;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::{ConfigError, read_file};
use crate::model::Secret;

/// Where a variable was set. Displayed as `chatops.env:3` or `environment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line of a file.
    File {
        /// The file.
        file: Arc<Path>,
        /// The line, from 1.
        line: u64,
    },
    /// The environment of the process.
    Environment,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Environment => f.write_str("environment"),
        }
    }
}

impl Origin {
    /// An error about the variable `name` that was set here.
    pub fn error(&self, name: &str, message: impl Into<String>) -> ConfigError {
        match self {
            Self::File { file, line } => ConfigError::new(file, message).at(*line, 1).key(name),
            Self::Environment => ConfigError::new(Path::new("environment"), message).key(name),
        }
    }
}

/// Every variable by its name. `Debug` shows no values: any of them may be a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Env {
    variables: BTreeMap<String, (Secret, Origin)>,
    file: Option<Arc<Path>>,
}

impl Env {
    /// Reads `file`, if there is one, then `environment`, which wins. Variables of the environment that are not
    /// Unicode should be left out by the caller.
    pub fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<ConfigError>> {
        let text = file.map(read_file).transpose().map_err(|error| vec![error])?;
        Self::parse(
            file.unwrap_or(Path::new("chatops.env")),
            text.as_deref().unwrap_or_default(),
            environment,
        )
    }

    /// The same, `file` being read already. A name that comes twice in it is a mistake.
    pub fn parse(
        file: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<ConfigError>> {
        let shared: Arc<Path> = file.into();
        let mut env = Self { variables: BTreeMap::new(), file: Some(shared.clone()) };
        let mut errors = Vec::new();
        for line in lines::lines(file, text)? {
            let origin = Origin::File { file: shared.clone(), line: line.number };
            if let Some((_, earlier)) = env.variables.get(&line.name) {
                errors.push(
                    origin
                        .error(&line.name, format!("was set before, at {earlier}"))
                        .help("keep one of them"),
                );
            }
            env.variables.insert(line.name, (Secret::new(line.value), origin));
        }
        let process =
            environment.into_iter().map(|(name, value)| (name, (Secret::new(value), Origin::Environment)));
        env.variables.extend(process);
        if errors.is_empty() { Ok(env) } else { Err(errors) }
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|(value, _)| value.expose())
    }

    /// Where `name` was set.
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.variables.get(name).map(|(_, origin)| origin)
    }

    /// Every name, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// The file to name where something is missing.
    pub fn file(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new("chatops.env"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let env =
            Env::parse(Path::new("chatops.env"), "A=file\nB=file", environment(&[("B", "process")])).unwrap();
        assert_eq!((env.get("A"), env.get("B"), env.get("C")), (Some("file"), Some("process"), None));
        assert_eq!(env.origin("A").unwrap().to_string(), "chatops.env:1");
        assert_eq!(env.origin("B").unwrap().to_string(), "environment");
    }

    #[test]
    fn a_name_set_twice_is_a_mistake() {
        let errors = Env::parse(Path::new("chatops.env"), "A=1\nA=2", []).unwrap_err();
        assert_eq!(errors[0].headline(), "chatops.env:2:1: A: was set before, at chatops.env:1");
    }

    #[test]
    fn debug_shows_no_value() {
        let env = Env::parse(Path::new("chatops.env"), "A=hunter2", []).unwrap();
        assert!(!format!("{env:?}").contains("hunter2"));
    }

    #[test]
    fn a_missing_file_that_was_asked_for_is_an_error() {
        assert!(Env::read(Some(Path::new("/nowhere/chatops.env")), []).is_err());
        assert!(Env::read(None, []).is_ok());
    }
}
