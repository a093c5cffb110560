//! Installing: everything is looked at in a folder of its own first; what is wrong leaves the home as it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use serde_json::json;

use super::remove::put_aside;
use super::{Install, source, venv};
use crate::bot::home::{Home, config_of};
use crate::cli::import::{files_of, name_of};
use crate::cli::{Global, locate, print, start};
use crate::config::Problem;
use crate::config::home::{HomeDir, Pack};
use crate::runner;

/// What of a pack has no meaning here and is not copied.
const LEFT_OUT: [&str; 5] = ["rules", "sensors", "triggers", "policies", "tests"];

/// A folder that goes when this does.
struct Staging(PathBuf);

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What was found in a pack.
struct Looked {
    name: String,
    actions: usize,
    aliases: usize,
    warnings: Vec<Problem>,
}

pub(super) fn run(asked: &Install, global: &Global) -> anyhow::Result<ExitCode> {
    let home = locate::home_dir(global)?;
    let packs = home.root().join("packs");
    // Hidden, so no bot reads it; beside the packs, so that the last step is one rename.
    let staging = Staging(packs.join(format!(".install-{}", std::process::id())));
    fs::create_dir_all(&staging.0).with_context(|| format!("cannot make `{}`", staging.0.display()))?;
    let from = source::folder_of(&asked.path, &staging.0.join("archive"))?;
    let name = asked.name.clone().unwrap_or_else(|| name_of(&from));
    let copied = staging.0.join("packs").join(&name);
    copy(&from, &copied).with_context(|| format!("cannot copy `{}`", from.display()))?;
    let looked = look(&staging.0, &name)?;
    let requirements = copied.join("requirements.txt");
    let environment = match requirements.is_file() && !asked.no_venv {
        true => {
            let made = venv::make(home.root(), &name, &requirements, asked.limit);
            Some(crate::cli::runtime()?.block_on(made)?)
        }
        false => None,
    };
    let to = packs.join(&name);
    let before = put_aside(&home, &to)?;
    fs::rename(&copied, &to).with_context(|| format!("cannot put the pack into `{}`", to.display()))?;
    let has_environment = environment.is_some();
    if let Some(environment) = environment {
        environment.keep();
    }
    drop(staging);
    tell(&home, &looked, before.as_deref(), has_environment, global)
}

/// Copies what matters of a pack; compiled and hidden files and links out of it are left behind.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let wanted = |path: &Path| {
        let first = path.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
        !first.is_some_and(|first| LEFT_OUT.contains(&first.as_str()))
    };
    fs::create_dir_all(to)?;
    for path in files_of(from)?.into_iter().filter(|path| wanted(path)) {
        let target = to.join(&path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(from.join(&path), &target)?;
    }
    Ok(())
}

/// Loads the pack as a home of its own; any error refuses it.
fn look(staging: &Path, name: &str) -> anyhow::Result<Looked> {
    let alone = HomeDir::at(staging);
    let loaded: Home = start::load_home(&alone);
    let folder = staging.join("packs");
    let of_pack = |problem: &&Problem| problem.error().file.starts_with(&folder);
    let (errors, warnings): (Vec<&Problem>, Vec<&Problem>) =
        loaded.problems.iter().filter(of_pack).partition(|problem| problem.is_fatal());
    if !errors.is_empty() {
        print::problems(errors.iter().copied());
        bail!("the pack `{name}` has {}, so it is not installed", print::counted(errors.len(), "error"));
    }
    let actions = loaded.actions.values().filter(|action| action.pack == name).count();
    let aliases = loaded.listed.iter().filter(|alias| alias.pack == name).count();
    if actions + aliases == 0 {
        bail!("there is neither an action nor an alias in it: a pack has `actions` or `aliases`");
    }
    // Whether values are missing is said by the home that has the values.
    let asks = |problem: &&&Problem| !problem.error().file.ends_with(format!("configs/{name}.yaml"));
    let warnings = warnings.iter().filter(asks).map(|problem| (**problem).clone()).collect();
    Ok(Looked { name: name.to_owned(), actions, aliases, warnings })
}

fn tell(
    home: &HomeDir,
    looked: &Looked,
    before: Option<&Path>,
    environment: bool,
    global: &Global,
) -> anyhow::Result<ExitCode> {
    let Looked { name, actions, aliases, warnings } = looked;
    print::problems(warnings);
    let pack = Pack { name: name.clone(), root: home.root().join("packs").join(name) };
    let config = match config_of(home, &pack) {
        Ok(Some((_, problems))) => problems,
        Ok(None) => Vec::new(),
        Err(errors) => errors.into_iter().map(Problem::Error).collect(),
    };
    print::problems(&config);
    if global.json {
        print::json(&json!({
            "name": name, "actions": actions, "aliases": aliases, "virtualenv": environment,
            "replaced": before.map(|path| path.display().to_string()), "configured": config.is_empty(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (actions, aliases) = (print::counted(*actions, "action"), print::counted(*aliases, "alias"));
    print::line(format_args!("installed {name}: {actions}, {aliases}"))?;
    if environment {
        let folder = runner::virtualenv(home.root(), name);
        print::line(format_args!("its Python environment is {}", home.shown(&folder).display()))?;
    }
    if let Some(before) = before {
        print::line(format_args!("what was there before is in {}", home.shown(before).display()))?;
    }
    if !config.is_empty() {
        print::line(format_args!("it needs to be configured: `chatops pack config {name} --set KEY=VALUE`"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The pack called so, or why there is none.
pub(super) fn pack(home: &HomeDir, name: &str) -> anyhow::Result<Pack> {
    let (packs, _) = home.packs();
    let names: Vec<String> = packs.iter().map(|pack| pack.name.clone()).collect();
    packs.into_iter().find(|pack| pack.name == name).ok_or_else(|| {
        let near = crate::config::nearest::nearest(name, names.iter().map(String::as_str));
        let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
        anyhow!("there is no pack `{name}`{hint}")
    })
}
