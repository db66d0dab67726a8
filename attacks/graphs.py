"""Files in which Python builds something else than the opcodes show at first sight: keys that are one, lists that grow
after a call took them, dtypes and array wrappers that lie about what follows, lengths and counts that compiled code believes.

Opcodes are written by hand: no library is asked, so the bytes are the same with every version.
"""

import struct

NEW = b"\x81"
SYSTEM = b"cposix\nsystem\n"


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return b"X" + struct.pack("<I", len(value)) + value


def integer(value):
    return b"J" + struct.pack("<i", value)


def name(module, what):
    return text(module) + text(what) + b"\x93"


def pairs(*items):
    """A dict with these keys and values, each given as opcodes."""
    return b"}(" + b"".join(items) + b"u"


def attributes(**values):
    return pairs(*(part for key, value in values.items() for part in (text(key), value)))


def call(function, *arguments):
    return function + b"(" + b"".join(arguments) + b"tR"


def pickled(opcodes):
    return b"\x80\x04" + opcodes + b"."


def state_of(sign="|", flags=0, elsize=-1, alignment=-1, subarray=b"N", names=b"N", fields=b"N", version=3, more=b""):
    return (b"(" + integer(version) + text(sign) + subarray + names + fields + integer(elsize) + integer(alignment)
            + integer(flags) + more + b"t")


def dtype(code, **state):
    made = call(name("numpy", "dtype"), text(code), b"\x89", b"\x88")
    return made + state_of(**state) + b"b"


def reconstructed(state=b""):
    empty = call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), integer(0) + b"\x85", b"C\x01b")
    return empty + state


def array(elements, shape, element_type):
    lengths = b"(" + b"".join(integer(length) for length in shape) + b"t"
    return reconstructed(b"(" + integer(1) + lengths + element_type + b"\x89" + elements + b"tb")


def octets(content):
    return b"B" + struct.pack("<I", len(content)) + content


def wrapper(element_type, length, aligned=True, more=b"", subclass=name("numpy", "ndarray"), order=text("C")):
    """joblib's wrapper, before its BUILD."""
    state = {"subclass": subclass, "shape": integer(length) + b"\x85", "order": order, "dtype": element_type,
             "allow_mmap": b"\x89"}
    if aligned:
        state["numpy_array_alignment_bytes"] = integer(16)
    body = attributes(**state)
    return name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")" + NEW + body[:-1] + more + b"ub"


def flood():
    """An object that is given a state twice, and thrown away."""
    return name("sklearn.preprocessing._data", "StandardScaler") + b")" + NEW + b"}b}b0"


