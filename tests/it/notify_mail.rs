//! The notifier `email` against a mail server that does what a test tells it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::homes;
use crate::support::notify::{failed, later, notifier, only, refused, tell, tell_as_it_is};
use crate::support::smtpd::Smtpd;
use chatops::notifier::{Configured, Notice};

fn mail(port: u16, more: &Value) -> Configured {
    let mut options = json!({
        "host": "localhost", "port": port, "starttls": false, "from": "ChatOps <bot@example.org>",
        "to": ["ops@example.org"], "timeout": "20s",
    });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    notifier(&json!({"email": options}))
}

#[test]
fn a_mail_arrives_as_it_was_written_once_for_each_recipient() {
    let Some(server) = Smtpd::start(&[]) else { return };
    let to = mail(
        server.port(),
        &json!({"to": ["Ops Wörk <ops@example.org>", "b@example.org"], "bcc": ["c@example.org"]}),
    );
    let told = tell(
        &to,
        Notice {
            title: "Größe von „web“ \u{1f600}".into(), body: "zu groß\n.\nEnde".into(), ..failed()
        },
    );
    for (target, outcome) in &told {
        assert!(outcome.as_ref().unwrap().answer.contains("queued as 4711"), "{target}: {outcome:?}");
    }
    let mails = server.mails(3);
    let to: Vec<&Value> = mails.iter().map(|mail| &mail["recipients"]).collect();
    assert_eq!(json!(to), json!([["ops@example.org"], ["b@example.org"], ["c@example.org"]]));
    for mail in &mails {
        let headers = &mail["headers"];
        assert_eq!(mail["sender"], "bot@example.org");
        assert_eq!(headers["to"], "Ops Wörk <ops@example.org>, b@example.org");
        assert_eq!(headers["subject"], "Größe von „web“ \u{1f600} failed");
        assert_eq!(mail["kind"], "multipart/alternative");
        let text = mail["text"].as_str().unwrap();
        assert!(
            text.contains("zu groß\n.\nEnde") && text.contains("https://awx.example.org/#/jobs/7"),
            "{text}"
        );
        assert!(mail["html"].as_str().unwrap().contains("<td>hosts</td><td>web1</td>"), "{mail}");
        assert!(!mail["raw"].as_str().unwrap().contains("c@example.org"), "{mail}");
    }
}

#[test]
fn a_login_that_is_good_sends_and_a_bad_one_is_refused() {
    let Some(server) = Smtpd::start(&["--login", "bot:sesame"]) else { return };
    let with = |password: &str| mail(server.port(), &json!({"username": "bot", "password": password}));
    only(tell(&with("sesame"), failed())).unwrap();
    assert_eq!(server.mails(1)[0]["user"], "bot");
    let why = refused(only(tell(&with("open-sesame"), failed())));
    assert!(why.contains("535") && !why.contains("sesame"), "{why}");
    let why = refused(only(tell(&mail(server.port(), &json!({})), failed())));
    assert!(why.contains("530"), "{why}");
    assert_eq!(server.mails(1).len(), 1);
}

/// The three ways of trust, over one cover.
fn trust(cover: &str, options: &Value) {
    let Some(server) = Smtpd::start(&["--cover", cover]) else { return };
    let with = |more: Value| {
        let mut all = options.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        only(tell(&mail(server.port(), &all), failed()))
    };
    let why = later(with(json!({})));
    assert!(why.contains("certificate"), "{why}");
    assert!(server.got_nothing());
    with(json!({"ca_file": server.path("ca.pem")})).unwrap();
    with(json!({"insecure_skip_verify": true})).unwrap();
    assert!(server.mails(2).iter().all(|mail| mail["tls"] == true));
}

#[test]
fn starttls_is_verified_unless_told_otherwise() {
    trust("starttls", &json!({"starttls": true}));
}

#[test]
fn tls_from_the_first_byte_is_verified_unless_told_otherwise() {
    trust("tls", &json!({"starttls": false, "tls": true}));
}

