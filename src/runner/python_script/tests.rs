//! Python actions as packs write them, run by the Python of this machine.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::runner::desk::{Answer, Desk, Question};
use crate::runner::testing::job;

/// A home with one pack and one action in it.
struct Stage {
    home: tempfile::TempDir,
    file: PathBuf,
}

const HEAD: &str = "from st2common.runners.base_action import Action\n";

impl Stage {
    fn new(text: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let actions = home.path().join("packs/acme/actions");
        fs::create_dir_all(&actions).unwrap();
        let file = actions.join("greet.py");
        fs::write(&file, text).unwrap();
        Self { home, file }
    }

    fn input(&self, own: Value) -> Input {
        let map = |value: Value| value.as_object().cloned().unwrap();
        Input {
            entry_point: Some(self.file.clone()),
            own: map(own),
            config: map(json!({"url": "https://example.org"})),
            pack: "acme".to_owned(),
            reference: "acme.greet".to_owned(),
            user: "ann".to_owned(),
            parameters: map(json!({"timeout": 60})),
            ..Input::default()
        }
    }

    async fn run_with(&self, input: Input, job: &Job) -> Outcome {
        let settings = Settings { home: Some(self.home.path().to_owned()), ..Settings::default() };
        crate::runner::run("python-script", input, job, &settings).await
    }

    async fn run(&self, own: Value) -> Outcome {
        self.run_with(self.input(own), &job()).await
    }
}

async fn run(body: &str, own: Value) -> Outcome {
    Stage::new(&format!("{HEAD}{body}")).run(own).await
}

#[tokio::test]
async fn a_result_comes_apart_from_what_is_printed() {
    let body = "class Greet(Action):\n    def run(self, who, times=None):\n        print('hello')\n        \
                self.logger.info('greeting %s', who)\n        return {'said': who * 2, 'times': times, 'url': self.config['url']}\n";
    let outcome = run(body, json!({"who": "ann's $(id)", "times": null})).await;
    assert_eq!((outcome.status, &outcome.why), (Status::Succeeded, &None), "{outcome:?}");
    let wanted = json!({
        "stdout": "hello\n", "stderr": "actions.python.Greet: INFO     greeting ann's $(id)\n", "exit_code": 0,
        "result": {"said": "ann's $(id)ann's $(id)", "times": null, "url": "https://example.org"},
    });
    assert_eq!(outcome.result, wanted);
}

