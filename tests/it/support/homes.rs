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

/// The same, on the Rocket.Chat server at `url`, by the bot's token; alice is an admin.
pub(crate) fn on_rocketchat(url: &str) -> Home {
    use super::rocketchat::{ALICE, BOT, TOKEN};
    open_to_all()
        .set("CHATOPS_ROCKETCHAT_URL", url)
        .set("CHATOPS_ROCKETCHAT_USER_ID", BOT)
        .set("CHATOPS_ROCKETCHAT_TOKEN", TOKEN)
        .set("CHATOPS_ADMINS", &format!("rocketchat:{ALICE}"))
}

/// A command with typed parameters, one of them secret and one at a time for each environment.
const DEPLOY: &str = r#"---
name: deploy
description: Bring the application to an environment
action_ref: default.deploy
formats:
  - "deploy to {{target}}"
immutable_parameters: { dry: false }
ack: { enabled: false }
result: { format: "{{ execution.result.stdout | trim }}" }
extra: { lock: "deploy-{{target}}" }
"#;

/// What [`DEPLOY`] runs.
const DEPLOY_ACTION: &str = r#"---
name: deploy
description: Brings the application to an environment
runner_type: local-shell-cmd
parameters:
  target: { type: string, required: true, enum: [staging, dev-1, production], description: where to }
  count: { type: integer, default: 1 }
  token: { type: string, secret: true, default: "" }
  dry: { type: boolean, default: true }
  cmd: { immutable: true, default: 'echo "deployed {{count}} to {{target}}" "{{token}}"' }
"#;

/// A command that lasts until the test lets it go.
const HOLD: &str = r#"---
name: hold
description: Wait for the test
action_ref: default.hold
formats:
  - "hold {{name}}"
ack: { enabled: false }
result: { format: "{{ execution.result.stdout }}" }
extra: { lock: "{{lock}}" }
"#;

/// What [`HOLD`] runs; HOME is the home's folder.
const HOLD_ACTION: &str = r#"---
name: hold
description: Waits for the test
runner_type: local-shell-cmd
parameters:
  name: { type: string, required: true }
  lock: { type: string, default: "{{name}}" }
  cmd: { immutable: true, default: 'cd HOME; touch -- "began-{{name}}"; while [ ! -e "go-{{name}}" ]; do sleep 0.02; done; echo "{{name}} went"' }
"#;

/// What is typed, in a shell on this machine, answered by the default text.
const SH: &str = r#"---
name: sh
description: Run a command here
action_ref: core.local
formats:
  - "sh {{cmd}}"
ack: { enabled: false }
"#;

/// The people of [`ops`].
const OPS_ACCESS: &str = r#"---
people: { alice: [memory:alice], bob: [memory:bob], carol: [memory:carol] }
groups: { sre: [alice] }
roles:
  operator:
    - run: [default.*, core.*]
  deployer:
    - run: [default.deploy]
      with: { target: [staging, "dev-*"] }
      in: ["memory:#ops"]
  keeper:
    - run: [chatops.*]
grants:
  - { role: operator, to: [sre] }
  - { role: deployer, to: [bob] }
  - { role: keeper, to: [carol] }
everyone: [ { run: [core.echo] } ]
"#;

/// A team in the chat `memory`: alice may run all, bob may deploy to staging in `#ops`, carol may look at
/// everything, root is an admin, anyone may `echo`. `hold NAME` lasts until [`go`].
pub(crate) fn ops() -> Home {
    let home = Home::new();
    let here = home.path().display().to_string();
    home.file("aliases/echo.yaml", ECHO)
        .file("aliases/deploy.yaml", DEPLOY)
        .file("aliases/hold.yaml", HOLD)
        .file("aliases/sh.yaml", SH)
        .file("actions/deploy.yaml", DEPLOY_ACTION)
        .file("actions/hold.yaml", &HOLD_ACTION.replace("HOME", &here))
        .file("access.yaml", OPS_ACCESS)
        .set("CHATOPS_ADMINS", "memory:root")
}

/// Lets `hold NAME` end.
pub(crate) fn go(home: &Home, name: &str) {
    home.write(&format!("go-{name}"), "");
}

/// Waits until `hold NAME` runs.
pub(crate) fn began(home: &Home, name: &str) {
    let file = home.path().join(format!("began-{name}"));
    super::until(super::SOON, || file.exists().then_some(()));
}
