//! The recorded rows of a `.skiff`: a table, and scikit-learn's results for it.
//!
//! They come from the file and are untrusted: everything is checked, and what cannot be read is reported with the reason.

use std::sync::Arc;

use skiff_files::{DType, Graph, NdArray, Node, NodeId, Scalar, Sparse, SparseFormat};
use skiff_models::Takes;
use skiff_models::recorded::Answer;
use skiff_plan::table::{Column, Dense, DictValue, Dicts, Elements, Table};
use skiff_plan::value::{Columns, Csr, IntKind, NumberType, Precision};

/// The rows, and the result of each method.
#[derive(Debug)]
pub struct Samples {
    /// The rows.
    pub table: Table<'static>,
    /// Whether some of the numbers are `float32`.
    pub is_single: bool,
    /// The methods by name, each with its result, or why it cannot be read.
    pub answers: Vec<(String, Result<Answer, String>)>,
}

/// The most results that are read: no regular file has more, since there are not so many methods.
const MOST_ANSWERS: usize = 64;
/// The nesting of lists in results.
const MOST_DEPTH: usize = 2;

impl Samples {
    /// The samples at `root`, for a model with input of kind `takes`; matrices of more than `most` numbers are an error.
    pub fn read(graph: &Graph, root: NodeId, takes: Takes, most: u64) -> Result<Self, String> {
        let reader = Reader { graph, most };
        match reader.get(root, "version").map(|version| graph.node(version)) {
            Some(Node::Int(1)) => {}
            Some(Node::Int(version)) => return Err(format!("expected version 1 of recorded rows, found {version}")),
            _ => return Err("the recorded rows have no version".to_owned()),
        }
        let input = reader.get(root, "input").ok_or("there are no recorded rows")?;
        let (table, is_single) = reader.table(input, takes)?;
        let answers = reader.get(root, "answers").and_then(|answers| graph.items(answers));
        let answers = answers.ok_or("the recorded rows have no results")?;
        if answers.len() > MOST_ANSWERS {
            return Err(format!("expected at most {MOST_ANSWERS} results, found {}", answers.len()));
        }
        let answers = answers.iter().map(|&answer| {
            let method = reader.get(answer, "method").and_then(|method| graph.str_of(method));
            let value = reader.get(answer, "value").ok_or_else(|| "it has no value".to_owned());
            (method.unwrap_or("?").to_owned(), value.and_then(|value| reader.answer(value, MOST_DEPTH)))
        });
        Ok(Self { table, is_single, answers: answers.collect() })
    }
}

struct Reader<'g> {
    graph: &'g Graph,
    most: u64,
}

