//! Gives back the pages of the program that only its start needed.
//!
//! Starting runs code that is not run again: reading the configuration, compiling formats, opening the database. The
//! kernel has mapped that part of the program with generous neighbours, and it would stay counted as resident for as
//! long as the bot lives. The pages are clean copies of the file: what is needed again is mapped again, in microseconds.

use std::time::Duration;

use tracing::debug;

/// What follows "ready" (logins, first messages) has run by then.
const SETTLED: Duration = Duration::from_secs(2);

/// A part of the address space that maps a file.
#[derive(Debug, PartialEq, Eq)]
struct Mapping {
    start: usize,
    end: usize,
}

/// Gives back what is not used, once, when the start is over.
pub(super) async fn when_started() {
    tokio::time::sleep(SETTLED).await;
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return };
    let Ok(program) = std::env::current_exe() else { return };
    for mapping in clean(&maps, &program.to_string_lossy()) {
        give_back(&mapping);
    }
}

/// The parts of `program` that are never written, not even by the loader: its code, and what stands before it (constants).
/// What stands behind the code holds addresses that the loader has filled in, which the file does not have.
fn clean(maps: &str, program: &str) -> Vec<Mapping> {
    let mut found = Vec::new();
    for line in maps.lines() {
        let Some((range, rest)) = line.split_once(' ') else { continue };
        if !rest.ends_with(program) {
            continue;
        }
        let parsed = range.split_once('-').and_then(|(start, end)| {
            let number = |text| usize::from_str_radix(text, 16).ok();
            Some(Mapping { start: number(start)?, end: number(end)? })
        });
        match (parsed, rest.get(..4)) {
            (Some(mapping), Some("r--p")) => found.push(mapping),
            (Some(mapping), Some("r-xp")) => {
                found.push(mapping);
                return found;
            }
            _ => return Vec::new(),
        }
    }
    Vec::new()
}

#[allow(unsafe_code, reason = "`madvise` is unsafe because it can throw away what was written; see below")]
fn give_back(mapping: &Mapping) {
    use rustix::mm::{Advice, madvise};
    let length = mapping.end - mapping.start;
    let start = std::ptr::with_exposed_provenance_mut(mapping.start);
    // SAFETY: the range is a private mapping of the program's own file that is not writable and was never written
    // (see `clean`), so that each page comes back from the file as it was, also while other threads run in it.
    let outcome = unsafe { madvise(start, length, Advice::LinuxDontNeed) };
    debug!(length, ?outcome, "pages that starting needed are given back");
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
55b5b3ad4000-55b5b3fc8000 r--p 00000000 08:01 7 /usr/bin/chatops
55b5b3fc8000-55b5b5345000 r-xp 004f3000 08:01 7 /usr/bin/chatops
55b5b5345000-55b5b53d0000 r--p 01870000 08:01 7 /usr/bin/chatops
55b5b53d0000-55b5b53d9000 rw-p 018fa000 08:01 7 /usr/bin/chatops
55b5c0f65000-55b5c108a000 rw-p 00000000 00:00 0 [heap]
7f91e7b04000-7f91e7c5a000 r-xp 00026000 08:01 9 /usr/lib/libc.so.6
";

    #[test]
    fn only_what_the_loader_did_not_write_is_given_back() {
        let found = clean(MAPS, "/usr/bin/chatops");
        let constants = Mapping { start: 0x55b5_b3ad_4000, end: 0x55b5_b3fc_8000 };
        let code = Mapping { start: 0x55b5_b3fc_8000, end: 0x55b5_b534_5000 };
        assert_eq!(found, [constants, code]);
    }

    #[test]
    fn an_unknown_layout_is_left_alone() {
        let written = MAPS.replacen("r--p", "rw-p", 1);
        assert_eq!(clean(&written, "/usr/bin/chatops"), []);
        assert_eq!(clean("", "/usr/bin/chatops"), []);
        assert_eq!(clean(MAPS, "/usr/bin/other"), []);
    }

    #[tokio::test]
    async fn the_program_goes_on_after_it() {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let program = std::env::current_exe().unwrap();
        let clean = clean(&maps, &program.to_string_lossy());
        assert_eq!(clean.len(), 2, "{maps}");
        for _ in 0..10 {
            clean.iter().for_each(give_back);
            assert_eq!("goes on".to_uppercase(), "GOES ON");
        }
    }
}
