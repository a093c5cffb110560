//! The whole bot on Slack, against a strict stand-in of Slack's Web API and Socket Mode.

use std::time::Duration;

use serde_json::json;

use crate::platforms::slack::Slack;
use crate::platforms::{Fault, Platform, Shown, Where, Who};
use crate::support::bot::{Bot, Home};
use crate::support::slack::OPS;
use crate::support::{SOON, homes, until};

/// A bot on Slack, with everybody there.
pub(crate) struct Chat {
    pub(crate) slack: Slack,
    pub(crate) home: Home,
    pub(crate) bot: Option<Bot>,
}

impl Chat {
    pub(crate) fn start() -> Self {
        Self::with(homes::open_to_all())
    }

    pub(crate) fn with(home: Home) -> Self {
        let slack = Slack::start();
        let home = slack.settings().into_iter().fold(home, |home, (name, value)| home.set(&name, &value));
        let bot = home.serve();
        bot.logs("hearing: connected");
        Self { slack, home, bot: Some(bot) }
    }

    pub(crate) fn bot(&self) -> &Bot {
        self.bot.as_ref().unwrap()
    }

    pub(crate) fn shown(&self, part: &str) -> Vec<Shown> {
        self.slack.shown().into_iter().filter(|shown| shown.text.contains(part)).collect()
    }

    /// The bot comes to say it; what it says later may edit that.
    pub(crate) fn sees(&self, part: &str) -> Shown {
        until(SOON, || self.shown(part).pop())
    }

    /// The bot says it, and no second time until it has answered something said later.
    pub(crate) fn once(&self, part: &str) -> Shown {
        let shown = self.sees(part);
        self.fence();
        assert_eq!(self.shown(part).len(), 1, "{:#?}", self.shown(part));
        shown
    }

    /// Everything said before is heard.
    pub(crate) fn fence(&self) {
        let word = format!("fence-{}", self.slack.server.state().number());
        self.slack.say(Who::Alice, Where::Ops, &format!("!echo {word}"));
        self.sees(&word);
    }

    /// The bot ends as it should.
    pub(crate) fn stops(&mut self) {
        assert!(self.bot.take().unwrap().stop().success());
    }

    /// Another process of the same home.
    pub(crate) fn starts(&mut self) {
        let bot = self.home.serve();
        bot.logs("hearing: connected");
        self.bot = Some(bot);
    }

    /// Stops the bot; nothing it did was against the documents.
    pub(crate) fn ends(mut self) {
        assert!(self.bot.take().unwrap().stop().success());
        assert_eq!(self.slack.breaches(), Vec::<String>::new());
    }
}

#[test]
fn answers_to_prefix_and_mention_in_channels_directly_and_in_threads() {
    let chat = Chat::start();
    chat.slack.say(Who::Bob, Where::Ops, "!echo one");
    let shown = chat.once("one");
    assert_eq!((shown.room.as_str(), shown.thread.as_deref()), ("#ops", None));
    assert!(shown.text.starts_with("<@U0BOB>:\n"), "{}", shown.text);
    chat.slack.mention(Who::Bob, Where::Ops, "echo two");
    chat.once("two");
    chat.slack.say(Who::Bob, Where::Direct, "echo three");
    let shown = chat.once("three");
    assert_eq!((shown.room.as_str(), shown.text.as_str()), ("D0BOB", "three"));
    chat.slack.say(Who::Bob, Where::Thread, "!echo four");
    assert!(chat.once("four").thread.is_some());
    chat.slack.say(Who::Bob, Where::Ops, "echo is no command here");
    chat.fence();
    assert!(chat.shown("no command here").is_empty());
    chat.ends();
}

#[test]
fn one_answer_however_often_a_message_comes_and_none_to_edits_and_bots() {
    let chat = Chat::start();
    let id = chat.slack.mention(Who::Bob, Where::Ops, "echo once");
    chat.slack.again(&id);
    chat.sees("once");
    chat.slack.again(&id);
    chat.once("once");
    chat.slack.edit(&id, "<@U0BOT> echo edited");
    chat.slack.say(Who::OtherBot, Where::Ops, "!echo from-a-bot");
    chat.slack.mention(Who::OtherBot, Where::Ops, "echo from-a-bot");
    chat.slack.say(Who::Myself, Where::Ops, "!echo from-itself");
    chat.fence();
    for word in ["edited", "from-a-bot", "from-itself"] {
        assert!(chat.shown(word).is_empty(), "{word}");
    }
    chat.ends();
}

