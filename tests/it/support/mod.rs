//! Servers and people for the whole-program tests.

pub(crate) mod irc_user;
pub(crate) mod ircd;
pub(crate) mod ircd_config;
pub(crate) mod session;
pub(crate) mod sshd;
