//! The functions over columns of every layout that Arrow has for text and numbers, and what they refuse.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, StringArray};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::prelude::SessionContext;
use skiff_datafusion::{Models, functions};

fn example(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).display().to_string()
}

/// A session with the functions and the tables of `examples/`.
async fn session() -> SessionContext {
    let context = SessionContext::new();
    for function in functions(&Arc::new(Models::default())) {
        context.register_udf(function);
    }
    for name in ["iris", "passengers"] {
        context.register_csv(name, example(&format!("{name}.csv")), Default::default()).await.expect("the example");
    }
    context
}

/// The only column of the result.
async fn column(context: &SessionContext, sql: &str) -> Arc<dyn Array> {
    let batches = context.sql(sql).await.expect(sql).collect().await.expect(sql);
    let arrays: Vec<_> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
    datafusion::arrow::compute::concat(&arrays).expect("arrays of one type")
}

async fn error(context: &SessionContext, sql: &str) -> String {
    match context.sql(sql).await {
        Err(error) => error.to_string(),
        Ok(frame) => frame.collect().await.expect_err(sql).to_string(),
    }
}

fn call(columns: &str) -> String {
    format!("SELECT skiff_predict('{}', {columns}) FROM iris", example("iris-svc.joblib"))
}

async fn names(context: &SessionContext) -> Vec<String> {
    let fields = context.table("iris").await.expect("the table").schema().fields().clone();
    fields.iter().take(4).map(|field| format!("\"{}\"", field.name())).collect()
}

#[tokio::test]
async fn numbers_of_all_types_are_predicted_alike() {
    let context = session().await;
    let names = names(&context).await;
    let expected = column(&context, &call(&names.join(", "))).await;
    assert!(!expected.is_empty());
    for of in ["Decimal(6, 2)", "DOUBLE"] {
        let cast: Vec<_> = names.iter().map(|name| format!("CAST({name} AS {of})")).collect();
        assert_eq!(&column(&context, &call(&cast.join(", "))).await, &expected, "{of}");
    }
    let text: Vec<_> = names.iter().map(|name| format!("arrow_cast(CAST({name} AS TEXT), 'Utf8View')")).collect();
    assert_eq!(&column(&context, &call(&text.join(", "))).await, &expected);
}

#[tokio::test]
async fn texts_of_all_layouts_are_predicted_alike_and_nulls_are_missing() {
    let context = session().await;
    let model = skiff::open(example("passengers.joblib")).expect("the example");
    let names = model.feature_names_in().expect("names");
    let fields = context.table("passengers").await.expect("the table").schema().fields().clone();
    let is_text = |name: &str| {
        fields
            .iter()
            .any(|field| field.name() == name && matches!(field.data_type(), DataType::Utf8 | DataType::Utf8View))
    };
    let call = |layout: &str| {
        let columns = names.iter().map(|name| match is_text(name) {
            true => format!("arrow_cast(\"{name}\", '{layout}')"),
            false => format!("\"{name}\""),
        });
        let columns: Vec<_> = columns.collect();
        format!(
            "SELECT skiff_predict_proba('{}', {})[1] FROM passengers",
            example("passengers.joblib"),
            columns.join(", ")
        )
    };
    let expected = column(&context, &call("Utf8")).await;
    assert_eq!(expected.null_count(), 0);
    assert!(expected.as_primitive::<Float64Type>().values().iter().all(|value| (0.0..=1.0).contains(value)));
    for layout in ["LargeUtf8", "Utf8View", "Dictionary(Int32, Utf8)", "Dictionary(UInt8, LargeUtf8)"] {
        assert_eq!(&column(&context, &call(layout)).await, &expected, "{layout}");
    }
}

#[tokio::test]
async fn the_type_is_known_without_rows() {
    let context = session().await;
    let sql = call(&names(&context).await.join(", "));
    let frame = context.sql(&sql).await.expect("a plan");
    let planned = frame.schema().field(0).data_type().clone();
    assert_eq!(&planned, column(&context, &sql).await.data_type());
    assert_eq!(context.sql(&format!("{sql} WHERE FALSE")).await.expect("a plan").count().await.expect("no rows"), 0);
}

#[tokio::test]
async fn what_is_wrong_is_said_when_the_query_is_planned() {
    let context = session().await;
    let names = names(&context).await;
    let said = error(&context, &call(&names[..3].join(", "))).await;
    assert!(said.contains("expected 4 columns"), "{said}");
    let said = error(&context, "SELECT skiff_predict(\"missing\", 1) FROM iris").await;
    assert!(said.contains("missing"), "{said}");
    let said = error(&context, "SELECT skiff_predict('no such.joblib', 1)").await;
    assert!(said.contains("no such.joblib"), "{said}");
    let said = error(&context, &call(&names.join(", ")).replace("skiff_predict", "skiff_transform")).await;
    assert!(said.contains("the model has no method `transform`"), "{said}");
}

#[tokio::test]
async fn a_wrong_type_names_the_column() {
    let context = session().await;
    let mut columns = names(&context).await;
    columns[1] = "'wide'".to_owned();
    let said = error(&context, &call(&columns.join(", "))).await;
    assert!(said.contains("column `") && said.contains("`wide`"), "{said}");
    columns[1] = "arrow_cast([1.0], 'List(Float64)')".to_owned();
    let said = error(&context, &call(&columns.join(", "))).await;
    assert!(said.contains("column `"), "{said}");
}

#[tokio::test]
async fn constants_are_predicted() {
    let context = session().await;
    let found = column(
        &context,
        &format!("SELECT CAST(skiff_predict('{}', 5.1, 3.5, 1.4, 0.2) AS TEXT)", example("iris-svc.joblib")),
    )
    .await;
    assert_eq!(found.len(), 1);
    let found = datafusion::arrow::compute::cast(&found, &DataType::Utf8).expect("a text");
    assert_eq!(found.as_any().downcast_ref::<StringArray>().map(StringArray::null_count), Some(0));
}
