//! What the bot says, free of any service's markup; and the dialects that services speak, as data.

mod post;

pub use post::{Block, Choice, File, Post, Span, Tone};
