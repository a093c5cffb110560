//! `chaos run` with the http channel of docs/sources/chaostoolkit.md and no plugin.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::api::Api;
use crate::support::room::{PATIENCE, Room, block, expected, program, swap};
use crate::support::until;

/// A folder for `chaos`, with the page's settings.
struct Lab {
    chaos: PathBuf,
    folder: tempfile::TempDir,
}

impl Lab {
    fn new(room: &Room) -> Option<Self> {
        let chaos = program("chaostoolkit", "chaos")?;
        let folder = tempfile::tempdir().unwrap();
        let settings = swap(&block("chaostoolkit.md", "Bearer the-token"), "the-token", "chaos-token");
        let url = room.url("/in/chaostoolkit");
        let settings = swap(&settings, "https://bot.example.org/in/chaostoolkit", &url);
        fs::create_dir(folder.path().join(".chaostoolkit")).unwrap();
        fs::write(folder.path().join(".chaostoolkit/settings.yaml"), settings).unwrap();
        Some(Self { chaos, folder })
    }

    /// Starts an experiment about a file: the probe wants it, the action is a line for the shell.
    fn run(&self, title: &str, stocked: bool, action: &str) -> (Child, PathBuf) {
        let place = self.folder.path().join(title.replace(' ', "-"));
        fs::create_dir(&place).unwrap();
        if stocked {
            fs::write(place.join("stock"), "12").unwrap();
        }
        let process =
            |path: &str, arguments: &[&str]| json!({"type": "process", "path": path, "arguments": arguments});
        let experiment = json!({
            "title": title, "description": "what happens to the stock", "tags": ["shop"],
            "steady-state-hypothesis": {"title": "the shop has stock", "probes": [
                {"type": "probe", "name": "stock is there", "tolerance": 0, "provider": process("test", &["-e", "stock"])},
            ]},
            "method": [{"type": "action", "name": "disturb", "provider": process("sh", &["-c", action])}],
            "rollbacks": [],
        });
        fs::write(place.join("experiment.json"), experiment.to_string()).unwrap();
        (self.start(&place), place)
    }

    fn start(&self, place: &Path) -> Child {
        // Who runs the tests in the background has it ignored, and Python would leave it so.
        let mut command = Command::new("env");
        command
            .arg("--default-signal=INT")
            .arg(&self.chaos)
            .args(["--no-version-check", "run", "experiment.json"])
            .current_dir(place)
            .env_clear();
        command
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("LC_ALL", "C.UTF-8");
        let log = fs::File::create(place.join("said")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }
}

/// Waits for its end and gives the exit code.
fn ended(mut run: Child) -> i32 {
    until(PATIENCE, || run.try_wait().unwrap()).code().unwrap()
}

#[test]
fn experiments_end_in_four_ways_and_a_room_reads_which() {
    let Some(room) = Room::open("  chaostoolkit: { bearer: chaos-token }") else { return };
    let Some(lab) = Lab::new(&room) else { return };
    let (calm, _) = lab.run("shop in calm", true, "true");
    let (theft, _) = lab.run("shop with a thief", true, "rm stock");
    let (empty, emptied) = lab.run("shop without stock", false, "touch went-on");
    let (nap, napping) = lab.run("shop asleep", true, "touch began; exec sleep 600");
    until(PATIENCE, || napping.join("began").exists().then_some(()));
    kill_process(Pid::from_child(&nap), Signal::INT).unwrap();
    assert_eq!([ended(calm), ended(theft), ended(empty), ended(nap)], [0, 1, 0, 1]);
    assert!(!emptied.join("went-on").exists());

    assert!(room.reads("shop in calm succeeded after ").ends_with('s'));
    room.reads("hypothesis: the shop has stock: met before, met after");
    room.reads("shop with a thief deviated after ");
    room.reads("deviated: the hypothesis did not hold afterwards");
    room.reads("  stock is there (after) gave ");
    room.reads("shop without stock was not begun");
    room.reads("the hypothesis did not hold before the experiment, so the method did not run");
    room.reads("shop asleep was interrupted after ");
    room.reads("interrupted during `disturb`");

    // Each is told as it starts and as it ends; what is sent twice, as a deviation is, is told once.
    let mut events = vec![
        ("shop in calm", "ok", "ok"),
        ("shop with a thief", "failed", "error"),
        ("shop without stock", "failed", "error"),
        ("shop asleep", "canceled", "warning"),
    ];
    events.extend(events.clone().iter().map(|(title, ..)| (*title, "started", "info")));
    assert_eq!(room.history(events.len()), expected(&events));
    for title in ["shop in calm", "shop with a thief", "shop without stock", "shop asleep"] {
        assert_eq!(room.times(&format!("{title} started")), 1);
    }
    assert_eq!(room.reader.heard("shop with a thief deviated").len(), 1);
    room.close();
}

/// What [`FLOOD`] prints, in bytes.
const FLOODED: u64 = 5_000_000;
/// The stock is gone and five megabytes are printed, so that the toolkit sends its journal twice.
const FLOOD: &str = "rm stock; head -c 5000000 /dev/zero | tr '\\0' x";
/// The most memory that they cost meanwhile, in MiB.
const MOST_MEMORY: u64 = 64;

#[test]
fn a_journal_of_five_megabytes_is_taken_and_cut_for_the_room() {
    let Some(room) = Room::open("  chaostoolkit: { bearer: chaos-token }") else { return };
    let Some(lab) = Lab::new(&room) else { return };
    let watch = room.watch();
    let (flood, _) = lab.run("shop with a flood", true, FLOOD);
    assert_eq!(ended(flood), 1);
    room.reads("shop with a flood deviated after ");
    room.reads("method: disturb ok");
    let events = [("shop with a flood", "started", "info"), ("shop with a flood", "failed", "error")];
    assert_eq!(room.history(2), expected(&events));
    let said: usize = room.reader.heard("").iter().map(|said| said.text.len()).sum();
    assert!(said < 2_000, "{said} bytes in the room");
    let kept = Api::of(&room.home).get("events?source=chaostoolkit").json;
    let sizes: Vec<u64> =
        kept["events"].as_array().unwrap().iter().map(|event| event["size"].as_u64().unwrap()).collect();
    assert!(sizes.iter().any(|size| *size > FLOODED), "{sizes:?}");
    let cost = watch.cost();
    eprintln!("two journals of 5 MB: {cost} MiB at most");
    assert!(cost < MOST_MEMORY, "{cost} MiB");
    room.close();
}

#[test]
fn a_wrong_token_tells_nothing_and_fails_no_experiment() {
    let Some(room) = Room::open("  chaostoolkit: { bearer: another-token }") else { return };
    let Some(lab) = Lab::new(&room) else { return };
    let (calm, _) = lab.run("shop in calm", true, "true");
    assert_eq!(ended(calm), 0);
    room.logs("a sender was not let in");
    assert!(room.history(0).is_empty() && room.reader.heard("shop").is_empty());
    room.close();
}

#[test]
fn a_run_that_was_killed_is_told_as_one_without_an_end() {
    let source = "  chaostoolkit: { bearer: chaos-token, from: { chaostoolkit: { still_running: 2s } } }";
    let Some(room) = Room::open(source) else { return };
    let Some(lab) = Lab::new(&room) else { return };
    let (mut lost, place) = lab.run("shop that is lost", true, "touch began; exec sleep 600");
    until(PATIENCE, || place.join("began").exists().then_some(()));
    lost.kill().unwrap();
    lost.wait().unwrap();
    room.reads("shop that is lost started");
    room.reads("shop that is lost is still running after ");
    room.close();
}
