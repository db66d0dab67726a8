//! Attributes of scikit-learn's objects: what a file may give them, and what makes it no model.

use skiff_files::{Bytes, Limits};
use skiff_scan::{Finding, Rating, Trusted, Verdict, is_listed, scan_without_estimators};
use skiff_sklearn::{Class, Kind};

/// Part of a pickle that leaves one value on the stack.
type Value = Vec<u8>;

fn text(value: &str) -> Value {
    let len = u32::try_from(value.len()).expect("a short text");
    [b"X".as_slice(), &len.to_le_bytes(), value.as_bytes()].concat()
}

fn global(module: &str, name: &str) -> Value {
    format!("c{module}\n{name}\n").into_bytes()
}

fn dict(pairs: &[(&str, Value)]) -> Value {
    let pairs = pairs.iter().flat_map(|(name, value)| [text(name), value.clone()].concat());
    [b"}(".to_vec(), pairs.collect(), b"u".to_vec()].concat()
}

fn list(items: &[Value]) -> Value {
    [b"](".to_vec(), items.concat(), b"e".to_vec()].concat()
}

fn call(function: Value, arguments: &[Value], state: Option<Value>) -> Value {
    let state = state.map_or(Vec::new(), |state| [state, b"b".to_vec()].concat());
    [function, b"(".to_vec(), arguments.concat(), b"tR".to_vec(), state].concat()
}

fn object(path: &str, attributes: &[(&str, Value)]) -> Value {
    with_state(path, dict(attributes))
}

fn with_state(path: &str, state: Value) -> Value {
    let (module, name) = path.rsplit_once('.').expect("a module and a name");
    [global(module, name), b")\x81".to_vec(), state, b"b".to_vec()].concat()
}

