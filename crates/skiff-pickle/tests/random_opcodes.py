"""Random pickles by their opcodes: programs that mind the stack, and mutations of pickles."""

import pickletools
import struct

BY_NAME = {opcode.name: opcode for opcode in pickletools.opcodes}

TEXTS = ["", "a", "A1", "key", "é", "\u20ac", "\U0001f600", "x" * 300, "\n", "\\", "os.path", "a.b.c"]
NAMES = ["a", "builtins", "copy_reg", "numpy", "sklearn.svm", "a.b", "é", ""]
INTEGERS = ["0", "1", "-1", "00", "01", "7", "255", "65536", "-70000", "2147483648", "123456789012345678901234567890",
            "0x10", " 5", "1_0", "+3", "1.5", "", "1L", "0L", "-0"]
FLOATS = ["0.0", "-0.0", "1.5", "1e300", "1e400", "nan", "-inf", "inf", "Infinity", "1_0.5", " 2.5 ", "0x1p3", "", ".5", "5."]
STRINGS = ["''", "'a'", '"b"', r"'\x41\n'", r"'\''", '"it\'s"', "'", "a", "'a\"", r"'\xzz'", r"'\101\q'", " 'a' ", "'é'"]
LINES = ["", "a", "\\u20ac", "\\U0001f600", "\\ud800", "\\u00", "é", "\\n", "\\", "\\\\u0041", "x\r"]


def _counted(form, data):
    return struct.pack(form, len(data)) + data


