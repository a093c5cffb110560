//! Which packs there are.

use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::{Global, locate, print, start};
use crate::config::home::Pack;
use crate::config::{read_file, yaml};
use crate::runner;

/// What a `pack.yaml` says that a list shows.
#[derive(Debug, Default, Deserialize)]
struct About {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    version: Option<Value>,
}

pub(super) fn run(global: &Global) -> anyhow::Result<ExitCode> {
    let dir = locate::home_dir(global)?;
    let home = start::load_home(&dir);
    let (packs, _) = dir.packs();
    let row = |pack: &Pack| {
        let about = about(pack);
        json!({
            "name": pack.name,
            "version": about.version.as_ref().map(|version| version.as_str().map_or_else(|| version.to_string(), str::to_owned)),
            "description": about.description,
            "actions": home.actions.values().filter(|action| action.pack == pack.name).count(),
            "aliases": home.listed.iter().filter(|alias| alias.pack == pack.name).count(),
            "virtualenv": runner::virtualenv(dir.root(), &pack.name).is_dir(),
            "config": home.configs.contains_key(&pack.name),
        })
    };
    let rows: Vec<Value> = packs.iter().map(row).collect();
    if global.json {
        print::json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    for row in &rows {
        let count = |key: &str, noun: &str| print::counted(row[key].as_u64().unwrap_or(0) as usize, noun);
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let (actions, aliases) = (count("actions", "action"), count("aliases", "alias"));
        let name = format!("{} {}", text("name"), text("version"));
        let line = format!("{:24} {actions}, {aliases}  {}", name.trim_end(), text("description"));
        print::line(print::printable(line.trim_end()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn about(pack: &Pack) -> About {
    let file = pack.root.join("pack.yaml");
    read_file(&file).and_then(|text| yaml::read(&file, &text)).unwrap_or_default()
}
