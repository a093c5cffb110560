//! The streams of one Hubot, without a network.

use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};

use super::*;
use crate::model::Place;
use crate::text::Post;
use crate::text::{Addressee, Tone, result_post};

fn data(text: &str) -> Arc<str> {
    text.into()
}

/// What has come so far.
fn drain(listening: &mut Listening) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(Some(line)) = listening.next().now_or_never() {
        all.push(line.data.to_string());
    }
    all
}

#[test]
fn a_reader_hears_what_it_wants_and_what_it_missed() {
    let stream = Stream::new(7);
    let mut all = stream.listen(Wants::All, None).unwrap();
    let only = Wants::Only(vec!["st2.announcement__chatops".to_owned()]);
    let mut some = stream.listen(only.clone(), None).unwrap();
    assert!(stream.tell("st2.announcement__errbot", &data("1")));
    assert!(stream.tell("st2.announcement__chatops", &data("2")));
    let last = all.next().now_or_never().unwrap().unwrap();
    assert_eq!((&*last.data, last.id.as_str()), ("1", "7-0"));
    assert_eq!((drain(&mut all), drain(&mut some)), (vec!["2".to_owned()], vec!["2".to_owned()]));
    drop((all, some));
    assert!(!stream.is_read() && !stream.tell("st2.announcement__chatops", &data("3")));
    let mut back = stream.listen(Wants::All, Some("7-0")).unwrap();
    assert_eq!(drain(&mut back), ["2"]);
    let mut other_life = stream.listen(Wants::All, Some("6-0")).unwrap();
    assert_eq!(drain(&mut other_life), Vec::<String>::new());
}

#[test]
fn a_slow_reader_is_dropped_and_the_others_go_on() {
    let stream = Stream::new(1);
    let mut slow = stream.listen(Wants::All, None).unwrap();
    let mut quick = stream.listen(Wants::All, None).unwrap();
    for number in 0..300 {
        stream.tell("st2.announcement__chatops", &data(&number.to_string()));
        drain(&mut quick);
    }
    assert_eq!(drain(&mut slow).len(), 256);
    assert_eq!(slow.next().now_or_never(), Some(None), "its stream has ended");
    assert!(stream.tell("st2.announcement__chatops", &data("more")));
    assert_eq!(drain(&mut quick), ["more"]);
}

#[test]
fn connections_are_counted_until_they_end() {
    let stream = Stream::new(1);
    let mut all: Vec<_> = (0..32).map(|_| stream.listen(Wants::All, None).unwrap()).collect();
    assert!(matches!(stream.listen(Wants::All, None), Err(Full)));
    all.pop();
    assert!(stream.listen(Wants::All, None).is_ok());
    stream.close();
    assert_eq!(all[0].next().now_or_never(), Some(None));
}

#[test]
fn the_payload_is_what_was_rendered_and_whom_it_is_for() {
    let place = Place::room(AdapterName::new("hubot").unwrap(), "ops");
    let rendered = "deployed **web1** {~} took 3 s\n```sh\n*uptime* <b>\n```\n- [log](https://example.org/1)";
    let to = Some(Addressee { id: "~alice".to_owned(), name: "alice".to_owned() });
    let post = Post { to, tone: Tone::Bad, ..result_post(rendered) };
    let payload = words::payload(&place, &post, "hubot", Some(&json!({"id": 1})));
    assert_eq!(
        payload,
        json!({
            "message": rendered, "user": "alice", "channel": "ops", "whisper": false,
            "extra": {"color": "#F35A00"}, "context": {"id": 1}, "route": "hubot",
        })
    );
    let plain = words::payload(&place, &result_post("all plain {~}"), "errbot", None);
    assert_eq!(plain["message"], "all plain {~}");
    assert_eq!((&plain["user"], &plain["extra"]), (&Value::Null, &json!({})));
}
