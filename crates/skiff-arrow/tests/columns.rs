//! Arrow columns as tables, without copies where the layout allows, and answers as arrays.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int8Array, Int64Array, LargeStringArray, RecordBatch, StringArray,
    StringViewArray,
};
use arrow_schema::{DataType, Field, Schema};
use skiff::table::Column;
use skiff::value::{Classes, Columns, IntKind, Labels, Matrix, NumberLists, NumberType, Precision, Value};
use skiff::{Answer, OutputType, Rank, Scalar};
use skiff_arrow::answer;
use skiff_arrow::read::{ColumnReader, Reading, columns};

fn batch(arrays: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(arrays).expect("columns of one length")
}

fn read(batch: &RecordBatch) -> Columns<'_> {
    columns(batch, &Scalar::None, None).expect("columns")
}

#[test]
fn numbers_and_text_are_borrowed() {
    let (floats, ints) = (Float64Array::from(vec![0.5, 1.5, 2.5]), Int64Array::from(vec![1, 2, 3]));
    let texts = LargeStringArray::from(vec!["ä", "", "bc"]);
    let (float_at, int_at) = (floats.values().as_ptr(), ints.values().as_ptr());
    let text_at = texts.value_data().as_ptr();
    let batch = batch(vec![("x", Arc::new(floats)), ("n", Arc::new(ints)), ("t", Arc::new(texts))]);
    // The second row on: slices are views too.
    let batch = batch.slice(1, 2);
    let table = read(&batch);
    let [Column::Floats(floats, Precision::Double), Column::Ints(ints, IntKind::I64), Column::Texts(texts)] =
        &table.columns[..]
    else {
        panic!("{table:?}")
    };
    assert_eq!((floats.as_ptr(), ints.as_ptr()), (float_at.wrapping_add(1), int_at.wrapping_add(1)));
    assert_eq!(texts.iter().collect::<Vec<_>>(), ["", "bc"]);
    assert_eq!(texts.get(1).map(str::as_ptr), Some(text_at.wrapping_add(2)));
}

#[test]
fn text_is_the_same_in_every_layout() {
    let cells = [Some("a"), None, Some("ä")];
    let arrays: [ArrayRef; 4] = [
        Arc::new(StringArray::from(cells.to_vec())),
        Arc::new(LargeStringArray::from(cells.to_vec())),
        Arc::new(StringViewArray::from(cells.to_vec())),
        Arc::new(cells.into_iter().collect::<DictionaryArray<arrow_array::types::Int8Type>>()),
    ];
    for array in arrays {
        let expected = Column::Objects(vec![Scalar::Str("a".into()), Scalar::None, Scalar::Str("ä".into())].into());
        assert_eq!(read(&batch(vec![("t", array)])).columns[0], expected);
    }
}

#[test]
fn a_dictionary_may_hold_nulls_or_nothing() {
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
    let array = DictionaryArray::new(Int8Array::from(vec![Some(1), Some(0), None]), values);
    let none = Scalar::None;
    assert_eq!(
        read(&batch(vec![("t", Arc::new(array))])).columns[0],
        Column::Objects(vec![none.clone(), Scalar::Str("a".into()), none.clone()].into())
    );
    let empty: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
    let array = DictionaryArray::new(Int8Array::from(vec![None, None]), empty);
    let array = batch(vec![("n", Arc::new(array))]);
    let Column::Floats(floats, _) = &read(&array).columns[0] else { panic!("floats") };
    assert!(floats.len() == 2 && floats.iter().all(|value| value.is_nan()));
}

#[test]
fn all_batches_of_a_column_have_one_type() {
    let reading = |has_nulls| Reading { has_nulls, is_nullable: false, missing: Scalar::None, half: None };
    let full: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let with_nulls: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let reader = ColumnReader::new(&DataType::Int64, reading(true));
    assert_eq!(reader.read(&full), Ok(Column::Floats(vec![1.0, 2.0].into(), Precision::Double)));
    let reader = ColumnReader::new(&DataType::Int64, reading(false));
    let error = reader.read(&with_nulls).expect_err("statistics that lie");
    assert_eq!(error.to_string(), "expected no missing value, since the file's statistics count none");
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    assert_eq!(reader.read(&other).expect_err("text").to_string(), "expected the type Int64, found Utf8");
}

