//! The object graph into a `.skiff` file.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io;
use std::ops::Range;

use skiff_pickle::{Change, Graph, Node, NodeId, Out, Span};

use super::columns::{self, Column, Of, Stored};
use super::digest::{self, BEFORE, BETWEEN};
use super::header::{entry, quoted};
use super::kind::Kind;
use super::paths::Paths;
use super::read::is_object;
use super::{ARRAYS, GRAPH, PADDING, PASSPORT, SAMPLE, SAMPLES, VERSION};
use crate::write::arrays::{self, Spelling};
use crate::write::{SkiffOptions, WriteError};
use crate::{DType, Limits, NdArray, Order};

/// Where mapped tensors, and the first of all, begin: at multiples of a line of the cache.
const ALIGNMENT: usize = 64;

/// Writes the graph's root, and what the options add.
pub(crate) fn write(graph: &Graph, options: &SkiffOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    if options.passport.is_some_and(|passport| !is_object(passport, Limits::default().nodes)) {
        return Err(WriteError::Passport);
    }
    let model = Taken::from(graph, "")?;
    let samples = options.samples.map(|samples| Taken::from(samples, SAMPLE)).transpose()?;
    let mut file = Tensors::default();
    let mut json = String::new();
    for part in std::iter::once(&model).chain(&samples) {
        for array in &part.arrays {
            json.push_str(if json.is_empty() { "{\"arrays\":[\n" } else { ",\n" });
            file.array(&part.graph, array, &mut json);
        }
    }
    json.push_str(if json.is_empty() { "{\"arrays\":[]}" } else { "\n]}" });
    file.head.push(Tensor::bytes(GRAPH, &model.pickle));
    file.head.push(Tensor::bytes(ARRAYS, json.as_bytes()));
    if let Some(samples) = &samples {
        file.head.push(Tensor::bytes(SAMPLES, &samples.pickle));
    }
    if let Some(passport) = options.passport {
        file.head.push(Tensor::bytes(PASSPORT, passport.as_bytes()));
    }
    file.write(options.notes, out)
}

/// A graph whose arrays were taken out.
struct Taken {
    graph: Graph,
    /// What is left of it.
    pickle: Vec<u8>,
    /// The arrays, in the order in which the pickle asks for them.
    arrays: Vec<Array>,
}

impl Taken {
    /// The names of all arrays begin with the prefix.
    fn from(graph: &Graph, prefix: &str) -> Result<Self, WriteError> {
        let mut graph = arrays::respell(graph, Spelling::FromBuffer)?;
        let mut taken: Vec<Option<Array>> = take_arrays(&mut graph, prefix).into_iter().map(Some).collect();
        let mut pickle = Vec::new();
        let order = skiff_pickle::write(&graph, graph.root(), 5, &mut Out::new(&mut pickle), &mut ())?;
        let mut arrays = Vec::new();
        for index in order {
            let array = usize::try_from(index).ok().and_then(|index| taken.get_mut(index)).and_then(Option::take);
            // A buffer that is none of ours came without its bytes.
            arrays.push(array.ok_or(WriteError::Buffers(1))?);
        }
        Ok(Self { graph, pickle, arrays })
    }
}

/// An array whose elements were taken out of the graph.
struct Array {
    name: String,
    /// Names for its columns, taken so that nobody else has them.
    fields: Vec<String>,
    elements: Span,
    readonly: bool,
    array: NdArray,
    columns: Option<Vec<Column>>,
}

/// Puts an out-of-band buffer in the place of each array's elements; the buffer's number is the array's place.
fn take_arrays(graph: &mut Graph, prefix: &str) -> Vec<Array> {
    let mut paths = Paths::new(graph);
    let reached = std::mem::take(&mut paths.reached);
    let trees: HashSet<NodeId> = reached.iter().flat_map(|&id| parts_of_tree(graph, id)).collect();
    let (mut taken, mut holders) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for id in reached {
        let Some((parts, holder)) = arrays::parts(graph, id) else { continue };
        let readonly = match graph.node(holder.node()) {
            Node::Bytes(_) => true,
            Node::ByteArray(_) => false,
            _ => continue,
        };
        let (Some(elements), true) = (parts.span(), seen.insert(holder.node())) else { continue };
        let array = parts.array;
        // Records are for nobody to map; a tree's values are read with them.
        let is_packed = matches!(array.dtype, DType::Struct { .. }) || trees.contains(&id);
        let columns = if is_packed { columns::encode(&array) } else { None };
        let name = paths.name(id);
        let mut fields = Vec::new();
        for column in columns.iter().flatten() {
            let field = if column.name.is_empty() { name.clone() } else { format!("{name}.{}", column.name) };
            // The name itself is free for elements that are one column.
            fields.push(if column.name.is_empty() { field } else { paths.unique(field) });
        }
        let full = |name: String| if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        let (name, fields) = (full(name), fields.into_iter().map(full).collect());
        taken.push(Array { name, fields, elements, readonly, array, columns });
        holders.push((holder.node(), readonly));
    }
    for (index, (holder, readonly)) in (0_u32..).zip(holders) {
        *graph.node_mut(holder) = Node::Buffer { index, readonly };
    }
    taken
}

