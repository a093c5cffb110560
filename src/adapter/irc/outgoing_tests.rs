//! Parcels on their way to lines.

use std::sync::Mutex as StdMutex;

use super::*;
use crate::adapter::{Answer, Boxed, Ears, Link, Outlet};
use crate::model::{AdapterName, MessageKey, Place, Slot};
use crate::net::World;
use crate::text::{Block, Post};
use crate::wire::irc::{Bucket, Patience, Profile, Rate};

const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

/// One parcel to take; remembers what was settled and what came back.
#[derive(Default)]
struct Desk {
    waiting: StdMutex<Vec<Parcel>>,
    settled: StdMutex<Vec<Result<Receipt, SendError>>>,
    back: StdMutex<Vec<i64>>,
}

impl Ears for Desk {
    fn heard(&self, _message: crate::model::Message) {}
    fn pressed(&self, _press: crate::adapter::Press) {}
    fn up(&self, _abilities: crate::adapter::Abilities, _me: Vec<String>) {}
}

impl Outlet for Desk {
    fn next(&self) -> Boxed<'_, Parcel> {
        let parcel = self.waiting.lock().unwrap().pop().unwrap();
        Box::pin(async { parcel })
    }

    fn settle(&self, _parcel: Parcel, outcome: Result<Receipt, SendError>) {
        self.settled.lock().unwrap().push(outcome);
    }

    fn give_back(&self, parcel: Parcel) {
        self.back.lock().unwrap().push(parcel.delivery.unwrap_or_default());
    }
}

/// A session's sending side in `#ops`, and the desk.
struct Bench {
    desk: Arc<Desk>,
    link: Link,
    client: Client,
    outgoing: Outgoing,
    sending: Sending,
}

fn bench() -> Bench {
    bench_with(&[])
}

/// The same on a server that grants capabilities.
fn bench_with(capabilities: &[&str]) -> Bench {
    let profile = Profile {
        nick: "bot".into(),
        real_name: "bot".into(),
        password: None,
        login: None,
        nickserv: None,
        channels: vec!["#ops".parse().unwrap()],
        patience: Patience::default(),
    };
    let mut client = Client::new(profile, NOW);
    let all = capabilities.join(" ");
    client.hear(&format!(":s CAP * LS :{all}"), NOW);
    for capability in capabilities {
        client.hear(&format!(":s CAP * ACK :{capability}"), NOW);
    }
    for line in [":s 001 bot :hi", ":s 376 bot :end", ":bot!b@h JOIN #ops"] {
        client.hear(line, NOW);
    }
    let desk = Arc::new(Desk::default());
    let link = Link {
        name: AdapterName::new("irc").unwrap(),
        bot: "bot".into(),
        world: World::real(),
        stop: tokio_util::sync::CancellationToken::new(),
        ears: desk.clone(),
        outlet: desk.clone(),
    };
    let more = Arc::new(Mutex::new(More::default()));
    let (outgoing, sending) = (Outgoing::new(2, more.clone()), Sending::new(Bucket::new(Rate::Off), more));
    Bench { desk, link, client, outgoing, sending }
}

fn irc() -> AdapterName {
    AdapterName::new("irc").unwrap()
}

fn parcel(place: Place, text: &str) -> Parcel {
    let slot = Slot { notifier: "adapter/irc".into(), target: place.to_string(), lane: "execution/1".into() };
    let block = Block::Code { lang: String::new(), text: text.into() };
    let post = Arc::new(Post { body: vec![block], ..Post::default() });
    Parcel { slot, place, post, sign: None, earlier: None, answer: None, delivery: None }
}

/// A private answer to somebody.
fn answer(nick: &str, text: &str) -> Parcel {
    let key = MessageKey { adapter: irc(), room: nick.into(), id: "m1".into() };
    let answer = Some(Answer { key, last: true, good: true });
    Parcel { answer, ..parcel(Place::direct(irc(), nick), text) }
}

impl Bench {
    /// Sends a parcel; gives the lines that reach the socket.
    async fn send(&mut self, parcel: Parcel, now: Timestamp) -> Vec<String> {
        self.desk.waiting.lock().unwrap().push(parcel);
        let ticket = self.link.next().await;
        self.outgoing.accept(ticket, &self.client, now, &mut self.sending);
        self.written(now)
    }