def equal_keys(write):
    uniform = name("scipy.stats._continuous_distns", "uniform_gen") + b")" + NEW
    code = "import os; os.getpid()"
    lie = pairs(text("_parse_arg_template"), integer(1), text(code), integer(1), text(code), integer(1))
    taken = call(name("builtins", "tuple"), b"](" + text("x") + text("y") + b"e")
    write("keys-scipy-template.pkl", pickled(uniform + b"(" + lie + taken + b"tb"),
          "a state of three keys, two of them equal: scipy takes the two that are left for a pair, and executes it")
    one, half = integer(1), b"G" + struct.pack(">d", 1.0)
    scalar = call(name("numpy.core.multiarray", "scalar"), dtype("i8", sign="<"), octets(struct.pack("<q", 1)))
    rows = [("int-float", one, half), ("int-bool", one, b"\x88"), ("int-numpy", one, scalar), ("int-int", one, one),
            ("text-text", text("a"), text("a")), ("text-bytes2", text("é"), b"U\x01\xe9"), ("none-none", b"N", b"N"),
            ("long", one, b"\x8a\x01\x01"), ("tuples", one + text("a") + b"\x86", half + text("a") + b"\x86"),
            ("complex", one, call(name("builtins", "complex"), half, b"G" + bytes(8))),
            ("big", b"\x8a\x09" + bytes(8) + b"\x01", b"G" + struct.pack(">d", 2.0**64)),
            ("names", name("numpy", "float64"), name("numpy", "float64")),
            ("bytes", b"C\x01a", call(name("_codecs", "encode"), text("a"), text("latin1")))]
    for what, first, second in rows:
        write(f"keys-{what}.pkl", pickled(pairs(first, text("x"), second, text("y"))), f"a dict with one key twice: {what}")
        write(f"keys-set-{what}.pkl", pickled(b"\x8f(" + first + second + b"\x90"), f"a set with one item twice: {what}")
    items = text("a") + text("a")
    write("keys-frozenset.pkl", pickled(b"(" + items + b"\x91"), "a frozenset with one item twice")
    write("keys-set-of-list.pkl", pickled(call(name("builtins", "set"), b"](" + items + b"e")), "a set of a list with one item twice")
    ordered = call(name("collections", "OrderedDict"))
    write("keys-ordered.pkl", pickled(ordered + b"(" + text("a") + one + text("a") + half + b"u"), "an OrderedDict with one key twice")
    listed = b"](" + (text("a") + one + b"\x86") + (text("a") + half + b"\x86") + b"e"
    write("keys-ordered-pairs.pkl", pickled(call(name("collections", "OrderedDict"), listed)), "an OrderedDict of pairs with one key twice")
    tree = name("sklearn.tree._classes", "DecisionTreeClassifier") + b")" + NEW
    write("keys-attributes.pkl", pickled(tree + pairs(text("max_depth"), one, text("max_depth"), text("x")) + b"b"),
          "an estimator with one attribute twice")
    nested = integer(1) + b"q\x00"
    for level in range(1, 60):
        nested += b"0h" + bytes([level - 1]) * 1 + b"h" + bytes([level - 1]) + b"\x86q" + bytes([level])
    write("keys-entangled.pkl", pickled(nested + b"0" + pairs(b"h\x3b", integer(1))), "a key of tuples that Python hashes 2⁵⁹ times")


def late_changes(write):
    grown = b"]q\x00" + call(name("collections", "deque"), b"h\x00") + b"0h\x00(" + integer(1) + integer(2) + b"e"
    write("late-list.pkl", pickled(grown), "a list grows after a deque was made of it")
    template = text("_parse_arg_template") + integer(1) + text("import os; os.getpid()") + integer(1)
    uniform = name("scipy.stats._continuous_distns", "uniform_gen") + b")" + NEW
    taken = call(name("builtins", "tuple"), b"](" + text("x") + text("y") + b"e")
    late = b"}q\x00(" + template + b"u0" + uniform + b"h\x00" + taken + b"\x86b0h\x00(" + text("z") + integer(1) + b"u"
    write("late-state.pkl", pickled(late), "a dict of two keys is a state of scipy's, and gets its third key afterwards")
    loose = call(name("numpy", "dtype"), text("S1"), b"\x89", b"\x88") + state_of(elsize=1, alignment=1) + b"bq\x00"
    row = array(octets(bytes(4)), (4,), b"h\x00")
    write("late-dtype.pkl", pickled(loose + b"0" + row + b"0h\x00" + state_of(elsize=4096, alignment=1) + b"b0N"),
          "the elements of an array become longer after it was made")
    twice = name("sklearn.tree._classes", "DecisionTreeClassifier") + b")" + NEW
    write("late-second-state.pkl", pickled(twice + attributes(max_depth=integer(1)) + b"b" + attributes(max_depth=integer(2)) + b"b"),
          "an estimator is given two states")


