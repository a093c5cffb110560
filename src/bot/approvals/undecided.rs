//! Why somebody's word does not count.

use crate::access::Unfit;
use crate::store::StoreError;

/// Why a word did not count. Displayed as one sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Undecided {
    /// It does not wait: it never did, or somebody decided.
    #[error("{0}")]
    Gone(String),
    /// That person has no say in it.
    #[error("{0}")]
    Unfit(Unfit),
    /// Who asked denies: that is taking it back.
    #[error("you asked for {0} yourself: `withdraw {0}` takes it back")]
    Own(i64),
    /// It is somebody's who cannot be told from one who had a say.
    #[error(
        "nobody can tell whether you and {0} are two people: an admin names both under `people` in access.yaml"
    )]
    Double(String),
    /// The person said so before.
    #[error("you have said `{0}` already")]
    Again(&'static str),
    /// A reason is needed.
    #[error("say why: `{0} {1} REASON`")]
    Reason(&'static str, i64),
    /// The reason is too long; so many characters are accepted.
    #[error("a reason has at most {0} characters")]
    LongReason(usize),
    /// Somebody is having a say this moment.
    #[error("somebody else is deciding that this moment, try again")]
    Busy,
    /// Only who asked may.
    #[error("only who asked for {0} can take it back; `deny {0}` is for others")]
    NotYours(i64),
    /// What was asked for is no longer what would run.
    #[error("{0}")]
    Changed(String),
    /// An answer does not fit.
    #[error("{0}")]
    Answer(String),
    /// The bot takes nothing new.
    #[error("the bot takes nothing new now, so nothing can be approved: try again when it does")]
    Draining,
    /// It could not be recorded.
    #[error("that cannot be recorded, so it does not count: {0}")]
    Store(StoreError),
}

impl From<StoreError> for Undecided {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
