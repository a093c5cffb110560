//! A notice as a message of RFC 5322: text and HTML, and headers by which mail programs gather what is told of
//! one subject.

use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart};
use lettre::{Address, Message};

use super::recipients::{mailbox, mailboxes};
use super::{Email, page};
use crate::model::Timestamp;
use crate::notifier::Notice;
use crate::notifier::look::{cut, dialect};
use crate::text::{Limit, Unit, marks};

/// Mail programs show less; a server may refuse a header line of 998 bytes (RFC 5322, section 2.1.1).
const SUBJECT: Limit = Limit { most: 200, unit: Unit::Chars };
/// A mail is read by people: more belongs into a file.
const TEXT: Limit = Limit { most: 200_000, unit: Unit::Chars };

/// Headers that are ours to write.
const OURS: [&str; 15] = [
    "from",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "sender",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// Whether a header of the options can be sent.
///
/// # Errors
/// One sentence without the value.
pub(super) fn check_header(name: &str, value: &str) -> Result<(), String> {
    let good = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    if name.is_empty() || name.len() > 76 || !name.bytes().all(good) {
        return Err(format!("`{}` cannot be the name of a header", name.escape_debug()));
    }
    if OURS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err(format!("the header `{name}` is written by the notifier itself"));
    }
    single_line(&format!("the header `{name}`"), value)
}

/// A break in a header would begin the next header, or the body.
fn single_line(what: &str, text: &str) -> Result<(), String> {
    if text.contains(|c: char| c.is_control() && c != '\t') {
        return Err(format!("{what} holds a line break or another control character"));
    }
    Ok(())
}

/// The mail for the notice's target, with its envelope.
///
/// # Errors
/// A header would break, or the target is no address; one sentence.
pub(super) fn build(email: &Email, notice: &Notice) -> Result<Message, String> {
    single_line("the subject", &notice.message)?;
    let from = mailbox("from", &email.from)?;
    let target: Address = notice.target.parse().map_err(|_| format!("`{}` is no address", notice.target))?;
    let envelope = Envelope::new(Some(from.email.clone()), vec![target]);
    let domain = from.email.domain().to_owned();
    let thread = format!("<{}@{domain}>", hashed(&["subject", &notice.fingerprint]));
    let mut builder = Message::builder()
        .envelope(envelope.map_err(|error| error.to_string())?)
        .date(UNIX_EPOCH + since_1970(notice.at))
        .from(from)
        .subject(cut(&notice.message, SUBJECT))
        .message_id(Some(format!("<{}@{domain}>", hashed(&["delivery", &notice.delivery, &notice.target]))));
    builder = addressed(builder, email)?;
    if !notice.fingerprint.is_empty() {
        // Nothing was ever sent under this id: programs gather by it all the same, in whatever order mails come.
        builder = builder.in_reply_to(thread.clone()).references(thread);
    }
    for (name, value) in &email.headers {
        builder = with_header(builder, name, value)?;
    }
    // RFC 3834: absence notes do not answer.
    builder = with_header(builder, "Auto-Submitted", "auto-generated")?;
    let text = dialect(notice, &marks::PLAIN, TEXT);
    let html = if notice.html.is_empty() { page::of(notice) } else { notice.html.clone() };
    let parts = MultiPart::alternative_plain_html(text, cut(&html, TEXT));
    builder.multipart(parts).map_err(|error| format!("the mail cannot be made: {error}"))
}

/// Everyone who may be known is named, whoever of them this copy is for.
fn addressed(mut builder: MessageBuilder, email: &Email) -> Result<MessageBuilder, String> {
    let fold = |builder, all: Vec<Mailbox>, add: fn(MessageBuilder, Mailbox) -> MessageBuilder| {
        all.into_iter().fold(builder, add)
    };
    builder = fold(builder, mailboxes("to", &email.to)?, MessageBuilder::to);
    builder = fold(builder, mailboxes("cc", &email.cc)?, MessageBuilder::cc);
    match &email.reply_to {
        Some(text) => Ok(builder.reply_to(mailbox("reply_to", text)?)),
        None => Ok(builder),
    }
}

fn with_header(builder: MessageBuilder, name: &str, value: &str) -> Result<MessageBuilder, String> {
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|_| format!("`{name}` is no header"))?;
    Ok(builder.raw_header(HeaderValue::new(name, value.to_owned())))
}

/// A name for a message id: the same for the same parts, and safe whatever they hold.
fn hashed(parts: &[&str]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, parts.join("\0").as_bytes());
    crate::model::hex::encode(&digest.as_ref()[..16])
}

fn since_1970(at: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(at.as_micros()).unwrap_or_default())
}