def _argument(rng, name):
    """The bytes of a random argument of a kind that `pickletools` knows."""
    if name == "uint1":
        return bytes([rng.choice([0, 1, 2, 3, 4, 5, 7, 255])])
    if name == "uint2":
        return struct.pack("<H", rng.choice([0, 1, 256, 65535]))
    if name == "int4":
        return struct.pack("<i", rng.choice([0, 1, -1, 7, 70_000, 2**31 - 1, -(2**31)]))
    if name == "uint4":
        return struct.pack("<I", rng.choice([0, 1, 2, 300, 5000]))
    if name == "uint8":
        return struct.pack("<Q", rng.choice([0, 1, 5, 40, 2**40]))
    if name == "float8":
        return struct.pack(">d", rng.choice([0.0, -0.0, 1.5, float("nan"), float("inf"), 5e-324]))
    if name in ("string1", "bytes1"):
        return _counted("<B", rng.choice([b"", b"a", b"bytes\xff", b"x" * 255]))
    if name in ("bytes4",):
        return _counted("<I", rng.choice([b"", b"a", b"bytes\xff", b"x" * 300]))
    if name == "string4":
        return _counted("<i", rng.choice([b"", b"a", b"bytes\xff", b"x" * 300]))
    if name in ("bytes8", "bytearray8"):
        return _counted("<Q", rng.choice([b"", b"a", b"bytes\xff", b"x" * 300]))
    if name in ("unicodestring1", "unicodestring4", "unicodestring8"):
        text = rng.choice(TEXTS).encode()
        if rng.random() < 0.05:
            text = rng.choice([b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"])
        form = {"1": "<B", "4": "<I", "8": "<Q"}[name[-1]]
        return _counted(form, text[:255] if form == "<B" and len(text) > 255 else text)
    if name in ("decimalnl_short", "decimalnl_long"):
        text = rng.choice(INTEGERS)
        return (text + ("L" if name == "decimalnl_long" and rng.random() < 0.6 else "")).encode() + b"\n"
    if name == "floatnl":
        return rng.choice(FLOATS).encode() + b"\n"
    if name == "stringnl":
        return rng.choice(STRINGS).encode() + b"\n"
    if name == "unicodestringnl":
        return rng.choice(LINES).encode() + b"\n"
    if name == "stringnl_noescape":
        return rng.choice(["id", "", "A", "7"]).encode() + b"\n"
    if name == "stringnl_noescape_pair":
        return rng.choice(NAMES).encode() + b"\n" + rng.choice(NAMES).encode() + b"\n"
    if name == "long1":
        return _counted("<B", rng.choice([b"", b"\x00", b"\x7f", b"\xff", b"\xff\x00", b"\x00" * 9, b"\x01" * 9, b"\xff" * 20]))
    if name == "long4":
        return _counted("<i", rng.choice([b"", b"\x80", b"\x01" * 9, b"\xff" * 300]))
    raise AssertionError(name)


def instruction(rng, name, argument=None):
    opcode = BY_NAME[name]
    if argument is None:
        argument = _argument(rng, opcode.arg.name) if opcode.arg is not None else b""
    return opcode.code.encode("latin-1") + argument


PUSHES = [
    "NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES",
    "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "NEXT_BUFFER", "PERSID",
]


def program(rng):
    """A pickle of random opcodes, most of which find on the stack what they need."""
    out = []
    if rng.random() < 0.7:
        out.append(instruction(rng, "PROTO", bytes([rng.choice([0, 1, 2, 3, 4, 4, 5, 5])])))
    stack, memo = [], []

    def emit(name, argument=None):
        out.append(instruction(rng, name, argument))

    def run(since):
        """The values above the last mark."""
        return stack[since:]

    for _ in range(rng.choice([3, 8, 20, 60])):
        marks = [place for place, kind in enumerate(stack) if kind == "mark"]
        fence = marks[-1] + 1 if marks else 0
        above = stack[fence:]
        top = above[-1] if above else None
        choices = ["push", "push", "empty", "global"]
        if len(stack) < 40:
            choices.append("mark")
        if above:
            choices += ["put", "dup", "tuple1", "pop", "binpersid"]
        if len(above) >= 2:
            choices += ["tuple2", "item", "item", "build", "reduce", "stack_global"]
        if len(above) >= 3:
            choices += ["tuple3", "setitem"]
        if memo:
            choices += ["get", "get"]
        if marks:
            choices += ["collect", "collect", "collect"]
        if top == "buffer":
            choices.append("readonly")
        choice = rng.choice(choices)
        if choice == "push":
            name = rng.choice(PUSHES)
            emit(name)
            kind = "str" if "UNI" in name else "buffer" if name == "NEXT_BUFFER" else "atom"
            stack.append(kind)
        elif choice == "empty":
            kind = rng.choice(["tuple", "list", "dict", "set"])
            emit("EMPTY_" + kind.upper())
            stack.append(kind)
        elif choice == "global":
            if rng.random() < 0.1:
                emit("EXT1" if rng.random() < 0.6 else rng.choice(["EXT2", "EXT4"]), None)
            else:
                emit("GLOBAL")
            stack.append("class")
        elif choice == "mark":
            emit("MARK")
            stack.append("mark")
        elif choice == "put":
            name = rng.choice(["PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"])
            place = rng.choice([len(memo), rng.randrange(20)])
            if name == "PUT":
                emit(name, b"%d\n" % place)
            elif name == "MEMOIZE":
                emit(name)
                place = len({key for key, _ in memo})
            else:
                emit(name, bytes([place]) if name == "BINPUT" else struct.pack("<I", place))
            memo.append((place, top))
        elif choice == "get":
            place, kind = rng.choice(memo)
            name = rng.choice(["GET", "BINGET", "LONG_BINGET"])
            emit(name, b"%d\n" % place if name == "GET" else bytes([place & 255]) if name == "BINGET" else struct.pack("<I", place))
            stack.append(kind)
        elif choice == "dup":
            emit("DUP")
            stack.append(top)
        elif choice == "pop":
            emit("POP")
            stack.pop()
        elif choice == "binpersid":
            emit("BINPERSID")
            stack[-1] = "object"
        elif choice in ("tuple1", "tuple2", "tuple3"):
            emit(choice.upper())
            del stack[-int(choice[-1]):]
            stack.append("tuple")
        elif choice == "item":
            if above[-2] in ("list", "object", "class") or rng.random() < 0.05:
                emit("APPEND")
                stack.pop()
        elif choice == "setitem":
            if above[-3] in ("dict", "object", "class") or rng.random() < 0.05:
                emit("SETITEM")
                del stack[-2:]
        elif choice == "build":
            if above[-2] in ("object", "class") or rng.random() < 0.1:
                emit("BUILD")
                stack.pop()
        elif choice == "reduce":
            if (above[-2] in ("object", "class") and above[-1] == "tuple") or rng.random() < 0.05:
                emit(rng.choice(["REDUCE", "NEWOBJ"]) if above[-2] == "class" else "REDUCE")
                del stack[-2:]
                stack.append("object")
        elif choice == "stack_global":
            if above[-2:] == ["str", "str"]:
                emit("STACK_GLOBAL")
                del stack[-2:]
                stack.append("class")
        elif choice == "readonly":
            emit("READONLY_BUFFER")
        elif choice == "collect":
            target = stack[marks[-1] - 1] if marks[-1] else None
            names = ["TUPLE", "LIST", "FROZENSET", "POP_MARK", "INST"]
            if above and above[0] == "class":
                names += ["OBJ", "OBJ", "OBJ"]
            if len(above) % 2 == 0:
                names += ["DICT"]
                if target in ("dict", "object", "class"):
                    names += ["SETITEMS"] * 4
            if target in ("list", "object", "class"):
                names += ["APPENDS"] * 4
            if target in ("set", "object"):
                names += ["ADDITEMS"] * 4
            name = rng.choice(names)
            emit(name)
            del stack[marks[-1]:]
            kinds = {"TUPLE": "tuple", "LIST": "list", "DICT": "dict", "FROZENSET": "atom", "INST": "object", "OBJ": "object"}
            if name in kinds:
                stack.append(kinds[name])
        if rng.random() < 0.01:
            emit(rng.choice(sorted(BY_NAME)))
    # Values below a remaining mark cannot be reached: one value on top is enough.
    if not stack or stack[-1] == "mark":
        emit("NONE")
    if rng.random() < 0.5:
        emit("MARK")
        emit("TUPLE")
        emit("TUPLE2")
    return b"".join(out) + b"."


def mutated(rng, data):
    """The pickle with an opcode more, less or other, or with other bytes."""
    try:
        places = [place for _, _, place in pickletools.genops(data)] + [len(data)]
    except Exception:
        places = list(range(len(data) + 1))
    for _ in range(rng.choice([1, 1, 2, 4])):
        choice = rng.randrange(9)
        index = rng.randrange(max(len(places) - 1, 1))
        start, end = places[index], places[min(index + 1, len(places) - 1)]
        if choice <= 1:
            data = data[:start] + instruction(rng, rng.choice(sorted(BY_NAME))) + data[start:]
        elif choice == 2:
            data = data[:start] + data[end:]
        elif choice == 3:
            data = data[:end] + data[start:end] + data[end:]
        elif choice == 4:
            data = data[:start] + instruction(rng, rng.choice(sorted(BY_NAME))) + data[end:]
        elif choice == 5:
            other = rng.randrange(max(len(places) - 1, 1))
            piece = data[places[other]:places[min(other + 1, len(places) - 1)]]
            data = data[:start] + piece + data[start:]
        elif choice == 6 and data:
            place = rng.randrange(len(data))
            data = data[:place] + bytes([rng.choice([0, 255, rng.randrange(256)])]) + data[place + 1:]
        elif choice == 7 and data:
            place = rng.randrange(len(data))
            data = data[:place] + data[place + 1:]
        else:
            data = data[:start]
    return data
