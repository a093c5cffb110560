//! What whole-program tests share: servers on this machine.

pub(crate) mod sshd;
