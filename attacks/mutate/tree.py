"""A pickle as a tree that can be changed: what it says, without making any of it.

`read` follows the opcodes of a file that CPython or joblib wrote and returns nodes. Nodes that a pickle refers to twice
are one node, so sharing and cycles survive.
"""

import io
import pickletools

ARRAY_WRAPPER = "NumpyArrayWrapper"


class Node:
    """Anything a pickle makes."""

    __slots__ = ()


class Python2String(bytes):
    """What Python 2 wrote as `str`: text to Python 3, or bytes where the loader asks for them."""


class Atom(Node):
    """None, a bool, an int, a float, a str, bytes or a bytearray."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"Atom({self.value!r:.60})"


class Name(Node):
    """A global: `module.name`, which the unpickler imports."""

    __slots__ = ("module", "name")

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __repr__(self):
        return f"Name({self.module}.{self.name})"


class Computed(Node):
    """A global by `STACK_GLOBAL` whose module and name are nodes of their own."""

    __slots__ = ("module", "name")

    def __init__(self, module, name):
        self.module, self.name = module, name


class Seq(Node):
    """A tuple, list, set or frozenset."""

    __slots__ = ("kind", "items")

    def __init__(self, kind, items):
        self.kind, self.items = kind, items

    def __repr__(self):
        return f"Seq({self.kind}, {len(self.items)})"


class Dict(Node):
    """A dict as pairs in the order of the file, repeated keys included."""

    __slots__ = ("pairs",)

    def __init__(self, pairs):
        self.pairs = pairs

    def __repr__(self):
        return f"Dict({[key for key, _ in self.pairs][:4]})"


class Call(Node):
    """A call, and what is done to its result afterwards.

    `how` is `reduce`, `newobj`, `newobj_ex`, `inst` or `obj`. `changes` are pairs: `("build", state)`,
    `("append", items)`, `("setitems", pairs)`, `("additems", items)`. `payload` is what joblib puts after its array
    wrapper: `("raw", bytes, is_aligned)` or `("pickle", node)`.
    """

    __slots__ = ("how", "callable", "args", "kwargs", "changes", "payload")

    def __init__(self, how, callable, args, kwargs=None, changes=None, payload=None):
        self.how, self.callable, self.args, self.kwargs = how, callable, args, kwargs
        self.changes, self.payload = changes or [], payload

    def __repr__(self):
        return f"Call({self.how}, {self.callable!r})"


class Persistent(Node):
    """`PERSID` or `BINPERSID`."""

    __slots__ = ("id",)

    def __init__(self, id):
        self.id = id


class Buffer(Node):
    """`NEXT_BUFFER`, and `READONLY_BUFFER` after it where `readonly`."""

    __slots__ = ("readonly",)

    def __init__(self, readonly=False):
        self.readonly = readonly


class Unreadable(Exception):
    """The file uses something that this reader does not follow."""


def text(value):
    return Atom(value)


def tuple_of(*items):
    return Seq("tuple", list(items))


def object_of(module, name, state=None):
    """An empty instance of a class, given a state."""
    return Call("newobj", Name(module, name), tuple_of(), changes=[] if state is None else [("build", state)])


def namespace(**attributes):
    return object_of("types", "SimpleNamespace", dict_of(attributes))


def dict_of(values):
    return Dict([(Atom(key), value) for key, value in values.items()])


def read(data, dtype_of=None):
    """The tree of one pickle. `dtype_of` makes the dtype of a node, for the arrays of joblib."""
    return Reader(io.BytesIO(data), dtype_of).read()


_MARK = object()

_ATOMS = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
}
_VALUES = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 "
    "BYTEARRAY8 UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8 FLOAT BINFLOAT".split()
)


class Reader:
    def __init__(self, file, dtype_of):
        self.file, self.dtype_of = file, dtype_of
        self.stack, self.memo = [], {}

    def read(self):
        for opcode, argument, _ in pickletools.genops(self.file):
            name = opcode.name
            if name == "STOP":
                return self.stack.pop()
            if name in _VALUES:
                if opcode.name in ("STRING", "BINSTRING", "SHORT_BINSTRING") and isinstance(argument, str):
                    argument = Python2String(argument.encode("latin-1"))
                self.stack.append(Atom(argument))
                continue
            step = getattr(self, "op_" + name.lower(), None)
            if step is None:
                raise Unreadable(name)
            step(argument)
        raise Unreadable("no STOP")

    def pop_mark(self):
        index = len(self.stack) - 1
        while self.stack[index] is not _MARK:
            index -= 1
        items = self.stack[index + 1 :]
        del self.stack[index:]
        return items

    def push(self, node):
        self.stack.append(node)

    # One method for each opcode.

    def op_proto(self, _):
        pass

    def op_frame(self, _):
        pass

    def op_mark(self, _):
        self.push(_MARK)

    def op_pop(self, _):
        self.stack.pop()

    def op_none(self, _):
        self.push(Atom(None))

    def op_newtrue(self, _):
        self.push(Atom(True))

    def op_newfalse(self, _):
        self.push(Atom(False))

    def op_memoize(self, _):
        self.memo[len(self.memo)] = self.stack[-1]

    def op_put(self, index):
        self.memo[int(index)] = self.stack[-1]

    op_binput = op_long_binput = op_put

    def op_get(self, index):
        self.push(self.memo[int(index)])

    op_binget = op_long_binget = op_get

    def op_empty_tuple(self, _):
        self.push(tuple_of())

    def op_tuple(self, _):
        self.push(Seq("tuple", self.pop_mark()))

    def op_tuple1(self, _):
        self.push(tuple_of(self.stack.pop()))

    def op_tuple2(self, _):
        last, first = self.stack.pop(), self.stack.pop()
        self.push(tuple_of(first, last))

    def op_tuple3(self, _):
        items = self.stack[-3:]
        del self.stack[-3:]
        self.push(Seq("tuple", items))

    def op_empty_list(self, _):
        self.push(Seq("list", []))

    def op_list(self, _):
        self.push(Seq("list", self.pop_mark()))

    def op_append(self, _):
        item = self.stack.pop()
        self.extend([item])

    def op_appends(self, _):
        self.extend(self.pop_mark())

    def extend(self, items):
        target = self.stack[-1]
        if isinstance(target, Seq):
            target.items.extend(items)
        else:
            target.changes.append(("append", items))

    def op_empty_set(self, _):
        self.push(Seq("set", []))

    def op_additems(self, _):
        items = self.pop_mark()
        target = self.stack[-1]
        if isinstance(target, Seq):
            target.items.extend(items)
        else:
            target.changes.append(("additems", items))

    def op_frozenset(self, _):
        self.push(Seq("frozenset", self.pop_mark()))

    def op_empty_dict(self, _):
        self.push(Dict([]))

    def op_dict(self, _):
        items = self.pop_mark()
        self.push(Dict(list(zip(items[::2], items[1::2]))))

    def op_setitem(self, _):
        value, key = self.stack.pop(), self.stack.pop()
        self.update([(key, value)])

    def op_setitems(self, _):
        items = self.pop_mark()
        self.update(list(zip(items[::2], items[1::2])))

    def update(self, pairs):
        target = self.stack[-1]
        if isinstance(target, Dict):
            target.pairs.extend(pairs)
        else:
            target.changes.append(("setitems", pairs))

    def op_global(self, argument):
        module, name = argument.split(" ", 1)
        self.push(named(module, name))

    def op_stack_global(self, _):
        name, module = self.stack.pop(), self.stack.pop()
        self.push(Name(module.value, name.value))

    def op_reduce(self, _):
        args, function = self.stack.pop(), self.stack.pop()
        self.push(Call("reduce", function, args))

    def op_newobj(self, _):
        args, kind = self.stack.pop(), self.stack.pop()
        self.push(Call("newobj", kind, args))

    def op_newobj_ex(self, _):
        kwargs, args, kind = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self.push(Call("newobj_ex", kind, args, kwargs))

    def op_inst(self, argument):
        module, name = argument.split(" ", 1)
        self.push(Call("inst", named(module, name), Seq("tuple", self.pop_mark())))

    def op_obj(self, _):
        kind, *items = self.pop_mark()
        self.push(Call("obj", kind, Seq("tuple", items)))

    def op_binpersid(self, _):
        self.push(Persistent(self.stack.pop()))

    def op_persid(self, argument):
        self.push(Persistent(Atom(argument)))

    def op_next_buffer(self, _):
        self.push(Buffer())

    def op_readonly_buffer(self, _):
        self.stack[-1].readonly = True

    def op_build(self, _):
        state = self.stack.pop()
        target = self.stack[-1]
        if not isinstance(target, Call):
            raise Unreadable("BUILD on " + type(target).__name__)
        target.changes.append(("build", state))
        if isinstance(target.callable, Name) and target.callable.name == "_reconstructor":
            kind = target.args.items[0]
        else:
            kind = target.callable
        if self.dtype_of and isinstance(kind, Name) and kind.name == ARRAY_WRAPPER:
            target.payload = self.payload(state)

    def payload(self, state):
        """What follows joblib's wrapper of an array."""
        attributes = {
            key.value.decode() if isinstance(key.value, Python2String) else key.value: value
            for key, value in state.pairs
        }
        dtype = self.dtype_of(attributes["dtype"])
        if dtype.hasobject:
            inner = Reader(self.file, self.dtype_of)
            return ("pickle", inner.read())
        is_aligned = "numpy_array_alignment_bytes" in attributes
        if is_aligned:
            self.file.read(self.file.read(1)[0])
        size = dtype.itemsize
        for length in attributes["shape"].items:
            size *= length.value
        return ("raw", self.file.read(size), is_aligned)


