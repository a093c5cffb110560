//! From a home directory to a [`Home`]. A file that is wrong is left out, or kept as it was when it
//! was last good; it disturbs no other.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::{Home, Wired};
use crate::access::Access;
use crate::action::{self, Action, Parameter};
use crate::adapter::{self, Holds, Service};
use crate::alias::{Alias, Case, Entry, Matcher};
use crate::config::env::Env;
use crate::config::home::{HomeDir, Pack};
use crate::config::instances::{Instance, instances};
use crate::config::settings::{self, Settings};
use crate::config::{ConfigError, Problem, read_file};
use crate::runner;
use crate::template::{self, Limits, Options, Templates};

/// What the bot brings along: its own commands as aliases, under a pack of their own.
#[derive(Clone)]
pub struct Built {
    /// The pack's name.
    pub pack: &'static str,
    /// The commands.
    pub aliases: Vec<Arc<Alias>>,
}

/// Loads `dir`. `variables` is the process's environment. What cannot be used is in `problems`; for a
/// file that is in `before` in a good state, that state goes on.
pub fn load(dir: &HomeDir, variables: &[(String, String)], built: &Built, before: Option<&Home>) -> Home {
    let mut problems = Vec::new();
    let env = read_env(dir, variables, &mut problems);
    let settings = Settings::read(&env, dir.root()).unwrap_or_else(|errors| {
        fatal(&mut problems, errors);
        before.map_or_else(Settings::defaults, |before| before.settings.clone())
    });
    let services = services(dir, &env, &mut problems, before);
    let (packs, wrong) = dir.packs();
    problems.extend(wrong);
    let mut actions = actions(&packs, &mut problems, before);
    for core in action::core::actions() {
        actions.insert(core.reference(), Arc::new(core));
    }
    let mut listed = aliases(&packs, &mut problems, before);
    for alias in &listed {
        if !actions.contains_key(&alias.action_ref) {
            problems.push(unknown_action(alias, &actions));
        }
    }
    listed.extend(built.aliases.iter().cloned());
    let access = access(dir, &settings, &mut problems, before);
    let templates = templates(dir, &settings, &mut problems);
    let case = match settings.case {
        settings::Case::Ignore => Case::Ignore,
        settings::Case::Strict => Case::Strict,
    };
    let entries = listed.iter().map(|alias| entry(alias, &actions)).collect();
    Home {
        root: dir.root().to_owned(),
        aliases: Matcher::build(entries, case),
        runners: runners(dir, &settings),
        built_in: built.pack,
        env,
        settings,
        listed,
        actions,
        access,
        templates,
        services,
        problems,
    }
}

fn fatal(problems: &mut Vec<Problem>, errors: impl IntoIterator<Item = ConfigError>) {
    problems.extend(errors.into_iter().map(Problem::Error));
}

fn read_env(dir: &HomeDir, variables: &[(String, String)], problems: &mut Vec<Problem>) -> Env {
    let file = dir.env_file();
    Env::read(file.as_deref(), variables.iter().cloned()).unwrap_or_else(|errors| {
        fatal(problems, errors);
        // The environment itself cannot be wrong; only the file is left out.
        Env::read(None, variables.iter().cloned()).unwrap_or_default()
    })
}

fn services(dir: &HomeDir, env: &Env, problems: &mut Vec<Problem>, before: Option<&Home>) -> Vec<Wired> {
    let options: Vec<Vec<&str>> =
        adapter::CATALOGUE.iter().map(|row| row.options.iter().map(|option| option.name).collect()).collect();
    let kinds: Vec<_> =
        adapter::CATALOGUE.iter().map(|row| row.kind).zip(options.iter().map(Vec::as_slice)).collect();
    let (found, wrong) = instances(env, dir.root(), &kinds);
    problems.extend(wrong);
    let mut services = Vec::new();
    for instance in found {
        let earlier = || before?.services.iter().find(|wired| wired.instance.name == instance.name).cloned();
        match wire(&instance, env) {
            Ok(service) => services.push(Wired { instance, service: Arc::new(service) }),
            Err(errors) => {
                fatal(problems, errors);
                services.extend(earlier());
            }
        }
    }
    services
}

fn wire(instance: &Instance, env: &Env) -> Result<Service, Vec<ConfigError>> {
    let options = &instance.options;
    let error = |message: String| ConfigError::new(env.file(), message).key(instance.name.as_str());
    let row = adapter::CATALOGUE.iter().find(|row| row.kind == instance.kind);
    let known = row.map_or(&[][..], |row| row.options);
    let is_file = |name: &str| known.iter().any(|option| option.name == name && option.holds == Holds::File);
    let mut lookup = |name: &str| match is_file(name) {
        true => options.path(name).map(|path| path.display().to_string()),
        false => options.optional(name),
    };
    let built = Service::from_options(&instance.kind, &mut lookup);
    let service =
        built.ok_or_else(|| vec![error(format!("there is no adapter of kind `{}`", instance.kind))])?;
    let service = service.map_err(|errors| errors.into_iter().map(error).collect::<Vec<_>>())?;
    service.check().map_err(|message| vec![error(message)])?;
    Ok(service)
}

