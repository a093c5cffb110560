"""One command on a hundred hosts by SSH: an sshd on a hundred loopback addresses, and `xargs` with the plain
`ssh` as the floor. No IRC here; the command line asks."""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from bots import memory
from server import free_port

HOSTS = [f"127.0.2.{number}" for number in range(1, 101)]
SETTINGS = """ListenAddress 0.0.0.0:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
MaxStartups 300
LogLevel ERROR
"""
# Longer than the logins take, so that hosts run side by side or it shows.
COMMAND = "sleep 1; echo done"


class Sshd:
    """An sshd of our own, with a key that may log in and a file of known hosts."""

    def __init__(self):
        self.folder, self.port = pathlib.Path(tempfile.mkdtemp(prefix="chatops-bench-")), free_port()
        for name in ("host", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)], check=True)
        public = (self.folder / "host.pub").read_text()
        known = "".join(f"[{host}]:{self.port} {public}" for host in HOSTS)
        (self.folder / "known").write_text(known)
        (self.folder / "sshd").write_text(SETTINGS.format(port=self.port, folder=self.folder))
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        program = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([program, "-D", "-e", "-f", str(self.folder / "sshd")])

    def __enter__(self):
        for _ in range(500):
            try:
                socket.create_connection((HOSTS[0], self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.01)
        raise SystemExit("sshd did not come up")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def hundred_hosts(program):
    """Seconds for a hundred hosts with all of them at once, beside the floor; how much memory the bot took."""
    if not shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin") or os.geteuid() != 0:
        return None
    with Sshd() as sshd:
        floor = floor_seconds(sshd)
        seconds, peak, good = our_seconds(program, sshd)
    return {"seconds": seconds, "floor_seconds": floor, "peak_mib": peak, "good": good}


def floor_seconds(sshd):
    arguments = [
        "xargs", "-P", "100", "-I{}", "ssh", "-F", "none", "-o", f"UserKnownHostsFile={sshd.folder}/known",
        "-o", "BatchMode=yes", "-i", str(sshd.folder / "key"), "-p", str(sshd.port), "{}", COMMAND,
    ]
    start = time.perf_counter()
    subprocess.run(arguments, input="\n".join(HOSTS), text=True, capture_output=True, check=True)
    return time.perf_counter() - start


def our_seconds(program, sshd):
    """The command line's own time, its largest resident memory, and how many hosts said `done`."""
    home = sshd.folder / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text(f"UserKnownHostsFile {sshd.folder}/known\n")
    (home / "aliases").mkdir()
    ssh = home / "ssh"
    # The system's ssh reads its settings from the home that the system knows, whatever HOME says.
    ssh.write_text(f"#!/bin/sh\nexec {shutil.which('ssh')} -F {home}/.ssh/config \"$@\"\n")
    ssh.chmod(0o755)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CHATOPS_")} | {
        "CHATOPS_HOME": str(home), "CHATOPS_SSH_PARALLEL": "100", "CHATOPS_LISTEN": "off",
        "PATH": f"{home}:{os.environ['PATH']}",
    }
    arguments = [
        program, "action", "run", "core.remote", "--json", f"hosts={','.join(HOSTS)}", f"cmd={COMMAND}",
        f"port={sshd.port}", f"private_key={sshd.folder}/key",
    ]
    start = time.perf_counter()
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as running:
        peak = 0.0
        output = []
        while running.poll() is None:
            try:
                peak = max(peak, memory(running.pid, "VmHWM"))
            except (OSError, TypeError):
                pass  # it ended meanwhile
            time.sleep(0.02)
        output = running.stdout.read()
    return time.perf_counter() - start, peak, output.count('"stdout": "done') + output.count('"stdout":"done')
