//! Sealing what must stay secret on the disk: AES-256-GCM under a key in a file of its own, `var/seal.key`.
//!
//! A sealed text is `s1:KEY:BASE64`: the version of this format, the key's id (8 hex digits), and nonce (12 bytes),
//! ciphertext and tag (16 bytes) in base64. Whom the value belongs to (`execution/12`) is authenticated with it,
//! so that a row copied to another owner does not open there.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use super::base64::{base64, unbase64};
use crate::model::hex;

/// Bytes of a key.
const LENGTH: usize = 32;

/// The version of the format, before every sealed text.
const VERSION: &str = "s1";

/// Why something was not sealed or opened. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key file cannot be read or made.
    #[error("{0}")]
    File(String),
    /// The key file may be read by others than its owner.
    #[error(
        "`{0}` may be read by others (mode {1:04o}): `chmod 600` it, and renew what it sealed if others may have read it"
    )]
    Open(String, u32),
    /// The text is none of ours.
    #[error("what belongs to `{0}` is no sealed value")]
    Form(String),
    /// Another key sealed it.
    #[error("what belongs to `{owner}` was sealed with the key `{found}`, and var/seal.key is `{held}`")]
    OtherKey {
        /// Whom the value belongs to.
        owner: String,
        /// The id of the key that sealed it.
        found: String,
        /// The id of the key at hand.
        held: String,
    },
    /// It was changed, or belongs to somebody else.
    #[error("what belongs to `{0}` was changed, or sealed for another owner")]
    Changed(String),
}

/// One key, ready to seal and to open. Cheap to clone; `Debug` shows its id alone.
#[derive(Clone)]
pub struct Seal {
    key: Arc<LessSafeKey>,
    id: String,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({}, ***)", self.id)
    }
}

impl Seal {
    /// Reads the key file `path` (64 hex digits and a line break). Where there is none it is made, whole or not at
    /// all, with mode 0600; two starts at once end with the same key.
    ///
    /// # Errors
    /// [`SealError::Open`] if others may read the file, [`SealError::File`] if it is no key or the disk failed.
    pub fn load_or_make(path: &Path) -> Result<Self, SealError> {
        if let Some(found) = Self::load(path)? {
            return Ok(found);
        }
        make(path).map_err(|error| failed("make", path, &error))?;
        Self::load(path)?.ok_or_else(|| failed("read", path, &ErrorKind::NotFound.into()))
    }

    /// Reads the key file `path`; `None` where there is none.
    ///
    /// # Errors
    /// As [`Seal::load_or_make`].
    pub fn load(path: &Path) -> Result<Option<Self>, SealError> {
        let text = match read(path) {
            Err(SealRead::Io(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(SealRead::Io(error)) => return Err(failed("read", path, &error)),
            Err(SealRead::Open(mode)) => return Err(SealError::Open(path.display().to_string(), mode)),
            Ok(text) => text,
        };
        let secret = hex::decode(text.trim()).and_then(|bytes| bytes.try_into().ok());
        let secret = secret.ok_or_else(|| {
            SealError::File(format!("`{}` is not a key: 64 hex digits are expected", path.display()))
        })?;
        Ok(Some(Self::from_bytes(&secret)))
    }

    /// The key made of these bytes.
    pub fn from_bytes(secret: &[u8; LENGTH]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, secret).expect("AES-256 takes 32 bytes");
        // One way, and of no use for guessing 256 random bits.
        let id = digest(&SHA256, &[b"chatops seal key id".as_slice(), secret].concat());
        Self { key: Arc::new(LessSafeKey::new(key)), id: hex::encode(&id.as_ref()[..4]) }
    }

    /// The key's id: 8 hex digits, which stand in what it sealed.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether `text` looks like something that a [`Seal`] made.
    pub fn is_sealed(text: &str) -> bool {
        text.strip_prefix(VERSION).is_some_and(|rest| rest.starts_with(':'))
    }

    /// Seals `plain` for `owner` (`execution/12`, `kv/system/a.b`).
    pub fn seal(&self, owner: &str, plain: &[u8]) -> String {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).expect("the operating system has randomness");
        let mut body = plain.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), self.aad(owner), &mut body)
            .expect("what is sealed is far shorter than 64 GiB");
        format!("{VERSION}:{}:{}", self.id, base64(&[&nonce, body.as_slice()].concat()))
    }

    /// Opens what [`Seal::seal`] made for the same owner.
    ///
    /// # Errors
    /// [`SealError::Form`], [`SealError::OtherKey`], [`SealError::Changed`].
    pub fn open(&self, owner: &str, sealed: &str) -> Result<Vec<u8>, SealError> {
        let form = || SealError::Form(owner.to_owned());
        let mut parts = sealed.split(':');
        let (Some(VERSION), Some(id), Some(body), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(form());
        };
        if id != self.id {
            let (found, held) = (id.to_owned(), self.id.clone());
            return Err(SealError::OtherKey { owner: owner.to_owned(), found, held });
        }
        let bytes = unbase64(body).ok_or_else(form)?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN).ok_or_else(form)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| form())?;
        let mut rest = rest.to_vec();
        let plain = self.key.open_in_place(nonce, self.aad(owner), &mut rest);
        plain.map(|plain| plain.to_vec()).map_err(|_| SealError::Changed(owner.to_owned()))
    }

    /// Version and key id are authenticated too.
    fn aad(&self, owner: &str) -> Aad<String> {
        Aad::from(format!("{VERSION}:{}:{owner}", self.id))
    }
}

