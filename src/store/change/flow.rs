//! Writes about workflows: what one knows, in parts.

use crate::model::Status;

/// What a step of a workflow changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The execution that is the workflow.
    pub execution: i64,
    /// Where it stands now, if that changed; none for a final status, which its [`super::Finish`] writes.
    pub status: Option<Status>,
    /// What is gone: every part whose key begins with one of these. Done first.
    pub gone: Vec<String>,
    /// Parts that are now this: key and text. Sealed before they are written.
    pub parts: Vec<(String, String)>,
}
