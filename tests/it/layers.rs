//! The house as tables, and the tests that keep the code in it: imports go down only, and neighbours on
//! one floor do not see each other. `docs/architecture.md` says why.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::imports::{self, Import};
use crate::support::source;

/// A room of the house.
struct Room {
    name: &'static str,
    /// It may use every room on a lower floor.
    floor: u8,
    /// Rooms on its own floor that it may use too.
    beside: &'static [&'static str],
}

const fn room(floor: u8, name: &'static str) -> Room {
    Room { name, floor, beside: &[] }
}

/// What the services of the second floor stand on.
const SERVICES: &[&str] = &["net", "telemetry"];

/// The modules of the crate.
const HOUSE: &[Room] = &[
    room(1, "model"),
    room(1, "text"),
    room(2, "net"),
    room(2, "telemetry"),
    Room { name: "config", floor: 2, beside: SERVICES },
    Room { name: "template", floor: 2, beside: SERVICES },
    Room { name: "store", floor: 2, beside: SERVICES },
    Room { name: "wire", floor: 2, beside: SERVICES },
    room(3, "alias"),
    room(3, "action"),
    room(3, "access"),
    room(3, "route"),
    room(3, "schedule"),
    room(3, "topic"),
    room(3, "workflow"),
    room(4, "adapter"),
    room(4, "notifier"),
    room(4, "runner"),
    room(4, "source"),
    room(5, "bot"),
    room(6, "http"),
    room(7, "cli"),
];

/// The modules of `bot`, which has storeys under the same rule.
const BOT: &[Room] = &[
    room(1, "home"),
    room(1, "reply"),
    room(2, "upkeep"),
    room(2, "outbox"),
    room(2, "link"),
    room(3, "choices"),
    room(4, "notify"),
    room(5, "notice"),
    room(5, "approvals"),
    room(5, "factors"),
    room(6, "engine"),
    room(7, "chat"),
    room(8, "ask"),
    room(7, "console"),
    room(7, "hubots"),
    room(8, "links"),
    room(8, "rules"),
    room(8, "schedule"),
];

/// Whether code in `from` may name something in `to`; what is not in the table is said to be so.
fn allowed(table: &[Room], from: &str, to: &str) -> Result<(), String> {
    let find = |name: &str| table.iter().find(|room| room.name == name);
    let from = find(from).ok_or_else(|| format!("`{from}` has no floor: add it to tests/it/layers.rs"))?;
    let to = find(to).ok_or_else(|| format!("`{to}` has no floor: add it to tests/it/layers.rs"))?;
    if from.name == to.name || to.floor < from.floor || from.beside.contains(&to.name) {
        return Ok(());
    }
    let way = if to.floor == from.floor { "beside it" } else { "above it" };
    Err(format!("`{}` (floor {}) uses `{}` (floor {}) {way}", from.name, from.floor, to.name, to.floor))
}

/// What is wrong with one import of a file in `module`.
fn judge(module: &[String], import: &Import) -> Result<(), String> {
    let (Some(from), Some(to)) = (module.first(), import.path.first()) else {
        return Ok(());
    };
    allowed(HOUSE, from, to)?;
    match (module, &import.path[..]) {
        // `bot/mod.rs` names its storeys; a storey may use what `bot` itself declares.
        ([_, storey, ..], [_, other, ..]) if from == "bot" && to == "bot" && is_module(other) => {
            allowed(BOT, storey, other)
        }
        _ => Ok(()),
    }
}

/// Types begin with a capital letter, modules do not.
fn is_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Every file under `src`, with the module it is; `lib.rs` and `main.rs` stand above the house.
fn files() -> Vec<(PathBuf, Vec<String>)> {
    let root = source::root().join("src");
    let inside = |path: &Path| {
        let inner = path.strip_prefix(&root).unwrap().with_extension("");
        let mut module: Vec<String> =
            inner.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        module.pop_if(|last| last == "mod");
        module
    };
    let all = source::files(&root, "rs").into_iter().map(|path| (path.clone(), inside(&path)));
    all.filter(|(_, module)| !matches!(module[0].as_str(), "lib" | "main")).collect()
}

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for (path, module) in files() {
        let shown = path.strip_prefix(source::root()).unwrap().display().to_string();
        for import in imports::of(&module, &fs::read_to_string(&path).unwrap()) {
            if let Err(why) = judge(&module, &import) {
                wrong.push(format!("{shown}:{}: {why}", import.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_has_a_floor_and_every_floor_its_room() {
    let mut rooms: Vec<String> = files().into_iter().map(|(_, mut module)| module.swap_remove(0)).collect();
    rooms.sort();
    rooms.dedup();
    let mut table: Vec<&str> = HOUSE.iter().map(|room| room.name).collect();
    table.sort_unstable();
    assert_eq!(rooms, table);
}

#[test]
fn upward_and_sideways_imports_are_found() {
    let judge = |module: &[&str], path: &[&str]| {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        judge(&owned(module), &Import { path: owned(path), line: 1 })
    };
    assert_eq!(judge(&["store"], &["net", "World"]), Ok(()));
    assert_eq!(judge(&["bot", "engine"], &["bot", "outbox", "Outbox"]), Ok(()));
    assert_eq!(judge(&["bot", "engine"], &["bot", "Settings"]), Ok(()));
    assert!(judge(&["alias", "format"], &["action"]).unwrap_err().contains("beside it"));
    assert!(judge(&["model", "person"], &["net"]).unwrap_err().contains("above it"));
    assert!(judge(&["net"], &["store"]).unwrap_err().contains("beside it"));
    assert!(judge(&["bot", "outbox"], &["bot", "chat", "hear"]).unwrap_err().contains("above it"));
    assert!(judge(&["bot", "attic"], &["bot", "home"]).unwrap_err().contains("no floor"));
}

/// The nouns are values: nothing here may pull in a runtime, a protocol or a database.
const MODEL_MAY_USE: &[&str] = &["serde", "serde_json", "jiff", "thiserror"];

#[test]
fn the_nouns_stand_on_plain_values_alone() {
    let others: Vec<String> =
        source::dependencies().into_iter().filter(|name| !MODEL_MAY_USE.contains(&name.as_str())).collect();
    for (path, module) in files() {
        if module[0] == "model" {
            let heads = imports::heads(&fs::read_to_string(&path).unwrap());
            let wrong: Vec<_> = heads.into_iter().filter(|head| others.contains(head)).collect();
            assert!(wrong.is_empty(), "{} uses {wrong:?}", path.display());
        }
    }
}
