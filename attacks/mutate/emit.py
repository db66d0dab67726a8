"""Writes a tree as opcodes: as CPython's pickler would, or in forms that it never uses."""

import _compat_pickle
import struct

from tree import Atom, Buffer, Call, Computed, Dict, Name, Persistent, Python2String, Seq


class CannotWrite(Exception):
    """A cycle through a tuple or the arguments of a call, or a tree that has become too large."""


MOST_NODES = 100_000


class Style:
    """How opcodes are chosen. The default is CPython's choice for the protocol."""

    def __init__(self, protocol=4, random=None):
        self.protocol = protocol
        #: Draws an unusual opcode now and then, when it is there.
        self.random = random

    def is_odd(self, share=0.1):
        return self.random is not None and self.random.random() < share


class Writer:
    def __init__(self, style, start=0):
        self.style, self.protocol = style, style.protocol
        self.out = bytearray()
        #: Where in the file the first opcode is: joblib aligns arrays by it.
        self.start = start
        self.memo = {}
        #: What the memo knows by its `id`: temporary nodes too must live as long as it does.
        self.alive = []
        self.count = 0
        #: What is being written: a pickle within this one has a memo of its own, and no end if it is within itself.
        self.open = set()
        #: How many nodes more may be written.
        self.left = [MOST_NODES]
        self.parts = {}

    def write(self, root, is_framed=True):
        out = self.out
        if self.protocol >= 2:
            out += b"\x80" + bytes([self.protocol])
        framed = is_framed and self.protocol >= 4
        if framed:
            begin = len(out)
            out += b"\x95" + bytes(8)
        self.save(root)
        out += b"."
        if framed:
            out[begin + 1 : begin + 9] = struct.pack("<Q", len(out) - begin - 9)
        return bytes(out)

    # Memo.

    def memoize(self, node):
        if id(node) in self.memo:
            return
        index = self.count
        self.count += 1
        self.memo[id(node)] = index
        self.alive.append(node)
        out = self.out
        if self.protocol >= 4 and not self.style.is_odd(0.02):
            out += b"\x94"
        elif self.protocol >= 1:
            out += b"q" + bytes([index]) if index < 256 else b"r" + struct.pack("<I", index)
        else:
            out += b"p%d\n" % index

    def get(self, index):
        out = self.out
        if self.protocol == 0 or self.style.is_odd(0.02):
            out += b"g%d\n" % index
        elif index < 256:
            out += b"h" + bytes([index])
        else:
            out += b"j" + struct.pack("<I", index)

    # Nodes.

    def save(self, node):
        index = self.memo.get(id(node))
        if index is not None:
            self.get(index)
            return
        kind = type(node)
        if kind is Atom:
            self.atom(node)
            return
        if kind is Name:
            self.name(node)
            self.memoize(node)
            return
        self.left[0] -= 1
        if id(node) in self.open or self.left[0] < 0:
            raise CannotWrite
        self.open.add(id(node))
        if kind is Seq:
            self.seq(node)
        elif kind is Dict:
            self.dict(node)
        elif kind is Call:
            self.call(node)
        elif kind is Persistent:
            self.save(node.id)
            self.out += b"Q"
        elif kind is Buffer:
            self.out += b"\x97\x98" if node.readonly else b"\x97"
            self.memoize(node)
        elif kind is Computed:
            self.save(node.module)
            self.save(node.name)
            self.out += b"\x93"
            self.memoize(node)
        else:
            raise TypeError(kind)
        self.open.discard(id(node))

    def atom(self, node):
        value, out, protocol = node.value, self.out, self.protocol
        if value is None:
            out += b"N"
        elif value is True or value is False:
            if protocol >= 2 and not self.style.is_odd(0.02):
                out += b"\x88" if value else b"\x89"
            else:
                out += b"I01\n" if value else b"I00\n"
        elif isinstance(value, int):
            self.int(value)
        elif isinstance(value, float):
            out += b"G" + struct.pack(">d", value) if protocol >= 1 else b"F" + repr(value).encode() + b"\n"
        elif isinstance(value, str):
            self.str(value)
            self.memoize(node)
        elif isinstance(value, Python2String):
            self.python2_string(value)
            self.memoize(node)
        elif isinstance(value, (bytes, bytearray)):
            self.bytes(value)
            self.memoize(node)
        else:
            raise TypeError(type(value))

    def int(self, value):
        out, protocol = self.out, self.protocol
        if protocol == 0 or self.style.is_odd(0.03):
            out += b"I%d\n" % value if -(2**31) <= value < 2**31 else b"L%dL\n" % value
        elif 0 <= value < 256 and not self.style.is_odd(0.03):
            out += b"K" + bytes([value])
        elif 0 <= value < 65536 and not self.style.is_odd(0.03):
            out += b"M" + struct.pack("<H", value)
        elif -(2**31) <= value < 2**31 and not self.style.is_odd(0.03):
            out += b"J" + struct.pack("<i", value)
        elif protocol == 1:
            out += b"L%dL\n" % value
        else:
            data = value.to_bytes((value.bit_length() // 8) + 1, "little", signed=True)
            if len(data) < 256:
                out += b"\x8a" + bytes([len(data)]) + data
            else:
                out += b"\x8b" + struct.pack("<i", len(data)) + data

    def str(self, value):
        out, protocol = self.out, self.protocol
        if protocol == 0 or self.style.is_odd(0.03):
            escaped = value.replace("\\", "\\u005c").replace("\0", "\\u0000").replace("\n", "\\u000a")
            escaped = escaped.replace("\r", "\\u000d").replace("\x1a", "\\u001a")
            out += b"V" + escaped.encode("raw-unicode-escape") + b"\n"
            return
        data = value.encode("utf-8", "surrogatepass")
        if protocol >= 4 and len(data) < 256 and not self.style.is_odd(0.03):
            out += b"\x8c" + bytes([len(data)]) + data
        elif protocol >= 4 and self.style.is_odd(0.1):
            out += b"\x8d" + struct.pack("<Q", len(data)) + data
        else:
            out += b"X" + struct.pack("<I", len(data)) + data

    def python2_string(self, value):
        out = self.out
        if self.protocol == 0 or self.style.is_odd(0.03):
            # As Python 2's `repr`.
            shown = repr(bytes(value))[1:]
            out += b"S" + shown.encode("ascii") + b"\n"
        elif len(value) < 256:
            out += b"U" + bytes([len(value)]) + value
        else:
            out += b"T" + struct.pack("<i", len(value)) + value

    def bytes(self, value):
        out, protocol = self.out, self.protocol
        if isinstance(value, bytearray):
            if protocol >= 5:
                out += b"\x96" + struct.pack("<Q", len(value)) + value
            else:
                self.save(Call("reduce", Name("builtins", "bytearray"), Seq("tuple", [Atom(bytes(value))])))
        elif protocol < 3:
            # As CPython writes bytes for Python 2.
            latin = Seq("tuple", [Atom(value.decode("latin-1")), Atom("latin1")])
            self.save(Call("reduce", Name("_codecs", "encode"), latin))
        elif len(value) < 256:
            out += b"C" + bytes([len(value)]) + value
        else:
            out += b"B" + struct.pack("<I", len(value)) + value

    def name(self, node):
        module, name = node.module, node.name
        if self.protocol >= 4 and not self.style.is_odd(0.03):
            self.save(self.part(module))
            self.save(self.part(name))
            self.out += b"\x93"
            return
        if self.protocol < 3:
            if (module, name) in _compat_pickle.REVERSE_NAME_MAPPING:
                module, name = _compat_pickle.REVERSE_NAME_MAPPING[module, name]
            else:
                module = _compat_pickle.REVERSE_IMPORT_MAPPING.get(module, module)
        self.out += b"c%s\n%s\n" % (module.encode(), name.encode())

    def part(self, value):
        """A module or a name: one text for all that say the same."""
        return self.parts.setdefault(value, Atom(value))

    def seq(self, node):
        out, protocol = self.out, self.protocol
        kind, items = node.kind, node.items
        if kind == "tuple":
            self.tuple(node)
        elif kind == "list":
            if protocol == 0 or self.style.is_odd(0.05):
                # `(l`, then one `a` for each.
                out += b"(l"
                self.memoize(node)
                for item in items:
                    self.save(item)
                    out += b"a"
            else:
                out += b"]"
                self.memoize(node)
                self.batch(items, b"e", b"a")
        elif kind == "set":
            if protocol < 4:
                out_of = Seq("tuple", [Seq("list", items)])
                self.save(Call("reduce", Name("builtins", "set"), out_of))
                self.memoize(node)
            else:
                out += b"\x8f"
                self.memoize(node)
                self.batch(items, b"\x90", None)
        elif protocol < 4:
            self.save(Call("reduce", Name("builtins", "frozenset"), Seq("tuple", [Seq("list", items)])))
            self.memoize(node)
        else:
            out += b"("
            for item in items:
                self.save(item)
            out += b"\x91"
            self.memoize(node)

    def tuple(self, node):
        out, items = self.out, node.items
        if not items:
            out += b")" if self.protocol >= 1 else b"(t"
            return
        if self.protocol >= 2 and len(items) <= 3 and not self.style.is_odd(0.03):
            for item in items:
                self.save(item)
            code = (b"\x85", b"\x86", b"\x87")[len(items) - 1]
        else:
            out += b"("
            for item in items:
                self.save(item)
            code = b"t"
        if id(node) in self.memo:
            raise CannotWrite
        out += code
        self.memoize(node)

    def batch(self, items, many, one):
        """Items by `APPENDS` and its like, a thousand at a time."""
        out = self.out
        for begin in range(0, len(items), 1000):
            some = items[begin : begin + 1000]
            if len(some) == 1 and one is not None:
                self.save_item(some[0])
                out += one
            else:
                out += b"("
                for item in some:
                    self.save_item(item)
                out += many

    def save_item(self, item):
        if type(item) is tuple:
            self.save(item[0])
            self.save(item[1])
        else:
            self.save(item)

    def dict(self, node):
        out = self.out
        if self.protocol == 0 or self.style.is_odd(0.05):
            out += b"(d"
            self.memoize(node)
            for pair in node.pairs:
                self.save_item(pair)
                out += b"s"
        else:
            out += b"}"
            self.memoize(node)
            self.batch(node.pairs, b"u", b"s")

    def call(self, node):
        out, how = self.out, node.how
        if how == "newobj" and self.protocol < 2:
            self.call_like_protocol_0(node)
        elif how == "inst" and isinstance(node.callable, Name) and isinstance(node.args, Seq):
            out += b"("
            for item in node.args.items:
                self.save(item)
            out += b"i%s\n%s\n" % (node.callable.module.encode(), node.callable.name.encode())
        elif how == "obj" and isinstance(node.args, Seq):
            out += b"("
            self.save(node.callable)
            for item in node.args.items:
                self.save(item)
            out += b"o"
        else:
            self.save(node.callable)
            self.save(node.args)
            if how == "newobj_ex" and node.kwargs is not None:
                self.save(node.kwargs)
                out += b"\x92"
            else:
                out += b"\x81" if how == "newobj" else b"R"
        if id(node) in self.memo:
            raise CannotWrite
        self.memoize(node)
        for what, value in node.changes:
            if what == "build":
                self.save(value)
                out += b"b"
            elif what == "setitems":
                self.batch(value, b"u", b"s")
            elif what == "additems":
                self.batch(value, b"\x90", None)
            else:
                self.batch(value, b"e", b"a")
        if node.payload is not None:
            self.payload(node.payload)

    def call_like_protocol_0(self, node):
        items = node.args.items if isinstance(node.args, Seq) else [node.args]
        self.save(Name("copyreg", "__newobj__"))
        self.save(Seq("tuple", [node.callable, *items]))
        self.out += b"R"

    def payload(self, payload):
        if payload[0] == "pickle":
            inner = Writer(Style(min(self.protocol, 4) if self.protocol >= 2 else 2), self.start + len(self.out))
            inner.open, inner.left = self.open, self.left
            self.out += inner.write(payload[1], is_framed=False)
            return
        _, data, is_aligned = payload
        if is_aligned:
            padding = 16 - (self.start + len(self.out) + 1) % 16
            self.out += bytes([padding]) + b"\xff" * padding
        self.out += data


def emit(root, style=None, is_framed=True, start=0):
    """The pickle of a tree."""
    return Writer(style or Style(), start).write(root, is_framed)
