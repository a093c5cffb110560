//! The console's chat: browsers are played by their requests, as the script of the page makes them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use serde_json::Value;

use super::stage::Running;
use super::{Fault, Platform, Shown, Where, Who};
use crate::support::api::Api;
use crate::support::bot::Home;
use crate::support::{SOON, until};

super::list::passes!("web");

/// Starts one.
#[allow(clippy::unnecessary_wraps, reason = "all platforms start alike, and some are not installed")]
pub(super) fn start() -> Option<Box<dyn Platform>> {
    Some(Box::new(Web::default()))
}

#[derive(Default)]
struct Web {
    home: OnceLock<Arc<Home>>,
    state: Mutex<State>,
    /// The lines that came to any browser, in the order in which each came first.
    shown: Arc<Mutex<Vec<Shown>>>,
}

#[derive(Default)]
struct State {
    people: HashMap<&'static str, Browser>,
    tokens: Tokens,
    said: HashMap<String, (Who, Where, String)>,
    next: usize,
    sessions: usize,
}

/// Somebody who is logged in.
#[derive(Clone)]
struct Browser {
    cookie: String,
    csrf: String,
}

/// Everybody's token, by name: it outlives the bot's process.
type Tokens = HashMap<&'static str, String>;

/// One request; gives head and body.
fn ask(address: &str, method: &str, path: &str, head: &str, body: &str) -> String {
    use std::io::Read;
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    // In the chat it is the page's script that sends; the answer to a form would wait for the bot's.
    let accept = if path.starts_with("/chat/") { "application/json" } else { "application/json, text/html" };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nconnection: close\r\n\
         accept: {accept}\r\n{head}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in {text}")).1;
    rest.split(after).next().unwrap_or_default()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// What stands in a piece of HTML, one piece a line.
fn words(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').unwrap_or((part, ""));
        if tag.starts_with(['p', '/']) && !text.ends_with('\n') && !tag.starts_with("/code") {
            text.push('\n');
        }
        text.push_str(rest);
    }
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&#47;", "/"),
        ("&amp;", "&"),
    ];
    named.iter().fold(text, |text, (name, letter)| text.replace(name, letter))
}

impl Web {
    fn address(&self) -> String {
        Api::of(self.home.get().expect("the bot was started")).url().trim_start_matches("http://").to_owned()
    }

    /// Somebody's browser; logs in the first time.
    fn browser(&self, who: Who) -> Browser {
        let name = name(who);
        let mut state = self.state.lock().unwrap();
        if let Some(known) = state.people.get(name) {
            return known.clone();
        }
        let address = self.address();
        let api = Api::of(self.home.get().unwrap());
        let token = state.tokens.entry(name).or_insert_with(|| {
            let made = api.post("tokens", &serde_json::json!({"name": name, "scopes": ["run"]}));
            made.json["token"].as_str().unwrap().to_owned()
        });
        let form = ask(&address, "GET", "/login", "", "");
        let nonce = between(&form, "name=\"nonce\" value=\"", "\"").to_owned();
        let body = format!("nonce={nonce}&token={token}&next=/chat");
        let page = ask(&address, "POST", "/login", &format!("cookie: chatops_login={nonce}\r\n"), &body);
        let cookie = format!("cookie: chatops_session={}\r\n", between(&page, "chatops_session=", ";"));
        let chat = ask(&address, "GET", "/chat", &cookie, "");
        let csrf = between(&chat, "name=\"csrf\" value=\"", "\"").to_owned();
        for room in ["direct", "console"] {
            self.watch(&address, &cookie, room, name);
        }
        state.sessions += 1;
        let browser = Browser { cookie, csrf };
        state.people.insert(name, browser.clone());
        browser
    }

    /// Follows a room as the page does.
    fn watch(&self, address: &str, cookie: &str, room: &'static str, name: &'static str) {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!("GET /live/chat?room={room} HTTP/1.1\r\nhost: {address}\r\n{cookie}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let (shown, address, cookie) = (self.shown.clone(), address.to_owned(), cookie.to_owned());
        let room = if room == "direct" { format!("@{name}") } else { "#console".to_owned() };
        let (ready, begun) = std::sync::mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if line.starts_with("retry") {
                    let _ = ready.send(());
                }
                let Some(line) = line.strip_prefix("data: ") else { continue };
                let line: Value = serde_json::from_str(line).unwrap();
                note(&shown, &line, &room, &address, &cookie);
            }
        });
        begun.recv_timeout(SOON).expect("the page is live");
    }
}

