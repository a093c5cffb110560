//! Any program: the event as JSON on its stdin, its exit code decides. This is how plugins are written.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::look::cut;
use super::{Doors, Edits, Mode, Notice, Notifier, later, refused};
use crate::model::{Handle, Receipt, Secret, SendError};
use crate::net::process::{Limits, Reason, Sink, Spec, Stdin, explain, run};
use crate::text::clean::one_line;
use crate::text::{Limit, Unit};

/// `EX_TEMPFAIL` of sysexits.h: try again later.
const TEMPORARY: i32 = 75;
/// No program may take longer: seconds.
const LONGEST: u64 = 3600;
/// How long a program may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(2);
/// This many bytes of its output are kept.
const KEPT: usize = 4096;
/// This many characters of them are told.
const TOLD: Limit = Limit { most: 300, unit: Unit::Chars };

/// The options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// The program and its arguments; no shell reads them.
    command: Vec<Secret>,
    /// Variables of the program.
    #[serde(default)]
    env: BTreeMap<String, Secret>,
    /// Free options, given to the program with the event.
    #[serde(default)]
    with: Hidden,
    /// When it is ended.
    #[serde(default = "limit")]
    timeout_seconds: u64,
}

/// Free options of the program; they may be secrets.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("writeOnly" = true))]
struct Hidden(Map<String, Value>);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

fn limit() -> u64 {
    30
}

/// The beginning of what a program prints.
#[derive(Default)]
struct Heard(Mutex<Vec<u8>>);

impl Sink for Heard {
    fn write(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(&bytes[..room]);
    }
}

impl Notifier for Exec {
    const SUMMARY: &'static str = "runs a program that gets the event as JSON on its stdin";
    const PAGE: &'static str = include_str!("../../docs/notifiers/exec.md");
    const EDITS: Edits = Edits::Never;

    fn check(&self) -> Result<(), String> {
        match self.command.first() {
            None => return Err("`command` is empty: name a program and its arguments".to_owned()),
            Some(program) if program.expose().trim().is_empty() => {
                return Err("`command` names no program".to_owned());
            }
            Some(_) => {}
        }
        if !(1..=LONGEST).contains(&self.timeout_seconds) {
            return Err(format!("`timeout_seconds` must be from 1 to {LONGEST}"));
        }
        let bad = |name: &String| name.is_empty() || name.contains(['=', '\0']);
        match self.env.keys().find(|name| bad(name)) {
            Some(name) => Err(format!("`env`: `{name}` cannot be the name of a variable")),
            None => Ok(()),
        }
    }

    fn targets(&self) -> Vec<String> {
        vec![self.command.first().map(|program| program.expose().to_owned()).unwrap_or_default()]
    }

    async fn send(
        &self,
        doors: &Doors<'_>,
        notice: &Notice,
        _: Option<&Handle>,
    ) -> Result<Receipt, SendError> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(refused("there is no `command`"));
        };
        let program = program.expose();
        if doors.mode == Mode::Rehearse {
            let answer = format!("run {program} with {} arguments\n\n{}", arguments.len(), notice.event());
            return Ok(Receipt { handle: None, answer });
        }
        let input = json!({"event": notice.event(), "with": self.with.0});
        let spec = Spec {
            program: program.into(),
            args: arguments.iter().map(|argument| argument.expose().into()).collect(),
            env: self.env.iter().map(|(name, value)| (name.into(), value.expose().into())).collect(),
            cwd: None,
            stdin: Stdin::Bytes(input.to_string().into_bytes()),
        };
        let span = Duration::from_secs(self.timeout_seconds);
        let stop = CancellationToken::new();
        let limits = Limits { stop, limit: span, grace: GRACE, world: doors.world.clone() };
        let (out, err) = (Heard::default(), Heard::default());
        let ending =
            run(spec, &out, &err, &limits).await.map_err(|error| refused(explain(&error, program)))?;
        let said = |heard: &Heard| self.told(&heard.0.lock().unwrap_or_else(PoisonError::into_inner));
        match (ending.reason, ending.code) {
            (Reason::Itself, 0) => Ok(Receipt { handle: None, answer: said(&out) }),
            (Reason::Itself, TEMPORARY) => Err(later(format!("exit code {TEMPORARY}: {}", said(&err)))),
            (Reason::Itself, code) => {
                let words = Some(said(&err)).filter(|words| !words.is_empty()).unwrap_or_else(|| said(&out));
                let words = if words.is_empty() { words } else { format!(": {words}") };
                Err(refused(format!("exit code {code}{words}")))
            }
            _ => Err(later(format!("`{program}` did not end within {span:?}"))),
        }
    }
}