def named(module, name):
    """A name of a protocol before 3, in Python 3's words."""
    import _compat_pickle

    if (module, name) in _compat_pickle.NAME_MAPPING:
        return Name(*_compat_pickle.NAME_MAPPING[module, name])
    return Name(_compat_pickle.IMPORT_MAPPING.get(module, module), name)


def shown(node):
    """A node in a word or two."""
    if isinstance(node, Atom):
        return f"{node.value!r:.40}"
    if isinstance(node, Name):
        return f"{node.module}.{node.name}"
    if isinstance(node, Call):
        return f"{shown(node.callable)}(…)"
    return type(node).__name__ + (f"[{node.kind}]" if isinstance(node, Seq) else "")


def text_of(key):
    """What a key is that is a string, also one of Python 2; None for all others."""
    value = key.value if isinstance(key, Atom) else None
    if isinstance(value, Python2String):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None


def children(node):
    """The places of a node: setters' keys and what is there."""
    if isinstance(node, Seq):
        for index, item in enumerate(node.items):
            yield ("items", index), item
    elif isinstance(node, Dict):
        for index, (key, value) in enumerate(node.pairs):
            yield ("key", index), key
            yield ("value", index), value
    elif isinstance(node, Call):
        yield ("callable",), node.callable
        yield ("args",), node.args
        if node.kwargs is not None:
            yield ("kwargs",), node.kwargs
        for index, (what, value) in enumerate(node.changes):
            if what == "build":
                yield ("state", index), value
            elif what == "setitems":
                for place, (key, item) in enumerate(value):
                    yield ("setitems", index, place, 0), key
                    yield ("setitems", index, place, 1), item
            else:
                for place, item in enumerate(value):
                    yield ("appended", index, place), item
        if node.payload and node.payload[0] == "pickle":
            yield ("payload",), node.payload[1]
    elif isinstance(node, Persistent):
        yield ("id",), node.id


