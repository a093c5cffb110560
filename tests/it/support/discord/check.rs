//! What the published documentation allows in the bodies of requests. Lengths are counted in UTF-16 units, the
//! stricter of the two counts that clients use.
//!
//! * messages and embeds: docs.discord.com/developers/resources/message
//! * components: docs.discord.com/developers/components/reference
//! * commands: docs.discord.com/developers/interactions/application-commands
//! * interaction callbacks: docs.discord.com/developers/interactions/receiving-and-responding

use serde_json::Value;

/// The keys of a new message.
const CREATE: &[&str] = &[
    "content",
    "nonce",
    "tts",
    "embeds",
    "allowed_mentions",
    "message_reference",
    "components",
    "sticker_ids",
    "attachments",
    "flags",
    "enforce_nonce",
    "poll",
];
/// The keys of an edit.
const EDIT: &[&str] = &["content", "embeds", "flags", "allowed_mentions", "components", "attachments"];
/// The keys of a follow-up.
const FOLLOW_UP: &[&str] = &[
    "content",
    "username",
    "avatar_url",
    "tts",
    "embeds",
    "allowed_mentions",
    "components",
    "attachments",
    "flags",
    "thread_name",
    "applied_tags",
    "poll",
];
const EMBED: &[&str] = &[
    "title",
    "type",
    "description",
    "url",
    "timestamp",
    "color",
    "footer",
    "image",
    "thumbnail",
    "author",
    "fields",
];

/// What a body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Create,
    Edit,
    FollowUp,
}

/// Counts as Discord's clients do.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

struct Checker {
    wrong: Vec<String>,
}

impl Checker {
    fn keys(&mut self, what: &str, value: &Value, known: &[&str]) {
        for key in value.as_object().into_iter().flat_map(|object| object.keys()) {
            if !known.contains(&key.as_str()) {
                self.wrong.push(format!("{what} has no field `{key}`"));
            }
        }
    }

    fn length(&mut self, what: &str, value: &Value, least: usize, most: usize) -> usize {
        let count = value.as_str().map_or(0, units);
        if !(least..=most).contains(&count) {
            self.wrong.push(format!("{what} has {count} characters, not {least} to {most}"));
        }
        count
    }

    fn embed(&mut self, embed: &Value) -> usize {
        self.keys("an embed", embed, EMBED);
        let mut sum = 0;
        for (key, most) in [("title", 256), ("description", 4096)] {
            if !embed[key].is_null() {
                sum += self.length(&format!("an embed's {key}"), &embed[key], 0, most);
            }
        }
        if let Some(fields) = embed["fields"].as_array() {
            if fields.len() > 25 {
                self.wrong.push("an embed has more than 25 fields".to_owned());
            }
            for field in fields {
                self.keys("a field", field, &["name", "value", "inline"]);
                sum += self.length("a field's name", &field["name"], 1, 256);
                sum += self.length("a field's value", &field["value"], 1, 1024);
            }
        }
        if !embed["footer"].is_null() {
            self.keys("a footer", &embed["footer"], &["text", "icon_url", "proxy_icon_url"]);
            sum += self.length("a footer", &embed["footer"]["text"], 1, 2048);
        }
        if !embed["color"].is_null() && embed["color"].as_u64().is_none_or(|color| color > 0xff_ff_ff) {
            self.wrong.push("a colour is no number of three bytes".to_owned());
        }
        sum
    }

