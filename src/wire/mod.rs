//! Protocol code that adapters and notifiers share: one folder a protocol.

#[cfg(feature = "discord")]
pub mod discord;
pub mod irc;
pub mod mattermost;
pub mod rocketchat;
pub mod slack;