def dtypes(write):
    objects = b"](" + integer(1) + text("a") + b"N" + text("b") + b"e"
    for flags in (0, 1, 2, 62, 127):
        lie = array(objects, (4,), dtype("O8", flags=flags))
        write(f"dtype-object-{flags}.pkl", pickled(lie), f"an array of objects with the flags {flags}: references are not counted")
    eight = octets(bytes(8))
    integers = dtype("i4", sign="<")
    def record(lengths, **more):
        fields = pairs(*(part for key, offset, kind in lengths for part in (text(key), kind + integer(offset) + b"\x86")))
        names = b"(" + b"".join(text(key) for key, _, _ in lengths) + b"t"
        return dtype("V8", **{"names": names, "fields": fields, "elsize": 8, "alignment": 1, "flags": 16, **more})
    two = [("a", 0, integers), ("b", 4, integers)]
    lies = [
        ("int-flags", dtype("i8", sign="<", flags=1)), ("int-list", dtype("i8", sign="<", flags=63)),
        ("int-size", dtype("i8", sign="<", elsize=4, alignment=4)), ("bool-sign", dtype("i1", sign=">")),
        ("bytes-negative", dtype("S8", elsize=-8, alignment=1)), ("bytes-alignment", dtype("S8", elsize=8, alignment=0)),
        ("bytes-code", dtype("S1", elsize=8, alignment=1)), ("text-flags", dtype("U2", sign="<", elsize=8, alignment=4)),
        ("text-uneven", dtype("U2", sign="<", elsize=7, alignment=4)), ("void-object", dtype("V8", elsize=8, alignment=1, flags=63)),
        ("version", dtype("i8", sign="<", version=4)), ("sign", dtype("i8", sign="=")), ("no-sign", dtype("i8")),
        ("record-flags", record(two, flags=27)), ("record-outside", record([("a", 0, integers), ("b", 6, integers)])),
        ("record-code", record(two, elsize=16)), ("record-object", record([("a", 0, dtype("O8", flags=63))])),
        ("record-shared", record([("a", 0, dtype("O8", flags=63)), ("b", 0, dtype("i8", sign="<"))], flags=27)),
        ("record-alignment", record(two, alignment=3)), ("record-aligned", record(two, flags=144)),
        ("sub-flags", dtype("V8", subarray=integers + integer(2) + b"\x85\x86", elsize=8, alignment=4, flags=63)),
        ("sub-size", dtype("V8", subarray=integers + integer(4) + b"\x85\x86", elsize=8, alignment=4)),
        ("time-unit", dtype("M8", sign="<", version=4, more=b"N(" + octets(b"s") + integer(0) + integer(1) + integer(1) + b"t\x86")),
        ("time-no-unit", dtype("M8[ns]", sign="<")), ("duration-no-unit", dtype("m8[s]", sign="<")),
        ("time-metadata-alone", dtype("M8[ns]", sign="<", version=4, more=b"}")),
        ("sub-list", dtype("V8", subarray=b"](" + integers + integer(2) + b"\x85e", elsize=8, alignment=4)),
        ("record-list", dtype("V8", names=b"(" + text("a") + b"t", elsize=8, alignment=1, flags=16,
                              fields=pairs(text("a"), b"](" + integers + integer(0) + b"e"))),
        ("align", call(name("numpy", "dtype"), text("i8"), b"\x88", b"\x88") + state_of(sign="<") + b"b"),
    ]
    for what, lie in lies:
        write(f"dtype-{what}.pkl", pickled(array(eight, (1,), lie)), f"a dtype that numpy does not write: {what}")
        write(f"dtype-alone-{what}.pkl", pickled(pairs(text("dtype"), lie)), f"the same, without an array: {what}")
    shared = state_of(flags=63) + b"q\x00"
    both = dtype("O8", flags=63)[: -len(state_of(flags=63) + b"b")] + shared + b"b0"
    both += call(name("numpy", "dtype"), text("u1"), b"\x89", b"\x88") + b"h\x00b"
    write("dtype-shared-state.pkl", pickled(both), "one state for an object and a byte")


