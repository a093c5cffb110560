//! Files: `rooms.media` and `rooms.mediaConfirm`, or `rooms.upload` on servers before 6.10.

use serde_json::{Value, json};

use super::courier::Courier;
use super::known::lock;
use super::rooms::Target;
use crate::text::File;
use crate::wire::rocketchat::Failure;

/// From this version on an upload has two steps; `rooms.upload` is gone in 8.0.
const TWO_STEPS: (u32, u32) = (6, 10);

impl Courier<'_> {
    /// Uploads a file into a room or thread.
    pub(super) async fn upload(&self, target: &Target, file: &File) -> Result<(), Failure> {
        if self.version().await? >= TWO_STEPS {
            return self.in_two_steps(target, file).await;
        }
        let fields: Vec<_> = target.thread.iter().map(|thread| ("tmid", thread.as_str())).collect();
        let endpoint = format!("rooms.upload/{}", target.room);
        self.rest.upload(&endpoint, file, &fields).await.map(drop)
    }

    async fn in_two_steps(&self, target: &Target, file: &File) -> Result<(), Failure> {
        let uploaded = self.rest.upload(&format!("rooms.media/{}", target.room), file, &[]).await?;
        let Some(id) = uploaded["file"]["_id"].as_str().filter(|id| !id.is_empty()) else {
            return Err(Failure::Down("rooms.media: the answer names no file".to_owned()));
        };
        let body: Value = match &target.thread {
            Some(thread) => json!({"tmid": thread}),
            None => json!({}),
        };
        self.rest.post(&format!("rooms.mediaConfirm/{}/{id}", target.room), &body).await.map(drop)
    }

    async fn version(&self) -> Result<(u32, u32), Failure> {
        let kept = lock(self.known).version;
        if let Some(version) = kept {
            return Ok(version);
        }
        let version = self.rest.version().await?;
        lock(self.known).version = Some(version);
        Ok(version)
    }
}
