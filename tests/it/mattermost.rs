//! Chats on Mattermost, the whole bot over the stand-in: from the first word to a server that dies under it.

use std::time::Duration;

use crate::platforms::mattermost::Chat;
use crate::platforms::{Fault, Platform, Shown, Where, Who};
use crate::support::bot::{Bot, Home};
use crate::support::mattermost::Mattermost;
use crate::support::{SOON, homes, until, within};

/// How long nothing must happen before a test believes that nothing will.
const QUIET: Duration = Duration::from_millis(700);

/// A bot and its chat.
pub(crate) struct Meeting {
    pub(crate) chat: Chat,
    pub(crate) bot: Bot,
    pub(crate) home: Home,
}

/// The home of a bot in `chat`, everyone may use it.
pub(crate) fn home(chat: &Chat) -> Home {
    chat.settings().iter().fold(homes::open_to_all(), |home, (name, value)| home.set(name, value))
}

impl Meeting {
    pub(crate) fn start() -> Self {
        Self::with(|home| home)
    }

    /// With more settings.
    pub(crate) fn with(more: impl Fn(Home) -> Home) -> Self {
        let chat = Chat::start();
        let home = more(home(&chat));
        let bot = home.serve();
        bot.logs("connected adapter=mattermost");
        Self { chat, bot, home }
    }

    /// The messages of the bot that contain `part`.
    pub(crate) fn all(&self, part: &str) -> Vec<Shown> {
        self.chat.shown().into_iter().filter(|shown| shown.text.contains(part)).collect()
    }

    /// Waits for a message of the bot that contains `part`.
    pub(crate) fn sees(&self, part: &str) -> Shown {
        self.sees_within(SOON, part)
    }

    pub(crate) fn sees_within(&self, limit: Duration, part: &str) -> Shown {
        within(limit, || self.all(part).into_iter().next())
            .unwrap_or_else(|| panic!("the bot was to say `{part}`; it said {:#?}", self.chat.shown()))
    }

    /// Somebody says `echo WORD` in `#ops`, and the bot answers.
    pub(crate) fn echoes(&self, word: &str) -> Shown {
        self.chat.say(Who::Alice, Where::Ops, &format!("!echo {word}"));
        self.sees(word)
    }

    /// There is exactly one answer with `part`, also a moment later.
    pub(crate) fn once(&self, part: &str) {
        self.sees(part);
        assert!(
            within(QUIET, || (self.all(part).len() > 1).then_some(())).is_none(),
            "{:#?}",
            self.all(part)
        );
    }

    /// Nothing with `part` is said: what is asked after it is answered, and that is not.
    pub(crate) fn never(&self, part: &str) {
        self.echoes(&format!("after-{part}"));
        let asked = |it: &Shown| it.text.contains("after-") || it.text.starts_with("!echo");
        let said: Vec<_> = self.all(part).into_iter().filter(|it| !asked(it)).collect();
        assert!(said.is_empty(), "{said:#?}");
    }

    /// It stops, and has broken no rule of the protocol.
    pub(crate) fn ends(self) {
        let Self { chat, bot, home: _home } = self;
        assert!(bot.stop().success());
        assert_eq!(chat.breaches(), Vec::<String>::new());
    }
}

#[test]
fn the_bot_answers_in_channel_thread_and_private() {
    let meeting = Meeting::start();
    let chat = &meeting.chat;
    chat.say(Who::Alice, Where::Ops, "!echo by-prefix");
    assert_eq!(meeting.sees("by-prefix").text, "@alice:\nby-prefix");
    chat.mention(Who::Bob, Where::Ops, "echo by-mention");
    assert!(meeting.sees("by-mention").text.starts_with("@bob"));
    chat.say(Who::Alice, Where::Direct, "echo in-private");
    let private = meeting.sees("in-private");
    assert!(!private.text.contains("@alice"), "{private:?}");
    assert_ne!(private.room, meeting.sees("by-prefix").room);
    chat.say(Who::Alice, Where::Thread, "!echo in-thread");
    assert!(meeting.sees("in-thread").thread.is_some());
    chat.say(Who::Alice, Where::Ops, "echo is talk");
    chat.say(Who::Alice, Where::Ops, "@bob echo is-for-bob");
    meeting.never("is-for-bob");
    assert!(meeting.all("is talk").is_empty());
    meeting.ends();
}

#[test]
fn what_is_delivered_twice_is_answered_once() {
    let meeting = Meeting::start();
    let id = meeting.chat.say(Who::Alice, Where::Ops, "@chatops !echo twice");
    meeting.sees("twice");
    assert!(meeting.chat.again(&id));
    meeting.chat.server.cut();
    meeting.echoes("and on");
    assert!(meeting.chat.again(&id));
    meeting.once("twice");
    meeting.ends();
}

