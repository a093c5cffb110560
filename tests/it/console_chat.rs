//! The chat of the console in real browsers: two windows are two people.

use crate::support::browser::{Browser, keys};
use crate::support::console::{Console, home};
use crate::support::{SOON, homes, skip, until};

const ALL: &[&str] = &["read", "run", "deliver"];
const NO_BROWSER: &str = "chromium and chromium-driver are not installed";

/// Somebody's window.
fn window(console: &Console, name: &str) -> Option<Browser> {
    let browser = Browser::open()?;
    console.enter(&browser, &console.token(name, ALL));
    Some(browser)
}

fn console() -> Console {
    Console::start(home("http://127.0.0.1:9/hook"))
}

#[test]
fn a_person_chats_with_completion_progress_buttons_and_files() {
    let console = console();
    let Some(alice) = window(&console, "alice") else { return skip(NO_BROWSER) };
    alice.click(".side a[href='/chat']");
    alice.sees("#hello", "You are alone with the bot");
    alice.pictures("chat-empty");
    alice.type_into("#text", "dep");
    alice.sees("#offers", "deploy to {{target}}");
    alice.sees("#offers", "Bring the application to an environment");
    alice.pictures("chat-completion");
    alice.press(keys::TAB);
    assert_eq!(alice.property("#text", "value"), "deploy to ");
    alice.type_into("#text", &format!("staging{}", keys::ENTER));
    alice.sees("#lines .bot", "deployed 1 to staging");
    alice.sees("#lines .person .sign", "✓");
    alice.press(keys::UP);
    assert_eq!(alice.property("#text", "value"), "deploy to staging", "what was said comes back");
    alice.fill("#text", "");
    alice.type_into("#text", "c");
    alice.sees("#offers", "count {{name}}");
    alice.press(keys::DOWN);
    alice.press(keys::ESCAPE);
    assert_eq!(alice.count("#offers:not([hidden])"), 0);
    alice.fill("#text", &format!("count slowly{}", keys::ENTER));
    alice.sees("#lines", "is running as");
    alice.sees("#lines .bot:last-child", "0 of slowly");
    alice.pictures("chat-progress");
    let bubbles = alice.count("#lines .bot");
    homes::go(&console.home, "slowly");
    alice.sees("#lines .bot:last-child", "slowly went");
    assert_eq!(alice.count("#lines .bot"), bubbles, "the progress became the result");
    alice.type_into("#text", &format!("count forever{}", keys::ENTER));
    alice.sees("#lines .bot:last-child .choices", "end it");
    alice.click("#lines .bot:last-child .choices button");
    alice.sees("#lines", "canceled");
    alice.type_into("#text", &format!("help{}", keys::ENTER));
    alice.sees("#lines .bot:last-child", "count {{name}}");
    alice.type_into("#text", &format!("deploy to mars{}", keys::ENTER));
    alice.sees("#lines .bot:last-child", "mars");
    alice.type_into("#text", &format!("report{}", keys::ENTER));
    alice.sees("#lines .bot:last-child", "12 of many lines");
    alice.sees("#lines .bot:last-child .files", "output.txt");
    alice.pictures("chat");
    alice.reload();
    alice.sees("#lines", "slowly went");
    assert!(console.bot.stop().success());
}

#[test]
fn two_windows_are_two_people() {
    let console = console();
    let Some(alice) = window(&console, "alice") else { return skip(NO_BROWSER) };
    let Some(bob) = window(&console, "bob") else { return skip(NO_BROWSER) };
    for window in [&alice, &bob] {
        window.go(&console.at("/chat?room=console"));
        window.sees("#pulse", "live");
    }
    alice.type_into("#text", &format!("good morning{}", keys::ENTER));
    bob.sees("#lines", "good morning");
    bob.type_into("#text", &format!("!deploy to production{}", keys::ENTER));
    bob.sees("#lines .bot", "may run");
    bob.sees("#lines .whisper", "only you see this");
    alice.sees("#lines", "!deploy to production");
    alice.type_into("#text", &format!("!deploy to production{}", keys::ENTER));
    bob.sees("#lines", "deployed 1 to production");
    alice.sees("#lines", "deployed 1 to production");
    assert!(!alice.text("#lines").contains("may run"), "what was said to bob alone is not alice's");
    alice.type_into("#text", &format!("!count shared{}", keys::ENTER));
    bob.sees("#lines .choices", "end it");
    bob.click("#lines .choices button");
    bob.sees("#lines", "of yours waits or runs");
    bob.pictures("chat-shared");
    alice.click("#lines .choices button");
    alice.sees("#lines", "canceled");
    bob.go(&console.at("/chat"));
    bob.sees("#hello", "You are alone with the bot");
    let found = console.home.run(&["audit", "search", "--person", "web:bob", "--what", "refused"]);
    assert!(found.stdout.contains("deploy to production"), "{found:?}");
    assert!(console.bot.stop().success());
}

#[test]
fn a_page_that_is_live_is_there_again_after_the_bot_was_restarted() {
    let console = console();
    let own = std::fs::read_to_string(console.home.path().join("var/token")).unwrap();
    let Some(alice) = Browser::open() else { return skip(NO_BROWSER) };
    console.enter(&alice, own.trim());
    alice.go(&console.at("/chat"));
    alice.sees("#pulse", "live");
    let address = console.api.url().trim_start_matches("http://").to_owned();
    assert!(console.bot.stop().success());
    alice.sees("#pulse", "connecting");
    let console = Console::start(console.home.set("CHATOPS_LISTEN", &address));
    until(SOON * 2, || {
        alice.url().contains("/login").then_some(()).or_else(|| {
            alice.reload();
            None
        })
    });
    alice.type_into("input[name=token]", own.trim());
    alice.click("button.primary");
    alice.arrives("/chat");
    alice.type_into("#text", &format!("version{}", keys::ENTER));
    alice.sees("#lines .bot", "chatops");
    assert!(console.bot.stop().success());
}
