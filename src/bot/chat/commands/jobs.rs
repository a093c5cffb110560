//! `ps`, `kill`: what runs now, and ending it.

use super::{Call, Need, Reply, Row, Run, post, table};
use crate::bot::engine::Listed;
use crate::bot::reply;
use crate::text::human::duration;
use crate::text::{Post, Tone};

/// What runs now.
pub(super) static PS: Row = Row {
    name: "ps",
    display: "ps",
    formats: &["ps"],
    summary: "what waits and runs now",
    need: Need::Something,
    permit: "chatops.history",
    run: Run::Now(ps),
};

/// Ends one.
pub(super) static KILL: Row = Row {
    name: "kill",
    display: "kill {{id}}",
    formats: &["kill {{id}}"],
    summary: "end a command that waits or runs",
    need: Need::Something,
    permit: "chatops.kill",
    run: Run::Now(kill),
};

fn ps(call: &Call) -> Reply {
    let all = call.may("chatops.history") || call.may("chatops.kill");
    let now = call.chat.world.now();
    // The tasks of a workflow are shown by `show`.
    let seen = |listed: &Listed| listed.step.is_none() && (all || listed.person == call.asker.person);
    let open: Vec<_> = call.chat.engine.list().into_iter().filter(seen).collect();
    if open.is_empty() {
        return Reply::Said(Post::plain("nothing runs"));
    }
    let row = |listed: Listed| {
        let since = duration(now.since(listed.asked));
        vec![
            listed.id.to_string(),
            listed.status.to_string(),
            listed.name,
            since,
            reply::shorten(&listed.command),
        ]
    };
    let rows = open.into_iter().map(row).collect();
    Reply::Said(post(vec![table(&["id", "status", "who", "since", "command"], rows)]))
}

fn kill(call: &Call) -> Reply {
    let typed = call.param("id").unwrap_or_default();
    let Ok(id) = typed.trim_start_matches('#').parse::<i64>() else {
        return Reply::Problem(reply::problem(&format!("`{typed}` is not an id; `ps` lists what runs")));
    };
    let open = call.chat.engine.open(id);
    let seen = open.filter(|open| open.person == call.asker.person || call.may("chatops.kill"));
    let Some(open) = seen else {
        return Reply::Problem(reply::problem(&format!(
            "no execution {id} of yours waits or runs; `ps` lists them"
        )));
    };
    if let Err(error) = call.chat.engine.kill_for(id, &call.asker) {
        return Reply::Problem(reply::problem(&error.to_string()));
    }
    Reply::Said(Post::plain(format!("ending {id}: {}", reply::shorten(&open.command))).tone(Tone::Working))
}
