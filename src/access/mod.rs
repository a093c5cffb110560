//! Who may do what: `access.yaml`, read once, asked for every command. Pure: values in, decisions out.
//!
//! What no rule allows is refused. A rule names actions by `pack.action`, or commands by `alias:pack.alias`; it may
//! hold for some argument values (`with`) and some places (`in`) only. Built-in commands are the actions of
//! [`BUILTIN`]. `docs/access.md` tells it to admins.

mod approve;
mod check;
mod decide;
mod explain;
mod factor;
mod file;
mod glob;
mod lend;
mod overview;
mod pattern;
mod policy;

pub use approve::{Sameness, Unfit};
pub use decide::{Asked, Asker, By, Decision, Miss, Near, Why};
pub use explain::{Explanation, Holding, Standing, Whoami};
pub use factor::{Factor, RECOVERIES, RECOVERY, SECRET, Verdict, is_code};
pub use lend::{Lent, NotLent};
pub use overview::Role;
pub use policy::{Access, Holder, Rule, Through};

/// A built-in permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// As a rule names it, `chatops.reload`.
    pub action: &'static str,
    /// What it allows.
    pub doc: &'static str,
    /// Who has it without any rule.
    pub open: Open,
}

/// Who has a built-in permission without any rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Everybody, unproven persons too.
    ToAll,
    /// Those to whom a rule gives it.
    ByRule,
}

/// Every built-in permission. What belongs to the asker (an own execution to kill or show) needs none.
pub const BUILTIN: &[Builtin] = &[
    Builtin { action: "chatops.help", doc: "see help on the commands one may run", open: Open::ToAll },
    Builtin {
        action: "chatops.whoami",
        doc: "see who the bot takes one for, and why one may not",
        open: Open::ToAll,
    },
    Builtin {
        action: "chatops.list",
        doc: "list packs, actions, aliases and the version",
        open: Open::ByRule,
    },
    Builtin { action: "chatops.history", doc: "see what others ran: ps, history, show", open: Open::ByRule },
    Builtin { action: "chatops.kill", doc: "end what others run", open: Open::ByRule },
    Builtin { action: "chatops.access", doc: "see who may run what", open: Open::ByRule },
    Builtin {
        action: "chatops.notify",
        doc: "see and test notifiers and deliveries, send again what was given up",
        open: Open::ByRule,
    },
    Builtin { action: "chatops.silence", doc: "silence events for everybody", open: Open::ByRule },
    Builtin { action: "chatops.ack", doc: "take care of a subject, or snooze it", open: Open::ByRule },
    Builtin {
        action: "chatops.kv",
        doc: "read system keys of the datastore; `with: {key: [...]}` says which",
        open: Open::ByRule,
    },
    Builtin {
        action: "chatops.kv-write",
        doc: "write and remove system keys; `with: {key: [...]}` says which",
        open: Open::ByRule,
    },
    Builtin {
        action: "chatops.kv-secret",
        doc: "see the text of secret system keys, in a direct message",
        open: Open::ByRule,
    },
    Builtin { action: "chatops.grant", doc: "grant others something for a time", open: Open::ByRule },
    Builtin {
        action: "chatops.twofactor",
        doc: "take away the second factor that somebody lost",
        open: Open::ByRule,
    },
    Builtin { action: "chatops.drain", doc: "let the bot take nothing new", open: Open::ByRule },
    Builtin {
        action: "chatops.schedule",
        doc: "see, pause and remove the schedules of others",
        open: Open::ByRule,
    },
    Builtin { action: "chatops.set", doc: "set what a room fills in for everybody", open: Open::ByRule },
    Builtin {
        action: "chatops.post",
        doc: "send results and reminders to rooms that one may not use oneself",
        open: Open::ByRule,
    },
    Builtin { action: "chatops.audit", doc: "search the audit log", open: Open::ByRule },
    Builtin { action: "chatops.doctor", doc: "see how the bot is", open: Open::ByRule },
    Builtin { action: "chatops.reload", doc: "read the configuration again now", open: Open::ByRule },
];

#[cfg(test)]
mod tests;
