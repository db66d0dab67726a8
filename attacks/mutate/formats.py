"""Each format taken apart into trees, mutated, and written again."""

import ast
import hashlib
import io
import json
import pickle
import struct
import zlib

import skops_
import zips
from emit import CannotWrite, Style, emit
from mutations import Mutator, Subject
from tree import read

#: The loaders of each kind of file: always the first two, the others now and then.
LOADERS = {
    "pickle": ["pickle", "skiff", "joblib", "pickle-python", "numpy"],
    "joblib": ["joblib", "skiff", "joblib-file", "pickle"],
    "joblib-zlib": ["joblib", "skiff"],
    "npy": ["numpy", "skiff", "pickle", "joblib"],
    "npz": ["numpy", "skiff"],
    "skops": ["skops", "skiff"],
    "skiff": ["skiff", "pickle", "joblib"],
}


#: How many of them load what is not mutated.
HONEST = {"skiff": 1}

#: The steps after the mutations: how opcodes are chosen, and changes of bytes.
STYLE, BYTES = 8, 9
STEPS = range(10)


def kind_of(kind):
    return "pickle" if kind.startswith("pickle") else "npz" if kind.startswith("npz") else kind


def dtype_of(node):
    """The dtype of a seed: fitted here, so it may be made."""
    return pickle.loads(emit(node, Style(2)))


class Seed:
    """A file of the folder, taken apart."""

    def __init__(self, entry, data):
        self.entry, self.data, self.kind = entry, data, kind_of(entry["kind"])
        self.subject = self.schema = None
        self.entries = []
        if self.kind == "pickle":
            self.subject = Subject(read(data))
        elif self.kind == "joblib":
            self.subject = Subject(read(data, dtype_of))
        elif self.kind == "joblib-zlib":
            self.subject = Subject(read(zlib.decompress(data), dtype_of))
        elif self.kind == "npy":
            self.header, self.body = npy(data)
            if self.body[:1] == b"\x80":
                self.subject = Subject(read(self.body))
        elif self.kind == "npz":
            self.entries = zips.read(data)
        elif self.kind == "skops":
            self.entries = zips.read(data)
            self.schema = next(entry.data for entry in self.entries if entry.name == "schema.json")
        elif self.kind == "skiff":
            self.head, self.tensors = safetensors(data)
            self.subject = Subject(read(self.tensors["skiff.graph"]))