#[tokio::test]
async fn a_pair_is_a_status_and_a_result() {
    for (returned, status, result) in [
        ("(True, 'x')", Status::Succeeded, json!("x")),
        ("(False, {'a': 1})", Status::Failed, json!({"a": 1})),
        ("(None, [1])", Status::Succeeded, json!([1])),
        ("[False, 1]", Status::Succeeded, json!([false, 1])),
        ("(False, 1, 2)", Status::Succeeded, json!([false, 1, 2])),
        ("None", Status::Succeeded, Value::Null),
        ("(True, 1 + 2j)", Status::Succeeded, json!("(1+2j)")),
        ("{(1, 2): 3}", Status::Succeeded, json!("{(1, 2): 3}")),
        ("float('nan')", Status::Succeeded, json!("nan")),
        ("False", Status::Succeeded, json!(false)),
    ] {
        let outcome =
            run(&format!("class A(Action):\n    def run(self):\n        return {returned}\n"), json!({}))
                .await;
        assert_eq!((outcome.status, &outcome.result["result"]), (status, &result), "{returned}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_status_of_another_type_is_exit_code_220() {
    let outcome = run("class A(Action):\n    def run(self):\n        return ('yes', 1)\n", json!({})).await;
    assert_eq!((outcome.status, &outcome.result["exit_code"]), (Status::Failed, &json!(220)));
    assert!(
        outcome.result["stderr"].as_str().unwrap().contains("must be True, False or None"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn an_exception_is_told_with_its_traceback() {
    let outcome =
        run("class A(Action):\n    def run(self):\n        raise ValueError('no such host')\n", json!({}))
            .await;
    assert_eq!((outcome.status, outcome.why.as_deref()), (Status::Failed, Some("ValueError: no such host")));
    let stderr = outcome.result["stderr"].as_str().unwrap();
    assert!(stderr.contains("greet.py\", line 4, in run") && !stderr.contains("main.py"), "{stderr}");
    assert_eq!((&outcome.result["exit_code"], &outcome.result["result"]), (&json!(1), &json!("None")));
}

#[tokio::test]
async fn an_exit_code_of_the_action_is_kept() {
    let outcome =
        run("import sys\nclass A(Action):\n    def run(self):\n        sys.exit(7)\n", json!({})).await;
    assert_eq!((outcome.why.as_deref(), &outcome.result["exit_code"]), (Some("exit code 7"), &json!(7)));
}

#[tokio::test]
async fn the_first_class_by_name_of_the_file_itself_is_taken() {
    let stage = Stage::new(
        "from st2actions.runners.pythonrunner import Action\nfrom helper import Aaa\nclass Z(Aaa):\n    def run(self):\n        \
         return 'z'\nclass B(Action):\n    def __init__(self, config=None):\n        super(B, self).__init__(config)\n    \
         def run(self):\n        return [self.action_service is not None, self.name()]\n    def name(self):\n        \
         return Aaa.__name__\n",
    );
    let lib = stage.file.parent().unwrap().join("lib");
    fs::create_dir(&lib).unwrap();
    let helper = "import six\nfrom st2common.log import getLogger\nfrom st2common.util import isotime\n\
                  from st2common.runners.utils import get_logger_for_python_runner_action\n\
                  LOG = getLogger(__name__)\nLOG.info('loaded')\nclass Aaa(object):\n    def run(self):\n        return six.text_type('lib')\n";
    fs::write(lib.join("helper.py"), helper).unwrap();
    let outcome = stage.run(json!({})).await;
    assert_eq!(outcome.result["result"], json!([true, "Aaa"]), "{outcome:?}");
    assert!(outcome.result["stderr"].as_str().unwrap().contains("st2.helper: INFO     loaded"));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let outcome = Stage::new("import no_such_module_here\n").run(json!({})).await;
    let why = outcome.why.unwrap();
    assert!(
        why.contains("`no_such_module_here` is missing")
            && why.contains("requirements.txt of the pack `acme`"),
        "{why}"
    );
    for module in ["st2client.client", "st2common.services.keyvalues"] {
        let outcome = Stage::new(&format!("import {module}\n")).run(json!({})).await;
        let why = outcome.why.unwrap();
        assert!(why.contains("part of StackStorm's server") && why.contains(&module[..9]), "{why}");
    }
    let outcome = Stage::new("class A(object):\n    pass\n").run(json!({})).await;
    assert!(outcome.why.unwrap().contains("no class with a method `run`"));
    let why = run("class A(Action):\n    def run(self):\n        self.config['token']\n", json!({}))
        .await
        .why
        .unwrap();
    assert!(
        why.contains("\"acme\"") && why.contains("\"token\"") && why.contains("configs/acme.yaml"),
        "{why}"
    );
}

#[tokio::test]
async fn the_environment_is_stackstorms_and_the_process_list_shows_no_value() {
    let body = "import os, sys\nclass A(Action):\n    def run(self, password):\n        \
                line = open('/proc/self/cmdline').read() + open('/proc/self/environ').read()\n        \
                env = {n: os.environ[n] for n in sorted(os.environ) if n.startswith('ST2_') or n == 'EXTRA'}\n        \
                return [password in line, env, sys.stdin.read(), os.environ['PYTHONPATH']]\n";
    let stage = Stage::new(&format!("{HEAD}{body}"));
    let mut input = stage.input(json!({"password": "hunter2"}));
    input.parameters.insert("env".to_owned(), json!({"EXTRA": 5, "PYTHONPATH": "/evil"}));
    let outcome = stage.run_with(input, &job()).await;
    let result = &outcome.result["result"];
    assert_eq!(result[0], json!(false), "{outcome:?}");
    let wanted = json!({
        "EXTRA": "5", "ST2_ACTION_API_URL": "", "ST2_ACTION_AUTH_TOKEN": "", "ST2_ACTION_DEBUG": "false",
        "ST2_ACTION_EXECUTION_ID": "1", "ST2_ACTION_PACK_NAME": "acme", "ST2_ACTION_TIMEOUT": "60",
    });
    assert_eq!((&result[1], &result[2], &result[3]), (&wanted, &json!(""), &json!("")));
}

#[tokio::test]
async fn a_time_limit_ends_it() {
    let stage = Stage::new(&format!(
        "{HEAD}import time\nclass A(Action):\n    def run(self):\n        time.sleep(60)\n"
    ));
    let job = Job { limit: Duration::from_millis(700), ..job() };
    let outcome = stage.run_with(stage.input(json!({})), &job).await;
    assert_eq!(outcome.status, Status::Timeout);
    assert_eq!(outcome.result["error"], json!("Action failed to complete in 0.7 seconds"));
}

#[tokio::test]
async fn values_far_longer_than_an_argument_pass_both_ways() {
    let long = "x".repeat(3 << 20);
    let outcome =
        run("class A(Action):\n    def run(self, a):\n        return [len(a), a]\n", json!({"a": long}))
            .await;
    assert_eq!(outcome.result["result"], json!([3 << 20, long]));
}

/// A datastore of one key.
#[derive(Debug, Default)]
struct OneKey(Mutex<Vec<String>>);

impl Desk for OneKey {
    fn ask(&self, question: Question) -> Answer<'_> {
        let answer = match &question {
            Question::Get { decrypt: true, .. } => Ok(json!("hunter2")),
            Question::Get { name, .. } if name.ends_with(":none") => Ok(Value::Null),
            Question::Get { .. } => Ok(json!("seen")),
            Question::Set { name, .. } if name.contains("full") => Err("the datastore is full".to_owned()),
            Question::Set { .. } => Ok(json!(true)),
            Question::Delete { .. } => Ok(json!(false)),
            Question::List { .. } => {
                Ok(json!([{"name": "a", "value": "1", "scope": "system", "ttl": null, "secret": false}]))
            }
        };
        let asked = match question {
            Question::Get { name, .. } | Question::Set { name, .. } | Question::Delete { name } => name,
            Question::List { prefix, .. } => prefix,
        };
        self.0.lock().unwrap().push(asked);
        Box::pin(async move { answer })
    }

    fn told(&self) -> Vec<String> {
        vec!["hunter2".to_owned()]
    }
}

#[tokio::test]
async fn the_datastore_is_asked_over_the_same_socket() {
    let body = "class Keep(Action):\n    def run(self):\n        s = self.action_service\n        got = [\n            \
                s.get_value('a'), s.get_value('none'), s.get_value('sys.b', local=False),\n            \
                s.set_value('n', 5, ttl=60, encrypt=True), s.delete_value('n'),\n            \
                [p.name + p.value for p in s.list_values(prefix='x')], s.get_user_info()['username'],\n        ]\n        \
                print(s.get_value('pw', decrypt=True))\n        \
                for call in (lambda: s.get_value('a', scope='user'), lambda: s.set_value('full', 1)):\n            \
                try:\n                call()\n            except (ValueError, RuntimeError) as e:\n                got.append(str(e))\n        return got\n";
    let stage = Stage::new(&format!("{HEAD}{body}"));
    let desk = Arc::new(OneKey::default());
    let job = Job { desk: Some(desk.clone()), ..job() };
    let outcome = stage.run_with(stage.input(json!({})), &job).await;
    let wanted = json!([
        "seen",
        null,
        "seen",
        true,
        false,
        ["a1"],
        "ann",
        "Scope \"user\" is not supported, only \"system\" is",
        "the datastore is full"
    ]);
    assert_eq!(outcome.result["result"], wanted, "{outcome:?}");
    assert_eq!(outcome.result["stdout"], json!("********\n"));
    let asked = desk.0.lock().unwrap().clone();
    assert_eq!(asked[..3], ["acme.Keep:a", "acme.Keep:none", "sys.b"]);
    assert!(asked.contains(&"acme.Keep:x".to_owned()), "{asked:?}");
}
