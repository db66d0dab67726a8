"""Zips that Python's ``zipfile`` reads otherwise than others do: each hides what ``bad`` holds from who looks elsewhere."""

import binascii
import struct
import zlib


def entry(name, content, **other):
    """What the directory and the entry's own header say; ``other`` changes the directory, ``own_…`` the header."""
    packed = other.pop("packed", content)
    fields = {
        "name": name.encode() if isinstance(name, str) else name, "method": 0, "flags": 0, "sum": binascii.crc32(content), "packed": len(packed),
        "size": len(content), "extra": b"", "needs": 20, "disk": 0, "before": b"", "after": b"", "at": 0,
    }
    own = {key[4:]: other.pop(key) for key in list(other) if key.startswith("own_")}
    fields.update(other)
    return {**fields, "data": packed, "own": {**{key: fields[key] for key in ("name", "method", "flags", "sum", "packed", "size")}, "extra": b"", **own}}


def built(entries, comment=b"", prefix=b"", wide=None, count=None, behind=b"", shift=0):
    """The archive of some entries. ``wide`` makes the 64-bit record of the count, length and place of the directory."""
    out = bytearray(prefix)
    for one in entries:
        out += one["before"]
        one["place"] = len(out)
        own = one["own"]
        out += b"PK\x03\x04" + struct.pack(
            "<5H3L2H", one["needs"], own["flags"], own["method"], 0, 0x21, own["sum"], own["packed"], own["size"], len(own["name"]), len(own["extra"]))
        out += own["name"] + own["extra"] + one["data"] + one["after"]
    start = len(out)
    for one in entries:
        out += b"PK\x01\x02" + struct.pack(
            "<6H3L5H2L", 20, one["needs"], one["flags"], one["method"], 0, 0x21, one["sum"], one["packed"], one["size"], len(one["name"]),
            len(one["extra"]), 0, one["disk"], 0, 0, one["place"] + one["at"] + shift)
        out += one["name"] + one["extra"]
    size = len(out) - start
    start += shift
    count = len(entries) if count is None else count
    if wide:
        out += wide(count, size, start, len(out))
    return bytes(out) + end(count, size, start, comment) + behind


def end(count, size, start, comment=b""):
    return b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, size, start, len(comment)) + comment


def record64(count, size, start, place):
    record = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, count, count, size, start)
    return record + b"PK\x06\x07" + struct.pack("<LQL", 0, place, 1)


def extra(kind, content):
    return struct.pack("<HH", kind, len(content)) + content


def moved(archive, by):
    """An archive whose places are of a file in which it does not begin at the first byte."""
    archive = bytearray(archive)
    at = archive.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack("<H2L", archive[at + 10:at + 20])
    archive[at + 16:at + 20] = struct.pack("<L", start + by)
    place = start
    for _ in range(count):
        local, = struct.unpack("<L", archive[place + 42:place + 46])
        archive[place + 42:place + 46] = struct.pack("<L", local + by)
        place += 46 + sum(struct.unpack("<3H", archive[place + 28:place + 34]))
    return bytes(archive)


