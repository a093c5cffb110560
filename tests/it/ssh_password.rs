//! Logging in by password, against a server in this process: a real sshd takes only passwords of
//! the machine's own users.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use chatops::model::Status;
use chatops::net::World;
use chatops::runner::{Backend, Input, Job, Outcome, Output, Settings, Ssh, run};
use russh::keys::load_secret_key;
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, run_stream};
use russh::{Channel, ChannelId};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What a shell or a careless helper would take apart.
const PASSWORD: &str = "it's $(id) \"%h\" \\n";

/// Lets one user in and says so to every command.
struct Door;

impl Handler for Door {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(if (user, password) == ("tester", PASSWORD) { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)?;
        session.data(channel, &b"let in\n"[..])?;
        session.exit_status_request(channel, 0)?;
        session.eof(channel)?;
        session.close(channel)
    }
}

async fn server(folder: &Path) -> u16 {
    let key = folder.join("host_key");
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"];
    assert!(Command::new("ssh-keygen").args(args).arg(&key).status().unwrap().success());
    let rejection = Duration::from_millis(1);
    let keys = vec![load_secret_key(&key, None).unwrap()];
    let config = Arc::new(Config { keys, auth_rejection_time: rejection, ..Config::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let public = std::fs::read_to_string(folder.join("host_key.pub")).unwrap();
    std::fs::write(folder.join("known_hosts"), format!("[127.0.0.1]:{port} {public}")).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(run_stream(config.clone(), stream, Door));
        }
    });
    port
}

async fn log_in(backend: Backend, password: &str) -> (Outcome, String) {
    let folder = tempfile::tempdir().unwrap();
    let host = format!("127.0.0.1:{}", server(folder.path()).await);
    let known_hosts = Some(folder.path().join("known_hosts"));
    let ssh = Ssh { backend, known_hosts, config: Some("/dev/null".into()), ..Ssh::default() };
    let settings = Settings { ssh, ..Settings::default() };
    let job = Job {
        id: 1,
        desk: None,
        stop: CancellationToken::new(),
        limit: Duration::from_secs(60),
        output: Arc::new(Output::default()),
        world: World::real(),
    };
    let parameters = json!({"hosts": host, "username": "tester", "password": password, "cmd": "true"});
    let input = Input { parameters: parameters.as_object().unwrap().clone(), ..Input::default() };
    (run("remote-shell-cmd", input, &job, &settings).await, host)
}

async fn the_password_lets_in(backend: Backend) {
    let (outcome, host) = log_in(backend, PASSWORD).await;
    assert_eq!(outcome.status, Status::Succeeded, "{outcome:?}");
    assert_eq!(outcome.result[host]["stdout"], "let in");
}

async fn a_wrong_password_does_not_and_is_not_shown(backend: Backend) {
    let (outcome, host) = log_in(backend, "wr0ng-secret").await;
    let why = format!("`{host}` does not let `tester` in: check key, password and user");
    assert_eq!((outcome.status, outcome.why.as_deref()), (Status::Failed, Some(why.as_str())));
    assert!(!format!("{outcome:?}").contains("wr0ng-secret"));
}

#[tokio::test]
async fn the_systems_client_logs_in_by_password() {
    the_password_lets_in(Backend::System).await;
    a_wrong_password_does_not_and_is_not_shown(Backend::System).await;
}

#[tokio::test]
async fn the_native_client_logs_in_by_password() {
    the_password_lets_in(Backend::Native).await;
    a_wrong_password_does_not_and_is_not_shown(Backend::Native).await;
}
