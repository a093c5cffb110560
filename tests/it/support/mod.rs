//! What whole-program tests stand on: the real bot, real servers, people who chat, and waiting with a limit.

pub(crate) mod imports;
pub(crate) mod source;