def archives(good, bad, name="x.npy"):
    """The archives, by what they are about: ``good`` is what a reader of other records sees, where there is one."""
    two = [entry("a/" + name, good), entry(name, bad)]
    deflated = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = deflated.compress(bad) + deflated.flush()
    unicode = struct.pack("<BL", 1, binascii.crc32(b"note.txt")) + name.encode()
    inner = built([entry(name, bad)])
    rows = {
        "end-in-comment": built([entry(name, good)], comment=b"x" + moved(inner, len(built([entry(name, good)])) + 1)),
        "end-behind": built([entry(name, bad)], behind=b"behind"),
        "comment-short": built([entry(name, bad)])[:-2] + b"\x05\0" + b"123",
        "wide-in-place-of": built([entry(name, good)])[:-22],
        "count-less": built(two, count=1),
        "count-more": built([entry(name, bad)], count=2),
        "prefix": built([entry(name, bad)], prefix=b"PK\x03\x04" + bytes(26)),
        "places-from-prefix": bytes(4) + built([entry(name, bad)]),
        "name-nul": built([entry(name + "\0.txt", bad)]),
        "name-backslash": built([entry("a\\" + name, bad)]),
        "name-absolute": built([entry("/" + name, bad)]),
        "name-up": built([entry("../" + name, bad)]),
        "name-drive": built([entry("C:" + name, bad)]),
        "name-empty": built([entry("", bad), entry(name, good)]),
        "name-twice": built([entry(name, good), entry(name, bad)]),
        "name-differs": built([entry(name, bad, own_name=b"y" + name.encode()[1:])]),
        "name-unicode": built([entry("note.txt", bad, extra=extra(0x7075, unicode)), entry("1.txt", good)]),
        "name-unicode-same": built([entry("é.npy", bad, extra=extra(0x7075, struct.pack("<BL", 1, binascii.crc32("é.npy".encode())) + "é.npy".encode()))]),
        "name-utf8-flag": built([entry("é" + name, bad, flags=0x800, own_flags=0)]),
        "extra-cut": built([entry(name, bad, extra=b"\x01\x00\xff\x00abc")]),
        "extra-wide-twice": built([entry(name, bad, size=0xFFFFFFFF, extra=extra(1, struct.pack("<Q", len(bad))) + extra(1, bytes(8)))]),
        "extra-wide-odd": built([entry(name, bad, extra=extra(1, bytes(12)))]),
        "method-differs": built([entry(name, bad, method=8, packed=deflated, own_method=0)]),
        "method-unknown": built([entry(name, bad, method=19, own_method=19)]),
        "size-differs": built([entry(name, bad, own_size=1)]),
        "size-short": built([entry(name, bad, method=8, packed=deflated, size=len(bad) - 1, sum=binascii.crc32(bad[:-1]))]),
        "size-stored": built([entry(name, bad, size=len(bad) - 1)]),
        "sum-differs": built([entry(name, bad, sum=1, own_sum=1)]),
        "sum-own": built([entry(name, bad, own_sum=1)]),
        "packed-tail": built([entry(name, bad, method=8, packed=deflated + b"tail")]),
        "streams": built([entry(name, bad, method=8, packed=deflated + deflated, size=2 * len(bad))]),
        "encrypted": built([entry(name, bad, flags=1)]),
        "encrypted-own": built([entry(name, bad, own_flags=1)]),
        "patched": built([entry(name, bad, flags=0x20)]),
        "needs-more": built([entry(name, bad, needs=64)]),
        "volume": built([entry(name, bad, disk=1)]),
        "gap": built([entry("y" + name, good, after=built([entry(name, bad)])), entry("z" + name, good)]),
        "overlap": built([entry("y" + name, good), {**entry(name, bad), "at": -3}]),
        "folder": built([entry(name + "/", bad)]),
        "descriptor-wrong": built([entry(name, bad, flags=8, after=b"PK\x07\x08" + struct.pack("<3L", 1, 2, 3))]),
    }
    bad_wide = built([entry(name, bad)])
    hidden = len(bad_wide)

    def elsewhere(count, size, start, place):
        """A 64-bit record that names another directory, the 32-bit one being whole."""
        return record64(1, 46 + len(name), hidden - 22 - 46 - len(name), place)

    rows["wide-elsewhere"] = built([entry(name, good)], prefix=bad_wide[:-22], wide=elsewhere)
    rows["wide-in-comment"] = built([entry(name, good)], comment=record64(1, 46 + len(name), 0, 0) + end(1, 46 + len(name), 0))
    rows["wide-place"] = built([entry(name, bad)], wide=lambda *place: record64(*place).replace(b"PK\x06\x07\0\0\0\0", b"PK\x06\x07\0\0\0\0", 1)[:-12] + struct.pack("<QL", 0, 1))
    rows["wide-long"] = built([entry(name, bad)], wide=lambda *place: record64(*place)[:4] + struct.pack("<Q", 60) + record64(*place)[12:])
    return rows


def honest(content, name="x.npy"):
    """Archives that are unusual, and that everybody reads alike."""
    deflated = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = deflated.compress(content) + deflated.flush()
    both = struct.pack("<QQ", len(content), len(content))
    sums = struct.pack("<3L", binascii.crc32(content), len(content), len(content))
    later = {"flags": 8, "own_sum": 0, "own_packed": 0, "own_size": 0}
    named = "é.npy".encode()
    return {
        "plain": built([entry(name, content)]),
        "comment": built([entry(name, content)], comment=b"a comment"),
        "wide": built([entry(name, content)], wide=record64),
        "deflated": built([entry(name, content, method=8, packed=deflated)]),
        "wide-sizes": built([entry(name, content, own_size=0xFFFFFFFF, own_packed=0xFFFFFFFF, own_extra=extra(1, both))]),
        "descriptor": built([entry(name, content, after=b"PK\x07\x08" + sums, **later)]),
        "descriptor-bare": built([entry(name, content, after=sums, **later)]),
        "utf8": built([entry(named, content, flags=0x800)]),
        "cp437": built([entry(named, content)]),
        "folder": built([entry("a/", b""), entry("a/" + name, content)]),
        "times": built([entry(name, content, extra=extra(0x5455, bytes(5)), own_extra=extra(0x5455, bytes(9)))]),
    }
