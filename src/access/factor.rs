//! The second factor of a person: codes that change with time (TOTP, RFC 6238, as every authenticator app makes them)
//! and recovery codes. Pure: secrets, codes and times in, verdicts out.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::model::{Timestamp, hex};

/// Bytes of a secret, as long as the hash that it keys (RFC 4226, section 4).
pub const SECRET: usize = 20;

/// Bytes of randomness in a recovery code.
pub const RECOVERY: usize = 10;

/// How many recovery codes there are.
pub const RECOVERIES: usize = 10;

/// Seconds that one code lasts.
const STEP: i64 = 30;

/// Digits of a code.
const DIGITS: usize = 6;

/// Wrong codes in a row until no more are looked at.
const FAILURES: u32 = 5;

/// For how long none is looked at then.
const LOCKED: Duration = Duration::from_secs(15 * 60);

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What is kept of the second factor of a person; sealed wherever it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// In hex.
    secret: String,
    confirmed: bool,
    /// The last step of which a code was taken: each counts once.
    step: i64,
    failures: u32,
    locked: Option<i64>,
    /// SHA-256 of the recovery codes that are left.
    recovery: Vec<String>,
}

impl std::fmt::Debug for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Factor(***)")
    }
}

/// What a code proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is right.
    Right,
    /// It is a recovery code; so many are left.
    Recovered(usize),
    /// It is wrong; so many more are looked at.
    Wrong(u32),
    /// None is looked at until then.
    Locked(Timestamp),
}

impl Factor {
    /// A new one, not yet confirmed.
    pub fn new(secret: [u8; SECRET]) -> Self {
        let secret = hex::encode(&secret);
        Self { secret, confirmed: false, step: 0, failures: 0, locked: None, recovery: Vec::new() }
    }

    /// Whether its person has shown that the app knows it.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// Until when no code is looked at.
    pub fn locked(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked.map(Timestamp::from_micros).filter(|until| now < *until)
    }

    /// The secret as people type it into an app.
    pub fn secret(&self) -> String {
        base32(&self.bytes())
    }

    /// The address that an app reads, as a link or QR code.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (escaped(issuer), escaped(account));
        let secret = self.secret();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}"
        )
    }

    fn bytes(&self) -> Vec<u8> {
        hex::decode(&self.secret).unwrap_or_default()
    }

    /// Looks at a code; `self` is to be kept whatever comes of it.
    pub fn check(&mut self, code: &str, now: Timestamp) -> Verdict {
        if let Some(until) = self.locked(now) {
            return Verdict::Locked(until);
        }
        if self.locked.take().is_some() {
            self.failures = 0;
        }
        let bare: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if let Some(step) = self.step_of(&bare, now) {
            (self.step, self.failures) = (step, 0);
            return Verdict::Right;
        }
        let hash = hashed(&bare);
        if let Some(at) = self.recovery.iter().position(|known| *known == hash) {
            self.recovery.remove(at);
            self.failures = 0;
            return Verdict::Recovered(self.recovery.len());
        }
        self.failures += 1;
        if self.failures >= FAILURES {
            let until = now.plus(LOCKED);
            self.locked = Some(until.as_micros());
            return Verdict::Locked(until);
        }
        Verdict::Wrong(FAILURES - self.failures)
    }

    /// The step of a code that is right now, a step early or late, and of none that was taken before.
    fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let current = now.as_secs().div_euclid(STEP);
        let good = |step: &i64| *step > self.step && crate::net::same(code, &totp(&self.bytes(), *step));
        (code.len() == DIGITS).then(|| [current, current - 1, current + 1].into_iter().find(good))?
    }

    /// The app knows the secret: it counts from now on. Gives the recovery codes, of which only hashes are kept.
    pub fn confirm(&mut self, random: [[u8; RECOVERY]; RECOVERIES]) -> Vec<String> {
        let bare: Vec<String> = random.iter().map(|bytes| base32(bytes).to_lowercase()).collect();
        self.confirmed = true;
        self.recovery = bare.iter().map(|code| hashed(code)).collect();
        let parts = |code: &String| {
            let letters: Vec<char> = code.chars().collect();
            letters.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
        };
        bare.iter().map(parts).collect()
    }
}

