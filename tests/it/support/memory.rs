//! What the bot occupies of its own: heap and stacks, without the pages of its program's file.
//!
//! The pages of a debug build's file are most of what is resident, become more with each feature, and can be taken
//! away at any time; a test of memory is about what the bot holds.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::Pid;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// What a process that runs occupies of its own, in bytes.
pub(crate) fn own(pid: Pid) -> u64 {
    looked(pid).unwrap()
}

fn looked(pid: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Looks again and again, until it is asked.
pub(crate) struct Watch {
    before: u64,
    most: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    watcher: JoinHandle<()>,
}

impl Watch {
    pub(crate) fn of(pid: Pid) -> Self {
        let (most, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, stopped) = (Arc::clone(&most), Arc::clone(&stop));
        let watcher = thread::spawn(move || {
            while let Some(now) = looked(pid).filter(|_| !stopped.load(Ordering::Relaxed)) {
                seen.fetch_max(now, Ordering::Relaxed);
                thread::sleep(PAUSE);
            }
        });
        Self { before: own(pid), most, stop, watcher }
    }

    /// How much more it was at most than at the first look, in MiB.
    pub(crate) fn cost(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.watcher.join().unwrap();
        self.most.load(Ordering::Relaxed).saturating_sub(self.before) >> 20
    }
}
