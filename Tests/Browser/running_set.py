"""The six real processes, started for a test and taken down after it."""
import contextlib
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("PROGRAMS", ROOT / ".build/release"))


class RunningSet:
    def __init__(self, **environment):
        self.data = tempfile.mkdtemp(prefix="studio-")
        self.log = open(os.path.join(self.data, "log"), "wb")
        self.process = subprocess.Popen(
            [PROGRAMS / "convergence", "up", "--free-ports", "--json", "--data", self.data],
            stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, **environment})
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            self.stop()
            raise RuntimeError("The set did not start.")
        ready = json.loads(line)
        self.url = ready["url"]
        self.processes = {name: one["pid"] for name, one in ready["services"].items()}

    @contextlib.contextmanager
    def held(self, service):
        """The service stands still: what needs it stays at work."""
        os.kill(self.processes[service], signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.processes[service], signal.SIGCONT)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.data, ignore_errors=True)
