//! The keys that lie beside the database and never in it: one for the audit log's MACs, one that
//! seals secret parameters.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ring::aead::{self, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use ring::hmac;

use super::StoreError;
use crate::net::World;

/// The keys of one home.
#[derive(Clone)]
pub struct Keys {
    audit: hmac::Key,
    seal: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(***)")
    }
}

impl Keys {
    /// Reads `audit.key` in the directory `var`: 64 hex digits, mode 0600. Makes it where it is not there.
    pub fn load_or_create(var: &Path, world: &World) -> Result<Self, StoreError> {
        let file = var.join("audit.key");
        if !file.exists() {
            let text = hex(&world.random::<32>());
            let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
            let written = open.and_then(|mut out| {
                writeln!(out, "{text}")?;
                out.sync_all()
            });
            written.map_err(|error| StoreError::Key { file: file.clone(), why: error.to_string() })?;
        }
        Self::load(var)
    }

    /// Reads `audit.key` in the directory `var`.
    pub fn load(var: &Path) -> Result<Self, StoreError> {
        let file = var.join("audit.key");
        let bad = |why: String| StoreError::Key { file: file.clone(), why };
        let text = std::fs::read_to_string(&file).map_err(|error| bad(error.to_string()))?;
        let root = unhex(text.trim()).filter(|bytes| bytes.len() == 32);
        let root = root.ok_or_else(|| bad("it does not hold 64 hex digits".to_owned()))?;
        Ok(Self::from_root(&root))
    }

    fn from_root(root: &[u8]) -> Self {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"chatops").extract(root);
        let derive = |label: &'static [u8]| {
            let mut key = [0; 32];
            let okm = prk.expand(std::slice::from_ref(&label), hkdf::HKDF_SHA256);
            okm.and_then(|okm| okm.fill(&mut key)).expect("32 bytes are one block of HKDF-SHA256");
            key
        };
        Self { audit: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"audit")), seal: derive(b"seal") }
    }

    /// HMAC-SHA256 over the parts one after another, as 64 hex digits.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> String {
        let mut context = hmac::Context::with_key(&self.audit);
        parts.iter().for_each(|part| context.update(part));
        hex(context.sign().as_ref())
    }

    fn sealing(&self) -> LessSafeKey {
        let key = UnboundKey::new(&aead::AES_256_GCM, &self.seal).expect("the key has 32 bytes");
        LessSafeKey::new(key)
    }

    /// Seals `text` for the execution `id`: AES-256-GCM, the id bound to it; nonce and ciphertext in hex.
    pub(super) fn seal(&self, id: i64, text: &str, world: &World) -> String {
        let nonce: [u8; NONCE_LEN] = world.random();
        let mut bytes = text.as_bytes().to_vec();
        let sealed = self.sealing().seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(id.to_be_bytes()),
            &mut bytes,
        );
        sealed.expect("a parameter is far below what one nonce can seal");
        format!("{}{}", hex(&nonce), hex(&bytes))
    }

    /// What was sealed for the execution `id`; `None` if it was changed or sealed with another key.
    pub(super) fn unseal(&self, id: i64, sealed: &str) -> Option<String> {
        let bytes = unhex(sealed)?;
        let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let open = self.sealing();
        let plain = open.open_in_place(nonce, Aad::from(id.to_be_bytes()), &mut text).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() % 2 != 0 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_the_same_execution_only() {
        let dir = tempfile::tempdir().unwrap();
        let world = World::real();
        let keys = Keys::load_or_create(dir.path(), &world).unwrap();
        let sealed = keys.seal(7, "hunter2", &world);
        assert!(!sealed.contains("hunter2"));
        let again = Keys::load(dir.path()).unwrap();
        assert_eq!(again.unseal(7, &sealed).as_deref(), Some("hunter2"));
        assert_eq!(again.unseal(8, &sealed), None);
        let other = tempfile::tempdir().unwrap();
        let others = Keys::load_or_create(other.path(), &world).unwrap();
        assert_eq!(others.unseal(7, &sealed), None);
    }

    #[test]
    fn a_damaged_key_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("audit.key"), "zz").unwrap();
        let error = Keys::load(dir.path()).unwrap_err().to_string();
        assert!(error.contains("audit.key") && error.contains("64 hex digits"), "{error}");
    }
}
