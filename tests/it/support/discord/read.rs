//! How people read a message.

use serde_json::Value;

use super::world::Message;

/// All text of a message: content, embeds, fields, footers, one a line.
pub(crate) fn text(message: &Message) -> String {
    let mut lines = vec![message.body["content"].as_str().unwrap_or_default().to_owned()];
    for embed in message.body["embeds"].as_array().into_iter().flatten() {
        lines.extend(embed["description"].as_str().map(str::to_owned));
        for field in embed["fields"].as_array().into_iter().flatten() {
            lines.push(format!(
                "{}: {}",
                field["name"].as_str().unwrap_or(""),
                field["value"].as_str().unwrap_or("")
            ));
        }
        lines.extend(embed["footer"]["text"].as_str().map(str::to_owned));
    }
    lines.join("\n")
}

/// The buttons of a message: label and custom_id.
pub(crate) fn buttons(message: &Message) -> Vec<(String, String)> {
    let rows = message.body["components"].as_array().into_iter().flatten();
    let all = rows.flat_map(|row| row["components"].as_array().cloned().unwrap_or_default());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.map(|button| (text(&button["label"]), text(&button["custom_id"]))).collect()
}
