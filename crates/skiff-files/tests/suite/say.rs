//! What a node is, in the words of `data/make.py`.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use serde_json::{Value, json};
use skiff_files::pandas::{self, DataFrame};
use skiff_files::{
    ArrayData, Column, DType, Graph, Instance, MaskedArray, NdArray, Node, NodeId, RandomState, Scalar, Sparse,
    SparseFormat,
};

/// Says what the node at `id` is. Recurses: for our own files only.
pub fn say(graph: &Graph, id: NodeId) -> Value {
    if let Some(array) = NdArray::read(graph, id).unwrap_or_else(|error| panic!("{error}")) {
        return say_array(graph, &array);
    }
    if let Some(scalar) = Scalar::read(graph, id).unwrap_or_else(|error| panic!("{error}")) {
        return say_scalar(graph, &scalar);
    }
    if let Some(masked) = MaskedArray::read(graph, id).unwrap() {
        return json!({ "data": say_array(graph, &masked.data), "mask": say_array(graph, &masked.mask) });
    }
    if let Some(sparse) = Sparse::read(graph, id).unwrap() {
        let format = match sparse.format {
            SparseFormat::Csr => "csr",
            SparseFormat::Csc => "csc",
            SparseFormat::Coo => "coo",
            SparseFormat::Dia => "dia",
            SparseFormat::Bsr => "bsr",
            SparseFormat::Lil => "lil",
            SparseFormat::Dok => "dok",
        };
        let dense: Vec<Value> = sparse.to_dense(1 << 20).unwrap().into_iter().map(say_float).collect();
        return json!({ "sparse": format, "shape": [sparse.shape.0, sparse.shape.1], "dense": dense });
    }
    if let Some(random) = RandomState::read(graph, id) {
        return json!({ "random": format!("{random:?}") });
    }
    if let Some(frame) = DataFrame::read(graph, id).unwrap() {
        return json!({ "columns": say_scalars(graph, &frame.columns), "index": say_scalars(graph, &frame.index) });
    }
    if let Some(values) = pandas::categories(graph, id).unwrap() {
        return json!({ "categories": say_scalars(graph, &values) });
    }
    if let Some(values) = pandas::values(graph, id).unwrap() {
        return json!({ "pandas": say_scalars(graph, &values) });
    }
    match graph.node(id) {
        Node::Tuple(items) => json!({ "tuple": items.iter().map(|&item| say(graph, item)).collect::<Vec<_>>() }),
        Node::List(items) => json!({ "list": items.iter().map(|&item| say(graph, item)).collect::<Vec<_>>() }),
        Node::Dict(pairs) => {
            let mut pairs: Vec<Value> =
                pairs.iter().map(|&(key, value)| json!([say(graph, key), say(graph, value)])).collect();
            // As `json.dumps` writes the keys; all of ours are texts.
            pairs.sort_by_key(|pair| pair[0].to_string());
            json!({ "dict": pairs })
        }
        node => match Instance::read(graph, id) {
            Some(instance) => {
                let attributes: serde_json::Map<String, Value> =
                    instance.attributes().map(|(name, value)| (name.to_owned(), say(graph, value))).collect();
                json!({ "object": instance.class_path(), "attributes": attributes })
            }
            None => panic!("{node:?} is nothing that these files hold"),
        },
    }
}

fn say_array(graph: &Graph, array: &NdArray) -> Value {
    let (dtype, shape) = (array.dtype.code(), &array.shape);
    if let DType::Struct { fields, .. } = &array.dtype {
        let fields: Vec<Value> = fields
            .iter()
            .map(|field| {
                let dtype = match &field.dtype {
                    DType::Sub { dtype, .. } => dtype.code(),
                    dtype => dtype.code(),
                };
                json!([field.name, dtype, say_column(graph, &array.field(&field.name).unwrap())])
            })
            .collect();
        return json!({ "dtype": dtype, "shape": shape, "fields": fields });
    }
    let values = match &array.data {
        ArrayData::Raw(_) => say_column(graph, &array.column().unwrap()),
        ArrayData::Objects(objects) => objects.iter().map(|&object| say(graph, object)).collect(),
    };
    json!({ "dtype": dtype, "shape": shape, "values": values })
}

fn say_column(graph: &Graph, column: &Column<'_>) -> Value {
    column.to_scalars().map_or(Value::Null, |scalars| say_scalars(graph, &scalars))
}

fn say_scalars(graph: &Graph, scalars: &[Scalar]) -> Value {
    scalars.iter().map(|scalar| say_scalar(graph, scalar)).collect()
}

fn say_scalar(graph: &Graph, scalar: &Scalar) -> Value {
    match scalar {
        Scalar::None => Value::Null,
        Scalar::Bool(true) => json!(["bool", "True"]),
        Scalar::Bool(false) => json!(["bool", "False"]),
        Scalar::Int(value) => json!(["int", value.to_string()]),
        Scalar::BigInt(digits) => json!(["int", digits]),
        Scalar::Float(value) => say_float(*value),
        Scalar::Str(text) => json!(["str", text]),
        Scalar::Bytes(bytes) => json!(["bytes", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()]),
        Scalar::Complex(re, im) => json!(["complex", say_float(*re)[1], say_float(*im)[1]]),
        Scalar::DateTime(steps, unit) => json!(["M", steps.to_string(), unit.name]),
        Scalar::TimeDelta(steps, unit) => json!(["m", steps.to_string(), unit.name]),
        Scalar::Na => json!(["object", "pandas.NA"]),
        Scalar::Timestamp(steps, unit) => json!(["Timestamp", steps.to_string(), unit.name]),
        Scalar::Interval(interval) => json!([
            "Interval",
            say_scalar(graph, &interval.left),
            say_scalar(graph, &interval.right),
            interval.closed.name()
        ]),
        Scalar::Object(object) => json!(["object", object.shown]),
        Scalar::Other(id) => say(graph, *id),
    }
}

fn say_float(value: f64) -> Value {
    json!(["float", if value.is_nan() { "nan".to_owned() } else { format!("{:016x}", value.to_bits()) }])
}
