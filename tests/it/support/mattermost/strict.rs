//! What a request may hold. The API reference lists the keys of a post; the pages on message attachments and on
//! interactive messages those of attachments and actions. The real server passes over much of what is refused here:
//! a bot that sends it means something that will not happen.

use serde_json::Value;

/// A post has at most this many characters unless the server is set otherwise.
pub(crate) const LONGEST: usize = 16_383;

const POST: &[&str] =
    &["channel_id", "message", "root_id", "file_ids", "props", "pending_post_id", "metadata"];
/// The vendor's client sends these as well.
const CLIENT: &[&str] = &["id", "create_at", "update_at", "user_id", "type"];
const ATTACHMENT: &[&str] = &[
    "fallback",
    "color",
    "pretext",
    "text",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "fields",
    "image_url",
    "thumb_url",
    "footer",
    "footer_icon",
    "actions",
];

/// What is wrong with the keys of an object.
pub(crate) fn keys(value: &Value, known: &[&str]) -> Result<(), String> {
    let object = value.as_object().ok_or("the body is no object")?;
    let unknown: Vec<_> = object.keys().filter(|key| !known.contains(&key.as_str())).collect();
    if unknown.is_empty() { Ok(()) } else { Err(format!("unknown keys {unknown:?}")) }
}

/// What is wrong with a new post.
pub(crate) fn post(post: &Value) -> Result<(), String> {
    keys(post, &[POST, CLIENT].concat())?;
    text(post)?;
    let ids = [post["channel_id"].as_str(), post["root_id"].as_str().filter(|root| !root.is_empty())];
    if let Some(odd) = ids.into_iter().flatten().find(|id| !is_id(id)) {
        return Err(format!("`{odd}` is no id"));
    }
    let files = post["file_ids"].as_array().map_or(0, Vec::len);
    if files > 10 {
        return Err(format!("{files} files in one post"));
    }
    let attached = post["props"]["attachments"].as_array().is_some_and(|all| !all.is_empty());
    if post["message"] == "" && files == 0 && !attached {
        return Err("a post without anything in it".to_owned());
    }
    Ok(())
}

/// What is wrong with an edit.
pub(crate) fn patch(patch: &Value) -> Result<(), String> {
    keys(patch, &["id", "message", "props", "is_pinned", "has_reactions"])?;
    text(patch)
}

/// Whether a text is an id: 26 small letters and digits.
fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn text(post: &Value) -> Result<(), String> {
    let message = post["message"].as_str().ok_or("`message` is no text")?;
    let length = message.chars().count();
    if length > LONGEST {
        return Err(format!("a message of {length} characters"));
    }
    if post["props"].is_null() {
        return Ok(());
    }
    keys(&post["props"], &["attachments", "from_bot", "disable_group_highlight"])?;
    let attachments = &post["props"]["attachments"];
    let all = attachments.as_array().map(Vec::as_slice).unwrap_or_default();
    if attachments.to_string().chars().count() > 800_000 {
        return Err("props of more than 800000 characters".to_owned());
    }
    all.iter().try_for_each(attachment)
}

fn attachment(one: &Value) -> Result<(), String> {
    keys(one, ATTACHMENT)?;
    let colour = one["color"].as_str().unwrap_or("#000000");
    if !(colour.starts_with('#') && colour.len() == 7) {
        return Err(format!("the colour `{colour}`"));
    }
    for field in one["fields"].as_array().into_iter().flatten() {
        keys(field, &["title", "value", "short"])?;
    }
    one["actions"].as_array().into_iter().flatten().try_for_each(action)
}

fn action(action: &Value) -> Result<(), String> {
    keys(action, &["id", "type", "name", "style", "integration"])?;
    keys(&action["integration"], &["url", "context"])?;
    let id = action["id"].as_str().unwrap_or_default();
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format!("the action id `{id}`: only letters and digits work"));
    }
    let url = action["integration"]["url"].as_str().unwrap_or_default();
    let good = url.starts_with("http") && action["integration"]["context"].is_object();
    if !good || action["type"] != "button" || action["name"].as_str().is_none_or(str::is_empty) {
        return Err(format!("the action {action}"));
    }
    Ok(())
}
