//! Commands: which there are, what a text means, what help says.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Site;
use super::paging::{Listed, Nothing, Page};
use super::problem::{Body, Path, Problem, Query};
use crate::alias::answer::{self, Answer};
use crate::alias::{Alias, Case, help};

/// A command.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Brief {
    /// Its name, as `pack.alias`.
    #[serde(rename = "ref")]
    reference: String,
    /// What it does.
    description: Option<String>,
    /// Whether it is on.
    enabled: bool,
    /// What it runs.
    action_ref: String,
    /// What people type.
    formats: Vec<String>,
    /// Commands as somebody would type them.
    examples: Vec<String>,
}

fn brief(alias: &Alias) -> Brief {
    Brief {
        reference: alias.reference(),
        description: alias.description.clone(),
        enabled: alias.enabled,
        action_ref: alias.action_ref.clone(),
        formats: alias.formats.iter().filter_map(|format| format.display.clone()).collect(),
        examples: alias.examples().into_iter().map(str::to_owned).collect(),
    }
}

/// The commands, by pack and name.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Value>>, Problem> {
    let home = site.bot.homes().current();
    paging.cut(home.listed.iter().map(|alias| brief(alias)).collect()).map(Json)
}

/// One command.
pub(super) async fn show(
    State(site): State<Site>,
    Path(reference): Path<String>,
) -> Result<Json<Brief>, Problem> {
    let home = site.bot.homes().current();
    let found = home.alias(&reference);
    found
        .map(|alias| Json(brief(alias)))
        .ok_or_else(|| Problem::missing(format!("there is no alias `{reference}`")))
}

/// What somebody typed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The text.
    text: String,
    /// A format to match it with, instead of all commands.
    #[serde(default)]
    format: Option<String>,
    /// Whether that format matches anywhere in a sentence, many times.
    #[serde(default)]
    match_multiple: bool,
}

/// What a text means: which command, with which parameters before they are cast. As if everything were allowed.
pub(super) async fn matches(
    State(site): State<Site>,
    Body(question): Body<Question>,
) -> Result<Json<Answer>, Problem> {
    let home = site.bot.homes().current();
    let answered = tokio::task::spawn_blocking(move || {
        let Question { text, format, match_multiple } = question;
        match format {
            Some(format) => answer::with_format(&format, match_multiple, &text, Case::Ignore),
            None => answer::with_aliases(&home.aliases, &text),
        }
    });
    let lost = |_| Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "the bot is stopping");
    answered.await.map(Json).map_err(lost)
}

/// Which lines of help.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// Text that they hold.
    filter: Option<String>,
    /// Of this pack alone.
    pack: Option<String>,
    /// At most so many; 0 for all.
    limit: usize,
    /// So many are left out at the start.
    offset: usize,
}

/// What help would print.
pub(super) async fn helped(State(site): State<Site>, Query(asked): Query<Asked>) -> Json<help::Page> {
    let Asked { filter, pack, limit, offset } = asked;
    let home = site.bot.homes().current();
    let query = help::Query { filter, pack, offset, limit };
    Json(help::list(home.listed.iter().map(AsRef::<Alias>::as_ref), &query))
}
