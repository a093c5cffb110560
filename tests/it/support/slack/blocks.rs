//! What messages may hold: texts, blocks, attachments and their limits; and what people see of them.

use serde_json::Value;

const TEXT: usize = 40_000;
const ADVISED: usize = 4000;
const SECTION: usize = 3000;
const BLOCKS: usize = 50;
const ATTACHMENTS: usize = 100;
const ELEMENTS: usize = 25;
const LABEL: usize = 75;
const VALUE: usize = 2000;
const ACTION_ID: usize = 255;

const ATTACHMENT: &[&str] = &[
    "author_icon",
    "author_link",
    "author_name",
    "blocks",
    "color",
    "fallback",
    "fields",
    "footer",
    "footer_icon",
    "image_url",
    "mrkdwn_in",
    "pretext",
    "text",
    "thumb_url",
    "title",
    "title_link",
    "ts",
];

fn length(value: &Value) -> usize {
    value.as_str().unwrap_or_default().encode_utf16().count()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[][..], Vec::as_slice)
}

/// What is wrong with a message: the error that Slack gives, and breaches beside it.
pub(crate) fn check(body: &Value, breaches: &mut Vec<String>) -> Result<(), &'static str> {
    if length(&body["text"]) > TEXT {
        return Err("msg_too_long");
    }
    if length(&body["text"]) > ADVISED {
        breaches.push(format!("a text of {} characters, {ADVISED} are advised", length(&body["text"])));
    }
    let (attachments, blocks) = (list(&body["attachments"]), list(&body["blocks"]));
    if body["text"].as_str().unwrap_or_default().trim().is_empty()
        && attachments.is_empty()
        && blocks.is_empty()
    {
        return Err("no_text");
    }
    if attachments.len() > ATTACHMENTS {
        return Err("too_many_attachments");
    }
    check_blocks(blocks)?;
    for attachment in attachments {
        let Some(map) = attachment.as_object() else { return Err("invalid_attachments") };
        let strange = map.keys().find(|key| !ATTACHMENT.contains(&key.as_str()));
        breaches.extend(strange.map(|key| format!("an attachment has no `{key}`")));
        if ["blocks", "text", "fallback"].iter().all(|key| map.get(*key).is_none()) {
            return Err("no_text");
        }
        check_blocks(list(&attachment["blocks"]))?;
    }
    let mut ids: Vec<_> = elements(body).iter().map(|element| element["action_id"].clone()).collect();
    let all = ids.len();
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    if ids.len() == all { Ok(()) } else { Err("invalid_blocks") }
}

fn check_blocks(blocks: &[Value]) -> Result<(), &'static str> {
    if blocks.len() > BLOCKS {
        return Err("invalid_blocks");
    }
    for block in blocks {
        let good = match block["type"].as_str() {
            Some("section") => {
                keys(block, &["type", "text", "fields", "block_id", "accessory", "expand"])
                    && text(&block["text"], SECTION, "mrkdwn")
            }
            Some("actions") => {
                let elements = list(&block["elements"]);
                keys(block, &["type", "elements", "block_id"])
                    && (1..=ELEMENTS).contains(&elements.len())
                    && elements.iter().all(button)
            }
            Some("divider") => keys(block, &["type", "block_id"]),
            _ => false,
        };
        if !good {
            return Err("invalid_blocks");
        }
    }
    Ok(())
}

fn keys(value: &Value, allowed: &[&str]) -> bool {
    value.as_object().is_some_and(|map| map.keys().all(|key| allowed.contains(&key.as_str())))
}

fn text(value: &Value, most: usize, kind: &str) -> bool {
    value["type"] == kind
        && (1..=most).contains(&length(&value["text"]))
        && keys(value, &["type", "text", "verbatim", "emoji"])
        && !(kind == "mrkdwn" && value.get("emoji").is_some())
}

fn button(value: &Value) -> bool {
    value["type"] == "button"
        && keys(
            value,
            &["type", "text", "action_id", "value", "style", "url", "confirm", "accessibility_label"],
        )
        && text(&value["text"], LABEL, "plain_text")
        && length(&value["value"]) <= VALUE
        && (1..=ACTION_ID).contains(&length(&value["action_id"]))
}

/// All elements of all actions.
fn elements(body: &Value) -> Vec<&Value> {
    let inside = list(&body["attachments"]).iter().flat_map(|attachment| list(&attachment["blocks"]));
    let blocks = list(&body["blocks"]).iter().chain(inside);
    blocks.filter(|block| block["type"] == "actions").flat_map(|block| list(&block["elements"])).collect()
}

/// The buttons of a message: label, value, action id.
pub(crate) fn buttons(body: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |element: &&Value| {
        (text(&element["text"]["text"]), text(&element["value"]), text(&element["action_id"]))
    };
    elements(body).iter().map(one).collect()
}

/// The words of a message as people read them, one piece a line.
pub(crate) fn words(body: &Value) -> String {
    let mut pieces = vec![body["text"].as_str().unwrap_or_default().to_owned()];
    let section = |block: &Value| block["text"]["text"].as_str().map(str::to_owned);
    pieces.extend(list(&body["blocks"]).iter().filter_map(section));
    for attachment in list(&body["attachments"]) {
        for key in ["pretext", "title", "text"] {
            pieces.extend(attachment[key].as_str().map(str::to_owned));
        }
        pieces.extend(list(&attachment["blocks"]).iter().filter_map(section));
        for field in list(&attachment["fields"]) {
            pieces.push(format!(
                "{}: {}",
                field["title"].as_str().unwrap_or_default(),
                field["value"].as_str().unwrap_or_default()
            ));
        }
        pieces.extend(attachment["footer"].as_str().map(str::to_owned));
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces.join("\n").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
