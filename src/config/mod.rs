//! Reading what admins write: YAML and environment files, with errors that name the place.

mod error;
pub mod nearest;
pub mod yaml;

pub use error::{ConfigError, Problem};
