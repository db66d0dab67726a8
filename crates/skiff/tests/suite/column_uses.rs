//! The uses of input columns in plans.

use skiff::{File, Method, Model, Options};
use skiff_testing::{RecordedModel, workspace};

fn passengers() -> Model {
    skiff::open(workspace("examples").join("passengers.joblib")).expect("the example")
}

#[test]
fn a_pipeline_says_what_it_does_with_each_column() {
    let model = passengers();
    let names = model.feature_names_in().expect("names");
    let plan = model.plan(Method::Predict).expect("a plan");
    let uses = plan.column_uses(names.len(), Some(&names));
    for (name, column) in names.iter().zip(&uses) {
        let texts = column.categories.iter().map(|categories| categories.types().texts).collect::<Vec<_>>();
        match name.as_str() {
            "age" | "fare" | "alone" => assert!(column.as_number && texts.is_empty(), "{name}: {column:?}"),
            "sex" | "port" => assert_eq!((column.as_number, &texts[..]), (false, &[true][..]), "{name}"),
            "rank" => assert_eq!((column.categories.len(), column.fills.len()), (1, 1), "{name}"),
            other => panic!("{other} is not among the columns"),
        }
        assert!(!column.as_it_is && !column.as_document, "{name}");
    }
    // In another order, with one more that is not used.
    let mut others: Vec<String> = names.iter().rev().cloned().collect();
    others.push("note".to_owned());
    let reversed = plan.column_uses(others.len(), Some(&others));
    assert!(!reversed[6].is_used());
    for (column, other) in uses.iter().zip(reversed[..6].iter().rev()) {
        assert_eq!((column.as_number, column.categories.len()), (other.as_number, other.categories.len()));
    }
}

/// A selector refuses NaN in the columns that it leaves out as well: they have to be read.
#[test]
fn columns_that_are_only_checked_are_used() {
    let bytes = RecordedModel::named("1.9.1/meta_estimators/rfe").bytes.to_vec();
    let file = File::read(bytes, &Options::default()).expect("a recorded model");
    let plan = file.model(None).expect("a selector").plan(Method::Transform).expect("a plan");
    assert!(plan.column_uses(4, None).iter().all(skiff::ColumnUse::is_used));
}

#[test]
fn numbers_alone_are_numbers() {
    let model = skiff::open(workspace("examples").join("iris-svc.joblib")).expect("the example");
    let plan = model.plan(Method::Predict).expect("a plan");
    assert!(plan.column_uses(4, None).iter().all(|column| column.as_number && !column.as_it_is));
    assert!(plan.column_uses(0, None).is_empty());
}
