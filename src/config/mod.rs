//! Reading what admins write: YAML and environment files, with errors that name the place.

pub mod env;
mod error;
mod file;
pub mod home;
pub mod nearest;
pub mod yaml;

pub use error::{ConfigError, Problem};
pub use file::{LARGEST, read_file};
