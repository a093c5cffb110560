//! The filter `decrypt_kv`: values that StackStorm's datastore keeps encrypted.
//!
//! Key file: JSON `{"hmacKey": {"hmacKeyString", "size"}, "aesKeyString", "mode": "CBC", "size"}`, keys
//! in URL-safe base64. Text: upper-case hex of 5 header bytes, 16 bytes of IV, AES-CBC with PKCS#7
//! padding, 20 bytes of HMAC-SHA1 over all before. For reading only; our own secrets are sealed otherwise.

use aes::cipher::{BlockCipherDecrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use minijinja::{Environment, Value};
use ring::hmac;
use serde::Deserialize;

use super::datastore;
use super::filters::metered;
use super::limits::failed;
use crate::model::Secret;

/// Bytes before the IV; their value has no meaning.
const HEADER: usize = 5;
/// Bytes of one AES block and of the IV.
const BLOCK: usize = 16;
/// Bytes of the HMAC-SHA1.
const TAG: usize = 20;

/// Adds the filter, which fails without a key.
pub(super) fn add(env: &mut Environment<'static>, secret_key: Option<&Secret>) {
    let key = secret_key.cloned();
    metered(env, "decrypt_kv", move |value: Value| {
        if let Some(path) = value.downcast_object_ref::<datastore::Path>() {
            return path.reveal();
        }
        let text = value.as_str().ok_or_else(|| failed("`decrypt_kv` takes text"))?;
        let key = key
            .as_ref()
            .ok_or_else(|| failed("`decrypt_kv` needs StackStorm's key file, and none is configured"))?;
        decrypt(key, text).map_err(failed)
    });
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyFile {
    hmac_key: HmacKey,
    aes_key_string: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HmacKey {
    hmac_key_string: String,
}

/// Verifies and decrypts what StackStorm's datastore encrypted with its key file, whose JSON text is `key`; the messages
/// never hold a key or a value.
///
/// # Errors
/// What is wrong with the key file or the value.
pub fn decrypt(key: &Secret, text: &str) -> Result<String, &'static str> {
    let file: KeyFile =
        serde_json::from_str(key.expose()).map_err(|_| "the key file is not one of StackStorm's")?;
    let bytes = unhex(text.trim()).ok_or("the value is not encrypted: hexadecimal text is expected")?;
    let split = bytes.len().checked_sub(TAG).filter(|split| *split >= HEADER + 2 * BLOCK);
    let (message, tag) = bytes.split_at(split.ok_or("the encrypted value is too short")?);
    let hmac_key = base64(&file.hmac_key.hmac_key_string).ok_or("the key file's HMAC key is not base64")?;
    let hmac_key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &hmac_key);
    hmac::verify(&hmac_key, message, tag).map_err(|_| "the encrypted value does not match the key")?;
    let aes_key = base64(&file.aes_key_string).ok_or("the key file's AES key is not base64")?;
    let plain = match aes_key.len() {
        16 => cbc::<Aes128>(&aes_key, &message[HEADER..]),
        24 => cbc::<Aes192>(&aes_key, &message[HEADER..]),
        32 => cbc::<Aes256>(&aes_key, &message[HEADER..]),
        _ => return Err("the key file's AES key must have 128, 192 or 256 bits"),
    };
    let plain = plain.ok_or("the encrypted value is damaged")?;
    String::from_utf8(plain).map_err(|_| "the decrypted value is not UTF-8")
}

/// Decrypts IV and blocks, and takes the padding off.
fn cbc<C: KeyInit + BlockCipherDecrypt>(key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.len().is_multiple_of(BLOCK) {
        return None;
    }
    let cipher = C::new_from_slice(key).ok()?;
    let mut plain = Vec::with_capacity(bytes.len());
    for (before, block) in bytes.chunks(BLOCK).zip(bytes.chunks(BLOCK).skip(1)) {
        let mut work = aes::cipher::Block::<C>::try_from(block).ok()?;
        cipher.decrypt_block(&mut work);
        plain.extend(work.iter().zip(before).map(|(byte, before)| byte ^ before));
    }
    let padding = usize::from(*plain.last()?);
    let kept = plain.len().checked_sub(padding)?;
    let sound =
        (1..=BLOCK).contains(&padding) && plain[kept..].iter().all(|byte| usize::from(*byte) == padding);
    plain.truncate(kept);
    sound.then_some(plain)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// URL-safe base64; padding may be there or not.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut held, mut bits) = (0u32, 0);
    for byte in text.trim().trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(six)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = r#"{"hmacKey": {"hmacKeyString": "DRXn_4ymfKmuCRdEs05_ZQ", "size": 128},
        "aesKeyString": "jfScEa5DX9p87owCujZyeQ", "mode": "CBC", "size": 128}"#;
    const VALUE: &str = "30303030306F4AA4097FF381A18644003D43F4C5C29C24F9BA1888C87C6CD63A6DE886560077D4C79D85351D02F73D70B59751219E3F896B3E";

    #[test]
    fn every_shared_row_decrypts_or_fails_as_it_should() {
        let text = include_str!("../../tests/data/workflows/vectors.json");
        let rows: serde_json::Value = serde_json::from_str(text).unwrap();
        let rows = rows["secrets"].as_array().unwrap();
        assert!(rows.len() >= 6);
        for row in rows {
            let key = Secret::new(row["key"].to_string());
            let got = decrypt(&key, row["ciphertext"].as_str().unwrap());
            match row["error"].as_str() {
                Some(error) => assert!(got.unwrap_err().contains(error), "{row}"),
                None => assert_eq!(got.as_deref(), Ok(row["plaintext"].as_str().unwrap()), "{row}"),
            }
        }
    }

    #[test]
    fn a_value_that_stackstorm_encrypted_is_read() {
        assert_eq!(decrypt(&Secret::new(KEY), VALUE).unwrap(), "s3cret");
    }

    #[test]
    fn a_changed_value_is_refused_before_it_is_decrypted() {
        let changed = VALUE.replacen("6F4A", "6F4B", 1);
        assert_eq!(decrypt(&Secret::new(KEY), &changed), Err("the encrypted value does not match the key"));
        assert_eq!(decrypt(&Secret::new(KEY), "3030"), Err("the encrypted value is too short"));
    }
}
