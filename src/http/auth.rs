//! The token of the bot's own user: a file that only that user can read.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Site;
use super::problem::Problem;
use crate::model::Secret;
use crate::net::World;

/// The bearer token of `/api/v1`.
#[derive(Debug, Clone)]
pub struct Token(Secret);

impl From<Secret> for Token {
    fn from(token: Secret) -> Self {
        Self(token)
    }
}

impl Token {
    /// Reads `var/token`, or writes a new one there (mode 0600).
    pub fn load_or_create(file: &Path, world: &World) -> std::io::Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(text) if text.trim().len() >= 32 => return Ok(Self(Secret::new(text.trim()))),
            Ok(_) => std::fs::remove_file(file)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let hex: String = world.random::<32>().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        writeln!(out, "{hex}")?;
        Ok(Self(Secret::new(hex)))
    }

    /// Reads `var/token`.
    pub fn load(file: &Path) -> std::io::Result<Self> {
        Ok(Self(Secret::new(std::fs::read_to_string(file)?.trim())))
    }

    /// The token itself, to be sent as `Authorization: Bearer ...`.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(super) fn is(&self, given: &str) -> bool {
        // Comparing digests takes the same time wherever the two differ.
        let digest = |text: &str| ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        digest(given).as_ref() == digest(self.0.expose()).as_ref()
    }
}

/// Lets a request pass that carries the token.
pub(super) async fn require(State(site): State<Site>, request: Request, next: Next) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = header.and_then(|value| value.strip_prefix("Bearer "));
    if given.is_some_and(|given| site.token.is(given)) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::UNAUTHORIZED, "send `Authorization: Bearer` with the content of var/token")
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_made_once_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        let first = Token::load_or_create(&file, &World::real()).unwrap();
        let second = Token::load_or_create(&file, &World::real()).unwrap();
        assert_eq!(first.expose(), second.expose());
        assert!(first.is(second.expose()) && !first.is("guess"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