def joblibs(write):
    getpid = b"0" + SYSTEM.replace(b"system", b"getpid") + b")R"
    rest = array(b"](Ne", (1,), dtype("O8", flags=63)) + b"."
    hidden = b"N" * 123 + getpid + b"."
    raw = pickled(b"")[:-1] + wrapper(dtype("O8", flags=0), 0)
    write("beside-flags-raw.joblib", raw + pickled(octets(hidden) + b"N" * 5 + b"0" + rest[:-1]),
          "objects without their flags: joblib takes bytes where the flags announce none, and goes on in the midst of a text")
    inner = pickled(SYSTEM.replace(b"system", b"getpid") + b")R")
    bytewise = wrapper(dtype("u1", flags=1), len(inner) - 2)
    write("beside-flags-objects.joblib", b"\x80\x02" + bytewise + b"\x01" + inner + b".",
          "bytes with the flags of objects: joblib reads a pickle where bytes are announced")
    honest = dtype("u1")
    method = call(name("functools", "partial"), name("numpy", "clip"))
    for what, more in [
        ("method", text("safe_get_numpy_array_alignment_bytes") + method), ("read", text("read") + method),
        ("class", text("read_array") + name("numpy", "sum")), ("extra", text("note") + text("x")),
    ]:
        write(f"beside-wrapper-{what}.joblib", b"\x80\x02" + wrapper(honest, 1, aligned=False, more=more) + b"N.",
              f"joblib's wrapper with an attribute of the file: {what}")
    for what, changed in [("subclass", {"subclass": name("numpy", "recarray")}), ("order", {"order": text("A")})]:
        write(f"beside-wrapper-{what}.joblib", b"\x80\x02" + wrapper(honest, 1, aligned=False, **changed) + b"N.",
              f"joblib's wrapper with another {what} than joblib writes")
    mapped = wrapper(dtype("O8", flags=63), 1).replace(text("allow_mmap") + b"\x89", text("allow_mmap") + b"\x88")
    write("beside-wrapper-mapped.joblib", b"\x80\x02" + mapped + pickled(rest[:-1]) + b".", "objects that may be mapped: joblib takes addresses out of the file")
    write("beside-wrapper-other.joblib", b"\x80\x02" + wrapper(dtype("O8", flags=63), 3) + pickled(integer(7)) + b".",
          "a number where an array of objects is announced")
    called = b"0" + call(name("functools", "partial"), name("numpy", "sum"))
    called += b"(" + name("numpy", "sum") + b"(" + b"](" + integer(1) + b"et}NtbA"[:-1] + b")R."
    write("beside-polyglot-object.joblib", b"\x80\x02" + wrapper(honest, len(called), aligned=False) + called + b".",
          "elements are opcodes for pickle.load that call what another call made")
    made = b"0" + array(b"](" + integer(1) + text("a") + b"e", (2,), dtype("O8", flags=2)) + b"."
    write("beside-polyglot-array.joblib", b"\x80\x02" + wrapper(honest, len(made), aligned=False) + made + b".",
          "elements are opcodes for pickle.load that make numpy crash")
    stranger = b"0" + 300 * flood() + name("somebody.elses", "thing") + b")R."
    write("beside-polyglot-flood.joblib", b"\x80\x02" + wrapper(honest, len(stranger), aligned=False) + stranger + b".",
          "elements are opcodes for pickle.load: hundreds of harmless oddities, then a call of a stranger")
    row = b"." + 100 * b"N." + name("somebody.elses", "thing") + b")R."
    write("beside-polyglot-row.joblib", b"\x80\x02" + wrapper(honest, len(row), aligned=False) + row + b".",
          "elements are opcodes for pickle.load: a hundred small pickles, then a call of a stranger")
    tail = b"0" + SYSTEM.replace(b"system", b"getpid") + b")R."
    head = b"\x80\x02" + wrapper(honest, 64)
    padding = 64 - len(tail)
    write("beside-old-padding.joblib", head + bytes([len(tail) - 1]) + bytes(len(tail) - 1) + b"\x00" * padding + tail + b".",
          "joblib before 1.2 knows no padding: it takes the last elements for opcodes")


def graphs(write):
    equal_keys(write)
    late_changes(write)
    dtypes(write)
    joblibs(write)
    works(write)


