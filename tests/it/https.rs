//! Requests over TLS against a real server.
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chatops::net::http::{HttpOptions, cause};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(args).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A server with a certificate for `localhost` that no system trusts.
fn serve(folder: &Path) -> (Server, u16) {
    let config = "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n[dn]\nCN=localhost\n\
                  [ext]\nsubjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n";
    std::fs::write(folder.join("req.cnf"), config).unwrap();
    let args = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -config req.cnf";
    assert!(openssl(folder, &args.split(' ').collect::<Vec<_>>()).status().unwrap().success());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let accept = port.to_string();
    let args = ["s_server", "-accept", &accept, "-cert", "cert.pem", "-key", "key.pem", "-www"];
    let server = Server(openssl(folder, &args).stdin(Stdio::null()).spawn().unwrap());
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "the server does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    (server, port)
}

#[tokio::test]
async fn certificates_are_checked_unless_told_otherwise() {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "openssl is not installed");
        eprintln!("skipped: openssl is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (_server, port) = serve(folder.path());
    let url = format!("https://localhost:{port}/");
    let ask = |options: HttpOptions| {
        let client = options.builder(&chatops::net::World::real()).unwrap().no_proxy().build().unwrap();
        client.get(url.clone()).send()
    };
    let refused = ask(HttpOptions::default()).await.unwrap_err();
    assert!(cause(&refused).contains("certificate"), "{}", cause(&refused));
    let trusting = HttpOptions { ca_file: Some(folder.path().join("cert.pem")), ..HttpOptions::default() };
    assert_eq!(ask(trusting).await.unwrap().status(), 200);
    let careless = HttpOptions { insecure_skip_verify: true, ..HttpOptions::default() };
    assert_eq!(ask(careless).await.unwrap().status(), 200);
}