enum SealRead {
    Io(io::Error),
    Open(u32),
}

impl From<io::Error> for SealRead {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The text of a key file. As with ssh, one that its group or others may read is refused.
fn read(path: &Path) -> Result<String, SealRead> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SealRead::Open(mode));
    }
    Ok(io::read_to_string(&mut file)?)
}

fn failed(what: &str, path: &Path, error: &io::Error) -> SealError {
    SealError::File(format!("cannot {what} the key `{}`: {error}", path.display()))
}

/// Written to a neighbour and linked into place: a crash or a second start never leaves half a key.
fn make(path: &Path) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut secret = [0; LENGTH];
    SystemRandom::new().fill(&mut secret).map_err(|_| io::Error::other("no randomness"))?;
    let draft = path.with_extension(format!("key.{}", draft_name()?));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written =
        file.write_all(format!("{}\n", hex::encode(&secret)).as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => File::open(dir)?.sync_all(),
    }
}

/// A name that no other start uses.
fn draft_name() -> io::Result<String> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(hex::encode(&bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_for_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("var/seal.key");
        assert!(Seal::load(&path).unwrap().is_none());
        let sealed = Seal::load_or_make(&path).unwrap().seal("execution/1", b"hunter2");
        let again = Seal::load_or_make(&path).unwrap();
        assert_eq!(again.open("execution/1", &sealed).unwrap(), b"hunter2");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path().join("var")).unwrap().count(), 1);
    }

    #[test]
    fn many_first_starts_agree_on_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        let ids: Vec<String> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| Seal::load_or_make(&path).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap().id().to_owned()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        Seal::load_or_make(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Seal::load_or_make(&path).unwrap_err();
        assert!(matches!(&error, SealError::Open(_, 0o640)), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_broken_key_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).unwrap();
        let error = Seal::load_or_make(&path).unwrap_err().to_string();
        assert!(error.contains("seal.key") && error.contains("64 hex digits"), "{error}");
    }

    #[test]
    fn sealed_values_open_only_whole_with_their_key_and_for_their_owner() {
        let seal = Seal::from_bytes(&[7; LENGTH]);
        let sealed = seal.seal("kv/system/a", b"hunter2");
        assert!(Seal::is_sealed(&sealed) && !Seal::is_sealed("s1") && !Seal::is_sealed("plain"));
        assert_ne!(sealed, seal.seal("kv/system/a", b"hunter2"));
        assert_eq!(seal.open("kv/system/a", &sealed).unwrap(), b"hunter2");
        assert_eq!(seal.open("kv/system/b", &sealed), Err(SealError::Changed("kv/system/b".to_owned())));
        let other = Seal::from_bytes(&[8; LENGTH]).open("kv/system/a", &sealed);
        assert!(matches!(other, Err(SealError::OtherKey { .. })), "{other:?}");
        for broken in ["", "s1", "s1:x:y:z", &sealed[..12], &sealed.replace("s1:", "s2:")] {
            assert!(seal.open("kv/system/a", broken).is_err(), "{broken}");
        }
        let mut changed = sealed.clone().into_bytes();
        changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
        let changed = seal.open("kv/system/a", std::str::from_utf8(&changed).unwrap());
        assert_eq!(changed, Err(SealError::Changed("kv/system/a".to_owned())));
    }

    #[test]
    fn debug_and_errors_show_neither_key_nor_value() {
        let seal = Seal::from_bytes(&[7; LENGTH]);
        assert_eq!(format!("{seal:?}"), format!("Seal({}, ***)", seal.id()));
        assert!(!seal.open("x", "s1:hunter2:AAAA").unwrap_err().to_string().contains("0707"));
    }
}
