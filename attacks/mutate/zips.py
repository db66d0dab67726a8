"""Writes zip archives whose records contradict each other, as readers of zip files differ in which they believe."""

import struct
import zlib

STORED, DEFLATED = 0, 8


class Entry:
    def __init__(self, name, data, method=STORED):
        self.name, self.data, self.method = name, data, method
        #: What the local header and the central directory say, where it is something else than the truth.
        self.local, self.central = {}, {}
        self.local_extra = self.central_extra = self.comment = b""


def _packed(entry):
    if entry.method == DEFLATED:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        return packer.compress(entry.data) + packer.flush()
    return entry.data


def _fields(entry, packed, said):
    name = entry.name.encode() if isinstance(entry.name, str) else entry.name
    fields = {
        "version": 20,
        "flags": 0,
        "method": entry.method,
        "time": 0,
        "date": 33,
        "crc": zlib.crc32(entry.data),
        "packed": len(packed),
        "size": len(entry.data),
        "name": name,
    }
    fields.update(said)
    return fields


def local_header(entry, packed):
    it = _fields(entry, packed, entry.local)
    head = struct.pack(
        "<4s5H3I2H",
        b"PK\3\4",
        it["version"],
        it["flags"],
        it["method"],
        it["time"],
        it["date"],
        it["crc"],
        it["packed"] & 0xFFFFFFFF,
        it["size"] & 0xFFFFFFFF,
        len(it["name"]),
        len(entry.local_extra),
    )
    return head + it["name"] + entry.local_extra


def central_header(entry, packed, offset):
    it = _fields(entry, packed, entry.central)
    head = struct.pack(
        "<4s6H3I5H2I",
        b"PK\1\2",
        20,
        it["version"],
        it["flags"],
        it["method"],
        it["time"],
        it["date"],
        it["crc"],
        it["packed"] & 0xFFFFFFFF,
        it["size"] & 0xFFFFFFFF,
        len(it["name"]),
        len(entry.central_extra),
        len(entry.comment),
        0,
        0,
        0,
        it.get("offset", offset) & 0xFFFFFFFF,
    )
    return head + it["name"] + entry.central_extra + entry.comment


def archive(entries, comment=b"", end=(), prefix=b""):
    """The bytes of an archive. `end` replaces fields of the end record by number."""
    out = bytearray(prefix)
    central = bytearray()
    for entry in entries:
        packed = _packed(entry)
        offset = len(out)
        out += local_header(entry, packed) + packed
        central += central_header(entry, packed, offset)
    begin = len(out)
    out += central
    fields = [0, 0, len(entries), len(entries), len(central), begin, len(comment)]
    for index, value in end:
        fields[index] = value
    fields = [value & (0xFFFFFFFF if index in (4, 5) else 0xFFFF) for index, value in enumerate(fields)]
    return bytes(out + struct.pack("<4s4H2IH", b"PK\5\6", *fields) + comment)


def read(data):
    """The entries of an honest archive."""
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return [Entry(info.filename, file.read(info), info.compress_type) for info in file.infolist()]


