//! The pages of the console in a real browser, as a person uses them, on a phone and at a desk, light and dark; and without
//! script. Pictures are kept under `target/screenshots`.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::support::browser::{Browser, Screen, keys};
use crate::support::console::{Console, home};
use crate::support::endpoint::Endpoint;
use crate::support::{SOON, homes, skip, until};

const ALL: &[&str] = &["read", "run", "deliver", "audit"];

/// A bot that has done something, and alice in front of it.
fn stage() -> Option<(Console, Browser)> {
    let browser = Browser::open()?;
    let hook = Endpoint::saying(410, "", "gone for good");
    let console = Console::start(home(&hook.url("/hook")));
    let token = console.token("alice", ALL);
    console.enter(&browser, &token);
    Some((console, browser))
}

const NO_BROWSER: &str = "chromium and chromium-driver are not installed";

/// Runs some commands by the forms of the chat, as alice.
fn commands(console: &Console, token: &str, all: &[&str]) {
    static SAID: AtomicUsize = AtomicUsize::new(0);
    let alice = console.visitor(token);
    for text in all {
        let number = SAID.fetch_add(1, Ordering::Relaxed);
        let text = text.replace('&', "%26").replace(' ', "+");
        let fields = format!("text={text}&key=0123456789abcdef{number:04}");
        assert_eq!(alice.post("/chat/say", &fields).status, 303);
    }
}

#[test]
fn the_login_and_the_overview_show_at_a_glance_how_the_bot_is() {
    let Some((console, browser)) = stage() else { return skip(NO_BROWSER) };
    let token = console.token("carol", ALL);
    commands(&console, &token, &["help", "echo hello", "deploy to nowhere"]);
    for number in 0..40 {
        console.tell(&json!({"source": "ci", "title": format!("build {number} failed"), "status": "failed", "fingerprint": number.to_string()}));
    }
    browser.reload();
    browser.sees("#adapters", "web");
    browser.sees("#adapters", "up");
    browser.sees("#running", "Nothing runs.");
    browser.sees("#deliveries", "delivered");
    browser.sees("#deliveries", "dead");
    browser.sees("#recent", "web:carol");
    browser.sees(".alarm", "broken");
    until(SOON, || (browser.count("svg.chart rect") > 0).then_some(()));
    commands(&console, &token, &["version"]);
    browser.sees("#recent", "version");
    browser.sees("#pulse", "live");
    let carol = console.visitor(&token);
    assert_eq!(carol.post("/chat/say", "text=count+x&key=0123456789abcdefff").status, 303);
    browser.sees("#running", "count x");
    browser.pictures("overview");
    browser.click("#logout");
    browser.sees("h1", "chatops");
    browser.type_into("input[name=token]", "cho_wrong");
    browser.click("button.primary");
    browser.sees(".wrong", "nobody knows this token");
    browser.pictures("login");
    homes::go(&console.home, "x");
    assert!(console.bot.stop().success());
}

#[test]
fn executions_are_found_looked_at_run_again_and_ended() {
    let Some((console, browser)) = stage() else { return skip(NO_BROWSER) };
    let token = console.token("carol", ALL);
    let many: Vec<String> = (0..60).map(|number| format!("echo number {number}")).collect();
    let mut all: Vec<&str> = many.iter().map(String::as_str).collect();
    all.extend(["sh seq 1 30; echo oops >&2; exit 3", "deploy to staging token=SECRET"]);
    commands(&console, &token, &all);
    browser.click(".side a[href='/executions']");
    browser.sees("h1", "Executions");
    browser.pictures("executions");
    browser.click("a[rel=next]");
    browser.arrives("before=");
    browser.sees("table", "echo number 2");
    browser.go(&console.at("/executions"));
    browser.fill("input[name=text]", "seq 1 30");
    browser.press(keys::ENTER);
    browser.arrives("text=seq");
    browser.sees("table", "failed");
    browser.click("td[data-label=Command] a");
    browser.sees("#execution", "exit code 3");
    browser.sees("#execution", "oops");
    browser.sees("aside", "carol");
    browser.sees("aside", "web:@carol");
    browser.pictures("execution");
    browser.click("#rerun");
    browser.arrives("done=rerun");
    browser.sees(".done", "It runs again");
    browser.sees("aside", "a rerun of");
    browser.go(&console.at("/chat"));
    browser.type_into("#text", &format!("count endless{}", keys::ENTER));
    browser.sees("#lines", "is running as");
    browser.go(&console.at("/executions?status=open"));
    browser.click("td[data-label=Command] a");
    browser.sees("#execution", "line 3 of endless");
    browser.sees("#execution", "line 12 of endless");
    browser.pictures("execution-live");
    browser.click("#cancel");
    browser.sees("#execution", "canceled");
    browser.sees("#execution", "alice");
    assert!(console.bot.stop().success());
}

