"""Runs `worker.py` and gives it files: what happened to each comes back, whatever happened to the process."""

import collections
import json
import os
import select
import signal
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

#: A file that does nothing for so long, without using its processor time, waits for something that never comes.
SILENCE = 90


class Sandbox:
    def __init__(self, python, seeds):
        self.command = [python, os.path.join(HERE, "worker.py"), seeds]
        self.process = None
        self.lines = collections.deque()
        self.rest = b""
        self.start()

    def start(self):
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        if self.command[0] != sys.executable:
            # Packages of one Python are none of another's.
            environment.pop("PYTHONPATH", None)
            if os.environ.get("SKIFF_SITE"):
                environment["PYTHONPATH"] = os.environ["SKIFF_SITE"]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        self.lines.clear()
        self.rest = b""
        self.ready = self.line(300)
        if self.ready is None or "ready" not in self.ready:
            raise RuntimeError(f"the sandbox does not start: {self.command}")

    def line(self, seconds):
        """The next report, or None if there is none for so long or the worker is gone."""
        while not self.lines:
            readable, _, _ = select.select([self.process.stdout], [], [], seconds)
            if not readable:
                return None
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            if not data:
                return None
            *whole, self.rest = (self.rest + data).split(b"\n")
            self.lines.extend(whole)
        return json.loads(self.lines.popleft())

    def send(self, requests):
        """Starts a batch: pairs of a request and the bytes of the file."""
        parts = [struct.pack("<I", len(requests))]
        for request, data in requests:
            text = json.dumps(request).encode()
            parts += [struct.pack("<II", len(text), len(data)), text, data]
        self.process.stdin.write(b"".join(parts))
        self.process.stdin.flush()

    def receive(self, requests):
        """What happened to each file of the batch that was sent."""
        results = [None] * len(requests)
        offset = 0
        while True:
            at, child, fate = None, None, None
            while fate is None:
                report = self.line(SILENCE)
                if report is None:
                    if child is not None:
                        try:
                            os.kill(child, signal.SIGKILL)
                        except ProcessLookupError:
                            pass
                    if self.process.poll() is not None:
                        raise RuntimeError("the sandbox itself died")
                    fate = "hang"
                    done = self.line(SILENCE)
                    while done is not None and "done" not in done:
                        done = self.line(SILENCE)
                elif "begin" in report:
                    at, child = report["begin"] + offset, report["pid"]
                elif "end" in report:
                    results[at] = report
                    at = None
                elif "done" in report:
                    fate = fate_of(report["done"])
            if at is None and all(result is not None for result in results):
                return results
            if at is None:
                # Between two files: nobody's doing, or the first one's.
                at = next(index for index, result in enumerate(results) if result is None)
            results[at] = {"error": None, "events": [["?", fate]], "seconds": 0}
            offset = at + 1
            if offset == len(requests):
                return results
            self.send(requests[offset:])

    def run(self, requests):
        self.send(requests)
        return self.receive(requests)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def fate_of(status):
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "hang" if number == signal.SIGXCPU else f"crash: {signal.Signals(number).name}"
    return f"exit: {os.WEXITSTATUS(status)}"