/// Lends a server the address 127.0.0.2 and may put in words of its own behind what it says.
fn relay(there: u16, after: &'static str, put_in: &'static str) -> u16 {
    let relay = TcpListener::bind("127.0.0.2:0").unwrap();
    let here = relay.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut one, _) = relay.accept().unwrap();
        let mut other = TcpStream::connect(("127.0.0.1", there)).unwrap();
        let (mut back, mut forth) = (one.try_clone().unwrap(), other.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut one, &mut other));
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = forth.read(&mut bytes) {
            let mut said = bytes[..count].to_vec();
            if !after.is_empty() && String::from_utf8_lossy(&said).contains(after) {
                said.extend(put_in.as_bytes());
            }
            if back.write_all(&said).is_err() {
                break;
            }
        }
        let _ = back.shutdown(Shutdown::Both);
    });
    here
}

#[test]
fn a_certificate_for_another_name_is_not_taken() {
    let Some(server) = Smtpd::start(&["--cover", "tls"]) else { return };
    let options = json!({"host": "127.0.0.2", "tls": true, "ca_file": server.path("ca.pem")});
    let why = later(only(tell(&mail(relay(server.port(), "", ""), &options), failed())));
    assert!(why.contains("certificate"), "{why}");
    assert!(server.got_nothing());
}

#[test]
fn words_put_in_before_tls_are_not_taken_for_the_servers() {
    let Some(server) = Smtpd::start(&["--cover", "starttls"]) else { return };
    let options = json!({"host": "127.0.0.2", "starttls": true, "insecure_skip_verify": true});
    let to = mail(relay(server.port(), "", ""), &options);
    only(tell(&to, failed())).unwrap();
    let port = relay(server.port(), "220 Ready to start TLS", "250 mail.example.org\r\n");
    later(only(tell(&mail(port, &options), failed())));
    assert_eq!(server.mails(1).len(), 1);
}

#[test]
fn a_server_without_starttls_gets_no_mail_in_the_clear() {
    let Some(server) = Smtpd::start(&[]) else { return };
    let why = refused(only(tell(&mail(server.port(), &json!({"starttls": true})), failed())));
    assert!(why.contains("STARTTLS"), "{why}");
    assert!(server.got_nothing());
}

#[test]
fn a_client_certificate_proves_who_we_are() {
    let Some(server) = Smtpd::start(&["--cover", "tls", "--client-certificate"]) else { return };
    let ca = json!({"tls": true, "ca_file": server.path("ca.pem")});
    later(only(tell(&mail(server.port(), &ca), failed())));
    let own = json!({"tls": true, "ca_file": server.path("ca.pem"), "client_certificate": server.path("client.pem")});
    only(tell(&mail(server.port(), &own), failed())).unwrap();
    assert_eq!(server.mails(1).len(), 1);
}

#[test]
fn one_of_three_refused_is_refused_alone_with_the_servers_words() {
    let Some(server) = Smtpd::start(&[]) else { return };
    let to =
        mail(server.port(), &json!({"to": ["nobody@example.org", "ops@example.org", "busy@example.org"]}));
    let mut told = tell(&to, failed());
    let why = later(told.remove(2).1);
    assert!(why.contains("451") && why.contains("4.3.0 come back later"), "{why}");
    told.remove(1).1.unwrap();
    let why = refused(told.remove(0).1);
    assert!(why.contains("550") && why.contains("5.1.1 no such mailbox here"), "{why}");
    assert_eq!(server.mails(1).len(), 1);
}

#[test]
fn a_server_that_stalls_is_given_up_within_the_limit() {
    let Some(server) = Smtpd::start(&[]) else { return };
    let to = mail(server.port(), &json!({"to": ["slow@example.org"], "timeout": "2s"}));
    let begun = Instant::now();
    let why = later(only(tell(&to, failed())));
    assert!(why.contains("within 2s"), "{why}");
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(1500) && took < Duration::from_millis(3500), "{took:?}");
}

