//! A bot on one platform, and the people around it: what every scenario plays on.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use super::{Platform, Shown, Start, Where, Who};
use crate::support::bot::{Bot, Home};
use crate::support::memory_bot::MemoryBot;
use crate::support::{SOON, until, within};

/// Between two tries to reach a bot that is not there.
const TRY: Duration = Duration::from_millis(100);

/// What the bot can do on each platform.
const ALIASES: &[(&str, &str)] = &[
    // Answers at once, without an acknowledgement.
    (
        "echo",
        "description: Say it again
action_ref: core.echo
formats: ['echo {{message}}']
ack: { enabled: false }
result: { format: '{{ execution.result.stdout | default(execution.result.message) }}' }",
    ),
    // Lasts until the suite lets it go.
    (
        "hold",
        "description: Wait for the suite
action_ref: default.hold
formats: ['hold {{name}}']
result: { format: '{{ execution.result.stdout }}' }",
    ),
    // Keeps exactly what it was given.
    (
        "note",
        "description: Keep a text
action_ref: default.note
formats: ['note {{name}} {{text}}']
ack: { enabled: false }
result: { format: '{{ execution.result.stdout }}' }",
    ),
    // For admins alone.
    (
        "vault",
        "description: Open the vault
action_ref: default.vault
formats: ['vault {{name}}']
ack: { enabled: false }
result: { format: '{{ execution.result.stdout }}' }",
    ),
    // Once the admin approved.
    (
        "guard",
        "description: Do what takes two
action_ref: default.guard
formats: ['guard {{name}}']
ack: { enabled: false }
result: { format: '{{ execution.result.stdout }}' }
extra: { approval: { within: 5m } }",
    ),
    // The same, and nobody has the time to.
    (
        "brief",
        "description: Do what takes two within a second
action_ref: default.guard
formats: ['brief {{name}}']
ack: { enabled: false }
result: { format: '{{ execution.result.stdout }}' }
extra: { approval: { within: 1s } }",
    ),
    // A picture beside the words.
    (
        "draw",
        "description: Draw a dot
action_ref: default.draw
formats: ['draw {{name}}']
ack: { enabled: false }
result: { format: '{{ execution.parameters.name }} drawn' }",
    ),
    // A hundred kilobytes.
    (
        "flood",
        "description: Say much
action_ref: default.flood
formats: ['flood {{name}}']
ack: { enabled: false }
result: { format: '{{ execution.result.stdout }}' }",
    ),
];

/// What the aliases run; HOME is the home's folder.
const ACTIONS: &[(&str, &str, &str)] = &[
    (
        "hold",
        "name: { type: string, required: true }",
        r#"cd HOME; touch -- "began-{{name}}"; while [ ! -e "go-{{name}}" ]; do sleep 0.02; done; echo "{{name}} went""#,
    ),
    (
        "note",
        "name: { type: string, required: true }\n  text: { type: string, required: true }",
        r#"cd HOME; printf %s "{{text}}" | tee -- "note-{{name}}" >/dev/null; echo "{{name}} noted""#,
    ),
    (
        "vault",
        "name: { type: string, required: true }",
        r#"cd HOME; touch -- "vault-{{name}}"; echo "{{name}} open""#,
    ),
    (
        "guard",
        "name: { type: string, required: true }",
        r#"cd HOME; echo once | tee -a -- "guard-{{name}}" >/dev/null; echo "{{name}} guarded""#,
    ),
    (
        "draw",
        "name: { type: string, required: true }",
        r#"printf %s "{\"files\": [{\"name\": \"dot.png\", \"data\": \"iVBORw0KGgo=\"}]}""#,
    ),
    (
        "flood",
        "name: { type: string, required: true }",
        r#"seq -f "{{name}}-%05g-abcdefghijklmnopqrstuvwxyz0123456789" 1 2000"#,
    ),
];

const ACCESS: &str = "everyone: [ { run: [core.echo, default.hold, default.note, default.flood, default.guard, default.draw] } ]\n";

