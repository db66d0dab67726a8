"""Changes to a tree, each of which an attacker might make. A mutation returns words for what it did, or None."""

from arrays import array_state, dtype_state, numbers_in_bytes, wrapper
from palette import FLOATS, NUMBERS, PROTOCOL, TEXTS
from tree import Atom, Call, Computed, Dict, Edits, Name, Persistent, Seq, children, dict_of, namespace, shown, text_of, tuple_of


class Subject:
    """A seed's tree with what can be changed in it."""

    def __init__(self, root):
        self.root = root
        #: Every place: the node, the key of `children`, what is there, and the attributes on the way.
        self.places = []
        self.calls, self.dicts, self.seqs, self.dtypes, self.arrays, self.raws = [], [], [], [], [], []
        self.walk()

    def walk(self):
        seen = {id(self.root)}
        queue = [(self.root, ())]
        while queue:
            node, path = queue.pop()
            self.sort(node, path)
            for place, child in children(node):
                below = path
                if place[0] == "value":
                    key = node.pairs[place[1]][0]
                    if text_of(key) is not None:
                        below = (*path[-5:], text_of(key))
                self.places.append((node, place, child, below))
                if id(child) not in seen:
                    seen.add(id(child))
                    queue.append((child, below))

    def sort(self, node, path):
        if isinstance(node, Call):
            self.calls.append((node, path))
            name = node.callable.name if isinstance(node.callable, Name) else None
            if name == "dtype":
                self.dtypes.append(node)
            if name == "_reconstruct" and node.changes:
                self.arrays.append(node)
            if node.payload is not None:
                self.raws.append(node)
        elif isinstance(node, Dict):
            self.dicts.append((node, path))
        elif isinstance(node, Seq):
            self.seqs.append((node, path))


class Mutator:
    def __init__(self, random, palette, classes, kinds=()):
        self.random, self.palette = random, palette
        self.kinds = [kind for kind in KINDS if not kinds or kind.__name__ in kinds]
        self.weights = [weight for kind, weight in zip(KINDS, WEIGHTS) if kind in self.kinds]
        #: The names that each class has, by `module.name`.
        self.classes = classes
        self.edits = Edits()

    def mutate(self, subject, step):
        """One to three mutations: the words for them, and the attributes that they lie at. `undo` takes them back.

        `step(n)` starts the n-th, or says that it is to be left out: so each can be tried without the others.
        """
        words, paths = [], set()
        for number in range(self.random.choice([1, 1, 1, 2, 2, 3])):
            for _ in range(6 if step(number) else 0):
                kind = self.random.choices(self.kinds, self.weights)[0]
                done = kind(self, subject)
                if done is not None:
                    what, path = done
                    words.append(f"{kind.__name__} {what} at {'.'.join(path)}")
                    paths.update(path)
                    break
        return words, paths

    def undo(self):
        self.edits.undo()

    def state_of(self, call):
        """The index of a state among the changes of a call, and its dict of attributes."""
        for index, (what, value) in enumerate(call.changes):
            if what == "build":
                if isinstance(value, Dict):
                    return index, value
                if isinstance(value, Seq) and value.kind == "tuple":
                    for item in value.items:
                        if isinstance(item, Dict):
                            return index, item
        return None, None

    def name_for(self, call):
        """The name of an attribute that means something to the class of `call`."""
        kind = call.callable
        if isinstance(kind, Name) and kind.name == "_reconstructor" and isinstance(call.args, Seq) and call.args.items:
            kind = call.args.items[0]
        if isinstance(kind, Name):
            names = self.classes.get(f"{kind.module}.{kind.name}")
            if names and self.random.random() < 0.6:
                return self.random.choice(names)
        if self.random.random() < 0.3 and self.palette.strings:
            return self.random.choice(self.palette.strings)
        return self.random.choice(PROTOCOL)


def set_attribute(self, subject):
    if not subject.calls:
        return None
    call, path = self.random.choice(subject.calls)
    index, state = self.state_of(call)
    name, value = self.name_for(call), self.palette.value() if self.random.random() < 0.6 else self.palette.callable()
    pair = (Atom(name), value)
    if state is None:
        self.edits.set(call, "changes", [*call.changes, ("build", Dict([pair]))])
    else:
        pairs = [old for old in state.pairs if not (isinstance(old[0], Atom) and old[0].value == name)]
        pairs.insert(self.random.randint(0, len(pairs)), pair)
        self.edits.set(state, "pairs", pairs)
    return f"{shown(call)}.{name} = {shown(value)}", (*path, name)


