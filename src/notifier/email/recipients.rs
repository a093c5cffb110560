//! Addresses as they are written in options: `ops@example.org`, `Ops <ops@example.org>`.

use lettre::message::Mailbox;

/// Reads one address that stands under `key`.
///
/// # Errors
/// It is none, or holds what no header may.
pub(super) fn mailbox(key: &str, text: &str) -> Result<Mailbox, String> {
    if text.chars().any(char::is_control) {
        return Err(format!("`{key}` holds a line break or another control character"));
    }
    let bad =
        || format!("`{key}`: `{text}` is no address: write `ops@example.org` or `Ops <ops@example.org>`");
    text.trim().parse().map_err(|_| bad())
}

/// Reads a list of them.
///
/// # Errors
/// One is none.
pub(super) fn mailboxes(key: &str, texts: &[String]) -> Result<Vec<Mailbox>, String> {
    texts.iter().map(|text| mailbox(key, text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_name() {
        let read = mailbox("to", "Ops Wörk <ops@example.org>").unwrap();
        assert_eq!(
            (read.name.as_deref(), read.email.to_string().as_str()),
            (Some("Ops Wörk"), "ops@example.org")
        );
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_key() {
        for bad in ["", "ops", "ops@", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"]
        {
            let why = mailbox("cc", bad).unwrap_err();
            assert!(why.starts_with("`cc`"), "{bad:?}: {why}");
        }
    }
}
