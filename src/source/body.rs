//! A request as sources read it.

use std::io::Read as _;

use serde_json::{Map, Value};

/// One request of a sender.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// `POST`, `PUT` or `GET`.
    pub method: &'a str,
    /// Names in lower case, in the order in which they came.
    pub headers: &'a [(String, String)],
    /// What stands behind `?`, decoded.
    pub query: &'a [(String, String)],
    /// The body, no longer compressed.
    pub bytes: &'a [u8],
}

/// A request that says nothing: one sentence, lower case, no full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

impl Unreadable {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// The same about a member of a list.
    pub(super) fn of(self, member: usize) -> Self {
        Self(format!("[{member}]: {}", self.0))
    }
}

impl<'a> Body<'a> {
    /// The first header of a name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// The first value behind `?` of a name.
    pub fn query(&self, name: &str) -> Option<&'a str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The media type without its parameters, in lower case.
    pub(super) fn media_type(&self) -> String {
        let whole = self.header("content-type").unwrap_or_default();
        whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The body as any JSON value.
    pub(super) fn value(&self) -> Result<Value, Unreadable> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Unreadable::new("the body is empty, expected a JSON object"));
        }
        serde_json::from_slice(bytes).map_err(|error| Unreadable(format!("the body is no JSON: {error}")))
    }

    /// The body as a JSON object.
    pub(super) fn object(&self) -> Result<Value, Unreadable> {
        let value = self.value()?;
        match noun(&value) {
            "an object" => Ok(value),
            noun => Err(Unreadable(format!("the body is {noun}, expected a JSON object"))),
        }
    }

    /// The fields of a form as an object of texts; none if the body is no form.
    pub(super) fn form(&self) -> Option<Value> {
        if self.media_type() != "application/x-www-form-urlencoded" {
            return None;
        }
        let fields = form_urlencoded::parse(self.bytes).into_owned();
        Some(Value::Object(fields.map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>()))
    }
}

/// What a JSON value is.
pub(super) fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Undoes `content-encoding`. At most `most` bytes come out; `Ok(None)` says that there are more.
///
/// # Errors
/// The encoding is not known, or the bytes are not so encoded.
pub fn decoded(encoding: Option<&str>, bytes: Vec<u8>, most: usize) -> Result<Option<Vec<u8>>, Unreadable> {
    match encoding.map(str::trim).unwrap_or_default() {
        "" | "identity" => Ok((bytes.len() <= most).then_some(bytes)),
        "gzip" | "x-gzip" => {
            let mut out = Vec::new();
            let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
            let read = flate2::read::MultiGzDecoder::new(bytes.as_slice()).take(limit).read_to_end(&mut out);
            read.map_err(|error| Unreadable(format!("the body is no gzip: {error}")))?;
            Ok((out.len() <= most).then_some(out))
        }
        other => {
            let other: String = other.chars().take(60).collect();
            Err(Unreadable(format!("the encoding `{other}` is not known, `gzip` is")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn body(bytes: &[u8]) -> Body<'_> {
        Body { method: "POST", headers: &[], query: &[], bytes }
    }

    #[test]
    fn what_is_no_object_is_named() {
        let refused = |bytes: &[u8]| body(bytes).object().unwrap_err().0;
        assert_eq!(refused(b"[1]"), "the body is a list, expected a JSON object");
        assert_eq!(refused(b"12"), "the body is a number, expected a JSON object");
        assert_eq!(refused(b" \n"), "the body is empty, expected a JSON object");
        assert!(refused(b"{\"a\": \"\xff\"}").contains("no JSON"));
        assert!(refused("[".repeat(100_000).as_bytes()).contains("recursion limit"));
        assert!(body(b"\xef\xbb\xbf{}").object().is_ok());
    }

    #[test]
    fn a_gzip_bomb_stops_at_the_limit() {
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        (0..64).for_each(|_| bomb.write_all(&[0; 1 << 16]).unwrap());
        let bomb = bomb.finish().unwrap();
        assert!(bomb.len() < 10_000);
        assert_eq!(decoded(Some("gzip"), bomb.clone(), 1 << 16), Ok(None));
        assert_eq!(decoded(Some("gzip"), bomb, 1 << 22).unwrap().unwrap().len(), 1 << 22);
        assert!(decoded(Some("gzip"), b"{}".to_vec(), 100).is_err());
        assert!(decoded(Some("br"), b"{}".to_vec(), 100).is_err());
        assert_eq!(decoded(None, b"{}".to_vec(), 100), Ok(Some(b"{}".to_vec())));
    }
}
