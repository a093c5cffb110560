//! Tells a bot how a job goes, without holding up the job: in the background, in order, within limits.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::patiently;
use crate::cli::api::Api;

/// How long the start may take to tell, while the command runs.
const START: Duration = Duration::from_secs(60);
/// How long the start may still take when the command has ended.
const HURRY: Duration = Duration::from_secs(2);
/// How long the end may take to tell: this is how much longer than its command a job may take.
const END: Duration = Duration::from_secs(5);
/// How long one try may take.
const TRY: Duration = Duration::from_secs(3);

/// Tells the start at once and the end later.
pub(super) struct Reporter {
    end: mpsc::Sender<Value>,
    work: JoinHandle<Vec<String>>,
}

impl Reporter {
    /// Begins to tell the start. `key` is the job's own; an `api` that cannot be had is told in the end.
    pub(super) fn start(api: anyhow::Result<Api>, key: String, started: Value) -> Self {
        let (end, ended) = mpsc::channel(1);
        let work = tokio::spawn(async move {
            match api {
                Ok(api) => tell(&api, &key, &started, ended).await,
                Err(error) => vec![format!("neither start nor end could be told: {error:#}")],
            }
        });
        Self { end, work }
    }

    /// Tells the end; gives what could not be told, one sentence each.
    pub(super) async fn finish(self, ended: Value) -> Vec<String> {
        // A worker that is gone has said why.
        let _ = self.end.send(ended).await;
        self.work.await.unwrap_or_else(|error| vec![format!("the reports failed: {error}")])
    }
}

async fn tell(api: &Api, key: &str, started: &Value, mut ended: mpsc::Receiver<Value>) -> Vec<String> {
    let mut problems = Vec::new();
    let start_key = format!("{key}-start");
    let mut start = std::pin::pin!(patiently(api, started, &start_key, START, TRY));
    let (told, end) = tokio::select! {
        told = &mut start => (told.map(drop).map_err(|error| error.to_string()), ended.recv().await),
        end = ended.recv() => {
            let told = tokio::time::timeout(HURRY, &mut start).await;
            let late = || "no answer in time".to_owned();
            (told.map_or_else(|_| Err(late()), |told| told.map(drop).map_err(|error| error.to_string())), end)
        }
    };
    problems.extend(told.err().map(|why| format!("the start was not told: {why}")));
    let Some(end) = end else { return problems };
    let told = tokio::time::timeout(END, patiently(api, &end, &format!("{key}-end"), END, TRY)).await;
    match told {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => problems.push(format!("the end was not told: {error}")),
        Err(_) => problems.push(format!("the end was not told: no answer within {END:?}")),
    }
    problems
}
