//! What a post is on the stream: the payload that hubot-stackstorm posts.

use serde_json::{Map, Value, json};

use crate::model::Place;
use crate::text::marks::{CodeStyle, Escape, LinkStyle, MARKDOWN, Marks};
use crate::text::{Post, Tone, render};

/// Between what is said plainly and what goes into a box, where the chat has boxes.
const DELIMITER: &str = "{~}";

/// The colour of what failed, unless the alias has one.
const BAD: &str = "#F35A00";

/// The marks that templates are read with, so that what was rendered comes out as it was.
const AS_RENDERED: Marks = Marks {
    escape: Escape::None,
    block: CodeStyle::LangFence,
    link: LinkStyle::Markdown,
    small: ("", ""),
    ..MARKDOWN
};

/// `{"message", "user", "channel", "whisper", "extra", "context", "route"}`.
pub(super) fn payload(place: &Place, post: &Post, route: &str, context: Option<&Value>) -> Value {
    let user = post.to.as_ref().map(|to| to.name.as_str());
    let user = user.or_else(|| place.is_direct().then_some(&*place.room));
    json!({
        "message": message(post), "user": user, "channel": &*place.room,
        "whisper": place.is_direct() || (post.private && user.is_some()),
        "extra": extra(post), "context": context, "route": route,
    })
}

/// The text, with the mark between its two parts.
pub fn message(post: &Post) -> String {
    let whole = Post { to: None, choices: Vec::new(), ..post.clone() };
    if post.pretext.is_empty() {
        return render(&whole, &AS_RENDERED);
    }
    let pretext = Post { pretext: Vec::new(), body: post.pretext.clone(), ..Post::default() };
    let rest = Post { pretext: Vec::new(), ..whole };
    let (pretext, rest) = (render(&pretext, &AS_RENDERED), render(&rest, &AS_RENDERED));
    format!("{pretext} {DELIMITER} {rest}").trim_end().to_owned()
}

/// The alias's `extra`; what failed has a colour.
fn extra(post: &Post) -> Value {
    let mut extra: Map<String, Value> = post.native.clone();
    if post.tone == Tone::Bad {
        extra.entry("color").or_insert_with(|| json!(BAD));
    }
    Value::Object(extra)
}