class Edits:
    """Changes to trees that are taken back afterwards: copying a tree for each mutation would take most of the time."""

    def __init__(self):
        self.done = []

    def set(self, node, field, value):
        self.done.append((node, field, getattr(node, field)))
        setattr(node, field, value)

    def put(self, node, place, value, path=()):
        """Puts `value` at a place of `children`, whose attributes are `path`.

        Returns the path of what it replaced: an edit before may have moved the attributes of an object.
        """
        field = place[0]
        if field == "items":
            items = list(node.items)
            items[place[1]] = value
            self.set(node, "items", items)
        elif field in ("key", "value"):
            pairs = list(node.pairs)
            key, old = pairs[place[1]]
            pairs[place[1]] = (value, old) if field == "key" else (key, value)
            self.set(node, "pairs", pairs)
            if field == "value" and text_of(key) is not None:
                return (*path[:-1], text_of(key))
        elif field == "state":
            changes = list(node.changes)
            changes[place[1]] = ("build", value)
            self.set(node, "changes", changes)
        elif field in ("setitems", "appended"):
            changes = list(node.changes)
            what, items = changes[place[1]]
            items = list(items)
            if field == "setitems":
                pair = list(items[place[2]])
                pair[place[3]] = value
                items[place[2]] = tuple(pair)
            else:
                items[place[2]] = value
            changes[place[1]] = (what, items)
            self.set(node, "changes", changes)
        elif field == "payload":
            self.set(node, "payload", ("pickle", value))
        else:
            self.set(node, field, value)
        return path

    def undo(self):
        while self.done:
            node, field, old = self.done.pop()
            setattr(node, field, old)
