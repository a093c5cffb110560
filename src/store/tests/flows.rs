//! What workflows know: written step by step, sealed, and kept when the bot dies.

use super::*;
use crate::model::Step;
use crate::store::{Done, Flow, Notice};

fn flow(execution: i64, gone: &[&str], parts: &[(&str, &str)]) -> Box<Flow> {
    Box::new(Flow {
        execution,
        status: None,
        gone: gone.iter().map(ToString::to_string).collect(),
        parts: parts.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect(),
    })
}

/// A step of the workflow 1.
fn step(id: i64) -> Change {
    let Change::Begin(mut begin) = begin(id) else { unreachable!() };
    begin.execution.step = Some(Step { workflow: 1, task: "build#2".into() });
    Change::Begin(begin)
}

fn finished(id: i64) -> Option<Box<Finish>> {
    let Change::Finish(finish) = finish(id, None) else { unreachable!() };
    Some(finish)
}

#[tokio::test]
async fn parts_are_put_and_dropped_with_the_end_that_brought_them_and_are_sealed() {
    let home = Home::new();
    let store = home.open().unwrap();
    assert_eq!(one_begun(&store).await, 1);
    store.write(step(2)).await.unwrap();
    let first = [("head", "{}"), ("call/1/", "hunter2"), ("call/10/", "b"), ("call/1/3/", "c")];
    store.write(Change::Step { finish: None, flow: flow(1, &[], &first) }).await.unwrap();
    let second = flow(1, &["call/1/"], &[("head", "new")]);
    let done = store.write(Change::Step { finish: finished(2), flow: second }).await;
    assert_eq!(done, Ok(Done::Written));
    let parts = store.flow(1).await.unwrap();
    let parts: Vec<_> = parts.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    assert_eq!(parts, [("call/10/", "b"), ("head", "new")]);
    let steps = store.read(|reader| reader.steps(1)).await.unwrap();
    assert_eq!((steps[0].id, steps[0].status), (2, Status::Succeeded));
    assert_eq!(steps[0].step, Some(Step { workflow: 1, task: "build#2".into() }));
    store.write(Change::Step { finish: None, flow: flow(1, &[], &[("layer/0", "hunter2")]) }).await.unwrap();
    let sealed: String =
        home.raw().query_row("SELECT sealed FROM flow WHERE part = 'layer/0'", [], |row| row.get(0)).unwrap();
    assert!(!sealed.contains("hunter2"));
}

#[tokio::test]
async fn a_workflow_stays_open_when_the_bot_dies_and_its_steps_are_abandoned() {
    let home = Home::new();
    {
        let store = home.open().unwrap();
        one_begun(&store).await;
        store.write(step(2)).await.unwrap();
        store.write(Change::Step { finish: None, flow: flow(1, &[], &[("head", "{}")]) }).await.unwrap();
        store.close().await.unwrap();
    }
    let store = home.open().unwrap();
    let recover = Change::Recover { at: at(500), notice: Notice::new(|_| None) };
    let Ok(Done::Recovered(abandoned)) = store.write(recover).await else { panic!() };
    assert_eq!(abandoned.iter().map(|execution| execution.id).collect::<Vec<_>>(), [2]);
    let open = store.read(crate::store::Reader::open_flows).await.unwrap();
    assert_eq!(open.iter().map(|execution| execution.id).collect::<Vec<_>>(), [1]);
    let Change::Finish(finish) = finish(1, None) else { unreachable!() };
    store.write(Change::Finish(finish)).await.unwrap();
    assert!(store.read(crate::store::Reader::open_flows).await.unwrap().is_empty());
    assert_eq!(store.flow(1).await.unwrap().len(), 1, "what it knew stays for a rerun");
}

#[tokio::test]
async fn lists_leave_the_steps_of_workflows_out_unless_they_are_asked_for() {
    let home = Home::new();
    let store = home.open().unwrap();
    one_begun(&store).await;
    store.write(step(2)).await.unwrap();
    let ids = |of: Option<i64>| {
        let filter = crate::store::Filter { of, limit: 9, ..Default::default() };
        let store = store.clone();
        async move {
            let found = store.read(move |reader| reader.executions(&filter)).await.unwrap();
            found.into_iter().map(|execution| execution.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(ids(None).await, [1]);
    assert_eq!(ids(Some(1)).await, [2]);
}
