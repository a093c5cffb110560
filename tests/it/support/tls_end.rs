//! HTTPS endpoints with certificates made for the test: `openssl s_server` that answers every request.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::ircd::free_port;
use super::{SOON, skip, until};

/// Certificates: an authority's (`ca.pem`), and signed by it `good`, `other` (another name), `expired`, `client`;
/// `own` signed itself. Each is `NAME.pem`, certificate and key.
pub(crate) struct Certificates(tempfile::TempDir);

const SCRIPT: &str = "set -e
new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $new -days 30 -subj '/CN=test authority' -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem
touch index.txt; echo 01 > serial
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n' > ca.cnf
sign() { # name, subjectAltName, begin, end
    printf \"subjectAltName=$2\nbasicConstraints=CA:FALSE\n\" > $1.ext
    openssl req $new -subj /CN=$1 -keyout $1.key -out $1.csr
    openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in $1.csr -out $1.crt -notext -extfile $1.ext \
        -startdate $3 -enddate $4
    cat $1.crt $1.key > $1.pem
}
past=$(date -u -d '-10 days' +%Y%m%d%H%M%SZ); yesterday=$(date -u -d '-1 day' +%Y%m%d%H%M%SZ)
soon=$(date -u -d '+10 days' +%Y%m%d%H%M%SZ)
sign good DNS:localhost $past $soon
sign other DNS:other.example.org $past $soon
sign expired DNS:localhost $past $yesterday
sign client DNS:bot $past $soon
openssl req -x509 $new -days 10 -subj /CN=own -addext subjectAltName=DNS:localhost \
    -addext basicConstraints=critical,CA:FALSE -keyout own.key -out own.crt
cat own.crt own.key > own.pem";

impl Certificates {
    /// Makes them; `None`, and a word, without openssl.
    pub(crate) fn make() -> Option<Self> {
        if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
            skip("openssl is not installed: run `scripts/test servers`");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let out = Command::new("sh").args(["-c", SCRIPT]).current_dir(folder.path()).output().unwrap();
        assert!(out.status.success(), "openssl: {}", String::from_utf8_lossy(&out.stderr));
        Some(Self(folder))
    }

    /// A file of them: `ca.pem`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// An endpoint on `localhost` that shows `NAME.pem`.
    pub(crate) fn serve(&self, name: &str, asks: Client) -> TlsEnd {
        TlsEnd::start(self.0.path(), name, asks)
    }
}

/// Whether an endpoint wants to know who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    Anybody,
    WithCertificate,
}

/// A running endpoint; ends with the value.
pub(crate) struct TlsEnd {
    child: Child,
    port: u16,
}

impl TlsEnd {
    fn start(folder: &Path, name: &str, asks: Client) -> Self {
        let (port, file) = (free_port(), format!("{name}.pem"));
        let mut command = Command::new("openssl");
        command.current_dir(folder).args([
            "s_server",
            "-accept",
            &port.to_string(),
            "-cert",
            &file,
            "-key",
            &file,
            "-www",
        ]);
        if asks == Client::WithCertificate {
            command.args(["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"]);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until(SOON, || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { child, port }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}/in", self.port)
    }
}

impl Drop for TlsEnd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
