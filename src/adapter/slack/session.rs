//! One session: who we are, two sockets, what is heard, what is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::context::{Context, Me, ended};
use super::{Slack, catch_up, hearing, line, seats, sending};
use crate::adapter::{Abilities, Adapter, Ended, Link};
use crate::wire::slack::{Api, Body};

/// Messages on the way at once, each in a place of its own.
const SENDING: usize = 32;
/// The good-byes may take this long.
const FAREWELL: Duration = Duration::from_secs(3);

/// Runs a session to its end.
pub(super) async fn run(slack: &Slack, link: &Link) -> Ended {
    let (over_in, mut over) = mpsc::channel(4);
    let (heard_in, heard) = mpsc::channel(hearing::QUEUE);
    let begun = tokio::select! {
        () = link.stop.cancelled() => return Ended::Stopped,
        begun = begin(slack, link, heard_in, over_in) => begun,
    };
    let (context, first) = match begun {
        Ok(begun) => begun,
        Err(ended) => return ended,
    };
    let _done = context.done.clone().drop_guard();
    tell_up(slack, &context).await;
    let hearing = tokio::spawn(hear(context.clone(), heard));
    let mut sockets = JoinSet::new();
    sockets.spawn(seats::keep(context.clone(), Some(first)));
    sockets.spawn(seats::keep(context.clone(), None));
    let mut others = JoinSet::new();
    others.spawn(catch_up::keep(context.clone()));
    others.spawn(catch_up::note(context.clone()));
    let ended = tokio::select! {
        biased;
        ended = over.recv() => ended.unwrap_or(Ended::Stopped),
        () = send_all(&context) => Ended::Stopped,
        () = link.stop.cancelled() => Ended::Stopped,
    };
    if ended == Ended::Stopped {
        // What matters is sent; a service that does not let us go is left alone.
        let _ = link.world.timeout(FAREWELL, async { while sockets.join_next().await.is_some() {} }).await;
    }
    // What was taken in is heard before another session begins: nothing brings it again.
    others.shutdown().await;
    sockets.shutdown().await;
    context.done.cancel();
    if link.world.timeout(FAREWELL, hearing).await.is_ok() {
        let heard = context.inner.memory().heard;
        let _ = link.world.timeout(FAREWELL, catch_up::keep_mark(&context, heard)).await;
    }
    ended
}

async fn hear(context: Arc<Context>, heard: mpsc::Receiver<crate::wire::slack::Event>) {
    hearing::pass_on(&context, heard).await;
}

/// Everything up to the first greeted socket.
async fn begin(
    slack: &Slack,
    link: &Link,
    heard: mpsc::Sender<crate::wire::slack::Event>,
    over: mpsc::Sender<Ended>,
) -> Result<(Arc<Context>, line::Line), Ended> {
    let (api, app) = slack.inner.apis().map_err(Ended::Refused)?;
    let mut context = Context {
        inner: slack.inner.clone(),
        patience: slack.patience,
        link: link.clone(),
        api,
        app,
        me: Me::default(),
        heard,
        over,
        done: CancellationToken::new(),
        up: AtomicUsize::new(0),
        missed: Notify::new(),
        reading: AtomicBool::new(false),
        no_files: AtomicBool::new(false),
    };
    context.me = introduce(&context, &context.api).await?;
    let first = line::open(&context).await?;
    Ok((Arc::new(context), first))
}

/// Who the bot is there.
async fn introduce(context: &Context, api: &Api) -> Result<Me, Ended> {
    let answer = context.patiently(|| api.call("auth.test", Body::Form(&[]))).await;
    let answer = answer.map_err(|error| ended(&error, "BOT_TOKEN"))?;
    let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
    match text("user_id") {
        user if user.is_empty() => Err(Ended::Lost("slack does not say who the bot is".to_owned())),
        user => Ok(Me { user, name: text("user") }),
    }
}

async fn tell_up(slack: &Slack, context: &Context) {
    let began = slack.inner.memory().began;
    let again = began.is_some() || catch_up::goes_on(context).await;
    if again {
        context.may_have_missed();
    }
    let abilities = Abilities { reactions: slack.inner.manner.react, ..Slack::ABILITIES };
    context.link.ears.up(abilities, vec![context.me.name.clone()]);
}

/// Sends what is to be said, for ever. The outlet keeps the order of each place.
async fn send_all(context: &Context) {
    let mut sending = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = sending.next() => {}
            ticket = context.link.next(), if sending.len() < SENDING => {
                sending.push(sending::send(context, ticket));
            }
        }
    }
}
