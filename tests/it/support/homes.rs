//! Homes that several tests begin with: a few aliases, everyone may run them.

use super::bot::Home;

/// Runs what is typed, here or elsewhere.
const RUN: &str = r#"---
name: run
action_ref: core.remote
description: Run a command on hosts
formats:
  - "run {{cmd}} on {{hosts}}"
"#;

/// Answers at once.
const ECHO: &str = r#"---
name: echo
action_ref: core.echo
description: Say it again
ack: { enabled: false }
formats:
  - "echo {{message}}"
result:
  format: "{{ execution.result.stdout | default(execution.result.message) }}"
"#;

/// What people may do who are nobody in particular.
const EVERYONE: &str = "everyone: [ { run: [default.*, core.remote, core.echo] } ]\n";

/// Two aliases, `run CMD on HOSTS` and `echo TEXT`, and nobody who may use them but the terminal's user.
pub(crate) fn small() -> Home {
    Home::new().file("aliases/run.yaml", RUN).file("aliases/echo.yaml", ECHO)
}

/// The same, and everyone may use them.
pub(crate) fn open_to_all() -> Home {
    small().file("access.yaml", EVERYONE)
}

/// The same, on the IRC network at `server`, in `#ops`, as `bot`, without TLS and without a rate limit.
pub(crate) fn on_irc(server: &str) -> Home {
    open_to_all()
        .set("CHATOPS_IRC_SERVER", server)
        .set("CHATOPS_IRC_TLS", "off")
        .set("CHATOPS_IRC_NICK", "bot")
        .set("CHATOPS_IRC_CHANNELS", "#ops")
        .set("CHATOPS_IRC_RATE", "off")
}