fn array() -> Value {
    let dtype = call(global("numpy", "dtype"), &[text("f8"), b"I0\n".to_vec(), b"I1\n".to_vec()], None);
    let state = [b"(K\x03".to_vec(), text("<"), b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb".to_vec()].concat();
    let empty = [
        global("numpy.core.multiarray", "_reconstruct"),
        b"(".to_vec(),
        global("numpy", "ndarray"),
        b"K\x00\x85C\x01btR".to_vec(),
    ];
    let elements = b"C\x08\0\0\0\0\0\0\xf0\x3f".to_vec();
    [empty.concat(), b"(K\x01K\x01\x85".to_vec(), dtype, state, b"\x89".to_vec(), elements, b"tb".to_vec()].concat()
}

fn one() -> Value {
    b"K\x01".to_vec()
}

fn function() -> Value {
    global("numpy", "exp")
}

fn verdict(value: &Value) -> Verdict {
    let pickle = [b"\x80\x03".as_slice(), value, b"."].concat();
    scan_without_estimators(&Bytes::from(pickle), None, &Limits::default(), &Trusted::default())
}

fn sentences(verdict: &Verdict) -> Vec<&str> {
    verdict.findings.iter().map(|finding: &Finding| finding.sentence.as_str()).collect()
}

fn assert_refused(value: &Value, what: &str) {
    let verdict = verdict(value);
    assert_ne!(verdict.rating, Rating::Model, "{what} is taken for a model");
}

#[track_caller]
fn assert_model(value: &Value) -> Verdict {
    let verdict = verdict(value);
    assert_eq!(verdict.rating, Rating::Model, "{:?}", sentences(&verdict));
    verdict
}

/// Every class of the catalog that files may name, with each path.
fn classes() -> impl Iterator<Item = (&'static str, &'static Class)> {
    skiff_sklearn::paths().filter_map(|path| {
        let (module, name) = path.rsplit_once('.')?;
        let class = skiff_sklearn::class(module, name)?;
        // Those with another way to be made have tests of their own.
        let is_made_empty = verdict(&with_state(path, b"}".to_vec())).rating == Rating::Model;
        (is_listed(module, name) && is_made_empty).then_some((path, class))
    })
}

const SCALER: &str = "sklearn.preprocessing._data.StandardScaler";
const LINEAR: &str = "sklearn.linear_model._base.LinearRegression";
const STACKING: &str = "sklearn.ensemble._stacking.StackingRegressor";

#[test]
fn no_method_of_any_class_is_replaced() {
    let mut count = 0;
    for (path, class) in classes() {
        for (name, member) in class.members() {
            if !member.is_method() || class.parameter(name).is_some() {
                continue;
            }
            assert_refused(&object(path, &[(name, function())]), &format!("{path} with {name} a function"));
            assert_refused(&object(path, &[(name, one())]), &format!("{path} with {name} a number"));
            count += 1;
        }
    }
    assert!(count > 10_000, "{count} methods");
}

#[test]
fn functions_are_where_functions_are_taken() {
    let (mut taken, mut refused) = (0, 0);
    for (path, class) in classes() {
        for (name, attribute) in class.attributes() {
            if class.member(name).is_some() {
                continue;
            }
            let rating = verdict(&object(path, &[(name, function())])).rating;
            let takes = attribute.kinds.contains(&Kind::Function);
            assert_eq!(rating == Rating::Model, takes, "{path} with {name} a function");
            *(if takes { &mut taken } else { &mut refused }) += 1;
        }
    }
    assert!(taken > 100 && refused > 5_000, "{taken} taken, {refused} refused");
}

/// `xgboost.Booster(X)` opens the file that `X` names, and `memory.Memory(X)` makes a folder.
#[test]
fn a_class_is_no_function() {
    for class in [global("xgboost.core", "Booster"), global("sklearn.pipeline", "Pipeline")] {
        let transformer = "sklearn.preprocessing._function_transformer.FunctionTransformer";
        assert_refused(&object(transformer, &[("func", class.clone())]), "a class as a function");
        let vectorized = with_state("numpy.vectorize", dict(&[("pyfunc", class)]));
        assert_refused(&object(transformer, &[("func", vectorized)]), "a class in a function");
    }
}

#[test]
fn estimators_are_not_replaced_by_what_has_other_methods() {
    let namespace = call(global("types", "SimpleNamespace"), &[], Some(dict(&[("predict", function())])));
    for stranger in [namespace, array(), function(), global("sklearn.svm._classes", "SVC")] {
        let stacking = object(STACKING, &[("estimators_", list(std::slice::from_ref(&stranger)))]);
        assert_refused(&stacking, "an estimator that is none, in a list");
        assert_refused(&object(STACKING, &[("final_estimator_", stranger.clone())]), "an estimator that is none");
        let step = [b"(".to_vec(), text("a"), stranger, b"t".to_vec()].concat();
        assert_refused(&object("sklearn.pipeline.Pipeline", &[("steps", list(&[step]))]), "a step that is none");
    }
    assert_model(&object(STACKING, &[("estimators_", list(&[object(LINEAR, &[])]))]));
}

#[test]
fn only_answers_are_asked_for_by_name() {
    for name in ["tofile", "__setstate__", "save_model", "fit"] {
        assert_refused(&object(STACKING, &[("stack_method_", list(&[text(name)]))]), name);
        assert_refused(&object("sklearn.metrics._scorer._Scorer", &[("_response_method", text(name))]), name);
    }
    assert_model(&object(STACKING, &[("stack_method_", list(&[text("predict"), b"N".to_vec()]))]));
}

#[test]
fn what_is_unknown_is_told_and_harmless() {
    let verdict = assert_model(&object(SCALER, &[("city_", text("Oslo")), ("data_", list(&[array(), one()]))]));
    let found = verdict.unknown_attributes.iter().map(|found| (found.class, found.name.as_str()));
    assert_eq!(found.collect::<Vec<_>>(), [(SCALER, "city_"), (SCALER, "data_")]);
    for (value, what) in [
        (function(), "a function"),
        (object(LINEAR, &[]), "an estimator"),
        (list(&[object(LINEAR, &[])]), "an estimator in a list"),
        (global("builtins", "list"), "a class"),
    ] {
        assert_refused(&object(SCALER, &[("city_", value)]), what);
    }
}

#[test]
fn estimators_of_other_packages_hold_functions_where_they_take_them() {
    let classifier = "lightgbm.sklearn.LGBMClassifier";
    assert_model(&object(classifier, &[("objective", function()), ("_n_features", one())]));
    for name in ["predict", "_Booster", "fit", "_own"] {
        assert_refused(&object(classifier, &[(name, function())]), name);
    }
}

#[test]
fn names_with_underscores_change_nothing() {
    for name in ["__class__", "__dict__", "__init__", "__array__", "__sklearn_tags__", "__no_name_of_anybody__"] {
        assert_refused(&object(SCALER, &[(name, one())]), name);
    }
}

/// It is formatted for a warning while the file is loaded: an estimator's `__repr__` calls its `get_params`.
#[test]
fn the_version_is_text() {
    assert_model(&object(SCALER, &[("_sklearn_version", text("1.5.2"))]));
    for version in [one(), object(LINEAR, &[]), list(&[])] {
        assert_refused(&object(SCALER, &[("_sklearn_version", version)]), "a version that is no text");
    }
}

#[test]
fn states_are_dicts() {
    let attributes = dict(&[("coef_", one())]);
    let ordered = call(global("collections", "OrderedDict"), &[], None);
    let namespace = call(global("types", "SimpleNamespace"), &[], Some(dict(&[("keys", function())])));
    let bunch = object("sklearn.utils._bunch.Bunch", &[]);
    for (state, what) in [
        ([b"(N".to_vec(), attributes.clone(), b"t".to_vec()].concat(), "slots"),
        (ordered, "an ordered dict"),
        (namespace, "a namespace"),
        (bunch, "a bunch"),
        (list(&[]), "a list"),
        (one(), "a number"),
    ] {
        assert_refused(&with_state(LINEAR, state), what);
    }
    assert_model(&with_state(LINEAR, attributes));
}

/// Whatever is given twice is looked at twice.
#[test]
fn a_second_state_is_looked_at() {
    let twice = [object(LINEAR, &[("coef_", one())]), dict(&[("predict", function())]), b"b".to_vec()].concat();
    assert_refused(&twice, "a second state");
    let again = dict(&[("coef_", one()), ("coef_", function())]);
    assert_refused(&with_state(LINEAR, again), "a second value");
}

/// Compiled code reads the elements of an array without asking whether there is one.
#[test]
fn none_is_no_array() {
    assert_refused(&object("sklearn.svm._classes.SVC", &[("support_vectors_", b"N".to_vec())]), "no vectors");
    assert_model(&object("sklearn.svm._classes.SVC", &[("class_weight", b"N".to_vec())]));
}

/// What a tree of neighbours or a loss is made of is numbers, arrays and a distance.
#[test]
fn compiled_states_are_plain() {
    let new = |path: &str, state: Value| {
        let (module, name) = path.rsplit_once('.').expect("a module and a name");
        call(global(module, "newObj"), &[global(module, name)], Some(state))
    };
    let tuple = |item: Value| [b"(".to_vec(), item, b"t".to_vec()].concat();
    let distance = "sklearn.metrics._dist_metrics.EuclideanDistance64";
    for stranger in [function(), object(SCALER, &[]), global("builtins", "list")] {
        assert_refused(&new(distance, tuple(stranger.clone())), "a distance of something else");
        assert_refused(&new("sklearn.neighbors._kd_tree.KDTree", tuple(stranger)), "a tree of something else");
    }
}

/// A value that many objects share is looked at once, and one that contains itself is refused.
#[test]
fn values_are_looked_at_in_bounded_time() {
    let deep = [b"]".repeat(50_000), b"a".repeat(49_999)].concat();
    assert_model(&object(SCALER, &[("deep_", deep)]));
    // Each list holds the one before it twice: 2 to the 60th items for whoever walks them all.
    let mut doubled = b"]q\x01".to_vec();
    for place in 1..60_u8 {
        doubled.extend([b']', b'q', place + 1, b'(', b'h', place, b'h', place, b'e']);
    }
    let doubled = object(SCALER, &[("doubled_", [b"(".to_vec(), doubled, b"l".to_vec()].concat())]);
    assert_refused(&doubled, "lists that Python would print forever");
    assert_refused(&object(SCALER, &[("own_", b"]q\x01h\x01a".to_vec())]), "a list in itself");
}
