//! Through a real proxy, and past it.

use serde_json::{Value, json};

use crate::support::endpoint::{Endpoint, answer};
use crate::support::homes;
use crate::support::notify::{failed, later, notifier, only, refused, tell};
use crate::support::tinyproxy::Tinyproxy;
use crate::support::tls_end::{Certificates, Client};

fn through(url: &str, http: &Value) -> chatops::notifier::Configured {
    notifier(&json!({"webhook": {"url": url, "http": http}}))
}

#[test]
fn a_request_goes_through_the_proxy_unless_its_host_is_excepted() {
    let Some(proxy) = Tinyproxy::start(None) else { return };
    let end = Endpoint::start("127.0.0.2", |_| answer(200, "", "here"));
    let url = format!("http://127.0.0.2:{}/in", end.port());
    let told = only(tell(&through(&url, &json!({"proxy": proxy.url("")})), failed()));
    assert_eq!(told.unwrap().answer, "200 here");
    proxy.logged("127.0.0.2");
    let before = proxy.requests().len();
    assert!(before > 0);
    for except in ["127.0.0.2", "127.0.0.0/8", "*"] {
        let http = json!({"proxy": proxy.url(""), "no_proxy": ["example.org", except]});
        only(tell(&through(&url, &http), failed())).unwrap();
        assert_eq!(proxy.requests().len(), before, "{except}");
    }
    let http = json!({"proxy": proxy.url(""), "no_proxy": ["example.org"]});
    only(tell(&through(&url, &http), failed())).unwrap();
    assert_eq!(end.requests().len(), 5);
    assert!(end.requests().iter().all(|request| request.contains("deploy web")));
}

#[test]
fn https_goes_through_a_tunnel_that_sees_nothing() {
    let (Some(proxy), Some(certificates)) = (Tinyproxy::start(None), Certificates::make()) else { return };
    let end = certificates.serve("good", Client::Anybody);
    let http = json!({"proxy": proxy.url(""), "ca_file": certificates.path("ca.pem")});
    let to = json!({"webhook": {"url": end.url(), "method": "GET", "bearer": "sesame-token", "http": http}});
    only(tell(&notifier(&to), failed())).unwrap();
    proxy.logged("CONNECT localhost");
    assert!(!proxy.requests().join("\n").contains("sesame"));
}

#[test]
fn a_proxy_that_wants_a_login_gets_it_and_nobody_else_sees_it() {
    let Some(proxy) = Tinyproxy::start(Some("bot sesame-proxy")) else { return };
    let end = Endpoint::start("127.0.0.2", |_| answer(200, "", "here"));
    let url = format!("http://127.0.0.2:{}/in", end.port());
    let to = through(&url, &json!({"proxy": proxy.url("bot:sesame-proxy@")}));
    only(tell(&to, failed())).unwrap();
    assert!(!format!("{to:?}").contains("sesame"), "{to:?}");
    assert!(!end.requests()[0].to_lowercase().contains("proxy-authorization"), "{:?}", end.requests());
    let why =
        refused(only(tell(&through(&url, &json!({"proxy": proxy.url("bot:sesame-wrong@")})), failed())));
    assert!(!why.contains("sesame"), "{why}");
}

#[test]
fn a_proxy_that_is_away_or_cannot_reach_the_host_may_be_back() {
    let closed = crate::support::ircd::free_port();
    let to = through(
        "http://example.org/in",
        &json!({"proxy": format!("http://bot:sesame-proxy@127.0.0.1:{closed}")}),
    );
    let why = later(only(tell(&to, failed())));
    assert!(!why.contains("sesame"), "{why}");
    let Some(proxy) = Tinyproxy::start(None) else { return };
    let to = through(&format!("http://127.0.0.1:{closed}/in"), &json!({"proxy": proxy.url("")}));
    later(only(tell(&to, failed())));
}

#[test]
fn the_environments_proxy_counts_and_a_notifier_may_except_its_host() {
    let Some(proxy) = Tinyproxy::start(None) else { return };
    let end = Endpoint::start("127.0.0.2", |_| answer(200, "", "here"));
    let url = format!("http://127.0.0.2:{}/in", end.port());
    let home = homes::small().set("HTTP_PROXY", &proxy.url("")).set("NO_PROXY", "").file(
        "notifiers.yaml",
        &format!(
            "notifiers:\n  - name: proxied\n    to: {{ webhook: {{ url: '{url}' }} }}\n  - name: straight\n    \
             to: {{ webhook: {{ url: '{url}', http: {{ no_proxy: [127.0.0.2] }} }} }}\n"
        ),
    );
    let ran = home.run(&["notifier", "test", "straight"]);
    assert!(ran.stdout.contains("sent: 200 here"), "{ran:?}");
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
    let ran = home.run(&["notifier", "test", "proxied"]);
    assert!(ran.stdout.contains("sent: 200 here"), "{ran:?}");
    proxy.logged("127.0.0.2");
}

#[test]
fn the_proxy_of_chatops_env_counts_as_that_of_the_environment_does() {
    let Some(proxy) = Tinyproxy::start(None) else { return };
    let end = Endpoint::start("127.0.0.2", |_| answer(200, "", "here"));
    let notifiers = format!(
        "notifiers:\n  - name: proxied\n    to: {{ webhook: {{ url: 'http://127.0.0.2:{}/in' }} }}\n",
        end.port()
    );
    let home = homes::small().file("notifiers.yaml", &notifiers);
    let run = |settings: &str| {
        home.write("chatops.env", settings);
        let ran = home.run(&["notifier", "test", "proxied"]);
        assert!(ran.stdout.contains("sent: 200 here"), "{ran:?}");
    };
    run(&format!("HTTP_PROXY={}\nNO_PROXY=127.0.0.2\n", proxy.url("")));
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
    run(&format!("HTTP_PROXY={}\n", proxy.url("")));
    proxy.logged("127.0.0.2");
}
