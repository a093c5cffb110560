//! The list of sources: one row a kind. Everything that names the kinds reads it.

use serde::Deserialize;

use super::proof::Scheme;
use super::written::Wrong;
use super::{Body, Reading, Source, Unreadable};
use crate::config::nearest::hint;
use crate::model::Event;

/// What help and documentation say of a kind, and what it does without options.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The word under `from:`, and in `/in/<kind>` where the source has no name of its own.
    pub kind: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The page, Markdown; its first YAML block is an example `notifiers.yaml`.
    pub page: &'static str,
    /// The largest request unless the configuration says otherwise, in bytes.
    pub largest: usize,
    /// Whether a GET without a body says something.
    pub get: bool,
    pub(super) scheme: Scheme,
    /// The kind with nothing said about it.
    pub(super) plain: fn() -> Option<Service>,
    tell: fn(&Event) -> String,
    headline: fn(&Event) -> Option<String>,
    quiet: &'static [&'static str],
}

impl Row {
    /// The row of a kind.
    ///
    /// # Errors
    /// Nobody knows it; the sentence names the nearest.
    pub fn of(kind: &str) -> Result<&'static Self, String> {
        CATALOGUE.iter().find(|row| row.kind == kind).ok_or_else(|| {
            let near = hint(kind, CATALOGUE.iter().map(|row| row.kind)).unwrap_or_default();
            format!("there is no source of kind `{kind}`: {near}")
        })
    }

    /// The first YAML block of the page.
    pub fn example(&self) -> &'static str {
        let after = self.page.split_once("```yaml\n").map_or("", |(_, after)| after);
        after.split_once("```").map_or("", |(block, _)| block)
    }

    /// The lines below the title of a message about an event of this kind, unless an admin wrote others.
    pub fn tell(&self, event: &Event) -> String {
        (self.tell)(event)
    }

    /// The first line of a message about how it went; none for the usual words.
    pub fn headline(&self, event: &Event) -> Option<String> {
        (self.headline)(event)
    }

    /// Whether a message shows a label.
    pub fn shows(&self, event: &Event, label: &str, value: &str) -> bool {
        let is_tag = label.starts_with("tag_") && value == "true";
        let is_actor = matches!(label, "actor" | "user") && event.actor.as_deref() == Some(value);
        !(is_tag || is_actor || label.starts_with("count_") || self.quiet.contains(&label))
    }
}

macro_rules! sources {
    ($($variant:ident($source:ty) = $kind:literal),* $(,)?) => {
        /// A source of some kind, as it stands under `from:`.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub enum Service {
            $(#[doc = concat!("Of kind `", $kind, "`.")] #[serde(rename = $kind)] $variant(Box<$source>),)*
        }

        /// Every kind there is.
        pub const CATALOGUE: &[Row] = &[$(Row {
            kind: $kind,
            summary: <$source as Source>::SUMMARY,
            page: <$source as Source>::PAGE,
            largest: <$source as Source>::LARGEST,
            get: <$source as Source>::GET,
            scheme: <$source as Source>::SCHEME,
            plain: || serde_json::from_str("{}").ok().map(|it| Service::$variant(Box::new(it))),
            tell: <$source as Source>::tell,
            headline: <$source as Source>::headline,
            quiet: <$source as Source>::QUIET,
        },)*];

        impl Service {
            /// The word of its kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)* }
            }

            /// What is wrong with the options.
            pub(super) fn check(&self) -> Vec<Wrong> {
                match self { $(Self::$variant(it) => it.check(),)* }
            }

            /// What a request tells.
            pub(super) fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
                match self { $(Self::$variant(it) => it.read(body),)* }
            }
        }
    };
}

sources! {
    Chaostoolkit(super::chaostoolkit::Chaostoolkit) = "chaostoolkit",
    Awx(super::awx::Awx) = "awx",
    Alertmanager(super::alertmanager::Alertmanager) = "alertmanager",
    Grafana(super::grafana::Grafana) = "grafana",
    Kapacitor(super::kapacitor::Kapacitor) = "kapacitor",
    Taskmanager(super::taskmanager::Taskmanager) = "taskmanager",
    Github(super::github::Github) = "github",
    Gitlab(super::gitlab::Gitlab) = "gitlab",
    Cloudevents(super::cloudevents::Cloudevents) = "cloudevents",
    StandardWebhooks(super::standard_webhooks::StandardWebhooks) = "standard-webhooks",
    Apprise(super::apprise::Apprise) = "apprise",
    Json(super::json::Json) = "json",
}

impl Service {
    /// Its row.
    pub fn row(&self) -> &'static Row {
        Row::of(self.kind()).unwrap_or(&CATALOGUE[0])
    }
}
