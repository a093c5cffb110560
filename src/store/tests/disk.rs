//! A full disk and one that cannot be written, on a small tmpfs. Skipped where that cannot be mounted.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::store::{Done, Reader};

/// A mounted tmpfs of two megabytes; unmounted when dropped.
struct Small(tempfile::TempDir);

impl Small {
    /// None where mounting is not allowed.
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = run(&["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs"], dir.path());
        mounted.then_some(Self(dir))
    }

    fn store(&self) -> Result<Store, StoreError> {
        let keys = Keys::load_or_create(self.0.path())?;
        Store::open(&self.0.path().join("chatops.db"), keys, World::real())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        run(&["umount", "-l"], self.0.path());
    }
}

fn run(command: &[&str], path: &Path) -> bool {
    let output = Command::new(command[0]).args(&command[1..]).arg(path).output();
    output.is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_room() {
    let Some(small) = Small::mount() else { return };
    let store = small.store().unwrap();
    let first = one_begun(&store).await;
    let ballast = small.0.path().join("ballast");
    std::fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let mut kept = Vec::new();
    let refused = loop {
        let id = store.id(Noun::Execution);
        match store.write(begin(id)).await {
            Ok(done) => kept.push((id, done)),
            Err(error) => break error,
        }
        assert!(kept.len() < 10_000);
    };
    assert_eq!(refused, StoreError::DiskFull);
    assert_eq!(refused.to_string(), "the disk that holds the database is full");
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(store.write(finish(first, None)).await, Ok(Done::Written));
    let (last, _) = kept.last().cloned().unwrap();
    let open = store
        .read(move |reader| Ok((reader.execution(last)?.is_some(), reader.open_executions()?.len())))
        .await;
    assert_eq!(open, Ok((true, kept.len())));
    let path = small.0.path().join("chatops.db");
    let keys = Keys::load(small.0.path()).unwrap();
    let verdict = crate::store::audit::verify(&Reader::open_readonly(&path).unwrap(), &keys, None).unwrap();
    assert!(verdict.is_whole(), "{verdict:?}");
}

#[tokio::test]
async fn a_database_that_cannot_be_written_is_refused_at_the_start() {
    let Some(small) = Small::mount() else { return };
    drop(small.store().unwrap());
    assert!(run(&["mount", "-o", "remount,ro"], small.0.path()));
    let error = small.store().unwrap_err();
    assert_eq!(error, StoreError::ReadOnly);
    assert!(error.to_string().contains("cannot be written"), "{error}");
}

#[tokio::test]
async fn a_full_disk_refuses_events_and_loses_none() {
    let Some(small) = Small::mount() else { return };
    let store = small.store().unwrap();
    let ballast = small.0.path().join("ballast");
    std::fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let mut kept = Vec::new();
    let refused = loop {
        let id = store.id(Noun::Event);
        match store.write(accept(id, &format!("web{id}"), vec![sending("a")])).await {
            Ok(done) => kept.push((id, done)),
            Err(error) => break error,
        }
        assert!(kept.len() < 10_000);
    };
    assert_eq!(refused, StoreError::DiskFull);
    std::fs::remove_file(&ballast).unwrap();
    let id = store.id(Noun::Event);
    assert_eq!(
        store.write(accept(id, "late", vec![sending("b")])).await,
        Ok(Done::Accepted { event: id, deliveries: 1 })
    );
    kept.push((id, Done::Accepted { event: id, deliveries: 1 }));
    let ids: Vec<_> = kept.iter().rev().map(|(id, _)| *id).collect();
    let all = crate::store::EventFilter { limit: 20_000, ..Default::default() };
    let waiting = crate::store::DeliveryFilter { limit: 20_000, ..Default::default() };
    let found = store.read(move |reader| Ok((reader.events(&all)?, reader.deliveries(&waiting)?))).await;
    let (events, deliveries) = found.unwrap();
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), ids);
    assert_eq!(deliveries.iter().map(|one| one.event.unwrap()).collect::<Vec<_>>(), ids);
}
