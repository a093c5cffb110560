//! Where commands came from whose results are not said yet: what came with them, and whether the Hubot has its answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::model::{Newest, Timestamp};
use crate::net::World;

/// Commands that are remembered.
const MOST: usize = 1_000;

/// A result follows the acknowledgement, which is on its way in the answer to the request, by as much.
const AFTER: Duration = Duration::from_millis(100);

/// A request that is not answered by then never is.
const LONGEST: Duration = Duration::from_secs(10);

struct Origin {
    context: Value,
    begun: Timestamp,
    answered: Option<Timestamp>,
}

/// Whether a result may be said.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    /// Now, with what came with its command.
    Now(Option<Value>),
    /// After this span, perhaps.
    Wait(Duration),
}

/// The newest commands of one Hubot.
pub(super) struct Origins {
    world: World,
    all: Mutex<Newest<Arc<str>, Origin>>,
}

impl Origins {
    pub(super) fn new(world: World) -> Self {
        Self { world, all: Mutex::new(Newest::new(MOST)) }
    }

    fn lock(&self) -> MutexGuard<'_, Newest<Arc<str>, Origin>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command comes in.
    pub(super) fn begin(&self, command: Arc<str>, context: Value) {
        let origin = Origin { context, begun: self.world.now(), answered: None };
        self.lock().insert(command, origin);
    }

    /// The request that brought it has its answer.
    pub(super) fn answered(&self, command: &str) {
        let now = self.world.now();
        if let Some(origin) = self.lock().get_mut(command) {
            origin.answered = Some(now);
        }
    }

    /// Whether the result of a command may be said; `command` may name a part of it, `id#1`.
    pub(super) fn turn(&self, command: &str) -> Turn {
        let all = self.lock();
        let whole = command.split('#').next().unwrap_or(command);
        let Some(origin) = all.get(whole) else { return Turn::Now(None) };
        let now = self.world.now();
        let since = origin.answered.map(|answered| now.since(answered));
        if now.since(origin.begun) < LONGEST && since.is_none_or(|since| since < AFTER) {
            return Turn::Wait(since.map_or(AFTER, |since| AFTER.saturating_sub(since)));
        }
        Turn::Now(Some(origin.context.clone()).filter(|context| !context.is_null()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn a_result_follows_the_answer_to_the_request_and_knows_where_it_came_from() {
        let origins = Origins::new(World::real());
        origins.begin("a".into(), json!({"id": 7}));
        assert_eq!(origins.turn("a"), Turn::Wait(AFTER));
        origins.answered("a");
        assert!(matches!(origins.turn("a#1"), Turn::Wait(left) if left <= AFTER));
        while let Turn::Wait(left) = origins.turn("a#1") {
            tokio::time::sleep(left).await;
        }
        assert_eq!(origins.turn("a#1"), Turn::Now(Some(json!({"id": 7}))));
        assert_eq!(origins.turn("unknown"), Turn::Now(None));
    }
}
