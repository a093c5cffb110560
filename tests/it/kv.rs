//! The key-value datastore from chat, command line and API: who may, what is shown, what is recorded.

use chatops::store::Filter;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::bot::Home;
use crate::support::memory_bot::{MemoryBot, OPS};

const ACCESS: &str = "\
people: { ann: ['memory:ann', 'irc:ann'], bob: ['memory:bob'], eve: ['memory:eve'] }
roles:
  web:
    - run: [chatops.kv, chatops.kv-write]
      with: { key: ['web.*'] }
  keeper: [ { run: ['chatops.kv*'] } ]
grants: [ { role: web, to: [bob] }, { role: keeper, to: [ann] } ]
";

fn home() -> Home {
    Home::new().file("access.yaml", ACCESS)
}

#[test]
fn keys_are_kept_shown_listed_and_removed_by_who_may() {
    let bot = MemoryBot::start(home());
    assert_eq!(bot.ask("bob", OPS, "!kv set web.url https://example.org --ttl 1h"), "kept web.url for 1 h");
    assert!(bot.ask("bob", OPS, "!kv get web.url").contains("https://example.org"));
    let refused = bot.ask("bob", OPS, "!kv set db.url x");
    assert!(refused.contains("only with `key` among `web.*`"), "{refused}");
    assert!(bot.ask("bob", OPS, "!kv get db.url").contains("only with `key`"));
    assert!(bot.ask("eve", OPS, "!kv get web.url").contains("nobody granted you `chatops.kv`"));
    assert_eq!(bot.ask("ann", OPS, "!kv set db.url postgres://db"), "kept db.url");
    let (own, all) = (bot.ask("bob", OPS, "!kv list"), bot.ask("ann", OPS, "!kv list"));
    assert!(own.contains("web.url") && !own.contains("db.url") && all.contains("db.url"), "{own} {all}");
    assert_eq!(bot.ask("bob", OPS, "!kv delete web.url"), "web.url is gone");
    assert!(bot.ask("bob", OPS, "!kv get web.url").contains("there is no key `web.url`"));
    let records = format!("{:?}", bot.audit());
    assert!(!records.contains("postgres") && records.contains("kv/system/db.url"), "{records}");
}

#[test]
fn a_secret_is_neither_set_nor_shown_in_a_room() {
    let bot = MemoryBot::start(home());
    let said = bot.ask("ann", OPS, "!kv set web.pw hunter2 --secret");
    assert!(said.contains("set in a direct message"), "{said}");
    assert_eq!(bot.ask("ann", "@ann", "kv set web.pw hunter2 --secret"), "kept web.pw, a secret");
    let said = bot.ask("ann", OPS, "!kv get web.pw");
    assert!(said.contains("ask me in a direct message") && !said.contains("hunter2"), "{said}");
    assert!(bot.ask("ann", "@ann", "kv get web.pw").contains("hunter2"));
    let said = bot.ask("bob", "@bob", "kv get web.pw");
    assert!(said.contains("chatops.kv-secret") && !said.contains("hunter2"), "{said}");
    assert!(bot.ask("ann", OPS, "!kv list web.").contains("********"));
    // What was a secret once stays one.
    assert!(bot.ask("bob", OPS, "!kv set web.pw plain").contains("set in a direct message"));
    let records = format!("{:?}", bot.audit());
    assert!(!records.contains("hunter2") && records.contains("reveal"), "{records}");
}

#[test]
fn own_keys_are_ones_own() {
    let bot = MemoryBot::start(home());
    assert_eq!(bot.ask("bob", OPS, "!kv set note mine --scope user"), "kept note");
    assert!(bot.ask("bob", OPS, "!kv get note --scope user").contains("mine"));
    assert!(
        bot.ask("ann", OPS, "!kv get note --scope user").contains("there is no key `note` in the scope user")
    );
    assert!(bot.ask("ann", OPS, "!kv get note").contains("there is no key `note` in the scope system"));
}

#[test]
fn keys_survive_a_restart_and_expire() {
    let mut bot = MemoryBot::start(home());
    bot.ask("ann", OPS, "!kv set a.b kept");
    bot.ask("ann", OPS, "!kv set short gone --ttl 1ms");
    bot.dies();
    bot.starts_again();
    assert!(bot.ask("ann", OPS, "!kv get a.b").contains("kept"));
    assert!(bot.ask("ann", OPS, "!kv get short").contains("there is no key `short`"));
}

#[test]
fn templates_of_actions_and_aliases_read_keys_for_who_asks() {
    let action = "name: say\nrunner_type: echo\nparameters:\n  message:\n    default: '{{ st2kv.system.web.motd }} \
                  {{ st2kv.user.nick }}{{ st2kv.system.not.there }} {{ st2kv.system.web.pw | decrypt_kv }}'\n";
    let alias = "name: say\naction_ref: default.say\nformats: [motd]\nack: {enabled: false}\nresult:\n  \
                 format: '{{ execution.result.stdout | default(execution.result.message) }} ({{ st2kv.system.web.motd }})'\n";
    let grant = format!("{ACCESS}everyone: [ {{ run: [default.say] }} ]\n");
    let home = Home::new()
        .file("access.yaml", &grant)
        .file("actions/say.yaml", action)
        .file("aliases/say.yaml", alias);
    let bot = MemoryBot::start(home);
    bot.ask("ann", OPS, "!kv set web.motd welcome");
    bot.ask("ann", OPS, "!kv set nick Annie --scope user");
    bot.ask("ann", "@ann", "kv set web.pw hunter2hunter2 --secret");
    let said = bot.ask("ann", OPS, "!motd");
    assert_eq!(said, "welcome Annie ******** (welcome)");
    assert_eq!(bot.ask("bob", OPS, "!motd"), "welcome  ******** (welcome)");
    let records = format!(
        "{:?} {:?}",
        bot.audit(),
        bot.read(|reader| reader.executions(&Filter { limit: 50, ..Filter::default() }))
    );
    assert!(!records.contains("hunter2hunter2"), "{records}");
}

