//! Base64 (RFC 4648), for the few headers and lines that want it.

use crate::text::File;

/// The standard alphabet, padded.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let index = (bits >> (18 - 6 * place)) & 63;
            out.push(if place <= group.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    out
}

/// The bytes of a text in the standard alphabet, padded or not; `None` if it is no base64.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let (mut bits, mut count) = (0_u32, 0);
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    (text.len() % 4 != 1).then_some(out)
}

/// The bytes of a file beside a post.
pub fn file_bytes(file: &File) -> Vec<u8> {
    let data = Some(&file.data).filter(|data| !data.is_empty());
    data.and_then(|data| unbase64(data)).unwrap_or_else(|| file.text.clone().into_bytes())
}

/// The bytes of a secret of Standard Webhooks: base64, `whsec_` before it or not.
pub fn webhook_key(secret: &str) -> Option<Vec<u8>> {
    let text = secret.trim();
    unbase64(text.strip_prefix("whsec_").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
            assert_eq!(unbase64(encoded).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!((unbase64("a b"), unbase64("A")), (None, None));
    }
}
