//! The script that an action names: whether it is there, and inside its pack.

use std::path::Path;

use super::file::Action;
use crate::config::{ConfigError, Problem};

impl Action {
    /// Looks for the script on the disk. One that is not there is worth a word; one that is a link out of the pack
    /// folder is refused.
    ///
    /// # Errors
    /// The link, with where it leads.
    pub fn check_script(&self) -> Result<Option<Problem>, Box<ConfigError>> {
        let Some(script) = &self.entry_point else { return Ok(None) };
        let error = |message: String| ConfigError::new(&self.file, message).key("entry_point");
        let pack = self.file.parent().and_then(Path::parent).map(Path::canonicalize);
        match (script.canonicalize(), pack) {
            (Err(_), _) => {
                Ok(Some(Problem::Warning(error(format!("there is no file {}", script.display())))))
            }
            (Ok(real), Some(Ok(pack))) if !real.starts_with(&pack) => {
                let message =
                    format!("{} leads out of the pack folder, to {}", script.display(), real.display());
                Err(Box::new(error(message)))
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_script_that_links_out_of_its_pack_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("packs/web/actions");
        fs::create_dir_all(&folder).unwrap();
        let text = "name: x\nrunner_type: local-shell-script\nentry_point: x.sh\n";
        let action = Action::load("web", &folder.join("x.yaml"), text).unwrap().0;
        assert!(action.check_script().unwrap().unwrap().error().message.contains("there is no file"));
        std::os::unix::fs::symlink("/bin/sh", folder.join("x.sh")).unwrap();
        assert!(action.check_script().unwrap_err().message.contains("leads out of the pack folder"));
    }
}
