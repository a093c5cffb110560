//! How each result reads on each service: posts of every kind, and the exact bodies that an adapter sends for them,
//! kept in `tests/data/rendered/<kind>/<post>.json` for reviewers. `UPDATE_RENDERED=1 cargo test` writes them anew.

use std::path::Path;

use serde_json::{Value, json};

use crate::text::{Addressee, Block, Choice, File, Post, Span, Tone, parse};

/// Posts of every kind, each with the name of its file.
pub(super) fn samples() -> Vec<(&'static str, Post)> {
    let text = |text: &str| Span::Text(text.to_owned());
    let to = Some(Addressee { id: "U0ALICE".to_owned(), name: "alice".to_owned() });
    let table = Block::Table {
        head: vec!["host".to_owned(), "load".to_owned()],
        rows: vec![
            vec!["web1".to_owned(), "0.3".to_owned()],
            vec!["web2.example.org".to_owned(), "12".to_owned()],
        ],
    };
    let choice = |nonce: &str, label: &str, typed: &str| Choice {
        nonce: nonce.to_owned(),
        label: label.to_owned(),
        typed: typed.to_owned(),
    };
    let native = json!({
        "slack": {"color": "#36a64f", "fields": [{"title": "env", "value": "prod", "short": true}]},
        "mattermost": {"color": "#36a64f", "fields": [{"title": "env", "value": "prod", "short": true}]},
        "rocketchat": {"color": "#36a64f"},
    });
    let long: String = (0..4000).map(|line| format!("line {line} of a long output\n")).collect();
    vec![
        ("plain", Post::plain("pong")),
        (
            "working",
            Post { to: to.clone(), ..Post::plain("`run date` is running as 12").tone(Tone::Working) },
        ),
        (
            "result",
            Post { to: to.clone(), tone: Tone::Good, ..parse("**done** on `web1`:\n```\nTue 10:00\n```") },
        ),
        (
            "failure",
            Post {
                to,
                tone: Tone::Bad,
                foot: "failed (exit code 3) · execution 12".to_owned(),
                ..parse("```\ncat: /x: No such file or directory\n```")
            },
        ),
        (
            "mentions",
            parse(
                "hey @channel @everyone @here <!channel> <@U0BOB> a < b & c > d\n```\n<!channel> @all\n```",
            ),
        ),
        (
            "notice",
            Post {
                tone: Tone::Warning,
                title: vec![text("disk almost full on web1")],
                link: Some("https://monitor.example.org/alerts/7".to_owned()),
                body: vec![Block::Para(vec![text("since "), Span::Time(1_760_000_000)]), table],
                facts: vec![
                    ("severity".to_owned(), vec![text("warning")]),
                    ("host".to_owned(), vec![Span::Code("web1".to_owned())]),
                ],
                foot: "alertmanager · event 7".to_owned(),
                ..Post::default()
            },
        ),
        (
            "choices",
            Post {
                choices: vec![
                    choice("n1", "Run it", "run date on web1"),
                    choice("n2", "I take care of it", "ack #7"),
                ],
                ..Post::plain("did you mean `run date on web1`?")
            },
        ),
        (
            "native",
            Post {
                tone: Tone::Good,
                pretext: vec![Block::Para(vec![text("deployed")])],
                native: native.as_object().cloned().unwrap_or_default(),
                ..parse("all of it")
            },
        ),
        ("private", Post::plain("you may not run that here").tone(Tone::Bad).private()),
        ("long", parse(&format!("```\n{long}```"))),
        (
            "file",
            Post {
                files: vec![File {
                    name: "report.txt".to_owned(),
                    text: "a\nb\n".to_owned(),
                    ..File::default()
                }],
                ..Post::plain("the report")
            },
        ),
    ]
}

/// Compares what an adapter of `kind` sends for the post `name` with what is kept.
pub(super) fn check(kind: &str, name: &str, sent: &Value) {
    let path = format!("{}/tests/data/rendered/{kind}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let path = Path::new(&path);
    let text = format!("{sent:#}\n");
    if std::env::var_os("UPDATE_RENDERED").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(text, kept, "`{name}` reads otherwise on {kind}; look, then UPDATE_RENDERED=1 keeps it");
}
