//! Something that waits for somebody's word, and what it takes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::tally;
use crate::access::{Access, Asked, Asker, Unfit};
use crate::action::{self, Field};
use crate::config::Demand;
use crate::model::{Execution, Person, Place, Timestamp};
use crate::store::{Vote, Waiting};
use crate::text::Post;

/// What an execution waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Others are to approve it.
    Approval,
    /// Who asked is to prove who they are.
    Code,
    /// It asks something itself.
    Question,
}

impl Kind {
    /// The word in the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Code => "code",
            Self::Question => "question",
        }
    }

    pub(super) fn read(word: &str) -> Self {
        match word {
            "code" => Self::Code,
            "question" => Self::Question,
            _ => Self::Approval,
        }
    }
}

/// What it takes for an execution to go on, as it is stored: nothing secret is in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    /// Who must approve it.
    pub demands: Vec<Demand>,
    /// SHA-256 of the script that it runs, in hex.
    pub script: Option<String>,
    /// How the room is shown where it was asked.
    pub room_name: Option<String>,
    /// What it asks.
    pub question: Option<Question>,
    /// The message that asks, without buttons.
    pub post: Post,
    /// Where that message stands.
    pub places: Vec<Place>,
}

/// What an execution asks people, as the runner `inquirer` was given it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What an answer looks like.
    pub schema: Value,
    /// Who is told.
    pub route: String,
    /// Roles or groups that may answer.
    pub roles: Vec<String>,
    /// People who may.
    pub users: Vec<String>,
    /// How long it is waited for, in minutes.
    pub ttl: u64,
}

impl Question {
    /// The values that are asked for.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        action::fields(&self.schema).into_iter()
    }

    /// The result of the execution, with the answer once there is one.
    pub fn result(&self, response: Option<Value>) -> Value {
        let mut result = json!({
            "schema": self.schema, "route": self.route, "roles": self.roles, "users": self.users, "ttl": self.ttl,
        });
        if let Some(response) = response {
            result["response"] = response;
        }
        result
    }

    /// Whether somebody may answer what `requester` asked for. Unless roles or users are named that is everybody whose
    /// service vouches for them, who asked among them.
    pub fn may_answer(&self, access: &Access, person: &Person) -> bool {
        let named = self.roles.iter().chain(&self.users);
        person.is_proven()
            && ((self.roles.is_empty() && self.users.is_empty())
                || access.is_admin(person)
                || named.into_iter().any(|name| access.is_one_of(person, name)))
    }
}

/// An execution that waits for somebody's word.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// The execution.
    pub execution: Execution,
    /// What for.
    pub kind: Kind,
    /// What it takes.
    pub needs: Needs,
    /// Who had a say.
    pub votes: Vec<Vote>,
    /// Since when.
    pub asked: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl Open {
    /// As it is stored.
    pub fn waiting(&self) -> Waiting {
        let needs = serde_json::to_value(&self.needs).unwrap_or_default();
        Waiting { kind: self.kind.word().to_owned(), needs, asked: self.asked, until: self.until }
    }

    /// Which of the demands a word of `voter` counts for.
    ///
    /// # Errors
    /// It counts for none.
    pub fn counts(&self, access: &Access, voter: &Asker<'_>) -> Result<Vec<usize>, Unfit> {
        let execution = &self.execution;
        let asked = Asked {
            action: &execution.action,
            alias: execution.alias.as_deref(),
            parameters: &execution.parameters,
        };
        tally::counts(access, voter, &asked, &execution.person, &self.needs.demands)
    }

    /// Whether `voter` may have a say in it, wherever that counts.
    pub fn is_for(&self, access: &Access, voter: &Asker<'_>) -> bool {
        match self.kind {
            Kind::Approval => !matches!(
                self.counts(access, voter),
                Err(Unfit::Unproven
                    | Unfit::Requester
                    | Unfit::CannotTell { .. }
                    | Unfit::NotAmong { .. }
                    | Unfit::NoRule(_))
            ),
            Kind::Code => access.identity(&self.execution.person) == access.identity(voter.person),
            Kind::Question => {
                self.needs.question.as_ref().is_some_and(|it| it.may_answer(access, voter.person))
            }
        }
    }
}
