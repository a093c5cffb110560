//! The notifier `email` against a real mail transfer agent.

use serde_json::json;

use crate::support::notify::{failed, notifier, refused, tell};
use crate::support::postfix::Postfix;

#[test]
fn postfix_delivers_to_a_mailbox_and_an_unknown_recipient_is_refused() {
    let Some(postfix) = Postfix::start() else { return };
    let mail = notifier(&json!({"email": {
        "host": "localhost", "port": postfix.port(), "ca_file": postfix.path("ca.pem"), "from": "bot@example.org",
        "to": ["nobody@example.org", "ops@example.org"],
    }}));
    let mut told = tell(&mail, failed());
    let answer = told.remove(1).1.unwrap().answer;
    assert!(answer.starts_with("250 2.0.0 Ok: queued as "), "{answer}");
    let why = refused(told.remove(0).1);
    assert!(why.contains("550") && why.contains("User unknown in virtual mailbox table"), "{why}");
    let mailbox = postfix.mailbox();
    assert!(mailbox.contains("Delivered-To: ops@example.org"), "{mailbox}");
    assert!(
        mailbox.contains("Subject: deploy web failed") && mailbox.contains("no space left on web1"),
        "{mailbox}"
    );
    assert!(mailbox.contains("with ESMTPS"), "{mailbox}");
}