    fn written(&mut self, now: Timestamp) -> Vec<String> {
        self.sending.pump(now);
        let text = String::from_utf8(self.sending.bytes.split().to_vec()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Somebody says something; whether it was a request for more.
    fn hear(&mut self, line: &str) -> bool {
        self.client.events();
        self.client.hear(line, NOW);
        match self.client.events().pop() {
            Some(crate::wire::irc::Event::Said(said)) => {
                self.outgoing.heard(&said, &"m1".into());
                self.outgoing.read_on(&said, &["bot"], &self.client, &mut self.sending)
            }
            Some(crate::wire::irc::Event::Renamed { from, to }) => {
                self.outgoing.renamed(&from, &to);
                false
            }
            Some(crate::wire::irc::Event::Unknown(nick)) => {
                self.outgoing.forget(&nick);
                false
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_word_to_an_account_goes_to_the_nick_that_is_known_to_be_it_and_to_nobody_else() {
    let mut bench = bench_with(&["account-tag", "account-notify"]);
    let notice = || parcel(Place::direct(irc(), "alice"), "look");
    bench.hear(":alice!mallory@h PRIVMSG bot :help");
    assert!(bench.send(notice(), NOW).await.is_empty(), "a nick is no proof");
    bench.hear("@account=Alice :al!u@h PRIVMSG #ops :!help");
    assert_eq!(bench.send(notice(), NOW).await, ["PRIVMSG al :look"]);
    bench.hear(":al!u@h NICK ally");
    assert_eq!(bench.send(notice(), NOW).await, ["PRIVMSG ally :look"]);
    for end in [":ally!u@h ACCOUNT *", ":ally!u@h QUIT :bye"] {
        bench.hear("@account=Alice :ally!u@h PRIVMSG #ops :!help");
        bench.hear(end);
        assert!(bench.send(notice(), NOW).await.is_empty(), "{end}");
    }
    let settled = bench.desk.settled.lock().unwrap();
    assert!(matches!(&settled[0], Err(SendError::Refused { why }) if why.contains("`alice`")), "{settled:?}");
}

#[tokio::test]
async fn a_private_rest_is_not_shown_to_another_who_takes_the_nick() {
    let mut bench = bench();
    bench.hear(":al!u@h PRIVMSG bot :help");
    let lines = bench.send(answer("al", "1\n2\n3\n4"), NOW).await;
    assert_eq!(lines[2], "PRIVMSG al :(… 2 more lines: say \"more\")");
    assert!(!bench.hear(":al!mallory@elsewhere PRIVMSG bot :more"));
    assert!(bench.hear(":al!u@h PRIVMSG bot :more"));
    assert_eq!(bench.written(NOW), ["PRIVMSG al :3", "PRIVMSG al :4"]);
}

#[tokio::test]
async fn a_private_answer_follows_the_person_to_another_nick() {
    let mut bench = bench();
    bench.hear(":al!u@h PRIVMSG bot :run");
    bench.hear(":al!u@h NICK ally");
    let lines = bench.send(answer("al", "done"), NOW).await;
    assert_eq!(lines, ["PRIVMSG ally :done"]);
    bench.hear(":al!x@y PRIVMSG bot :hi");
    let lines = bench.send(answer("al", "hello"), NOW).await;
    assert_eq!(lines, ["PRIVMSG al :hello"]);
}

#[tokio::test]
async fn an_answer_for_one_reader_is_whispered() {
    let mut bench = bench();
    bench.hear(":Al!u@h PRIVMSG #ops :!help");
    let mut help = parcel(Place::room(irc(), "#ops"), "commands");
    let key = MessageKey { adapter: irc(), room: "#ops".into(), id: "m1".into() };
    help.answer = Some(Answer { key, last: true, good: true });
    help.post = Arc::new(Post::plain("commands").private());
    assert_eq!(bench.send(help, NOW).await, ["PRIVMSG al :commands"]);
}

#[tokio::test]
async fn progress_is_shown_sparingly() {
    let mut bench = bench();
    let mut progress = parcel(Place::room(irc(), "#ops"), "");
    progress.post = Arc::new(Post::plain("50 %").tone(Tone::Working));
    assert_eq!(bench.send(progress.clone(), NOW).await.len(), 1);
    assert!(bench.send(progress.clone(), NOW.plus(Duration::from_secs(9))).await.is_empty());
    assert_eq!(bench.desk.settled.lock().unwrap().len(), 1, "what is left out is settled");
    assert_eq!(bench.send(progress, NOW.plus(Duration::from_secs(10))).await.len(), 1);
    assert_eq!(bench.send(parcel(Place::room(irc(), "#ops"), "done"), NOW).await, ["PRIVMSG #ops :done"]);
}

#[tokio::test]
async fn what_the_server_did_not_take_goes_back_latest_first() {
    let mut bench = bench();
    for number in 1..=3 {
        let mut stored = parcel(Place::room(irc(), "#ops"), "result");
        stored.delivery = Some(number);
        bench.send(stored, NOW).await;
    }
    bench.sending.flushed();
    assert_eq!(bench.sending.wants_receipt(), Some(3));
    assert_eq!(bench.sending.wants_receipt(), None, "one receipt at a time");
    bench.sending.taken(1);
    assert_eq!(bench.desk.settled.lock().unwrap().len(), 1);
    let desk = bench.desk.clone();
    drop(bench);
    assert_eq!(*desk.back.lock().unwrap(), [3, 2], "each goes to the head, so the oldest comes last");
}

#[tokio::test]
async fn an_empty_post_is_settled_without_a_line() {
    let mut bench = bench();
    assert!(bench.send(parcel(Place::room(irc(), "#ops"), ""), NOW).await.is_empty());
    assert_eq!(bench.desk.settled.lock().unwrap().len(), 1);
}
