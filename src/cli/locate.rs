//! Where things are: the home directory, its database.

use std::path::PathBuf;

use anyhow::Context;

use super::Global;
use crate::config::env::Env;
use crate::config::home::HomeDir;
use crate::config::settings::Settings;

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

/// The database that the home's settings name.
pub(super) fn database(global: &Global) -> anyhow::Result<PathBuf> {
    let dir = home_dir(global)?;
    let file = dir.env_file();
    let env = Env::read(file.as_deref(), variables()).map_err(|errors| super::all_of(&errors))?;
    let settings = Settings::read(&env, dir.root()).map_err(|errors| super::all_of(&errors))?;
    Ok(settings.database_in(dir.root()))
}
