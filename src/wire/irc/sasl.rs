//! SASL's messages as IRC carries them (<https://ircv3.net/specs/extensions/sasl-3.1>).

use crate::net::base64;

/// One `AUTHENTICATE` carries this many bytes of base64.
const CHUNK: usize = 400;

/// The arguments of the `AUTHENTICATE` lines that carry `response`.
pub(super) fn chunks(response: &[u8]) -> Vec<String> {
    if response.is_empty() {
        return vec!["+".to_owned()];
    }
    let encoded = base64(response);
    let mut out: Vec<_> = (0..encoded.len())
        .step_by(CHUNK)
        .map(|from| encoded[from..encoded.len().min(from + CHUNK)].to_owned())
        .collect();
    // A full last chunk would look as if more followed.
    if encoded.len().is_multiple_of(CHUNK) {
        out.push("+".to_owned());
    }
    out
}

/// PLAIN's response (RFC 4616).
pub(super) fn plain(user: &str, password: &str) -> Vec<u8> {
    format!("{user}\0{user}\0{password}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_response_goes_in_chunks_of_400() {
        assert_eq!(chunks(&[0; 300]).iter().map(String::len).collect::<Vec<_>>(), [400, 1]);
        assert_eq!(chunks(&[0; 301]).iter().map(String::len).collect::<Vec<_>>(), [400, 4]);
        assert_eq!(chunks(&[]), ["+"]);
    }
}