#[test]
fn a_server_that_never_greets_or_is_not_there_may_be_back() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let begun = Instant::now();
    let why = later(only(tell(&mail(port, &json!({"connect_timeout": "1s"})), failed())));
    assert!(why.contains("no greeting"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(3));
    drop(silent);
    let why = later(only(tell(&mail(port, &json!({})), failed())));
    assert!(why.contains("no connection"), "{why}");
}

#[test]
fn a_line_break_never_becomes_a_header() {
    let Some(server) = Smtpd::start(&[]) else { return };
    let to = mail(server.port(), &json!({}));
    let why =
        refused(only(tell_as_it_is(&to, &Notice { message: "a\r\nBcc: c@example.org".into(), ..failed() })));
    assert!(why.contains("line break"), "{why}");
    assert!(server.got_nothing());
    only(tell(&to, Notice { title: "a\r\nBcc: c@example.org".into(), ..failed() })).unwrap();
    let mails = server.mails(1);
    assert_eq!(mails[0]["headers"]["subject"], "a Bcc: c@example.org failed");
    assert!(mails[0]["headers"]["bcc"].is_null(), "{mails:?}");
}

#[test]
fn start_and_end_of_a_subject_are_one_conversation() {
    let Some(server) = Smtpd::start(&[]) else { return };
    let to = mail(server.port(), &json!({"reply_to": "team@example.org", "headers": {"X-Team": "Büro"}}));
    only(tell(&to, failed())).unwrap();
    only(tell(&to, Notice { delivery: "d-2".into(), ..failed() })).unwrap();
    let mails = server.mails(2);
    let header = |number: usize, name: &str| mails[number]["headers"][name].clone();
    assert_eq!(header(0, "references"), header(1, "references"));
    assert!(!header(0, "in-reply-to").is_null());
    assert_ne!(header(0, "message-id"), header(1, "message-id"));
    assert_eq!((header(0, "reply-to"), header(0, "x-team")), (json!("team@example.org"), json!("Büro")));
    assert_eq!(header(0, "auto-submitted"), "auto-generated");
}

#[test]
fn a_test_send_takes_the_homes_own_authority_texts_and_page() {
    let Some(server) = Smtpd::start(&["--cover", "starttls", "--login", "bot:sesame"]) else { return };
    let yaml = format!(
        "notifiers:
  - name: mail
    to:
      email:
        host: localhost
        port: {}
        username: bot
        password: ${{MAIL_PASSWORD}}
        from: bot@example.org
        to: [ops@example.org, nobody@example.org]
        ca_file: certificates/ca.pem
    messages:
      success:
        message: '{{{{ event.title }}}}: {{{{ job.status }}}}'
        body: '{{{{ output }}}}'
        html: '<h1>{{{{ event.title }}}}</h1>'
",
        server.port()
    );
    let authority = std::fs::read_to_string(server.path("ca.pem")).unwrap();
    let home = homes::small().set("MAIL_PASSWORD", "sesame").file("notifiers.yaml", &yaml);
    let home = home.file("certificates/ca.pem", &authority);
    let ran = home.run(&["notifier", "test", "mail"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("ops@example.org: sent: 250 2.0.0 queued as 4711"), "{ran:?}");
    assert!(ran.stdout.contains("nobody@example.org: not sent:") && ran.stdout.contains("550"), "{ran:?}");
    assert!(!format!("{ran:?}").contains("sesame"), "{ran:?}");
    let mails = server.mails(1);
    assert_eq!(mails[0]["headers"]["subject"], "test notification: successful");
    assert_eq!(mails[0]["html"].as_str().unwrap().trim(), "<h1>test notification</h1>");
    assert!(mails[0]["text"].as_str().unwrap().contains("Nothing happened"), "{mails:?}");
}
