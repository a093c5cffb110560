//! The templates of a home and its packs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::TemplateError;

/// A template file larger than this is refused, in bytes.
const LARGEST: u64 = 1 << 20;

/// The templates of a home: `templates/host.j2` is called `host.j2`, `packs/net/templates/host.j2` is
/// called `net/host.j2`. A pack that is a link to another one, or back to the home, is none. Files that cannot be
/// read are told, and left out.
pub fn named(home: &Path) -> (BTreeMap<String, String>, Vec<TemplateError>) {
    let mut found = BTreeMap::new();
    let mut problems = Vec::new();
    read(&home.join("templates"), "", &mut found, &mut problems);
    let mut seen: Vec<_> = fs::canonicalize(home).into_iter().collect();
    for pack in entries(&home.join("packs")) {
        match fs::canonicalize(&pack) {
            Ok(real) if !seen.contains(&real) => seen.push(real),
            _ => continue,
        }
        if let Some(name) = pack.file_name().and_then(|name| name.to_str()) {
            read(&pack.join("templates"), &format!("{name}/"), &mut found, &mut problems);
        }
    }
    (found, problems)
}

fn entries(dir: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn read(dir: &Path, prefix: &str, found: &mut BTreeMap<String, String>, problems: &mut Vec<TemplateError>) {
    for path in entries(dir).into_iter().filter(|path| path.extension().is_some_and(|end| end == "j2")) {
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let name = format!("{prefix}{file}");
        match text(&path) {
            Ok(text) => {
                found.insert(name, text);
            }
            Err(message) => problems.push(TemplateError::whole(&path.display().to_string(), message)),
        }
    }
}

fn text(path: &Path) -> Result<String, String> {
    let facts = fs::metadata(path).map_err(|error| error.to_string())?;
    if !facts.is_file() {
        // Reading a pipe would wait for ever.
        return Err("is not a regular file".to_owned());
    }
    let size = facts.len();
    if size > LARGEST {
        return Err(format!("the file has {size} bytes, at most {LARGEST} are accepted"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_s_templates_carry_its_name() {
        let home = tempfile::tempdir().unwrap();
        for (path, text) in
            [("templates/a.j2", "A"), ("packs/net/templates/a.j2", "N"), ("templates/x.txt", "")]
        {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        std::os::unix::fs::symlink("..", home.path().join("packs/again")).unwrap();
        let (found, problems) = named(home.path());
        let expected = [("a.j2", "A"), ("net/a.j2", "N")];
        assert_eq!(found, expected.map(|(name, text)| (name.to_owned(), text.to_owned())).into());
        assert!(problems.is_empty());
    }
}