def replace_value(self, subject):
    places = [
        place
        for place in self.random.choices(subject.places, k=4)
        if place[1][0] in ("value", "items", "setitems", "appended")
    ]
    if not places:
        return None
    node, place, old, path = places[0]
    value = self.palette.value()
    path = self.edits.put(node, place, value, path)
    return f"{shown(old)} -> {shown(value)}", path


def replace_anything(self, subject):
    node, place, old, path = self.random.choice(subject.places)
    value = self.palette.value()
    path = self.edits.put(node, place, value, path)
    return f"{place[0]} {shown(old)} -> {shown(value)}", path


def change_atom(self, subject):
    random = self.random
    places = [place for place in random.choices(subject.places, k=8) if isinstance(place[2], Atom)]
    if not places:
        return None
    node, place, old, path = places[0]
    value = old.value
    if isinstance(value, bool) or value is None:
        new = random.choice([True, False, None, 0, 1, -1, "auto", 1.0])
    elif isinstance(value, int):
        new = random.choice([*NUMBERS, value + 1, value - 1, -value, value * 2, float(value), str(value), True])
    elif isinstance(value, float):
        new = random.choice([*FLOATS, 1, -1, None, value * 1e9])
    elif isinstance(value, str):
        new = random.choice(
            [*TEXTS, *random.choices(self.palette.strings, k=20), value + "\0", value.encode(), value.upper()]
        )
    else:
        new = bytearray(value)
        for _ in range(random.randint(1, 4)):
            if new:
                new[random.randrange(len(new))] = random.choice([0, 1, 127, 128, 255, random.getrandbits(8)])
        cut = random.random()
        new = bytes(new) if cut < 0.7 else bytes(new[: random.randint(0, len(new))]) if cut < 0.9 else bytes(new) * 2
    path = self.edits.put(node, place, Atom(new), path)
    return f"{shown(old)} -> {new!r:.40}", path


def change_name(self, subject):
    places = [place for place in self.random.choices(subject.places, k=12) if isinstance(place[2], Name)]
    if not places:
        return None
    node, place, old, path = places[0]
    name = self.palette.name()
    if self.random.random() < 0.15:
        # What a name cannot be, or another spelling of it.
        name = self.random.choice(
            [
                Computed(Atom(name.module), Atom(name.name)),
                Name(name.module, name.name + ".__call__"),
                Name(old.module, old.name + "." + self.random.choice(PROTOCOL)),
                Name(old.module.rsplit(".", 1)[0], old.name),
                Name(old.module, self.random.choice(self.palette.allowed)[1]),
            ]
        )
    path = self.edits.put(node, place, name, path)
    return f"{shown(old)} -> {shown(name)}", path


def swap_states(self, subject):
    calls = (
        [(call, path) for call, path in self.random.choices(subject.calls, k=6) if call.changes]
        if subject.calls
        else []
    )
    if not calls:
        return None
    call, path = calls[0]
    donor = self.palette.donors(Call)
    others = [other for other, _ in calls[1:] if other is not call]
    other = donor if donor is not None and (self.random.random() < 0.5 or not others) else others[0] if others else None
    if other is None:
        return None
    changes = other.changes
    self.edits.set(call, "changes", list(changes))
    return f"{shown(call)} with the state of {shown(other)}", path


def state_form(self, subject):
    """The same state as another kind of value."""
    random = self.random
    calls = (
        [
            (call, path)
            for call, path in random.choices(subject.calls, k=6)
            if any(what == "build" for what, _ in call.changes)
        ]
        if subject.calls
        else []
    )
    if not calls:
        return None
    call, path = calls[0]
    index = next(index for index, (what, _) in enumerate(call.changes) if what == "build")
    state = call.changes[index][1]
    pairs = state.pairs if isinstance(state, Dict) else []
    form = random.randrange(11)
    if form == 0:
        new = tuple_of(state, Atom(None))
    elif form == 1:
        new = tuple_of(Atom(None), state)
    elif form == 2:
        new = tuple_of(Dict([]), state)
    elif form == 3:
        new = Call("reduce", Name("collections", "OrderedDict"), tuple_of(), changes=[("setitems", pairs)])
    elif form == 4:
        new = Call("newobj", Name("types", "SimpleNamespace"), tuple_of(), changes=[("build", state)])
    elif form == 5:
        new = Seq("list", [tuple_of(key, value) for key, value in pairs])
    elif form == 6:
        new = Seq("tuple", [item for pair in pairs for item in pair])
    elif form == 7:
        new = namespace(**{random.choice(PROTOCOL): self.palette.callable() for _ in range(2)})
    elif form == 8:
        new = tuple_of(state, dict_of({self.name_for(call): self.palette.callable()}))
    elif form == 9:
        new = Atom(None)
    else:
        new = self.palette.value()
    changes = list(call.changes)
    changes[index] = ("build", new)
    self.edits.set(call, "changes", changes)
    return f"{shown(call)}: form {form}", path


