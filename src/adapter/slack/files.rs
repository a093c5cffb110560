//! Sends a file (docs.slack.dev/messaging/working-with-files/#upload): ask for an address, send the bytes, say where it goes.

use serde_json::{Value, json};

use crate::net::file_bytes;
use crate::text::File;
use crate::wire::slack::{Api, ApiError, Body};

/// Uploads a file into a channel, under the first message of a thread where there is one.
pub(super) async fn upload(
    api: &Api,
    channel: &str,
    thread: Option<&str>,
    file: &File,
) -> Result<(), ApiError> {
    // Slack takes no empty file.
    let mut bytes = file_bytes(file);
    if bytes.is_empty() {
        bytes.push(b'\n');
    }
    let length = bytes.len().to_string();
    let fields = [("filename", file.name.as_str()), ("length", &length)];
    let answer = api.call("files.getUploadURLExternal", Body::Form(&fields)).await?.body;
    let (Some(url), Some(id)) = (answer["upload_url"].as_str(), answer["file_id"].as_str()) else {
        let why = "slack gave no address for the file".to_owned();
        return Err(ApiError::Later { why, after: None });
    };
    api.upload(url, bytes).await?;
    let mut body = json!({"files": [{"id": id, "title": file.name}], "channel_id": channel});
    if let Some(thread) = thread {
        body["thread_ts"] = Value::from(thread);
    }
    api.call("files.completeUploadExternal", Body::Json(&body)).await.map(drop)
}
