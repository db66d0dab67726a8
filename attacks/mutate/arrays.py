"""Changes to arrays: their dtypes, shapes and elements, and joblib's wrappers around them."""

import struct

from palette import FLOATS, NUMBERS, TEXTS
from tree import Atom, Dict, Seq, dict_of, shown, tuple_of


def numbers_in_bytes(self, subject):
    """An element of an array becomes an extreme number."""
    random = self.random
    places = [
        place
        for place in random.choices(subject.places, k=20)
        if isinstance(place[2], Atom) and isinstance(place[2].value, bytes) and len(place[2].value) >= 4
    ]
    raws = [call for call in subject.raws if call.payload[0] == "raw"]
    if raws and (not places or random.random() < 0.5):
        call = random.choice(raws)
        _, data, is_aligned = call.payload
        data, what = with_number(random, data)
        self.edits.set(call, "payload", ("raw", data, is_aligned))
        return what, ()
    if not places:
        return None
    node, place, old, path = places[0]
    data, what = with_number(random, old.value)
    path = self.edits.put(node, place, Atom(data), path)
    return what, path


def with_number(random, data):
    form, size = random.choice([("<i", 4), ("<q", 8), ("<d", 8), ("<f", 4), ("<B", 1), ("<q", 8), ("<i", 4)])
    if len(data) < size:
        return data, "nothing"
    if form in "<d<f":
        number = random.choice(
            [value for value in FLOATS if abs(value) < 1e38 or value != value or abs(value) == float("inf")]
        )
    elif form == "<B":
        number = random.getrandbits(8)
    else:
        limit = 2 ** (size * 8 - 1)
        number = random.choice([value for value in NUMBERS if -limit <= value < limit])
    offset = random.randrange(len(data) // size) * size
    return data[:offset] + struct.pack(form, number) + data[offset + size :], f"{form}[{offset}] = {number}"


def dtype_state(self, subject):
    random = self.random
    if not subject.dtypes:
        return None
    call = random.choice(subject.dtypes)
    states = [
        (index, state) for index, (what, state) in enumerate(call.changes) if what == "build" and isinstance(state, Seq)
    ]
    if states and random.random() < 0.7:
        index, state = states[0]
        items = list(state.items)
        place = random.randrange(len(items))
        items[place] = random.choice(
            [
                Atom(random.choice(NUMBERS)),
                Atom(random.choice(["<", ">", "=", "|", "O", ""])),
                Atom(None),
                tuple_of(Atom("a"), Atom("b")),
                dict_of({"a": tuple_of(call, Atom(0))}),
                tuple_of(call, tuple_of(Atom(2))),
                self.palette.value(),
            ]
        )
        changes = list(call.changes)
        changes[index] = ("build", Seq("tuple", items))
        self.edits.set(call, "changes", changes)
        return f"dtype[{place}] = {shown(items[place])}", ("dtype",)
    if isinstance(call.args, Seq):
        self.edits.set(call, "args", tuple_of(Atom(random.choice(TEXTS[:20])), *call.args.items[1:]))
    return f"dtype {shown(call.args.items[0])}" if isinstance(call.args, Seq) and call.args.items else "dtype", (
        "dtype",
    )


def array_state(self, subject):
    random = self.random
    if not subject.arrays:
        return None
    call = random.choice(subject.arrays)
    states = [
        (index, state) for index, (what, state) in enumerate(call.changes) if what == "build" and isinstance(state, Seq)
    ]
    if not states:
        return None
    index, state = states[0]
    items = list(state.items)
    place = random.randrange(len(items)) if items else 0
    shape = Seq("tuple", [Atom(random.choice([*NUMBERS, 1, 2, 4, 24])) for _ in range(random.randint(0, 3))])
    others = [donor for donor in subject.dtypes if random.random() < 0.5]
    if items:
        items[place] = random.choice([shape, self.palette.value(), Atom(random.choice(NUMBERS)), *others[:2], shape])
    changes = list(call.changes)
    changes[index] = ("build", Seq("tuple", items))
    self.edits.set(call, "changes", changes)
    return f"array[{place}] = {shown(items[place]) if items else ''}", ("array",)


def wrapper(self, subject):
    """joblib's array wrapper and the bytes after it."""
    random = self.random
    if not subject.raws:
        return None
    call = random.choice(subject.raws)
    payload = call.payload
    draw = random.random()
    if draw < 0.3 and payload[0] == "raw":
        data = payload[1]
        new = random.choice(
            [
                data[:-1],
                data + b"\0",
                data[:-8],
                data + data,
                b"",
                b"\x80\x04cos\ngetpid\n)R.",
                b"cposix\ngetpid\n)R." + data,
            ]
        )
        self.edits.set(call, "payload", ("raw", new, payload[2]))
        return "other bytes", ()
    if draw < 0.4 and payload[0] == "raw":
        self.edits.set(call, "payload", ("pickle", self.palette.value()))
        return "a pickle in place of numbers", ()
    if draw < 0.5 and payload[0] == "pickle":
        self.edits.set(call, "payload", ("raw", b"\0" * random.choice([0, 8, 64]), True))
        return "bytes in place of a pickle", ()
    _, state = self.state_of(call)
    if state is None:
        return None
    if draw < 0.75:
        pairs = list(state.pairs)
        index = random.randrange(len(pairs))
        key = pairs[index][0]
        pairs[index] = (key, self.palette.value() if random.random() < 0.5 else self.palette.atom())
        self.edits.set(state, "pairs", pairs)
        return f"wrapper.{shown(key)} = {shown(pairs[index][1])}", ()
    name = random.choice(
        [
            "read",
            "read_array",
            "read_mmap",
            "safe_get_numpy_array_alignment_bytes",
            "write_array",
            "__class__",
            "shape",
            "dtype",
        ]
    )
    value = self.palette.callable()
    self.edits.set(state, "pairs", [*state.pairs, (Atom(name), value)])
    return f"wrapper.{name} = {shown(value)}", (name,)
