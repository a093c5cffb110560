//! From a home directory to a [`Home`]. A file that is wrong is left out, or kept as it was when it
//! was last good; it disturbs no other.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::doubts;
use super::files::{self, Files, kept};
use super::{Home, Wired};
use crate::access::Access;
use crate::action::{self, Action, Parameter, shell};
use crate::adapter::{self, Holds, Service};
use crate::alias::{Alias, Case, Entry, Matcher};
use crate::config::env::Env;
use crate::config::home::HomeDir;
use crate::config::instances::{Instance, instances};
use crate::config::settings::{self, Settings};
use crate::config::{ConfigError, Problem, read_file, read_optional};
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
    let env = read_env(dir, variables, &mut problems, before);
    let settings = Settings::read(&env, dir.root()).unwrap_or_else(|errors| {
        fatal(&mut problems, kept(errors, before));
        before.map_or_else(Settings::defaults, |before| before.settings.clone())
    });
    let services = services(dir, &env, &mut problems, before);
    let (packs, wrong) = dir.packs();
    problems.extend(wrong);
    let earlier = |file: &Path| before?.actions.values().find(|action| action.file == *file).cloned();
    let Files { found: mut actions, problems: wrong } = files::actions(&packs, earlier);
    problems.extend(wrong);
    problems.extend(actions.values().flat_map(|action| action.check(parameters_of(&action.runner))));
    for core in action::core::actions().into_iter().chain(action::own::actions()) {
        actions.insert(core.reference(), Arc::new(core));
    }
    let workflows = super::workflows::load(&actions, &mut problems, before);
    let earlier = |file: &Path| before?.listed.iter().find(|alias| alias.file == *file).cloned();
    let Files { found: aliases, problems: wrong } = files::aliases(&packs, earlier);
    problems.extend(wrong);
    let mut listed: Vec<Arc<Alias>> = aliases.into_values().collect();
    listed.retain(|alias| match unsafe_command(alias, &actions) {
        Some(error) => {
            problems.push(Problem::Error(error));
            false
        }
        None => true,
    });
    for alias in &listed {
        if !actions.contains_key(&alias.action_ref) {
            problems.push(unknown_action(alias, &actions));
        }
    }
    listed.extend(built.aliases.iter().cloned());
    let configs = super::configs::configs(dir, &packs, &mut problems, before);
    let access = access(dir, &settings, &mut problems, before);
    let templates = templates(dir, &settings, &mut problems, before);
    let notifying = super::notifying::load(dir, &env, &mut problems, before.map(|before| &before.notifying));
    let case = match settings.case {
        settings::Case::Ignore => Case::Ignore,
        settings::Case::Strict => Case::Strict,
    };
    let listens = |alias: &&Arc<Alias>| alias.enabled && alias.extra.contains_key("listen");
    let talk: Vec<Entry> = listed.iter().filter(listens).map(|alias| entry(alias, &actions)).collect();
    let listening = (!talk.is_empty()).then(|| Arc::new(Matcher::build(talk, case)));
    let entries = listed.iter().map(|alias| entry(alias, &actions)).collect();
    let mut home = Home {
        root: dir.root().to_owned(),
        aliases: Arc::new(Matcher::build(entries, case)),
        listening,
        runners: runners(dir, &settings),
        built_in: built.pack,
        env,
        settings,
        listed,
        actions,
        workflows,
        configs,
        access,
        templates,
        services,
        notifying,
        problems,
        filed: 0,
        store: None,
    };
    let doubts = doubts::doubts(&home);
    home.problems.extend(doubts);
    home.filed = home.problems.len();
    let strangers = home.notifying.rules.strangers.iter();
    home.problems.extend(strangers.map(|stranger| Problem::Error(stranger.error.clone())));
    home
}

/// Whether any chat service is configured. Reads the variables alone, no other file of the home.
pub fn has_services(dir: &HomeDir, variables: &[(String, String)]) -> bool {
    let mut problems = Vec::new();
    let env = read_env(dir, variables, &mut problems, None);
    !services(dir, &env, &mut problems, None).is_empty()
}

fn fatal(problems: &mut Vec<Problem>, errors: impl IntoIterator<Item = ConfigError>) {
    problems.extend(errors.into_iter().map(Problem::Error));
}