def estimator(module, class_name, **values):
    return name(module, class_name) + b")" + NEW + attributes(_sklearn_version=text("1.9.1"), **values) + b"b"


def doubles(*shape):
    length = 1
    for size in shape:
        length *= size
    return array(octets(bytes(8 * length)), shape, dtype("f8", sign="<"))


def integers(*numbers):
    return array(octets(struct.pack(f"<{len(numbers)}i", *numbers)), (len(numbers),), dtype("i4", sign="<"))


def machine(**changes):
    """An SVC of two classes with three support vectors of two features."""
    values = {"kernel": text("rbf"), "_sparse": b"\x89", "classes_": array(octets(struct.pack("<2q", 0, 1)), (2,), dtype("i8", sign="<")),
              "shape_fit_": integer(9) + integer(2) + b"\x86", "support_": integers(1, 4, 8), "support_vectors_": doubles(3, 2),
              "_n_support": integers(1, 2), "_dual_coef_": doubles(1, 3), "_intercept_": doubles(1), "_probA": doubles(0),
              "_probB": doubles(0), "probability": b"\x89", "_effective_probability": b"\x89"}
    return estimator("sklearn.svm._classes", "SVC", **{**values, **changes})


def works(write):
    """Numbers that scikit-learn believes at prediction: lengths, threads, degrees."""
    rows = [
        ("support-long", {"support_": integers(*range(1000))}), ("support-short", {"support_": integers(1)}),
        ("support-outside", {"support_": integers(1, 4, 9)}), ("support-negative", {"support_": integers(-1, 4, 8)}),
        ("counts", {"_n_support": integers(1, 200)}), ("counts-negative", {"_n_support": integers(-1, 4)}),
        ("coefficients-none", {"_dual_coef_": b"N"}), ("coefficients-short", {"_dual_coef_": doubles(1, 2)}),
        ("intercept-none", {"_intercept_": b"N"}), ("intercept-long", {"_intercept_": doubles(3)}),
        ("probabilities", {"_effective_probability": b"\x88"}), ("probabilities-one", {"_probA": doubles(1)}),
        ("probabilities-long", {"_probA": doubles(3), "_probB": doubles(3)}), ("vectors-none", {"support_vectors_": b"N"}),
        ("precomputed", {"kernel": text("precomputed"), "support_": integers(1, 4, 100)}),
    ]
    for what, changes in rows:
        write(f"work-svc-{what}.pkl", pickled(machine(**changes)), f"libsvm is handed other lengths than it reads: {what}")
    for number in (-1, 0, 2**30):
        write(f"work-threads-{number}.pkl", pickled(estimator("sklearn.cluster._kmeans", "KMeans", cluster_centers_=doubles(8, 2), n_features_in_=integer(2), _n_threads=integer(number))),
              f"KMeans runs on {number} threads")
    huge = b"\x8a\x08" + struct.pack("<q", 1 << 62)
    polynomial = ("sklearn.preprocessing._polynomial", "PolynomialFeatures")
    for what, values in [("degree", {"degree": huge}), ("max-degree", {"degree": integer(2), "_max_degree": huge}),
                         ("columns", {"degree": integer(2), "_n_out_full": huge}), ("features", {"degree": integer(9), "n_features_in_": integer(10**6)})]:
        values = {"interaction_only": b"\x89", "n_features_in_": integer(4), **values}
        write(f"work-polynomial-{what}.pkl", pickled(estimator(*polynomial, **values)), f"more products than ever end: {what}")
    vectorizer = ("sklearn.feature_extraction.text", "CountVectorizer")
    write("work-ngrams.pkl", pickled(estimator(*vectorizer, analyzer=text("char"), ngram_range=integer(1) + integer(10**6) + b"\x86")),
          "n-grams of up to a million characters of each text")
    for number in (0, -1):
        write(f"work-hashes-{number}.pkl", pickled(estimator("sklearn.feature_extraction._hash", "FeatureHasher", n_features=integer(number))),
              "hashes are divided by it in C")
