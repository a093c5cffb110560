//! The list of adapters: one row a kind. Everything that names the kinds reads it.

use super::{Abilities, Adapter, Boxed, Call, Check, Ended, Link, Lookup, OptionRow, Returned};
use crate::net::World;

/// What help and documentation say of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The word in variables and names: `irc`.
    pub kind: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The page, Markdown.
    pub page: &'static str,
    /// Its options.
    pub options: &'static [OptionRow],
    /// Whom it is for.
    pub audience: Audience,
}

/// Whom a kind is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever runs a bot.
    People,
    /// Tests: it works when it is configured, and no list shows it.
    Tests,
}

/// The kinds that people choose from.
pub fn for_people() -> impl Iterator<Item = &'static Row> {
    CATALOGUE.iter().filter(|row| row.audience == Audience::People)
}

macro_rules! adapters {
    ($($(#[$cfg:meta])? $variant:ident($adapter:ty) = $kind:literal for $audience:ident),* $(,)?) => {
        /// A configured adapter of some kind.
        #[derive(Debug)]
        pub enum Service {
            $($(#[$cfg])? #[doc = concat!("Of kind `", $kind, "`.")] $variant(Box<$adapter>),)*
        }

        /// Every kind there is.
        pub const CATALOGUE: &[Row] = &[$($(#[$cfg])? Row {
            kind: $kind,
            summary: <$adapter as Adapter>::SUMMARY,
            page: <$adapter as Adapter>::PAGE,
            options: <$adapter as Adapter>::OPTIONS,
            audience: Audience::$audience,
        },)*];

        impl Service {
            /// Builds an adapter of a kind from its options; `None` where there is no such kind.
            pub fn from_options(kind: &str, lookup: Lookup<'_>) -> Option<Result<Self, Vec<String>>> {
                match kind {
                    $($(#[$cfg])? $kind => Some(<$adapter>::from_options(lookup).map(|it| Self::$variant(Box::new(it)))),)*
                    _ => None,
                }
            }

            /// The word of its kind.
            pub fn kind(&self) -> &'static str {
                match self { $($(#[$cfg])? Self::$variant(_) => $kind,)* }
            }

            /// What the service can do, before a session knows better.
            pub fn abilities(&self) -> Abilities {
                match self { $($(#[$cfg])? Self::$variant(_) => <$adapter as Adapter>::ABILITIES,)* }
            }

            /// What is wrong with the options, in one sentence.
            pub fn check(&self) -> Result<(), String> {
                match self { $($(#[$cfg])? Self::$variant(it) => it.check(),)* }
            }

            /// Whether the program is to end when a session does.
            pub fn exits_on_disconnect(&self) -> bool {
                match self { $($(#[$cfg])? Self::$variant(it) => it.exits_on_disconnect(),)* }
            }

            /// One session, from connecting to its end.
            pub fn session<'a>(&'a self, link: &'a Link) -> Boxed<'a, Ended> {
                match self { $($(#[$cfg])? Self::$variant(it) => Box::pin(it.session(link)),)* }
            }

            /// Answers a request of the service to our own listener.
            pub fn call(&self, link: &Link, call: &Call<'_>) -> Returned {
                match self { $($(#[$cfg])? Self::$variant(it) => it.call(link, call),)* }
            }

            /// What `doctor` asks beyond one session.
            pub fn examine<'a>(&'a self, world: &'a World) -> Boxed<'a, Vec<Check>> {
                match self { $($(#[$cfg])? Self::$variant(it) => Box::pin(it.examine(world)),)* }
            }
        }

        $($(#[$cfg])? impl From<$adapter> for Service {
            fn from(adapter: $adapter) -> Self {
                Self::$variant(Box::new(adapter))
            }
        })*
    };
}

adapters! {
    #[cfg(feature = "discord")]
    Discord(super::discord::Discord) = "discord" for People,
    Irc(super::irc::Irc) = "irc" for People,
    Mattermost(super::mattermost::Mattermost) = "mattermost" for People,
    Rocketchat(super::rocketchat::Rocketchat) = "rocketchat" for People,
    Slack(super::slack::Slack) = "slack" for People,
    Terminal(super::terminal::Terminal) = "terminal" for People,
    Web(super::web::Web) = "web" for People,
    Memory(super::memory::MemoryAdapter) = "memory" for Tests,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_each_table_are_the_options_that_are_read() {
        for row in CATALOGUE {
            let mut asked = Vec::new();
            let _ = Service::from_options(row.kind, &mut |name| {
                asked.push(name.to_owned());
                None
            });
            let mut listed: Vec<_> = row.options.iter().map(|option| option.name.to_owned()).collect();
            asked.sort();
            asked.dedup();
            listed.sort();
            assert_eq!(asked, listed, "{}", row.kind);
        }
    }
}
