//! What the bot does of its own accord: tells the log the head of the audit chain, so that a cut tail
//! shows later, and removes what is older than the retention settings allow.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, json};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::home::Homes;
use crate::model::Timestamp;
use crate::net::World;
use crate::store::{Change, Done, Entry, Reader, Store, What};

/// Between two heads in the log.
const EVERY: Duration = Duration::from_secs(3600);

/// The process started or stopped, as an audit record.
pub(super) fn life(world: &World, what: What) -> Change {
    let mut body = Map::new();
    body.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
    body.insert("pid".to_owned(), json!(std::process::id()));
    let entry = Entry { at: world.now(), what, person: None, place: None, subject: None, body };
    Change::Audit(Box::new(entry))
}

/// Works until `quit`.
pub(super) async fn run(store: Store, homes: Arc<Homes>, world: World, quit: CancellationToken) {
    loop {
        tell_heads(&store).await;
        trim(&store, &homes, &world).await;
        tokio::select! {
            () = world.sleep(EVERY) => {}
            () = quit.cancelled() => return,
        }
    }
}

async fn tell_heads(store: &Store) {
    match store.read(Reader::heads).await {
        Ok(heads) => heads.iter().for_each(|head| info!(%head, "audit head")),
        Err(error) => warn!(%error, "the head of the audit log cannot be read"),
    }
}

async fn trim(store: &Store, homes: &Homes, world: &World) {
    let settings = &homes.current().settings;
    let now = world.now();
    let (history, audit) = (settings.retention.span(), settings.audit_retention.span());
    if history.is_none() && audit.is_none() {
        return;
    }
    let before = |span: Option<Duration>| span.map_or(Timestamp::from_micros(0), |span| ago(now, span));
    let change = Change::Trim { history_before: before(history), audit_before: before(audit), at: now };
    match store.write(change).await {
        Ok(Done::Trimmed(0)) => {}
        Ok(Done::Trimmed(removed)) => info!(removed, "removed what is older than the retention"),
        Ok(_) => {}
        Err(error) => warn!(%error, "old records were not removed"),
    }
}

fn ago(now: Timestamp, span: Duration) -> Timestamp {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(micros))
}
