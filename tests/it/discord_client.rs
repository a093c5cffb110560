//! The vendor's own client against our stand-in: what it takes for Discord is one for the bot, too.

use std::process::{Child, Command, Stdio};

use crate::support::discord::DiscordServer;
use crate::support::discord::world::{ALICE, Out, TOKEN};
use crate::support::lines::Lines;
use crate::support::{SOON, source};

/// The client, and what it tells of its steps.
struct Client {
    child: Child,
    lines: Lines,
    next: usize,
}

impl Client {
    fn start(server: &DiscordServer, packages: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(source::root().join("scripts/clients/discord.mjs"));
        command.env("CHATOPS_CLIENTS", packages).env("DISCORD_TOKEN", TOKEN);
        command.env("DISCORD_URL", server.url().trim_end_matches("/v10"));
        command.env("DISCORD_OPS", server.ops().to_string()).env("DISCORD_ALICE", ALICE.id.to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = Lines::follow(child.stdout.take().unwrap(), |_| {});
        Self { child, lines, next: 0 }
    }

    /// Waits for a line.
    fn says(&mut self, line: &str) {
        let found = self.lines.wait(self.next, SOON, |said| (said == line).then_some(()));
        self.next = found.unwrap_or_else(|why| panic!("the client was to say `{line}`: {why}")).1;
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
    let server = DiscordServer::start();
    let mut client = Client::start(&server, &packages);
    client.says("a session");
    client.says("spoke");
    client.says("edited, reacted, deleted");
    let first = server.says(ALICE, server.ops(), "first");
    client.says("heard first of alice in ops");
    server.edits(first, "first, mended");
    client.says("edited first, mended");
    server.thread(server.ops(), "disk full");
    client.says("thread disk full in ops");
    server.slash(ALICE, server.ops(), "help");
    client.says("command of alice");
    assert!(server.sees("for you alone").whispered);
    let message = server.sees("edited").id;
    server.press(ALICE, message, "n1").unwrap();
    client.says("pressed n1 of alice");

    for lose in [Out::Cut, Out::Close(4000)] {
        server.each(&lose);
        server.says(ALICE, server.ops(), "missed");
        client.says("heard missed of alice in ops");
    }
    server.frame(r#"{"op":7,"d":null,"s":null,"t":null}"#);
    client.says("resumed");
    server.says(ALICE, server.ops(), "last");
    client.says("heard last of alice in ops");
    assert_eq!(server.world().identified.len(), 1, "its session was resumed each time");
}
