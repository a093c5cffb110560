//! PyPI's st2client, as it is, against the bot: its `st2` command and its Python library.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::bot::Bot;
use crate::support::room::program;
use crate::support::st2::{St2, home, serve};

/// The bot, and somebody with the client and a token for it.
struct Desk {
    _home: crate::support::bot::Home,
    bot: Bot,
    st2: St2,
    client: PathBuf,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Option<Self> {
        let client = program("st2client", "st2")?;
        let home = home();
        let bot = serve(&home);
        let st2 = St2::new(&home, "ops", &["read", "run", "admin"]);
        Some(Self { _home: home, bot, st2, client, folder: tempfile::tempdir().unwrap() })
    }

    fn command(&self, program: &PathBuf) -> Command {
        let base = format!("http://{}/st2", self.st2.address);
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.folder.path());
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").current_dir(self.folder.path());
        command
            .env("ST2_API_URL", format!("{base}/api/v1"))
            .env("ST2_AUTH_URL", format!("{base}/auth/v1"))
            .env("ST2_STREAM_URL", format!("{base}/stream/v1"));
        command
    }

    /// `st2` with the token as an API key.
    fn st2(&self, arguments: &[&str]) -> Output {
        self.command(&self.client).args(arguments).env("ST2_API_KEY", &self.st2.token).output().unwrap()
    }

    /// What a command that goes well prints.
    #[track_caller]
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.st2(arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{arguments:?}: {said}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        said
    }

    /// The same with `--json`.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let said = self.says(&[arguments, &["--json"]].concat());
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
    }

    /// The execution that a command with `--json` prints, which fails as the execution does.
    fn failed(&self, arguments: &[&str]) -> Value {
        let output = self.st2(&[arguments, &["--json"]].concat());
        assert!(!output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// What a command that fails prints.
    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.st2(arguments);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!output.status.success(), "{arguments:?}: {said}");
        said
    }
}

#[test]
fn the_st2_command_lists_runs_and_looks_at_executions() {
    let Some(desk) = Desk::new() else { return };
    let actions = desk.json(&["action", "list", "--pack", "default"]);
    let names: Vec<&str> =
        actions.as_array().unwrap().iter().map(|one| one["ref"].as_str().unwrap()).collect();
    assert_eq!(names, ["default.sh", "default.tell"]);
    assert_eq!(desk.json(&["action", "get", "core.echo"])["pack"], "core");
    let help = desk.says(&["run", "default.sh", "--help"]);
    assert!(help.contains("Required Parameters:") && help.contains("cmd"), "{help}");

    let ran = desk.json(&["run", "default.sh", "cmd=echo out; echo err >&2"]);
    assert_eq!((&ran["status"], &ran["result"]["stdout"]), (&json!("succeeded"), &json!("out")));
    let failed = desk.failed(&["run", "default.sh", "cmd=exit 3"]);
    assert_eq!((&failed["status"], &failed["result"]["return_code"]), (&json!("failed"), &json!(3)));
    let echoed = desk.says(&["run", "core.echo", "message=hello there"]);
    assert!(echoed.contains("status: succeeded") && echoed.contains("hello there"), "{echoed}");

    let id = ran["id"].as_str().unwrap();
    let got = desk.json(&["execution", "get", id]);
    assert_eq!(
        (&got["status"], &got["parameters"]["cmd"]),
        (&json!("succeeded"), &json!("echo out; echo err >&2"))
    );
    let list = desk.json(&["execution", "list", "-n", "2"]);
    let ids: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids.contains(&failed["id"].as_str().unwrap())), (2, true));
    let table = desk.says(&["execution", "list", "--status", "failed"]);
    assert!(table.contains("default.sh") && table.contains("failed") && table.contains("api:ops"), "{table}");
    let again = desk.json(&["execution", "re-run", id]);
    assert_eq!(again["result"]["stdout"], "out");

    let begun = desk.says(&["run", "-a", "default.sh", "cmd=sleep 600"]);
    let long = begun.split_whitespace().last().unwrap();
    let ended = desk.says(&["execution", "cancel", long]);
    assert!(ended.contains("cancel"), "{ended}");
    assert!(desk.bot.stop().success());
}

