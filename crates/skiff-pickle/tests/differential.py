"""Compares CPython and skiff on random pickles: `python differential.py [COUNT] [SEED]`.

Values pickled by all protocols and both of CPython's picklers, programs of random opcodes, and mutations of both. What
`pickletools` decodes, skiff decodes into the same opcodes; what both of CPython's unpicklers accept, skiff accepts, and
its graph, put into CPython's own containers, is the same object graph. What skiff accepts and CPython refuses is
listed by kind, and fails when its kind is new. Nothing is imported: `find_class` gives classes that write down what is
done to them.
"""

import collections
import copyreg
import functools
import io
import itertools
import json
import os
import pickle
import pickletools
import random
import re
import resource
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from cross_check import random_value  # noqa: E402
from random_opcodes import mutated, program  # noqa: E402

# Why skiff refuses what both of CPython's unpicklers accept, by the beginning of its message.
OURS = {
    "`STACK_GLOBAL` expected a text": "a module or a name with a lone surrogate, which cannot be imported",
    "`READONLY_BUFFER` expected a buffer, found a bytearray": "a view of a value in the pickle: graphs have no word for it",
}

# Why CPython refuses what skiff accepts, by the beginnings of its words. Most is only known when things are made, which
# skiff does not do: it reads the content of such a pickle.
THEIRS = {
    "ValueError: unregistered extension code": "the registry belongs to the process, not to the pickle",
    "UnpicklingError: pickle data was truncated": "the unpickler in C takes an empty line for the end",
    "UnicodeDecodeError: ": "INST takes ASCII names only, GLOBAL takes UTF-8",
    "OverflowError: value too large to convert to float": "the unpickler in C refuses 1e400, float() does not",
    "MemoryError: ": "a large number in the memo is memory to CPython",
    "TypeError: unhashable type": "a key or an item of a set",
    "TypeError: argument list must be a tuple": "REDUCE",
    "TypeError: … object is not callable": "REDUCE",
    "TypeError: keywords must be strings": "NEWOBJ_EX",
    "UnpicklingError: NEWOBJ": "what is called is no class, or its arguments are no tuple",
    "UnpicklingError: state is not a dictionary": "BUILD on what is no object",
    "UnpicklingError: slot state is not a dictionary": "BUILD on what is no object",
    "AttributeError: … object has no attribute": "BUILD on what is no object",
    "TypeError: … object cannot be interpreted as an integer": "APPEND to a bytearray",
    "TypeError: list indices must be integers": "SETITEM on a list",
    "TypeError: bytearray indices must be integers": "SETITEM on a bytearray",
    "IndexError: ": "SETITEM on a list or a bytearray",
    "ValueError: byte must be in range": "APPEND to a bytearray",
    "TypeError: can't set bytearray slice": "SETITEM on a bytearray",
}


MOST_MEMORY = 512 << 20
NO_LIMIT = resource.getrlimit(resource.RLIMIT_AS)


# Replacements of classes and their instances.


class Method:
    """A method that writes down what it is called with, for objects and for classes alike."""

    def __init__(self, write):
        self.write = write

    def __get__(self, instance, owner):
        target = owner if instance is None else instance
        return lambda *items: self.write(target, *items)


def note(target, kind, items):
    """Adds to the last change of the same kind, as runs of `APPENDS` add to one list."""
    done = changes(target)
    if kind != "build" and done and done[-1][0] == kind:
        done[-1][1].extend(items)
    elif items:
        done.append((kind, items))


def changes(target):
    """What was done to a class, or to what one has made."""
    return target.done if isinstance(target, type) else target.changes


class Meta(type):
    def __call__(cls, *arguments, **keywords):
        return made("call", cls, arguments, keywords)

    def __setitem__(cls, key, value):
        note(cls, "setitems", [key, value])


class Made(metaclass=Meta):
    """What a call would have made."""

    __slots__ = ("make", "changes")

    def __new__(cls, *arguments, **keywords):
        return made("new", cls, arguments, keywords)

    def __call__(self, *arguments, **keywords):
        return made("call", self, arguments, keywords)

    def __setitem__(self, key, value):
        note(self, "setitems", [key, value])

    append = Method(lambda target, item: note(target, "append", [item]))
    extend = Method(lambda target, items: note(target, "append", list(items)))
    add = Method(lambda target, item: note(target, "add", [item]))
    __setstate__ = Method(lambda target, state: note(target, "build", [state]))


def made(how, what, arguments=(), keywords=None):
    result = object.__new__(what if how == "new" else Made)
    result.make = (how, what, tuple(arguments), dict(keywords or {}))
    result.changes = []
    return result


