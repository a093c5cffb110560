//! The answer, as data.

use reqwest::Response;
use serde_json::{Map, Value, json};

use crate::model::Status;
use crate::net::process::Sink;
use crate::runner::{Job, Outcome};

/// Answers with these codes are good.
const GOOD: std::ops::RangeInclusive<u16> = 200..=206;

/// Reads the answer; the body is kept up to `most` bytes, the rest is not read.
pub(super) async fn read(mut response: Response, most: usize, job: &Job) -> Result<Outcome, reqwest::Error> {
    let code = response.status().as_u16();
    let headers = headers(&response);
    let pipe = job.output.pipe();
    let mut body: Vec<u8> = Vec::new();
    let mut whole = true;
    while let Some(chunk) = response.chunk().await? {
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        pipe.write(&chunk);
        if chunk.len() > room {
            whole = false;
            break;
        }
    }
    let (body, parsed) = data(&body, whole);
    let result = json!({"status_code": code, "body": body, "parsed": parsed, "headers": headers});
    let good = GOOD.contains(&code);
    let status = if good { Status::Succeeded } else { Status::Failed };
    let why = (!good).then(|| format!("the answer was {}", response.status()));
    Ok(Outcome { status, why, result, effects: Vec::new() })
}

/// Header fields by their names in lower case; one that comes several times is joined by commas.
fn headers(response: &Response) -> Map<String, Value> {
    let mut fields: Map<String, Value> = Map::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let joined = match fields.get(name.as_str()).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier}, {value}"),
            None => value,
        };
        fields.insert(name.as_str().to_owned(), joined.into());
    }
    fields
}

/// The body, and whether it was JSON.
fn data(body: &[u8], whole: bool) -> (Value, bool) {
    if whole && let Ok(value) = serde_json::from_slice(body) {
        return (value, true);
    }
    let mut text = String::from_utf8_lossy(body).into_owned();
    if !whole {
        text.push_str(&format!("\n... output cut: {} bytes kept", body.len()));
    }
    (Value::String(text), false)
}
