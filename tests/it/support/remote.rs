//! Remote commands by both clients against a real sshd: what the tests of them stand on.

use std::sync::Arc;
use std::time::Duration;

use chatops::model::Status;
use chatops::net::World;
use chatops::runner::{Backend, Input, Job, Outcome, Output, Settings, Ssh, run};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::sshd::Sshd;

/// A runner's settings and a real sshd.
pub(crate) struct Bench {
    pub(crate) sshd: Sshd,
    pub(crate) settings: Settings,
    pub(crate) job: Job,
}

impl Bench {
    /// With one of the clients; `None` without an sshd on this machine.
    pub(crate) fn new(backend: Backend) -> Option<Self> {
        let sshd = Sshd::start()?;
        let known_hosts = Some(sshd.known_hosts());
        // Generous: the machine of a test may be busy.
        let connect = Duration::from_secs(60);
        let ssh = Ssh { backend, known_hosts, connect, config: Some("/dev/null".into()), ..Ssh::default() };
        let settings = Settings { ssh, grace: Duration::from_secs(1), ..Settings::default() };
        let job = Job {
            id: 1,
            desk: None,
            stop: CancellationToken::new(),
            limit: Duration::from_secs(600),
            output: Arc::new(Output::default()),
            world: World::real(),
        };
        Some(Self { sshd, settings, job })
    }

    /// Parameters for one host, with more of them or others.
    pub(crate) fn parameters(&self, more: Value) -> Map<String, Value> {
        let mut parameters =
            json!({"private_key": self.sshd.key(), "hosts": self.sshd.host(1), "timeout": 300});
        let Value::Object(more) = more else { panic!("parameters are an object") };
        parameters.as_object_mut().unwrap().extend(more);
        parameters.as_object().unwrap().clone()
    }

    /// Runs a remote command.
    pub(crate) async fn run(&self, more: Value) -> Outcome {
        let input = Input { parameters: self.parameters(more), ..Input::default() };
        run("remote-shell-cmd", input, &self.job, &self.settings).await
    }

    /// The error of the only host.
    pub(crate) async fn error(&self, more: Value) -> String {
        let outcome = self.run(more).await;
        assert_eq!(outcome.status, Status::Failed, "{outcome:?}");
        let record = outcome.result.as_object().unwrap().values().next().unwrap().clone();
        assert_eq!((&record["return_code"], &record["timeout"]), (&json!(255), &json!(false)), "{record}");
        assert_eq!(record["error"].as_str(), outcome.why.as_deref());
        record["error"].as_str().unwrap().to_owned()
    }
}

/// Each test runs with each client.
macro_rules! tests {
    ($($name:ident,)*) => {
        mod system {
            $(#[tokio::test]
            async fn $name() {
                if let Some(bench) = crate::support::remote::Bench::new(chatops::runner::Backend::System) {
                    super::$name(bench).await;
                }
            })*
        }

        #[cfg(feature = "ssh-native")]
        mod native {
            $(#[tokio::test]
            async fn $name() {
                if let Some(bench) = crate::support::remote::Bench::new(chatops::runner::Backend::Native) {
                    super::$name(bench).await;
                }
            })*
        }
    };
}
pub(crate) use tests;