    fn components(&mut self, rows: &Value) {
        let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
        if rows.len() > 5 {
            self.wrong.push("more than 5 rows".to_owned());
        }
        let mut seen = Vec::new();
        for row in rows {
            self.keys("a row", row, &["type", "components", "id"]);
            let buttons = row["components"].as_array().map_or(&[][..], Vec::as_slice);
            if row["type"] != 1 || !(1..=5).contains(&buttons.len()) {
                self.wrong.push("a row is of type 1 and has 1 to 5 buttons".to_owned());
            }
            for button in buttons {
                self.button(button);
                seen.push(button["custom_id"].to_string());
            }
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        if seen.len() != count {
            self.wrong.push("two buttons of a message have one custom_id".to_owned());
        }
    }

    fn button(&mut self, button: &Value) {
        let known = ["type", "style", "label", "emoji", "custom_id", "sku_id", "url", "disabled", "id"];
        self.keys("a button", button, &known);
        if button["type"] != 2 || !button["style"].as_u64().is_some_and(|style| (1..=4).contains(&style)) {
            self.wrong.push("a button is of type 2 and of a style from 1 to 4".to_owned());
        }
        self.length("a button's label", &button["label"], 1, 80);
        self.length("a button's custom_id", &button["custom_id"], 1, 100);
    }

    fn mentions(&mut self, value: &Value) {
        self.keys("allowed_mentions", value, &["parse", "roles", "users", "replied_user"]);
        if value["parse"] != serde_json::json!([]) {
            self.wrong.push(
                "a message of the bot may mention whom its text names: allowed_mentions.parse".to_owned(),
            );
        }
        let users = value["users"].as_array().map_or(&[][..], Vec::as_slice);
        if !users.iter().all(is_snowflake) || users.len() > 100 {
            self.wrong.push("allowed_mentions.users are no ids".to_owned());
        }
    }
}

/// Whether a value is an id: digits in a string.
pub(crate) fn is_snowflake(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<u64>().is_ok_and(|id| id > 0) && !text.starts_with('+'))
}

/// What is wrong with a message.
pub(crate) fn message(body: &Value, kind: Body, files: usize) -> Vec<String> {
    let mut checker = Checker { wrong: Vec::new() };
    let known = match kind {
        Body::Create => CREATE,
        Body::Edit => EDIT,
        Body::FollowUp => FOLLOW_UP,
    };
    checker.keys("a message", body, known);
    checker.length("a message", &body["content"], 0, 2000);
    let embeds = body["embeds"].as_array().map_or(&[][..], Vec::as_slice);
    let sum: usize = embeds.iter().map(|embed| checker.embed(embed)).sum();
    if embeds.len() > 10 || sum > 6000 {
        checker.wrong.push(format!("{} embeds with {sum} characters", embeds.len()));
    }
    checker.components(&body["components"]);
    checker.mentions(&body["allowed_mentions"]);
    let empty = body["content"].as_str().is_none_or(str::is_empty)
        && embeds.is_empty()
        && files == 0
        && body["components"].as_array().is_none_or(Vec::is_empty);
    if empty {
        checker.wrong.push("a message is empty".to_owned());
    }
    if kind == Body::Create {
        let nonce = body["nonce"].as_str().unwrap_or_default();
        if nonce.is_empty() || nonce.len() > 25 || body["enforce_nonce"] != true {
            checker
                .wrong
                .push("a new message has no nonce of at most 25 characters that is enforced".to_owned());
        }
    }
    let attachments = body["attachments"].as_array().map_or(&[][..], Vec::as_slice);
    let good = |(index, attachment): (usize, &Value)| {
        attachment["id"] == index && attachment["filename"].as_str().is_some_and(|name| !name.is_empty())
    };
    if attachments.len() != files || files > 10 || !attachments.iter().enumerate().all(good) {
        checker.wrong.push(format!("{files} files and {} attachments", attachments.len()));
    }
    checker.wrong
}

/// What is wrong with a slash command.
pub(crate) fn command(body: &Value) -> Vec<String> {
    let mut checker = Checker { wrong: Vec::new() };
    let known = [
        "name",
        "name_localizations",
        "description",
        "description_localizations",
        "options",
        "default_member_permissions",
        "dm_permission",
        "default_permission",
        "integration_types",
        "contexts",
        "type",
        "nsfw",
        "handler",
    ];
    checker.keys("a command", body, &known);
    let name = body["name"].as_str().unwrap_or_default();
    if name.is_empty() || name.len() > 32 || name != name.to_lowercase() {
        checker.wrong.push(format!("`{name}` is no name of a command"));
    }
    checker.length("a command's description", &body["description"], 1, 100);
    for option in body["options"].as_array().into_iter().flatten() {
        checker.length("an option's description", &option["description"], 1, 100);
        if !option["type"].as_u64().is_some_and(|kind| (1..=11).contains(&kind)) {
            checker.wrong.push("an option has no type".to_owned());
        }
    }
    checker.wrong
}
