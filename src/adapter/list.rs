//! The list of adapters: one row a kind. Everything that names the kinds reads it.

use super::{Abilities, Adapter, Boxed, Ended, Link, Lookup, OptionRow};

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
    ($($variant:ident($adapter:ty) = $kind:literal for $audience:ident),* $(,)?) => {
        /// A configured adapter of some kind.
        #[derive(Debug)]
        pub enum Service {
            $(#[doc = concat!("Of kind `", $kind, "`.")] $variant(Box<$adapter>),)*
        }

        /// Every kind there is.
        pub const CATALOGUE: &[Row] = &[$(Row {
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
                    $($kind => Some(<$adapter>::from_options(lookup).map(|it| Self::$variant(Box::new(it)))),)*
                    _ => None,
                }
            }

            /// The word of its kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)* }
            }

            /// What the service can do, before a session knows better.
            pub fn abilities(&self) -> Abilities {
                match self { $(Self::$variant(_) => <$adapter as Adapter>::ABILITIES,)* }
            }

            /// What is wrong with the options, in one sentence.
            pub fn check(&self) -> Result<(), String> {
                match self { $(Self::$variant(it) => it.check(),)* }
            }

            /// Whether the program is to end when a session does.
            pub fn exits_on_disconnect(&self) -> bool {
                match self { $(Self::$variant(it) => it.exits_on_disconnect(),)* }
            }

            /// One session, from connecting to its end.
            pub fn session<'a>(&'a self, link: &'a Link) -> Boxed<'a, Ended> {
                match self { $(Self::$variant(it) => Box::pin(it.session(link)),)* }
            }
        }

        $(impl From<$adapter> for Service {
            fn from(adapter: $adapter) -> Self {
                Self::$variant(Box::new(adapter))
            }
        })*
    };
}

adapters! {
    Irc(super::irc::Irc) = "irc" for People,
    Terminal(super::terminal::Terminal) = "terminal" for People,
    Memory(super::memory::MemoryAdapter) = "memory" for Tests,
}
