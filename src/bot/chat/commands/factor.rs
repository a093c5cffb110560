//! `2fa enroll`, `2fa confirm`, `2fa reset`: the second factor. Codes themselves are heard in `chat/codes.rs`, before
//! anything is written down.

use std::sync::Arc;

use super::{Call, Need, Reply, Row, Run, code, post, text};
use crate::bot::factors::Owner;
use crate::bot::reply;
use crate::text::{Block, Post, Tone};

/// Begins a second factor.
pub(super) static ENROLL: Row = Row {
    name: "twofactor_enroll",
    display: "2fa enroll",
    formats: &["2fa enroll", "2fa"],
    summary: "get a second factor for your authenticator app; in a direct message only",
    need: Need::Nothing,
    permit: "chatops.whoami",
    run: Run::Later(|call| Box::pin(enroll(call))),
};

/// Takes somebody's away.
pub(super) static RESET: Row = Row {
    name: "twofactor_reset",
    display: "2fa reset {{person}}",
    formats: &["2fa reset {{person}}"],
    summary: "take away the second factor that somebody lost",
    need: Need::Grant,
    permit: "chatops.twofactor",
    run: Run::Later(|call| Box::pin(reset(call))),
};

async fn enroll(call: Arc<Call>) -> Reply {
    let person = &call.asker.person;
    if !call.asker.place.as_ref().is_some_and(crate::model::Place::is_direct) {
        let why = "say that to me in a direct message: nobody else may see the secret";
        return Reply::Problem(reply::problem(why));
    }
    if !person.is_proven() {
        let why = "the service does not vouch for who you are: log in to its accounts first";
        return Reply::Problem(reply::problem(why));
    }
    let who = call.home.access.identity(person);
    let owner = Owner { who: &who, person, place: call.asker.place.as_ref() };
    match call.chat.engine.factors().enroll(owner).await {
        Ok(factor) => {
            let uri = factor.uri(call.home.settings.name.as_str(), &who);
            let secret = factor.secret();
            Reply::Said(post(vec![
                Block::Para(vec![text("add this to your authenticator app; it is shown this once:")]),
                Block::Code { lang: String::new(), text: uri },
                Block::Para(vec![text("or type the secret "), code(secret)]),
                Block::Para(vec![
                    text("then say "),
                    code("2fa confirm CODE"),
                    text(" here, with the code of the app"),
                ]),
            ]))
        }
        Err(why) => Reply::Problem(reply::problem(&why.to_string())),
    }
}

async fn reset(call: Arc<Call>) -> Reply {
    let typed = call.param("person").unwrap_or_default();
    let who = typed.parse().map_or_else(|_| typed.to_owned(), |person| call.home.access.identity(&person));
    let owner = Owner { who: &who, person: &call.asker.person, place: call.asker.place.as_ref() };
    match call.chat.engine.factors().reset(owner).await {
        Ok(true) => Reply::Said(Post::plain(format!("{who} has no second factor any more")).tone(Tone::Good)),
        Ok(false) => Reply::Problem(reply::problem(&format!("`{who}` has no second factor"))),
        Err(why) => Reply::Problem(reply::problem(&why.to_string())),
    }
}