def named(module, name):
    return type.__new__(Meta, "stub", (Made,), {"__slots__": (), "module": module, "name": name, "done": []})


def buffer(index):
    return bytearray(b"buffer %d" % index)


class Inert:
    """What both unpicklers have in common here."""

    def find_class(self, module, name):
        return named(module, name)

    def persistent_load(self, key):
        return made("persistent", key)


class InC(Inert, pickle.Unpickler):
    pass


class InPython(Inert, pickle._Unpickler):
    pass


EXTENSIONS = (1, 7, 255, 256, 70_000)


def load(unpickler, data):
    """What an unpickler makes of a pickle, or its exception."""
    copyreg.clear_extension_cache()
    try:
        return unpickler(io.BytesIO(data), encoding="bytes", buffers=map(buffer, itertools.count())).load(), None
    except RecursionError:
        raise
    except Exception as error:
        return None, error


# skiff's graph in the same words.


class Late(Exception):
    pass


def build(graph):
    """The objects that a graph of `examples/describe.rs` describes."""
    nodes, built, waiting = graph["nodes"], {}, set()
    todo = [graph["root"]]
    while todo:
        at = todo[-1]
        if at in built:
            todo.pop()
            continue
        kind, content, _ = nodes[at]
        # What cannot be made before its parts are.
        first = []
        if kind in ("tuple", "frozenset"):
            first = content
        elif kind == "persistent":
            first = [content]
        elif kind == "object":
            how, callable, arguments, keywords = content
            pairs = nodes[keywords][1] if keywords is not None else []
            first = [callable, arguments, *itertools.chain.from_iterable(pairs)]
        missing = [part for part in first if part not in built]
        if missing and at in waiting:
            # Keywords that were changed after the call: the graph has the dict as it is in the end.
            raise Late
        if missing:
            waiting.add(at)
            todo.extend(missing)
            continue
        if kind == "list":
            built[at] = []
        elif kind == "dict":
            built[at] = {}
        elif kind == "set":
            built[at] = set()
        elif kind in ("tuple", "frozenset"):
            built[at] = {"tuple": tuple, "frozenset": frozenset}[kind](built[item] for item in content)
        elif kind == "persistent":
            built[at] = made("persistent", built[content])
        elif kind == "object":
            if how in ("inst", "obj"):
                # Without arguments a class is not called, only made.
                how = "reduce" if nodes[arguments][1] or not isinstance(built[callable], type) else "newobj"
            keywords = {built[key]: built[value] for key, value in pairs}
            built[at] = made("call" if how == "reduce" else "new", built[callable], built[arguments], keywords)
        else:
            built[at] = atom(kind, content)
        todo.extend(part for part in parts(nodes[at]) if part not in built)
    for at, value in built.items():
        fill(value, nodes[at], built)
    return built[graph["root"]]


def atom(kind, content):
    if kind == "none":
        return None
    if kind == "bool":
        return bool(content)
    if kind == "int":
        return int(content)
    if kind == "long":
        return int.from_bytes(bytes.fromhex(content), "little", signed=True)
    if kind == "float":
        return struct.unpack(">d", bytes.fromhex(content))[0]
    if kind == "str":
        return bytes.fromhex(content).decode("utf-8", "surrogatepass")
    if kind in ("bytes", "bytestr"):
        return bytes.fromhex(content)
    if kind == "bytearray":
        return bytearray.fromhex(content)
    if kind == "global":
        return named(*(bytes.fromhex(part).decode("utf-8", "surrogatepass") for part in content))
    if kind == "extension":
        return named("extension", str(content))
    if kind == "buffer":
        index, readonly = content
        return memoryview(buffer(index)).toreadonly() if readonly else buffer(index)
    raise AssertionError(kind)


def parts(node):
    """The places that a node refers to."""
    kind, content, changes = node
    if kind in ("list", "set"):
        yield from content
    elif kind == "dict":
        yield from itertools.chain.from_iterable(content)
    for change, items in changes:
        if change == "build":
            yield items
        elif change == "setitems":
            yield from itertools.chain.from_iterable(items)
        else:
            yield from items


