//! Second factors of people: enrolled, confirmed, asked for, taken away. What is kept is sealed; codes are never kept.

use serde_json::json;
use tokio::sync::Mutex;

use crate::access::{Factor, RECOVERIES, RECOVERY, SECRET, Verdict};
use crate::model::{Person, Place, Timestamp};
use crate::net::World;
use crate::store::{Change, Entry, Setting, Store, StoreError, What};

/// Every person's second factor.
pub struct Factors {
    store: Store,
    world: World,
    /// One code at a time: two that come together must not both count as the first.
    turn: Mutex<()>,
}

/// Somebody with a second factor.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The name in access.yaml, else the id.
    pub who: &'a str,
    /// The id, for the record.
    pub person: &'a Person,
    /// Where, for the record.
    pub place: Option<&'a Place>,
}

/// Why nothing came of it. Displayed as one sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unproven {
    /// There is none.
    #[error("you have no second factor yet: say `2fa enroll` to me in a direct message")]
    None,
    /// There is one already.
    #[error("you have a second factor already; an admin takes it away with `2fa reset {0}`")]
    Enrolled(String),
    /// The code is wrong.
    #[error("that code is wrong; {0} more are looked at")]
    Wrong(u32),
    /// Too many were wrong.
    #[error("too many codes were wrong: none is looked at until {0}")]
    Locked(Timestamp),
    /// What is kept cannot be read or written.
    #[error("the second factor cannot be read: {0}")]
    Store(#[from] StoreError),
    /// What is kept is not understood.
    #[error("the second factor is broken; an admin takes it away with `2fa reset`")]
    Broken,
}

impl Factors {
    /// Those in `store`.
    pub fn new(store: Store, world: World) -> Self {
        Self { store, world, turn: Mutex::new(()) }
    }

    async fn load(&self, who: &str) -> Result<Option<Factor>, Unproven> {
        let found = self.store.second_factor(who).await?;
        found.map(|bytes| serde_json::from_slice(&bytes).map_err(|_| Unproven::Broken)).transpose()
    }

    async fn keep(
        &self,
        owner: Owner<'_>,
        factor: Option<&Factor>,
        what: What,
        how: &str,
    ) -> Result<(), Unproven> {
        let at = self.world.now();
        let body = factor.map(|factor| serde_json::to_vec(factor).unwrap_or_default());
        let setting = Setting::Factor { who: owner.who.to_owned(), body, at };
        let mut said = serde_json::Map::new();
        said.insert("change".to_owned(), json!(how));
        let audit = Entry {
            at,
            what,
            person: Some(owner.person.clone()),
            place: owner.place.cloned(),
            subject: Some(format!("second_factor/{}", owner.who)),
            body: said,
        };
        let change = Change::Set { setting: Box::new(setting), audit: Box::new(audit) };
        self.store.write(change).await?;
        Ok(())
    }

    /// A new secret for somebody who has none that counts.
    ///
    /// # Errors
    /// There is one already.
    pub async fn enroll(&self, owner: Owner<'_>) -> Result<Factor, Unproven> {
        let _turn = self.turn.lock().await;
        if self.load(owner.who).await?.is_some_and(|factor| factor.is_confirmed()) {
            return Err(Unproven::Enrolled(owner.who.to_owned()));
        }
        let factor = Factor::new(self.world.random::<SECRET>());
        self.keep(owner, Some(&factor), What::Changed, "second factor begun").await?;
        Ok(factor)
    }

    /// A code shows that the app knows the secret: it counts from now on. Gives the recovery codes, once.
    ///
    /// # Errors
    /// The code is wrong, or there is nothing to confirm.
    pub async fn confirm(&self, owner: Owner<'_>, code: &str) -> Result<Vec<String>, Unproven> {
        let _turn = self.turn.lock().await;
        let mut factor = self.load(owner.who).await?.ok_or(Unproven::None)?;
        if factor.is_confirmed() {
            return Err(Unproven::Enrolled(owner.who.to_owned()));
        }
        let verdict = factor.check(code, self.world.now());
        if verdict != Verdict::Right {
            self.keep(owner, Some(&factor), What::Proved, "a wrong code").await?;
            return Err(wrong(verdict));
        }
        let random: [[u8; RECOVERY]; RECOVERIES] = std::array::from_fn(|_| self.world.random::<RECOVERY>());
        let codes = factor.confirm(random);
        self.keep(owner, Some(&factor), What::Changed, "second factor confirmed").await?;
        Ok(codes)
    }

    /// Whether somebody could prove who they are.
    ///
    /// # Errors
    /// Why not.
    pub async fn ready(&self, who: &str) -> Result<(), Unproven> {
        let factor = self.load(who).await?.filter(Factor::is_confirmed).ok_or(Unproven::None)?;
        factor.locked(self.world.now()).map_or(Ok(()), |until| Err(Unproven::Locked(until)))
    }

    /// Looks at a code. Gives how many recovery codes are left where it was one.
    ///
    /// # Errors
    /// It proves nothing.
    pub async fn prove(&self, owner: Owner<'_>, code: &str) -> Result<Option<usize>, Unproven> {
        let _turn = self.turn.lock().await;
        let mut factor = self.load(owner.who).await?.filter(Factor::is_confirmed).ok_or(Unproven::None)?;
        let before = factor.clone();
        let verdict = factor.check(code, self.world.now());
        let how = match verdict {
            Verdict::Right => "a right code",
            Verdict::Recovered(_) => "a recovery code",
            Verdict::Wrong(_) => "a wrong code",
            Verdict::Locked(_) => "a code while locked out",
        };
        // What a code changed is kept before it counts: it never counts twice.
        if factor != before {
            self.keep(owner, Some(&factor), What::Proved, how).await?;
        }
        match verdict {
            Verdict::Right => Ok(None),
            Verdict::Recovered(left) => Ok(Some(left)),
            other => Err(wrong(other)),
        }
    }

    /// A code that others have read: it counts no more.
    pub async fn burn(&self, owner: Owner<'_>, code: &str) {
        // Whatever it was, it is used up, or counted as a wrong one.
        let _ = self.prove(owner, code).await;
    }

    /// Takes a second factor away. Whether there was one.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn reset(&self, owner: Owner<'_>) -> Result<bool, Unproven> {
        let _turn = self.turn.lock().await;
        if self.store.second_factor(owner.who).await.is_ok_and(|found| found.is_none()) {
            return Ok(false);
        }
        self.keep(owner, None, What::Changed, "second factor taken away").await?;
        Ok(true)
    }
}

fn wrong(verdict: Verdict) -> Unproven {
    match verdict {
        Verdict::Wrong(left) => Unproven::Wrong(left),
        Verdict::Locked(until) => Unproven::Locked(until),
        Verdict::Right | Verdict::Recovered(_) => Unproven::Broken,
    }
}
