//! Many browsers, many records, and browsers that take nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::console::{Console, home};
use crate::support::{SOON, until, within};

const ALL: &[&str] = &["read", "run", "deliver"];

fn console() -> Console {
    Console::start(home("http://127.0.0.1:9/hook"))
}

/// A page that is live, read by nobody yet.
fn live(console: &Console, cookie: &str, path: &str) -> TcpStream {
    let url = console.api.url();
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: bot\r\naccept: text/event-stream\r\n{cookie}\r\n").unwrap();
    stream
}

/// Reads until a text has come.
fn hears(stream: &mut TcpStream, part: &str) {
    // The end of what came: the text may be cut between two pieces.
    let (mut tail, mut piece) = (String::new(), [0; 16_384]);
    let end = Instant::now() + SOON;
    while !tail.contains(part) {
        assert!(Instant::now() < end, "`{part}` did not come");
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "the stream ended without `{part}`");
        let keep = tail.chars().count().saturating_sub(part.len());
        tail = tail.chars().skip(keep).chain(String::from_utf8_lossy(&piece[..count]).chars()).collect();
    }
}

#[test]
fn fifty_browsers_look_on_and_commands_are_as_quick_as_before() {
    let console = console();
    let alice = console.visitor(&console.token("alice", ALL));
    let say = |number: usize| {
        let fields = format!("text=echo+number+{number}&key=0123456789abcdef{number:06}");
        let began = Instant::now();
        assert_eq!(alice.post("/chat/say", &fields).status, 303);
        began.elapsed()
    };
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let alone = median((0..30).map(say).collect());
    let mut watching: Vec<TcpStream> = (0..25)
        .flat_map(|_| ["/live/overview", "/live/chat"].map(|path| live(&console, &alice.cookie, path)))
        .collect();
    // Half of them read what comes, the others take nothing.
    for stream in watching.iter_mut().take(25) {
        hears(stream, "data: {");
    }
    // The machine may be busy with other tests: the best of several rounds counts.
    let mut rounds = (1..).map(|round| median((0..30).map(|number| say(round * 100 + number)).collect()));
    let limit = alone * 2 + Duration::from_millis(20);
    let watched = within(SOON, || rounds.next().filter(|watched| *watched < limit));
    assert!(
        watched.is_some(),
        "commands take {alone:?} alone, and never less than {limit:?} with fifty browsers"
    );
    assert_eq!(alice.post("/chat/say", "text=echo+the+last+one&key=0123456789abcdeffffff").status, 303);
    let mut chat = live(&console, &alice.cookie, "/live/chat");
    hears(&mut chat, "the last one");
    assert!(console.bot.stop().success());
}

#[test]
fn a_browser_that_takes_nothing_holds_nobody_up_and_the_bot_stops_in_time() {
    let console = console();
    let alice = console.visitor(&console.token("alice", ALL));
    let _deaf: Vec<TcpStream> = (0..5).map(|_| live(&console, &alice.cookie, "/live/chat")).collect();
    let large = "x".repeat(60_000);
    for number in 0..100 {
        let fields = format!("text=echo+{large}&key=0123456789abcdef{number:06}");
        assert_eq!(alice.post("/chat/say", &fields).status, 303);
    }
    let mut good = live(&console, &alice.cookie, "/live/chat");
    assert_eq!(alice.post("/chat/say", "text=echo+still+here&key=0123456789abcdefffff").status, 303);
    hears(&mut good, "still here");
    let began = Instant::now();
    assert!(console.bot.stop().success());
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn a_page_that_is_live_ends_with_its_session() {
    let console = console();
    let alice = console.visitor(&console.token("alice", ALL));
    let mut stream = live(&console, &alice.cookie, "/live/chat");
    hears(&mut stream, "retry: 2000");
    assert_eq!(alice.post("/logout", "").status, 303);
    let bob = console.visitor(&console.token("bob", ALL));
    let room = "room=console&text=%21echo+hi&key=0123456789abcdef";
    assert_eq!(bob.post("/chat/say", room).status, 303);
    hears(&mut stream, "event: gone");
    assert!(console.bot.stop().success());
}

#[test]
fn a_hundred_thousand_executions_and_records_are_paged_in_a_tenth_of_a_second() {
    let console = console();
    let alice = console.visitor(&console.token("alice", ALL));
    for number in 0..3 {
        let fields = format!("text=echo+seed+{number}&key=0123456789abcdef{number:04}");
        assert_eq!(alice.post("/chat/say", &fields).status, 303);
    }
    let token = console.token("reader", &["read", "audit"]);
    until(SOON, || alice.get("/executions").body.contains("seed 2").then_some(()));
    assert!(console.bot.stop().success());
    let raw = rusqlite::Connection::open(console.home.database()).unwrap();
    copy(&raw, "execution", "id", "asked", "true");
    copy(&raw, "audit", "seq", "at", "what = 'finished'");
    drop(raw);
    let console = Console::start(console.home);
    let reader = console.visitor(&token);
    for path in [
        "/executions",
        "/executions?status=succeeded&before=50000",
        "/executions?person=web:alice",
        "/audit",
        "/audit?person=web:alice",
        "/audit?what=finished",
    ] {
        // The machine may be busy with other tests: the best of several is what the page takes.
        let mut last = Duration::ZERO;
        let quick = within(SOON, || {
            let began = Instant::now();
            let page = reader.get(path);
            let took = began.elapsed();
            assert_eq!(page.status, 200, "{path}");
            last = took;
            (took < Duration::from_millis(100)).then_some(took)
        });
        assert!(quick.is_some(), "{path} never took less than 100 ms, the last time {last:?}");
    }
    assert!(console.bot.stop().success());
}

/// A hundred thousand copies of a row of a table, each a millisecond later than the one before.
fn copy(raw: &rusqlite::Connection, table: &str, id: &str, at: &str, which: &str) {
    let mut statement = raw.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
    let columns: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let value = |name: &String| match name.as_str() {
        name if name == id => format!("(SELECT max({id}) FROM {table}) + n.value"),
        name if name == at => format!("a.{at} + n.value * 1000"),
        name => format!("a.{name}"),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let sql = format!(
        "INSERT INTO {table} ({}) SELECT {} FROM (SELECT * FROM {table} WHERE {which} ORDER BY {id} DESC LIMIT 1) a,
         (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 100000)
          SELECT value FROM n) n",
        columns.join(", "),
        values.join(", ")
    );
    raw.execute(&sql, []).unwrap();
}
