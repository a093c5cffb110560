//! One record, the bytes its MAC covers, and the head of a strand.

use std::fmt;
use std::str::FromStr;

use ring::hmac;

use crate::model::Timestamp;
use crate::model::hex;

/// Bytes of a MAC.
pub(super) const MAC: usize = ring::digest::SHA256_OUTPUT_LEN;

/// What the first record of a strand follows.
pub(super) const ORIGIN: [u8; MAC] = [0; MAC];

/// The first bytes under every MAC: the format and its version.
const FORMAT: &[u8] = b"chatops audit 1\n";

/// One line of the audit log, exactly as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which chain it belongs to.
    pub strand: i64,
    /// Its place there, from 1, without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened: a word of [`crate::store::What`].
    pub what: String,
    /// Who did it, `adapter:id`.
    pub person: Option<String>,
    /// Where, as [`crate::model::Place`] displays it.
    pub place: Option<String>,
    /// What it was done to: `execution/12`, `config`.
    pub subject: Option<String>,
    /// Everything else: the text of a JSON object.
    pub body: String,
    /// The MAC, in hex.
    pub mac: String,
}

impl Record {
    /// The MAC that the record must have if it follows one whose MAC is `previous`.
    pub(super) fn compute(&self, key: &hmac::Key, previous: &[u8; MAC]) -> [u8; MAC] {
        let mut context = hmac::Context::with_key(key);
        context.update(FORMAT);
        context.update(previous);
        for number in [self.strand, self.seq, self.at.as_micros()] {
            context.update(&number.to_be_bytes());
        }
        let fields = [
            Some(&self.what),
            self.person.as_ref(),
            self.place.as_ref(),
            self.subject.as_ref(),
            Some(&self.body),
        ];
        for field in fields {
            match field {
                None => context.update(&[0]),
                Some(text) => {
                    context.update(&[1]);
                    context.update(&(text.len() as u64).to_be_bytes());
                    context.update(text.as_bytes());
                }
            }
        }
        let tag = context.sign();
        tag.as_ref().try_into().expect("HMAC-SHA256 gives 32 bytes")
    }
}

/// The last record of a strand: whoever keeps one can later tell whether the log behind it was cut.
/// Written `strand:seq:mac`, such as `1:532:9f86d0…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The strand.
    pub strand: i64,
    /// The number of its last record.
    pub seq: i64,
    /// The MAC of that record, 64 hex digits.
    pub mac: String,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.strand, self.seq, self.mac)
    }
}

/// A text that is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a head: `strand:number:mac` is expected, as the log and `audit export` print it")]
pub struct InvalidHead(pub String);

impl FromStr for Head {
    type Err = InvalidHead;

    fn from_str(text: &str) -> Result<Self, InvalidHead> {
        let invalid = || InvalidHead(text.to_owned());
        let mut parts = text.trim().splitn(3, ':');
        let mut number =
            || parts.next().and_then(|part| part.parse::<i64>().ok()).filter(|number| *number > 0);
        let (strand, seq) = (number().ok_or_else(invalid)?, number().ok_or_else(invalid)?);
        let mac = parts.next().and_then(decode_mac).ok_or_else(invalid)?;
        Ok(Self { strand, seq, mac: hex::encode(&mac) })
    }
}

/// The bytes of a MAC in lower-case hex. Upper case is refused: not one stored byte may change unseen.
pub(super) fn decode_mac(text: &str) -> Option<[u8; MAC]> {
    let mac: [u8; MAC] = hex::decode(text)?.try_into().ok()?;
    (hex::encode(&mac) == text).then_some(mac)
}
