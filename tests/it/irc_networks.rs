//! Several networks at once, a login that is mended while the bot runs, and whom the bot speaks to unasked.

use crate::support::bot::Home;
use crate::support::chat::IrcUser;
use crate::support::homes;
use crate::support::ircd::{Ircd, Kind};

/// The same bot on a second network, called `irc-two`.
fn also_on(home: Home, ircd: &Ircd) -> Home {
    home.set("CHATOPS_IRC__TWO__SERVER", &ircd.address())
        .set("CHATOPS_IRC__TWO__TLS", "off")
        .set("CHATOPS_IRC__TWO__NICK", "bot")
        .set("CHATOPS_IRC__TWO__CHANNELS", "#ops")
        .set("CHATOPS_IRC__TWO__RATE", "off")
}

#[test]
fn answers_go_to_the_network_they_were_asked_on_and_a_dead_one_hurts_no_other() {
    let (Some(one), Some(mut two)) = (Ircd::start(Kind::Ngircd), Ircd::start(Kind::Ngircd)) else { return };
    let home = also_on(homes::on_irc(&one.address()), &two);
    let bot = home.serve();
    let mut alice = IrcUser::join(&one.address(), "alice", "#ops");
    let mut bob = IrcUser::join(&two.address(), "bob", "#ops");
    alice.meets("bot");
    bob.meets("bot");
    bob.says("!run sleep 1; echo for-$((1+1)) on localhost");
    alice.says("!run echo for-$((2-1)) on localhost");
    alice.sees("for-1");
    bob.sees("for-2");
    assert!(alice.heard("for-2").is_empty() && bob.heard("for-1").is_empty());
    bob.says("!run sleep 2; echo late-$((1+1)) on localhost");
    bob.sees("is running");
    two.kill();
    for number in 0..5 {
        alice.says(&format!("!run echo still-{number} on localhost"));
        alice.sees(&format!("still-{number}"));
    }
    two.revive();
    let mut bob = IrcUser::join(&two.address(), "bob", "#ops");
    bob.sees("late-2");
    assert!(alice.heard("late-2").is_empty());
    assert!(bot.stop().success());
}

#[test]
fn a_refused_login_comes_up_when_the_settings_are_mended() {
    let Some(ircd) = Ircd::start(Kind::InspircdWithServices) else { return };
    ircd.register("bot", "sesame");
    let home = homes::on_irc(&ircd.address()).file("chatops.env", "CHATOPS_IRC_SASL_PASSWORD=wrong\n");
    let bot = home.serve();
    bot.logs("the service refuses the bot");
    home.write("chatops.env", "CHATOPS_IRC_SASL_PASSWORD=sesame\n");
    let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
    alice.meets("bot");
    alice.sends("WHOIS bot");
    alice.receives(" 330 ");
    alice.says("!echo hello");
    alice.sees("hello");
    assert!(bot.stop().success());
}

#[test]
fn the_admins_hear_of_a_mistake_only_where_the_network_vouches_for_them() {
    let Some(ircd) = Ircd::start(Kind::InspircdWithServices) else { return };
    ircd.register("boss", "open");
    let home = homes::on_irc(&ircd.address()).set("CHATOPS_ADMINS", "irc:boss");
    let bot = home.serve();
    let mut impostor = IrcUser::join(&ircd.address(), "boss2", "#ops");
    impostor.sends("NICK boss");
    let mut boss = IrcUser::join(&ircd.address(), "al", "#ops");
    boss.meets("bot");
    boss.tells("NickServ", "IDENTIFY boss open");
    boss.receives(" 900 ");
    impostor.tells("bot", "echo I am the boss");
    impostor.sees("I am the boss");
    boss.says("!whoami");
    boss.sees("an admin");
    home.write("aliases/echo.yaml", "name: [\n");
    boss.sees("something is wrong");
    assert!(impostor.heard("something is wrong").is_empty());
    assert!(bot.stop().success());
}

#[test]
fn doctor_tries_the_connection_and_says_what_to_do_about_a_private_authority() {
    let Some(ircd) = Ircd::start(Kind::Ngircd) else { return };
    let home = homes::on_irc(&ircd.tls_address()).set("CHATOPS_IRC_TLS", "on");
    let ran = home.run(&["doctor"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("error    adapter irc: ") && ran.stdout.contains("`CA_FILE`"), "{ran:?}");
    let home = home.set("CHATOPS_IRC_CA_FILE", &ircd.path("ca.pem"));
    let ran = home.run(&["doctor"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("ok       adapter irc: connects and logs in as `bot`"), "{ran:?}");
}
