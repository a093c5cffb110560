"""The bots under the bench: ours in a home of its own, and the floor. What /proc says of them."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")

ECHO = """name: echo
action_ref: core.echo
description: Say it again
ack: { enabled: false }
formats: ["echo {{message}}"]
result: { format: "{{ execution.result.stdout }}" }
"""
RUN = """name: run
action_ref: core.remote
description: Run a command
ack: { enabled: false }
formats: ["run {{cmd}} on {{hosts}}"]
"""
ACCESS = "everyone: [ { run: [default.*, core.echo, core.remote] } ]\n"
# Different first words, two parameters and a default, as real alias files have.
FILLER = """name: filler-{number}
action_ref: core.echo
description: Never asked for
formats: ["{verb}-{number} {{{{message}}}} to {{{{where=staging}}}}"]
"""
VERBS = ["deploy", "restart", "drain", "scale", "promote", "rollback", "inspect", "rotate"]


def write_home(folder, fillers):
    """A home with `echo`, `run` and so many other aliases."""
    aliases = folder / "aliases"
    aliases.mkdir(parents=True)
    (aliases / "echo.yaml").write_text(ECHO)
    (aliases / "run.yaml").write_text(RUN)
    (folder / "access.yaml").write_text(ACCESS)
    for number in range(fillers):
        text = FILLER.format(number=number, verb=VERBS[number % len(VERBS)])
        (aliases / f"filler-{number}.yaml").write_text(text)


def memory(process, field):
    """What /proc says of a process's memory, in MiB: VmRSS now, VmHWM at most."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1024


class Process:
    """A started program. Its standard error goes to a file, as under a service manager: nobody who measures reads along."""

    def __init__(self, arguments, environment=None, folder=None):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="chatops-bench-", suffix=".log", errors="replace")
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            arguments, env=environment, cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log,
        )

    def lines(self):
        """What it logged so far."""
        return pathlib.Path(self.log.name).read_text(errors="replace").splitlines()

    def logged(self, word, limit=10):
        """Seconds from its start until a log line with `word` is there; None when there is none."""
        end = time.perf_counter() + limit
        while time.perf_counter() < end:
            if any(word in line for line in self.lines()):
                return time.perf_counter() - self.started
            time.sleep(0.001)
        return None

    def cpu(self):
        """Seconds of processor time so far, its ended children left out."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self):
        """Resident memory in MiB."""
        return memory(self.process.pid, "VmRSS")

    def sockets(self, port):
        """The inodes of its established connections to a port."""
        rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        to_port = {row[9] for row in rows if int(row[2].split(":")[1], 16) == port and row[3] == "01"}
        mine = set()
        for link in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                mine |= set(re.findall(r"socket:\[(\d+)\]", os.readlink(link)))
            except OSError:
                pass  # closed meanwhile
        return to_port & mine

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Ours(Process):
    """`chatops serve` in a channel, with so many aliases beside its two."""

    NICK = "chatops"

    def __init__(self, program, port, channel="#bench", fillers=0):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="chatops-bench-"))
        write_home(self.home, fillers)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CHATOPS_")} | {
            "CHATOPS_HOME": str(self.home),
            "CHATOPS_LISTEN": "127.0.0.1:0",
            "CHATOPS_IRC_SERVER": f"127.0.0.1:{port}",
            "CHATOPS_IRC_TLS": "off",
            "CHATOPS_IRC_NICK": self.NICK,
            "CHATOPS_IRC_CHANNELS": channel,
            "CHATOPS_IRC_RATE": "off",
        }
        super().__init__([program, "serve"], environment, self.home)

    def stop(self):
        super().stop()
        shutil.rmtree(self.home, ignore_errors=True)


class Floor(Process):
    """The bare socket."""

    NICK = "floor"

    def __init__(self, port, channel):
        super().__init__([sys.executable, str(HERE / "floor.py"), str(port), self.NICK, channel])