def more_changes(self, subject):
    """What no pickler writes: a second state, items for what is no container."""
    random = self.random
    if not subject.calls:
        return None
    call, path = random.choice(subject.calls)
    extra = random.choice(
        [
            ("build", self.palette.value()),
            ("build", dict_of({self.name_for(call): self.palette.callable()})),
            ("append", [self.palette.value() for _ in range(random.randint(1, 2))]),
            ("setitems", [(self.palette.atom(), self.palette.value())]),
            ("setitems", [(Atom(self.name_for(call)), self.palette.callable())]),
            ("additems", [self.palette.atom()]),
            ("build", tuple_of(self.palette.value(), self.palette.value())),
        ]
    )
    changes = list(call.changes)
    changes.insert(random.randint(0, len(changes)), extra)
    self.edits.set(call, "changes", changes)
    return f"{shown(call)}: {extra[0]}", path


def arguments(self, subject):
    """Other arguments for a call."""
    random = self.random
    if not subject.calls:
        return None
    call, path = random.choice(subject.calls)
    if not isinstance(call.args, Seq):
        return None
    items = list(call.args.items)
    draw = random.random()
    if items and draw < 0.6:
        items[random.randrange(len(items))] = self.palette.value()
    elif items and draw < 0.7:
        items.pop(random.randrange(len(items)))
    else:
        items.insert(random.randint(0, len(items)), self.palette.value())
    self.edits.set(call, "args", Seq(random.choice(["tuple", "tuple", "tuple", "list"]), items))
    return shown(call), path


def how_called(self, subject):
    if not subject.calls:
        return None
    call, path = self.random.choice(subject.calls)
    how = self.random.choice(["reduce", "newobj", "newobj_ex", "inst", "obj"])
    if how == "newobj_ex":
        self.edits.set(
            call,
            "kwargs",
            self.random.choice([Dict([]), dict_of({"pyfunc": self.palette.callable()}), self.palette.value()]),
        )
    self.edits.set(call, "how", how)
    return f"{shown(call)} by {how}", path


def container(self, subject):
    """Another container with the same items."""
    random = self.random
    if not subject.seqs and not subject.dicts:
        return None
    places = [place for place in random.choices(subject.places, k=8) if isinstance(place[2], (Seq, Dict))]
    if not places:
        return None
    node, place, old, path = places[0]
    items = old.items if isinstance(old, Seq) else [item for pair in old.pairs for item in pair]
    pairs = list(zip(items[::2], items[1::2]))
    new = random.choice(
        [
            Seq("tuple", items),
            Seq("list", items),
            Seq("set", items),
            Dict(pairs),
            Call("reduce", Name("collections", "OrderedDict"), tuple_of(), changes=[("setitems", pairs)]),
            Call(
                "reduce", Name("collections", "OrderedDict"), tuple_of(Seq("list", [tuple_of(*pair) for pair in pairs]))
            ),
            Call("reduce", Name("collections", "deque"), tuple_of(Seq("list", items))),
            Call("reduce", Name("collections", "Counter"), tuple_of(Dict(pairs))),
            Call("reduce", Name("builtins", "list"), tuple_of(Seq("tuple", items))),
            Call("newobj", Name("sklearn.utils._bunch", "Bunch"), tuple_of(), changes=[("setitems", pairs)]),
            Seq("tuple", [old]),
            Seq("list", [old, old]),
        ]
    )
    path = self.edits.put(node, place, new, path)
    return f"{shown(old)} -> {shown(new)}", path