/// A home with these commands; `vault` is for admins.
pub(crate) fn home() -> Home {
    let home = Home::new().file("access.yaml", ACCESS);
    let here = home.path().display().to_string();
    for (name, text) in ALIASES {
        home.write(&format!("aliases/{name}.yaml"), &format!("---\nname: {name}\n{text}\n"));
    }
    for (name, parameters, command) in ACTIONS {
        let command = command.replace("HOME", &here);
        let text = format!(
            "---\nname: {name}\nrunner_type: local-shell-cmd\nparameters:\n  {parameters}\n  cmd: {{ immutable: true, default: '{command}' }}\n"
        );
        home.write(&format!("actions/{name}.yaml"), &text);
    }
    home
}

/// A bot under test.
pub(crate) enum Running {
    /// The program, and its home.
    Program(Mutex<Option<Bot>>, Arc<Home>),
    /// A bot inside this process, and its home's folder.
    Inside(Arc<RwLock<MemoryBot>>, PathBuf),
}

impl Running {
    /// Starts the program with `settings` in its environment.
    pub(crate) fn program(home: Home, settings: Vec<(String, String)>) -> Self {
        let home = settings.into_iter().fold(home, |home, (name, value)| home.set(&name, &value));
        Self::Program(Mutex::new(Some(home.serve())), Arc::new(home))
    }

    /// Ends it as a power cut would, and starts it again.
    pub(crate) fn restart(&self, after: Duration) {
        match self {
            Self::Program(bot, home) => {
                let mut bot = bot.lock().unwrap();
                bot.take().unwrap().kill9();
                thread::sleep(after);
                let next = home.serve();
                next.logs("ready");
                *bot = Some(next);
            }
            Self::Inside(bot, _) => {
                let mut bot = bot.write().unwrap();
                bot.dies();
                bot.starts_again();
            }
        }
    }

    /// Its home's folder.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Program(_, home) => home.path(),
            Self::Inside(_, folder) => folder,
        }
    }

    /// How often it logged something that contains `part`.
    pub(crate) fn logged(&self, part: &str) -> usize {
        match self {
            Self::Program(bot, _) => {
                let bot = bot.lock().unwrap();
                bot.as_ref().unwrap().log().lines().filter(|line| line.contains(part)).count()
            }
            Self::Inside(bot, _) => bot.read().unwrap().stood(part),
        }
    }

    /// The end of its log.
    pub(crate) fn tail(&self) -> String {
        let Self::Program(bot, _) = self else { return String::new() };
        let Some(log) = bot.lock().unwrap().as_ref().map(Bot::log) else { return String::new() };
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    fn stop(self) {
        if let Self::Program(bot, _home) = self {
            let bot = bot.into_inner().unwrap().unwrap();
            assert!(bot.stop().success(), "the bot was to stop in good order");
        }
    }
}

/// One platform with a bot on it.
pub(crate) struct Stage {
    pub(crate) platform: Box<dyn Platform>,
    pub(crate) bot: Running,
    next: AtomicUsize,
}

impl Stage {
    /// A platform and a bot that answers there; `None` where the platform is not installed.
    pub(crate) fn open(start: Start) -> Option<Self> {
        let stage = Self::set(start, |_| {})?;
        stage.meet();
        Some(stage)
    }

    /// The same with something done to the platform before the bot starts, whom nobody waits for.
    pub(crate) fn set(start: Start, before: impl FnOnce(&dyn Platform)) -> Option<Self> {
        let platform = start()?;
        before(platform.as_ref());
        let bot = platform.begin(home());
        Some(Self { platform, bot, next: AtomicUsize::new(1) })
    }

    /// The bot dies and is started again; waits until it answers.
    pub(crate) fn restart(&self) {
        self.bot.restart(self.platform.rests());
        self.platform.restarted();
        self.meet();
    }

    /// The room where most is said.
    pub(crate) fn main(&self) -> Where {
        if self.platform.has(Where::Ops) { Where::Ops } else { Where::Direct }
    }

