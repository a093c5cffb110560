//! IRC: a real inspircd with services, reached through a cable that can be cut, frozen and tapped. People
//! are connected beside the cable, so they see what others see whatever happens to the bot.

use std::sync::Mutex;

use super::{Fault, Platform, Shown, Where, Who};
use crate::support::cable::Cable;
use crate::support::chat::IrcUser;
use crate::support::ircd::{Ircd, Kind};

/// The password of every account.
const PASSWORD: &str = "sesame";

/// What people's clients send at most, in bytes.
const LONGEST: usize = 4096;

super::list::passes!("irc");

/// Starts one; `None` where it is not installed.
pub(super) fn start() -> Option<Box<dyn Platform>> {
    let ircd = Ircd::start(Kind::InspircdWithServices)?;
    ircd.register("alice", PASSWORD);
    ircd.register("robert", PASSWORD);
    ircd.register("bot", PASSWORD);
    let address = ircd.address();
    let cable = Cable::before(&address);
    // The first one in the channel is its operator.
    let mut alice = IrcUser::join(&address, "al", "#ops");
    alice.tells("NickServ", &format!("IDENTIFY alice {PASSWORD}"));
    alice.receives(" 900 ");
    let mut people = ["bob", "alice", "otherbot"].map(|nick| IrcUser::join(&address, nick, "#ops"));
    people[0].tells("NickServ", &format!("IDENTIFY robert {PASSWORD}"));
    people[0].receives(" 900 ");
    let [bob, mallory, other] = people.map(|user| Mutex::new(Person { user, next: 0 }));
    let alice = Mutex::new(Person { user: alice, next: 0 });
    let (crowd, banned, shown) = (Mutex::new(0), Mutex::new(false), Mutex::default());
    Some(Box::new(Irc { _ircd: ircd, cable, alice, bob, mallory, other, crowd, banned, shown }))
}

/// Somebody with a connection of their own.
struct Person {
    user: IrcUser,
    /// The first line that is not in `shown` yet.
    next: usize,
}

struct Irc {
    /// Lives as long as this.
    _ircd: Ircd,
    cable: Cable,
    /// Account `alice`, nick `al`.
    alice: Mutex<Person>,
    bob: Mutex<Person>,
    /// Nick `alice`, no account.
    mallory: Mutex<Person>,
    other: Mutex<Person>,
    crowd: Mutex<usize>,
    /// Whether the channel is closed to the bot.
    banned: Mutex<bool>,
    shown: Mutex<Vec<Shown>>,
}

impl Irc {
    fn person(&self, who: Who) -> &Mutex<Person> {
        match who {
            Who::Alice => &self.alice,
            Who::Bob => &self.bob,
            Who::Mallory => &self.mallory,
            Who::OtherBot | Who::Myself => &self.other,
        }
    }

    /// A line of the channel's operator.
    fn operate(&self, line: &str) {
        self.alice.lock().unwrap().user.sends(line);
    }

    /// Adds what one person saw of the bot; the channel is read by alice alone.
    fn collect(&self, who: Who, shown: &mut Vec<Shown>) {
        let mut person = self.person(who).lock().unwrap();
        let Person { user, next } = &mut *person;
        for said in user.since(next) {
            let ours = said.nick.starts_with("bot") && (who == Who::Alice || !said.to.starts_with('#'));
            if ours {
                shown.push(Shown {
                    id: shown.len().to_string(),
                    room: said.to,
                    thread: None,
                    text: said.text,
                    edits: 0,
                    buttons: Vec::new(),
                    files: Vec::new(),
                    whispered: false,
                    reaction_to: None,
                });
            }
        }
    }
}

