//! One session with Mattermost: where parcels go, what becomes of edits, whispers and reactions.

use std::sync::Arc;

use chatops::adapter::mattermost::Mattermost;
use chatops::adapter::{Adapter, Answer, Ended, Parcel, Sign, Well};
use chatops::model::{AdapterName, Handle, MessageKey, Place, Receipt, SendError, Slot};
use chatops::net::World;
use chatops::text::{Addressee, Choice, File, Post, Span, Tone};

use crate::platforms::mattermost::Chat;
use crate::platforms::{Platform, Shown, Where, Who};
use crate::support::session::Session;

/// A session, its chat, and what is sent.
struct Bench {
    chat: Chat,
    session: Session,
}

fn adapter(chat: &Chat, more: &[(&str, &str)]) -> Mattermost {
    let set = chat.settings();
    let mut lookup = |name: &str| {
        let own = more.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        own.or_else(|| {
            let full = format!("CHATOPS_MATTERMOST_{name}");
            set.iter().find(|(key, _)| *key == full).map(|(_, value)| value.clone())
        })
    };
    Mattermost::from_options(&mut lookup).unwrap()
}

fn name() -> AdapterName {
    AdapterName::new("irc").unwrap()
}

impl Bench {
    fn start(more: &[(&str, &str)]) -> Self {
        let chat = Chat::start();
        let (session, me) = Session::start_up(adapter(&chat, more));
        assert_eq!(me, "chatops");
        Self { chat, session }
    }

    fn parcel(&self, place: &Place, post: Post) -> Parcel {
        Parcel {
            slot: Slot { notifier: "adapter/x".into(), target: place.to_string(), lane: "one".into() },
            place: place.clone(),
            post: Arc::new(post),
            sign: None,
            earlier: None,
            answer: None,
            delivery: None,
        }
    }

    /// Sends a parcel and tells what became of it.
    fn sends(&self, parcel: Parcel) -> Result<Receipt, SendError> {
        self.session.queues(parcel);
        self.session.settles()
    }

    fn posts(&self, place: &Place, post: Post) -> Result<Receipt, SendError> {
        self.sends(self.parcel(place, post))
    }

    /// The only message of the bot with `part`.
    fn shown(&self, part: &str) -> Shown {
        let found: Vec<_> = self.chat.shown().into_iter().filter(|it| it.text.contains(part)).collect();
        assert_eq!(found.len(), 1, "{found:#?}");
        found.into_iter().next().unwrap()
    }

    fn channel(&self, name: &str) -> String {
        self.chat.server.state().channel_named(name).unwrap().id.clone()
    }

    fn ends(self) {
        assert_eq!(self.session.stop(), Ended::Stopped);
        assert_eq!(self.chat.breaches(), Vec::<String>::new());
    }
}

#[test]
fn places_are_found_by_name_and_people_in_private() {
    let bench = Bench::start(&[]);
    let alice = bench.chat.id_of(Who::Alice);
    for (number, room) in ["#dev", "dev", "main/dev", "#main/dev"].into_iter().enumerate() {
        bench.posts(&Place::room(name(), room), Post::plain(format!("room-{number}"))).unwrap();
        assert_eq!(bench.shown(&format!("room-{number}")).room, bench.channel("dev"));
    }
    bench.posts(&Place::direct(name(), &format!("@{alice}")), Post::plain("by id")).unwrap();
    bench.posts(&Place::direct(name(), "@alice"), Post::plain("by name")).unwrap();
    let room = bench.shown("by id").room;
    assert_eq!(room, bench.shown("by name").room);
    assert_eq!(bench.chat.server.state().channel(&room).unwrap().kind, "D");
    let looked_up = bench.chat.server.state().requests.clone();
    let count = |path: &str| looked_up.iter().filter(|it| it.contains(path)).count();
    assert_eq!((count("channels/name/dev"), count("channels/direct")), (1, 1), "each once: {looked_up:?}");
    let nowhere = bench.posts(&Place::room(name(), "#nowhere"), Post::plain("x"));
    assert!(matches!(nowhere, Err(SendError::NoRoom { .. })), "{nowhere:?}");
    let odd = bench.posts(&Place::room(name(), "#no/where/../x"), Post::plain("x"));
    assert!(matches!(odd, Err(SendError::Refused { .. })), "{odd:?}");
    bench.ends();
}

