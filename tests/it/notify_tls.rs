//! HTTPS: whom a notifier trusts, and how it proves who it is.

use chatops::config::env::Env;
use serde_json::{Value, json};
use std::path::Path;

use crate::support::notify::{Outcome, failed, later, notifier, only, tell};
use crate::support::tls_end::{Certificates, Client, TlsEnd};

/// Asks an endpoint; a GET, which is all that `openssl s_server` answers.
fn ask(end: &TlsEnd, http: &Value) -> Outcome {
    only(tell(&notifier(&json!({"webhook": {"url": end.url(), "method": "GET", "http": http}})), failed()))
}

/// The three ways of trust.
fn trust(name: &str, why: &str, with_ca: Result<(), ()>) {
    let Some(certificates) = Certificates::make() else { return };
    let end = certificates.serve(name, Client::Anybody);
    let shown = later(ask(&end, &json!({})));
    assert!(
        shown.contains("certificate") && shown.contains("UnknownIssuer") | shown.contains(why),
        "{shown}"
    );
    let ca = ask(&end, &json!({"ca_file": certificates.path("ca.pem")}));
    match with_ca {
        Ok(()) => drop(ca.unwrap()),
        Err(()) => {
            let shown = later(ca);
            assert!(shown.contains(why), "{shown}");
        }
    }
    ask(&end, &json!({"insecure_skip_verify": true})).unwrap();
}

#[test]
fn a_good_certificate_of_an_own_authority_wants_its_file() {
    trust("good", "set `ca_file`", Ok(()));
}

#[test]
fn an_expired_certificate_is_not_taken() {
    trust("expired", "expired", Err(()));
}

#[test]
fn a_certificate_for_another_name_is_not_taken() {
    trust("other", "not valid for name", Err(()));
}

#[test]
fn a_certificate_that_signed_itself_is_not_taken() {
    trust("own", "UnknownIssuer", Err(()));
}

#[test]
fn a_certificate_that_signed_itself_may_be_named() {
    let Some(certificates) = Certificates::make() else { return };
    let end = certificates.serve("own", Client::Anybody);
    ask(&end, &json!({"ca_file": certificates.path("own.crt")})).unwrap();
}

#[test]
fn a_client_certificate_proves_who_we_are() {
    let Some(certificates) = Certificates::make() else { return };
    let end = certificates.serve("good", Client::WithCertificate);
    let ca = certificates.path("ca.pem");
    later(ask(&end, &json!({"ca_file": ca})));
    ask(&end, &json!({"ca_file": ca, "client_certificate": certificates.path("client.pem")})).unwrap();
}

#[test]
fn plain_words_to_a_tls_port_and_tls_to_a_plain_one_fail_soon() {
    let Some(certificates) = Certificates::make() else { return };
    let end = certificates.serve("good", Client::Anybody);
    let plain = end.url().replace("https", "http");
    let to = notifier(&json!({"webhook": {"url": plain, "http": {"timeout": "5s"}}}));
    later(only(tell(&to, failed())));
    let http = crate::support::endpoint::Endpoint::saying(200, "", "");
    let to = notifier(
        &json!({"webhook": {"url": http.url("/").replace("http:", "https:"), "http": {"timeout": "5s"}}}),
    );
    later(only(tell(&to, failed())));
    assert!(http.requests().is_empty());
}

/// What is said at load of `http:` options.
fn problems(http: &str) -> Vec<String> {
    let text = format!(
        "notifiers:\n  - name: n\n    to:\n      webhook:\n        url: https://example.org\n        http: {http}\n"
    );
    let env = Env::parse(Path::new("chatops.env"), "", []).unwrap();
    let read = chatops::notifier::read(Path::new("notifiers.yaml"), &text, &env, Path::new("/home-of-bot"));
    read.problems.iter().map(|problem| problem.error().to_string()).collect()
}

#[test]
fn carelessness_warns_at_every_load_and_missing_files_are_named() {
    let warned = problems("{ insecure_skip_verify: true }").remove(0);
    assert!(warned.contains("notifiers.yaml:6:") && warned.contains("anyone on the way"), "{warned}");
    let missing = problems("{ ca_file: certs/ca.pem }").remove(0);
    assert!(missing.contains("`/home-of-bot/certs/ca.pem` cannot be read"), "{missing}");
    let missing = problems("{ client_certificate: /dev/null }").remove(0);
    assert!(missing.contains("holds no certificate with its private key"), "{missing}");
    assert!(problems("{}").is_empty());
}
