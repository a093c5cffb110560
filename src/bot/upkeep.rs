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
    let before = |span: Option<Duration>| span.map_or(Timestamp::from_micros(0), |span| now.minus(span));
    let history_before = before(settings.retention.span());
    let audit_before = before(settings.audit_retention.span());
    let mut all = 0;
    // Each step is a short commit; people's changes go between them.
    loop {
        match store.write(Change::Trim { history_before, audit_before, at: now }).await {
            Ok(Done::Trimmed(removed)) if removed > 0 => all += removed,
            Ok(_) => break,
            Err(error) => {
                warn!(%error, "old records were not removed");
                break;
            }
        }
    }
    if all > 0 {
        info!(removed = all, "removed what is older than the retention");
    }
}