/// Keeps a line as people see it now.
fn note(shown: &Mutex<Vec<Shown>>, line: &Value, room: &str, address: &str, cookie: &str) {
    let (id, html) = (line["id"].as_str().unwrap(), line["html"].as_str().unwrap());
    if !html.starts_with("<li class=\"line bot\"") {
        return;
    }
    let buttons = html.split("<button ").skip(1).map(|button| {
        (words(&format!("<button {button}")).trim().to_owned(), between(button, "value=\"", "\"").to_owned())
    });
    let buttons: Vec<_> =
        buttons.map(|(label, value)| (label.lines().next().unwrap_or_default().to_owned(), value)).collect();
    let files = html.split("href=\"/files/").skip(1).map(|file| {
        let path = format!("/files/{}", file.split('"').next().unwrap());
        let answer = ask(address, "GET", &path, cookie, "");
        let body = answer.split_once("\r\n\r\n").unwrap().1.as_bytes().to_vec();
        (between(file, ">", "<").to_owned(), body)
    });
    let said = html.split_once("<div class=\"post").map_or("", |(_, rest)| rest);
    let new = Shown {
        id: id.to_owned(),
        room: room.to_owned(),
        thread: None,
        text: words(&format!("<div{said}")),
        edits: 0,
        buttons,
        files: files.collect(),
        whispered: html.contains("class=\"whisper\""),
        reaction_to: None,
    };
    let mut all = shown.lock().unwrap();
    match all.iter_mut().find(|known| known.id == new.id) {
        // Two browsers see the same line.
        Some(known) if known.text == new.text && known.buttons == new.buttons => {}
        Some(known) => *known = Shown { edits: known.edits + 1, ..new },
        None => all.push(new),
    }
}

fn name(who: Who) -> &'static str {
    match who {
        Who::Alice => "alice",
        Who::Bob => "bob",
        Who::Mallory => "mallory",
        Who::OtherBot | Who::Myself => "nobody",
    }
}

impl Platform for Web {
    fn kind(&self) -> &'static str {
        "web"
    }

    fn settings(&self) -> Vec<(String, String)> {
        vec![("CHATOPS_ADMINS".to_owned(), "web:alice".to_owned())]
    }

    fn id_of(&self, who: Who) -> String {
        name(who).to_owned()
    }

    fn say(&self, who: Who, place: Where, text: &str) -> String {
        let id = {
            let mut state = self.state.lock().unwrap();
            state.next += 1;
            format!("0123456789abcdef{:08}", state.next)
        };
        self.state.lock().unwrap().said.insert(id.clone(), (who, place, text.to_owned()));
        self.again(&id);
        id
    }

    fn mention(&self, who: Who, place: Where, text: &str) -> String {
        self.say(who, place, &format!("@chatops {text}"))
    }

    /// The form is sent a second time, as by going back.
    fn again(&self, id: &str) -> bool {
        let (who, place, text) = self.state.lock().unwrap().said[id].clone();
        let browser = self.browser(who);
        let room = if place == Where::Direct { "direct" } else { "console" };
        let body = format!("csrf={}&room={room}&key={id}&text={}", browser.csrf, encoded(&text));
        ask(&self.address(), "POST", "/chat/say", &browser.cookie, &body);
        true
    }

    fn edit(&self, _id: &str, _text: &str) -> bool {
        false
    }

    fn press(&self, who: Who, message: &str, value: &str) -> bool {
        let browser = self.browser(who);
        let shown = self.shown.lock().unwrap().iter().find(|shown| shown.id == message).cloned();
        let room = if shown.is_some_and(|shown| shown.room == "#console") { "console" } else { "direct" };
        let body = format!("csrf={}&room={room}&press={}", browser.csrf, encoded(value));
        ask(&self.address(), "POST", "/chat/press", &browser.cookie, &body);
        true
    }

    fn fault(&self, _fault: Fault) -> bool {
        false
    }

    /// Everybody logs in again.
    fn restarted(&self) {
        self.state.lock().unwrap().people.clear();
    }

    fn mend(&self) {}

    fn shown(&self) -> Vec<Shown> {
        self.shown.lock().unwrap().clone()
    }

    fn sessions(&self) -> usize {
        self.state.lock().unwrap().sessions
    }

    fn breaches(&self) -> Vec<String> {
        Vec::new()
    }

    fn begun(&self, bot: &Running) {
        let Running::Program(_, home) = bot else { panic!("browsers come to a program") };
        drop(Api::of(home));
        assert!(self.home.set(home.clone()).is_ok(), "a platform has one bot");
        until(SOON, || TcpStream::connect(self.address()).ok());
    }

    fn has(&self, place: Where) -> bool {
        place != Where::Thread
    }

    fn knows(&self, who: Who) -> bool {
        matches!(who, Who::Alice | Who::Bob | Who::Mallory)
    }

    fn keeps(&self) -> bool {
        false
    }
}