def mutated(random, entries, hostile):
    """An archive of `entries` with records that say this here and that there. `hostile` are entries of an attack by the
    same names. Returns bytes and words."""
    draw = random.randrange(16)
    entries = list(entries)
    target = random.choice(entries)
    twin = next((entry for entry in hostile if entry.name == target.name), None) or random.choice(hostile)
    if draw == 0:
        # An archive in the comment of another.
        inner = archive(hostile)
        return archive(entries, comment=inner[-65_000:]), "an archive in the comment"
    if draw == 1:
        outer = archive(entries)
        return archive(hostile, prefix=outer), "an archive after another"
    if draw == 2:
        outer = archive(hostile)
        return archive(entries, prefix=outer), "an archive before another"
    if draw == 3:
        place = random.randint(0, len(entries))
        entries.insert(place, twin)
        return archive(entries), f"`{twin.name}` twice"
    if draw == 4:
        changed = Entry(target.name, target.data, target.method)
        field = random.choice(["name", "method", "crc", "packed", "size", "flags", "version"])
        side = random.choice(["local", "central"])
        value = {
            "name": random.choice(
                [
                    b"other.npy",
                    b"schema.json",
                    b"schema.json\0",
                    b"\0",
                    target.name.encode() + b"\0x",
                    target.name.encode().upper(),
                    b"./" + target.name.encode(),
                ]
            ),
            "flags": random.choice([1, 8, 0x800, 0x20, 0x40, 0x2000, 0xFFFF]),
        }.get(field, random.choice([0, 1, 8, 12, 14, 93, 0xFFFF]))
        getattr(changed, side)[field] = value
        entries[entries.index(target)] = changed
        return archive(entries), f"{side} {field} of `{target.name}` is {value!r:.30}"
    if draw == 5:
        # Info-ZIP's name in Unicode, which some readers prefer.
        changed = Entry("x" + str(target.name), twin.data, twin.method)
        name = target.name.encode()
        changed.central_extra = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(changed.name.encode())) + name
        if random.random() < 0.5:
            changed.local_extra = changed.central_extra
        entries.insert(random.randint(0, len(entries)), changed)
        return archive(entries), "a name in an extra field"
    if draw == 6:
        # Sizes and offsets of zip64.
        changed = Entry(target.name, target.data, target.method)
        changed.central = {random.choice(["size", "packed", "offset"]): 0xFFFFFFFF}
        values = [random.choice([0, 1, len(target.data), 10**6, 2**63]) for _ in range(random.randint(1, 3))]
        extra = b"".join(struct.pack("<Q", value) for value in values)
        changed.central_extra = struct.pack("<HH", 1, random.choice([len(extra), 0, 8, 0xFFFF])) + extra
        entries[entries.index(target)] = changed
        return archive(entries), "zip64 in the central directory"
    if draw == 7:
        field = random.randrange(7)
        value = random.choice([0, 1, 2, 0xFFFF, 0xFFFFFFFF, 22, 46, 100])
        return archive(entries, end=[(field, value)]), f"end record [{field}] = {value}"
    if draw == 8:
        # A zip64 end record and its locator within the comment, or before the end record.
        whole = archive(entries)
        record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, len(hostile), len(hostile), 46, 0)
        locator = struct.pack("<4sIQI", b"PK\6\7", 0, random.choice([0, len(whole) - 22, len(whole)]), 1)
        if random.random() < 0.5:
            return whole[:-22] + record + locator + whole[-22:], "zip64 records before the end record"
        return archive(entries, comment=record + locator + whole[-22:]), "zip64 records in the comment"
    if draw == 9:
        return (
            archive(
                entries,
                prefix=random.choice([b"\x80\x04cos\ngetpid\n)R.", b"cposix\ngetpid\n(tR.", b"\x93NUMPY", b"\0" * 16]),
            ),
            "bytes before",
        )
    if draw == 10:
        return (
            archive(entries, comment=random.choice([b"PK\5\6" + b"\0" * 18, b"PK\5\6", b"x" * 70, b"PK\1\2" * 20])),
            "a comment",
        )
    if draw == 11:
        return (
            archive(entries) + random.choice([b"\0", b"\0" * 100, archive(hostile)[-80:], b"PK\5\6" + b"\0" * 18]),
            "bytes after",
        )
    if draw == 12:
        renamed = Entry(
            random.choice(
                [target.name + "\0", "/" + target.name, "../" + target.name, target.name.upper(), target.name + "/", ""]
            ),
            twin.data,
        )
        entries.insert(random.randint(0, len(entries)), renamed)
        return archive(entries), f"an entry `{renamed.name!r}`"
    if draw == 13:
        # The local header of one entry, the content of another.
        changed = Entry(target.name, target.data, target.method)
        whole = archive([*entries, twin])
        changed.central["offset"] = random.choice([0, whole.rfind(b"PK\3\4"), 1, len(whole)])
        entries[entries.index(target)] = changed
        return archive([*entries, twin]), "an offset to another entry"
    if draw == 14:
        whole = bytearray(archive(entries))
        begin = whole.rfind(b"PK\1\2")
        for _ in range(random.randint(1, 3)):
            whole[random.randrange(max(0, begin - 100), len(whole))] = random.choice([0, 1, 255, random.getrandbits(8)])
        return bytes(whole), "bytes of the central directory"
    entries.pop(entries.index(target))
    return archive(entries), f"without `{target.name}`"