def repeated_key(self, subject):
    random = self.random
    dicts = [(node, path) for node, path in random.choices(subject.dicts, k=5) if node.pairs] if subject.dicts else []
    if not dicts:
        return None
    node, path = dicts[0]
    key, old = random.choice(node.pairs)
    value = self.palette.value()
    twin = key
    if isinstance(key, Atom):
        if isinstance(key.value, str):
            scalar_dtype = Call(
                "reduce", Name("numpy", "dtype"), tuple_of(Atom(f"U{max(1, len(key.value))}"), Atom(False), Atom(True))
            )
            twin = random.choice(
                [
                    Atom(key.value),
                    Atom(key.value),
                    Call(
                        "reduce",
                        Name("numpy._core.multiarray", "scalar"),
                        tuple_of(scalar_dtype, Atom(key.value.encode("utf-32-le", "replace"))),
                    ),
                    Call("reduce", Name("builtins", "str"), tuple_of(key)),
                ]
            )
        elif isinstance(key.value, (int, float)):
            twin = Atom(
                random.choice(
                    [
                        float(key.value),
                        int(key.value) if key.value == key.value and abs(key.value) < 1e300 else 0,
                        bool(key.value),
                    ]
                )
            )
    pairs = list(node.pairs)
    pairs.insert(random.randint(0, len(pairs)), (twin, value))
    if random.random() < 0.3:
        # Two that are equal, and of an own kind: what counts them and what keeps them differ.
        pairs.append((twin, old))
    self.edits.set(node, "pairs", pairs)
    return f"{shown(key)} again: {shown(value)}", (*path, text_of(key) or "?")


def drop_key(self, subject):
    dicts = (
        [(node, path) for node, path in self.random.choices(subject.dicts, k=5) if node.pairs] if subject.dicts else []
    )
    if not dicts:
        return None
    node, path = dicts[0]
    pairs = list(node.pairs)
    key, _ = pairs.pop(self.random.randrange(len(pairs)))
    self.edits.set(node, "pairs", pairs)
    return f"without {shown(key)}", path


def swap_values(self, subject):
    """Two values of one dict, or of two."""
    random = self.random
    dicts = [(node, path) for node, path in random.choices(subject.dicts, k=6) if node.pairs] if subject.dicts else []
    if len(dicts) < 2:
        return None
    (first, path), (second, _) = dicts[:2]
    key, _ = random.choice(first.pairs)
    _, value = random.choice(second.pairs)
    pairs = [(name, value if name is key else held) for name, held in first.pairs]
    self.edits.set(first, "pairs", pairs)
    return f"{shown(key)} = {shown(value)}", (*path, text_of(key) or "?")


def alias(self, subject):
    """A reference to another part, which may be around it."""
    node, place, old, path = self.random.choice(subject.places)
    _, _, other, _ = self.random.choice(subject.places)
    path = self.edits.put(node, place, other, path)
    return f"{shown(old)} -> {shown(other)}", path


def wrap(self, subject):
    random = self.random
    node, place, old, path = random.choice(subject.places)
    new = random.choice(
        [
            Call("reduce", Name("functools", "partial"), tuple_of(old)),
            Call("reduce", old, tuple_of()),
            Call("reduce", self.palette.name(), tuple_of(old)),
            Call("newobj", old, tuple_of()),
            namespace(**{random.choice(PROTOCOL): old}),
            Persistent(old),
            tuple_of(old, Dict([])),
            Seq("list", [old]),
        ]
    )
    path = self.edits.put(node, place, new, path)
    return f"{shown(old)} in {shown(new)}", path


def odd_key(self, subject):
    """A key that is no text."""
    random = self.random
    dicts = [(node, path) for node, path in random.choices(subject.dicts, k=5) if node.pairs] if subject.dicts else []
    if not dicts:
        return None
    node, path = dicts[0]
    pairs = list(node.pairs)
    index = random.randrange(len(pairs))
    key = self.palette.value()
    pairs[index] = (key, pairs[index][1])
    self.edits.set(node, "pairs", pairs)
    return f"key {shown(key)}", path


KINDS = [
    set_attribute,
    replace_value,
    replace_anything,
    change_atom,
    numbers_in_bytes,
    change_name,
    swap_states,
    state_form,
    more_changes,
    arguments,
    how_called,
    dtype_state,
    array_state,
    wrapper,
    container,
    repeated_key,
    drop_key,
    swap_values,
    alias,
    wrap,
    odd_key,
]
WEIGHTS = [18, 10, 5, 14, 6, 6, 3, 5, 5, 4, 1, 5, 3, 6, 4, 5, 3, 4, 3, 2, 2]
