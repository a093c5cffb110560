//! The vendor's own client against our stand-in: what it takes for a Mattermost server is one for the bot, too.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::support::lines::Lines;
use crate::support::mattermost::{Mattermost, TOKEN};
use crate::support::{SOON, source, within};

/// The client, and what it tells of its steps.
struct Client {
    child: Child,
    stdin: ChildStdin,
    lines: Lines,
    next: usize,
}

impl Client {
    fn start(server: &Mattermost, packages: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(source::root().join("scripts/clients/mattermost.mjs"));
        command.env("CHATOPS_CLIENTS", packages);
        command.env("MATTERMOST_URL", server.url()).env("MATTERMOST_TOKEN", TOKEN);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = Lines::follow(child.stdout.take().unwrap(), |_| {});
        Self { child, stdin, lines, next: 0 }
    }

    /// Waits for the next line, whatever it is.
    fn says(&mut self) -> String {
        let found = self.lines.wait(self.next, SOON, |line| Some(line.to_owned()));
        let (line, next) = found.unwrap_or_else(|why| panic!("the client says nothing: {why}"));
        self.next = next;
        line
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs node and the vendor's client: scripts/clients/run"]
fn the_vendors_client_gets_along_with_the_stand_in() {
    let packages =
        std::env::var("CHATOPS_CLIENTS").expect("`CHATOPS_CLIENTS` names the folder with node_modules");
    let server = Mattermost::start();
    let mut client = Client::start(&server, &packages);
    assert_eq!(client.says(), "looked up");
    assert_eq!(client.says(), "spoke");
    assert_eq!(client.says(), "hello");
    server.says("alice", "ops", "", "first");
    assert_eq!(client.says(), "heard first");

    // Cut, it resumes and gets what it missed; its own posts of before are not told again.
    server.cut();
    server.says("alice", "ops", "", "second");
    assert_eq!(client.says(), "heard second");
    assert_eq!(server.state().resumed, 1);

    // After a restart of the server there is nothing to resume, and the client is told so.
    server.forget();
    let lines = [client.says(), client.says()];
    assert_eq!(lines.map(|line| line == "missed" || line == "hello"), [true, true]);
    server.says("alice", "@", "", "third");
    assert_eq!(client.says(), "heard third");

    client.stdin.write_all(b"end\n").unwrap();
    assert_eq!(client.says(), "ended, missed 1");
    assert!(within(SOON, || client.child.try_wait().unwrap()).is_some_and(|status| status.success()));
    assert_eq!(server.state().breaches, Vec::<String>::new());
}
