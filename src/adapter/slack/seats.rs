//! Two sockets a session: Slack sends each envelope to one of them, so that one can be replaced, or die, while the
//! other hears. A seat keeps one socket; the session is lost when none is left.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join;

use super::context::Context;
use super::line::{DISABLED, Left, Line, open};
use crate::adapter::Ended;

/// The waits before a seat that lost its socket opens one again, while the other one hears.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A socket that lived this long was a good one: the next is opened at once.
const GOOD: Duration = Duration::from_secs(10);

/// Keeps a socket open until the session is over; `line` is the first one, where it is open already.
pub(super) async fn keep(context: Arc<Context>, mut line: Option<Line>) {
    let mut wait = Duration::ZERO;
    loop {
        let opened = match line.take() {
            Some(line) => Ok(line),
            None => open(&context).await,
        };
        match opened {
            Ok(line) => {
                context.up.fetch_add(1, Ordering::SeqCst);
                let began = context.link.world.now();
                let left = hold(&context, line).await;
                let others = context.up.fetch_sub(1, Ordering::SeqCst) - 1;
                if let Some(ended) = after(&context, left, others) {
                    // The session ends with the first reason.
                    let _ = context.over.try_send(ended);
                    return;
                }
                if context.link.world.now().since(began) >= GOOD {
                    wait = Duration::ZERO;
                }
            }
            Err(ended) if context.up.load(Ordering::SeqCst) == 0 => {
                let _ = context.over.try_send(ended);
                return;
            }
            Err(ended) => {
                tracing::info!(adapter = %context.link.name, ?ended, "the second socket cannot be opened yet");
            }
        }
        let world = &context.link.world;
        world.sleep(wait / 2 + world.jitter(wait / 2)).await;
        wait = (wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
    }
}

/// What the end of a socket means while `others` are open; `None`: open another one.
fn after(context: &Context, left: Left, others: usize) -> Option<Ended> {
    match left {
        Left::Disabled => Some(Ended::Refused(DISABLED.to_owned())),
        Left::Stopped => Some(Ended::Stopped),
        Left::Lost(why) if others == 0 => Some(Ended::Lost(why)),
        Left::Lost(why) => {
            tracing::info!(adapter = %context.link.name, why, "connection lost; the other of two hears on");
            context.may_have_missed();
            None
        }
        Left::Asked => None,
    }
}

/// Serves a socket and its successors: the next one is open before the one that Slack wants back is closed.
async fn hold(context: &Context, mut line: Line) -> Left {
    let mut left = line.serve(context).await;
    while left == Left::Asked {
        let next = tokio::select! {
            next = replacement(context) => next,
            left = line.serve(context) => match left {
                // It went before its successor was there: what it carried meanwhile is read up on.
                Left::Lost(_) => {
                    context.may_have_missed();
                    replacement(context).await
                }
                other => return other,
            },
        };
        match next {
            Ok(mut next) => {
                let ((), after) = join(line.leave(context), next.serve(context)).await;
                (line, left) = (next, after);
            }
            Err(Ended::Refused(why)) => return refused(context, why),
            Err(_) => return Left::Lost("slack asked for a new socket and gave none".to_owned()),
        }
    }
    if left == Left::Stopped {
        line.leave(context).await;
    }
    left
}

/// Refused while the other socket hears: the seat tries again slowly.
fn refused(context: &Context, why: String) -> Left {
    tracing::warn!(adapter = %context.link.name, why, "slack refuses another socket");
    Left::Lost(why)
}

/// How often a successor is tried for, with a growing wait: Slack gives about ten seconds.
const TRIES: u32 = 6;

async fn replacement(context: &Context) -> Result<Line, Ended> {
    let mut wait = FIRST_WAIT;
    let mut outcome = open(context).await;
    for _ in 0..TRIES {
        if !matches!(outcome, Err(Ended::Lost(_))) {
            break;
        }
        context.link.world.sleep(wait).await;
        wait *= 2;
        outcome = open(context).await;
    }
    outcome
}
