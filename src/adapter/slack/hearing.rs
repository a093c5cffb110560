//! From what a socket carried to what the bot hears: each message once, in order, with the names of its room and person.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::context::Context;
use super::memory::micros;
use super::names;
use crate::adapter::Press;
use crate::model::{Handle, Message, MessageKey, Person, Place, Timestamp};
use crate::wire::slack::{Action, Event, Said, Slash, undo};

/// What may wait for a name before it is heard.
pub(super) const QUEUE: usize = 10_000;

/// Slack takes no longer text from a person; a longer one is no command.
const LONGEST: usize = 100_000;

/// Takes in an envelope that was acknowledged. Never waits.
pub(super) fn envelope(context: &Context, kind: &str, payload: &serde_json::Value) {
    for event in Event::of(kind, payload, &context.me.user) {
        take_in(context, event);
    }
}

/// Takes in an event unless it came before. Never waits.
pub(super) fn take_in(context: &Context, event: Event) {
    let is_new = {
        let mut memory = context.inner.memory();
        match &event {
            Event::Said(said) => {
                memory.mark(&said.channel, &said.ts);
                if let Some(thread) = &said.thread {
                    memory.in_thread(&said.channel, thread);
                }
                memory.first_time(&said.channel, &said.ts)
            }
            Event::Slash(slash) => memory.first_time(&slash.channel, &slash.trigger),
            Event::Pressed(action) => {
                memory.first_time(&action.message, &format!("{} {}", action.trigger, action.value))
            }
            Event::Other { channel, ts } => {
                memory.mark(channel, ts);
                false
            }
        }
    };
    if is_new && context.heard.try_send(event).is_err() {
        warn!(adapter = %context.link.name, "too much is said at once, a message was dropped");
    }
}

/// What is said after an outage waits this long for what was said before it.
const READING: Duration = Duration::from_secs(3);

/// Passes on what was heard, in the order in which it was said, until the session is over and nothing is left.
pub(super) async fn pass_on(context: &Context, mut heard: mpsc::Receiver<Event>) {
    loop {
        let first = tokio::select! {
            biased;
            event = heard.recv() => event,
            () = context.done.cancelled() => None,
        };
        let Some(first) = first else { return };
        if !context.done.is_cancelled() {
            context.link.world.sleep(context.patience.settle).await;
            read_up_first(context).await;
        }
        let mut events = vec![first];
        events.extend(std::iter::from_fn(|| heard.try_recv().ok()));
        // What has no time of its own, commands by slash and presses, comes last: nobody types and clicks at once.
        events.sort_by_key(|event| match event {
            Event::Said(said) => micros(&said.ts).unwrap_or(i64::MAX),
            _ => i64::MAX,
        });
        for event in events {
            hear(context, event).await;
        }
    }
}

/// Waits while what was said during an outage is read, which is older, but not for a slow service.
async fn read_up_first(context: &Context) {
    let end = context.link.world.now().plus(READING);
    while context.reading.load(Ordering::Acquire) && context.link.world.now() < end {
        context.link.world.sleep(context.patience.settle).await;
    }
}

async fn hear(context: &Context, event: Event) {
    if let Some((id, user)) = asker(&event) {
        context.inner.memory().asked(id, user);
    }
    match event {
        Event::Said(said) => {
            let at = micros(&said.ts).unwrap_or_default();
            said_by(context, said).await;
            let mut memory = context.inner.memory();
            memory.heard = memory.heard.max(at);
        }
        Event::Slash(slash) => slashed(context, slash).await,
        Event::Pressed(action) => pressed(context, action).await,
        Event::Other { .. } => {}
    }
}

/// Who is to see a private answer to it: the id that the answer names, and the person.
fn asker(event: &Event) -> Option<(String, String)> {
    match event {
        Event::Said(said) => Some((said.ts.clone(), said.user.clone())),
        Event::Slash(slash) => Some((slash.trigger.clone(), slash.user.clone())),
        Event::Pressed(action) => Some((press_id(&action.trigger), action.user.clone())),
        Event::Other { .. } => None,
    }
}

fn press_id(trigger: &str) -> String {
    format!("press-{trigger}")
}

async fn said_by(context: &Context, said: Said) {
    if said.text.len() > LONGEST {
        return debug!(adapter = %context.link.name, bytes = said.text.len(), "a message was too long to be a command");
    }
    let (room_name, name) = names::of(context, &said.channel, said.direct, &said.user).await;
    let undone = undo(&said.text, &context.me.user);
    let mut place = place(context, &said.channel, said.direct);
    place.thread = said.thread.as_deref().map(Into::into);
    if place.thread.is_none() && context.inner.manner.thread && !said.direct {
        place.thread = Some(said.ts.as_str().into());
    }
    context.link.ears.heard(Message {
        key: key(context, &said.channel, &said.ts),
        person: Person::proven(context.link.name.clone(), &said.user),
        name,
        place,
        room_name,
        text: undone.text,
        raw: said.text,
        mentioned: undone.mentioned,
        at: micros(&said.ts).map_or_else(|| context.link.world.now(), Timestamp::from_micros),
        position: None,
    });
}

async fn slashed(context: &Context, slash: Slash) {
    let direct = slash.channel.starts_with('D');
    known_room(context, &slash.channel, &slash.channel_name);
    let (room_name, name) = names::of(context, &slash.channel, direct, &slash.user).await;
    context.link.ears.heard(Message {
        key: key(context, &slash.channel, &slash.trigger),
        person: Person::proven(context.link.name.clone(), &slash.user),
        name,
        place: place(context, &slash.channel, direct),
        room_name,
        text: undo(&slash.text, &context.me.user).text,
        raw: slash.raw,
        mentioned: true,
        at: context.link.world.now(),
        position: None,
    });
}

async fn pressed(context: &Context, action: Action) {
    let direct = action.channel.starts_with('D');
    known_room(context, &action.channel, &action.channel_name);
    let (room_name, name) = names::of(context, &action.channel, direct, &action.user).await;
    let mut place = place(context, &action.channel, direct);
    place.thread = action.thread.as_deref().map(Into::into);
    context.link.ears.pressed(Press {
        key: key(context, &action.channel, &press_id(&action.trigger)),
        person: Person::proven(context.link.name.clone(), &action.user),
        name,
        place,
        room_name,
        nonce: action.value,
        on: Some(Handle(format!("{} {}", action.channel, action.message))),
    });
}

/// Slack tells the name of a room with commands and presses; `directmessage` and `privategroup` are none.
fn known_room(context: &Context, channel: &str, name: &str) {
    if !channel.starts_with('D') && !matches!(name, "" | "directmessage" | "privategroup") {
        let now = context.link.world.now();
        context.inner.memory().keep_name(channel, Some(format!("#{name}")), now);
    }
}

fn key(context: &Context, channel: &str, id: &str) -> MessageKey {
    MessageKey { adapter: context.link.name.clone(), room: channel.into(), id: id.into() }
}

fn place(context: &Context, channel: &str, direct: bool) -> Place {
    let adapter = context.link.name.clone();
    if direct { Place::direct(adapter, channel) } else { Place::room(adapter, channel) }
}