#[test]
fn closed_channels_are_no_rooms() {
    let bench = Bench::start(&[]);
    let dev = bench.channel("dev");
    bench.chat.server.state().channels.iter_mut().for_each(|it| it.archived = true);
    let archived = bench.posts(&Place::room(name(), &dev), Post::plain("x"));
    assert!(matches!(archived, Err(SendError::NoRoom { .. })), "{archived:?}");
    bench.chat.server.state().channels.iter_mut().for_each(|it| it.archived = false);
    bench.chat.server.state().removed.push(dev.clone());
    let removed = bench.posts(&Place::room(name(), &dev), Post::plain("x"));
    assert!(matches!(removed, Err(SendError::NoRoom { .. })), "{removed:?}");
    bench.ends();
}

#[test]
fn an_edit_changes_the_message_and_its_parts() {
    let bench = Bench::start(&[]);
    let dev = Place::room(name(), "#dev");
    let long: String = (0..2000).map(|number| format!("line {number} of many\n")).collect();
    let first = bench.posts(&dev, Post::plain(long)).unwrap().handle.unwrap();
    assert!(first.0.split(' ').count() > 1, "{first:?}");
    let mut edit = bench.parcel(&dev, Post::plain("short now").tone(Tone::Good));
    edit.earlier = Some(first);
    let second = bench.sends(edit).unwrap().handle.unwrap();
    assert_eq!(bench.chat.shown().len(), 1, "{:#?}", bench.chat.shown());
    assert_eq!((bench.shown("short now").id, bench.shown("short now").edits), (second.0.clone(), 1));

    let file = File { name: "report.txt".into(), text: "contents".into(), ..File::default() };
    let mut edit = bench.parcel(&dev, Post { files: vec![file], ..Post::plain("with a file") });
    edit.earlier = Some(second.clone());
    assert_eq!(bench.sends(edit).unwrap().handle, Some(second.clone()), "the file has a post of its own");
    let files: Vec<_> = bench.chat.shown().into_iter().flat_map(|it| it.files).collect();
    assert_eq!(files, [("report.txt".to_owned(), b"contents".to_vec())]);

    bench.chat.server.state().posts.retain(|post| post.value["id"] != second.0.as_str());
    let mut edit = bench.parcel(&dev, Post::plain("too late"));
    edit.earlier = Some(second);
    assert!(matches!(bench.sends(edit), Err(SendError::Gone { .. })));
    bench.ends();
}

#[test]
fn private_posts_are_whispered_or_said_in_private() {
    let bench = Bench::start(&[("WHISPER", "on")]);
    let dev = Place::room(name(), "#dev");
    let to = Some(Addressee { id: bench.chat.id_of(Who::Alice), name: "alice".into() });
    let private = |text: &str| Post { to: to.clone(), ..Post::plain(text).private() };
    assert_eq!(bench.posts(&dev, private("whispered")).unwrap().handle, None);
    assert!(bench.shown("whispered").whispered);
    bench.chat.server.state().may_whisper = false;
    bench.posts(&dev, private("in private")).unwrap();
    let shown = bench.shown("in private");
    assert!(!shown.whispered && shown.room != bench.channel("dev"), "{shown:?}");
    bench.posts(&dev, Post::plain("for all")).unwrap();
    assert_eq!(bench.shown("for all").room, bench.channel("dev"));
    bench.ends();
}

