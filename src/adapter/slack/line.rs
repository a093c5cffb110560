//! One WebSocket of Socket Mode: opened, greeted, every envelope acknowledged at once, silence noticed.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};

use super::context::{Context, ended};
use super::hearing;
use crate::adapter::Ended;
use crate::model::Timestamp;
use crate::net::dial::DialError;
use crate::net::ws::{self, Frame as Wire, Socket, WsError};
use crate::wire::slack::{Body, Frame, Leave};

/// Slack takes the good-bye within this time, and what it sent before it is still heard.
const FAREWELL: Duration = Duration::from_secs(2);

/// How a socket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Left {
    /// Slack asked for a new one; this one still works.
    Asked,
    /// Socket Mode is switched off.
    Disabled,
    /// The bot stops.
    Stopped,
    /// It is gone.
    Lost(String),
}

/// One open socket.
pub(super) struct Line {
    socket: Socket,
    /// When anything came last.
    heard: Timestamp,
    /// Whether a sign of life was asked for since.
    asked: bool,
    /// Whether Slack wants it replaced.
    leaving: bool,
}

/// Opens a socket and waits for its greeting.
pub(super) async fn open(context: &Context) -> Result<Line, Ended> {
    let answer = context.patiently(|| context.app.call("apps.connections.open", Body::Form(&[]))).await;
    let answer = answer.map_err(|error| ended(&error, "APP_TOKEN"))?;
    let Some(url) = answer.body["url"].as_str() else {
        return Err(Ended::Lost("slack gave no address for the socket".to_owned()));
    };
    let (world, patience) = (&context.link.world, &context.patience);
    let socket = match ws::connect(url, &[], &context.inner.reach.via, world, patience.connect).await {
        Ok(socket) => socket,
        Err(WsError::Dial(DialError::Refused(why))) => return Err(Ended::Refused(why)),
        Err(WsError::Status { after: Some(after), status }) => {
            world.sleep(after).await;
            return Err(Ended::Lost(format!("slack answered {status} instead of a socket")));
        }
        Err(error) => return Err(Ended::Lost(error.to_string())),
    };
    let mut line = Line { socket, heard: world.now(), asked: false, leaving: false };
    let greeted = world.timeout(patience.connect, line.greeting()).await;
    greeted.map_err(|_| Ended::Lost("the socket was never greeted".to_owned()))??;
    line.heard = world.now();
    Ok(line)
}

impl Line {
    async fn greeting(&mut self) -> Result<(), Ended> {
        loop {
            match self.socket.next().await {
                Some(Ok(Wire::Text(text))) => match Frame::read(&text) {
                    Frame::Hello => return Ok(()),
                    Frame::Disconnect(Leave::Disabled) => return Err(Ended::Refused(DISABLED.to_owned())),
                    Frame::Disconnect(Leave::Refresh) => {
                        return Err(Ended::Lost("slack closed the socket before its greeting".to_owned()));
                    }
                    Frame::Envelope { .. } | Frame::Unknown => {}
                },
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Ended::Lost(format!("the socket failed: {error}"))),
                None => return Err(Ended::Lost("the socket was closed before its greeting".to_owned())),
            }
        }
    }

    /// Hears until the socket ends. Safe to drop between frames.
    pub(super) async fn serve(&mut self, context: &Context) -> Left {
        let world = &context.link.world;
        let tick = (context.patience.silence / 8).min(Duration::from_secs(1));
        loop {
            tokio::select! {
                biased;
                () = context.link.stop.cancelled() => return Left::Stopped,
                frame = self.socket.next() => match frame {
                    Some(Ok(frame)) => {
                        self.heard = world.now();
                        self.asked = false;
                        if let Some(left) = self.take(context, frame).await {
                            return left;
                        }
                    }
                    Some(Err(error)) => return Left::Lost(format!("the socket failed: {error}")),
                    None => return Left::Lost("slack closed the socket".to_owned()),
                },
                () = world.sleep(tick) => if let Some(left) = self.look_at_time(context).await {
                    return left;
                },
            }
        }
    }

    async fn take(&mut self, context: &Context, frame: Wire) -> Option<Left> {
        let text = match frame {
            Wire::Text(text) => text,
            Wire::Close(_) => return Some(Left::Lost("slack closed the socket".to_owned())),
            // The library answers pings by itself; the answer leaves with the next write or read.
            Wire::Ping(_) => return self.flush(context).await.err(),
            _ => return None,
        };
        match Frame::read(&text) {
            Frame::Envelope { id, kind, payload } => {
                // Taking it in never waits, and must not be lost when this call is dropped in its wait below.
                hearing::envelope(context, &kind, &payload);
                self.send(context, Wire::text(Frame::acknowledgement(&id))).await.err()
            }
            Frame::Disconnect(Leave::Disabled) => Some(Left::Disabled),
            Frame::Disconnect(Leave::Refresh) if self.leaving => None,
            Frame::Disconnect(Leave::Refresh) => {
                self.leaving = true;
                Some(Left::Asked)
            }
            Frame::Hello => None,
            Frame::Unknown => {
                tracing::debug!(adapter = %context.link.name, "slack sent a frame of no known kind");
                None
            }
        }
    }

    /// Asks for a sign of life, or gives up waiting for one.
    async fn look_at_time(&mut self, context: &Context) -> Option<Left> {
        let silent = context.link.world.now().since(self.heard);
        if silent >= context.patience.death {
            return Some(Left::Lost(format!("slack was silent for {} s", silent.as_secs())));
        }
        if silent >= context.patience.silence && !self.asked {
            self.asked = true;
            return self.send(context, Wire::Ping(Vec::new().into())).await.err();
        }
        None
    }

    async fn send(&mut self, context: &Context, frame: Wire) -> Result<(), Left> {
        let limit = context.patience.death;
        match context.link.world.timeout(limit, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Left::Lost(format!("the socket failed: {error}"))),
            Err(_) => Err(Left::Lost("slack takes nothing any more".to_owned())),
        }
    }

    async fn flush(&mut self, context: &Context) -> Result<(), Left> {
        match context.link.world.timeout(context.patience.death, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Left::Lost(format!("the socket failed: {error}"))),
            Err(_) => Err(Left::Lost("slack takes nothing any more".to_owned())),
        }
    }

    /// Says good-bye and hears what was sent before that.
    pub(super) async fn leave(mut self, context: &Context) {
        let last = async {
            if self.socket.send(Wire::Close(None)).await.is_ok() {
                while let Some(Ok(frame)) = self.socket.next().await {
                    if matches!(frame, Wire::Text(_)) {
                        let _ = self.take(context, frame).await;
                    }
                }
            }
        };
        // A peer that does not answer the good-bye is left alone.
        let _ = context.link.world.timeout(FAREWELL, last).await;
    }
}

/// What to do when somebody switched Socket Mode off.
pub(super) const DISABLED: &str =
    "Socket Mode is switched off: switch it on under `Socket Mode` on the app's page";