impl Platform for Irc {
    fn kind(&self) -> &'static str {
        "irc"
    }

    fn settings(&self) -> Vec<(String, String)> {
        let more = (1..=*self.crowd.lock().unwrap()).map(|number| format!(",#crowd{number}"));
        let channels = format!("#ops{}", more.collect::<String>());
        let settings = [
            ("CHATOPS_IRC_SERVER", self.cable.address()),
            ("CHATOPS_IRC_TLS", "off".to_owned()),
            ("CHATOPS_IRC_NICK", "bot".to_owned()),
            ("CHATOPS_IRC_CHANNELS", channels),
            ("CHATOPS_IRC_SASL_PASSWORD", PASSWORD.to_owned()),
            ("CHATOPS_IRC_RATE", "off".to_owned()),
            ("CHATOPS_IRC_LINES", "500".to_owned()),
            ("CHATOPS_ADMINS", "irc:alice".to_owned()),
        ];
        settings.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    fn id_of(&self, who: Who) -> String {
        let id = match who {
            Who::Alice => "alice",
            Who::Bob => "robert",
            Who::Mallory => "~alice",
            Who::OtherBot => "~otherbot",
            Who::Myself => "bot",
        };
        id.to_owned()
    }

    fn say(&self, who: Who, place: Where, text: &str) -> String {
        // A client cuts what the server would cut at 512 bytes; a megabyte keeps inspircd busy for half a minute.
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let target = if place == Where::Direct { "bot" } else { "#ops" };
        match who {
            // As a server with echo-message repeats it.
            Who::Myself => self.cable.inject(&format!(":bot!bot@host.example.org PRIVMSG {target} :{text}")),
            // Bots speak in notices.
            Who::OtherBot => self.other.lock().unwrap().user.sends(&format!("NOTICE {target} :{text}")),
            _ => self.person(who).lock().unwrap().user.tells(target, text),
        }
        text.to_owned()
    }

    fn mention(&self, who: Who, place: Where, text: &str) -> String {
        self.say(who, place, &format!("bot: {text}"))
    }

    /// A bouncer repeats a line as it was, with the message's id.
    fn again(&self, id: &str) -> bool {
        let line = crate::support::within(crate::support::SOON, || self.cable.told(&format!(" :{id}")));
        self.cable.inject(&line.expect("it reached the bot"));
        true
    }

    fn edit(&self, _id: &str, _text: &str) -> bool {
        false
    }

    fn press(&self, _who: Who, _message: &str, _value: &str) -> bool {
        false
    }

    fn renames(&self, who: Who, name: &'static str) -> bool {
        let mut person = self.person(who).lock().unwrap();
        person.user.sends(&format!("NICK {name}"));
        person.user.receives(" NICK ");
        true
    }

    fn fault(&self, fault: Fault) -> bool {
        match fault {
            Fault::Abort => self.cable.cut(),
            Fault::Close => {
                self.cable.inject("ERROR :Closing Link: bot[127.0.0.1] (server going down)");
                self.cable.cut();
            }
            Fault::Freeze => self.cable.freeze(true),
            Fault::Down => self.cable.plug(false),
            // The server refuses for real: it never sees the password that the bot sends.
            Fault::Revoked => self.cable.tamper(Some(Box::new(|line| {
                let secret = line.strip_prefix("AUTHENTICATE ")? != "PLAIN";
                secret.then(|| "AUTHENTICATE Ym90AGJvdAB3cm9uZw==".to_owned())
            }))),
            Fault::Removed => {
                *self.banned.lock().unwrap() = true;
                self.operate("MODE #ops +b bot!*@*\r\nKICK #ops bot :out");
            }
            Fault::Refresh | Fault::Html503 | Fault::Limited(..) | Fault::Archived | Fault::Renamed => {
                return false;
            }
        }
        true
    }

    fn mend(&self) {
        self.cable.tamper(None);
        self.cable.freeze(false);
        self.cable.plug(true);
        let mut banned = self.banned.lock().unwrap();
        if std::mem::take(&mut *banned) {
            // The bot tries again after a minute; a new connection joins at once.
            self.operate("MODE #ops -b bot!*@*");
            self.alice.lock().unwrap().user.receives(" MODE #ops -b ");
            self.cable.cut();
        }
    }

    fn shown(&self) -> Vec<Shown> {
        let mut shown = self.shown.lock().unwrap();
        for who in [Who::Alice, Who::Bob, Who::Mallory] {
            self.collect(who, &mut shown);
        }
        shown.clone()
    }

    fn sessions(&self) -> usize {
        self.cable.sessions()
    }

    /// The server itself judges: it answers what it does not understand with 421 and 461.
    fn breaches(&self) -> Vec<String> {
        [":irc.example.org 421 ", ":irc.example.org 461 "]
            .iter()
            .filter_map(|code| self.cable.told(code))
            .collect()
    }

    fn has(&self, place: Where) -> bool {
        place != Where::Thread
    }

    fn keeps(&self) -> bool {
        false
    }

    fn crowd(&self, rooms: usize) -> bool {
        *self.crowd.lock().unwrap() = rooms;
        true
    }

    fn garble(&self) -> bool {
        for line in ["\u{1}\u{2}\u{3}", ":::: :", "@=;=;; :x 999999 \u{fffd}", "BATCH +", ":x PRIVMSG", ""] {
            self.cable.inject(line);
        }
        true
    }
}
