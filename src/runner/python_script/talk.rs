//! The talk with a running action: a private socket, one JSON value a line. The order goes in; questions, their answers
//! and the result come over it.

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use crate::runner::desk::{Desk, Question};

/// The longest line, in bytes: a result or a value.
const LONGEST: u64 = 16 << 20;

/// What an action said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The result and the status, once it came to that.
    pub(super) result: Option<(Value, Option<bool>)>,
    /// Why it did not run, in words for the person.
    pub(super) refused: Option<String>,
    /// The exception that ended it.
    pub(super) raised: Option<String>,
}

/// One line of an action.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Ask { ask: Question },
    Result { result: Value, status: Option<bool> },
    Refused { refused: String },
    Raised { raised: String },
}

/// Gives the order and answers until the other side closes.
pub(super) async fn talk(stream: UnixStream, order: &Value, desk: Option<&dyn Desk>, said: &mut Said) {
    let (read, mut write) = stream.into_split();
    let mut order = order.to_string();
    order.push('\n');
    // An action that does not read its order shows otherwise.
    if write.write_all(order.as_bytes()).await.is_err() {
        return;
    }
    let mut reader = BufReader::new(read);
    while let Some(line) = next(&mut reader, said).await {
        match serde_json::from_slice(&line) {
            Ok(Line::Ask { ask }) => {
                let mut answer = answer(ask, desk).await.to_string();
                answer.push('\n');
                if write.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Ok(Line::Result { result, status }) => said.result = Some((result, status)),
            Ok(Line::Refused { refused }) => said.refused = Some(refused),
            Ok(Line::Raised { raised }) => said.raised = Some(raised),
            Err(_) => {
                said.refused = Some("the action wrote something else to the bot's own socket".to_owned());
            }
        }
    }
}

/// The next line; none at the end, or after one that is too long.
async fn next(reader: &mut (impl AsyncBufReadExt + Unpin), said: &mut Said) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let count = reader.take(LONGEST).read_until(b'\n', &mut line).await.ok()?;
    if count as u64 == LONGEST && !line.ends_with(b"\n") {
        said.refused = Some(format!("the result is larger than {} MiB", LONGEST >> 20));
        return None;
    }
    line.ends_with(b"\n").then_some(line)
}

async fn answer(question: Question, desk: Option<&dyn Desk>) -> Value {
    let Some(desk) = desk else { return json!({"error": "there is no datastore here"}) };
    match desk.ask(question).await {
        Ok(value) => json!({"value": value}),
        Err(error) => json!({"error": error}),
    }
}