#[test]
fn an_edit_does_not_run() {
    let meeting = Meeting::start();
    let id = meeting.chat.say(Who::Alice, Where::Ops, "just talk");
    assert!(meeting.chat.edit(&id, "!echo edited"));
    meeting.never("edited");
    meeting.ends();
}

#[test]
fn bots_webhooks_and_the_server_itself_are_not_heard() {
    let meeting = Meeting::start();
    let server = &meeting.chat.server;
    meeting.chat.say(Who::OtherBot, Where::Ops, "!echo loop-bot");
    meeting.chat.say(Who::Myself, Where::Ops, "!echo loop-self");
    let hook = serde_json::json!({"props": {"from_webhook": "true", "override_username": "alice"}});
    server.says_with("alice", "ops", "", "!echo loop-hook", &hook);
    let joined = serde_json::json!({"type": "system_join_channel"});
    server.says_with("alice", "ops", "", "!echo loop-system", &joined);
    meeting.never("loop-");
    meeting.ends();
}

#[test]
fn markup_is_undone_and_code_is_not() {
    let meeting = Meeting::start();
    meeting.chat.say(Who::Alice, Where::Ops, "**!echo** \u{201c}quoted\u{201d} <https://web1.example.org>");
    let said = meeting.sees("web1.example.org").text;
    assert!(said.contains("\"quoted\" https://web1.example.org"), "{said}");
    meeting.chat.say(Who::Alice, Where::Ops, "!echo `**code** <https://x.example.org>` end-of-code");
    let said = meeting.sees("end-of-code").text;
    assert!(said.contains("code") && said.contains("x.example.org"), "{said}");
    meeting.ends();
}

#[test]
fn the_acknowledgement_becomes_the_result() {
    let meeting = Meeting::start();
    let before = meeting.chat.shown().len();
    meeting.chat.say(Who::Alice, Where::Ops, "!run sleep 3; echo it-is-done on localhost");
    let shown = meeting.sees("stdout : it-is-done");
    assert!(shown.edits > 0, "{shown:?}");
    assert_eq!(meeting.chat.shown().len(), before + 1, "{:#?}", meeting.chat.shown());
    meeting.ends();
}

#[test]
fn a_rate_limit_delays_and_loses_nothing() {
    let meeting = Meeting::start();
    assert!(meeting.chat.fault(Fault::Limited(3, Duration::from_secs(1))));
    for number in 0..8 {
        meeting.chat.say(Who::Alice, Where::Ops, &format!("!echo limited-{number}"));
    }
    meeting.sees("limited-7");
    let order: Vec<_> = meeting.all("limited-").iter().map(|it| it.text.clone()).collect();
    let expected: Vec<_> = (0..8).map(|number| format!("@alice:\nlimited-{number}")).collect();
    assert_eq!(order, expected);
    meeting.ends();
}

#[test]
fn an_answer_that_gets_lost_makes_no_second_post() {
    let meeting = Meeting::start();
    meeting.chat.server.swallow(2);
    meeting.chat.say(Who::Alice, Where::Ops, "!echo once-only");
    meeting.once("once-only");
    meeting.ends();
}

#[test]
fn a_proxys_page_is_waited_out() {
    let meeting = Meeting::start();
    meeting.echoes("before");
    assert!(meeting.chat.fault(Fault::Html503));
    meeting.chat.say(Who::Alice, Where::Ops, "!echo meanwhile");
    meeting.bot.logs("503");
    meeting.chat.mend();
    meeting.once("meanwhile");
    meeting.ends();
}

#[test]
fn the_bot_is_back_after_a_cut_and_after_a_close() {
    let meeting = Meeting::start();
    for (number, fault) in [Fault::Abort, Fault::Close, Fault::Abort].into_iter().enumerate() {
        assert!(meeting.chat.fault(fault));
        meeting.once(&meeting.echoes(&format!("back-{number}")).text);
    }
    let server = &meeting.chat.server;
    assert!(server.state().resumed >= 3, "each was resumed: {}", server.state().resumed);
    meeting.ends();
}

#[test]
fn a_frozen_server_is_noticed_within_a_minute() {
    let meeting = Meeting::start();
    meeting.echoes("before");
    assert!(meeting.chat.fault(Fault::Freeze));
    meeting.chat.say(Who::Alice, Where::Ops, "!echo unfrozen");
    meeting.sees_within(Duration::from_secs(60), "unfrozen");
    meeting.once("unfrozen");
    meeting.ends();
}

#[test]
fn what_was_said_while_the_line_was_down_is_replayed() {
    let meeting = Meeting::start();
    meeting.echoes("before");
    assert!(meeting.chat.fault(Fault::Down));
    for number in 0..3 {
        meeting.chat.say(Who::Alice, Where::Ops, &format!("!echo missed-{number}"));
    }
    meeting.chat.mend();
    meeting.sees("missed-2");
    let order: Vec<_> = meeting.all("missed-").iter().map(|it| it.text.clone()).collect();
    assert_eq!(order, ["@alice:\nmissed-0", "@alice:\nmissed-1", "@alice:\nmissed-2"]);
    assert!(meeting.chat.server.state().resumed > 0);
    meeting.ends();
}

