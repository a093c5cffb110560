//! Who is there: ids, how they are shown, and which of them are bots.

use serde_json::{Value, json};

use super::{BOT_ID, ME};

/// Everybody: id, user name, display name, bot id.
const PEOPLE: &[(&str, &str, &str, Option<&str>)] = &[
    ("U0ALICE", "alice", "alice", None),
    ("U0BOB", "bob", "bob", None),
    ("U0MALLORY", "mallory", "alice", None),
    ("U0OTHER", "otherbot", "otherbot", Some("B0OTHER")),
    (ME, "chatops", "chatops", Some(BOT_ID)),
];

/// The bot that speaks as a user.
pub(crate) fn bot_of(user: &str) -> Option<&'static str> {
    PEOPLE.iter().find(|(id, ..)| *id == user).and_then(|(.., bot)| *bot)
}

/// The direct conversation of the bot with a person.
pub(crate) fn direct(user: &str) -> String {
    format!("D{}", user.trim_start_matches('U'))
}

/// What `users.info` tells.
pub(crate) fn info(user: &str, shown_as: Option<&&'static str>) -> Option<Value> {
    let (id, name, display, bot) = PEOPLE.iter().find(|(id, ..)| *id == user)?;
    let display = shown_as.unwrap_or(display);
    Some(json!({
        "id": id, "team_id": "T0TEAM", "name": name, "real_name": display, "is_bot": bot.is_some(), "deleted": false,
        "profile": {"display_name": display, "real_name": display},
    }))
}

/// The bot's direct conversations: id and person.
pub(crate) fn directs() -> impl Iterator<Item = (String, &'static str)> {
    PEOPLE.iter().filter(|(.., bot)| bot.is_none()).map(|(id, ..)| (direct(id), *id))
}

/// Whether a direct conversation is one of theirs.
pub(crate) fn has_direct(channel: &str) -> bool {
    PEOPLE.iter().any(|(id, .., bot)| bot.is_none() && direct(id) == channel)
}
