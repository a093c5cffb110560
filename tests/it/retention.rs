//! Retention: what is older than the settings allow goes when the bot runs, and the log tells that it went.

use chatops::model::{Person, Timestamp};
use chatops::net::World;
use chatops::store::{Change, Entry, Keys, Store, What};
use rusqlite::Connection;
use serde_json::{Map, Value};

use crate::support::bot::Home;
use crate::support::homes;

const DAY: i64 = 86_400_000_000;

/// Writes audit records of `days` ago, as an earlier life of the bot would have.
fn recorded(home: &Home, days: i64, texts: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let var = home.path().join("var");
        std::fs::create_dir_all(&var).unwrap();
        let (world, keys) = (World::real(), Keys::load_or_create(&var).unwrap());
        let now = world.now();
        let store = Store::open(&home.database(), keys, world).unwrap();
        for text in texts {
            let person: Option<Person> = "terminal:ann".parse().ok();
            let body = Map::from_iter([("text".to_owned(), Value::from(*text))]);
            let at = Timestamp::from_micros(now.as_micros() - days * DAY);
            let entry = Entry { at, what: What::Answered, person, place: None, subject: None, body };
            store.write(Change::Audit(Box::new(entry))).await.unwrap();
        }
        store.close().await.unwrap();
    });
}

#[test]
fn what_is_older_than_the_retention_goes_and_the_log_verifies_and_says_so() {
    let home = homes::small().set("CHATOPS_AUDIT_RETENTION_DAYS", "30").set("CHATOPS_RETENTION_DAYS", "10");
    recorded(&home, 50, &["ancient one", "ancient two"]);
    recorded(&home, 20, &["not so old"]);
    let before = home.run(&["audit", "export"]).stderr;
    let head = before.lines().find_map(|line| line.strip_prefix("head ")).unwrap().to_owned();
    assert_eq!(home.chat("echo one\necho two\n").code, Some(0));
    let database = Connection::open(home.database()).unwrap();
    let age = "UPDATE execution SET asked = asked - ?1, ended = ended - ?1 WHERE command = 'echo one'";
    assert_eq!(database.execute(age, [11 * DAY]).unwrap(), 1);
    drop(database);

    let bot = home.serve();
    bot.logs("removed what is older than the retention");
    assert!(bot.stop().success());
    let records = home.run(&["audit", "export"]).stdout;
    assert!(!records.contains("ancient") && records.contains("not so old"), "{records}");
    let trimmed = home.run(&["audit", "search", "--what", "trimmed", "--json"]).stdout;
    let trimmed: Value = serde_json::from_str(&trimmed).unwrap();
    let told =
        &trimmed.as_array().unwrap().iter().find(|record| record["body"]["executions"] == 1).unwrap()["body"];
    assert!(told["executions"] == 1 && trimmed.to_string().contains("\"records\":2"), "{trimmed}");
    let verified = home.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert_eq!(home.run(&["audit", "verify", "--head", &head]).code, Some(0), "an older head still fits");
    let history = home.run(&["execution", "list"]).stdout;
    assert!(!history.contains("echo one") && history.contains("echo two"), "{history}");

    let database = Connection::open(home.database()).unwrap();
    let lie = "UPDATE audit SET body = replace(body, '\"records\":2', '\"records\":1') WHERE what = 'trimmed' AND body LIKE '%\"records\":2%'";
    assert_eq!(database.execute(lie, []).unwrap(), 1);
    drop(database);
    assert_eq!(home.run(&["audit", "verify"]).code, Some(1), "who trims may not lie about it");
}
