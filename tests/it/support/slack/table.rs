//! The table of methods: how each takes its arguments, what it needs, what it may be given.

/// How a method takes its arguments.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Takes {
    Forms,
    Both,
}

/// A method: name, how it takes arguments, the scope it needs (any of several), arguments, those that must be there.
pub(super) type Row =
    (&'static str, Takes, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const HISTORY: &[&str] = &["channels:history", "groups:history", "im:history", "mpim:history"];
const READ: &[&str] = &["channels:read", "groups:read", "im:read", "mpim:read"];
const POST: &[&str] = &[
    "channel",
    "text",
    "blocks",
    "attachments",
    "thread_ts",
    "reply_broadcast",
    "unfurl_links",
    "unfurl_media",
    "mrkdwn",
    "parse",
    "link_names",
    "username",
    "icon_emoji",
    "icon_url",
    "metadata",
];

pub(super) const METHODS: &[Row] = &[
    ("auth.test", Takes::Both, &[], &[], &[]),
    ("apps.connections.open", Takes::Both, &[], &[], &[]),
    ("chat.postMessage", Takes::Both, &["chat:write"], POST, &["channel"]),
    (
        "chat.postEphemeral",
        Takes::Both,
        &["chat:write"],
        &[
            "channel",
            "user",
            "text",
            "blocks",
            "attachments",
            "thread_ts",
            "parse",
            "link_names",
            "username",
            "icon_emoji",
            "icon_url",
        ],
        &["channel", "user"],
    ),
    (
        "chat.update",
        Takes::Both,
        &["chat:write"],
        &[
            "channel",
            "ts",
            "text",
            "blocks",
            "attachments",
            "parse",
            "link_names",
            "reply_broadcast",
            "metadata",
            "file_ids",
        ],
        &["channel", "ts"],
    ),
    ("chat.delete", Takes::Both, &["chat:write"], &["channel", "ts"], &["channel", "ts"]),
    (
        "reactions.add",
        Takes::Both,
        &["reactions:write"],
        &["channel", "timestamp", "name"],
        &["channel", "timestamp", "name"],
    ),
    (
        "reactions.remove",
        Takes::Both,
        &["reactions:write"],
        &["channel", "timestamp", "name", "file", "file_comment"],
        &["channel", "timestamp", "name"],
    ),
    (
        "conversations.open",
        Takes::Both,
        &["im:write", "mpim:write"],
        &["users", "channel", "return_im", "prevent_creation"],
        &["users"],
    ),
    (
        "conversations.info",
        Takes::Forms,
        READ,
        &["channel", "include_locale", "include_num_members"],
        &["channel"],
    ),
    (
        "conversations.list",
        Takes::Forms,
        READ,
        &["cursor", "exclude_archived", "limit", "team_id", "types"],
        &[],
    ),
    (
        "users.conversations",
        Takes::Forms,
        READ,
        &["cursor", "exclude_archived", "limit", "team_id", "types", "user"],
        &[],
    ),
    (
        "conversations.history",
        Takes::Forms,
        HISTORY,
        &["channel", "cursor", "include_all_metadata", "inclusive", "latest", "limit", "oldest"],
        &["channel"],
    ),
    (
        "conversations.replies",
        Takes::Forms,
        HISTORY,
        &["channel", "ts", "cursor", "include_all_metadata", "inclusive", "latest", "limit", "oldest"],
        &["channel", "ts"],
    ),
    ("users.info", Takes::Forms, &["users:read"], &["user", "include_locale"], &["user"]),
    (
        "files.getUploadURLExternal",
        Takes::Forms,
        &["files:write"],
        &["filename", "length", "alt_text", "snippet_type"],
        &["filename", "length"],
    ),
    (
        "files.completeUploadExternal",
        Takes::Both,
        &["files:write"],
        &["files", "channel_id", "channels", "thread_ts", "initial_comment", "blocks"],
        &["files"],
    ),
];
