"""Attacks in containers that Python's own library does not write, and in those of other frameworks."""

import binascii
import io
import lzma
import struct
import tarfile

import zips


def number(value):
    """A number of a 7z header."""
    if value < 0x80:
        return bytes([value])
    if value < 0x4000:
        return bytes([0x80 | value >> 8, value & 0xFF])
    return b"\xff" + struct.pack("<Q", value)


def sevenz(entries, method="lzma2", packed_header=False):
    """A 7z archive with all entries in one block."""
    content = b"".join(content for _, content in entries)
    coder, packed = packed_by(method, content)
    sizes = [len(content) for _, content in entries]
    sums = b"".join(struct.pack("<I", binascii.crc32(content)) for _, content in entries)
    header = b"\x01\x04" + packed_stream(0, len(packed), coder, len(content))
    header += b"\x08\x0d" + number(len(entries))
    if len(entries) > 1:
        header += b"\x09" + b"".join(map(number, sizes[:-1]))
    header += b"\x0a\x01" + sums + b"\x00\x00"
    names = b"\x00" + b"".join(name.encode("utf-16-le") + b"\0\0" for name, _ in entries)
    header += b"\x05" + number(len(entries)) + b"\x11" + number(len(names)) + names + b"\x00\x00"
    body = packed
    if packed_header:
        coder, small = packed_by("lzma", header)
        size, body = len(header), packed + small
        header = b"\x17" + packed_stream(len(packed), len(small), coder, size) + b"\x00"
    start = struct.pack("<QQI", len(body), len(header), binascii.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", binascii.crc32(start)) + start + body + header


def packed_stream(position, packed, coder, size):
    return (
        b"\x06" + number(position) + number(1) + b"\x09" + number(packed) + b"\x00"
        + b"\x07\x0b\x01\x00" + coder + b"\x0c" + number(size) + b"\x00"
    )


def packed_by(method, content):
    """What a folder says of its coder, and the packed bytes."""
    if method == "lzma2":
        filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
        return b"\x01\x21\x21\x01\x10", lzma.compress(content, lzma.FORMAT_RAW, filters=filters)
    if method == "lzma":
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20, "lc": 3, "lp": 0, "pb": 2}]
        coder = b"\x01\x23\x03\x01\x01\x05\x5d" + struct.pack("<I", 1 << 20)
        return coder, lzma.compress(content, lzma.FORMAT_RAW, filters=filters)
    if method == "aes":
        return b"\x01\x24\x06\xf1\x07\x01\x00", content
    return b"\x01\x01\x00", content


def archives(write, zipped, tarred, bad, honest, array, honest_array):
    for method in ("stored", "lzma", "lzma2"):
        write(f"one-{method}.7z", sevenz([("model.pkl", bad)], method), f"a 7z with one entry, {method}")
    write("several.7z", sevenz([("readme.txt", b"hello"), ("clean.pkl", honest), ("a/b.bin", bad)]), "the last of three entries of a 7z")
    write("packed-header.7z", sevenz([("model.pkl", bad)], packed_header=True), "a 7z whose header is packed itself")
    write("encrypted.7z", sevenz([("model.pkl", bad)], "aes"), "a 7z that is encrypted")
    write("cut.7z", sevenz([("model.pkl", bad)])[:-20], "a 7z that is cut")
    write("zip-in-7z.7z", sevenz([("inner.zip", zipped([("model.pkl", bad)]))]), "a zip in a 7z")
    write("7z-in-tar.tar", tarred([("inner.7z", sevenz([("model.pkl", bad)]))]), "a 7z in a tar")
    config = b'{"module": "keras", "class_name": "Sequential", "config": {}}'
    parts = [("metadata.json", b'{"keras_version": "3.0"}'), ("config.json", config)]
    write("model.keras", zipped([*parts, ("assets/layer/vocabulary.pkl", bad)]), "a pickle among the assets of a Keras model")
    write("model.h5", b"\x89HDF\r\n\x1a\n" + bytes(504) + bad, "a pickle in an HDF5 file, which is not looked through")
    write("torch-script.pt", zipped([
        ("archive/data.pkl", honest), ("archive/constants.pkl", bad), ("archive/version", b"3\n"),
    ]), "the second pickle of a TorchScript zip")
    write("torch-other-name.bin", zipped([("weights/data.pkl", bad), ("weights/byteorder", b"little")]), "PyTorch's zip under another name")
    schema = b'{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [%s], "protocol": 2}'
    function = b'{"__class__": "system", "__module__": "posix", "__loader__": "FunctionNode"}'
    for name, content in zips.archives(schema % b"", schema % function, "schema.json").items():
        write(f"zip-schema-{name}.skops", content, f"a zip that readers disagree about, with a schema of skops: {name}")
    for name, content in zips.archives(honest_array, array, "x.npy").items():
        write(f"zip-array-{name}.npz", content, f"a zip that readers disagree about, with an array of objects: {name}")
    inner = zips.built([zips.entry("schema.json", schema % function)])
    write("zip-in-pickle.skops", b"\x80\x03B" + struct.pack("<L", len(inner)) + inner + b".", "a pickle that is a skops file from the end")
    write("zip-in-array.skops", honest_array[:-len(inner)] + inner if len(honest_array) > len(inner) else honest_array + inner,
          "an array that is a skops file from the end")
    for magic, name in [(b"GGUF\3\0\0\0\0" + b"0", "gguf"), (b"B\x10\0\0\0\0\0\0{" + bytes(12) + b"0", "safetensors"),
                        (b"C\x09\0\0TFL3" + bytes(3) + b"0", "tflite"), (b"CBM1" + bytes(64) + b"0", "cbm")]:
        write(f"magic.{name}", magic + TEXT, f"a pickle that begins as {name} does")
    write("broken-magic.gguf", b"GGUF\3\0\0\0\0" + b"0" + TEXT[:-1] + b"\xff", "a pickle that begins as gguf does, and breaks after its call")
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
    for size, props in [(8, (3, 0, 2)), (16, (3, 0, 2)), (12, (2, 2, 1))]:
        lc, lp, pb = props
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << max(size, 12), "lc": lc, "lp": lp, "pb": pb}]
        packed = bytearray(lzma.compress(bad, lzma.FORMAT_ALONE, filters=filters))
        packed[1:5] = struct.pack("<L", 1 << size)
        write(f"lzma-{size}-{lc}{lp}{pb}.pkl.lzma", bytes(packed), "LZMA with another dictionary and other properties than usual")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("model.pkl")
        info.size, info.pax_headers = len(honest), {"GNU.sparse.size": "1000", "GNU.sparse.map": "0,10"}
        archive.addfile(info, io.BytesIO(honest))
    write("pax-sparse.tar", out.getvalue(), "a tar whose extended header says where the content's pieces lie")
    write("behind.tar", tarred([("model.pkl", honest)]) + bad, "a pickle behind the end of a tar")


TEXT = b"cposix\nsystem\n(S'true'\ntR."
