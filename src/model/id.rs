//! What has an id.

/// A kind of thing that has ids. Ids are positive integers below 2^53 (exact in JSON everywhere),
/// taken from blocks that each process reserves, so one can be named before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Noun {
    /// One run of an action.
    Execution,
    /// One message on its way to one target.
    Delivery,
    /// One life of one process.
    Worker,
    /// One thing that automation told.
    Event,
    /// One silence.
    Silence,
    /// One token of the API.
    Token,
    /// The buttons of one message.
    Offer,
    /// Something granted for a time.
    Grant,
    /// Something that is to happen later.
    Schedule,
}

impl Noun {
    /// Every noun, in the order of the `block` table.
    pub const ALL: [Self; 9] = [
        Self::Execution,
        Self::Delivery,
        Self::Worker,
        Self::Event,
        Self::Silence,
        Self::Token,
        Self::Offer,
        Self::Grant,
        Self::Schedule,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Delivery => "delivery",
            Self::Worker => "worker",
            Self::Event => "event",
            Self::Silence => "silence",
            Self::Token => "token",
            Self::Offer => "offer",
            Self::Grant => "grant",
            Self::Schedule => "schedule",
        }
    }
}