fn actions(
    packs: &[Pack],
    problems: &mut Vec<Problem>,
    before: Option<&Home>,
) -> BTreeMap<String, Arc<Action>> {
    let mut actions = BTreeMap::new();
    for pack in packs {
        let files = pack.action_files().unwrap_or_else(|error| {
            problems.push(Problem::Error(error));
            Vec::new()
        });
        for file in files {
            let earlier = || before?.actions.values().find(|action| action.file == *file).cloned();
            let load = |text: &str| Action::load(&pack.name, &file, text);
            let Some(action) = one(&file, load, earlier, problems) else { continue };
            problems.extend(action.check(&parameters_of(&action.runner)));
            insert(&mut actions, action.reference(), action, |action| &action.file, problems);
        }
    }
    actions
}

fn aliases(packs: &[Pack], problems: &mut Vec<Problem>, before: Option<&Home>) -> Vec<Arc<Alias>> {
    let mut aliases = BTreeMap::new();
    for pack in packs {
        let files = pack.alias_files().unwrap_or_else(|error| {
            problems.push(Problem::Error(error));
            Vec::new()
        });
        for file in files {
            let earlier = || before?.listed.iter().find(|alias| alias.file == *file).cloned();
            let load = |text: &str| Alias::load(Some(&pack.name), &file, text);
            let Some(alias) = one(&file, load, earlier, problems) else { continue };
            insert(&mut aliases, alias.reference(), alias, |alias| &alias.file, problems);
        }
    }
    aliases.into_values().collect()
}

/// One file: what it says, or what it said when it was last good.
fn one<T>(
    file: &Path,
    load: impl FnOnce(&str) -> Result<(T, Vec<Problem>), Vec<ConfigError>>,
    earlier: impl FnOnce() -> Option<Arc<T>>,
    problems: &mut Vec<Problem>,
) -> Option<Arc<T>> {
    let loaded = read_file(file).map_err(|error| vec![error]).and_then(|text| load(&text));
    match loaded {
        Ok((value, warnings)) => {
            problems.extend(warnings);
            Some(Arc::new(value))
        }
        Err(errors) => {
            fatal(problems, errors);
            earlier()
        }
    }
}

fn insert<T>(
    all: &mut BTreeMap<String, Arc<T>>,
    reference: String,
    value: Arc<T>,
    file: impl Fn(&T) -> &Path,
    problems: &mut Vec<Problem>,
) {
    if let Some(first) = all.get(&reference) {
        let message = format!("`{reference}` is already defined in {}", file(first).display());
        problems.push(Problem::Error(
            ConfigError::new(file(&value), message).key("name").help("rename one of them"),
        ));
        return;
    }
    all.insert(reference, value);
}

fn unknown_action(alias: &Alias, actions: &BTreeMap<String, Arc<Action>>) -> Problem {
    let message = format!("action `{}` does not exist", alias.action_ref);
    let warning = ConfigError::new(&alias.file, message).key("action_ref");
    let near = crate::config::nearest::nearest(&alias.action_ref, actions.keys().map(String::as_str));
    Problem::Warning(match near {
        Some(near) => warning.help(format!("did you mean `{near}`?")),
        None => warning,
    })
}

fn access(dir: &HomeDir, settings: &Settings, problems: &mut Vec<Problem>, before: Option<&Home>) -> Access {
    let file = dir.access_yaml();
    if !file.exists() {
        return Access::without_file(settings.admins.clone());
    }
    let loaded = read_file(&file)
        .map_err(|error| vec![error])
        .and_then(|text| Access::read(&file, &text, settings.admins.clone()));
    loaded.unwrap_or_else(|errors| {
        fatal(problems, errors);
        before.map_or_else(|| Access::closed(settings.admins.clone()), |before| before.access.clone())
    })
}

fn templates(dir: &HomeDir, settings: &Settings, problems: &mut Vec<Problem>) -> Templates {
    let (named, unreadable) = template::named(dir.root());
    // Whatever output is kept, of both streams, can also be shown.
    let output = Limits::default().output.saturating_add(settings.output_limit.0.saturating_mul(2));
    let limits = Limits { output, ..Limits::default() };
    let templates = Templates::new(Options { templates: named, limits, ..Options::default() });
    let errors = unreadable.into_iter().chain(templates.problems());
    problems
        .extend(errors.map(|error| Problem::Error(ConfigError::new(Path::new(&error.name), error.message))));
    templates
}

fn entry(alias: &Arc<Alias>, actions: &BTreeMap<String, Arc<Action>>) -> Entry {
    let parameters = actions.get(&alias.action_ref).map(|action| {
        let known = action.parameters_with(&parameters_of(&action.runner));
        Arc::new(known.into_iter().map(|parameter| parameter.name).collect())
    });
    Entry { alias: alias.clone(), parameters }
}

/// The parameters that a runner declares; none for one that is not built in.
pub(super) fn parameters_of(runner: &str) -> Vec<Parameter> {
    static KNOWN: LazyLock<BTreeMap<&'static str, Vec<Parameter>>> = LazyLock::new(|| {
        let read = |row: &'static runner::Row| {
            let parameters = action::read_parameters(Path::new(row.name), row.parameters);
            (row.name, parameters.expect("every runner's parameters are read by a test"))
        };
        runner::CATALOGUE.iter().map(read).collect()
    });
    runner::find(runner).and_then(|row| KNOWN.get(row.name).cloned()).unwrap_or_default()
}

fn runners(dir: &HomeDir, settings: &Settings) -> runner::Settings {
    let mut runners = runner::Settings { home: Some(dir.root().to_owned()), ..runner::Settings::default() };
    runners.ssh.parallel = Some(settings.ssh_parallel.get());
    runners.ssh.backend = match settings.ssh_client {
        settings::SshClient::System => runner::Backend::System,
        settings::SshClient::Native => runner::Backend::Native,
    };
    runners
}
