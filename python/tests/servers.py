"""Running servers, for the tests that ask them over sockets."""

import contextlib
import re
import signal
import subprocess

from conftest import COMMAND


@contextlib.contextmanager
def serving(*arguments, grpc=True, stops_in=40):
    """A running server: its addresses by scheme, and the number of its process, `pid`."""
    command = [COMMAND, "serve", *map(str, arguments), "--http", "127.0.0.1:0"]
    command += ["--grpc", "127.0.0.1:0"] if grpc else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            addresses = {}
            while len(addresses) < 1 + grpc:
                line = process.stdout.readline()
                assert line, process.stderr.read()
                scheme, address = re.fullmatch(r"listening on (\w+)://(\S+)\n", line).groups()
                addresses[scheme] = address
            yield {**addresses, "pid": process.pid}
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=stops_in) == 0
