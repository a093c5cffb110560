//! The configuration of packs: read with the home, rendered for each execution.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Home;
use super::files::kept;
use crate::action::Render;
use crate::action::config::{PackConfig, Schema};
use crate::config::home::{HomeDir, Pack};
use crate::config::{ConfigError, Problem, read_optional};

/// The configuration of every pack that has one. One that is wrong keeps its last good state.
pub(super) fn configs(
    dir: &HomeDir,
    packs: &[Pack],
    problems: &mut Vec<Problem>,
    before: Option<&Home>,
) -> BTreeMap<String, PackConfig> {
    let mut all = BTreeMap::new();
    for pack in packs {
        let earlier = before.and_then(|before| before.configs.get(&pack.name));
        match config_of(dir, pack) {
            Ok(Some((config, warnings))) => {
                problems.extend(warnings);
                all.insert(pack.name.clone(), config);
            }
            Ok(None) => {}
            Err(errors) => {
                problems.extend(kept(errors, earlier).into_iter().map(Problem::Error));
                all.extend(earlier.map(|earlier| (pack.name.clone(), earlier.clone())));
            }
        }
    }
    all
}

/// Where the values of a pack stand.
pub fn config_file(dir: &HomeDir, pack: &str) -> PathBuf {
    dir.root().join("configs").join(format!("{pack}.yaml"))
}

/// Where a pack says what it can be configured with.
pub fn schema_file(pack: &Path) -> PathBuf {
    pack.join("config.schema.yaml")
}

/// The configuration of one pack, with warnings; `None` for a pack that has none.
///
/// # Errors
/// What is wrong with its files.
pub fn config_of(dir: &HomeDir, pack: &Pack) -> Result<Option<(PackConfig, Vec<Problem>)>, Vec<ConfigError>> {
    let alone = |error: ConfigError| vec![error];
    let schema_file = schema_file(&pack.root);
    let schema = read_optional(&schema_file).map_err(alone)?;
    let schema = schema.map(|text| Schema::load(&schema_file, &text)).transpose()?;
    let file = config_file(dir, &pack.name);
    let text = read_optional(&file).map_err(alone)?;
    if schema.is_none() && text.is_none() {
        return Ok(None);
    }
    PackConfig::read(schema, &file, text.as_deref()).map(Some)
}

impl Home {
    /// The values of a pack for one execution, and the texts among them that nobody is shown.
    ///
    /// # Errors
    /// A template of it failed.
    pub fn config(
        &self,
        pack: &str,
        by: &dyn Render,
        context: &Value,
    ) -> Result<(Map<String, Value>, Vec<String>), String> {
        self.configs.get(pack).map_or_else(|| Ok(Default::default()), |config| config.render(by, context))
    }
}