#[test]
fn the_st2_command_matches_and_executes_aliases_and_shows_what_is_wrong() {
    let Some(desk) = Desk::new() else { return };
    let aliases = desk.json(&["action-alias", "list", "--pack", "default"]);
    assert_eq!(aliases.as_array().unwrap().len(), 5);
    let alias = desk.json(&["action-alias", "get", "default.echo"]);
    assert_eq!(alias["action_ref"], "core.echo");
    let found = desk.json(&["action-alias", "match", "shell date"]);
    assert_eq!(found[0]["name"], "sh");
    let begun = desk.says(&["action-alias", "execute", "echo hello"]);
    assert!(begun.contains("Matching Action-alias: 'default.echo'"), "{begun}");
    let id = begun.split_whitespace().last().unwrap();
    let got = desk.json(&["execution", "get", id]);
    assert_eq!((&got["status"], &got["result"]["stdout"]), (&json!("succeeded"), &json!("hello")));

    let unknown = desk.fails(&["action-alias", "execute", "no such thing"]);
    assert!(unknown.contains("Command 'no such thing' matched no patterns"), "{unknown}");
    let missing = desk.fails(&["run", "default.sh"]);
    assert!(missing.contains("cmd"), "{missing}");
    let gone = desk.fails(&["execution", "get", "123456789"]);
    assert!(gone.contains("not found"), "{gone}");

    let who = desk.says(&["whoami"]);
    assert!(who.contains("ops"), "{who}");
    assert_eq!(desk.json(&["pack", "list"]).as_array().unwrap().len(), 3);
    let keys = desk.json(&["apikey", "list"]);
    assert_eq!(keys[0]["user"], "ops");
    assert!(desk.bot.stop().success());
}

#[test]
fn a_login_with_the_name_of_a_token_gives_one_that_the_client_goes_on_with() {
    let Some(desk) = Desk::new() else { return };
    let login = desk
        .command(&desk.client)
        .args(["login", "ops", "--password", &desk.st2.token, "--write-password"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&login.stdout).into_owned();
    assert!(login.status.success() && said.contains("Logged in as ops"), "{login:?}");
    let listed = desk.command(&desk.client).args(["action", "list", "--json"]).output().unwrap();
    assert!(listed.status.success() && listed.stdout.starts_with(b"["), "{listed:?}");
    let wrong = desk.command(&desk.client).args(["login", "ops", "--password", "guess"]).output().unwrap();
    assert!(!wrong.status.success(), "{wrong:?}");
    let none = desk.command(&desk.client).args(["--skip-config", "action", "list"]).output().unwrap();
    let said = String::from_utf8_lossy(&[none.stdout, none.stderr].concat()).into_owned();
    assert!(!none.status.success() && said.contains("Unauthorized"), "{said}");
    assert!(desk.bot.stop().success());
}

/// Reads the stream by the library, gives a command as a chat would, and prints what is announced.
const LIBRARY: &str = r#"
import threading
from st2client.client import Client
from st2client.models import ActionAliasExecution, Execution

client = Client()
heard, ready = [], threading.Event()

def listen():
    for event in client.managers["Stream"].listen(["st2.announcement__chatops"]):
        heard.append(event)
        ready.set()
        return

reader = threading.Thread(target=listen, daemon=True)
reader.start()
command = ActionAliasExecution(command="echo from python", user="alice", source_channel="ops", notification_route="hubot")
taken = client.managers["ActionAliasExecution"].match_and_execute(command)
print(taken.message)
execution = client.executions.get_by_id(taken.execution["id"])
print(execution.status, execution.action["ref"])
assert ready.wait(20), "nothing was announced"
payload = heard[0]["payload"]
print(payload["channel"], payload["user"], payload["message"])
ran = client.executions.create(Execution(action="core.echo", parameters={"message": "x"}))
print(client.executions.get_property(ran.id, "attribute/status", self_deserialize=False))
print(len(client.executions.get_children(ran.id)), client.actions.query_with_count(pack="core", limit=1)[1] > 3)
print(sorted(client.managers["ActionAlias"].get_by_name("echo").to_dict())[:3])
"#;

#[test]
fn the_python_library_gives_commands_and_reads_the_announcement() {
    let Some(desk) = Desk::new() else { return };
    let python = desk.client.with_file_name("python");
    let mut command = desk.command(&python);
    let output = command.args(["-c", LIBRARY]).env("ST2_API_KEY", &desk.st2.token).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "on it, alice: from python",
            "succeeded core.echo",
            "ops alice said {~} **from python**",
            "succeeded",
            "0 True",
            "['ack', 'action_ref', 'description']",
        ]
    );
    assert!(desk.bot.stop().success());
}
