//! Whole-program tests, in one binary.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod https;
mod ssh;
#[cfg(feature = "ssh-native")]
mod ssh_password;
mod support;
