//! The keys beside the database: one for the audit chain, one that seals secret values.

use std::fmt;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};

use super::StoreError;
use crate::model::hex;
use crate::net::Seal;

/// Bytes of a key.
const LENGTH: usize = 32;

/// The keys of one home. Cheap to clone; `Debug` shows nothing.
#[derive(Clone)]
pub struct Keys {
    audit: hmac::Key,
    seal: Seal,
    /// Opens what was sealed before `seal.key` was.
    early: Arc<LessSafeKey>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(***)")
    }
}

impl Keys {
    /// Reads `audit.key` and `seal.key` in `var_dir`: 64 hex digits and a line break each, readable by the owner
    /// alone. Without `seal.key` (before the first start of a version that has it) nothing newer opens.
    ///
    /// # Errors
    /// [`StoreError::Key`] if `audit.key` is absent, or one of them cannot be read or is not a key.
    pub fn load(var_dir: &Path) -> Result<Self, StoreError> {
        let path = var_dir.join("audit.key");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| StoreError::Key(format!("cannot read the key `{}`: {error}", path.display())))?;
        let bytes: [u8; LENGTH] =
            hex::decode(text.trim()).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
                StoreError::Key(format!("`{}` is not a key: 64 hex digits are expected", path.display()))
            })?;
        let seal =
            Seal::load(&var_dir.join("seal.key")).map_err(|error| StoreError::Key(error.to_string()))?;
        Ok(Self::from_bytes(&bytes, seal))
    }

    /// Reads both keys; makes them, with mode 0600, where there are none yet.
    ///
    /// # Errors
    /// As [`Keys::load`], or what the file system said.
    pub fn load_or_create(var_dir: &Path) -> Result<Self, StoreError> {
        let path = var_dir.join("audit.key");
        if !path.exists() {
            create(var_dir, &path).map_err(|error| {
                StoreError::io(&format!("cannot make the key `{}`", path.display()), &error)
            })?;
        }
        Seal::load_or_make(&var_dir.join("seal.key")).map_err(|error| StoreError::Key(error.to_string()))?;
        Self::load(var_dir)
    }

    /// Keys for several uses out of one secret: HKDF-SHA256 with a label each.
    fn from_bytes(secret: &[u8; LENGTH], seal: Option<Seal>) -> Self {
        let audit = hmac::Key::new(hmac::HMAC_SHA256, &derive(secret, b"chatops audit 1"));
        let early = UnboundKey::new(&AES_256_GCM, &derive(secret, b"chatops seal 1"));
        let early = LessSafeKey::new(early.expect("AES-256 takes 32 bytes"));
        let seal = seal.unwrap_or_else(|| Seal::from_bytes(&derive(secret, b"chatops seal 2")));
        Self { audit, seal, early: Arc::new(early) }
    }

    /// Seals and opens values of this home.
    pub const fn sealing(&self) -> &Seal {
        &self.seal
    }

    /// The key of the audit chain.
    pub(super) fn audit(&self) -> &hmac::Key {
        &self.audit
    }

    /// Seals `plain` for `owner` (`execution/12`).
    /// What is sealed for one owner does not open for another.
    pub fn seal(&self, owner: &str, plain: &[u8]) -> String {
        self.seal.seal(owner, plain)
    }

    /// Opens what [`Keys::seal`] made, also with the key of earlier versions: hex of nonce, ciphertext and tag.
    ///
    /// # Errors
    /// [`StoreError::Key`] if it was sealed with another key, for another owner, or was changed.
    pub fn unseal(&self, owner: &str, sealed: &str) -> Result<Vec<u8>, StoreError> {
        if Seal::is_sealed(sealed) {
            return self.seal.open(owner, sealed).map_err(|error| StoreError::Key(error.to_string()));
        }
        let wrong = || StoreError::Key(format!("the sealed values of `{owner}` do not open with this key"));
        let bytes = hex::decode(sealed).ok_or_else(wrong)?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut rest = rest.to_vec();
        let plain = self.early.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut rest);
        plain.map(|plain| plain.to_vec()).map_err(|_| wrong())
    }
}

fn derive(secret: &[u8; LENGTH], label: &[u8]) -> [u8; LENGTH] {
    let mut out = [0; LENGTH];
    let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"").extract(secret);
    let labels = [label];
    let derived = root.expand(&labels, hkdf::HKDF_SHA256).expect("32 bytes is one block of the hash");
    derived.fill(&mut out).expect("the output has the length of the hash");
    out
}

/// Written to a neighbour and linked into place: a crash or a second start never leaves half a key.
fn create(var_dir: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(var_dir)?;
    let mut secret = [0; LENGTH];
    SystemRandom::new().fill(&mut secret).map_err(|_| std::io::Error::other("no randomness"))?;
    let draft = var_dir.join(format!("audit.key.{}", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(format!("{}\n", hex::encode(&secret)).as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => std::fs::File::open(var_dir)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_for_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Keys::load(dir.path()), Err(StoreError::Key(_))));
        let sealed = Keys::load_or_create(dir.path()).unwrap().seal("execution/1", b"hunter2");
        let again = Keys::load_or_create(dir.path()).unwrap();
        assert_eq!(again.unseal("execution/1", &sealed).unwrap(), b"hunter2");
        let mode = std::fs::metadata(dir.path().join("audit.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn sealed_values_open_only_whole_and_for_their_owner() {
        let keys = Keys::from_bytes(&[7; LENGTH], None);
        let sealed = keys.seal("execution/1", b"hunter2");
        assert!(keys.unseal("execution/2", &sealed).is_err());
        assert!(keys.unseal("execution/1", &sealed[2..]).is_err());
        assert!(keys.unseal("execution/1", "").is_err());
        assert!(Keys::from_bytes(&[8; LENGTH], None).unseal("execution/1", &sealed).is_err());
    }

    #[test]
    fn what_earlier_versions_sealed_still_opens() {
        let keys = Keys::from_bytes(&[7; LENGTH], None);
        let mut sealed = b"hunter2".to_vec();
        let nonce = Nonce::assume_unique_for_key([3; NONCE_LEN]);
        keys.early.seal_in_place_append_tag(nonce, Aad::from(b"execution/1"), &mut sealed).unwrap();
        let text = hex::encode(&[3; NONCE_LEN]) + &hex::encode(&sealed);
        assert_eq!(keys.unseal("execution/1", &text).unwrap(), b"hunter2");
        assert!(keys.unseal("execution/2", &text).is_err());
    }

    #[test]
    fn a_broken_key_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("audit.key"), "short\n").unwrap();
        let error = Keys::load_or_create(dir.path()).unwrap_err().to_string();
        assert!(error.contains("audit.key") && error.contains("64 hex digits"), "{error}");
    }
}
