//! Much at once: bodies of megabytes, and posts while a destination hangs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::load::Load;
use crate::support::api::Api;
use crate::support::endpoint::Endpoint;
use crate::support::intake::{chaos, event, id, recorded, taking, told};
use crate::support::memory::Watch;
use crate::support::{SOON, homes, until};

/// The most memory that they cost while they are read, in MiB.
const MOST_MEMORY: u64 = 64;
/// What a payload may be in the database, and some room for the rest of the event.
const MOST_KEPT: usize = 300 << 10;

/// A recorded journal whose probe and action have printed five megabytes, as themselves and in many lines.
fn journal(title: &str) -> Vec<u8> {
    let mut sent: Value = serde_json::from_slice(&recorded("chaostoolkit/run-completed.json")).unwrap();
    sent["payload"]["experiment"]["title"] = json!(title);
    let line = "web-1 answered 200 after 12 ms \u{2713}\n";
    sent["payload"]["run"][0]["output"] = json!({"status": 0, "stdout": line.repeat(80_000), "stderr": ""});
    sent["payload"]["steady_states"]["before"]["probes"][0]["output"] = json!("x".repeat(2_500_000));
    let bytes = sent.to_string().into_bytes();
    assert!(bytes.len() > 5_000_000, "{}", bytes.len());
    bytes
}

#[test]
fn journals_of_five_megabytes_are_taken_and_cost_bounded_memory() {
    let (home, bot, api) = taking();
    let watch = Watch::of(bot.pid());
    for round in 0..5 {
        let title = format!("flood {round}");
        let body = journal(&title);
        let sent = chaos(&body).send(&api);
        assert_eq!(sent.status, 202, "{sent:?}");
        let kept = event(&api, id(&sent));
        assert_eq!((&kept["size"], &kept["title"]), (&json!(body.len()), &json!(title)));
        assert_eq!((&kept["status"], &kept["level"]), (&json!("ok"), &json!("ok")));
        let stored = kept.to_string().len();
        assert!((10_000..MOST_KEPT).contains(&stored), "{stored} bytes are kept");
    }
    until(SOON, || told(&home).contains("flood 4").then_some(()));
    assert!(told(&home).len() < 100_000, "{} bytes were told", told(&home).len());
    let cost = watch.cost();
    eprintln!("five journals of 5 MB: {cost} MiB at most");
    assert!(cost < MOST_MEMORY, "{cost} MiB");
    assert!(bot.stop().success());
}

/// Posts to the source while the only destination hangs.
const POSTS: u32 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_are_answered_while_a_destination_hangs() {
    let hanging = Endpoint::start("127.0.0.1", |_| vec![(Vec::new(), Duration::from_secs(600))]);
    let yaml = format!(
        "notifiers: [{{ name: hook, to: {{ webhook: {{ url: '{}' }} }} }}]\nroutes: [{{ send: [hook] }}]\n\
         sources: {{ chaostoolkit: {{ bearer: chaos-token }} }}\n",
        hanging.url("/")
    );
    let home = homes::small().set("CHATOPS_LOG", "info").file("notifiers.yaml", &yaml);
    let bot = home.serve();
    bot.logs("ready");
    let address = Api::of(&home).url().trim_start_matches("http://").parse().unwrap();
    let body = String::from_utf8(recorded("chaostoolkit/run-completed.json")).unwrap();
    let load = Load {
        address,
        head: "POST /in/chaostoolkit HTTP/1.1\r\nhost: bot\r\nauthorization: Bearer chaos-token\r\ncontent-type: application/json\r\n".into(),
        body: body.replace("Shop survives a look", "shop %K %S"),
        events: POSTS,
        connections: 4,
        first_key: 0,
        rate: None,
    };
    let mut posted = load.run().await;
    assert_eq!((posted.accepted.len(), posted.refused), (POSTS as usize, 0));
    until(SOON, || (!hanging.requests().is_empty()).then_some(()));
    let sent = home.run(&["delivery", "list", "--state", "sent", "--json"]);
    assert_eq!(sent.stdout.trim(), "[]");
    posted.answers.sort_unstable();
    let (median, slow) = (posted.answers[100], posted.answers[198]);
    eprintln!("posts while a destination hangs: p50 {median} µs, p99 {slow} µs");
    assert!(slow < 1_000_000, "p99 {slow} µs");
    bot.kill9();
}
