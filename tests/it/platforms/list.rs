//! The scenarios: one row each. Tests, table and documentation are made of these rows; there is no second list.

use std::time::Duration;

use super::stage::Stage;
use super::{storms, talk, trust, volumes};

/// Rows of one group share a bot, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// What people say.
    Talk,
    /// What goes wrong, and much of everything.
    Storm,
    /// The server is away for five seconds.
    Down,
    /// The server is silent for most of a minute.
    Frozen,
    /// The bot is there before its server, and in many rooms.
    Late,
}

/// All groups, those that take longest first.
pub(crate) const GROUPS: &[Group] = &[Group::Frozen, Group::Storm, Group::Down, Group::Talk, Group::Late];

/// One scenario.
pub(crate) struct Row {
    /// The name of its test.
    pub(crate) name: &'static str,
    /// What the table calls it.
    pub(crate) title: &'static str,
    /// With which others it shares a bot.
    pub(crate) group: Group,
    /// The scenario; it fails by panicking.
    pub(crate) run: fn(&Stage) -> Verdict,
    /// What a service without the ability does instead.
    pub(crate) degrades: &'static str,
}

/// How a scenario went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As the row says.
    Holds,
    /// As the row says, and the bot was back after this time.
    Back(Duration),
    /// The service has no such thing, and the bot did what the row says for that.
    Degrades,
}

macro_rules! scenarios {
    ($dollar:tt $($group:ident $name:ident, $run:path, $title:literal, $degrades:literal;)*) => {
        /// All of them, in the order in which they run.
        pub(crate) const ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            title: $title,
            group: Group::$group,
            run: $run,
            degrades: $degrades,
        }),*];

        /// One test for each scenario on the adapter of that name.
        macro_rules! passes {
            ($dollar kind:literal) => {
                $(
                    #[test]
                    fn $name() {
                        crate::platforms::suite::holds($dollar kind, stringify!($name));
                    }
                )*
            };
        }
        pub(crate) use passes;
    };
}

scenarios! { $
    Talk answers_in_a_channel, talk::channel, "answers in a channel",
        "there is one conversation, and the answer stands in it";
    Talk answers_a_direct_message, talk::direct, "answers a direct message, without a prefix", "";
    Talk answers_in_a_thread, talk::thread, "answers in the thread where it was asked",
        "there are no threads: the answer stands where it was asked";
    Talk answers_a_second_delivery_once, talk::duplicate, "a second delivery gets no second answer",
        "nothing is delivered twice";
    Talk answers_a_mention_once, talk::mention, "a mention gets one answer", "every line is for the bot";
    Talk ignores_itself_and_other_bots, talk::bots, "ignores itself and other bots", "only people speak there";
    Talk a_display_name_grants_nothing, talk::mallory, "a display name grants nothing",
        "names are the system's own: another user gets nothing of the admin's";
    Talk an_edit_does_not_run, talk::edit, "an edit runs nothing", "what was said cannot be edited";
    Talk markup_and_quotes_are_undone, talk::markup, "markup and typographic quotes are undone", "";
    Talk an_acknowledgement_becomes_the_result, talk::acknowledgement, "the acknowledgement becomes the result",
        "nothing is edited: the result is a further line";
    Talk an_empty_message_is_passed_over, talk::empty, "a message without text is passed over", "";
    Talk a_megabyte_is_passed_over, talk::megabyte, "a message of a megabyte does no harm", "";
    Talk what_nobody_expects_is_passed_over, talk::garbled, "unknown events and broken frames do no harm",
        "nothing but messages can come in";
    Talk a_button_is_for_the_right_person, talk::button, "a button works once, for the right person",
        "there are no buttons: `kill` is typed, and works for the right person";
    Talk an_approval_takes_a_second_person, trust::approval, "an approval takes a second person, once",
        "there are no buttons: `approve` is typed, and counts from a second person";
    Talk a_request_that_nobody_decides_runs_nothing, trust::expired, "a request that nobody decides in time runs nothing",
        "there are no buttons: `approve` is typed, and comes too late";
    Talk a_request_outlives_a_restart, trust::restart, "a request outlives a restart, and runs once",
        "there are no buttons: `approve` is typed after the restart";
    Talk a_picture_is_attached, volumes::picture, "a picture of a result is attached",
        "there are no files: its name and size are said";
    Storm a_hundred_kilobytes_arrive_whole, volumes::flood, "100 KB of output arrive whole",
        "the first lines; `more` shows the next ones until the end";
    Storm is_back_after_an_abort, storms::abort, "answers again after an abort", "there is nothing to cut";
    Storm is_back_after_a_close, storms::close, "answers again after a clean close", "there is nothing to close";
    Storm is_back_after_a_refresh, storms::refresh, "follows a request for a new connection",
        "the service never asks for one";
    Storm is_back_after_pages_of_html, storms::html, "outlives 503 with a page of HTML", "there is no HTTP";
    Storm keeps_order_through_limits, storms::limited, "429 is honoured, order is kept, nothing is lost",
        "there is no 429; order is kept, nothing is lost";
    Storm hears_what_was_said_meanwhile, storms::meanwhile, "hears what was said while it was away",
        "what was said meanwhile is not heard, what is said next is";
    Storm tells_the_person_when_it_was_removed, storms::removed, "removed from the room: the person is told directly",
        "nobody can remove it";
    Storm tells_the_person_when_the_room_was_archived, storms::archived,
        "the room was archived: the person is told directly", "rooms cannot be archived";
    Storm answers_in_a_room_that_was_renamed, storms::renamed, "the room was renamed: the answer stands in it",
        "rooms keep their names";
    Storm a_revoked_right_is_one_error, storms::revoked, "a revoked token is one error and no storm",
        "there is no token";
    Down is_back_soon_after_its_server, storms::down, "back after a server that was away for 5 s",
        "there is no server";
    Frozen notices_a_frozen_server, storms::frozen, "notices a silent server within 60 s", "there is no network";
    Late starts_before_its_server, storms::late, "starts before its server", "there is no server";
    Late is_in_254_rooms, volumes::crowd, "is in 254 rooms without tripping a limit", "there is one room";
}
