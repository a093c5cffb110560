//! The slash command `/chatops` (docs.discord.com/developers/interactions/application-commands): registered once,
//! when it is not there as it should be.

use reqwest::Method;
use serde_json::{Value, json};
use serenity::all::CommandOptionType;
use serenity::builder::{CreateCommand, CreateCommandOption};

use crate::net::World;
use crate::wire::discord::{Body, Failure, Rest};

/// The command's name.
pub(super) const NAME: &str = "chatops";
const SUMMARY: &str = "Run a command of the bot";
const OPTION: &str = "command";
const OPTION_SUMMARY: &str = "What to do, such as: help";

fn wanted() -> CreateCommand {
    let option = CreateCommandOption::new(CommandOptionType::String, OPTION, OPTION_SUMMARY).required(true);
    CreateCommand::new(NAME).description(SUMMARY).add_option(option)
}

/// Whether a registered command is the one we want.
fn is_wanted(command: &Value) -> bool {
    let option = &command["options"][0];
    command["name"] == NAME
        && command["description"] == SUMMARY
        && command["options"].as_array().is_some_and(|options| options.len() == 1)
        && (&option["name"], &option["type"], &option["required"])
            == (&json!(OPTION), &json!(3), &json!(true))
        && option["description"] == OPTION_SUMMARY
}

/// Sees to it that the command is there, on one server or everywhere.
///
/// # Errors
/// Discord refuses it.
pub(super) async fn register(
    rest: &Rest,
    world: &World,
    application: u64,
    guild: Option<u64>,
) -> Result<(), Failure> {
    let scope = guild.map(|guild| format!("/guilds/{guild}")).unwrap_or_default();
    let path = format!("applications/{application}{scope}/commands");
    let there = rest.ask(world, Method::GET, &path, Body::None).await?;
    if there.as_array().is_some_and(|commands| commands.iter().any(is_wanted)) {
        return Ok(());
    }
    let body = serde_json::to_value(wanted()).unwrap_or_default();
    rest.ask(world, Method::POST, &path, Body::Json(body)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_is_what_is_looked_for() {
        let mut command = serde_json::to_value(wanted()).unwrap();
        assert!(is_wanted(&command), "{command}");
        command["options"][0]["required"] = json!(false);
        assert!(!is_wanted(&command));
    }
}
