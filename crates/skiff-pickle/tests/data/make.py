"""Writes the sample pickles next to this file: run it with Python 3.8 or later, and with Python 2.7."""

import collections
import os
import pickle
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON3 = sys.version_info[0] == 3


class Point(object):
    def __init__(self, x, y):
        self.x = x
        self.y = y


class Slots(object):
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 1
        self.b = [2]

    def __getstate__(self):
        return (None, {"a": self.a, "b": self.b})


class Words(list):
    pass


class Bag(dict):
    pass


class WithNew(object):
    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self.seen = (args, kwargs)
        return self

    def __getnewargs_ex__(self):
        return (1, 2), {"three": 3}


def values():
    yield "numbers", [
        0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -(2**31), 2**31, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1,
        2**64, 10**40, -(10**40), 2**700, 0.0, -0.0, 1.5, -2.25e-300, 1e300, float("inf"), float("-inf"), float("nan"),
        True, False, None,
    ]
    texts = [u"", u"a", u"\u00e9\u20ac", u"\U0001f600", u"line\nbreak\\ 'quotes' \"", u"\x00\x1a\r", u"x" * 260]
    if PYTHON3:
        texts.append("\udc80 alone")
    yield "texts", texts
    yield "bytes", [b"", b"abc", bytes(bytearray(range(0, 256, 5))), b"'\"\\\n", bytearray(b""), bytearray(b"xyz")]
    yield "containers", [
        (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [[]], {}, {"a": {"b": (1,)}}, [None] * 1200,
        set(), set([1, 2]), frozenset(), frozenset([3]),
    ]
    shared = ["shared", 2**70, b"shared bytes"]
    yield "shared", [shared, shared, (shared, shared), {"key": shared}]
    loop = []
    loop.append(loop)
    table = {}
    table["self"] = table
    ring = ([],)
    ring[0].append(ring)
    point = Point(1, None)
    point.y = point
    yield "cycles", [loop, table, ring, point]
    words = Words(["a", "b"])
    words.note = "state"
    bag = Bag(a=1)
    bag.note = "state"
    yield "objects", [
        Point(1, [2]), Slots(), words, bag, collections.OrderedDict([("b", 1), ("a", 2)]),
        collections.deque([1, 2], 3), complex(1, 2), WithNew(), Point, len,
    ]


def save(name, protocol, data):
    with open(os.path.join(HERE, "%s.p%d.%s.pkl" % (name, protocol, "py3" if PYTHON3 else "py2")), "wb") as file:
        file.write(data)


def main():
    # Pickled by name: the classes are looked up in `__main__`.
    highest = 5 if PYTHON3 else 2
    for name, value in values():
        for protocol in range(highest + 1):
            try:
                data = pickle.dumps(value, protocol)
            except Exception as error:
                print("no %s in protocol %d: %s" % (name, protocol, error))
                continue
            save(name, protocol, data)
    if PYTHON3:
        buffers = []
        value = [pickle.PickleBuffer(bytearray(b"writable")), pickle.PickleBuffer(b"readonly")]
        save("buffers", 5, pickle.dumps(value, 5, buffer_callback=buffers.append))
    else:
        namespace = {"__name__": "__main__"}
        exec("class Old:\n    def __init__(self, x): self.x = x\nclass Args(Old):\n"
             "    def __getinitargs__(self): return (self.x,)", namespace)
        for cls in (namespace["Old"], namespace["Args"]):
            globals()[cls.__name__] = cls
        for protocol in range(3):
            save("old_style", protocol, pickle.dumps([namespace["Old"](1), namespace["Args"](u"two")], protocol))


if __name__ == "__main__":
    main()
