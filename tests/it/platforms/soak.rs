//! Chatter on all adapters at once in one bot, with every connection dropped again and again: its memory stays
//! flat, every command is answered once, and each person's answers come in order.
//!
//! `scripts/soak` runs it for ten minutes, the suite for half of one.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::stage::{Running, home};
use super::{ADAPTERS, Fault, Platform, Where, Who};
use crate::support::{SOON, memory, until, within};

/// Messages a second, on all adapters together.
const RATE: u32 = 200;

/// Every so many messages on an adapter are one command; the rest is talk.
const COMMAND: usize = 20;

/// The connections are dropped for the first time after half of this, then each time it has passed.
const DROP: Duration = Duration::from_secs(20);

/// Where nothing said meanwhile is kept, people say nothing to the bot this long before a drop.
const HUSH: Duration = Duration::from_millis(700);

/// Between two tries to find out whether the bot is back.
const PROBE: Duration = Duration::from_millis(200);

/// What the second half may need more than the first: caches that fill up.
const GROWTH: u64 = 4 * 1024 * 1024;

/// How long to go on, in seconds: `SOAK_SECONDS`.
const SECONDS: u64 = 30;

/// One adapter in the crowd.
struct Corner {
    kind: &'static str,
    platform: Box<dyn Platform>,
    place: Where,
    people: &'static [Who],
    said: usize,
    /// The commands of each person, in order.
    asked: HashMap<usize, Vec<String>>,
    /// Words that tell whether the bot is back; none while it is there.
    probes: Vec<String>,
    probed: Instant,
}

impl Corner {
    /// Everybody but the chat inside the tests' own process, whose memory is not the bot's.
    fn all() -> Vec<Self> {
        let starts = ADAPTERS.iter().filter(|(kind, _)| *kind != "memory");
        starts.filter_map(|(kind, start)| Some(Self::new(kind, start()?))).collect()
    }

    fn new(kind: &'static str, platform: Box<dyn Platform>) -> Self {
        let shared = platform.has(Where::Ops);
        Self {
            kind,
            place: if shared { Where::Ops } else { Where::Direct },
            // One terminal is one person.
            people: if shared { &[Who::Alice, Who::Bob] } else { &[Who::Alice] },
            platform,
            said: 0,
            asked: HashMap::new(),
            probes: Vec::new(),
            probed: Instant::now(),
        }
    }

    fn command(&self, who: Who, word: &str) {
        let prefix = if self.place == Where::Direct { "" } else { "!" };
        self.platform.say(who, self.place, &format!("{prefix}echo {word}"));
    }

    /// The next message: talk, or a command unless everybody is to be quiet.
    fn speak(&mut self, hush: bool) {
        self.said += 1;
        if !self.said.is_multiple_of(COMMAND) {
            if self.place == Where::Ops {
                self.platform.say(
                    Who::Bob,
                    Where::Ops,
                    &format!("echo says the mountain, {} times", self.said),
                );
            }
            return;
        }
        if !self.platform.keeps() && (hush || self.is_away()) {
            return;
        }
        let index = self.said / COMMAND % self.people.len();
        let word = format!("soak-{}-{index}-{:06}-end", self.kind, self.said);
        self.command(self.people[index], &word);
        self.asked.entry(index).or_default().push(word);
    }

    /// Whether the bot has not been seen since the last drop; asks it from time to time.
    fn is_away(&mut self) -> bool {
        if self.probes.is_empty() || self.probed.elapsed() < PROBE {
            return !self.probes.is_empty();
        }
        let shown = self.platform.shown();
        let answered = |word: &String| shown.iter().any(|shown| shown.text.contains(word.as_str()));
        if self.probes.iter().any(answered) {
            self.probes.clear();
            return false;
        }
        self.probe();
        true
    }

    fn probe(&mut self) {
        self.probed = Instant::now();
        let word = format!("probe-{}-{}-end", self.kind, self.said * 100 + self.probes.len());
        self.command(Who::Alice, &word);
        self.probes.push(word);
    }

    fn cut(&mut self) {
        if self.platform.fault(Fault::Abort) {
            self.probe();
        }
    }

