//! Files of the examples, and pickles written by hand.

use super::*;
use crate::Options;

/// A pickle, mostly of protocol 0, and what is compared with it.
fn compared<P: AsRef<[u8]> + ?Sized>(first: &P, second: &P) -> Diff {
    let read = |pickle: &[u8]| File::read(pickle.to_vec(), &Options::default()).expect("a pickle");
    diff([&read(first.as_ref()), &read(second.as_ref())], None).expect("no address is asked for")
}

/// Each difference as a line.
fn lines(diff: &Diff) -> Vec<String> {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let line = |difference: &Difference| {
        let [first, second] = difference.values.each_ref().map(value);
        format!("{} {}: {first} | {second}", difference.subject.name(), difference.path)
    };
    diff.differences.iter().map(line).collect()
}

fn estimator(class: &str, state: &str) -> String {
    format!("ccopy_reg\n_reconstructor\n(c{class}\nc__builtin__\nobject\nNtR(d{state}b.")
}

#[test]
fn parameters_and_attributes_are_told_apart() {
    let ridge = |alpha: &str, intercept: &str| {
        estimator("sklearn.linear_model._ridge\nRidge", &format!("Valpha\nF{alpha}\nsVintercept_\nF{intercept}\ns"))
    };
    let found = compared(&ridge("1.0", "0.5"), &ridge("2.0", "0.25"));
    assert_eq!(lines(&found), ["hyperparameter alpha: 1.0 | 2.0", "attribute intercept_: 0.5 | 0.25"]);
    assert!(!found.is_same() && !found.is_close());
    let found = compared(&ridge("1.0", "nan"), &ridge("1.0", "nan"));
    assert!(found.is_same(), "{found:?}");
}

#[test]
fn a_class_that_moved_is_the_same() {
    let old = estimator("sklearn.linear_model.ridge\nRidge", "Valpha\nF1.0\ns");
    let new = estimator("sklearn.linear_model._ridge\nRidge", "Valpha\nF1.0\ns");
    assert!(compared(&old, &new).is_same());
    let other = estimator("sklearn.linear_model._base\nLinearRegression", "Valpha\nF1.0\ns");
    assert_eq!(
        lines(&compared(&old, &other)),
        ["class : sklearn.linear_model.ridge.Ridge | sklearn.linear_model._base.LinearRegression"]
    );
}

#[test]
fn what_one_file_has_alone_is_said() {
    let one = estimator("sklearn.linear_model._ridge\nRidge", "Valpha\nF1.0\nsVcoef_\nI1\ns");
    let other = estimator("sklearn.linear_model._ridge\nRidge", "Valpha\nF1.0\nsVsolver\nVauto\ns");
    assert_eq!(lines(&compared(&one, &other)), ["attribute coef_: 1 | -", "hyperparameter solver: - | 'auto'"]);
}

#[test]
fn dicts_by_key_lists_by_place_steps_by_name() {
    assert_eq!(
        lines(&compared("(dVa\nI1\nsVb\nI2\ns.", "(dVb\nI3\nsVa\nI1\nsVc\nNs.")),
        ["attribute ['c']: - | None", "attribute ['b']: 2 | 3"]
    );
    assert_eq!(lines(&compared("(lI1\naI2\na.", "(lI1\na.")), ["structure : 2 items | 1 items"]);
    let step = |name: &str, value: u8| format!("(V{name}\nI{value}\nta");
    let steps = |steps: &[String]| format!("(l{}.", steps.concat());
    let found = compared(&steps(&[step("a", 1), step("b", 2)]), &steps(&[step("new", 9), step("b", 2), step("a", 3)]));
    assert_eq!(lines(&found), ["structure : [a, b] | [new, b, a]", "attribute [0]: 1 | 3"]);
}

/// Values that equal nothing in Python, that no reader takes apart, and that are not in the file.
#[test]
fn every_value_is_itself() {
    let long = [b"\x8b".as_slice(), &2_000_u32.to_le_bytes(), &[1; 2_000], b"."].concat();
    for (pickle, other, is_complete) in [
        (
            b"c__builtin__\ncomplex\n(Fnan\nF1\ntR.".as_slice(),
            b"c__builtin__\ncomplex\n(Fnan\nF2\ntR.".as_slice(),
            true,
        ),
        (b"cdecimal\nDecimal\n(VNaN\ntR.", b"cdecimal\nDecimal\n(V1\ntR.", true),
        (b"cfractions\nFraction\n(V1/2\ntR.", b"cfractions\nFraction\n(V1/3\ntR.", true),
        (b"V\\ud800\n.", b"V\\ud801\n.", true),
        (&long, b"\x8b\x01\0\0\0\x01.", true),
        (b"Pone\n.", b"Ptwo\n.", true),
        (b"\x82\x01.", b"\x82\x02.", true),
        (b"(l(lI1\naa.", b"(l(lI2\naa.", true),
        (b"\x97.", b"N.", false),
    ] {
        let found = compared(pickle, pickle);
        assert_eq!((found.differences.as_slice(), found.is_complete), ([].as_slice(), is_complete), "{pickle:?}");
        assert_eq!(compared(pickle, other).differences.len(), 1, "{pickle:?}");
    }
}

/// A list that holds itself, and lists that double.
#[test]
fn sharing_ends() {
    let own = "(lp0\ng0\na.";
    assert!(compared(own, own).is_same());
    let doubled: String = (0..60).map(|place| format!("(lp{}\ng{place}\nag{place}\na", place + 1)).collect();
    let doubled = format!("(lp0\nI1\na{doubled}.");
    assert!(compared(&doubled, &doubled).is_same());
}

#[test]
fn formats_of_one_model_are_the_same() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let open = |name: &str| File::open(examples.join(name), &Options::default()).expect("an example");
    let found = diff([&open("passengers.joblib"), &open("passengers.skiff")], None).expect("no address");
    assert!(found.is_same() && found.same > 50, "{found:?}");
    let found = diff([&open("iris-svc.joblib"), &open("digits-forest.joblib")], None).expect("no address");
    assert_eq!(lines(&found), ["class : sklearn.svm._classes.SVC | sklearn.pipeline.Pipeline"]);
    let missing = diff([&open("iris-svc.joblib"), &open("iris-svc.joblib")], Some("[3]")).map(|_| ());
    assert_eq!(missing.expect_err("no list").code(), "no-such-address");
}