#[test]
fn what_a_restarted_server_no_longer_has_in_its_buffer_is_read_from_the_channels() {
    let meeting = Meeting::start();
    meeting.echoes("before");
    assert!(meeting.chat.fault(Fault::Down));
    meeting.chat.server.forget();
    meeting.chat.say(Who::Alice, Where::Ops, "!echo read-later");
    meeting.chat.say(Who::Bob, Where::Direct, "echo read-in-private");
    meeting.chat.mend();
    meeting.once("read-later");
    meeting.once("read-in-private");
    assert_eq!(meeting.chat.server.state().resumed, 0);
    assert!(meeting.sees("read-later").text.starts_with("@alice"));
    meeting.ends();
}

#[test]
fn more_than_the_buffer_holds_is_not_lost() {
    let meeting = Meeting::start();
    meeting.echoes("before");
    assert!(meeting.chat.fault(Fault::Down));
    meeting.chat.say(Who::Alice, Where::Ops, "!echo the-first");
    for number in 0..200 {
        meeting.chat.say(Who::Bob, Where::Ops, &format!("talk {number}"));
    }
    meeting.chat.mend();
    meeting.once("the-first");
    meeting.ends();
}

#[test]
fn a_revoked_token_is_said_once_and_not_tried_in_a_storm() {
    let meeting = Meeting::start();
    meeting.echoes("before");
    assert!(meeting.chat.fault(Fault::Revoked));
    let said = meeting.bot.logs("the service refuses the bot");
    assert!(said.contains("Bot Accounts") && said.contains("TOKEN"), "{said}");
    let asked = || {
        let state = meeting.chat.server.state();
        state.requests.iter().filter(|request| *request == "GET users/me").count()
    };
    let before = asked();
    assert!(within(Duration::from_secs(2), || (asked() > before + 1).then_some(())).is_none());
    let log = meeting.bot.log();
    assert_eq!(log.matches("the service refuses the bot").count(), 1);
    assert!(!log.contains("bottokenbottoken"), "the token is in the log");
    meeting.chat.mend();
    meeting.chat.say(Who::Alice, Where::Ops, "!echo again-good");
    meeting.sees_within(Duration::from_secs(60), "again-good");
    meeting.ends();
}

#[test]
fn the_bot_may_start_before_the_server() {
    let chat = Chat::on(Mattermost::down());
    let home = home(&chat);
    let bot = home.serve();
    bot.logs("connection lost");
    chat.mend();
    let meeting = Meeting { chat, bot, home };
    until(SOON, || (meeting.chat.sessions() > 0).then_some(()));
    meeting.echoes("at last");
    meeting.ends();
}

#[test]
fn a_busy_server_is_given_its_time() {
    let meeting = Meeting::start();
    meeting.chat.server.limit_upgrades(2);
    meeting.chat.fault(Fault::Abort);
    meeting.bot.logs("429 instead of a WebSocket");
    let log = meeting.bot.log();
    assert!(log.matches("429 instead of a WebSocket").count() <= 1, "it waited before it said so");
    meeting.chat.mend();
    meeting.echoes("patient");
    meeting.ends();
}

#[test]
fn long_output_is_a_file_without_a_lost_character() {
    let meeting = Meeting::start();
    meeting.chat.say(Who::Alice, Where::Ops, "!run seq 1 20000 on localhost");
    let with_file = until(SOON, || meeting.chat.shown().into_iter().find(|it| !it.files.is_empty()));
    let (name, bytes) = &with_file.files[0];
    let text = String::from_utf8(bytes.clone()).unwrap();
    let words = text.split_whitespace().skip_while(|word| *word != "stdout").skip(2);
    let numbers: Vec<_> = words.map_while(|word| word.parse::<u32>().ok()).collect();
    assert_eq!(numbers, (1..=20_000).collect::<Vec<_>>(), "{name}: {} bytes", text.len());
    meeting.ends();
}

#[test]
fn answers_go_into_threads_where_an_admin_likes_it_so() {
    let meeting = Meeting::with(|home| home.set("CHATOPS_MATTERMOST_THREAD", "on"));
    let id = meeting.chat.say(Who::Alice, Where::Ops, "!echo threaded");
    assert_eq!(meeting.sees("threaded").thread, Some(id));
    meeting.ends();
}

#[test]
fn mentions_in_output_call_nobody() {
    let meeting = Meeting::start();
    meeting.chat.say(Who::Alice, Where::Ops, "!echo hello @channel and @bob");
    let said = meeting.sees("hello").text;
    assert!(!said.contains("@channel") && !said.contains("@bob"), "{said}");
    meeting.ends();
}
