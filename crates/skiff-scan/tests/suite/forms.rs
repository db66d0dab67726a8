//! Each call that models hold, and each state, is a model's only in the forms that real files have: whichever part of it
//! is replaced by an object that is harmless on its own, the file is none.

use crate::pickled::{Value, attributes, call, dict, list, name, new, text, tuple};
use skiff_files::{Bytes, Limits};
use skiff_scan::{Rating, Trusted, scan_without_estimators};

use Value::{Any, Bool, Int, Nothing, Raw};

fn rating(value: &Value) -> (Rating, String) {
    let verdict = scan_without_estimators(&Bytes::from(value.pickle()), None, &Limits::default(), &Trusted::default());
    (verdict.rating, format!("{:?}", verdict.findings))
}

/// Objects that a model may hold, whose attributes the file chooses, or that can be called.
fn objects() -> Vec<(&'static str, Value)> {
    let clip = name("numpy", "clip");
    let bound = tuple([clip.clone(), tuple([]), dict([]), Nothing]);
    vec![
        ("a namespace", call("types", "SimpleNamespace", []).given(attributes([("a", Int(1))]))),
        ("an estimator", new("sklearn.pipeline", "Pipeline").given(attributes([("steps", list([]))]))),
        ("a function", clip.clone()),
        ("a partial function", call("functools", "partial", [clip]).given(bound)),
    ]
}

fn dtype(code: &str) -> Value {
    let mut state = vec![Int(3), text("<"), Nothing, Nothing, Nothing, Int(-1), Int(-1), Int(0)];
    // Dates say their unit.
    if code == "M8" {
        state[0] = Int(4);
        state.push(tuple([Nothing, tuple([Raw(b"ns"), Int(1), Int(1), Int(1)])]));
    }
    let state = tuple(state);
    call("numpy", "dtype", [text(code), Bool(false), Bool(true)]).given(state)
}

fn array(class: &'static str, code: &str, shape: &[i64], elements: Value) -> Value {
    let arguments = [name("numpy", class), tuple([Int(0)]), Raw(b"b")];
    let shape = tuple(shape.iter().map(|&length| Int(length)));
    let state = tuple([Int(1), shape, dtype(code), Bool(false), elements]);
    call("numpy._core.multiarray", "_reconstruct", arguments).given(state)
}

fn bytes() -> Value {
    array("ndarray", "i8", &[1], Raw(&[0; 8]))
}

fn index() -> Value {
    let parts = attributes([("data", bytes()), ("name", Nothing)]);
    call("pandas.core.indexes.base", "_new_Index", [name("pandas", "Index"), parts])
}

fn slice() -> Value {
    call("builtins", "slice", [Int(0), Int(1), Int(1)])
}

fn random_state() -> Value {
    let key = array("ndarray", "u4", &[624], Raw(&[1; 2496]));
    call("numpy.random", "__RandomState_ctor", []).given(tuple([
        text("MT19937"),
        key,
        Int(624),
        Int(0),
        Value::Float(0.0),
    ]))
}

fn distribution() -> Value {
    let parameters = attributes([
        ("momtype", Int(1)),
        ("a", Value::Float(0.0)),
        ("b", Value::Float(1.0)),
        ("name", text("uniform")),
        ("shapes", Nothing),
        ("seed", Nothing),
    ]);
    new("scipy.stats._continuous_distns", "uniform_gen").given(attributes([
        ("_stats_has_moments", Bool(true)),
        ("_random_state", random_state()),
        ("_ctor_param", parameters),
        ("badvalue", Value::Float(f64::NAN)),
        ("name", text("uniform")),
        ("shapes", Nothing),
        ("numargs", Int(0)),
    ]))
}