def fill(value, node, built):
    """Puts into a container what it holds, and does to a node what was done to it."""
    kind, content, changes = node
    if kind == "list":
        value.extend(built[item] for item in content)
    elif kind == "dict":
        for key, item in content:
            value[built[key]] = built[item]
    elif kind == "set":
        value.update(built[item] for item in content)
    for change, items in changes:
        if change == "build":
            if hasattr(value, "__setstate__"):
                value.__setstate__(built[items])
            else:
                # On what has no attributes `BUILD` of nothing does nothing.
                assert not built[items] or built[items] == (None, None), "BUILD of %s" % kind
        elif change == "setitems":
            for key, item in items:
                value[built[key]] = built[item]
        elif change == "append":
            value.extend([built[item] for item in items])
        else:
            for item in items:
                value.add(built[item])


def difference(one, other):
    """How two object graphs differ, in values, types, sharing or cycles; `None` if they do not."""
    forth, back, seen = {}, {}, set()
    todo = [(one, other)]
    while todo:
        a, b = todo.pop()
        if type(a) is not type(b) and not (isinstance(a, type) and isinstance(b, type)) and not (
            isinstance(a, Made) and isinstance(b, Made)
        ):
            return "%s, and %s" % (show(a), show(b))
        if a is None or type(a) in (bool, int, str, bytes):
            if a != b:
                return "%s, and %s" % (show(a), show(b))
            continue
        if type(a) is float:
            if struct.pack(">d", a) != struct.pack(">d", b):
                return "%r, and %r" % (a, b)
            continue
        if type(a) in (tuple, frozenset) and not a and not b:
            continue
        # What the registry of extensions knows is one object for each code.
        shared = isinstance(a, type) and a.module == "extension"
        if not shared:
            if forth.setdefault(id(a), id(b)) != id(b) or back.setdefault(id(b), id(a)) != id(a):
                return "%s is shared otherwise" % show(a)
        if (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        if type(a) in (list, tuple):
            if len(a) != len(b):
                return "%d items, and %d" % (len(a), len(b))
            todo.extend(zip(a, b))
        elif type(a) is dict:
            if len(a) != len(b):
                return "%d keys, and %d" % (len(a), len(b))
            todo.extend(zip(a, b))
            todo.extend(zip(a.values(), b.values()))
        elif type(a) in (set, frozenset):
            # Items that have an identity come in any order; how many they are is compared.
            plain = lambda items: sorted(repr(item) for item in items if type(item) in (bool, int, str, bytes, float))
            if len(a) != len(b) or plain(a) != plain(b):
                return "other items in a set"
        elif type(a) in (bytearray, memoryview):
            if bytes(a) != bytes(b) or type(a) is memoryview and a.readonly != b.readonly:
                return "%s, and %s" % (show(a), show(b))
        elif isinstance(a, type):
            if (a.module, a.name) != (b.module, b.name):
                return "%s, and %s" % (show(a), show(b))
        else:
            (how, what, arguments, keywords), (b_how, b_what, b_arguments, b_keywords) = a.make, b.make
            if how != b_how or len(arguments) != len(b_arguments) or list(keywords) != list(b_keywords):
                return "%s otherwise" % show(a)
            todo.append((what, b_what))
            todo.extend(zip(arguments, b_arguments))
            todo.extend(zip(keywords.values(), b_keywords.values()))
        if isinstance(a, (type, Made)):
            kinds = [[(kind, len(items)) for kind, items in changes(value)] for value in (a, b)]
            if kinds[0] != kinds[1]:
                return "changes %s, and %s" % tuple(kinds)
            for (_, a_items), (_, b_items) in zip(changes(a), changes(b)):
                todo.extend(zip(a_items, b_items))
    return None


def show(value):
    if isinstance(value, type):
        return "the class %s.%s" % (value.module, value.name)
    if isinstance(value, Made):
        return "what a %s made" % value.make[0]
    return repr(value)[:80]


# Pickles.


class WithIds(pickle._Pickler):
    """Writes some strings as persistent ids."""

    def persistent_id(self, value):
        return value if type(value) is str and value.startswith("A") else None


def sample(rng):
    """A pickle: regular, of random opcodes, or a mutation."""
    choice = rng.randrange(10)
    if choice < 5:
        data = pickled(rng)
        return data if choice == 0 else mutated(rng, data)
    data = program(rng)
    return data if choice < 8 else mutated(rng, data)


def pickled(rng):
    value = [random_value(rng, [], rng.randrange(6)) for _ in range(rng.randrange(1, 4))]
    protocol = rng.randrange(6)
    try:
        if rng.random() < 0.3:
            file = io.BytesIO()
            WithIds(file, protocol).dump(value)
            data = file.getvalue()
        else:
            data = rng.choice([pickle.dumps, pickle._dumps])(value, protocol)
    except (RecursionError, pickle.PicklingError, UnicodeEncodeError):
        return pickle.dumps(None, protocol)
    return data if len(data) < 20_000 else pickle.dumps([], protocol)


def ask_skiff(samples):
    """The output of `examples/describe.rs` for each."""
    data = b"".join(struct.pack("<I", len(sample)) + sample for sample in samples)
    command = ["cargo", "run", "-q", "-p", "skiff-pickle", "--example", "describe"]
    # Whoever compiles it may take more.
    freely = functools.partial(resource.setrlimit, resource.RLIMIT_AS, NO_LIMIT)
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True, cwd=HERE, preexec_fn=freely)
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(samples), (len(lines), len(samples))
    return map(json.loads, lines)


