//! Where things are: the home directory, its database.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Global;
use crate::config::env::Env;
use crate::config::home::HomeDir;
use crate::config::read_optional;
use crate::config::settings::Settings;
use crate::model::Secret;
use crate::net::{Proxies, World};

/// The home that the options and the environment name.
pub(super) fn home_dir(global: &Global) -> anyhow::Result<HomeDir> {
    let current = std::env::current_dir().context("cannot tell the current directory")?;
    let dir = HomeDir::resolve(global.home.as_deref(), &current, |name| std::env::var(name).ok())?;
    Ok(match &global.env_file {
        Some(file) => dir.with_env_file(file),
        None => dir,
    })
}

/// The environment of this process, as far as it is Unicode.
pub(super) fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn settings(dir: &HomeDir) -> anyhow::Result<Settings> {
    let file = dir.env_file();
    let env = Env::read(file.as_deref(), variables()).map_err(|errors| super::all_of(&errors))?;
    Settings::read(&env, dir.root()).map_err(|errors| super::all_of(&errors))
}

/// The database that the home's settings name.
pub(super) fn database(global: &Global) -> anyhow::Result<PathBuf> {
    let dir = home_dir(global)?;
    Ok(settings(&dir)?.database_in(dir.root()))
}

/// The world behind the proxies of the home's settings; settings that cannot be read name none, which is told elsewhere.
pub(super) fn world(global: &Global) -> anyhow::Result<World> {
    let settings = settings(&home_dir(global)?).ok();
    let proxies = settings.map(|settings| Proxies {
        http: settings.http_proxy.map(|url| Secret::new(url.as_str())),
        https: settings.https_proxy.map(|url| Secret::new(url.as_str())),
        except: settings.no_proxy,
    });
    Ok(World::real().behind(proxies.unwrap_or_default()))
}

/// What the home's notifiers.yaml holds for `read`, which gets the name to show, the text, the settings and the home;
/// nothing where there is no such file.
pub(super) fn notifiers_yaml<R: Default>(
    global: &Global,
    read: impl FnOnce(&Path, &str, &Env, &Path) -> R,
) -> anyhow::Result<R> {
    let dir = home_dir(global)?;
    let file = dir.notifiers_yaml();
    let env = Env::read(dir.env_file().as_deref(), variables()).map_err(|errors| super::all_of(&errors))?;
    let text = read_optional(&file)?;
    Ok(text.map(|text| read(dir.shown(&file), &text, &env, dir.root())).unwrap_or_default())
}