/// Calls as real files have them. What may be any value is marked so.
fn honest() -> Vec<Value> {
    let backed = |state: Value| {
        let class = name("pandas.arrays", "DatetimeArray");
        call("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked", [class, Int(1), Nothing]).given(state)
    };
    let day = call("pandas._libs.tslibs.offsets", "Day", [Int(1), Bool(false)]);
    let cells = array("ndarray", "i8", &[1, 1], Raw(&[0; 8]));
    let block = call("pandas._libs.internals", "_unpickle_block", [cells.clone(), slice(), Int(2)]);
    let manager =
        || call("pandas.core.internals.managers", "BlockManager", [tuple([block.clone()]), list([index(), index()])]);
    let old_blocks = attributes([("values", bytes()), ("mgr_locs", slice())]);
    let old_manager = new("pandas.core.internals.managers", "SingleBlockManager").given(tuple([
        list([index()]),
        list([bytes()]),
        list([index()]),
        attributes([("0.14.1", attributes([("axes", list([index()])), ("blocks", list([old_blocks]))]))]),
    ]));
    let frame = |class: &'static str, manager: Value| {
        new("pandas", class).given(attributes([
            ("_mgr", manager),
            ("_typ", text("dataframe")),
            ("_metadata", list([text("_name")])),
            ("attrs", dict([])),
            ("_flags", attributes([("allows_duplicate_labels", Bool(true))])),
            ("_name", Nothing),
        ]))
    };
    let generator = call("numpy.random._pickle", "__bit_generator_ctor", [text("MT19937")]);
    let new_block = name("pandas.core.internals.blocks", "new_block");
    let bound = tuple([new_block.clone(), tuple([]), attributes([("ndim", Int(2))]), Nothing]);
    let spline = |class: &'static str, state: Value| new("scipy.interpolate._bsplines", class).given(state);
    let spline_parts = || {
        attributes([
            ("t", array("ndarray", "f8", &[4], Raw(&[0; 32]))),
            ("c", array("ndarray", "f8", &[3], Raw(&[0; 24]))),
            ("k", Int(0)),
            ("axis", Int(0)),
            ("extrapolate", Bool(false)),
        ])
    };
    vec![
        call("collections", "OrderedDict", [list([list([Any, Any])])]),
        call("collections", "Counter", [dict([(text("a"), Any)])]),
        call("collections", "deque", [list([Any]), Int(3)]),
        call("collections", "defaultdict", [name("builtins", "list")]),
        call("types", "SimpleNamespace", []).given(attributes([("keys", list([Any]))])),
        call("builtins", "complex", [Value::Float(1.0), Value::Float(2.0)]),
        call("builtins", "range", [Int(0), Int(3), Int(1)]),
        call("builtins", "bytearray", [Raw(b"abc")]),
        call("_codecs", "encode", [text("a"), text("latin1")]),
        call("datetime", "datetime", [Raw(&[7, 228, 1, 1, 0, 0, 0, 0, 0, 0])]),
        call("datetime", "timedelta", [Int(1), Int(2), Int(3)]),
        call("datetime", "timezone", [call("datetime", "timedelta", [Int(0), Int(60), Int(0)])]),
        call("decimal", "Decimal", [text("1.5")]),
        call("re", "_compile", [text("a+"), Int(32)]),
        call("pathlib", "PosixPath", [text("/"), text("tmp")]),
        call("functools", "partial", [name("numpy", "clip")]).given(tuple([
            name("numpy", "clip"),
            tuple([Int(1)]),
            attributes([("a_min", Value::Float(0.0)), ("a_max", list([Int(1)]))]),
            Nothing,
        ])),
        bytes(),
        array("matrix", "f8", &[1, 1], Raw(&[0; 8])),
        random_state(),
        call("numpy.random._pickle", "__randomstate_ctor", [generator]),
        distribution(),
        new("scipy.stats._distn_infrastructure", "rv_frozen").given(attributes([
            ("args", tuple([Int(0), Int(1)])),
            ("kwds", attributes([("loc", Int(0))])),
            ("dist", distribution()),
            ("a", Int(0)),
            ("b", Value::Float(1.0)),
        ])),
        new("numpy", "vectorize").given(attributes([
            ("pyfunc", call("builtins", "getattr", [distribution(), text("_entropy")])),
            ("cache", Bool(false)),
            ("signature", Nothing),
            ("otypes", text("d")),
        ])),
        new("scipy.sparse._csr", "csr_matrix").given(attributes([
            ("_shape", tuple([Int(1), Int(1)])),
            ("maxprint", Int(50)),
            ("data", array("ndarray", "f8", &[0], Raw(&[]))),
            ("indices", array("ndarray", "i4", &[0], Raw(&[]))),
            ("indptr", array("ndarray", "i4", &[2], Raw(&[0; 8]))),
        ])),
        spline("_BSpline", spline_parts()),
        spline("BSpline", tuple([spline("_BSpline", spline_parts()), array("ndarray", "f8", &[0], Raw(&[]))])),
        index(),
        call(
            "pandas.core.indexes.base",
            "_new_Index",
            [
                name("pandas", "RangeIndex"),
                attributes([("start", Int(0)), ("stop", Int(3)), ("step", Int(1)), ("name", text("n"))]),
            ],
        ),
        call(
            "pandas.core.indexes.base",
            "_new_Index",
            [
                name("pandas", "MultiIndex"),
                attributes([
                    ("levels", list([index()])),
                    ("codes", list([bytes()])),
                    ("sortorder", Nothing),
                    ("names", list([text("n")])),
                ]),
            ],
        ),
        call(
            "pandas.core.indexes.interval",
            "_new_IntervalIndex",
            [
                name("pandas", "IntervalIndex"),
                attributes([("left", index()), ("right", index()), ("closed", text("right")), ("name", Nothing)]),
            ],
        ),
        frame("DataFrame", manager()),
        frame("Series", old_manager),
        call(
            "pandas.core.internals.managers",
            "BlockManager",
            [
                tuple([Value::Call(
                    Box::new(call("functools", "partial", [new_block]).given(bound)),
                    vec![cells, slice()],
                    None,
                )]),
                list([index(), index()]),
            ],
        ),
        backed(tuple([dtype("M8"), bytes()])),
        backed(tuple([dtype("M8"), bytes(), attributes([("_freq", day.clone()), ("_readonly", Bool(false))])])),
        new("pandas", "CategoricalDtype").given(attributes([("categories", index()), ("ordered", Bool(false))])),
        new("pandas", "IntervalDtype").given(attributes([("subtype", dtype("f8")), ("closed", text("right"))])),
        new("pandas", "DatetimeTZDtype").given(attributes([("unit", text("ns")), ("tz", call("pytz", "_UTC", []))])),
        call("pandas", "StringDtype", [text("python"), name("pandas", "NA")]),
        new("pandas.arrays", "IntegerArray").given(attributes([
            ("_data", bytes()),
            ("_mask", bytes()),
            ("_cache", attributes([("dtype", new("pandas", "Int64Dtype"))])),
        ])),
        call("pandas", "Interval", [Int(0), Int(1), text("right")]),
        call("pandas", "Period", [Nothing, day, Int(3)]),
        call("pandas._libs.tslibs.timestamps", "_unpickle_timestamp", [Int(0), Nothing, Nothing, Int(10)]),
        call("pandas._libs.tslibs.timedeltas", "_timedelta_unpickle", [Int(0), Int(10)]),
        call("logging", "getLogger", [text("a")]),
    ]
}