#[test]
fn what_slack_makes_of_a_text_is_undone_and_what_the_bot_says_calls_nobody() {
    let chat = Chat::start();
    chat.slack.server.hears(
        "U0BOB",
        OPS,
        None,
        "!echo <http://web1.example.org|web1.example.org> &lt;!channel&gt; a&amp;b <@U0ALICE> `\u{201c}x\u{201d}`",
    );
    let shown = chat.once("web1.example.org");
    assert!(
        shown.text.ends_with("web1.example.org <!channel> a&b @U0ALICE `\u{201c}x\u{201d}`"),
        "{}",
        shown.text
    );
    let wire =
        chat.slack.server.state().posts.iter().find(|post| post.ts == shown.id).unwrap().body.to_string();
    assert!(!wire.contains("<!channel>") && !wire.contains("<@U0ALICE>"), "{wire}");
    chat.ends();
}

#[test]
fn an_acknowledgement_is_edited_into_the_result() {
    let chat = Chat::start();
    let gate = chat.home.path().join("gate");
    let command =
        format!("!run until [ -e {} ]; do sleep 0.05; done; echo gate-is-open on localhost", gate.display());
    chat.slack.say(Who::Bob, Where::Ops, &command);
    let early = until(SOON, || chat.shown("is running").pop());
    chat.home.write("gate", "");
    let result = until(SOON, || chat.shown("gate-is-open").into_iter().find(|shown| shown.edits > 0));
    assert_eq!(early.id, result.id);
    assert!(!chat.sees("gate-is-open").text.contains("is running"));
    chat.ends();
}

#[test]
fn a_limit_is_waited_out_in_order_and_nothing_is_lost_or_said_twice() {
    let chat = Chat::start();
    chat.fence();
    chat.slack.fault(Fault::Limited(3, Duration::from_secs(1)));
    for number in 0..5 {
        chat.slack.say(Who::Bob, Where::Ops, &format!("!echo number-{number}-"));
    }
    chat.sees("number-4-");
    let places: Vec<_> = (0..5).map(|number| chat.once(&format!("number-{number}-")).id).collect();
    assert!(places.is_sorted(), "{places:?}");
    chat.ends();
}

#[test]
fn a_page_of_html_delays_an_answer_and_loses_none() {
    let chat = Chat::start();
    chat.fence();
    chat.slack.fault(Fault::Html503);
    chat.slack.say(Who::Bob, Where::Ops, "!echo through-html");
    chat.bot().logs("answers 503");
    chat.slack.mend();
    chat.once("through-html");
    chat.ends();
}

#[test]
fn the_bot_is_back_after_each_kind_of_loss_and_answers_once() {
    let chat = Chat::start();
    chat.fence();
    for (number, fault) in [Fault::Abort, Fault::Close, Fault::Refresh].into_iter().enumerate() {
        let sessions = chat.slack.sessions();
        chat.slack.fault(fault);
        chat.slack.say(Who::Bob, Where::Ops, &format!("!echo after-{number}-"));
        chat.once(&format!("after-{number}-"));
        until(SOON, || (chat.slack.sessions() > sessions).then_some(()));
    }
    chat.ends();
}

#[test]
fn a_refresh_never_leaves_the_bot_without_a_socket() {
    let chat = Chat::start();
    until(SOON, || (chat.slack.sessions() == 2).then_some(()));
    chat.slack.fault(Fault::Refresh);
    let mut fewest = usize::MAX;
    until(SOON, || {
        let state = chat.slack.server.state();
        fewest = fewest.min(state.sockets.len());
        (state.sessions >= 4 && state.sockets.len() == 2).then_some(())
    });
    assert!(fewest >= 2, "{fewest}");
    assert!(!chat.bot().log().contains("connection lost"));
    chat.ends();
}

#[test]
fn what_was_said_while_nothing_heard_is_answered() {
    let chat = Chat::start();
    chat.slack.say(Who::Bob, Where::Direct, "echo first");
    chat.slack.say(Who::Bob, Where::Thread, "!echo second");
    chat.once("first");
    chat.once("second");
    chat.slack.fault(Fault::Down);
    let ids = [
        chat.slack.say(Who::Bob, Where::Ops, "!echo missed-in-ops"),
        chat.slack.say(Who::Bob, Where::Direct, "echo missed-directly"),
        chat.slack.say(Who::Bob, Where::Thread, "!echo missed-in-thread"),
    ];
    chat.bot().logs("connection lost");
    chat.slack.mend();
    for word in ["missed-in-ops", "missed-directly", "missed-in-thread"] {
        chat.once(word);
    }
    for id in ids {
        chat.slack.again(&id);
    }
    chat.once("missed-in-ops");
    chat.ends();
}

#[test]
fn a_revoked_token_is_said_once_with_what_to_do_and_tried_again_slowly() {
    let chat = Chat::start();
    chat.fence();
    chat.slack.fault(Fault::Revoked);
    chat.slack.fault(Fault::Abort);
    let line = chat.bot().logs("the service refuses the bot");
    assert!(line.contains("token_revoked") && line.contains("install the app again"), "{line}");
    assert!(!chat.bot().log().contains("xoxb-"));
    chat.slack.mend();
    until(SOON, || (chat.bot().log().matches("hearing: connected").count() > 1).then_some(()));
    assert_eq!(chat.bot().log().matches("the service refuses the bot").count(), 1);
    chat.slack.say(Who::Bob, Where::Ops, "!echo again-here");
    chat.once("again-here");
    chat.ends();
}

