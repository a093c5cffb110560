//! Reading what admins write: YAML and environment files, with errors that name the place.

mod demand;
pub mod env;
mod error;
pub mod expand;
mod file;
pub mod home;
pub mod instances;
pub mod nearest;
pub mod options;
pub mod settings;
pub mod units;
pub mod yaml;

pub use demand::{Demand, Reason};
pub use error::{ConfigError, Problem};
pub use file::{LARGEST, read_file, read_optional};