impl Exec {
    /// What a program said, in one short line without the secrets that it was given.
    fn told(&self, bytes: &[u8]) -> String {
        let mut given = Vec::new();
        self.with.0.values().for_each(|value| texts(value, &mut given));
        let arguments = self.command.iter().skip(1);
        let secrets = self.env.values().chain(arguments).map(Secret::expose).chain(given);
        let secrets = secrets.filter(|text| text.len() > 3);
        let text = secrets
            .fold(String::from_utf8_lossy(bytes).into_owned(), |text, secret| text.replace(secret, "***"));
        cut(one_line(text.trim()).trim(), TOLD)
    }
}

/// Every text in a value.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => map.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::conformance::Rig;

    async fn shell(script: &str) -> Result<Receipt, SendError> {
        let options =
            json!({"command": ["sh", "-c", script], "with": {"key": "hunter2"}, "timeout_seconds": 5});
        let exec: Exec = serde_json::from_value(options).unwrap();
        assert!(!format!("{exec:?}").contains("hunter2"));
        exec.send(&Rig::new().doors(), &Notice { title: "deploy".into(), ..Notice::default() }, None).await
    }

    #[tokio::test]
    async fn the_exit_code_decides() {
        let taken = shell("grep -o '\"title\":\"deploy\"'").await.unwrap();
        assert_eq!(taken.answer, "\"title\":\"deploy\"");
        assert!(matches!(shell("exit 75").await, Err(SendError::Retry { .. })));
        assert_eq!(shell("echo no >&2; exit 3").await.unwrap_err(), refused("exit code 3: no"));
    }

    #[tokio::test]
    async fn its_own_options_reach_the_program_and_stay_hidden() {
        assert_eq!(shell("grep -o h[u]nter2").await.unwrap().answer, "***");
    }

    #[tokio::test]
    async fn a_time_limit_ends_the_whole_group() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 300 & echo $! > {}; wait", file.display());
        let options = json!({"command": ["sh", "-c", script], "timeout_seconds": 1});
        let exec: Exec = serde_json::from_value(options).unwrap();
        let error = exec.send(&Rig::new().doors(), &Notice::default(), None).await.unwrap_err();
        assert_eq!(error, later("`sh` did not end within 1s"));
        let child = std::fs::read_to_string(&file).unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        // What nobody has reaped yet is dead all the same.
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    }

    #[tokio::test]
    async fn a_flood_of_output_is_read_and_kept_in_part() {
        let receipt = shell("head -c 50000000 /dev/zero | tr '\\0' x").await.unwrap();
        assert_eq!(receipt.answer.chars().count(), TOLD.most);
    }

    #[test]
    fn options_that_cannot_work_are_refused_at_load() {
        let check = |options: Value| serde_json::from_value::<Exec>(options).unwrap().check().unwrap_err();
        assert!(check(json!({"command": []})).contains("`command` is empty"));
        assert!(check(json!({"command": ["x"], "env": {"A=B": "c"}})).contains("`env`"));
        assert!(check(json!({"command": ["x"], "timeout_seconds": 0})).contains("from 1 to 3600"));
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_said() {
        let exec: Exec = serde_json::from_value(json!({"command": ["/no/such/program"]})).unwrap();
        let error = exec.send(&Rig::new().doors(), &Notice::default(), None).await.unwrap_err();
        assert_eq!(error, refused("the program `/no/such/program` is not there"));
    }
}
