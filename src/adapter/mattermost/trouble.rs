//! Why something was not sent, and what that means for the session.

use std::time::Duration;

use crate::model::SendError;
use crate::wire::mattermost::ApiError;

/// Why something was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The letter's own trouble.
    Letter(SendError),
    /// Too many requests: nothing is sent for so long.
    Limited(String, Duration),
    /// The token is no longer good: the session ends.
    Unauthorized(String),
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Later { why, after: Some(after), limited: true } => Self::Limited(why, after),
            ApiError::Later { why, after, .. } => Self::Letter(SendError::Retry { why, after }),
            ApiError::Unauthorized(why) => Self::Unauthorized(why),
            ApiError::Refused { why, .. } => Self::Letter(SendError::Refused { why }),
        }
    }
}

impl Trouble {
    /// Nothing will come of it.
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Letter(SendError::Refused { why: why.into() })
    }
}

/// What a post to a channel failed of: a channel that is archived, gone or closed to the bot is no room any more.
pub(super) fn of_post(error: ApiError) -> Trouble {
    match error {
        ApiError::Refused { status: 403 | 404, why, .. } => Trouble::Letter(SendError::NoRoom { why }),
        ApiError::Refused { id, why, .. } if id.contains("deleted") || id.contains("archived") => {
            Trouble::Letter(SendError::NoRoom { why })
        }
        other => other.into(),
    }
}

/// What an edit failed of: whatever the server says no to is to be posted anew, and fails there if it must.
pub(super) fn of_edit(error: ApiError) -> Trouble {
    match error {
        ApiError::Refused { status: 400 | 403 | 404, why, .. } => Trouble::Letter(SendError::Gone { why }),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(status: u16, id: &str) -> ApiError {
        ApiError::Refused { status, id: id.to_owned(), why: "no".to_owned() }
    }

    #[test]
    fn a_closed_channel_is_no_room() {
        for error in [
            no(403, "api.context.permissions.app_error"),
            no(404, "app.channel.get.existing.app_error"),
            no(400, "api.post.create_post.can_not_post_to_deleted.error"),
        ] {
            assert!(matches!(of_post(error), Trouble::Letter(SendError::NoRoom { .. })));
        }
        let long = no(400, "model.post.is_valid.message_length.app_error");
        assert!(matches!(of_post(long), Trouble::Letter(SendError::Refused { .. })));
    }

    #[test]
    fn a_lost_message_is_posted_anew() {
        assert!(matches!(of_edit(no(404, "")), Trouble::Letter(SendError::Gone { .. })));
        let limited =
            ApiError::Later { why: "wait".to_owned(), after: Some(Duration::from_secs(2)), limited: true };
        assert_eq!(of_edit(limited), Trouble::Limited("wait".to_owned(), Duration::from_secs(2)));
    }
}