#[test]
fn a_reaction_follows_a_command() {
    let bench = Bench::start(&[("REACT", "on")]);
    let post = bench.chat.say(Who::Alice, Where::Ops, "!echo hello");
    let heard = bench.session.hears();
    assert_eq!(*heard.key.id, *post);
    let react = |sign, id: &str| {
        let key = MessageKey { id: id.into(), ..heard.key.clone() };
        let mut parcel = bench.parcel(&heard.place, Post::default());
        parcel.sign = Some(sign);
        parcel.answer = Some(Answer { key, last: false, good: true });
        bench.sends(parcel).unwrap();
        let reactions = bench.chat.shown().into_iter().filter(|it| it.reaction_to.as_deref() == Some(&*post));
        reactions.map(|it| it.text).collect::<Vec<_>>()
    };
    assert_eq!(react(Sign::Working, &post), [":hourglass_flowing_sand:"]);
    assert_eq!(react(Sign::Good, "slash-of-no-post"), [":hourglass_flowing_sand:"]);
    assert_eq!(react(Sign::Good, &post), [":white_check_mark:"]);
    bench.ends();
}

#[test]
fn people_are_mentioned_by_name() {
    let bench = Bench::start(&[]);
    let mut post = Post::plain("x");
    let bob = bench.chat.id_of(Who::Bob);
    post.title = vec![Span::Text("ask ".into()), Span::Person(bob)];
    bench.posts(&Place::room(name(), "#dev"), post).unwrap();
    assert!(bench.shown("ask ").text.contains("@bob"));
    bench.ends();
}

#[test]
fn choices_are_buttons_with_a_seal() {
    let bench = Bench::start(&[]);
    let choice = Choice { nonce: "n1".into(), label: "Run it".into(), typed: "run it".into() };
    let post = Post { choices: vec![choice], ..Post::plain("shall I?") };
    bench.posts(&Place::room(name(), "#dev"), post).unwrap();
    let buttons = bench.shown("shall I?").buttons;
    assert_eq!(buttons.len(), 1);
    let (label, context) = &buttons[0];
    let context: serde_json::Value = serde_json::from_str(context).unwrap();
    assert_eq!((label.as_str(), context["nonce"].as_str()), ("Run it", Some("n1")));
    assert_eq!(context["channel"].as_str(), Some(bench.channel("dev").as_str()));
    assert!(context["mac"].as_str().is_some_and(|mac| mac.len() == 64), "{context}");
    bench.ends();
}

#[test]
fn doctor_names_what_is_wrong_and_what_to_click() {
    let chat = Chat::start();
    let world = World::real();
    let checks = chat.server.wait(adapter(&chat, &[]).examine(&world));
    let bad: Vec<_> = checks.iter().filter(|check| check.well == Well::Bad).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let found: Vec<_> = checks.iter().map(|check| check.found.as_str()).collect();
    for part in ["`@chatops`, a bot account", "version 10.5.0", "the team `main`", "#ops", "clocks"] {
        assert!(found.iter().any(|it| it.contains(part)), "{part}: {found:?}");
    }
    let wrong = chat.server.wait(adapter(&chat, &[("TOKEN", "wrong")]).examine(&world));
    assert!(
        wrong[0].well == Well::Bad && wrong[0].help.as_ref().unwrap().contains("Bot Accounts"),
        "{wrong:?}"
    );
    let stray = chat.server.wait(adapter(&chat, &[("TEAM", "other")]).examine(&world));
    assert!(stray.iter().any(|it| it.well == Well::Bad && it.found.contains("`other`")), "{stray:?}");
    let url = format!("http://127.0.0.1:{}", chat.server.callback);
    let down = chat.server.wait(adapter(&chat, &[("URL", &url)]).examine(&world));
    assert!(down[0].well == Well::Bad && down[0].help.is_some(), "{down:?}");
}

#[test]
fn a_handle_of_another_service_is_posted_anew() {
    let bench = Bench::start(&[]);
    let mut parcel = bench.parcel(&Place::room(name(), "#dev"), Post::plain("anew"));
    parcel.earlier = Some(Handle("1700000000.000100".into()));
    assert!(bench.sends(parcel).is_ok());
    assert_eq!(bench.shown("anew").edits, 0);
    bench.ends();
}
