"""Sends requests at a fixed rate, whatever the server does, and prints how long each took, as JSON: milliseconds.

    python open_loop.py HOST PORT PATH BODY-FILE RATE SECONDS

Arrivals are random (a Poisson process with this rate), drawn before the first request. The time of a request begins when
it was due, not when it was sent, so that what waits behind a slow answer counts with all of its wait: a client that
sends its next request after an answer would leave that out ("coordinated omission"). A request that finds all
connections busy opens another one, and its time includes that.
"""

import asyncio
import json
import random
import sys
import time
from pathlib import Path

#: Connections that are open before the first request is due.
OPEN = 16


async def answered(reader):
    """Reads a whole answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    assert status.split()[1] == "200", status
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
        return
    assert headers.get("transfer-encoding") == "chunked", head
    while size := int((await reader.readline()).split(b";")[0], 16):
        await reader.readexactly(size + 2)
    await reader.readline()


async def measured(host, port, path, body, rate, seconds):
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    message = head.encode() + body
    draw, due, at = random.Random(0), [], 0.0
    while (at := at + draw.expovariate(rate)) < seconds:
        due.append(at)
    free, times = [await asyncio.open_connection(host, port) for _ in range(OPEN)], []

    async def one(intended):
        # Servers close connections that nothing came over for seconds.
        while free and free[-1][0].at_eof():
            free.pop()
        connection = free.pop() if free else await asyncio.open_connection(host, port)
        connection[1].write(message)
        await answered(connection[0])
        times.append(1e3 * (time.perf_counter() - intended))
        free.append(connection)

    start, running = time.perf_counter() + 0.05, set()
    for at in due:
        if (wait := start + at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(start + at))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    assert len(times) == len(due), "a request was not answered"
    return times


def main():
    host, port, path, body, rate, seconds = sys.argv[1:]
    run = measured(host, int(port), path, Path(body).read_bytes(), float(rate), float(seconds))
    try:
        import uvloop

        times = uvloop.run(run)
    except ImportError:
        times = asyncio.run(run)
    json.dump(times, sys.stdout)


if __name__ == "__main__":
    main()