/// Whether text looks like a code: six digits, or a recovery code.
pub fn is_code(text: &str) -> bool {
    let bare: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let digits = bare.len() == DIGITS && bare.bytes().all(|byte| byte.is_ascii_digit());
    let recovery = || {
        bare.len() == RECOVERY * 8 / 5
            && text.matches('-').count() == 3
            && bare.bytes().all(|byte| BASE32.contains(&byte.to_ascii_uppercase()))
    };
    digits || recovery()
}

fn hashed(code: &str) -> String {
    hex::encode(digest(&SHA256, code.to_lowercase().as_bytes()).as_ref())
}

/// RFC 4226, section 5.3, over the step as RFC 6238 counts it.
fn totp(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let mac = mac.as_ref();
    let offset = usize::from(mac[mac.len() - 1] & 0xf);
    let word =
        u32::from_be_bytes([mac[offset], mac[offset + 1], mac[offset + 2], mac[offset + 3]]) & 0x7fff_ffff;
    format!("{:0width$}", word % 1_000_000, width = DIGITS)
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0_u8; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let word = u64::from_be_bytes(block);
        for index in 0..(chunk.len() * 8).div_ceil(5) {
            let shift = 35 - 5 * index;
            out.push(char::from(BASE32[usize::try_from(word >> shift & 31).unwrap_or(0)]));
        }
    }
    out
}

/// Percent-encoded as a part of an address.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of the test vectors in RFC 6238, appendix B.
    const RFC: [u8; SECRET] = *b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp(&RFC, seconds / STEP), code, "{seconds}");
        }
        assert_eq!(Factor::new(RFC).secret(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_counts_once_and_a_step_early_or_late() {
        let mut factor = Factor::new(RFC);
        let now = at(1_111_111_109);
        assert_eq!(factor.check("081804", now), Verdict::Right);
        assert_eq!(factor.check("081804", now), Verdict::Wrong(4));
        let step = 1_111_111_109 / STEP;
        assert_eq!(factor.check(&totp(&RFC, step + 1), now), Verdict::Right);
        assert_eq!(factor.check(&totp(&RFC, step + 2), now), Verdict::Wrong(4));
        let mut late = Factor::new(RFC);
        assert_eq!(late.check("081 804", at(1_111_111_109 + 30)), Verdict::Right);
        let mut too_late = Factor::new(RFC);
        assert_eq!(too_late.check("081804", at(1_111_111_109 + 90)), Verdict::Wrong(4));
    }

    #[test]
    fn five_wrong_codes_lock_it_for_a_quarter_of_an_hour() {
        let mut factor = Factor::new(RFC);
        let now = at(1_111_111_109);
        for left in (1..5).rev() {
            assert_eq!(factor.check("000000", now), Verdict::Wrong(left));
        }
        let until = at(1_111_111_109 + 900);
        assert_eq!(factor.check("000000", now), Verdict::Locked(until));
        assert_eq!(factor.check("081804", now), Verdict::Locked(until), "also the right one");
        let step = (1_111_111_109 + 900) / STEP;
        assert_eq!(factor.check(&totp(&RFC, step), until), Verdict::Right);
    }

    #[test]
    fn recovery_codes_work_once_and_are_kept_as_hashes() {
        let mut factor = Factor::new(RFC);
        let mut random = [[0_u8; RECOVERY]; RECOVERIES];
        random.iter_mut().zip(1..).for_each(|(bytes, number)| bytes[0] = number);
        let codes = factor.confirm(random);
        assert_eq!((codes.len(), codes[0].len()), (10, 19));
        let kept = serde_json::to_string(&factor).unwrap();
        assert!(!codes.iter().any(|code| kept.contains(&code.replace('-', ""))));
        assert!(is_code(&codes[3]) && is_code("123456") && is_code("123 456"));
        assert_eq!(factor.check(&codes[3].to_uppercase(), at(5)), Verdict::Recovered(9));
        assert_eq!(factor.check(&codes[3], at(5)), Verdict::Wrong(4));
        assert!(!is_code("12345") && !is_code("hello") && !is_code("abcdefghijklmnop"));
    }

    #[test]
    fn the_address_is_what_apps_read() {
        let uri = Factor::new(RFC).uri("chat ops", "irc:alice");
        let expected = "otpauth://totp/chat%20ops:irc%3Aalice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=chat%20ops&algorithm=SHA1&digits=6&period=30";
        assert_eq!(uri, expected);
        assert_eq!(format!("{:?}", Factor::new(RFC)), "Factor(***)");
    }
}
