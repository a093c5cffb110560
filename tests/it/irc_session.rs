//! The IRC adapter's session against real servers.

use crate::support::irc_user::IrcUser;
use crate::support::ircd::{Ircd, Kind};

#[test]
fn the_test_servers_carry_talk() {
    for kind in [Kind::Ngircd, Kind::InspircdWithServices] {
        let Some(ircd) = Ircd::start(kind) else { return };
        if kind == Kind::InspircdWithServices {
            ircd.register_certificate(
                "bot",
                "sesame",
                &ircd.fingerprint("client.pem").replace(':', "").to_lowercase(),
            );
        }
        let mut alice = IrcUser::join(&ircd.address(), "alice", "#ops");
        let mut bob = IrcUser::join(&ircd.address(), "bob", "#ops");
        bob.say("#ops", "hello");
        assert_eq!(alice.hears("bob"), "hello");
    }
}
