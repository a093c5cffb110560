//! What no client of Mattermost should ever send, and what goes wrong around a channel: the bot stays well.

use serde_json::json;

use crate::mattermost::Meeting;
use crate::platforms::{Fault, Platform, Where, Who};

#[test]
fn frames_that_are_no_events_hurt_nothing() {
    let meeting = Meeting::start();
    for frame in [
        "this is no json",
        "",
        "[]",
        "null",
        "{\"event\": 7, \"seq\": \"x\"}",
        "{\"seq_reply\": 99, \"status\": \"OK\"}",
        "{\"seq_reply\": 99, \"status\": \"FAIL\", \"error\": {\"status_code\": 400}}",
        "{\"event\":\"posted\",\"data\":null}",
    ] {
        meeting.chat.server.sends_raw(frame);
    }
    meeting.echoes("still here");
    assert_eq!(meeting.chat.sessions(), 1, "no reconnect");
    meeting.ends();
}

#[test]
fn unknown_events_are_passed_over() {
    let meeting = Meeting::start();
    let ops = meeting.chat.server.state().channel_named("ops").unwrap().id.clone();
    {
        let mut state = meeting.chat.server.state();
        state.tell("custom_com.example.plugin_shout", &json!({"x": [1, {"y": null}]}), &ops);
        state.tell("posted", &json!({"post": "{\"id\": 5}"}), &ops);
        state.tell("posted", &json!({}), &ops);
        state.tell("post_deleted", &json!({"post": "{}"}), &ops);
    }
    meeting.echoes("still here");
    assert_eq!(meeting.chat.sessions(), 1);
    meeting.ends();
}

#[test]
fn a_message_of_a_megabyte_is_survived() {
    let meeting = Meeting::start();
    meeting.chat.say(Who::Bob, Where::Ops, &"x".repeat(1 << 20));
    meeting.chat.say(Who::Bob, Where::Ops, &format!("!echo {}", "`[".repeat(300_000)));
    meeting.chat.say(Who::Bob, Where::Ops, &"**".repeat(200_000));
    meeting.echoes("still here");
    assert_eq!(meeting.chat.sessions(), 1);
    meeting.ends();
}

#[test]
fn a_message_without_text_is_no_command() {
    let meeting = Meeting::start();
    for text in ["", " ", "\u{200b}", "@chatops"] {
        meeting.chat.say(Who::Bob, Where::Direct, text);
    }
    meeting.echoes("still here");
    meeting.ends();
}

#[test]
fn a_display_name_grants_nothing() {
    let meeting = Meeting::start();
    meeting.chat.say(Who::Mallory, Where::Ops, "!whoami");
    let said = meeting.sees("mattermost:").text;
    assert!(said.contains(&meeting.chat.id_of(Who::Mallory)), "{said}");
    assert!(!said.contains(&meeting.chat.id_of(Who::Alice)), "{said}");
    meeting.ends();
}

#[test]
fn a_renamed_channel_is_the_same_channel() {
    let meeting = Meeting::start();
    meeting.echoes("before");
    for channel in &mut meeting.chat.server.state().channels {
        if channel.name == "ops" {
            channel.name = "operations".to_owned();
        }
    }
    meeting.chat.server.says("alice", "operations", "", "!echo renamed");
    meeting.sees("renamed");
    meeting.ends();
}

#[test]
fn a_channel_that_is_closed_meanwhile_is_no_storm() {
    let meeting = Meeting::start();
    meeting.chat.say(Who::Alice, Where::Ops, "!run sleep 4; echo too-late on localhost");
    meeting.sees("is running");
    assert!(meeting.chat.fault(Fault::Removed));
    meeting.bot.logs("You do not have the appropriate permissions");
    meeting.chat.say(Who::Alice, Where::Direct, "echo in-private");
    meeting.sees("in-private");
    let sends = meeting.chat.server.state().requests.iter().filter(|it| it.as_str() == "POST posts").count();
    assert!(sends < 20, "{sends} posts");
    meeting.ends();
}

#[test]
fn a_thread_that_is_no_more_is_answered_in_its_channel() {
    let meeting = Meeting::start();
    let root = meeting.chat.server.says("bob", "ops", "", "a thread");
    meeting.chat.server.says("alice", "ops", &root, "!run sleep 0.7; echo afterwards on localhost");
    meeting.chat.server.state().posts.retain(|post| post.value["id"] != root.as_str());
    let shown = meeting.sees("afterwards\n");
    assert!(shown.thread.is_none() || shown.edits > 0, "{shown:?}");
    meeting.ends();
}
