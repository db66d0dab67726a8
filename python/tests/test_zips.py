"""Zips, held against Python's `zipfile`: where skiff says *model*, `zipfile` reads the same entries with the same content.

`SKIFF_PYTHONS` names other Pythons (paths, separated as in `PATH`) that are asked as well.
"""

import importlib.util
import io
import json
import os
import pathlib
import random
import struct
import subprocess
import sys

import numpy as np
import pytest
import skiff

ROOT = pathlib.Path(__file__).parents[2]
PYTHONS = [sys.executable, *filter(None, os.environ.get("SKIFF_PYTHONS", "").split(os.pathsep))]
MUTATIONS = 600

spec = importlib.util.spec_from_file_location("zips", ROOT / "attacks" / "zips.py")
zips = importlib.util.module_from_spec(spec)
spec.loader.exec_module(zips)

# Reads archives by their paths, and tells the content of each entry, or what went wrong; of each name once, as
# `numpy.load` and skops ask for names.
READER = """
import json, sys, zipfile
for line in sys.stdin:
    path = json.loads(line)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {}
            for name in archive.namelist():
                try:
                    entries[name] = archive.read(name).hex()
                except Exception as error:
                    entries[name] = None
            print(json.dumps([len(archive.namelist()), entries]), flush=True)
    except Exception as error:
        print(json.dumps(None), flush=True)
"""


def npy(array):
    out = io.BytesIO()
    np.lib.format.write_array(out, array)
    return out.getvalue()


GOOD, OTHER = npy(np.arange(3.0)), npy(np.arange(5))


@pytest.fixture(scope="module")
def readers():
    """One process of each Python, which answers a line for a line."""
    processes = [
        subprocess.Popen([python, "-c", READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for python in PYTHONS
    ]

    def read(path):
        answers = []
        for process in processes:
            process.stdin.write(json.dumps(str(path)) + "\n")
            process.stdin.flush()
            answers.append(json.loads(process.stdout.readline()))
        return answers

    yield read
    for process in processes:
        process.stdin.close()
        process.wait()


def agrees(content, path, readers):
    """Whether skiff takes the archive for a model; then each Python must read what skiff reads."""
    path.write_bytes(content)
    if skiff.scan(path)["verdict"] != "model":
        return False
    arrays = skiff.load(path)
    for answer in readers(path):
        assert answer is not None, "Python refuses it"
        count, entries = answer
        files = {name: text for name, text in entries.items() if not name.endswith("/")}
        assert count == len(entries), "Python has a name twice"
        assert {name.removesuffix(".npy") for name in files} == set(arrays)
        for name, text in files.items():
            if text is not None:
                array = np.load(io.BytesIO(bytes.fromhex(text)), allow_pickle=False)
                np.testing.assert_array_equal(array, arrays[name.removesuffix(".npy")])
    return True


def test_unusual_archives_are_read_as_python_reads_them(tmp_path, readers):
    for name, content in zips.honest(GOOD).items():
        assert agrees(content, tmp_path / f"{name}.npz", readers), name
    out = io.BytesIO()
    np.savez(out, a=np.arange(3), b=np.arange(4.0))
    assert agrees(out.getvalue(), tmp_path / "numpy.npz", readers)
    out = io.BytesIO()
    np.savez_compressed(out, a=np.zeros(10_000), b=np.arange(4.0))
    assert agrees(out.getvalue(), tmp_path / "numpy.npz", readers)


def test_archives_that_readers_disagree_about_are_no_models(tmp_path, readers):
    for name, content in zips.archives(GOOD, OTHER).items():
        assert not agrees(content, tmp_path / f"{name}.npz", readers), name


def mutated(content, chance):
    """The archive with one of its records changed, copied, moved or cut."""
    content = bytearray(content)
    records = [b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"]
    places = [at for record in records for at in range(len(content) - 3) if content[at:at + 4] == record]
    at = chance.choice(places)
    kind = chance.randrange(8)
    if kind < 5:
        width = chance.choice([1, 2, 2, 2, 4, 4, 4, 8])
        field = at + chance.randrange(4, 50)
        values = [0, 1, 2, 8, 12, 14, 20, 0x800, 0xFFFF, 0xFFFFFFFF, 2**64 - 1, at, len(content), chance.getrandbits(64), chance.getrandbits(8)]
        old = int.from_bytes(content[field:field + width], "little")
        value = chance.choice([*values, old + 1, old - 1, old ^ 1 << chance.randrange(8 * width)]) % 2 ** (8 * width)
        if field + width <= len(content):
            content[field:field + width] = value.to_bytes(width, "little")
    elif kind == 5:
        other = chance.choice(places)
        content[at:at] = content[other:other + chance.choice([4, 20, 22, 30, 46, 56, 80])]
    elif kind == 6:
        start = at + chance.randrange(60)
        del content[start:start + chance.randrange(1, 30)]
    else:
        where = chance.choice([0, at, len(content)])
        content[where:where] = chance.choice([b"\0", b"PK", bytes(22), bytes(content[-22:]), struct.pack("<HH", 1, 8) + bytes(8)])
    return bytes(content)


def test_changed_archives_are_refused_or_read_as_python_reads_them(tmp_path, readers):
    chance = random.Random(0)
    # One name is longer than all others of the same content, so that a length that is off by little hits something.
    wide = zips.built([zips.entry("x.npy", GOOD), zips.entry("y.npy", OTHER)], wide=zips.record64)
    seeds = [*zips.honest(GOOD).values(), *zips.archives(GOOD, OTHER).values(), wide]
    models = 0
    for _ in range(MUTATIONS):
        content = chance.choice(seeds)
        for _ in range(chance.choice([1, 1, 2, 3])):
            content = mutated(content, chance)
        models += agrees(content, tmp_path / "mutated.npz", readers)
    assert models > 10, "nearly nothing was accepted: the mutations say little"