#[test]
fn an_answer_is_columns_or_one_array() {
    let floats = Value::Floats(Matrix::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), Precision::Double);
    let two = Answer::One(floats.clone(), Rank::Two);
    let columns = answer::columns(&two).expect("columns");
    assert_eq!(columns.len(), 3);
    assert_eq!(columns[1].as_primitive::<Float64Type>().values()[..], [2.0, 5.0]);
    let lists = answer::array(&two).expect("an array");
    let element = Arc::new(Field::new_list_field(DataType::Float64, true));
    assert_eq!(lists.data_type(), &DataType::FixedSizeList(Arc::clone(&element), 3));
    assert_eq!(lists.as_fixed_size_list().value(1).as_primitive::<Float64Type>().values()[..], [4.0, 5.0, 6.0]);

    let cube = Value::Floats(Matrix::new(2, 4, (0..8).map(f64::from).collect::<Vec<_>>()), Precision::Double);
    let cube = answer::array(&Answer::One(cube, Rank::Three { depth: 2 })).expect("an array");
    let inner = DataType::FixedSizeList(element, 2);
    assert_eq!(cube.data_type(), &DataType::FixedSizeList(Arc::new(Field::new_list_field(inner, true)), 2));

    let one = Value::Floats(Matrix::new(2, 1, vec![0.5, f64::NAN]), Precision::Single);
    let pair = Answer::Tuple(vec![Answer::One(one, Rank::One), two]);
    let pair = answer::array(&pair).expect("an array");
    assert_eq!(pair.as_struct().column(0).data_type(), &DataType::Float32);
    assert_eq!(pair.len(), 2);

    let lists = NumberLists { bounds: vec![0, 0, 2], numbers: vec![7.0, 8.0], dtype: NumberType::Int(IntKind::I64) };
    let lists = answer::array(&Answer::One(Value::NumberLists(lists), Rank::One)).expect("an array");
    assert_eq!(lists.as_list::<i32>().value(1).as_primitive::<Int64Type>().values()[..], [7, 8]);
}

#[test]
fn labels_have_the_type_of_their_classes() {
    let labels = |classes: Classes| {
        let value =
            Value::Labels(Labels { rows: 3, cols: 1, codes: vec![1, 0, 9], classes: [Arc::new(classes)].into() });
        answer::array(&Answer::One(value, Rank::One)).expect("an array")
    };
    let kind = IntKind::Int { bytes: 2, signed: false };
    let numbers = labels(Classes::Ints(vec![3, 4], kind));
    assert_eq!((numbers.data_type(), numbers.null_count()), (&DataType::UInt16, 1));
    let texts = labels(Classes::Strings(vec!["no".into(), "yes".into()]));
    assert_eq!(texts.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("yes"), Some("no"), None]);
    let bools = labels(Classes::Ints(vec![0, 1], IntKind::Bool));
    assert_eq!(bools.as_boolean().iter().collect::<Vec<_>>(), [Some(true), Some(false), None]);
    let mixed = labels(Classes::Objects(vec![Scalar::Int(1), Scalar::Str("x".into())]));
    assert_eq!(mixed.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("x"), Some("1"), None]);
}

#[test]
fn the_types_of_an_answer_are_known_before_there_are_rows() {
    let model = skiff::open(skiff_testing::workspace("examples").join("iris-svc.joblib")).expect("a model");
    let signature = model.signature(skiff::Method::Predict).expect("a signature");
    let types = answer::types(&signature.output).expect("types").expect("known");
    let table = skiff::Table::from_rows(1, 4, vec![5.1, 3.5, 1.4, 0.2]).expect("a table");
    let found = answer::columns(&model.predict(&table).expect("an answer")).expect("columns");
    assert_eq!(types, found.iter().map(|array| array.data_type().clone()).collect::<Vec<_>>());
    assert_eq!(answer::types(&OutputType::Constant(3)), Ok(None));
}

#[test]
fn an_error_says_its_column() {
    let array: ArrayRef = Arc::new(arrow_array::UInt64Array::from(vec![u64::MAX]));
    let schema = Schema::new(vec![Field::new("id", DataType::UInt64, false)]);
    let batch = RecordBatch::try_new(Arc::new(schema), vec![array]).expect("a batch");
    let error = columns(&batch, &Scalar::None, None).expect_err("too large");
    assert_eq!(error.to_string(), "column `id`: integers beyond int64 are not supported");
}
