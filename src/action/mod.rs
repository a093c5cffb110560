//! Actions: what may be run, with which parameters, and how typed values reach a process safely.
//!
//! Pure: values in, decisions out. [`Action::load`] reads StackStorm's metadata; [`resolve`] turns what
//! a person gave into what a runner gets; [`shell`] keeps typed values out of shell text; [`core`]
//! is the pack inside the binary.

mod arguments;
mod cast;
pub mod core;
mod defaults;
mod file;
mod literal;
mod node;
mod notify;
mod parameter;
mod problem;
mod render;
mod resolve;
mod secrets;
pub mod shell;
mod validate;

pub use cast::{Kind, Mismatch, cast};
pub use file::Action;
pub use notify::{Announcement, Notify};
pub use parameter::{Parameter, read_parameters};
pub use problem::{LONGEST, ParameterError};
pub use render::Render;
pub use resolve::{Given, Prepared, resolve};
pub use secrets::{HIDDEN, cut_secrets, cut_secrets_in};