#[test]
fn the_bot_may_start_before_slack_does() {
    let slack = Slack::start();
    slack.fault(Fault::Down);
    let home = slack
        .settings()
        .into_iter()
        .fold(homes::open_to_all(), |home, (name, value)| home.set(&name, &value));
    let bot = home.serve();
    bot.logs("connection lost");
    slack.mend();
    bot.logs("hearing: connected");
    let chat = Chat { slack, home, bot: Some(bot) };
    chat.slack.say(Who::Bob, Where::Ops, "!echo early-bird");
    chat.once("early-bird");
    chat.ends();
}

#[test]
fn long_output_becomes_a_file_and_messages_where_files_are_refused() {
    let chat = Chat::start();
    let lines = |text: &str| {
        (1..=3000).all(|number| text.contains(&format!("row-{number:05}-abcdefghijklmnopqrstuvwxyz\n")))
    };
    let command = "!run seq -f row-%05g-abcdefghijklmnopqrstuvwxyz 1 3000 on localhost";
    chat.slack.say(Who::Bob, Where::Ops, command);
    let file =
        until(SOON, || chat.slack.shown().into_iter().find_map(|shown| shown.files.into_iter().next()));
    assert!(lines(&format!("{}\n", String::from_utf8_lossy(&file.1))), "{} bytes", file.1.len());
    chat.slack.server.state().scopes.retain(|scope| scope != "files:write");
    let before = chat.slack.shown().len();
    chat.slack.say(Who::Bob, Where::Ops, command);
    until(SOON * 2, || {
        let text: String =
            chat.slack.shown().iter().skip(before).map(|shown| format!("{}\n", shown.text)).collect();
        lines(&text).then_some(())
    });
    chat.ends();
}

#[test]
fn nothing_strange_hurts() {
    let chat = Chat::start();
    chat.slack.garble();
    chat.slack.say(Who::Bob, Where::Ops, &"x".repeat(1 << 20));
    chat.slack.say(Who::Bob, Where::Ops, &format!("!echo {}", "x".repeat(1 << 20)));
    chat.slack.say(Who::Bob, Where::Ops, "");
    chat.fence();
    chat.slack.fault(Fault::Removed);
    chat.slack.say(Who::Bob, Where::Ops, "!echo nowhere");
    chat.slack.say(Who::Bob, Where::Direct, "echo still-there");
    chat.sees("still-there");
    chat.slack.mend();
    chat.fence();
    assert!(!chat.bot().log().contains("the adapter failed"));
    chat.ends();
}

#[test]
fn a_display_name_grants_nothing_and_a_channels_name_counts_from_its_first_message() {
    let access = "roles: { deployer: [ { run: [core.echo], in: [\"slack:#ops\"] } ] }\n\
        grants: [ { role: deployer, to: [\"slack:U0BOB\"] } ]\n";
    let chat = Chat::with(homes::small().file("access.yaml", access));
    chat.slack.say(Who::Bob, Where::Ops, "!echo granted-by-name");
    chat.sees("granted-by-name");
    chat.slack.say(Who::Mallory, Where::Ops, "!echo stolen");
    let refused = chat.sees("may not");
    assert!(refused.text.starts_with("<@U0MALLORY>"), "{}", refused.text);
    chat.fence();
    assert!(chat.shown("stolen").iter().all(|shown| shown.text.contains("may not")));
    chat.ends();
}

#[test]
fn a_slash_command_is_a_command() {
    let chat = Chat::start();
    let payload = json!({
        "token": "x", "team_id": "T0TEAM", "channel_id": OPS, "channel_name": "ops", "user_id": "U0BOB",
        "user_name": "alice", "command": "/chatops", "text": "echo slashed &lt;3", "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "response_url": "https://hooks.example.org/x", "is_enterprise_install": "false",
    });
    chat.slack.server.delivers("slash_commands", &payload);
    chat.slack.server.delivers("slash_commands", &payload);
    let shown = chat.once("slashed <3");
    assert!(shown.text.starts_with("<@U0BOB>"), "{}", shown.text);
    chat.ends();
}

#[test]
fn answers_go_into_threads_where_that_is_wanted() {
    let home = homes::open_to_all().set("CHATOPS_SLACK_THREAD", "on");
    let chat = Chat::with(home);
    let id = chat.slack.say(Who::Bob, Where::Ops, "!echo threaded");
    assert_eq!(chat.once("threaded").thread, Some(id));
    chat.ends();
}
