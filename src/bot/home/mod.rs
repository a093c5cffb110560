//! The configuration in force: what the doors and the pure rooms parsed, composed into one immutable
//! value. Each command keeps the one it began with.

mod configs;
mod datastore;
mod doubts;
mod files;
mod live;
mod load;
mod notifying;
mod reload;
mod shown;
mod workflows;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use configs::{config_file, config_of, schema_file};
pub use datastore::Shelf;
pub use files::{Files, aliases_in, aliases_of};
pub use live::{OWN_KINDS, shown as shown_handler};
pub use load::{Built, has_services, load};
pub use notifying::{Notifying, Way, mark};
pub use reload::{Homes, Turn};
pub use shown::Variable;
pub use workflows::Script;

use crate::access::{Access, Asker};
use crate::action::{Action, PackConfig, Parameter};
use crate::adapter::Service;
use crate::alias::{Alias, Matcher};
use crate::config::env::Env;
use crate::config::instances::Instance;
use crate::config::settings::Settings;
use crate::config::{ConfigError, Problem};
use crate::model::Timestamp;
use crate::runner;
use crate::store::{Live, Store};
use crate::template::Templates;

/// An adapter that is configured.
#[derive(Debug, Clone)]
pub struct Wired {
    /// Its name, kind and options; equal options need no new connection.
    pub instance: Instance,
    /// The adapter.
    pub service: Arc<Service>,
}

/// The configuration in force.
#[derive(Clone)]
pub struct Home {
    /// The home directory.
    pub root: PathBuf,
    /// The bot's own settings.
    pub settings: Settings,
    /// Finds the alias that a text means, the built-in commands among them.
    pub aliases: Arc<Matcher>,
    /// Finds what aliases that listen to ordinary talk act on; none without such.
    pub listening: Option<Arc<Matcher>>,
    /// Every alias in force, by pack and name.
    pub listed: Vec<Arc<Alias>>,
    /// Every action in force, by `pack.name`.
    pub actions: BTreeMap<String, Arc<Action>>,
    /// The configuration of packs, by pack.
    pub configs: BTreeMap<String, PackConfig>,
    /// The workflows and chains that actions name, by the action's `pack.name`; those with a mistake are not among them.
    pub workflows: BTreeMap<String, Script>,
    /// Who may do what.
    pub access: Access,
    /// The template environment.
    pub templates: Templates,
    /// What runners need to know of the configuration.
    pub runners: runner::Settings,
    /// The adapters that are configured.
    pub services: Vec<Wired>,
    /// Who is told of events.
    pub notifying: Arc<Notifying>,
    /// What is wrong, file by file, then what is wrong with what was set while the bot ran.
    pub problems: Vec<Problem>,
    /// How many of them are of files.
    filed: usize,
    /// The variables it was loaded with.
    env: Env,
    /// The pack of the built-in commands, left out of counts and lists.
    built_in: &'static str,
    /// What remembers, where the bot runs.
    store: Option<Store>,
}

impl Home {
    /// The aliases that come from files, counted.
    pub fn own_aliases(&self) -> usize {
        self.listed.iter().filter(|alias| alias.pack != self.built_in).count()
    }

    /// Whether a variable was set, in the file or the environment.
    pub fn sets(&self, variable: &str) -> bool {
        self.env.get(variable).is_some()
    }

    /// A variable of the file or the environment.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name)
    }

    /// How many executions may run at once.
    pub fn limits(&self) -> (usize, usize) {
        (self.settings.max_running.get(), self.settings.max_running_per_person.get())
    }

    /// Whether `asker` could use this alias here, with some arguments at least.
    pub fn may_see(&self, asker: &Asker<'_>, alias: &Alias) -> bool {
        if alias.pack == self.built_in {
            return true;
        }
        self.access.may_ever(asker, &alias.action_ref, Some(&alias.reference()))
    }

    /// Whether `asker` could run this action here, with some arguments at least.
    pub fn may_ever(&self, asker: &Asker<'_>, action: &str, alias: Option<&str>) -> bool {
        self.access.may_ever(asker, action, alias)
    }

    /// The adapter once more, as if the option `without` were not set: for a trial that must not do all it may.
    pub fn trial(&self, wired: &Wired, without: &str) -> Result<Service, Vec<ConfigError>> {
        load::wire(&wired.instance, &self.env, Some(without))
    }

    /// The folders whose files may be shown beside results: `var/files`, and those that are set.
    pub fn file_dirs(&self) -> Vec<PathBuf> {
        let set = self.settings.files.split(',').map(str::trim).filter(|folder| !folder.is_empty());
        std::iter::once(self.root.join("var/files")).chain(set.map(|folder| self.root.join(folder))).collect()
    }

    /// The page of an execution, where the bot has an address.
    pub fn web_url(&self, execution: i64) -> Option<String> {
        let base = self.settings.public_url.as_ref()?;
        Some(format!("{}/executions/{execution}", base.as_str()))
    }

    /// The same with what was set while the bot ran.
    #[must_use]
    pub fn with(mut self, live: &Live, now: Timestamp) -> Self {
        self.access = self.access.with_grants(&live.grants, now);
        self.problems.truncate(self.filed);
        let mut problems = Vec::new();
        self.notifying = Arc::new(self.notifying.laid(live, &mut problems));
        self.problems.extend(problems);
        self
    }

    /// The alias called `pack.name`.
    pub fn alias(&self, reference: &str) -> Option<&Arc<Alias>> {
        self.listed.iter().find(|alias| alias.reference() == reference)
    }
}

/// The parameters that the runner of an action declares; none for a runner that is not built in.
pub fn runner_parameters(action: &Action) -> &'static [Parameter] {
    load::parameters_of(&action.runner)
}

/// The parameters that a runner declares; none for one that is not built in.
pub fn parameters_of_runner(runner: &str) -> &'static [Parameter] {
    load::parameters_of(runner)
}
