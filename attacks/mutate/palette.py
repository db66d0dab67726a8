"""Values that mutations put into a model: what an attacker would try who has read the allow-list."""

from tree import Atom, Call, Dict, Name, Seq, dict_of, namespace, object_of, tuple_of

#: Names whose calls the sandbox notices: on the allow-list.
CANARIES = [
    ("numpy", "deg2rad"),
    ("numpy", "cosh"),
    ("numpy", "arctanh"),
    ("sklearn.metrics._regression", "mean_squared_log_error"),
    ("sklearn.metrics._ranking", "coverage_error"),
]
#: Names that no model has. All are harmless, and calling them is noticed.
STRANGERS = [("os", "getpid"), ("posix", "getpid"), ("builtins", "compile"), ("builtins", "eval"), ("os", "listdir")]

NUMBERS = [-1, 0, 1, 2, 3, 7, 8, 16, 63, 64, 255, 256, -2, 2**15, 2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**63]
NUMBERS += [-(2**31), -(2**63), 10**6, 10**9, 10**12, 10**18, 10**40]
FLOATS = [0.0, -0.0, 1.5, -1.0, 1e-300, 1e300, float("nan"), float("inf"), float("-inf"), 2.0**63]
TEXTS = ["", "O", "|O", "u1", "f8", "<f8", ">f8", "i8", "V16", "S4", "U1", "M8[ns]", "O8", "b1", "c16", "i4,O", "f8,f8"]
TEXTS += [
    "\0",
    "a\0b",
    "C",
    "F",
    "numpy",
    "os",
    "getpid",
    "os.getpid",
    "__reduce__",
    "latin1",
    "rot13",
    "x" * 300,
    "é",
    "\ud800",
]
TEXTS += [
    "precomputed",
    "auto",
    "callable",
    "import os; os.getpid()",
    "(lambda: 1)()",
    "/tmp/skiff-mutate-none",
    "pandas",
]
TEXTS += ["%s" * 3, "{0.__class__}", "(a+)+$", "(?:a{0,9999}){9999}", "[^a]" * 50, "1.9.1", "0.17", "99.0"]

#: What Python, numpy, scipy, pandas, joblib and scikit-learn look up on objects, by name or by protocol.
PROTOCOL = """
__class__ __dict__ __init__ __new__ __call__ __reduce__ __reduce_ex__ __getstate__ __setstate__ __getattr__
__getattribute__ __setattr__ __del__ __repr__ __str__ __hash__ __eq__ __len__ __iter__ __next__ __contains__
__getitem__ __setitem__ __array__ __array_interface__ __array_struct__ __array_ufunc__ __array_function__
__array_priority__ __array_wrap__ __array_finalize__ __array_namespace__ __dataframe__ __sklearn_tags__
__sklearn_clone__ __sklearn_is_fitted__ __slots__ __module__ __name__ __doc__ __version__ __index__ __int__ __float__
__bool__ __buffer__ __copy__ __deepcopy__ __fspath__ __missing__ __index__ __length_hint__ __set_name__ __wrapped__
keys items values get pop update copy append extend add read write seek dtype shape ndim fields names flags
predict predict_proba transform fit score get_params set_params decision_function _more_tags _get_tags
_validate_data _check_n_features _check_feature_names _repr_html_ _build_f f_ _sklearn_version _sklearn_output_config
_attach_methods _attach_argparser_methods _parse_arg_template _ctor_param _updated_ctor_param dist func args keywords
func_ pyfunc _validate_params build_tokenizer build_analyzer _joblib_hash read_array filename subclass
numpy_array_alignment_bytes allow_mmap order estimator_ estimators_ best_estimator_ _score_func _sign _kwargs
classes_ n_features_in_ feature_names_in_ loss_ _loss link init_ kernel_ metric effective_metric_ metric_params
tree_ _fit_X _tree outlier_label_ random_state _random_state _mgr _data _typ _metadata attrs blocks axes freq
""".split()

#: Parameters of scikit-learn that are functions: a function there is called when the model predicts.
TAKE_FUNCTIONS = frozenset(
    "func inverse_func tokenizer preprocessor analyzer metric kernel weights affinity _score_func score_func scoring "
    "optimizer metric_params effective_metric_ scorer_ _scorers callback strip_accents feature_names_out pooling_func fun "
    "importance_getter is_data_valid is_model_valid loss max_features columns transformers _columns refit".split()
)


