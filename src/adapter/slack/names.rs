//! How rooms and people are called: asked for when first needed, kept for a while, never all at once.
//!
//! `access.yaml` may name a room as `#ops`, so the first message of a room waits for its name, a moment at most.

use std::time::Duration;

use futures_util::future::join;
use serde_json::Value;

use super::context::Context;
use crate::wire::slack::{ApiError, Body};

/// A message waits this long for names.
const MOMENT: Duration = Duration::from_secs(3);
/// A room may be renamed: its name is asked for again after this time.
const FRESH: Duration = Duration::from_secs(600);
/// What Slack does not tell is asked for again after this time.
const AGAIN: Duration = Duration::from_secs(60);
/// Names wait this long after Slack had trouble with them.
const REST: Duration = Duration::from_secs(10);

/// The names of a room and a person: `#ops`, where it is shared, and `alice`, or the id where Slack does not tell.
pub(super) async fn of(
    context: &Context,
    channel: &str,
    direct: bool,
    user: &str,
) -> (Option<String>, String) {
    let room = async {
        if direct { None } else { name(context, channel, "conversations.info", "channel", room_name).await }
    };
    let person = name(context, user, "users.info", "user", person_name);
    let (room, person) = join(room, person).await;
    (room, person.unwrap_or_else(|| user.to_owned()))
}

fn room_name(body: &Value) -> Option<String> {
    let channel = &body["channel"];
    let name = channel["name"].as_str().filter(|name| !name.is_empty())?;
    // A group message is called after its members, and nobody can write that.
    (channel["is_mpim"] != true).then(|| format!("#{name}"))
}

fn person_name(body: &Value) -> Option<String> {
    let texts = ["/user/profile/display_name", "/user/real_name", "/user/name"];
    let found = texts.iter().filter_map(|pointer| body.pointer(pointer)?.as_str());
    found.map(str::trim).find(|name| !name.is_empty()).map(str::to_owned)
}

async fn name(
    context: &Context,
    id: &str,
    method: &str,
    argument: &str,
    read: fn(&Value) -> Option<String>,
) -> Option<String> {
    let world = &context.link.world;
    let known = {
        // At the end of a session nothing waits for a name.
        let over = context.done.is_cancelled();
        let memory = context.inner.memory();
        let now = world.now();
        let rests = over || memory.names_rest.is_some_and(|until| now < until);
        match memory.name(id) {
            Some((name, at)) => {
                let lasts = if name.is_some() { FRESH } else { AGAIN };
                let fresh = rests || now.since(*at) < lasts;
                fresh.then(|| name.clone())
            }
            None => rests.then_some(None),
        }
    };
    if let Some(name) = known {
        return name;
    }
    let fields = [(argument, id)];
    let asked = world.timeout(MOMENT, context.api.call(method, Body::Form(&fields))).await;
    let now = world.now();
    let mut memory = context.inner.memory();
    match asked {
        Ok(Ok(answer)) => {
            let name = read(&answer.body);
            memory.keep_name(id, name.clone(), now);
            name
        }
        Ok(Err(ApiError::Said { .. })) => {
            memory.keep_name(id, None, now);
            None
        }
        failed => {
            let asked_to = match failed {
                Ok(Err(ApiError::Later { after, .. })) => after,
                _ => None,
            };
            memory.names_rest = Some(now.plus(asked_to.unwrap_or(REST)));
            // An old name is better than none.
            memory.name(id).and_then(|(name, _)| name.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_room_is_called_by_its_name_and_a_person_as_people_see_it() {
        assert_eq!(room_name(&json!({"channel": {"name": "ops"}})), Some("#ops".into()));
        assert_eq!(room_name(&json!({"channel": {"name": "mpdm-a--b-1", "is_mpim": true}})), None);
        let user = json!({"user": {"name": "a", "real_name": "Alice", "profile": {"display_name": ""}}});
        assert_eq!(person_name(&user), Some("Alice".into()));
        assert_eq!(person_name(&json!({})), None);
    }
}
