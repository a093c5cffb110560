//! Answers to interactions (docs.discord.com/developers/interactions/receiving-and-responding): acknowledged once, within
//! three seconds, then edited and followed up by their token.

use std::time::Duration;

use serde_json::Value;

use super::check::Body;
use super::http::{Answer, Request};
use super::rest::{delete, edit, error, message};
use super::world::{Interaction, MYSELF, Message, World};

/// An interaction has to be acknowledged within this time.
const ACKNOWLEDGE: Duration = Duration::from_secs(3);

pub(super) fn callback(world: &mut World, id: &str, token: &str, request: &Request) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let kind = body["type"].as_u64().unwrap_or(0);
    if !(4..=9).contains(&kind)
        || body.as_object().is_some_and(|body| body.keys().any(|key| key != "type" && key != "data"))
    {
        world.breach(format!("an interaction is answered by {body}"));
    }
    let Some(interaction) = world.interactions.get_mut(token).filter(|known| known.id.to_string() == id)
    else {
        return error(404, 10_062, "Unknown interaction");
    };
    if interaction.acknowledged.is_some() {
        return error(400, 40_060, "Interaction has already been acknowledged.");
    }
    if interaction.made.elapsed() > ACKNOWLEDGE {
        world.breach("an interaction was acknowledged after 3 s");
        return error(404, 10_062, "Unknown interaction");
    }
    interaction.acknowledged = Some(kind);
    interaction.took = Some(interaction.made.elapsed());
    Answer::empty(204)
}

/// The interaction of a token that may be answered.
fn open(world: &World, token: &str) -> Result<Interaction, Answer> {
    match world.interactions.get(token) {
        Some(interaction) if interaction.acknowledged.is_some() => Ok(interaction.clone()),
        Some(_) => Err(error(404, 10_015, "Unknown Webhook")),
        None => Err(error(401, 50_027, "Invalid Webhook Token")),
    }
}

pub(super) fn follow_up(world: &mut World, token: &str, request: &Request) -> Answer {
    let interaction = match open(world, token) {
        Ok(interaction) => interaction,
        Err(answer) => return answer,
    };
    let (body, files) = match message(world, request, Body::FollowUp) {
        Ok(message) => message,
        Err(answer) => return answer,
    };
    let whispered = body["flags"].as_u64().unwrap_or(0) & 64 != 0;
    let (id, channel, author) = (world.id(), interaction.channel, MYSELF);
    let message =
        Message { id, channel, author, body, files, edits: 0, deleted: false, whispered, nonce: None };
    Answer::json(&world.post(message))
}

pub(super) fn hook_edit(world: &mut World, token: &str, message_id: &str, request: &Request) -> Answer {
    let interaction = match open(world, token) {
        Ok(interaction) => interaction,
        Err(answer) => return answer,
    };
    if message_id != "@original" {
        return edit(world, None, message_id, request);
    }
    if let Some(original) = interaction.original {
        return edit(world, None, &original.to_string(), request);
    }
    if interaction.acknowledged != Some(5) {
        world.breach("the original answer of a button is not the bot's to edit");
        return error(404, 10_008, "Unknown Message");
    }
    let (body, files) = match message(world, request, Body::Edit) {
        Ok(message) => message,
        Err(answer) => return answer,
    };
    let (id, channel, author) = (world.id(), interaction.channel, MYSELF);
    if let Some(known) = world.interactions.get_mut(token) {
        known.original = Some(id);
    }
    let message =
        Message { id, channel, author, body, files, edits: 0, deleted: false, whispered: false, nonce: None };
    Answer::json(&world.post(message))
}

pub(super) fn hook_delete(world: &mut World, token: &str, message: &str) -> Answer {
    if let Err(answer) = open(world, token) {
        return answer;
    }
    match (message, world.interactions.get(token).and_then(|known| known.original)) {
        ("@original", None) => Answer::empty(204),
        ("@original", Some(original)) => delete(world, &original.to_string()),
        (message, _) => delete(world, message),
    }
}