class Palette:
    def __init__(self, random, allowed, strings, donors):
        #: `allowed` are names on the allow-list, `donors` gives a part of some seed.
        self.random, self.allowed, self.strings, self.donors = random, allowed, strings, donors

    def value(self, depth=0):
        """Any value at all."""
        draw = self.random.random()
        if draw < 0.22:
            return self.callable()
        if draw < 0.44:
            return self.donors() or self.atom()
        if draw < 0.62:
            return self.atom()
        return self.made(depth)

    def atom(self):
        random = self.random
        draw = random.random()
        if draw < 0.35:
            return Atom(random.choice(NUMBERS))
        if draw < 0.5:
            return Atom(random.choice(FLOATS))
        if draw < 0.75:
            return Atom(random.choice(self.strings) if random.random() < 0.4 and self.strings else random.choice(TEXTS))
        if draw < 0.85:
            return Atom(bytes(random.getrandbits(8) for _ in range(random.choice([0, 1, 8, 32]))))
        if draw < 0.88:
            # A pickle within a value.
            return Atom(b"\x80\x04cos\ngetpid\n)R.")
        return Atom(random.choice([None, True, False]))

    def name(self):
        draw = self.random.random()
        if draw < 0.45:
            return Name(*self.random.choice(CANARIES))
        if draw < 0.5:
            return Name(*self.random.choice(STRANGERS))
        return Name(*self.random.choice(self.allowed))

    def callable(self):
        """Something that can be called: a function, a class, `partial`, an object with `__call__`."""
        draw = self.random.random()
        if draw < 0.7:
            return self.name()
        if draw < 0.85:
            function = self.name()
            state = tuple_of(function, tuple_of(), Dict([]), Atom(None))
            return Call("reduce", Name("functools", "partial"), tuple_of(function), changes=[("build", state)])
        if draw < 0.92:
            return object_of(
                "numpy",
                "vectorize",
                dict_of(
                    {
                        "pyfunc": self.name(),
                        "otypes": Atom("d"),
                        "cache": Atom(False),
                        "signature": Atom(None),
                        "excluded": Seq("set", []),
                    }
                ),
            )
        return object_of(*self.random.choice(self.allowed), state=dict_of({self.key(): self.name()}))

    def key(self):
        return self.random.choice(PROTOCOL)

    def made(self, depth):
        """Objects that do something of their own when they are made, read or asked."""
        random = self.random
        if depth > 2:
            return self.callable()
        kind = random.randrange(15)
        if kind == 0:
            return namespace(**{self.key(): self.value(depth + 1) for _ in range(random.randint(1, 3))})
        if kind == 1:
            mapping = namespace(keys=self.callable())
            return Call(
                "reduce",
                Name("collections", random.choice(["OrderedDict", "Counter", "defaultdict"])),
                tuple_of(mapping),
            )
        if kind == 2:
            return Call("reduce", Name("collections", "defaultdict"), tuple_of(self.callable()))
        if kind == 3:
            pairs = [(Atom(self.key()), self.value(depth + 1)) for _ in range(random.randint(0, 3))]
            return Call("reduce", Name("collections", "OrderedDict"), tuple_of(), changes=[("setitems", pairs)])
        if kind == 4:
            return Dict([(Atom(self.key()), self.value(depth + 1)) for _ in range(random.randint(0, 3))])
        if kind == 5:
            return Seq(random.choice(["tuple", "list"]), [self.value(depth + 1) for _ in range(random.randint(0, 4))])
        if kind == 6:
            return Seq(random.choice(["set", "frozenset"]), [self.atom() for _ in range(random.randint(0, 3))])
        if kind == 7:
            return object_of(*random.choice(self.allowed))
        if kind == 8:
            state = dict_of({self.key(): self.value(depth + 1)})
            return object_of(*random.choice(self.allowed), state=state)
        if kind == 9:
            return Call(
                "reduce", self.name(), Seq("tuple", [self.value(depth + 1) for _ in range(random.randint(0, 2))])
            )
        if kind == 10:
            limit = Atom(random.choice([None, 0, 1, 10**9]))
            return Call("reduce", Name("collections", "deque"), tuple_of(self.value(depth + 1), limit))
        if kind == 11:
            return Call(
                "reduce",
                Name(
                    "builtins",
                    random.choice(["range", "slice", "bytearray", "bytes", "list", "set", "dict", "tuple", "complex"]),
                ),
                Seq("tuple", [self.value(3) for _ in range(random.randint(0, 3))]),
            )
        if kind == 12:
            return Call(
                "reduce", Name("re", "_compile"), tuple_of(Atom(random.choice(TEXTS)), Atom(random.choice(NUMBERS)))
            )
        if kind == 13:
            return Call("reduce", Name("builtins", "getattr"), tuple_of(self.donors() or self.atom(), Atom(self.key())))
        return Call("reduce", Name("numpy", "dtype"), tuple_of(Atom(random.choice(TEXTS)), Atom(False), Atom(True)))


def allowed_names(candidates, scan):
    """The names that may be in a model, found by asking for each."""
    import pickle

    from emit import Style, emit

    allowed = []
    for begin in range(0, len(candidates), 100):
        some = [candidate.split("\0") for candidate in candidates[begin : begin + 100]]
        found = scan(emit(Seq("list", [Name(module, name) for module, name in some]), Style(4)))
        refused = {finding["name"] for finding in found["findings"]}
        allowed.extend((module, name) for module, name in some if f"{module}.{name}" not in refused)
    return allowed
