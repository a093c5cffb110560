//! Whole-program tests, in one binary: `cargo test --test it`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod api;
mod approvals;
mod approvals_api;
mod approvals_more;
mod audit;
mod bad_input;
mod chat_access;
mod chat_again;
mod chat_answers;
mod chat_audit;
mod chat_commands;
mod chat_doors;
mod chat_history;
mod chat_limits;
mod chat_reload;
mod choices;
mod choices_more;
mod cli;
mod cli_running;
mod clients;
mod codes;
mod codes_more;
mod config_override;
mod console_auth;
mod console_chat;
mod console_flows;
mod console_live;
mod console_pages;
mod console_waits;
mod deliveries;
#[cfg(feature = "discord")]
mod discord;
#[cfg(feature = "discord")]
mod discord_client;
#[cfg(feature = "discord")]
mod discord_losses;
#[cfg(feature = "discord")]
mod discord_session;
mod docs;
mod doubts;
mod events;
mod flow_questions;
mod heavy_senders;
mod http_auth;
mod http_metrics;
mod http_notifiers;
mod http_runs;
mod http_schema;
mod https;
mod hubot_client;
mod import_notify;
mod intake;
mod intake_bad;
mod intake_messages;
mod intake_tls;
mod irc_chat;
mod irc_networks;
mod irc_session;
mod kill9;
mod kv;
mod layers;
mod listening;
#[path = "../../benches/notify/load.rs"]
mod load;
mod mattermost;
mod mattermost_bad;
mod mattermost_calls;
mod mattermost_client;
mod mattermost_sending;
mod notifier;
mod notify_bad;
mod notify_http;
mod notify_irc;
mod notify_job;
mod notify_mail;
mod notify_postfix;
mod notify_proxy;
mod notify_secrets;
mod notify_tls;
mod packs;
mod packs_more;
mod pipes;
mod pipes_cut;
mod platforms;
mod reactions;
mod reactions_more;
mod real_senders;
mod retention;
mod rocketchat;
mod rocketchat_client;
mod rocketchat_faults;
mod route;
mod rules;
mod schedules;
mod service_tests;
#[path = "../../benches/notify/sink.rs"]
#[allow(dead_code, reason = "the benchmark reads more of it")]
mod sink;
mod slack;
mod slack_gaps;
mod slack_session;
mod ssh;
mod ssh_chat;
mod ssh_more;
#[cfg(feature = "ssh-native")]
mod ssh_password;
mod st2;
mod st2_client;
mod st2_runs;
mod st2_stream;
mod support;
mod terminal;
mod topics;
mod workflow_kill9;
mod workflow_try;
mod workflows;