    /// A word that nobody has said yet.
    pub(crate) fn word(&self) -> String {
        format!("word{:03}x", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Gives a command, addressed as it has to be there; gives the message's id.
    pub(crate) fn command(&self, who: Who, place: Where, text: &str) -> String {
        let prefix = if place == Where::Direct { "" } else { "!" };
        self.platform.say(who, place, &format!("{prefix}{text}"))
    }

    /// Asks for an echo of a new word; gives the message's id and the word.
    pub(crate) fn echo(&self, who: Who, place: Where) -> (String, String) {
        let word = self.word();
        let id = self.command(who, place, &format!("echo {word}"));
        (id, word)
    }

    /// The messages of the bot that contain `part`.
    pub(crate) fn with(&self, part: &str) -> Vec<Shown> {
        self.platform.shown().into_iter().filter(|shown| shown.text.contains(part)).collect()
    }

    /// How often a word stands in the bot's messages.
    pub(crate) fn count(&self, word: &str) -> usize {
        self.platform.shown().iter().map(|shown| shown.text.matches(word).count()).sum()
    }

    /// Waits for a message of the bot that contains `part`.
    pub(crate) fn sees(&self, part: &str) -> Shown {
        within(SOON, || self.with(part).pop()).unwrap_or_else(|| {
            let all: Vec<_> = self.platform.shown().into_iter().rev().take(12).map(|it| it.text).collect();
            panic!(
                "the bot was to say `{part}`; it said last: {all:#?}; against the protocol: {:#?}",
                self.platform.breaches()
            )
        })
    }

    /// Waits for a message that contains `part`, and for the bot to be done: it stands there once.
    pub(crate) fn once(&self, part: &str) -> Shown {
        let shown = self.sees(part);
        self.fence();
        let all = self.with(part);
        assert_eq!(all.len(), 1, "`{part}` was to be said once: {all:#?}");
        shown
    }

    /// Waits until all that was said before is done with.
    pub(crate) fn fence(&self) {
        let (_, word) = self.echo(Who::Alice, self.main());
        self.sees(&word);
    }

    /// Waits until the bot answers there; people say it again and again until it does. Gives how long it took.
    pub(crate) fn meet(&self) -> Duration {
        self.meet_within(SOON)
    }

    /// The same with another limit.
    pub(crate) fn meet_within(&self, limit: Duration) -> Duration {
        let began = Instant::now();
        let mut words: Vec<String> = Vec::new();
        let mut said: Option<Instant> = None;
        let met = within(limit, || {
            if said.is_none_or(|said| said.elapsed() >= TRY * (1 + u32::try_from(words.len()).unwrap() / 30))
            {
                words.push(self.echo(Who::Alice, self.main()).1);
                said = Some(Instant::now());
            }
            let shown = self.platform.shown();
            shown
                .iter()
                .any(|shown| words.iter().any(|word| shown.text.contains(word.as_str())))
                .then_some(())
        });
        let took = began.elapsed();
        assert!(
            met.is_some(),
            "the bot did not answer within {limit:?}; against the protocol: {:#?}",
            self.platform.breaches()
        );
        took
    }

    /// Waits until `hold NAME` runs.
    pub(crate) fn began(&self, name: &str) {
        let file = self.bot.folder().join(format!("began-{name}"));
        until(SOON, || file.exists().then_some(()));
    }

    /// Lets `hold NAME` end.
    pub(crate) fn go(&self, name: &str) {
        std::fs::write(self.bot.folder().join(format!("go-{name}")), "").unwrap();
    }

    /// Nothing happens for a moment.
    pub(crate) fn rest(&self, moment: Duration) {
        thread::sleep(moment);
    }

    /// The bot never broke the protocol, and stops when it is told to.
    pub(crate) fn close(self) {
        let breaches = self.platform.breaches();
        assert!(breaches.is_empty(), "against the protocol: {breaches:#?}");
        self.bot.stop();
    }
}
