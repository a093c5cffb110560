//! A body as it comes: kept up to the source's limit and within what all senders may hold together; beyond the limit it
//! is counted and hashed, and not kept.

use std::sync::Arc;

use axum::body::Body;
use futures_util::StreamExt;
use ring::digest::{Context, SHA256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::slow::is_slow;
use crate::model::hex;

/// Of a body that is too large no more than this is read, in bytes.
const MOST: usize = 128 << 20;

/// What came.
pub(super) enum Received {
    /// All of it. The permit holds its place in the budget.
    Whole {
        /// The bytes as they came.
        bytes: Vec<u8>,
        /// Their SHA-256, in hex.
        hash: String,
        /// Dropped when the bytes are.
        permit: Option<OwnedSemaphorePermit>,
    },
    /// More than the source takes.
    TooLarge {
        /// How many bytes came.
        size: u64,
        /// Their SHA-256, in hex.
        hash: String,
    },
    /// It came too slowly.
    Slow,
    /// The sender went away in the middle of it.
    Broken(String),
    /// Others hold too much.
    Busy,
}

/// Reads a body of at most `largest` bytes.
pub(super) async fn receive(body: Body, largest: usize, budget: &Arc<Semaphore>) -> Received {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut permit) = (Vec::new(), None::<OwnedSemaphorePermit>);
    let (mut size, mut digest) = (0_usize, Context::new(&SHA256));
    while let Some(piece) = stream.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) if is_slow(&error) => return Received::Slow,
            Err(error) => return Received::Broken(error.to_string()),
        };
        digest.update(&piece);
        size = size.saturating_add(piece.len());
        if size > MOST {
            break;
        }
        if size > largest {
            // What was kept is of no use any more.
            (bytes, permit) = (Vec::new(), None);
            continue;
        }
        let Some(more) = place(budget, bytes.len(), piece.len()) else { return Received::Busy };
        match (&mut permit, more) {
            (Some(permit), Some(more)) => permit.merge(more),
            (permit @ None, more) => *permit = more,
            (Some(_), None) => {}
        }
        bytes.extend_from_slice(&piece);
    }
    let hash = hex::encode(digest.finish().as_ref());
    if size > largest {
        return Received::TooLarge { size: size as u64, hash };
    }
    Received::Whole { bytes, hash, permit }
}

/// A place in the budget for some more bytes behind those that are there; none if there is no room.
fn place(budget: &Arc<Semaphore>, there: usize, more: usize) -> Option<Option<OwnedSemaphorePermit>> {
    let needed = (there + more).div_ceil(1024) - there.div_ceil(1024);
    if needed == 0 {
        return Some(None);
    }
    let needed = u32::try_from(needed).ok()?;
    budget.clone().try_acquire_many_owned(needed).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(kib: usize) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(kib))
    }

    #[tokio::test]
    async fn a_body_holds_its_place_while_it_is_there() {
        let budget = budget(10);
        let Received::Whole { bytes, permit, .. } = receive(Body::from(vec![7; 5_000]), 6_000, &budget).await
        else {
            panic!("it fits")
        };
        assert_eq!((bytes.len(), budget.available_permits()), (5_000, 5));
        assert!(matches!(receive(Body::from(vec![7; 5_121]), 6_000, &budget).await, Received::Busy));
        drop(permit);
        assert_eq!(budget.available_permits(), 10);
    }

    #[tokio::test]
    async fn what_is_too_large_is_counted_and_hashed() {
        let budget = budget(10);
        let Received::TooLarge { size, hash } = receive(Body::from(vec![0; 20_000]), 6_000, &budget).await
        else {
            panic!("it is too large")
        };
        assert_eq!(size, 20_000);
        assert_eq!(hash, hex::encode(ring::digest::digest(&SHA256, &vec![0; 20_000]).as_ref()));
        assert_eq!(budget.available_permits(), 10);
    }
}
