//! User code in recorded models: in its place it answers what scikit-learn answered with it, and it is given
//! all rows of a call at once, whatever the blocks of the steps around it.

use std::sync::Arc;

use skiff_files::{Limits, ModelFile};
use skiff_models::Model;
use skiff_models::custom::{CodeLocation, Custom, CustomCode};
use skiff_models::lowering::Params;
use skiff_plan::custom::{CustomCall, CustomError, CustomStep, Job};
use skiff_plan::value::{Matrix, Precision, TermLists, Value};
use skiff_plan::{Answer, InputErrorKind, Method, evaluate, evaluate_in_blocks};
use skiff_testing::{Case, Expected, Tolerance, compare};

/// `shout` of `fixtures/generate/feature_extraction.py`.
struct Shout;

impl CustomCode for Shout {
    fn at(&self, place: &CodeLocation<'_>) -> Result<Arc<dyn CustomStep>, CustomError> {
        assert_eq!((place.name, place.object), ("generate.feature_extraction.shout", None));
        Ok(Arc::new(Self))
    }
}

impl CustomStep for Shout {
    fn has(&self, job: Job) -> bool {
        job == Job::Split
    }

    fn call(&self, _call: &CustomCall<'_>, input: &Value<'_>) -> Result<Value<'static>, CustomError> {
        let Value::Texts(texts) = input else { return Err(CustomError::new("expected texts")) };
        let words = |text: &str| text.to_uppercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        TermLists::from_lists(texts.iter().map(words)).map(Value::TermLists)
    }
}

fn open(case: &Case) -> ModelFile {
    case.model.open().expect("a recorded model")
}

#[test]
fn a_tokenizer_and_an_analyzer_answer_what_was_recorded() {
    let custom = Custom::new().with("generate.feature_extraction.shout", Arc::new(Shout));
    let mut compared = 0;
    for case in Case::all().iter().filter(|case| case.name.contains("/count_callable_")) {
        let file = open(case);
        let refused = Model::read(&file.graph, file.graph.root(), "").expect_err("code that is not registered");
        assert!(refused.to_string().contains("`generate.feature_extraction.shout`"), "{refused}");
        let model =
            Model::read_with(&file.graph, file.graph.root(), "", &custom, &Limits::default()).expect("with its code");
        for call in &case.calls {
            let (Expected::Answer(expected), Some(input)) = (&call.expected, &call.input) else { continue };
            let table = case.table(input).expect("a table");
            let found = model.call(Method::Transform, &table).expect("an answer");
            assert_eq!(compare(expected, &found, Tolerance::Exact).difference, None, "{}", case.name);
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared} calls were compared");
}

/// A pipeline of a union, whose second part is `numpy.absolute`, and a logistic regression.
fn union_with(
    code: impl Fn(&Value<'_>) -> Result<Value<'static>, CustomError> + Send + Sync + 'static,
) -> (Case, Arc<Model>) {
    let case = Case::named("1.9.1/pipeline/union_in_pipeline");
    let file = open(&case);
    let custom = Custom::new().function("numpy.absolute", code);
    let model = Model::read_with(&file.graph, file.graph.root(), "", &custom, &Limits::default()).expect("a pipeline");
    (case, model)
}

/// Every element less the mean of its column: what depends on all rows.
fn centred(input: &Value<'_>) -> Result<Value<'static>, CustomError> {
    let Value::Floats(x, _) = input else { return Err(CustomError::new("expected numbers")) };
    let mut data = x.data.to_vec();
    for column in 0..x.cols {
        let mean = (0..x.rows).map(|row| x.row(row)[column]).sum::<f64>() / x.rows as f64;
        (0..x.rows).for_each(|row| data[row * x.cols + column] -= mean);
    }
    Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), Precision::Double))
}

#[test]
fn code_sees_all_rows_whatever_the_blocks_around_it() {
    let (case, model) = union_with(centred);
    let plan = model.plan(Method::PredictProba, &Params::default()).expect("a plan");
    assert!(plan.to_string().contains("custom(input) numpy.absolute(), all rows at once"), "{plan}");
    let table = case.table("rows").expect("a table");
    let bits = |answer: &Answer| match answer.value() {
        Some(Value::Floats(x, _)) => x.data.iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let whole = bits(&evaluate(&plan, &table).expect("an answer"));
    assert!(table.rows() > 3 && whole.len() > 3);
    for rows in [1, 2, 3] {
        assert_eq!(bits(&evaluate_in_blocks(&plan, &table, rows).expect("an answer")), whole, "blocks of {rows}");
    }
    let alone = bits(&evaluate(&plan, &table.slice_rows(0, 1)).expect("an answer"));
    assert_ne!(alone[..], whole[..alone.len()], "a row alone is its own mean");
}

#[test]
fn what_no_step_could_take_is_refused() {
    type Code = fn(&Value<'_>) -> Result<Value<'static>, CustomError>;
    let cases: [(Code, &str); 5] = [
        (|_| Err(CustomError::new("out of tea")), "out of tea"),
        (|_| Ok(Value::Floats(Matrix::filled(1, 2, 0.0), Precision::Double)), "rows, found 1"),
        (
            |x| Ok(Value::Floats(Matrix { rows: x.rows(), cols: 9, data: vec![0.0].into() }, Precision::Double)),
            "does not match its shape",
        ),
        (|x| Ok(Value::Floats(Matrix::filled(x.rows(), 1, 0.1), Precision::Single)), "float32 cannot represent"),
        (|x| Ok(Value::Many(vec![x.clone().into_owned()])), "several values"),
    ];
    for (code, what) in cases {
        let (case, model) = union_with(code);
        let error = model.call(Method::Predict, &case.table("rows").expect("a table")).expect_err(what);
        let skiff_models::CallError::Input(error) = error else { panic!("{error}") };
        assert!(matches!(error.kind(), InputErrorKind::Custom { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(what) && message.contains("numpy.absolute"), "{message}");
        assert!(message.contains("steps[0].transformer_list[1].func"), "{message}");
    }
}
