//! The words for what became of a thing, and how bad it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A word that is none of the accepted ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown word `{found}`, accepted: {accepted}")]
pub struct UnknownWord {
    /// What was found, cut at 60 characters.
    pub found: String,
    /// The accepted words, separated by commas.
    pub accepted: String,
}

macro_rules! words {
    (
        $(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)* }
        $(also { $($other:literal => $same:ident,)* })?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// All of them, with their words.
            pub const ALL: &[(&'static str, Self)] = &[$(($word, Self::$variant),)*];

            /// Other words that are read, and never written.
            pub const ALSO: &[(&'static str, Self)] = &[$($(($other, Self::$same),)*)?];

            /// The word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                let known = Self::ALL.iter().chain(Self::ALSO).find(|(known, _)| *known == word);
                known.map(|(_, value)| *value).ok_or_else(|| UnknownWord {
                    found: word.chars().take(60).collect(),
                    accepted: Self::ALL.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", "),
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

words! {
    /// What became of a thing.
    EventStatus {
        /// It began.
        Started = "started",
        /// It ended well.
        Ok = "ok",
        /// It ended, or is, not quite well.
        Warning = "warning",
        /// It ended badly.
        Failed = "failed",
        /// It could not be done.
        Error = "error",
        /// Somebody or something ended it.
        Canceled = "canceled",
        /// It waits for somebody.
        Pending = "pending",
        /// What was wrong is so no longer.
        Resolved = "resolved",
        /// For your information.
        #[default]
        Info = "info",
        /// The sender did not say.
        Unknown = "unknown",
    }
}

words! {
    /// How bad it is, in this order. taskmanager's words are read too.
    Level {
        /// All is well.
        Ok = "ok",
        /// Worth knowing.
        #[default]
        Info = "info",
        /// Worth a look.
        Warning = "warning",
        /// Wrong.
        Error = "error",
        /// Wrong, and urgent.
        Critical = "critical",
    }
    also {
        "warnings" => Warning,
        "errors" => Error,
        "failed" => Critical,
    }
}

words! {
    /// What about a thing is told: the keys of `messages:` and the words of `on:`.
    Moment {
        /// It began.
        Started = "started",
        /// It went well, or is well again.
        Success = "success",
        /// It went well, but.
        Warning = "warning",
        /// It failed.
        Error = "error",
        /// Somebody ended it.
        Canceled = "canceled",
        /// An approval is asked for.
        Pending = "pending",
        /// It was approved.
        Approved = "approved",
        /// It was denied.
        Denied = "denied",
        /// Nobody answered in time.
        TimedOut = "timed_out",
        /// The first success after an error.
        Recovered = "recovered",
        /// The outcome differs from the last.
        Changed = "changed",
        /// It has begun and not ended in its time.
        StillRunning = "still_running",
        /// It changes too often.
        Flapping = "flapping",
        /// Anything else.
        #[default]
        Any = "any",
    }
}

impl Moment {
    /// Whether the subject needs nobody any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Success | Self::Recovered | Self::Approved)
    }
}

impl EventStatus {
    /// The level of an event whose sender named none.
    pub const fn usual_level(self) -> Level {
        match self {
            Self::Ok | Self::Resolved => Level::Ok,
            Self::Started | Self::Pending | Self::Info | Self::Unknown => Level::Info,
            Self::Warning | Self::Canceled => Level::Warning,
            Self::Failed | Self::Error => Level::Error,
        }
    }

    /// What is told of a thing of which this is said.
    pub const fn moment(self) -> Moment {
        match self {
            Self::Started => Moment::Started,
            Self::Ok | Self::Resolved => Moment::Success,
            Self::Warning => Moment::Warning,
            Self::Failed | Self::Error => Moment::Error,
            Self::Canceled => Moment::Canceled,
            Self::Pending => Moment::Pending,
            Self::Info | Self::Unknown => Moment::Any,
        }
    }

    /// Whether it went well.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Ok | Self::Resolved)
    }

    /// Whether it went wrong.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Error)
    }

    /// Whether somebody may have to do something about it.
    pub const fn is_bad(self) -> bool {
        self.is_failure() || matches!(self, Self::Warning)
    }

    /// Whether it says how the thing ended or stands, rather than that it goes on.
    pub const fn is_outcome(self) -> bool {
        !matches!(self, Self::Started | Self::Pending | Self::Info | Self::Unknown)
    }
}