fn read_env(
    dir: &HomeDir,
    variables: &[(String, String)],
    problems: &mut Vec<Problem>,
    before: Option<&Home>,
) -> Env {
    let file = dir.env_file();
    Env::read(file.as_deref(), variables.iter().cloned()).unwrap_or_else(|errors| {
        fatal(problems, kept(errors, before));
        // The environment itself cannot be wrong; at the start only the file is left out.
        let alone = || Env::read(None, variables.iter().cloned()).unwrap_or_default();
        before.map_or_else(alone, |before| before.env.clone())
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
        match wire(&instance, env, None) {
            Ok(service) => services.push(Wired { instance, service: Arc::new(service) }),
            Err(errors) => {
                let earlier = earlier();
                fatal(problems, kept(errors, earlier.as_ref()));
                services.extend(earlier);
            }
        }
    }
    services
}

/// The adapter of an instance, as if the option `without` were not set.
pub(super) fn wire(
    instance: &Instance,
    env: &Env,
    without: Option<&str>,
) -> Result<Service, Vec<ConfigError>> {
    let options = &instance.options;
    let error = |message: String| ConfigError::new(env.file(), message).key(instance.name.as_str());
    let row = adapter::CATALOGUE.iter().find(|row| row.kind == instance.kind);
    let known = row.map_or(&[][..], |row| row.options);
    let is_file = |name: &str| known.iter().any(|option| option.name == name && option.holds == Holds::File);
    let mut lookup = |name: &str| match is_file(name) {
        _ if without == Some(name) => None,
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

/// A command that the alias fixes for a shell is held to the rules of an action's own command.
fn unsafe_command(alias: &Alias, actions: &BTreeMap<String, Arc<Action>>) -> Option<ConfigError> {
    let runner = &actions.get(&alias.action_ref)?.runner;
    let fixed = alias.immutable_parameters.iter().filter(|(name, _)| shell::is_command(runner, name));
    let mut refused = fixed.filter_map(|(name, value)| {
        let source = value.as_str()?;
        let (offset, why) = shell::check_command(source).err()?;
        Some((name, source[offset..].lines().next().unwrap_or_default(), why))
    });
    let (name, begins, why) = refused.next()?;
    let error = ConfigError::new(&alias.file, why.to_string()).key(format!("immutable_parameters.{name}"));
    let text = read_file(&alias.file).unwrap_or_default();
    let line =
        text.lines().position(|line| line.contains(begins)).and_then(|line| u64::try_from(line + 1).ok());
    let error = line.into_iter().fold(error, |error, line| error.at(line, 1).excerpt_of(&text));
    Some(error.help(why.help()))
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
    let loaded = match read_optional(&file) {
        Ok(None) => return Access::without_file(settings.admins.clone()),
        Ok(Some(text)) => Access::read(&file, &text, settings.admins.clone()),
        Err(error) => Err(vec![error]),
    };
    loaded.unwrap_or_else(|errors| {
        fatal(problems, kept(errors, before));
        before.map_or_else(|| Access::closed(settings.admins.clone()), |before| before.access.clone())
    })
}

fn templates(
    dir: &HomeDir,
    settings: &Settings,
    problems: &mut Vec<Problem>,
    before: Option<&Home>,
) -> Templates {
    let (mut named, unreadable) = template::named(dir.root());
    // Whatever output is kept, of both streams, can also be shown.
    let output = Limits::default().output.saturating_add(settings.output_limit.0.saturating_mul(2));
    let limits = Limits { output, ..Limits::default() };
    let make = |templates| Templates::new(Options { templates, limits, ..Options::default() });
    let mut templates = make(named.clone());
    let broken = templates.problems();
    for error in unreadable.into_iter().chain(broken) {
        let earlier = before.and_then(|before| {
            let source = before.templates.source(&error.name)?;
            before.templates.check(&error.name, source).is_ok().then_some(source)
        });
        let wrong = vec![ConfigError::new(Path::new(&error.name), error.message)];
        fatal(problems, kept(wrong, earlier.as_ref()));
        if let Some(earlier) = earlier {
            named.insert(error.name, earlier.to_owned());
            templates = make(named.clone());
        }
    }
    templates
}

fn entry(alias: &Arc<Alias>, actions: &BTreeMap<String, Arc<Action>>) -> Entry {
    let parameters = actions.get(&alias.action_ref).map(|action| {
        let known = action.parameters_with(parameters_of(&action.runner));
        Arc::new(known.into_iter().map(|parameter| parameter.name.clone()).collect())
    });
    Entry { alias: alias.clone(), parameters }
}

/// The parameters that a runner declares; none for one that is not built in.
pub(super) fn parameters_of(runner: &str) -> &'static [Parameter] {
    static KNOWN: LazyLock<BTreeMap<&'static str, Vec<Parameter>>> = LazyLock::new(|| {
        let read = |row: &'static runner::Row| {
            let parameters = action::read_parameters(Path::new(row.name), row.parameters);
            (row.name, parameters.expect("every runner's parameters are read by a test"))
        };
        runner::CATALOGUE.iter().map(read).collect()
    });
    runner::find(runner).and_then(|row| KNOWN.get(row.name)).map_or(&[], Vec::as_slice)
}

/// Where actions find the bot's API: the address that it listens on, unless the machine chooses the port.
fn api_url(settings: &Settings) -> Option<String> {
    match settings.listen {
        settings::ListenOn::Address(address) if address.port() != 0 => Some(format!("http://{address}")),
        _ => None,
    }
}

fn runners(dir: &HomeDir, settings: &Settings) -> runner::Settings {
    let mut runners = runner::Settings { home: Some(dir.root().to_owned()), ..runner::Settings::default() };
    runners.api_url = api_url(settings);
    runners.ssh.parallel = Some(settings.ssh_parallel.get());
    runners.ssh.backend = match settings.ssh_client {
        settings::SshClient::System => runner::Backend::System,
        settings::SshClient::Native => runner::Backend::Native,
    };
    runners
}
