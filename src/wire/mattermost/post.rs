//! Posts and channels as the API has them (api-documentation, `Post` and `Channel`). Unknown keys are passed over.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// A post, the part of it that a bot reads.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Post {
    /// Its id.
    pub id: String,
    /// When it was made, milliseconds since 1970 on the server's clock.
    pub create_at: i64,
    /// When it was deleted; 0 if not.
    pub delete_at: i64,
    /// Who made it.
    pub user_id: String,
    /// Where it stands.
    pub channel_id: String,
    /// The first post of its thread; empty outside of threads.
    pub root_id: String,
    /// Its text, Markdown.
    pub message: String,
    /// Empty for what somebody said; `system_join_channel` and the like otherwise.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who really made it, attachments and the like; null in some versions.
    pub props: Option<Map<String, Value>>,
}

impl Post {
    /// Whether a person said it: no system message, bot, webhook or plugin.
    pub fn is_of_person(&self) -> bool {
        let props = self.props.as_ref();
        let marked = |key: &str| {
            props.and_then(|props| props.get(key)).is_some_and(|mark| match mark {
                Value::Bool(mark) => *mark,
                Value::String(mark) => mark == "true",
                _ => false,
            })
        };
        self.kind.is_empty() && !["from_bot", "from_webhook", "from_plugin"].into_iter().any(marked)
    }
}

/// The posts of a channel: `GET channels/ID/posts`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Page {
    /// By id.
    pub posts: HashMap<String, Post>,
}

/// What kind of channel it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Kind {
    /// Anyone of the team may join.
    #[default]
    #[serde(rename = "O")]
    Open,
    /// By invitation.
    #[serde(rename = "P")]
    Private,
    /// Two people.
    #[serde(rename = "D")]
    Direct,
    /// Some people, without a team.
    #[serde(rename = "G")]
    Group,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// What kind it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Its name in addresses: `ops`.
    pub name: String,
    /// Its team; empty for direct ones.
    pub team_id: String,
    /// When something was said there last, in milliseconds.
    pub last_post_at: i64,
    /// When it was archived; 0 if not.
    pub delete_at: i64,
}

/// A post as it is heard, with what the event says around it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spoken {
    /// The post.
    pub post: Post,
    /// What kind of channel it stands in.
    pub kind: Kind,
    /// The channel's name: `ops`.
    pub channel: String,
    /// The name of who made it, without `@`; empty where it is not told.
    pub sender: String,
}

/// Whether a text is an id: 26 small letters and digits.
pub fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_people_are_people() {
        let post = |value| serde_json::from_value::<Post>(value).unwrap();
        assert!(post(json!({"message": "hello", "props": {"disable_group_highlight": true}})).is_of_person());
        assert!(post(json!({"message": "hello", "props": null, "new_key": [1]})).is_of_person());
        for other in [
            json!({"type": "system_join_channel"}),
            json!({"props": {"from_bot": "true"}}),
            json!({"props": {"from_webhook": true}}),
            json!({"props": {"from_plugin": "true"}}),
        ] {
            assert!(!post(other.clone()).is_of_person(), "{other}");
        }
    }

    #[test]
    fn an_id_has_26_letters_and_digits() {
        assert!(is_id("abcdefghijklmnopqrstuvwxy1"));
        assert!(!is_id("abcdefghijklmnopqrstuvwxy") && !is_id("ABCDEFGHIJKLMNOPQRSTUVWXY1") && !is_id(""));
    }
}
