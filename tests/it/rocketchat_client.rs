//! The vendor's own client against our stand-in: what it takes for a Rocket.Chat server is one for the bot, too.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::support::lines::Lines;
use crate::support::rocketchat::{BOB, OPS, Rocketchat, TOKEN};
use crate::support::{SOON, source, within};

/// The client, and what it tells of its steps.
struct Client {
    child: Child,
    stdin: ChildStdin,
    lines: Lines,
    next: usize,
}

impl Client {
    fn start(server: &Rocketchat, packages: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(source::root().join("scripts/clients/rocketchat.mjs")).env("CHATOPS_CLIENTS", packages);
        command
            .env("ROCKETCHAT_URL", server.url())
            .env("ROCKETCHAT_TOKEN", TOKEN)
            .env("ROCKETCHAT_ROOM", OPS);
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
    let server = Rocketchat::start();
    let mut client = Client::start(&server, &packages);
    for step in ["logged in", "subscribed", "spoke"] {
        assert_eq!(client.says(), step);
    }
    server.says(BOB, OPS, "first");
    assert_eq!(client.says(), "heard first");
    server.abort();
    server.meets(2);
    server.says(BOB, OPS, "second");
    assert_eq!(client.says(), "heard second");
    client.stdin.write_all(b"end\n").unwrap();
    assert_eq!(client.says(), "ended");
    assert!(within(SOON, || client.child.try_wait().unwrap()).is_some_and(|status| status.success()));
    assert_eq!(server.breaches(), Vec::<String>::new());
}