#[test]
fn a_line_is_tried_without_running_and_broken_files_are_shown_as_an_editor_does() {
    let Some((console, browser)) = stage() else { return skip(NO_BROWSER) };
    browser.click(".side a[href='/aliases']");
    browser.sees("#problems", "aliases/broken.yaml:5:");
    browser.sees("#problems .excerpt", "copy {{host}} to {{host}}");
    browser.sees("#problems .excerpt", "^");
    browser.type_into("#line", "deploy to staging count=2 token=SECRET");
    browser.press(keys::ENTER);
    browser.sees("#tried", "default.deploy");
    browser.sees("#tried", "yes");
    browser.sees("#tried", "********");
    browser.sees(".answers", "example output");
    assert!(!browser.text("#tried").contains("SECRET"));
    browser.pictures("aliases-tried");
    browser.click("details.result summary");
    browser.fill("textarea[name=result]", r#"{"stdout": "all went fine"}"#);
    browser.click("form.try button.primary");
    browser.sees(".answers", "all went fine");
    browser.fill("#line", "deploy to mars");
    browser.click("form.try button.primary");
    browser.sees("#tried", "no");
    browser.sees("#tried", "mars");
    browser.fill("#line", "deplyo to staging");
    browser.click("form.try button.primary");
    browser.sees("#tried", "Did you mean");
    browser.fill("input[name=q]", "count");
    browser.click("form.filters button");
    browser.sees("table.aliases", "count {{name}}");
    assert!(!browser.text("table.aliases").contains("deploy"));
    browser.go(&console.at("/aliases"));
    browser.pictures("aliases");
    assert!(console.api.get("executions").json["results"].as_array().unwrap().is_empty(), "nothing was run");
    assert!(console.bot.stop().success());
}

#[test]
fn an_event_is_followed_to_its_deliveries_and_what_was_given_up_is_sent_again() {
    let Some((console, browser)) = stage() else { return skip(NO_BROWSER) };
    for (source, title) in
        [("ci", "the build of web failed"), ("quiet", "backup done"), ("nobody", "nobody listens")]
    {
        console.tell(&json!({
            "source": source, "kind": "build.completed", "title": title, "status": "failed", "text": "3 of 412 tests failed",
            "labels": {"env": "prod", "team": "web"}, "url": "https://ci.example.org/7", "payload": {"number": 7, "password": "x"},
        }));
    }
    until(SOON, || {
        (console.api.get("deliveries?state=dead").json["results"].as_array()?.len() == 1).then_some(())
    });
    browser.click(".side a[href='/events']");
    browser.sees("table", "the build of web failed");
    browser.pictures("events");
    browser.fill("input[name=source]", "ci");
    browser.press(keys::ENTER);
    browser.arrives("source=ci");
    browser.click("td[data-label=Title] a");
    browser.sees("main", "ops-file");
    browser.sees("main", "410");
    browser.sees("main", "the source ci does not match");
    browser.sees("aside", "prod");
    browser.pictures("event");
    browser.click(".side a[href='/dead']");
    browser.sees("table", "hook");
    browser.pictures("dead");
    browser.click("td[data-label=Notifier] a");
    browser.sees("main", "410");
    browser.pictures("delivery");
    browser.click("#replay");
    browser.sees(".done", "They are sent again.");
    until(SOON, || {
        browser.reload();
        (browser.count("table tbody tr") == 2).then_some(())
    });
    browser.click(".side a[href='/dead']");
    browser.click("#purge-all");
    browser.sees(".done", "They are removed.");
    browser.sees("main", "Nothing was given up.");
    browser.click(".side a[href='/deliveries']");
    browser.sees("table", "sent");
    browser.pictures("deliveries");
    assert!(console.bot.stop().success());
}

#[test]
fn a_notifier_is_tested_and_something_silenced_for_a_while() {
    let Some((console, browser)) = stage() else { return skip(NO_BROWSER) };
    browser.click(".side a[href='/notifiers']");
    browser.sees("#ops-file", "what the on-call reads");
    browser.pictures("notifiers");
    browser.click("#ops-file form button[name=dry]");
    browser.sees("h1", "What would be sent");
    browser.sees("main", "test notification");
    browser.go(&console.at("/notifiers"));
    browser.click("#ops-file form button:not([name])");
    browser.sees("main", "delivered");
    browser.go(&console.at("/notifiers"));
    browser.click("#hook form button:not([name])");
    browser.sees("main", "410");
    browser.pictures("tested");
    browser.click(".side a[href='/silences']");
    browser.type_into("#what", "level=loud");
    browser.type_into("#why", "maintenance of the build machines");
    browser.click("form.silence button");
    browser.sees(".wrong", "level");
    browser.fill("#what", "source=ci env=prod");
    browser.fill("#for", "90m");
    browser.click("form.silence button");
    browser.sees(".done", "The silence has begun.");
    browser.sees("table", "web:alice");
    browser.sees("table", "in 1 h");
    browser.pictures("silences");
    console.tell(&json!({"source": "ci", "title": "hush", "status": "failed", "labels": {"env": "prod"}}));
    browser.go(&console.at("/events"));
    browser.click("td[data-label=Title] a");
    browser.sees("main", "silenced by");
    browser.go(&console.at("/silences"));
    browser.click("td.act button");
    browser.sees(".done", "The silence is over.");
    browser.sees("main", "Nothing is silenced.");
    assert!(console.bot.stop().success());
}

#[test]
fn the_record_is_searched_verified_and_taken_along() {
    let Some((console, browser)) = stage() else { return skip(NO_BROWSER) };
    let token = console.token("bob", ALL);
    commands(
        &console,
        &token,
        &["deploy to staging", "deploy to production", "echo hi", "nonsense of all kinds"],
    );
    browser.click(".side a[href='/audit']");
    browser.fill("input[name=person]", "web:bob");
    browser.fill("input[name=place]", "@bob");
    browser.fill("input[name=text]", "production");
    browser.fill("input[name=from]", "1h");
    browser.press(keys::ENTER);
    browser.arrives("person=web");
    browser.sees("table", "refused");
    assert_eq!(browser.count("table tbody tr"), 1);
    browser.click("td[data-label=Record] summary");
    browser.sees("td[data-label=Record] pre", "\"why\"");
    browser.go(&console.at("/audit"));
    browser.pictures("audit");
    browser.click("#verify");
    browser.sees(".verdict", "The chain is whole");
    browser.pictures("audit-verified");
    let alice = console.visitor(&console.token("alice3", &["audit", "read"]));
    let lines = alice.get("/audit/export?format=jsonl");
    assert!(lines.header("content-disposition").unwrap().contains("audit.jsonl"), "{}", lines.head);
    assert!(lines.body.contains("deploy to production") && lines.body.contains("\"mac\":"), "{}", lines.body);
    assert!(alice.get("/audit/export?format=csv").body.contains("strand,seq,time"));
    assert!(console.bot.stop().success());
    let raw = rusqlite::Connection::open(console.home.database()).unwrap();
    raw.execute("UPDATE audit SET body = replace(body, 'production', 'staging')", []).unwrap();
    drop(raw);
    let console = Console::start(console.home);
    let alice = console.visitor(&console.token("alice4", &["audit", "read"]));
    let page = alice.post("/audit/verify", "");
    assert!(page.body.contains("The chain is NOT whole"), "{}", page.body);
    assert!(console.bot.stop().success());
}

#[test]
fn everything_but_what_is_live_works_without_script_and_by_the_keyboard() {
    let Some((console, browser)) = stage() else { return skip(NO_BROWSER) };
    browser.screen(Screen { width: 390, dark: false });
    browser.press(keys::TAB);
    browser.sees(".skip", "Skip to the content");
    browser.press(keys::ENTER);
    assert_eq!(browser.run("return document.activeElement.id"), "main");
    browser.without_script();
    browser.reload();
    browser.click("header .menu summary");
    browser.sees("header .sheet", "Executions");
    browser.picture("menu-390-light");
    browser.click("header .sheet button[value=dark]");
    browser.click("header .menu summary");
    browser.click("header .sheet a[href='/chat']");
    browser.type_into("#text", "echo spoken without script");
    browser.click("#say button");
    browser.arrives("/chat#end");
    browser.sees("#lines .bot", "spoken without script");
    browser.type_into("#text", "deploy to stagging");
    browser.click("#say button");
    browser.sees("#lines", "stagging");
    browser.type_into("#text", "count slowly");
    browser.click("#say button");
    until(SOON, || {
        browser.go(&console.at("/chat"));
        browser.text("#lines").contains("is running as").then_some(())
    });
    browser.picture("chat-without-script-390-dark");
    browser.click("#lines .choices button");
    browser.arrives("/chat#end");
    until(SOON, || {
        browser.go(&console.at("/chat"));
        browser.text("#lines").contains("canceled").then_some(())
    });
    browser.go(&console.at("/silences"));
    browser.type_into("#what", "source=ci");
    browser.type_into("#why", "no script");
    browser.click("form.silence button");
    browser.sees(".done", "The silence has begun.");
    assert!(console.bot.stop().success());
}
