//! The bodies of requests that say something, and the handle by which a message is found again.

use serde_json::{Value, json};
use serenity::builder::CreateAllowedMentions;

use super::drafts::Draft;
use crate::model::Handle;
use crate::wire::discord::Body;

/// Only the person who asked sees it.
pub(super) const EPHEMERAL: u64 = 1 << 6;

/// How a draft is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A new message; the same nonce twice is one message.
    New {
        /// At most 25 characters.
        nonce: &'a str,
    },
    /// A further answer to an interaction.
    FollowUp {
        /// Whether only the asker sees it.
        whispered: bool,
    },
    /// In place of what a message shows.
    Edit,
}

/// The body that says a draft.
pub(super) fn body(draft: &Draft, kind: Kind<'_>) -> Body {
    let mentions = CreateAllowedMentions::new().users(draft.calls);
    let files = draft.files.iter().enumerate();
    let attachments: Vec<Value> = files.map(|(id, file)| json!({"id": id, "filename": file.name})).collect();
    let mut body = json!({"allowed_mentions": mentions});
    // An edit takes away what the message had before.
    let edits = kind == Kind::Edit;
    if edits || !draft.content.is_empty() {
        body["content"] = json!(draft.content);
    }
    if edits || draft.embed.is_some() {
        body["embeds"] = json!(draft.embed.as_slice());
    }
    if edits || !draft.rows.is_empty() {
        body["components"] = json!(draft.rows);
    }
    if edits || !attachments.is_empty() {
        body["attachments"] = json!(attachments);
    }
    match kind {
        Kind::New { nonce } => {
            body["nonce"] = json!(nonce);
            body["enforce_nonce"] = json!(true);
        }
        Kind::FollowUp { whispered: true } => body["flags"] = json!(EPHEMERAL),
        Kind::FollowUp { whispered: false } | Kind::Edit => {}
    }
    if draft.files.is_empty() { Body::Json(body) } else { Body::Files(body, draft.files.clone()) }
}

/// The messages that show one answer: `channel/id+id`, with `~` before those that an interaction posted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Posted {
    /// The channel or thread.
    pub(super) channel: String,
    /// The messages, first to last.
    pub(super) ids: Vec<String>,
}

impl Posted {
    /// Reads a handle; `None` for one that is not ours.
    pub(super) fn read(handle: &Handle) -> Option<Self> {
        let (channel, ids) = handle.0.split_once('/')?;
        let ids: Vec<String> = ids.split('+').filter(|id| !id.is_empty()).map(str::to_owned).collect();
        (!ids.is_empty()).then(|| Self { channel: channel.to_owned(), ids })
    }

    /// The handle.
    pub(super) fn handle(&self) -> Handle {
        Handle(format!("{}/{}", self.channel, self.ids.join("+")))
    }
}

#[cfg(test)]
mod tests {
    use serenity::builder::CreateEmbed;

    use super::*;
    use crate::adapter::rendered;
    use crate::text::{Addressee, File};

    use super::super::drafts::whole;

    #[test]
    fn every_sample_reads_as_kept() {
        for (name, mut post) in rendered::samples() {
            post.to = post.to.map(|to| Addressee { id: "80351110224678912".to_owned(), ..to });
            let drafts = whole(&post);
            let sent = drafts.iter().map(|draft| match body(draft, Kind::New { nonce: "nonce" }) {
                Body::Json(body) => body,
                Body::Files(mut body, files) => {
                    let shown = |file: &File| {
                        let start: String = file.text.chars().take(60).collect();
                        json!({"filename": file.name, "bytes": file.text.len(), "start": start})
                    };
                    body["files"] = files.iter().map(shown).collect();
                    body
                }
                Body::None => Value::Null,
            });
            rendered::check("discord", name, &sent.collect());
        }
    }

    #[test]
    fn an_edit_clears_what_it_does_not_say() {
        let draft = Draft { embed: Some(CreateEmbed::new().description("x")), ..Draft::default() };
        let Body::Json(body) = body(&draft, Kind::Edit) else { panic!("no files") };
        assert_eq!(
            (&body["content"], &body["components"], &body["attachments"]),
            (&json!(""), &json!([]), &json!([]))
        );
        assert_eq!(body["allowed_mentions"]["parse"], json!([]));
        assert!(body["nonce"].is_null());
    }

    #[test]
    fn a_handle_reads_back() {
        let posted = Posted { channel: "10".to_owned(), ids: vec!["1".to_owned(), "~2".to_owned()] };
        assert_eq!(Posted::read(&posted.handle()), Some(posted));
        assert_eq!(Posted::read(&Handle("1700000000.0001".to_owned())), None);
    }
}