class Formats:
    """Mutates seeds of every format."""

    def __init__(self, random, palette, classes, schemas, allowed, kinds=()):
        self.random, self.palette, self.allowed = random, palette, allowed
        self.mutator = Mutator(random, palette, classes, kinds)
        self.schemas = schemas

    def mutated(self, seed, token, skipped=()):
        """The bytes of mutation `token` of `seed`, words for it, and the attributes that it lies at; None if there is none.

        Each step has random numbers of its own, so that all steps but the `skipped` can be done again.
        """
        self.token, self.skipped = token, skipped
        self.random.seed(token)
        try:
            if seed.kind == "skops":
                data, words, paths = self.skops(seed)
            elif seed.kind == "npz":
                data, words, paths = self.npz(seed)
            else:
                data, words, paths = self.tree(seed)
        except (
            CannotWrite,
            RecursionError,
            IndexError,
            TypeError,
            ValueError,
            KeyError,
            AttributeError,
            StopIteration,
        ):
            return None
        finally:
            self.mutator.undo()
        if data is not None and self.step(BYTES) and self.random.random() < 0.06:
            data, what = self.bytes(data)
            words.append(what)
        return (data, words, paths) if words and data is not None else None

    def step(self, number):
        self.random.seed(self.token * 16 + number)
        return number not in self.skipped

    def style(self, protocol=None):
        random = self.random
        is_plain = not self.step(STYLE)
        protocol = random.choice([0, 1, 2, 3, 4, 4, 5, 5]) if protocol is None else protocol
        return Style(4 if is_plain else protocol, random if random.random() < 0.2 and not is_plain else None)

    def tree(self, seed):
        if seed.subject is None:
            words, paths = [], set()
        else:
            words, paths = self.mutator.mutate(seed.subject, self.step)
        if seed.kind == "pickle":
            return emit(seed.subject.root, self.style(), self.random.random() < 0.9), words, paths
        if seed.kind in ("joblib", "joblib-zlib"):
            data = emit(seed.subject.root, self.style(self.random.choice([2, 3, 4, 4, 5])), is_framed=False)
            return (zlib.compress(data, 3) if seed.kind == "joblib-zlib" else data), words, paths
        if seed.kind == "skiff":
            graph = emit(seed.subject.root, self.style(5), self.random.random() < 0.9)
            return with_graph(seed, graph), words, paths
        return self.npy(seed, words, paths)

    def npy(self, seed, words, paths):
        random = self.random
        header = dict(seed.header)
        body = emit(seed.subject.root, self.style()) if seed.subject else seed.body
        if not words or random.random() < 0.5:
            field = random.choice(list(header))
            header[field] = random.choice(
                [
                    True,
                    False,
                    (),
                    (1,),
                    (3, 4),
                    (10**9,),
                    (-1,),
                    "|O",
                    "<f8",
                    "|u1",
                    "|V4",
                    [("a", "<f8")],
                    [("a", "|O")],
                    [("a", "<i4", (2,)), ("b", "|O")],
                    "|S0",
                    "M8[ns]",
                    "O",
                    ("<f8", (2,)),
                    {"names": ["a"], "formats": ["O"]},
                ]
            )
            words = [*words, f"npy {field} = {header[field]!r}"]
        if random.random() < 0.1:
            body = random.choice(
                [body[:-3], body + b"\0", b"\x80\x04cos\ngetpid\n)R." + body, emit(self.palette.value(), self.style())]
            )
            words = [*words, "npy body"]
        return npy_file(header, body, random.choice([1, 1, 2, 3])), words, paths

    def npz(self, seed):
        random = self.random
        model = next(entry for entry in seed.entries if entry.name == "model.npy")
        attack = zips.Entry(
            "model.npy", npy_file({"descr": "|O", "fortran_order": False, "shape": ()}, b"\x80\x04cos\ngetpid\n)R.")
        )
        if random.random() < 0.3:
            header, body = npy(model.data)
            subject = Subject(read(body))
            words, paths = self.mutator.mutate(subject, self.step)
            body = emit(subject.root, self.style())
            self.mutator.undo()
            entries = [
                zips.Entry(entry.name, npy_file(header, body) if entry is model else entry.data, entry.method)
                for entry in seed.entries
            ]
            return zips.archive(entries), words, paths
        hostile = [attack, zips.Entry("X.npy", attack.data)]
        data, what = zips.mutated(random, seed.entries, hostile)
        return data, [what], set()

    def skops(self, seed):
        random = self.random
        words, paths = [], set()
        if random.random() < 0.25:
            schema = json.loads(seed.schema)
            schema["content"] = skops_.function(random, [("os", "getpid")])
            attack = {
                "__class__": "list",
                "__module__": "builtins",
                "__loader__": "ReduceNode",
                "__id__": 1,
                "protocol": 2,
                "__reduce__": {
                    "args": {
                        "__class__": "tuple",
                        "__module__": "builtins",
                        "__loader__": "TupleNode",
                        "content": [],
                        "__id__": 2,
                    }
                },
                "constructor": "os.getpid",
                "content": skops_.function(random, [("os", "getpid")]),
            }
            hostile = [zips.Entry("schema.json", json.dumps(random.choice([schema, attack])).encode())]
            data, what = zips.mutated(random, seed.entries, hostile)
            return data, [what], paths
        schema = json.loads(seed.schema)
        for number in range(random.choice([1, 1, 2, 3])):
            if not self.step(number):
                continue
            what, names = skops_.mutate(random, schema, self.allowed, self.donor_schema)
            words.append(what)
            paths.update(names)
        text = skops_.text(schema)
        entries = [
            zips.Entry(entry.name, text if entry.name == "schema.json" else entry.data, entry.method)
            for entry in seed.entries
        ]
        return zips.archive(entries), words, paths

    def donor_schema(self):
        schema = (
            json.loads(self.random.choice(self.schemas)) if self.schemas else {"__loader__": "JsonNode", "content": "1"}
        )
        nodes = [node for node in skops_.nodes(schema) if isinstance(node, dict) and "__loader__" in node]
        return self.random.choice(nodes)

    def bytes(self, data):
        """Changes of bytes, without a thought of what they mean."""
        random = self.random
        out = bytearray(data)
        draw = random.randrange(7)
        call = b"\x80\x04cos\ngetpid\n)R."
        if draw == 0:
            return bytes(data) + random.choice([call, data, b"\0", b"."]), "a second pickle"
        if draw == 1:
            return call + bytes(data), "a pickle before"
        if draw == 2 and len(out) > 4:
            del out[random.randrange(len(out)) :]
            return bytes(out), "cut"
        if draw == 3 and len(out) > 4:
            begin = random.randrange(len(out))
            del out[begin : begin + random.randint(1, 8)]
            return bytes(out), "bytes left out"
        if draw == 4:
            begin = random.randrange(len(out) + 1)
            out[begin:begin] = random.choice(
                [b"cos\ngetpid\n)R", b"0", b"2", b"R", b"b", b"h\0", b"h\1", b"N", b")", b"cposix\ngetpid\n"]
            )
            return bytes(out), "opcodes put in"
        for _ in range(random.randint(1, 3)):
            if out:
                out[random.randrange(len(out))] ^= 1 << random.randrange(8)
        return bytes(out), "flipped bits"


# npy and safetensors.


def npy(data):
    """The header of an npy file and what follows it."""
    size, begin = (struct.unpack("<H", data[8:10])[0], 10) if data[6] == 1 else (struct.unpack("<I", data[8:12])[0], 12)
    return ast.literal_eval(data[begin : begin + size].decode("latin-1").strip()), data[begin + size :]


def npy_file(header, body, version=1):
    text = repr(header).encode()
    length = 2 if version == 1 else 4
    padding = -(6 + 2 + length + len(text) + 1) % 64
    text += b" " * padding + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + body


def safetensors(data):
    """The header of a `.skiff` and its tensors."""
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, tensor in header.items():
        if name != "__metadata__":
            begin, end = tensor["data_offsets"]
            tensors[name] = data[8 + size + begin : 8 + size + end]
    return header, tensors


def with_graph(seed, graph):
    """A `.skiff` with another graph and the digests that this asks for."""
    header = json.loads(json.dumps(seed.head))
    metadata = header["__metadata__"]
    if any(name == "skiff.digests" for name in header) or int(metadata["skiff.head_size"]) == 0:
        return None
    body, offset, head = b"", 0, 0
    for name, data in seed.tensors.items():
        data = graph if name == "skiff.graph" else data
        header[name]["data_offsets"] = [offset, offset + len(data)]
        if name == "skiff.graph":
            header[name]["shape"] = [len(data)]
        body += data
        offset += len(data)
    metadata["skiff.head_size"] = str(len(body))
    metadata["skiff.digest"] = "0" * 64
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(8 + len(text)) % 8)
    whole = struct.pack("<Q", len(text)) + text + body
    digest = hashlib.sha256(whole).hexdigest()
    return whole[:41] + digest.encode() + whole[105:]
