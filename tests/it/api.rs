//! The API of a running bot against callers that mean no good, or know no better.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::bot::{Bot, Home};
use crate::support::{SOON, homes};

/// A bot that serves, where its API is, and its token.
fn serving(home: &Home) -> (Bot, String, String) {
    let bot = home.serve();
    bot.logs("ready");
    let read =
        |name: &str| std::fs::read_to_string(home.path().join("var").join(name)).unwrap().trim().to_owned();
    (bot, read("api"), read("token"))
}

/// Sends `head` and `body` and nothing more; status and body of the answer.
fn ask(address: &str, head: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(stream, "{head}\r\nHost: bot\r\nConnection: close\r\n\r\n").unwrap();
    // A server that has read enough may have hung up.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    if status >= 400 {
        assert!(head.to_lowercase().contains("content-type: application/problem+json"), "{head}");
    }
    (status, body.to_owned())
}

fn problem(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[test]
fn a_body_past_the_limit_is_413_and_one_that_never_comes_408_while_others_are_served() {
    let home = homes::small();
    let (bot, address, token) = serving(&home);
    let post = |rest: &str| {
        format!(
            "POST /api/v1/actions/run HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{rest}"
        )
    };
    let (status, body) = ask(&address, &post("Content-Length: 2000000"), &vec![b' '; 2_000_000]);
    assert_eq!((status, problem(&body)["status"].as_u64()), (413, Some(413)), "{body}");
    let chunks = [b"200000\r\n".to_vec(), vec![b' '; 0x20_0000], b"\r\n0\r\n\r\n".to_vec()].concat();
    let (status, body) = ask(&address, &post("Transfer-Encoding: chunked"), &chunks);
    assert_eq!((status, problem(&body)["status"].as_u64()), (413, Some(413)), "{body}");

    let (slow, head) = (address.clone(), post("Content-Length: 100"));
    let began = Instant::now();
    let waiting = std::thread::spawn(move || ask(&slow, &head, b"{\"action\": "));
    let good = json!({"action": "core.echo", "parameters": {"message": "hi"}, "user": "ann"}).to_string();
    let (status, body) = ask(&address, &post(&format!("Content-Length: {}", good.len())), good.as_bytes());
    assert_eq!((status, problem(&body)["result"]["stdout"].as_str()), (200, Some("hi")), "{body}");
    let (status, body) = waiting.join().unwrap();
    assert_eq!((status, problem(&body)["status"].as_u64()), (408, Some(408)), "{body}");
    assert!(began.elapsed() < SOON);
    assert!(bot.stop().success());
}

#[test]
fn what_cannot_be_read_or_is_not_there_is_a_problem_and_without_the_token_nothing_is_told() {
    let home = homes::small();
    let (bot, address, token) = serving(&home);
    let run = "POST /api/v1/actions/run HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2";
    let with_token = format!("{run}\r\nAuthorization: Bearer {token}");
    for (head, body, status) in [
        (with_token.as_str(), "{}", 422),
        (with_token.as_str(), "{[", 400),
        (run, "{}", 401),
        ("GET /api/v1/status HTTP/1.1\r\nAuthorization: Bearer guess", "", 401),
        ("GET /nowhere HTTP/1.1", "", 404),
    ] {
        let (given, body) = ask(&address, head, body.as_bytes());
        assert_eq!(
            (given, problem(&body)["status"].as_u64()),
            (status, Some(u64::from(status))),
            "{head}: {body}"
        );
        assert!(!body.contains(&token));
    }
    assert_eq!(ask(&address, "GET /healthz HTTP/1.1", b"").0, 200);
    assert!(bot.stop().success());
}