/// What stands in the state of scikit-learn's `Tree`.
fn parts_of_tree(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let Some(object) = graph.object(id) else { return Vec::new() };
    if graph.global(object.callable) != Some(("sklearn.tree._tree", "Tree")) {
        return Vec::new();
    }
    let mut values = Vec::new();
    for change in &object.changes {
        if let Change::Build(state) = change
            && let Node::Dict(pairs) = graph.node(*state)
        {
            values.extend(pairs.iter().map(|(_, value)| *value));
        }
    }
    values
}

struct Tensor<'g> {
    name: String,
    kind: Kind,
    shape: Vec<usize>,
    /// What its place is a multiple of: a power of two.
    alignment: usize,
    bytes: Cow<'g, [u8]>,
}

impl<'g> Tensor<'g> {
    fn bytes(name: &str, bytes: impl Into<Cow<'g, [u8]>>) -> Self {
        let bytes = bytes.into();
        Self { name: name.to_owned(), kind: Kind::U8, shape: vec![bytes.len()], alignment: 1, bytes }
    }
}

/// The tensors of a file.
#[derive(Default)]
struct Tensors<'g> {
    /// Those that are read whenever the file is opened.
    head: Vec<Tensor<'g>>,
    /// Those that are mapped.
    mapped: Vec<Tensor<'g>>,
}

impl<'g> Tensors<'g> {
    /// Adds the tensors of an array, and says in `json` which they are.
    fn array(&mut self, graph: &'g Graph, taken: &Array, json: &mut String) {
        let Some(columns) = &taken.columns else {
            json.push_str(if taken.readonly { "{\"readonly\":true,\"tensor\":" } else { "{\"tensor\":" });
            quoted(json, &taken.name);
            json.push('}');
            let bytes = Cow::Borrowed(graph.bytes(taken.elements));
            let (kind, shape) = shown(&taken.array);
            let alignment = alignment(&taken.array.dtype);
            self.mapped.push(Tensor { name: taken.name.clone(), kind, shape, alignment, bytes });
            return;
        };
        let size = taken.array.dtype.itemsize().unwrap_or_default();
        let length = taken.array.len();
        let readonly = if taken.readonly { "\"readonly\":true," } else { "" };
        let _ = write!(json, "{{{readonly}\"length\":{length},\"itemsize\":{size},\"columns\":[");
        for (number, (column, name)) in columns.iter().zip(&taken.fields).enumerate() {
            let comma = if number > 0 { "," } else { "" };
            let _ = write!(json, "{comma}{{\"at\":{},\"type\":\"{}\",", column.at, column.of.name());
            let mut tensor = |role: &str, name: String, kind: Kind, shape: Vec<usize>, bytes: &[u8]| {
                let _ = write!(json, "\"{role}\":");
                quoted(json, &name);
                self.head.push(Tensor { name, kind, shape, alignment: kind.size(), bytes: Cow::Owned(bytes.to_vec()) });
            };
            let own = match column.of {
                Of::Kind(kind) => kind,
                Of::Bytes(_) => Kind::U8,
            };
            match &column.stored {
                Stored::Constant(value) => {
                    tensor("constant", name.clone(), own, vec![value.len() / own.size()], value);
                }
                Stored::Plain(kind, bytes) => {
                    let shape = match column.of {
                        Of::Kind(_) => vec![length],
                        Of::Bytes(width) => vec![length, width],
                    };
                    tensor("tensor", name.clone(), *kind, shape, bytes);
                }
                Stored::Table { kind, places, table } => {
                    tensor("tensor", name.clone(), *kind, vec![length], places);
                    let (table_name, shape) = (format!("skiff.table.{name}"), vec![table.len() / own.size()]);
                    json.push_str(",\"table\":");
                    quoted(json, &table_name);
                    let (alignment, bytes) = (own.size(), Cow::Owned(table.clone()));
                    self.head.push(Tensor { name: table_name, kind: own, shape, alignment, bytes });
                }
            }
            json.push('}');
        }
        json.push_str("]}");
    }

