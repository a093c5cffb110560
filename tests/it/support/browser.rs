//! A real browser, driven as a person would: Chromium through its driver, by the WebDriver protocol
//! (<https://www.w3.org/TR/webdriver2/>) over plain HTTP. Each one is a process of its own, with cookies of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{source, until, within};

/// How long a page may take to show what is waited for; browsers are slow on a busy machine.
const SEEN: Duration = Duration::from_secs(30);

/// How long the driver may take for one answer.
const ANSWER: Duration = Duration::from_secs(90);

/// Under this name an element's id stands in answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The keys that tests press, as the protocol writes them.
pub(crate) mod keys {
    pub(crate) const TAB: &str = "\u{e004}";
    pub(crate) const ENTER: &str = "\u{e007}";
    pub(crate) const ESCAPE: &str = "\u{e00c}";
    pub(crate) const UP: &str = "\u{e013}";
    pub(crate) const DOWN: &str = "\u{e015}";
}

/// How the screen is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    /// Width in CSS pixels.
    pub(crate) width: u32,
    /// Whether the system is set to dark.
    pub(crate) dark: bool,
}

/// One browser with one tab.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts one; `None` where Chromium and its driver are not installed.
    pub(crate) fn open() -> Option<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse::<u16>().ok()
        });
        // What it says later is of no interest, and must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser =
            Self { driver, port: port.expect("the driver says its port"), session: String::new() };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
        ];
        let options = json!({"args": arguments});
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let begun = browser.ask("POST", "", &wanted);
        browser.session = begun["sessionId"].as_str().expect("a session").to_owned();
        browser.screen(Screen { width: 1440, dark: false });
        Some(browser)
    }

    /// One command; gives its value.
    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let path = match self.session.is_empty() {
            true => "/session".to_owned(),
            false => format!("/session/{}{path}", self.session),
        };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(ANSWER)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).map_err(|error| error.to_string())?;
        let answer = answer(stream).map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        match value["value"]["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["value"]["message"])),
            None => Ok(value["value"].clone()),
        }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.ask("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// The size and the colours of the screen.
    pub(crate) fn screen(&self, screen: Screen) {
        let height = if screen.width < 600 { 844 } else { 900 };
        let metrics = json!({"width": screen.width, "height": height, "deviceScaleFactor": 1, "mobile": screen.width < 600});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = if screen.dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// From here on no page runs a script.
    pub(crate) fn without_script(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn go(&self, url: &str) {
        self.ask("POST", "/url", &json!({"url": url}));
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.ask("GET", "/url", &Value::Null).as_str().unwrap_or_default().to_owned()
    }

    /// Loads the page again.
    pub(crate) fn reload(&self) {
        self.ask("POST", "/refresh", &json!({}));
    }

    fn elements(&self, css: &str) -> Vec<String> {
        let found = self.ask("POST", "/elements", &json!({"using": "css selector", "value": css}));
        let ids = found.as_array().into_iter().flatten();
        ids.filter_map(|it| it[ELEMENT].as_str().map(str::to_owned)).collect()
    }

    fn element(&self, css: &str) -> String {
        let found = within(SEEN, || self.elements(css).into_iter().next());
        found.unwrap_or_else(|| panic!("`{css}` is not on {}: {}", self.url(), self.words()))
    }

    /// How many elements there are.
    pub(crate) fn count(&self, css: &str) -> usize {
        self.elements(css).len()
    }

    /// What is visible of an element; waits until it is there.
    pub(crate) fn text(&self, css: &str) -> String {
        let mut words = String::new();
        // The script may replace an element between finding and reading it.
        until(SEEN, || {
            let element = self.elements(css).into_iter().next()?;
            words = self
                .call("GET", &format!("/element/{element}/text"), &Value::Null)
                .ok()?
                .as_str()?
                .to_owned();
            Some(())
        });
        words
    }

    /// All that is visible.
    pub(crate) fn words(&self) -> String {
        self.text("body")
    }

    /// An attribute or property of an element.
    pub(crate) fn property(&self, css: &str, name: &str) -> Value {
        let element = self.element(css);
        self.ask("GET", &format!("/element/{element}/property/{name}"), &Value::Null)
    }

    /// Clicks it, once it is there and can be clicked.
    pub(crate) fn click(&self, css: &str) {
        let mut why = String::new();
        let clicked = within(SEEN, || {
            let element = self.elements(css).into_iter().next()?;
            let it = json!({ELEMENT: element});
            // The emulated screen and the driver's own do not agree where things are: the page is asked instead.
            let script = "arguments[0].scrollIntoView({block: 'center'}); arguments[0].click()";
            self.call("POST", "/execute/sync", &json!({"script": script, "args": [it]}))
                .map_err(|error| why = error)
                .ok()
        });
        assert!(clicked.is_some(), "`{css}` on {} cannot be clicked: {why}", self.url());
    }

    /// Types into it, after what is there.
    pub(crate) fn type_into(&self, css: &str, text: &str) {
        let element = self.element(css);
        self.ask("POST", &format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Empties it and types.
    pub(crate) fn fill(&self, css: &str, text: &str) {
        let element = self.element(css);
        self.ask("POST", &format!("/element/{element}/clear"), &json!({}));
        self.ask("POST", &format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Presses keys wherever the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
            })
            .collect();
        self.ask(
            "POST",
            "/actions",
            &json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]}),
        );
    }

    /// Runs a script that returns something.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until an element holds a text.
    pub(crate) fn sees(&self, css: &str, part: &str) {
        let mut last = String::new();
        let seen = within(SEEN, || {
            last = self.text(css);
            last.contains(part).then_some(())
        });
        assert!(seen.is_some(), "`{css}` on {} was to hold `{part}`: {last}", self.url());
    }

    /// Waits until the address holds a text.
    pub(crate) fn arrives(&self, part: &str) {
        let arrived = within(SEEN, || self.url().contains(part).then_some(()));
        assert!(arrived.is_some(), "`{part}` was to be the address, it is {}: {}", self.url(), self.words());
    }

    /// Keeps a picture of the whole page under `target/screenshots`.
    pub(crate) fn picture(&self, name: &str) -> PathBuf {
        let shot =
            self.devtools("Page.captureScreenshot", &json!({"format": "png", "captureBeyondViewport": true}));
        let bytes = chatops::net::unbase64(shot["data"].as_str().unwrap()).unwrap();
        let folder = source::root().join("target/screenshots");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Pictures at the widths of a phone and of a desk, light and dark; nothing may be wider than the screen.
    pub(crate) fn pictures(&self, name: &str) {
        for width in [390, 1440] {
            for dark in [false, true] {
                self.screen(Screen { width, dark });
                let wide = self.run("return document.documentElement.scrollWidth");
                assert!(
                    wide.as_u64() <= Some(u64::from(width)),
                    "{name} is {wide} wide on a screen of {width}"
                );
                self.picture(&format!("{name}-{width}-{}", if dark { "dark" } else { "light" }));
            }
        }
        self.screen(Screen { width: 1440, dark: false });
    }
}

/// The body of an answer. The driver keeps the connection, whatever it is told.
fn answer(stream: TcpStream) -> std::io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with the session.
        let _ = self.call("DELETE", "", &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
