//! What the test servers are told: no flood limits, no look-ups, loopback only.

use std::fs;
use std::path::Path;

/// The ports of one server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    /// For clients without TLS.
    pub(crate) plain: u16,
    /// For clients with TLS.
    pub(crate) tls: u16,
    /// For the services.
    pub(crate) link: u16,
}

/// Writes `ngircd.conf`.
pub(crate) fn write_ngircd(dir: &Path, ports: Ports, password: Option<&str>) {
    let password = password.map(|password| format!("Password = {password}")).unwrap_or_default();
    let text = format!(
        "[Global]
Name = irc.example.org
Info = test
Listen = 127.0.0.1,127.0.0.2
Ports = {plain}
MotdPhrase = test
PidFile = {dir}/ngircd.pid
{password}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 31
MaxPenaltyTime = 0
PingTimeout = 120
PongTimeout = 60
[Options]
DNS = no
Ident = no
PAM = no
[SSL]
CertFile = {dir}/cert.pem
KeyFile = {dir}/key.pem
Ports = {tls}
",
        plain = ports.plain,
        tls = ports.tls,
        dir = dir.display(),
    );
    fs::write(dir.join("ngircd.conf"), text).unwrap();
}

const INSPIRCD_MODULES: &[&str] = &[
    "ssl_gnutls",
    "sslinfo",
    "cap",
    "ircv3",
    "ircv3_accounttag",
    "ircv3_batch",
    "ircv3_capnotify",
    "ircv3_chghost",
    "ircv3_ctctags",
    "ircv3_echomessage",
    "ircv3_labeledresponse",
    "ircv3_msgid",
    "ircv3_servertime",
    "namesx",
    "services_account",
    "sasl",
    "spanningtree",
    "chghost",
];

/// Writes `inspircd.conf`.
pub(crate) fn write_inspircd(dir: &Path, ports: Ports, password: Option<&str>) {
    let modules: String = INSPIRCD_MODULES.iter().map(|name| format!("<module name=\"{name}\">\n")).collect();
    let password = password.map(|password| format!("password=\"{password}\"")).unwrap_or_default();
    let text = format!(
        r#"{modules}<server name="irc.example.org" description="test" network="Test">
<admin name="test" nick="test" email="test@example.org">
<bind address="127.0.0.1" port="{plain}" type="clients">
<bind address="127.0.0.1" port="{tls}" type="clients" sslprofile="test">
<bind address="127.0.0.1" port="{link}" type="servers">
<sslprofile name="test" provider="gnutls" certfile="{dir}/cert.pem" keyfile="{dir}/key.pem" requestclientcert="yes" hash="sha256">
<sasl target="services.example.org" requiressl="no">
<uline server="services.example.org" silent="yes">
<link name="services.example.org" ipaddr="127.0.0.1" port="{link}" allowmask="127.0.0.1" sendpass="link" recvpass="link">
<connect name="test" allow="*" {password} timeout="60" pingfreq="120" hardsendq="64M" softsendq="32M" recvq="32M"
  threshold="1000000" commandrate="1000000000" fakelag="no" localmax="5000" globalmax="5000" maxchans="300"
  useident="no" resolvehostnames="no" maxconnwarn="no" useconnectban="no" useconnflood="no">
<files motd="{dir}/motd">
<dns server="127.0.0.1" timeout="1">
<pid file="{dir}/inspircd.pid">
<options prefixquit="" defaultmodes="not" moronbanner="" allowmismatch="yes" defaultbind="ipv4">
<performance quietbursts="yes" somaxconn="1024" netbuffersize="65534">
<limits maxnick="31" maxchan="64" maxmodes="20" maxident="11" maxhost="64" maxquit="255" maxtopic="307" maxkick="255">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{dir}/inspircd.log">
"#,
        plain = ports.plain,
        tls = ports.tls,
        link = ports.link,
        dir = dir.display(),
    );
    fs::write(dir.join("motd"), "test\n").unwrap();
    fs::write(dir.join("inspircd.conf"), text).unwrap();
}

const ATHEME_MODULES: &[&str] = &[
    "backend/opensex",
    "protocol/inspircd",
    "crypto/pbkdf2v2",
    "nickserv/main",
    "nickserv/register",
    "nickserv/identify",
    "nickserv/ghost",
    "nickserv/cert",
    "saslserv/main",
    "saslserv/plain",
    "saslserv/external",
];

/// Writes `atheme.conf`.
pub(crate) fn write_atheme(dir: &Path, ports: Ports) {
    let modules: String =
        ATHEME_MODULES.iter().map(|name| format!("loadmodule \"modules/{name}\";\n")).collect();
    let text = format!(
        r#"{modules}
crypto {{ pbkdf2v2_rounds = 10000; }};
serverinfo {{ name = "services.example.org"; desc = "test"; numeric = "00A"; recontime = 1; netname = "Test";
  adminname = "test"; adminemail = "test@example.org"; registeremail = "test@example.org"; auth = none;
  loglevel = {{ all; }}; maxlogins = 99; maxusers = 0; mdlimit = 30; emaillimit = 10; emailtime = 300;
  casemapping = rfc1459; }};
uplink "irc.example.org" {{ host = "127.0.0.1"; port = {link}; send_password = "link"; receive_password = "link"; }};
nickserv {{ nick = "NickServ"; user = "NickServ"; host = "services.example.org"; real = "Nickname services"; }};
saslserv {{ nick = "SaslServ"; user = "SaslServ"; host = "services.example.org"; real = "SASL"; }};
general {{ commit_interval = 5; }};
"#,
        link = ports.link,
    );
    fs::write(dir.join("atheme.conf"), text).unwrap();
}