def opcodes(data):
    """What `pickletools` sees, or nothing where it refuses."""
    try:
        seen = [[place, opcode.name] for opcode, _, place in pickletools.genops(data)]
    except Exception:
        return None
    return seen if frames_hold_whole_opcodes(data, [place for place, _ in seen]) else None


def frames_hold_whole_opcodes(data, places):
    """What `pickletools` does not check: frames end with the bytes, and no opcode stands in two."""
    end = 0
    for place in places:
        if data[place : place + 1] == b"\x95":
            if place < end:
                return False
            end = place + 9 + struct.unpack("<Q", data[place + 1 : place + 9])[0]
            last = places[-1] + 1
            if end > len(data) or end < last and end not in places:
                return False
    return True


def kind(error):
    """The kind of an exception: its words without what is of this pickle alone."""
    words = re.sub(r"0x[0-9a-f]+|b?'[^']*'|b?\"[^\"]*\"|-?\d+|\\x..", "…", str(error))
    return "%s: %s" % (type(error).__name__, words[:100])


def known(text, kinds):
    return next((start for start in kinds if text.startswith(start)), None)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    # A place in the memo is memory to CPython: let it fail instead of taking the machine down.
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, NO_LIMIT[1]))
    sys.setrecursionlimit(20_000)
    for code in EXTENSIONS:
        copyreg.add_extension("extension", str(code), code)
    wrong, numbers = [], collections.Counter()
    refused, accepted = collections.Counter(), collections.Counter()
    for start in range(0, count, 20_000):
        rng = random.Random("%d %d" % (seed, start))
        samples = [sample(rng) for _ in range(min(20_000, count - start))]
        for data, said in zip(samples, ask_skiff(samples)):
            what = judge(data, said, numbers, refused, accepted)
            if what:
                wrong.append("%s\n    %r" % (what, data[:2000]))
    for title, kinds in (("refused by skiff alone", refused), ("accepted by skiff alone", accepted)):
        print("%s:" % title)
        for what, times in kinds.most_common():
            print("  %6d  %s" % (times, what))
    print(dict(numbers))
    print("\n".join(wrong[:20]))
    assert not wrong, "%d of %d pickles" % (len(wrong), count)
    assert numbers["the same"] > count / 6, numbers
    assert numbers["refused by all"] > count / 20, numbers


def judge(data, said, numbers, refused, accepted):
    """What is wrong with what skiff said, or `None`."""
    seen = opcodes(data)
    if seen is not None and said["undecoded"]:
        if not known(said["undecoded"], OURS):
            return "pickletools decodes it, skiff says: %s" % said["undecoded"]
        refused["decoding: " + known(said["undecoded"], OURS)] += 1
    elif seen is not None and seen != said["opcodes"]:
        return "pickletools sees other opcodes"
    (in_c, c_error), (in_python, python_error) = load(InC, data), load(InPython, data)
    if c_error is None and python_error is None:
        if "error" in said:
            refused[said["error"]] += 1
            return None if known(said["error"], OURS) else "CPython accepts it, skiff says: %s" % said["error"]
        what = difference(in_c, in_python)
        if what:
            # CPython is of two minds, and skiff cannot agree with both.
            numbers["CPython differs from itself"] += 1
            return None
        try:
            what = difference(in_c, build(said))
        except Late:
            numbers["keywords changed after the call"] += 1
            return None
        numbers["the same"] += 1
        return what and "CPython has %s" % what
    if "error" in said:
        numbers["refused by all" if c_error and python_error else "accepted by one of CPython's"] += 1
        return None
    if c_error is None or python_error is None:
        numbers["accepted by one of CPython's and skiff"] += 1
        return None
    accepted[kind(c_error)] += 1
    return None if known(kind(c_error), THEIRS) else "skiff accepts it, CPython says: %s" % kind(c_error)


if __name__ == "__main__":
    main()