impl Reader<'_> {
    /// The value of a key of a dict.
    fn get(&self, node: NodeId, name: &str) -> Option<NodeId> {
        let Node::Dict(pairs) = self.graph.node(node) else { return None };
        pairs.iter().rev().find(|(key, _)| self.graph.str_of(*key) == Some(name)).map(|(_, value)| *value)
    }

    fn kind(&self, node: NodeId) -> Result<&str, String> {
        let kind = self.get(node, "kind").and_then(|kind| self.graph.str_of(kind));
        kind.ok_or_else(|| "it has no `kind`".to_owned())
    }

    fn array(&self, node: NodeId, name: &str) -> Result<NdArray, String> {
        let array = self.get(node, name).ok_or_else(|| format!("`{name}` is missing"))?;
        let array = NdArray::read(self.graph, array).map_err(|error| error.to_string())?;
        array.ok_or_else(|| format!("`{name}` is not an array"))
    }

    fn items(&self, node: NodeId, name: &str) -> Result<&[NodeId], String> {
        let items = self.get(node, name).and_then(|items| self.graph.items(items));
        items.ok_or_else(|| format!("`{name}` is not a list"))
    }

    fn scalar(&self, node: NodeId) -> Result<Scalar, String> {
        let scalar = Scalar::read(self.graph, node).map_err(|error| error.to_string())?;
        scalar.ok_or_else(|| format!("expected a scalar, found {}", skiff_files::describe(self.graph, node)))
    }

    /// The table, and whether it holds `float32`.
    fn table(&self, node: NodeId, takes: Takes) -> Result<(Table<'static>, bool), String> {
        Ok(match self.kind(node)? {
            "array" => {
                let array = self.array(node, "array")?;
                let is_single = matches!(array.dtype, DType::Float { size: 4, .. });
                (self.dense(&array, takes)?, is_single)
            }
            "csr" => {
                let csr = self.csr(node)?;
                let is_single = csr.dtype == NumberType::Float(Precision::Single);
                (Table::Sparse(csr), is_single)
            }
            "frame" => {
                let columns = self.frame(node)?;
                let single = |column: &Column<'_>| matches!(column, Column::Floats(_, Precision::Single));
                let is_single = columns.columns.iter().any(single);
                (Table::Columns(columns), is_single)
            }
            "texts" => {
                let values = self.items(node, "values")?.iter().map(|&value| self.scalar(value));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                (listed(values, takes), false)
            }
            "mappings" => {
                let rows = self.items(node, "values")?.iter().map(|&row| self.mapping(row));
                (Table::Dicts(Dicts { rows: rows.collect::<Result<Vec<_>, _>>()?.into() }), false)
            }
            other => return Err(format!("the kind of input `{other}` is unknown")),
        })
    }

    fn dense(&self, array: &NdArray, takes: Takes) -> Result<Table<'static>, String> {
        let (rows, cols) = match array.shape[..] {
            [rows] => (rows, 1),
            [rows, cols] => (rows, cols),
            ref shape => return Err(format!("expected rows and columns, found an array of shape {shape:?}")),
        };
        if !is_number(&array.dtype) {
            let elements = array.to_scalars(self.graph).map_err(|error| error.to_string())?;
            if array.ndim() == 1 {
                return Ok(listed(elements, takes));
            }
            let column = |col: usize| objects(elements.iter().skip(col).step_by(cols.max(1)).cloned().collect());
            let columns = Columns::new(rows, None, (0..cols).map(column).collect());
            return columns.map(Table::Columns).map_err(|error| error.to_string());
        }
        let elements = match numbers(array)? {
            Column::Floats(_, Precision::Single) => Elements::F32(array.to_f32().unwrap_or_default().into()),
            Column::Floats(values, _) => Elements::F64(values),
            Column::Ints(values, kind) => Elements::I64(values, kind),
            Column::Texts(_) | Column::Objects(_) => return Err("expected numbers".to_owned()),
        };
        let dense = Dense::c_order(rows, cols, elements);
        dense.map(Table::Dense).map_err(|error| error.to_string())
    }

    fn csr(&self, node: NodeId) -> Result<Csr<'static>, String> {
        let lengths = self.items(node, "shape")?.iter().map(|&length| match self.graph.node(length) {
            Node::Int(length) => usize::try_from(*length).ok(),
            _ => None,
        });
        let (rows, cols) = match lengths.collect::<Option<Vec<_>>>().as_deref() {
            Some(&[rows, cols]) => (rows, cols),
            _ => return Err("`shape` is not that of a matrix".to_owned()),
        };
        // Some estimators make dense rows of it.
        let spread = rows.checked_mul(cols).and_then(|count| count.checked_mul(8));
        if spread.and_then(|bytes| u64::try_from(bytes).ok()).is_none_or(|bytes| bytes > self.most) {
            return Err(format!("a sparse matrix of {rows} × {cols} is larger than the limit `decoded` allows"));
        }
        let [data, indices, indptr] =
            [self.array(node, "data")?, self.array(node, "indices")?, self.array(node, "indptr")?];
        let dtype = match numbers(&data)? {
            Column::Floats(_, precision) => NumberType::Float(precision),
            Column::Ints(_, kind) => NumberType::Int(kind),
            Column::Texts(_) | Column::Objects(_) => return Err("expected numbers".to_owned()),
        };
        let sparse = Sparse::from_parts(SparseFormat::Csr, (rows, cols), data, indices, indptr, node);
        let sparse = sparse.map_err(|error| error.to_string())?;
        Csr::read(&sparse, dtype).map_err(|error| error.to_string())
    }

    fn frame(&self, node: NodeId) -> Result<Columns<'static>, String> {
        let rows = match self.get(node, "rows").map(|rows| self.graph.node(rows)) {
            Some(Node::Int(rows)) => usize::try_from(*rows).map_err(|_| "`rows` is negative".to_owned())?,
            _ => return Err("`rows` is not a number".to_owned()),
        };
        let (mut names, mut columns) = (Vec::new(), Vec::new());
        for &column in self.items(node, "columns")? {
            names.push(self.get(column, "name").and_then(|name| self.graph.str_of(name)).map(str::to_owned));
            let array = self.array(column, "array")?;
            let read = match is_number(&array.dtype) {
                false => objects(array.to_scalars(self.graph).map_err(|error| error.to_string())?),
                true => numbers(&array)?,
            };
            if array.ndim() != 1 {
                return Err("a column is not one-dimensional".to_owned());
            }
            columns.push(read);
        }
        if columns.is_empty() && rows > 0 {
            return Err("there are rows without columns".to_owned());
        }
        // Numbered columns have no names.
        let names: Option<Vec<String>> = names.into_iter().collect();
        Columns::new(rows, names.map(Arc::from), columns).map_err(|error| error.to_string())
    }

    fn mapping(&self, row: NodeId) -> Result<Vec<(String, DictValue)>, String> {
        let Node::Dict(pairs) = self.graph.node(row) else { return Err("expected a mapping".to_owned()) };
        let pair = |(name, value): &(NodeId, NodeId)| {
            let name = self.graph.str_of(*name).ok_or("expected a string as the key of a mapping")?;
            let value = match self.graph.node(*value) {
                Node::List(items) => {
                    DictValue::Many(items.iter().map(|&item| self.scalar(item)).collect::<Result<_, _>>()?)
                }
                _ => DictValue::One(self.scalar(*value)?),
            };
            Ok((name.to_owned(), value))
        };
        pairs.iter().map(pair).collect()
    }

    fn answer(&self, node: NodeId, depth: usize) -> Result<Answer, String> {
        Ok(match self.kind(node)? {
            "array" => {
                let array = self.array(node, "array")?;
                match array.dtype {
                    DType::Object => {
                        let elements = array.to_scalars(self.graph).map_err(|error| error.to_string())?;
                        Answer::Objects(array.shape, elements)
                    }
                    _ => Answer::Array(array),
                }
            }
            "csr" => Answer::Sparse(self.csr(node)?),
            "frame" => Answer::Frame(self.frame(node)?),
            "list" => {
                let depth = depth.checked_sub(1).ok_or("lists are nested deeper than in any result")?;
                let items = self.items(node, "items")?;
                if items.len() > 1 << 16 {
                    return Err("a list is longer than in any result".to_owned());
                }
                Answer::List(items.iter().map(|&item| self.answer(item, depth)).collect::<Result<_, _>>()?)
            }
            other => return Err(format!("the kind of result `{other}` is unknown")),
        })
    }
}