#[test]
fn the_api_shows_secrets_to_admins_alone() {
    let home = home();
    let bot = home.serve();
    bot.logs("ready");
    let api = Api::of(&home);
    let token = |scope: &str| {
        let ran = home.run(&["token", "create", scope, "--scope", scope]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        api.with(ran.stdout.trim())
    };
    let (reader, admin) = (token("read"), token("admin"));
    let get = |api: &Api, path: &str| {
        let answer = api.get(path);
        (answer.status, answer.json)
    };
    let put = |api: &Api, path: &str, body: Value| {
        let answer = api.call("PUT", path, "", body.to_string().as_bytes());
        (answer.status, answer.json)
    };
    assert_eq!(put(&reader, "keys/a.b", json!({"value": "x"})).0, 403);
    let (status, made) = put(&admin, "keys/a.b", json!({"value": "hunter2", "secret": true, "ttl": 3600}));
    assert_eq!((status, &made["value"], &made["secret"]), (200, &json!("********"), &json!(true)));
    assert_eq!(get(&reader, "keys/a.b").1["value"], "********");
    assert_eq!(get(&reader, "keys/a.b?decrypt=true").0, 403);
    assert_eq!(get(&admin, "keys/a.b?decrypt=true").1["value"], "hunter2");
    assert_eq!(get(&reader, "keys?prefix=a.").1["keys"][0]["name"], "a.b");
    assert_eq!(put(&admin, "keys/a.c", json!({"value": "y"})).0, 200);
    let page = get(&admin, "keys?prefix=a.&page_size=1&page=2&order_by=-name&decrypt=true").1;
    assert_eq!((&page["count"], &page["next"]), (&json!(2), &Value::Null), "{page}");
    assert_eq!(
        (&page["results"][0]["name"], &page["results"][0]["value"]),
        (&json!("a.b"), &json!("hunter2"))
    );
    assert!(page["previous"].as_str().unwrap().contains("prefix=a.&decrypt=true&page=1"), "{page}");
    assert_eq!(put(&admin, "keys/n%3A1?scope=user", json!({"value": "own"})).0, 200);
    assert_eq!(get(&reader, "keys/n%3A1?scope=user").0, 404);
    assert_eq!(get(&reader, "keys/n%3A1?scope=user&user=api:admin").0, 403);
    assert_eq!(put(&admin, "keys/a%20b", json!({"value": "x"})).0, 400);
    // The command line speaks to the same bot.
    let ran = home.run(&["kv", "get", "a.b", "--decrypt"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "hunter2"), "{ran:?}");
    let ran = home.run(&["kv", "set", "c", "d"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(admin.call("DELETE", "keys/c", "", b"").status, 200);
    assert_eq!(home.run(&["kv", "get", "c"]).code, Some(1));
    assert!(bot.stop().success());
}

#[test]
fn stackstorms_keys_are_taken_over() {
    let rows: Value = serde_json::from_str(include_str!("../data/workflows/vectors.json")).unwrap();
    let row = rows["secrets"].as_array().unwrap().iter().find(|row| row["plaintext"] == "s3cret").unwrap();
    let dump = json!([
        {"name": "web.url", "value": "https://example.org", "scope": "st2kv.system", "secret": false, "encrypted": false},
        {"name": "web.pw", "value": row["ciphertext"], "scope": "st2kv.system", "secret": true, "encrypted": true},
        {"name": "ann:note", "value": "hers", "scope": "st2kv.user"},
        {"name": "web.broken", "value": "3030", "scope": "st2kv.system", "secret": true, "encrypted": true},
    ]);
    let home = home().file("dump.json", &dump.to_string()).file("key.json", &row["key"].to_string());
    let ran = home.run(&["kv", "import", "dump.json", "--dry-run", "--key-file", "key.json"]);
    assert!(ran.code == Some(0) && ran.stdout.starts_with("would keep 3 keys\n"), "{ran:?}");
    assert_eq!(home.run(&["kv", "list"]).stdout, "");
    let ran = home.run(&["kv", "import", "dump.json", "--key-file", "key.json"]);
    assert!(
        ran.code == Some(0) && ran.stdout.contains("left out web.broken: the encrypted value is too short"),
        "{ran:?}"
    );
    assert_eq!(home.run(&["kv", "list"]).stdout, "web.pw = ********\nweb.url = https://example.org");
    assert_eq!(home.run(&["kv", "get", "web.pw", "--decrypt"]).stdout, "s3cret");
    assert_eq!(home.run(&["kv", "get", "note", "--scope", "user", "--user", "ann"]).stdout, "hers");
    let bot = MemoryBot::start(home);
    assert!(bot.ask("ann", OPS, "!kv get note --scope user").contains("hers"));
}
