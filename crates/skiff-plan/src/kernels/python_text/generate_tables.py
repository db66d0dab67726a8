"""Writes ``tables.rs``, what Python 3.13's ``str`` knows of Unicode, and the digests that its test compares.

Run ``python generate_tables.py > tables.rs`` with Python 3.13, then ``rustfmt tables.rs``.
The properties are asked of ``str`` itself, since that is what they are to agree with.
"""

import sys
import unicodedata
import zlib
from re._casefix import _EXTRA_CASES

CHARACTERS = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]


def is_final(text):
    return text.lower().endswith("\u03c2")


def is_cased(c):
    """Cased and not ignorable: a capital sigma after it ends a word."""
    return is_final(c + "\u03a3")


def is_case_ignorable(c):
    """A capital sigma after it looks further back."""
    return is_final("A" + c + "\u03a3") and not is_cased(c)


def is_newer(c):
    """Not assigned yet: newer versions of Unicode may decompose it, this Python does not."""
    return unicodedata.category(c) == "Cn"


def ranges(test):
    """Lengths, in turn, of what fails and what passes the test."""
    lengths, passing, length = [], False, 0
    for code in range(0x110000):
        passes = not 0xD800 <= code <= 0xDFFF and test(chr(code))
        if passes != passing:
            lengths.append(length)
            passing, length = passes, 0
        length += 1
    if passing:
        lengths.append(length)
    return lengths


def lower_runs():
    """(first, last, step, difference) of the letters that have one lower-case letter."""
    runs = []
    for c in CHARACTERS:
        lower = c.lower()
        if lower == c or len(lower) != 1 or c == "\u03a3":
            continue
        code, difference = ord(c), ord(lower) - ord(c)
        if runs and runs[-1][3] == difference:
            first, last, step, _ = runs[-1]
            if code - last == step or (first == last and code - last == 2):
                runs[-1] = (first, code, code - last, difference)
                continue
        runs.append((code, code, 1, difference))
    return runs


def digest(answers):
    return zlib.crc32("\n".join(answers).encode("utf-8"))


def bits(test):
    return ["1" if test(c) else "0" for c in CHARACTERS]


def strip_accents(text):
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def main():
    out = sys.stdout.write
    out("//! Made by `generate_tables.py`: Python %d.%d, Unicode %s.\n\n" % (*sys.version_info[:2], unicodedata.unidata_version))
    tables = [
        ("ALPHANUMERIC", "`str.isalnum`", str.isalnum),
        ("DECIMAL", "`str.isdecimal`", str.isdecimal),
        ("CASED", "What ends a word before a capital sigma", is_cased),
        ("CASE_IGNORABLE", "What is looked past on both sides of a capital sigma", is_case_ignorable),
        ("UNASSIGNED", "What this version of Unicode does not know", is_newer),
    ]
    for name, doc, test in tables:
        lengths = ranges(test)
        out("/// %s: lengths, in turn, of what is not and what is.\n" % doc)
        out("pub(super) const %s: [u32; %d] = %s;\n\n" % (name, len(lengths), lengths))
    runs = lower_runs()
    out("/// `str.lower` of single letters: first, last, step, difference.\n")
    out("pub(super) const LOWER: [(u32, u32, u32, i32); %d] = %s;\n\n" % (len(runs), runs))
    extra = [(code, other) for code, others in sorted(_EXTRA_CASES.items()) for other in others]
    out("/// What `re` matches besides, where case is ignored: lower-case letter, other letter.\n")
    out("pub(super) const EXTRA_CASES: [(u32, u32); %d] = %s;\n\n" % (len(extra), extra))
    digests = [
        ("alphanumeric", digest(bits(str.isalnum))),
        ("decimal", digest(bits(str.isdecimal))),
        ("space", digest(bits(str.isspace))),
        ("lower", digest(c.lower() for c in CHARACTERS)),
        ("sigma_after", digest(bits(lambda c: is_final("A" + c + "\u03a3")))),
        ("sigma_before", digest(bits(lambda c: "\u03c2" in ("A\u03a3" + c + "A").lower()))),
        ("strip_accents", digest(strip_accents(c) for c in CHARACTERS)),
        # A mark out of order shows the combining classes, which a lone character does not.
        ("nfkd", digest(unicodedata.normalize("NFKD", c + "\u0301\u0327") for c in CHARACTERS)),
    ]
    out("/// CRC-32 of what Python answers for every character, a line each.\n")
    out("#[cfg(test)]\npub(super) const DIGESTS: [(&str, u32); %d] = [\n" % len(digests))
    for name, value in digests:
        out('    ("%s", %d),\n' % (name, value))
    out("];\n")


if __name__ == "__main__":
    main()