/// A list of strings: documents if the model takes them, a column otherwise.
fn listed(values: Vec<Scalar>, takes: Takes) -> Table<'static> {
    match objects(values) {
        Column::Texts(texts) if takes == Takes::Texts => Table::Texts(texts),
        column => Table::from(column),
    }
}

/// A column of Python objects: a text column if all of them are strings.
fn objects(values: Vec<Scalar>) -> Column<'static> {
    match values.iter().all(|value| matches!(value, Scalar::Str(_))) {
        true => Column::Texts(values.iter().filter_map(Scalar::as_str).collect()),
        false => Column::Objects(values.into()),
    }
}

/// Whether values are not text, objects or dates, each of which is read on its own.
fn is_number(dtype: &DType) -> bool {
    let is_time = matches!(dtype, DType::DateTime { .. } | DType::TimeDelta { .. });
    !is_time && !matches!(dtype, DType::Str { .. } | DType::Bytes { .. } | DType::Object)
}

/// The elements of an array of numbers, in C order.
fn numbers(array: &NdArray) -> Result<Column<'static>, String> {
    let other = || format!("tables of {} are not supported", array.dtype);
    let int = |size: usize, signed: bool| -> Result<Column<'static>, String> {
        let kind = IntKind::Int { bytes: u8::try_from(size).map_err(|_| other())?, signed };
        Ok(Column::Ints(array.to_i64().ok_or("integers beyond int64 are not supported")?.into(), kind))
    };
    match array.dtype {
        DType::Float { size: 2, .. } => Err(other()),
        DType::Float { size, .. } => {
            let precision = if size == 4 { Precision::Single } else { Precision::Double };
            Ok(Column::Floats(array.to_f64().ok_or_else(other)?.into(), precision))
        }
        DType::Bool => Ok(Column::Ints(array.to_i64().ok_or_else(other)?.into(), IntKind::Bool)),
        DType::Int { size, .. } => int(size, true),
        DType::UInt { size, .. } => int(size, false),
        _ => Err(other()),
    }
}
