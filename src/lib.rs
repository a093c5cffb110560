//! `chatops`: one binary that runs commands typed in chat rooms and remembers who asked what.
//!
//! The house, from the ground up. Imports go down only and neighbours on one floor do not see each
//! other; `tests/it/layers.rs` reads every `use crate::` and fails otherwise. `docs/architecture.md`
//! tells the ways of a command through these rooms.
//!
//! | floor | rooms |
//! |---|---|
//! | 1 | [`model`] the nouns; [`text`] posts and dialects |
//! | 2 | [`telemetry`], [`net`] services; [`config`], [`template`], [`store`] services that may use those two; [`wire`] protocol code |
//! | 3 | [`alias`], [`action`], [`access`], [`route`], [`schedule`], [`topic`], [`workflow`] pure: values in, decisions out |
//! | 4 | [`adapter`], [`notifier`], [`runner`], [`source`] the doors, one file each |
//! | 5 | [`bot`] what people ask, and what becomes of it |
//! | 6 | [`http`] the API |
//! | 7 | [`cli`] subcommands; wires and starts |

pub mod access;
pub mod action;
pub mod adapter;
pub mod alias;
pub mod bot;
pub mod cli;
pub mod config;
pub mod http;
pub mod model;
pub mod net;
pub mod notifier;
pub mod route;
pub mod runner;
pub mod schedule;
pub mod source;
pub mod store;
pub mod telemetry;
pub mod template;
pub mod text;
pub mod topic;
pub mod wire;
pub mod workflow;
