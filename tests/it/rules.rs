//! Who may do what, how much at once, and one at a time, as people on IRC meet it.

use crate::support::bot::{Bot, Home};
use crate::support::chat::IrcUser;
use crate::support::ircd::{Ircd, Kind};
use crate::support::{SOON, homes, until};

/// Alice and Bob with the bot in `#ops`.
struct Room {
    bot: Bot,
    alice: IrcUser,
    bob: IrcUser,
}

impl Room {
    fn open(ircd: &Ircd, home: &Home) -> Self {
        let bot = home.serve();
        let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
        let bob = IrcUser::join(&ircd.address(), "bob", "#ops");
        alice.meets("bot");
        Self { bot, alice, bob }
    }
}

/// Waits until the file `gate` is in the home, then says `word`.
fn behind_the_gate(home: &Home, word: &str) -> String {
    format!("!run until [ -e {}/gate ]; do sleep 0.05; done; echo {word} on localhost", home.path().display())
}

#[test]
fn help_shows_only_what_one_may_run_and_a_refusal_names_the_rule() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address()).file("access.yaml", "everyone: [ { run: [core.echo] } ]\n");
    let mut room = Room::open(&ircd, &home);
    room.alice.says("!help");
    room.alice.sees("echo {{message}}");
    room.alice.says("!run date on localhost");
    room.alice.sees("may not");
    room.alice.says("!why can't i run run date on localhost");
    room.alice.sees("is nothing that you may run");
    let shown = room.alice.heard("run {{cmd}} on {{hosts}}");
    assert!(shown.is_empty(), "help shows what is not granted: {shown:?}");
    assert!(room.bot.stop().success());
}

#[test]
fn one_person_has_a_limit_and_is_told_to_wait_while_others_go_on() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address()).set("CHATOPS_MAX_RUNNING_PER_PERSON", "1");
    let mut room = Room::open(&ircd, &home);
    room.alice.says(&behind_the_gate(&home, "first-done"));
    room.alice.says("!run echo second-done on localhost");
    room.alice.sees("waits");
    room.bob.says("!run echo bob-done on localhost");
    room.bob.sees("bob: ");
    home.write("gate", "");
    room.alice.sees("first-done");
    room.alice.sees("second-done");
    assert!(room.bot.stop().success());
}

#[test]
fn a_lock_lets_one_run_and_tells_the_next_who_holds_it() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.address());
    let gate = home.path().join("gate");
    let action = format!(
        "name: deploy\nrunner_type: local-shell-cmd\nparameters:\n  where: {{ type: string }}\n  cmd:\n    \
         default: 'touch {0}.began; until [ -e {0} ]; do sleep 0.05; done; echo \"deployed {{{{ where }}}}\"'\n    immutable: true\n",
        gate.display()
    );
    let alias = "name: deploy\naction_ref: default.deploy\nformats: [\"deploy {{where}}\"]\n\
                 extra: { lock: \"deploy-{{where}}\" }\n";
    let home = home.file("actions/deploy.yaml", &action).file("aliases/deploy.yaml", alias);
    let mut room = Room::open(&ircd, &home);
    room.alice.says("!deploy staging");
    until(SOON, || home.path().join("gate.began").exists().then_some(()));
    room.bob.says("!deploy staging");
    assert!(room.bob.sees("deploy-staging").text.contains("alice"), "the holder is named");
    home.write("gate", "");
    room.alice.sees("deployed staging");
    room.bob.sees("bob: ");
    assert!(room.bot.stop().success());
}

#[test]
fn arguments_and_places_bound_a_grant() {
    let Some(ircd) = Ircd::start(Kind::InspircdWithServices) else { return };
    ircd.register("alice", "sesame-sesame");
    let access = "people: { alice: [irc:alice] }
roles:
  tester:
    - run: [core.echo]
      with: { message: [staging, \"dev-*\"] }
      in: [\"irc:#ops\"]
grants: [ { role: tester, to: [alice] } ]
";
    let home = homes::on_irc(&ircd.address()).file("access.yaml", access);
    let mut room = Room::open(&ircd, &home);
    room.alice.tells("NickServ", "IDENTIFY alice sesame-sesame");
    room.alice.receives(" 900 ");
    room.alice.says("!echo dev-7");
    room.alice.sees("dev-7");
    room.alice.says("!echo production");
    room.alice.sees("may not");
    room.alice.tells("bot", "echo staging");
    room.alice.sees("may not");
    assert!(room.bot.stop().success());
}
