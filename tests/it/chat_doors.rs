//! How adapters reach a service: through a proxy, with an authority and a certificate of their own.

use crate::platforms::{ADAPTERS, Platform, Where, Who, home};
use crate::support::tinyproxy::Tinyproxy;
use crate::support::tls_end::Certificates;
use crate::support::tls_front::TlsFront;
use crate::support::{SOON, until};

/// The settings of a platform with its address behind `https://localhost:{port}`, and the port that was in it.
fn behind(platform: &dyn Platform, front: impl FnOnce(u16) -> u16) -> Vec<(String, String)> {
    let mut settings = platform.settings();
    let address = format!("CHATOPS_{}", platform.kind().to_uppercase());
    let is_address = |name: &str| name == format!("{address}_URL") || name == format!("{address}_API_URL");
    let (_, url) = settings.iter_mut().find(|(name, _)| is_address(name)).unwrap();
    let rest = url.strip_prefix("http://127.0.0.1:").unwrap().to_owned();
    let (port, path) = rest.split_once('/').map_or((rest.as_str(), ""), |(port, path)| (port, path));
    *url = format!("https://localhost:{}/{path}", front(port.parse().unwrap()));
    settings
}

fn passes(kind: &str) {
    let start = ADAPTERS.iter().find(|(known, _)| *known == kind).unwrap().1;
    let (Some(platform), Some(proxy), Some(certificates)) =
        (start(), Tinyproxy::start(None), Certificates::make())
    else {
        return;
    };
    let mut front = None;
    let plain = behind(&*platform, |port| front.insert(TlsFront::start(&certificates, port)).port());
    let front = front.unwrap();
    let with =
        |name: &str, value: &str| (format!("CHATOPS_{}_{name}", kind.to_uppercase()), value.to_owned());
    let ca = with("CA_FILE", &certificates.path("ca.pem").display().to_string());
    let no_certificate: Vec<_> = plain.iter().cloned().chain([ca]).collect();

    let stranger = platform.start_with(home(), no_certificate.clone());
    until(SOON, || (front.refused() > 0).then_some(()));
    assert_eq!((front.passed(), stranger.logged("hearing: connected")), (0, 0));
    drop(stranger);

    let client = with("CLIENT_CERT", &certificates.path("client.pem").display().to_string());
    let proxied = with("PROXY", &proxy.url(""));
    let settings = no_certificate.into_iter().chain([client, proxied]).collect();
    let bot = platform.start_with(home(), settings);
    until(SOON, || (bot.logged("hearing: connected") > 0).then_some(()));
    platform.say(Who::Bob, Where::Ops, "!echo came-through");
    until(SOON, || platform.shown().into_iter().find(|shown| shown.text.contains("came-through")));
    proxy.logged(&format!("CONNECT localhost:{}", front.port()));
    assert!(front.passed() > 0);
    assert_eq!(platform.breaches(), [] as [String; 0]);
}

#[test]
#[cfg(feature = "discord")]
fn discord_is_reached_through_a_proxy_with_an_authority_and_a_certificate_of_its_own() {
    passes("discord");
}

#[test]
fn mattermost_is_reached_through_a_proxy_with_an_authority_and_a_certificate_of_its_own() {
    passes("mattermost");
}

#[test]
fn rocketchat_is_reached_through_a_proxy_with_an_authority_and_a_certificate_of_its_own() {
    passes("rocketchat");
}

#[test]
fn slack_is_reached_through_a_proxy_with_an_authority_and_a_certificate_of_its_own() {
    passes("slack");
}
