//! The list of notifiers: one row a kind. Everything that names the kinds reads it.

use serde::Deserialize;
use serde_json::Value;

use super::{Boxed, Doors, Edits, Notice, Notifier, schema};
use crate::config::nearest::hint;
use crate::model::{Handle, Receipt, SendError};

/// What help and documentation say of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The word under `to:`.
    pub kind: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The page, Markdown; its first YAML block is an example `notifiers.yaml`.
    pub page: &'static str,
    /// What becomes of an earlier message.
    pub edits: Edits,
    /// The JSON schema of its options, made of the type that reads them.
    pub schema: fn() -> Value,
}

impl Row {
    /// The row of a kind.
    ///
    /// # Errors
    /// Nobody knows it; the sentence names the nearest.
    pub fn of(kind: &str) -> Result<&'static Self, String> {
        CATALOGUE.iter().find(|row| row.kind == kind).ok_or_else(|| {
            let near = hint(kind, CATALOGUE.iter().map(|row| row.kind)).unwrap_or_default();
            format!("there is no notifier of kind `{kind}`: {near}")
        })
    }

    /// The first YAML block of the page.
    pub fn example(&self) -> &'static str {
        let after = self.page.split_once("```yaml\n").map_or("", |(_, after)| after);
        after.split_once("```").map_or("", |(block, _)| block)
    }
}

macro_rules! notifiers {
    ($($variant:ident($notifier:ty) = $kind:literal),* $(,)?) => {
        /// A configured notifier of some kind, as it stands under `to:`.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub enum Service {
            $(#[doc = concat!("Of kind `", $kind, "`.")] #[serde(rename = $kind)] $variant(Box<$notifier>),)*
        }

        /// Every kind there is.
        pub const CATALOGUE: &[Row] = &[$(Row {
            kind: $kind,
            summary: <$notifier as Notifier>::SUMMARY,
            page: <$notifier as Notifier>::PAGE,
            edits: <$notifier as Notifier>::EDITS,
            schema: schema::of::<$notifier>,
        },)*];

        impl Service {
            /// The word of its kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)* }
            }

            /// What is wrong with the options, in one sentence.
            ///
            /// # Errors
            /// The sentence.
            pub fn check(&self) -> Result<(), String> {
                match self { $(Self::$variant(it) => it.check(),)* }
            }

            /// What is allowed and probably not meant.
            pub fn warnings(&self) -> Vec<String> {
                match self { $(Self::$variant(it) => it.warnings(),)* }
            }

            /// What each gets a delivery of its own; what is named twice gets one.
            pub fn targets(&self) -> Vec<String> {
                let mut targets = match self { $(Self::$variant(it) => it.targets(),)* };
                let mut known = std::collections::HashSet::new();
                targets.retain(|target| known.insert(target.clone()));
                targets
            }

            /// Sends a notice to its target.
            pub fn send<'a>(
                &'a self,
                doors: &'a Doors<'a>,
                notice: &'a Notice,
                earlier: Option<&'a Handle>,
            ) -> Boxed<'a, Result<Receipt, SendError>> {
                match self { $(Self::$variant(it) => Box::pin(it.send(doors, notice, earlier)),)* }
            }
        }
    };
}

notifiers! {
    Webhook(super::webhook::Webhook) = "webhook",
    Slack(super::slack::Slack) = "slack",
    Mattermost(super::mattermost::Mattermost) = "mattermost",
    Rocketchat(super::rocketchat::Rocketchat) = "rocketchat",
    Discord(super::discord::Discord) = "discord",
    Teams(super::teams::Teams) = "teams",
    Pagerduty(super::pagerduty::Pagerduty) = "pagerduty",
    Hipchat(super::hipchat::Hipchat) = "hipchat",
    Twilio(super::twilio::Twilio) = "twilio",
    Grafana(super::grafana::Grafana) = "grafana",
    Chat(super::chat::Chat) = "chat",
    Exec(super::exec::Exec) = "exec",
    Log(super::log::Log) = "log",
    Webex(super::webex::Webex) = "webex",
    Email(super::email::Email) = "email",
    Irc(super::irc::Irc) = "irc",
}
