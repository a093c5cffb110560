//! The bot's own listener over TLS: a real client verifies it, and a renewed certificate is taken.

use std::fs;
use std::path::Path;

use chatops::net::http::HttpOptions;

use crate::support::api::Api;
use crate::support::bot::Home;
use crate::support::sender::Request;
use crate::support::tls_end::Certificates;
use crate::support::{SOON, homes, until};

/// What a client that trusts `ca` is answered at the bot's address, as `localhost`.
fn ask(port: &str, ca: &Path) -> Result<u16, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = HttpOptions { ca_file: Some(ca.to_owned()), ..HttpOptions::default() };
        let client = options.builder(&chatops::net::World::real()).unwrap().no_proxy().build().unwrap();
        let answer = client.get(format!("https://localhost:{port}/healthz")).send().await;
        answer.map(|answer| answer.status().as_u16()).map_err(|error| format!("{error:?}"))
    })
}

fn serving(home: &Home) -> (crate::support::bot::Bot, Api, String) {
    let bot = home.serve();
    bot.logs("ready");
    let api = Api::of(home);
    let port = api.url().rsplit(':').next().unwrap().to_owned();
    (bot, api, port)
}

#[test]
fn the_listener_speaks_tls_and_takes_a_renewed_certificate() {
    let Some(certificates) = Certificates::make() else { return };
    let home = homes::small().set("CHATOPS_TLS_CERT", "tls.pem");
    let show = |name: &str| fs::copy(certificates.path(name), home.path().join("tls.pem")).unwrap();
    show("good.pem");
    let (bot, api, port) = serving(&home);
    let (ca, own) = (certificates.path("ca.pem"), certificates.path("own.crt"));
    assert_eq!(ask(&port, &ca), Ok(200));
    assert!(ask(&port, &own).is_err());
    // The command line of this machine goes on as it did.
    assert_eq!(api.get("status").status, 200);
    assert_eq!(Request::post("/in/nobody").send(&api).status, 404);
    home.write("tls.pem", "no certificate");
    bot.logs("the new certificate cannot be used");
    assert_eq!(ask(&port, &ca), Ok(200));
    show("own.pem");
    until(SOON, || ask(&port, &own).ok().filter(|status| *status == 200));
    assert!(ask(&port, &ca).is_err());
    assert!(bot.stop().success());
}

#[test]
fn a_certificate_that_cannot_be_used_ends_the_start_and_is_named() {
    let home = homes::small().set("CHATOPS_TLS_CERT", "nowhere.pem");
    let ran = home.run(&["serve"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("CHATOPS_TLS_CERT") && ran.stderr.contains("nowhere.pem"), "{ran:?}");
}
