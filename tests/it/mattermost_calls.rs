//! What Mattermost asks of the bot's own listener, with the whole bot: buttons and the slash command.

use crate::mattermost::Meeting;
use crate::platforms::{Platform, Shown, Where, Who};
use crate::support::mattermost::SLASH;
use crate::support::{SOON, until, within};

#[test]
fn a_slash_command_runs_with_the_right_token_alone() {
    let meeting = Meeting::start();
    assert_eq!(meeting.chat.slash(Who::Alice, SLASH, "echo by-slash"), 200);
    let said = meeting.sees("by-slash");
    assert!(said.text.starts_with("@alice"), "{said:?}");
    for wrong in ["", "slashtokenslashtokenslash2", "bottokenbottokenbottoken01"] {
        assert_eq!(meeting.chat.slash(Who::Alice, wrong, "echo wrong-token"), 401, "{wrong}");
    }
    meeting.never("wrong-token");
    meeting.ends();
}

/// Bob mistypes a command; the message with the button that mends it, and what the button holds.
fn offered(meeting: &Meeting) -> (Shown, String) {
    meeting.chat.say(Who::Bob, Where::Ops, "!ehco chosen");
    let offer = meeting.sees("did you mean");
    let (_, context) = offer.buttons.first().cloned().unwrap_or_else(|| panic!("no button: {offer:?}"));
    (offer, context)
}

fn is_answer(shown: &Shown) -> bool {
    shown.text.ends_with("\nchosen")
}

#[test]
fn a_button_is_pressed_by_whom_it_is_for() {
    let meeting = Meeting::start();
    let (offer, context) = offered(&meeting);
    assert_eq!(meeting.chat.press_status(Who::Mallory, &offer.id, &context), Some(200));
    meeting.sees("that button is for whoever asked");
    assert!(!meeting.chat.shown().iter().any(is_answer));
    assert_eq!(meeting.chat.press_status(Who::Bob, &offer.id, &context), Some(200));
    until(SOON, || meeting.chat.shown().iter().any(is_answer).then_some(()));
    let changed =
        within(SOON, || meeting.all("bob chose").into_iter().next()).expect("the message says who chose");
    assert!(changed.buttons.is_empty() && changed.id == offer.id, "{changed:?}");
    meeting.ends();
}

#[test]
fn a_forged_context_is_refused() {
    let meeting = Meeting::start();
    let (offer, context) = offered(&meeting);
    let mut forged: serde_json::Value = serde_json::from_str(&context).unwrap();
    forged["expires"] = serde_json::json!(i64::MAX);
    assert_eq!(meeting.chat.press_status(Who::Bob, &offer.id, &forged.to_string()), Some(401));
    forged["mac"] = serde_json::json!("");
    assert_eq!(meeting.chat.press_status(Who::Alice, &offer.id, &forged.to_string()), Some(401));
    assert_eq!(meeting.chat.press_status(Who::Bob, &offer.id, "{}"), Some(400));
    meeting.bot.logs("with a forged context is refused");
    meeting.never("bob chose");
    assert!(!meeting.chat.shown().iter().any(is_answer));
    meeting.ends();
}