    fn write(mut self, notes: &[(String, String)], out: &mut dyn io::Write) -> Result<(), WriteError> {
        // The widest first: each begins at a multiple of its own size.
        self.head.sort_by_key(|tensor| std::cmp::Reverse(tensor.alignment));
        self.mapped.sort_by_key(|tensor| std::cmp::Reverse(tensor.alignment));
        let size: usize = self.head.iter().map(|tensor| tensor.bytes.len()).sum();
        let head = size.next_multiple_of(ALIGNMENT);
        if head > size {
            self.head.push(Tensor::bytes(PADDING, vec![0; head - size]));
        }
        let mut header = self.header(head, notes);
        let tensors: Vec<&[u8]> = self.head.iter().chain(&self.mapped).map(|tensor| &*tensor.bytes).collect();
        let digests = {
            let parts: Vec<&[u8]> =
                std::iter::once(header.as_slice()).chain(tensors.iter().map(|bytes| &**bytes)).collect();
            digest::of(&parts, self.head.len().saturating_add(1))
        };
        digests.and_then(|digests| digest::place(&mut header, digests)).expect("a header has room for its digests");
        out.write_all(&header)?;
        for bytes in tensors {
            out.write_all(bytes)?;
        }
        Ok(())
    }

    /// The length and the header, with zeros in place of digests.
    fn header(&self, head: usize, notes: &[(String, String)]) -> Vec<u8> {
        let zeros = String::from_utf8_lossy(&digest::ZEROS).into_owned();
        let mut json = format!("{BEFORE}{zeros}{BETWEEN}{zeros}\"");
        let written_by = concat!("skiff ", env!("CARGO_PKG_VERSION"));
        let _ = write!(
            json,
            r#","skiff.head_size":"{head}","skiff.version":"{VERSION}","skiff.written_by":"{written_by}""#
        );
        for (name, text) in notes {
            json.push(',');
            quoted(&mut json, name);
            json.push(':');
            quoted(&mut json, text);
        }
        json.push('}');
        let mut end = 0_usize;
        for tensor in self.head.iter().chain(&self.mapped) {
            let place = Range { start: end, end: end.saturating_add(tensor.bytes.len()) };
            end = place.end;
            json.push(',');
            entry(&mut json, &tensor.name, tensor.kind, &tensor.shape, &place);
        }
        json.push('}');
        let length = json.len().saturating_add(8).next_multiple_of(ALIGNMENT) - 8;
        json.extend(std::iter::repeat_n(' ', length - json.len()));
        let mut header = u64::try_from(length).unwrap_or_default().to_le_bytes().to_vec();
        header.extend(json.into_bytes());
        header
    }
}

/// What the elements' place is to be a multiple of, so that they are numbers where they lie.
fn alignment(dtype: &DType) -> usize {
    match dtype {
        DType::Int { size, .. } | DType::UInt { size, .. } => *size,
        DType::Float { size: size @ (2 | 4 | 8), .. } => *size,
        DType::Complex { size: 16, .. } | DType::Complex { size: 8, .. } => 8,
        DType::DateTime { .. } | DType::TimeDelta { .. } => 8,
        DType::Str { .. } => 4,
        _ => 1,
    }
}

/// As what other readers of safetensors see an array: numbers in the order in which they lie, so that an array in
/// Fortran order is seen transposed; bytes where safetensors has no dtype for the elements.
fn shown(array: &NdArray) -> (Kind, Vec<usize>) {
    let bools = |bytes: &[u8]| bytes.iter().all(|&byte| byte < 2);
    match Kind::of(&array.dtype) {
        Some(Kind::Bool) if !array.bytes().is_some_and(bools) => {}
        Some(kind) => {
            let mut shape = array.shape.clone();
            if array.order == Order::F {
                shape.reverse();
            }
            return (kind, shape);
        }
        None => {}
    }
    (Kind::U8, vec![array.bytes().map_or(0, <[u8]>::len)])
}