    /// Where in the order of the bot's messages each word stands.
    fn answers(&self) -> HashMap<String, Vec<usize>> {
        let mut found: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, shown) in self.platform.shown().iter().enumerate() {
            for part in shown.text.split("soak-").skip(1) {
                if let Some((word, _)) = part.split_once("-end") {
                    found.entry(format!("soak-{word}-end")).or_default().push(index);
                }
            }
        }
        found
    }

    fn is_answered(&self) -> bool {
        let answers = self.answers();
        self.asked.values().flatten().all(|word| answers.contains_key(word))
    }

    /// Every command once, each person's in order. Gives how many there were.
    fn judge(&self) -> usize {
        let answers = self.answers();
        for words in self.asked.values() {
            let lost: Vec<_> = words.iter().filter(|word| !answers.contains_key(*word)).collect();
            assert!(
                lost.is_empty(),
                "{}: {} of {} are not answered: {lost:?}",
                self.kind,
                lost.len(),
                words.len()
            );
            let twice: Vec<_> = words.iter().filter(|word| answers[*word].len() > 1).collect();
            assert!(twice.is_empty(), "{}: answered twice: {twice:?}", self.kind);
            let order: Vec<_> = words.iter().map(|word| answers[word][0]).collect();
            assert!(order.is_sorted(), "{}: out of order: {order:?}", self.kind);
        }
        let breaches = self.platform.breaches();
        assert!(breaches.is_empty(), "{}: against the protocol: {breaches:#?}", self.kind);
        self.asked.values().map(Vec::len).sum()
    }
}

/// One bot on all of them.
fn start(corners: &[Corner]) -> Running {
    let mut settings: Vec<(String, String)> = Vec::new();
    for (name, value) in corners.iter().flat_map(|corner| corner.platform.settings()) {
        match settings.iter_mut().find(|(known, _)| *known == name) {
            Some((_, admins)) if name == "CHATOPS_ADMINS" => *admins = format!("{admins},{value}"),
            Some((_, earlier)) => *earlier = value,
            None => settings.push((name, value)),
        }
    }
    let bot = Running::program(home().set("CHATOPS_LOG", "info"), settings);
    for corner in corners {
        corner.platform.begun(&bot);
    }
    bot
}

/// What the bot occupies of its own, in bytes.
fn held(bot: &Running) -> u64 {
    let Running::Program(bot, _) = bot else { panic!("the bot is a program") };
    memory::own(bot.lock().unwrap().as_ref().unwrap().pid())
}

/// Talks for `length`; gives what the bot occupied every half second.
fn chatter(corners: &mut [Corner], bot: &Running, length: Duration) -> Vec<u64> {
    let began = Instant::now();
    let (mut sent, mut drops, mut samples) = (0, 0, Vec::new());
    while began.elapsed() < length {
        let now = began.elapsed();
        let next_drop = DROP / 2 + DROP * drops;
        if now >= next_drop {
            corners.iter_mut().for_each(Corner::cut);
            drops += 1;
            continue;
        }
        if now >= Duration::from_millis(500) * u32::try_from(samples.len()).unwrap() {
            samples.push(held(bot));
        }
        let due = (now.as_secs_f64() * f64::from(RATE)) as usize;
        while sent < due {
            let count = corners.len();
            corners[sent % count].speak(now + HUSH >= next_drop);
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    samples
}

/// Its own name as a test.
pub(super) const TEST: &str =
    "platforms::soak::much_talk_and_many_drops_leave_every_command_answered_once_and_memory_flat";

#[test]
fn much_talk_and_many_drops_leave_every_command_answered_once_and_memory_flat() {
    if let Err(why) = super::suite::soaked() {
        panic!("{why}");
    }
}

/// All of it; fails by panicking.
pub(super) fn run() {
    let seconds = std::env::var("SOAK_SECONDS").map_or(SECONDS, |text| text.parse().unwrap());
    let mut corners = Corner::all();
    let bot = start(&corners);
    for corner in &mut corners {
        corner.probe();
        until(SOON * 2, || (!corner.is_away()).then_some(()));
    }
    let samples = chatter(&mut corners, &bot, Duration::from_secs(seconds));
    within(SOON * 2, || corners.iter().all(Corner::is_answered).then_some(()));
    for corner in &corners {
        let (said, asked) = (corner.said, corner.judge());
        let sessions = corner.platform.sessions();
        eprintln!("{}: {said} messages, {asked} commands answered once, {sessions} sessions", corner.kind);
    }
    let (first, second) = samples.split_at(samples.len() / 2);
    let most = |samples: &[u64]| samples.iter().max().copied().unwrap_or_default();
    let (first, second) = (most(first), most(second));
    eprintln!("held: {} KiB in the first half, {} KiB in the second", first / 1024, second / 1024);
    assert!(second <= first + GROWTH, "it grew from {first} to {second} bytes");
}
