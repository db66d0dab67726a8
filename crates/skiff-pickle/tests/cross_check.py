"""Asks CPython whether what skiff writes means what was read: `python cross_check.py [SEEDS]`.

Every sample of `data/`, and as many random values as asked for, go through `examples/rewrite.rs`; then `pickle.loads`
must give an object of the same values, types, sharing and cycles for each protocol, and `pickletools` must see the
opcodes where the disassembler sees them. Fails loudly.
"""

import glob
import os
import pickle
import pickletools
import random
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "data"))

from make import Bag, Point, Slots, WithNew, Words  # noqa: E402, F401  (looked up in `__main__` by the samples)


class Old:
    def __init__(self, x):
        self.x = x


class Args(Old):
    pass


def describe(root):
    """A text that is the same for the same values with the same sharing, without recursion."""
    numbers, lines, keep = {}, [], []

    def name(value):
        if value is None or value is True or value is False or isinstance(value, int):
            return repr(value)
        if type(value) is float:
            return struct.pack(">d", value).hex()
        if type(value) is complex:
            return repr(value)
        if type(value) in (str, bytes):
            return repr(value)
        if isinstance(value, type) or callable(value) and hasattr(value, "__qualname__"):
            return "%s.%s" % (value.__module__, value.__qualname__)
        if type(value) is tuple and not value:
            return "()"
        if id(value) not in numbers:
            numbers[id(value)] = len(numbers)
            keep.append(value)
        return "#%d" % numbers[id(value)]

    lines.append(name(root))
    at = 0
    while at < len(keep):
        value = keep[at]
        at += 1
        kind = type(value)
        if kind in (list, tuple):
            parts = list(value)
        elif kind is dict:
            parts = [part for item in value.items() for part in item]
        elif kind in (set, frozenset):
            parts = sorted(value, key=repr)
        elif kind is bytearray:
            parts = [bytes(value)]
        elif kind is memoryview:
            parts = [bytes(value), value.readonly]
        else:
            parts = [part for part in value.__reduce_ex__(2)[1:] if part is not None]
            # Iterators over items, made anew at each call.
            parts = [list(part) if hasattr(part, "__next__") else part for part in parts]
        lines.append("%s %s" % (kind.__qualname__, " ".join(name(part) for part in parts)))
    return "\n".join(lines)


def random_value(rng, pool, depth=0):
    choice = rng.randrange(18)
    if pool and choice == 0:
        return rng.choice(pool)
    if depth > 5:
        choice = choice % 8 + 1
    if choice <= 2:
        return rng.choice([0, 1, -1, 255, 256, 65536, -70000, 2**31, -(2**31), 2**62, rng.getrandbits(rng.randrange(1, 3000))])
    if choice == 3:
        return rng.choice([None, True, False, 0.5, float("nan"), -0.0, rng.random()])
    if choice in (4, 5):
        value = "".join(chr(rng.choice([65, 0xE9, 0x20AC, 0x1F600, 0xDC80, 10])) for _ in range(rng.choice([0, 1, 5, 300])))
    elif choice in (6, 7):
        value = rng.randbytes(rng.choice([0, 1, 7, 256, 70000]))
        if rng.random() < 0.3:
            value = bytearray(value)
    elif choice == 8:
        value = rng.choice([Point, Words, len, dict])
    elif choice in (9, 10):
        value = []
        pool.append(value)
        value.extend(random_value(rng, pool, depth + 1) for _ in range(rng.choice([0, 1, 2, 6])))
    elif choice in (11, 12):
        value = tuple(random_value(rng, pool, depth + 1) for _ in range(rng.choice([0, 1, 2, 3, 5])))
    elif choice in (13, 14):
        value = {}
        pool.append(value)
        for key in range(rng.choice([0, 1, 4])):
            value[rng.choice([key, str(key), (key, "k")])] = random_value(rng, pool, depth + 1)
    elif choice == 15:
        value = rng.choice([set, frozenset])(rng.sample(range(50), rng.choice([0, 1, 5])))
    elif choice == 16:
        value = Point(None, None)
        pool.append(value)
        value.x = random_value(rng, pool, depth + 1)
        value.y = random_value(rng, pool, depth + 1)
    else:
        value = rng.choice([Words, list])()
        pool.append(value)
        value.extend(random_value(rng, pool, depth + 1) for _ in range(3))
    pool.append(value)
    return value


def load(data, name):
    buffers = [bytearray(b"writable"), b"readonly"] if name.startswith("buffers") else None
    return pickle.loads(data, encoding="latin1", buffers=buffers)


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as samples, tempfile.TemporaryDirectory() as outcome:
        for path in glob.glob(os.path.join(HERE, "data", "*.pkl")):
            with open(path, "rb") as source, open(os.path.join(samples, os.path.basename(path)), "wb") as copy:
                copy.write(source.read())
        for seed in range(seeds):
            rng = random.Random(seed)
            value = [random_value(rng, []) for _ in range(3)]
            try:
                data = pickle.dumps(value, rng.randrange(6))
            except RecursionError:
                # Protocols 0 and 1 cannot write a list's subclass that holds itself.
                continue
            with open(os.path.join(samples, "random%d.pkl" % seed), "wb") as file:
                file.write(data)
        command = ["cargo", "run", "-q", "-p", "skiff-pickle", "--example", "rewrite", "--", samples, outcome]
        subprocess.run(command, check=True, cwd=HERE)
        checked = 0
        for path in sorted(glob.glob(os.path.join(samples, "*.pkl"))):
            stem = os.path.basename(path)[:-4]
            with open(path, "rb") as file:
                data = file.read()
            expected = describe(load(data, stem))
            for written in sorted(glob.glob(os.path.join(outcome, glob.escape(stem) + ".as?"))):
                with open(written, "rb") as file:
                    found = describe(load(file.read(), stem))
                for line, (one, other) in enumerate(zip(expected.split("\n"), found.split("\n"))):
                    assert one == other, "%s, line %d: expected %s, found %s" % (written, line, one[:200], other[:200])
                assert found == expected, written
                checked += 1
            with open(os.path.join(outcome, stem + ".txt"), encoding="utf-8") as file:
                lines = re.findall(r"^ *(\d+): \S+ +([A-Z0-9_]+)", file.read(), re.M)
            try:
                opcodes = [(str(position), opcode.name) for opcode, _, position in pickletools.genops(data)]
            except UnicodeDecodeError:
                # `pickletools` takes the bytes of Python 2's strings for ASCII.
                assert stem.endswith(".py2"), stem
                continue
            assert lines == opcodes, stem
        # What hangs together in ways that cannot be written is refused, and rare.
        assert checked > 3.8 * seeds, checked
        print("%d pickles written by skiff mean what they meant" % checked)


if __name__ == "__main__":
    main()
