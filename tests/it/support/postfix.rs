//! A Postfix of our own: its configuration, queue and mailboxes in a temporary folder, on one loopback port.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ircd::{free_port, make_certificates};
use super::{SOON, skip, until};

/// The services without which a mail is not delivered; all unchrooted.
const SERVICES: &str = "\
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
proxymap  unix  - - n - - proxymap
tlsmgr    unix  - - n 1000? 1 tlsmgr
smtp      unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
";

/// Debian's place for it.
const POSTFIX: &str = "/usr/sbin/postfix";

/// A running Postfix; ends with the value.
pub(crate) struct Postfix {
    folder: tempfile::TempDir,
    port: u16,
}

impl Postfix {
    /// Starts one that knows `ops@example.org` alone; `None`, and a word, where it cannot.
    pub(crate) fn start() -> Option<Self> {
        if !Path::new(POSTFIX).is_file() {
            skip("postfix is not installed: run `scripts/test servers`");
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            skip("postfix starts for root only");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let postfix = Self { port: free_port(), folder };
        postfix.write();
        postfix.run("start");
        until(SOON, || TcpStream::connect(("127.0.0.1", postfix.port)).ok());
        Some(postfix)
    }

    fn write(&self) {
        let dir = self.folder.path();
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        make_certificates(dir);
        for name in ["etc", "queue", "data", "mail"] {
            fs::create_dir(dir.join(name)).unwrap();
        }
        fs::write(dir.join("etc/mailboxes"), "ops@example.org ops\n").unwrap();
        fs::write(dir.join("etc/main.cf"), main_cf(dir)).unwrap();
        let master = format!("127.0.0.1:{} inet n - n - - smtpd\n{SERVICES}", self.port);
        fs::write(dir.join("etc/master.cf"), master).unwrap();
        let owners = "chown postfix data && chown nobody mail";
        let done = Command::new("sh").args(["-c", owners]).current_dir(dir).status().unwrap();
        assert!(done.success());
    }

    fn run(&self, verb: &str) {
        let out = self.command(verb).output().unwrap();
        assert!(out.status.success(), "postfix {verb}: {}", String::from_utf8_lossy(&out.stderr));
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(POSTFIX);
        command.arg("-c").arg(self.path("etc")).arg(verb).stdin(Stdio::null());
        command
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A file beside it, such as `ca.pem`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The mailbox of `ops@example.org`, once it has something.
    pub(crate) fn mailbox(&self) -> String {
        until(SOON, || fs::read_to_string(self.path("mail/ops")).ok().filter(|text| text.ends_with("\n\n")))
    }
}

fn main_cf(dir: &Path) -> String {
    format!(
        "compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {dir}/mail
virtual_mailbox_maps = texthash:{dir}/etc/mailboxes
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_cert_file = {dir}/cert.pem
smtpd_tls_key_file = {dir}/key.pem
smtpd_tls_security_level = encrypt
maillog_file = {dir}/maillog
maillog_file_prefixes = {dir}
",
        dir = dir.display()
    )
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = self.command("stop").output();
    }
}
