//! What the bot says, free of any service's markup; and the dialects that services speak, as data.
//!
//! A template's text becomes a [`Post`] by [`parse()`] or [`result_post`]; a [`Post`] becomes a service's
//! messages by [`pages()`] with that service's [`marks`].

pub mod clean;
pub mod colour;
mod escape;
pub mod human;
mod limit;
pub mod marks;
mod pages;
mod parse;
mod post;
mod render;
mod table;
#[cfg(test)]
mod tests;

pub use limit::{Limit, Unit};
pub use marks::Marks;
pub use pages::{MOST_PARTS, Pages, pages, pages_up_to, split};
pub use parse::{Parts, parse, parts, result_post, ticked};
pub use post::{Addressee, Block, Choice, File, Post, Span, Tone};
pub use render::render;
