"""A real ngircd on a free port of loopback, without limits, that can be killed, frozen and brought back."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CONFIGURATION = """[Global]
Name = irc.example.org
Info = bench
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = bench
PidFile = {folder}/ngircd.pid
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 31
MaxPenaltyTime = 0
PingTimeout = 300
PongTimeout = 60
[Options]
DNS = no
Ident = no
PAM = no
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self):
        self.program = shutil.which("ngircd", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        if not self.program:
            raise SystemExit("ngircd is missing: scripts/test servers installs it on Debian and Ubuntu")
        self.port, self.folder = free_port(), pathlib.Path(tempfile.mkdtemp(prefix="chatops-bench-"))
        self.folder.chmod(0o755)
        self.settings = self.folder / "ngircd.conf"
        self.settings.write_text(CONFIGURATION.format(port=self.port, folder=self.folder))
        self.start()

    def start(self):
        """Starts it and waits until it listens."""
        arguments = [self.program, "--nodaemon", "--config", str(self.settings)]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.005)
        raise SystemExit("ngircd did not come up")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thaw()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