/// Whether an object may be in a value of this class: what a namespace has cannot be called, what is vectorised can.
fn takes(value: &Value, what: &str) -> bool {
    match value {
        Value::Call(function, ..) if matches!(**function, Value::Name("types", _)) => {
            matches!(what, "a namespace" | "an estimator")
        }
        Value::New(class, _) => matches!(**class, Value::Name("numpy", "vectorize")) && what == "a function",
        _ => false,
    }
}

#[test]
fn honest_forms_are_models() {
    let objects = objects().into_iter().map(|(_, value)| value);
    let mut wrong = Vec::new();
    for value in honest().into_iter().chain(objects) {
        let (rating, findings) = rating(&value);
        if rating != Rating::Model {
            wrong.push(format!("{findings}: {value:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whichever part of a call or a state is an object.
#[test]
fn objects_in_other_positions_are_no_models() {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for value in honest() {
        for (what, object) in objects().into_iter().filter(|(what, _)| !takes(&value, what)) {
            for position in 0..value.positions() {
                let Some(changed) = value.with(position, &object) else { continue };
                tried += 1;
                if rating(&changed).0 == Rating::Model {
                    wrong.push(format!("{what} as {position} of {value:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried} are models:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 1_000, "tried {tried}");
}

/// Whichever object is given a state that its class does not know: objects, pairs, names of methods.
#[test]
fn other_states_are_no_models() {
    let states = |object: &Value| {
        [
            object.clone(),
            tuple([Nothing, attributes([("keys", object.clone())])]),
            tuple([attributes([("a", object.clone())]), Nothing]),
            list([object.clone()]),
            attributes([("keys", object.clone())]),
            attributes([("__class__", name("collections", "OrderedDict"))]),
            attributes([("__setstate__", object.clone())]),
        ]
    };
    let mut wrong = Vec::new();
    for value in honest() {
        for (what, object) in objects().into_iter().filter(|(what, _)| !takes(&value, what)) {
            for state in states(&object) {
                let given = match value.clone() {
                    Value::Call(function, arguments, _) => Value::Call(function, arguments, Some(Box::new(state))),
                    Value::New(class, _) => Value::New(class, Some(Box::new(state))),
                    _ => continue,
                };
                if rating(&given).0 == Rating::Model {
                    wrong.push(format!("{what} in {given:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are models:\n{}", wrong.len(), wrong.join("\n"));
}

/// pandas writes where the blocks of a table say that its columns are.
#[test]
fn blocks_fit_their_table() {
    let column = |values: Value, place: (i64, i64)| {
        let place = call("builtins", "slice", [Int(place.0), Int(place.1), Int(1)]);
        call("pandas._libs.internals", "_unpickle_block", [values, place, Int(2)])
    };
    let values = |rows: i64| array("ndarray", "i8", &[1, rows], Raw(if rows == 1 { &[0; 8] } else { &[0; 16] }));
    let table = |blocks: Vec<Value>| {
        let axes = list([index(), index()]);
        rating(&call("pandas.core.internals.managers", "BlockManager", [tuple(blocks), axes])).0
    };
    assert_eq!(table(vec![column(values(1), (0, 1))]), Rating::Model);
    assert_ne!(table(vec![column(values(1), (1, 2))]), Rating::Model);
    assert_ne!(table(vec![column(values(1), (-1, 0))]), Rating::Model);
    assert_ne!(table(vec![column(values(2), (0, 1))]), Rating::Model);
    assert_ne!(table(vec![column(values(1), (0, 1)), column(values(1), (0, 1))]), Rating::Model);
    assert_ne!(table(vec![]), Rating::Model);
}

/// Patterns that print what they are compiled to, or take minutes.
#[test]
fn patterns_are_quick_and_quiet() {
    let pattern = |text: String, flags: i64| call("re", "_compile", [Value::Text(text), Int(flags)]);
    assert_eq!(rating(&pattern("[a-zà-ÿ]+".to_owned(), 2)).0, Rating::Model);
    for (text, flags) in [
        ("(?i)".to_owned() + &"[Ā-\u{10ffff}]".repeat(3_000), 0),
        ("(?i)".to_owned() + &r"[\u0100-\U0010FFFF]".repeat(3_000), 0),
        ("(a)|".repeat(30_000), 0),
        ("a".to_owned(), 128),
    ] {
        assert_eq!(rating(&pattern(text, flags)).0, Rating::Unknown, "{flags}");
    }
}

/// Calls that never end, or that take a file's name for a time zone.
#[test]
fn what_never_ends_is_no_model() {
    let all = name("pandas", "RangeIndex");
    let parts = attributes([("start", Int(0)), ("stop", Int(1_000_000_000_000)), ("step", Int(1)), ("name", Nothing)]);
    let range = call("pandas.core.indexes.base", "_new_Index", [all, parts]);
    for maker in ["deque", "OrderedDict", "Counter"] {
        assert_ne!(rating(&call("collections", maker, [range.clone()])).0, Rating::Model, "{maker}");
    }
    let zone = |key: &str| {
        let unpickle = call("builtins", "getattr", [name("zoneinfo", "ZoneInfo"), text("_unpickle")]);
        Value::Call(Box::new(unpickle), vec![text(key), Bool(true)], None)
    };
    assert_eq!(rating(&zone("Europe/Berlin")).0, Rating::Model);
    for key in ["../../etc/passwd", "/etc/passwd", "a//b", "tzdata.x", ""] {
        assert_ne!(rating(&zone(key)).0, Rating::Model, "{key}");
    }
}
