//! Addresses of services: checked, joined, and shown without what is secret in them.

use reqwest::Url;

use crate::model::Secret;

/// Reads an address of the web that stands under `key`.
///
/// # Errors
/// What is wrong with it, without its text.
pub(super) fn parse(key: &str, address: &Secret) -> Result<Url, String> {
    let bad = || format!("`{key}` must be an address such as `https://example.org/path`");
    let url = Url::parse(address.expose().trim()).map_err(|_| bad())?;
    let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    if web { Ok(url) } else { Err(bad()) }
}

/// The host and port of an address: what a notifier with one address calls its target.
pub(super) fn host(address: &Secret) -> String {
    let Ok(url) = Url::parse(address.expose().trim()) else { return "an unreadable address".to_owned() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// An address below a base, whatever slash the base ends with; each segment is escaped.
///
/// # Errors
/// The base is no address.
pub(super) fn below(key: &str, base: &Secret, segments: &[&str]) -> Result<Secret, String> {
    let mut url = parse(key, base)?;
    match url.path_segments_mut() {
        Ok(mut path) => drop(path.pop_if_empty().extend(segments)),
        Err(()) => return Err(format!("`{key}` cannot have a path")),
    }
    Ok(Secret::new(url.as_str()))
}

/// Whether a token can stand in a header.
///
/// # Errors
/// It is empty, or has characters that no token has; one sentence without it.
pub(super) fn check_token(key: &str, token: &Secret) -> Result<(), String> {
    match token.expose() {
        "" => Err(format!("`{key}` is empty")),
        text if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(()),
        _ => Err(format!("`{key}` has blanks, line breaks or other characters that no token has")),
    }
}

/// Whether an address of a picture, if there is one, is an address.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_picture(key: &str, address: Option<&String>) -> Result<(), String> {
    let written = address.map(|text| text.trim()).filter(|text| !text.is_empty());
    written.map_or(Ok(()), |text| parse(key, &Secret::new(text)).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_as_its_host() {
        assert_eq!(host(&Secret::new("https://u:p@example.org:8443/hook/KEY?x=1")), "example.org:8443");
    }

    #[test]
    fn segments_are_escaped_and_slashes_not_doubled() {
        let joined = below("url", &Secret::new("https://example.org/sub/"), &["v2", "the room"]).unwrap();
        assert_eq!(joined.expose(), "https://example.org/sub/v2/the%20room");
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_its_text() {
        for bad in ["", "example.org", "ftp://example.org", "mailto:a@example.org"] {
            let why = parse("url", &Secret::new(bad)).unwrap_err();
            assert_eq!(why, "`url` must be an address such as `https://example.org/path`");
        }
    }
}
