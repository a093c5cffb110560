//! Bodies that come slowly: a client that sends a byte now and then must not hold a place for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// Between two pieces of a body.
const IDLE: Duration = Duration::from_secs(10);
/// For all of it: 25 MB at 3 Mbit/s.
const WHOLE: Duration = Duration::from_secs(70);

/// Gives every request a body that ends in an error when it comes too slowly.
pub(super) async fn limit(request: Request) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| {
        let whole = Instant::now() + WHOLE;
        Body::new(Timed { body, idle: Box::pin(sleep(IDLE)), whole })
    })
}

/// Whether an error of a body is ours.
pub(super) fn is_slow(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(found) = cause {
        if found.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        cause = found.source();
    }
    false
}

struct Timed {
    body: Body,
    idle: Pin<Box<Sleep>>,
    whole: Instant,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                let next = (Instant::now() + IDLE).min(self.whole);
                self.idle.as_mut().reset(next);
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => match self.idle.as_mut().poll(context) {
                Poll::Ready(()) => {
                    let late = io::Error::new(io::ErrorKind::TimedOut, "the body comes too slowly");
                    Poll::Ready(Some(Err(late.into())))
                }
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
