"""Attacks in containers that Python's own library does not write, and in those of other frameworks."""

import binascii
import lzma
import struct


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


def archives(write, zipped, tarred, bad, honest):
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
