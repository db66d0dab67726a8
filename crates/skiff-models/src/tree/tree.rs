//! `sklearn.tree._tree.Tree`: the node tables of one or many trees, checked and made ready for walking.

use std::collections::HashMap;

use rayon::prelude::*;
use skiff_files::{Column, DType, Endian, Instance, NdArray};
use skiff_pickle::NodeId;
use skiff_plan::kernels::pairwise_sum::pairwise_sum;
use skiff_plan::kernels::trees::{Leaves, MAX_FEATURES, ManyRows, Node, Threshold, Trees};

use super::depth_first::{Fault, depth_first};
use crate::fields::{Fields, ReadError, ReadErrorKind};

/// The kind of values in the leaves of a tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LeafValues {
    /// `tree_.value` as it is.
    Raw,
    /// Probabilities: before scikit-learn 1.4 `tree_.value` counted samples, and each result was divided by their sum.
    Fractions,
    /// The values of regression trees times the learning rate, one column for each tree of a stage of boosting.
    Boosted {
        /// `learning_rate`.
        scale: f64,
        /// How many trees a stage has.
        columns: usize,
    },
}

/// What all trees of an ensemble must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeShape {
    /// How many features a row has.
    pub(crate) n_features: usize,
    /// How many classes each output has; 1 for a regression.
    pub(crate) n_classes: Vec<usize>,
}

impl TreeShape {
    /// How many values an output has in `tree_.value`.
    pub(crate) fn max_n_classes(&self) -> usize {
        self.n_classes.iter().copied().max().unwrap_or(0)
    }
}

/// One `tree_` to read.
#[derive(Clone, Debug)]
pub(crate) struct TreeSource {
    /// Its node in the graph.
    pub(crate) node: NodeId,
    /// Its path in the file: `estimators_[3].tree_`.
    pub(crate) path: String,
}

/// Reads `sources`, all of one shape, side by side.
pub(crate) fn read_trees(
    fields: &Fields<'_, '_>,
    sources: &[TreeSource],
    shape: &TreeShape,
    leaf_values: LeafValues,
) -> Result<Trees<f32>, ReadError> {
    let counts = leaf_values == LeafValues::Fractions && fields.before(1, 4);
    let (tables, places) = distinct_tables(fields, sources, shape)?;
    if fields.checks_only() {
        return Ok(placeholder(&places, shape, leaf_values));
    }
    let total = tables.iter().try_fold(0_u32, |sum, table| sum.checked_add(table.count));
    let total = total.ok_or_else(|| fields.unsupported("tree_", "more than 4 billion nodes in one ensemble"))?;

    // On all cores: the first touch of so much memory takes as long as reading the file.
    let mut nodes: Vec<Node<f32>> = rayon::iter::repeat_n(Node::default(), total as usize).collect();
    let mut parts = Vec::with_capacity(tables.len());
    let (mut rest, mut root) = (nodes.as_mut_slice(), 0);
    for table in &tables {
        let (part, behind) = rest.split_at_mut(table.count as usize);
        parts.push((table, root, part));
        (rest, root) = (behind, root + table.count);
    }
    let roots: Vec<u32> = parts.iter().map(|(_, root, _)| *root).collect();
    let width = shape.n_classes.len() * shape.max_n_classes();
    let read: Vec<Result<Filled, ReadError>> = parts
        .into_par_iter()
        .map_init(Scratch::default, |scratch, (table, root, part)| {
            table.fill(root, part, shape, leaf_values, counts, scratch)
        })
        .collect();
    let filled = read.into_iter().collect::<Result<Vec<_>, _>>()?;

    let missing = filled.iter().any(|tree| tree.missing_left);
    let mut first_leaf = 0_u32;
    let mut starts = Vec::with_capacity(filled.len());
    let mut values = Vec::with_capacity(filled.iter().map(|tree| tree.values.len()).sum());
    let mut numbers = Vec::with_capacity(nodes.len());
    // Each tree's own vectors go as soon as they are copied.
    for tree in filled {
        starts.push(first_leaf);
        // Leaves are fewer than nodes, which were counted.
        first_leaf += u32::try_from(tree.values.len() / width.max(1)).unwrap_or(0);
        values.extend_from_slice(&tree.values);
        numbers.extend_from_slice(&tree.numbers);
    }
    let columns = match leaf_values {
        LeafValues::Boosted { columns, .. } => columns,
        LeafValues::Raw | LeafValues::Fractions => width,
    };
    Ok(Trees {
        n_features: shape.n_features,
        nodes,
        roots: places.iter().map(|&place| roots[place]).collect(),
        numbers,
        counts: places.iter().map(|&place| tables[place].count).collect(),
        categories: Vec::new(),
        missing,
        leaves: Leaves {
            width,
            pure: pure_classes(shape, leaf_values),
            starts: places.iter().map(|&place| starts[place]).collect(),
            values,
            columns,
        },
        many_rows: ManyRows::default(),
    })
}

/// Trees of one leaf each, for checking only the estimator around them: their nodes were
/// checked elsewhere.
fn placeholder(places: &[usize], shape: &TreeShape, leaf_values: LeafValues) -> Trees<f32> {
    let width = shape.n_classes.len() * shape.max_n_classes();
    let columns = match leaf_values {
        LeafValues::Boosted { columns, .. } => columns,
        LeafValues::Raw | LeafValues::Fractions => width,
    };
    Trees {
        n_features: shape.n_features,
        nodes: vec![Node::leaf(0, 0)],
        roots: vec![0; places.len()],
        numbers: vec![0],
        counts: vec![1; places.len()],
        categories: Vec::new(),
        missing: false,
        leaves: Leaves { width, pure: 0, starts: vec![0; places.len()], values: vec![0.0; width], columns },
        many_rows: ManyRows::default(),
    }
}

/// Pure leaves are stored as the index of their class if leaves have the probabilities of one output.
fn pure_classes(shape: &TreeShape, leaf_values: LeafValues) -> u32 {
    match (leaf_values, &shape.n_classes[..]) {
        (LeafValues::Fractions, &[classes]) if classes > 1 => u32::try_from(classes).unwrap_or(0),
        _ => 0,
    }
}

/// The node tables of all sources, each once, and which one each source has. (A malicious file can refer to one table as
/// often as it likes; reading it as often would cost memory without end.)
fn distinct_tables(
    fields: &Fields<'_, '_>,
    sources: &[TreeSource],
    shape: &TreeShape,
) -> Result<(Vec<Table>, Vec<usize>), ReadError> {
    let mut tables: Vec<Table> = Vec::new();
    let mut places = Vec::with_capacity(sources.len());
    let mut known = HashMap::new();
    for source in sources {
        let table = Table::read(fields, source, shape)?;
        let key = table.identity();
        let place = *known.entry(key).or_insert(tables.len());
        if place == tables.len() {
            tables.push(table);
        }
        places.push(place);
    }
    Ok((tables, places))
}

/// The declared shape of a `tree_`.
pub(crate) fn read_shape(fields: &Fields<'_, '_>, source: &TreeSource) -> Result<TreeShape, ReadError> {
    let instance = tree_instance(fields, source)?;
    let wrong = || fields.unexpected_at(source.node, &source.path, "the arguments of a tree");
    let &[n_features, n_classes, n_outputs] = instance.arguments() else { return Err(wrong()) };
    let count = |node, name: &str| {
        let path = format!("{}.{name}", source.path);
        let count = fields.scalar_at(node, &path)?.as_i64().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| fields.unexpected_at(node, &path, "a count"))
    };
    let shape = TreeShape {
        n_features: count(n_features, "n_features")?,
        n_classes: {
            let path = format!("{}.n_classes", source.path);
            let classes = fields.array_at(n_classes, &path)?.to_i64().and_then(|classes| {
                classes.into_iter().map(|count| usize::try_from(count).ok().filter(|&count| count > 0)).collect()
            });
            classes.ok_or_else(|| fields.unexpected_at(n_classes, &path, "an array of counts"))?
        },
    };
    let n_outputs = count(n_outputs, "n_outputs")?;
    let damaged = |what: String| Err(ReadError::new(source.path.clone(), ReadErrorKind::Damaged(what)));
    if n_outputs != shape.n_classes.len() || n_outputs == 0 {
        return damaged(format!("{n_outputs} outputs, but classes of {}", shape.n_classes.len()));
    }
    if shape.n_features == 0 || shape.n_features > MAX_FEATURES {
        return damaged(format!("{} features", shape.n_features));
    }
    Ok(shape)
}

fn tree_instance<'g>(fields: &Fields<'_, 'g>, source: &TreeSource) -> Result<Instance<'g>, ReadError> {
    fields
        .instance_at(source.node, &source.path)?
        .filter(|instance| instance.is("sklearn.tree._tree.Tree"))
        .ok_or_else(|| fields.unexpected_at(source.node, &source.path, "a `sklearn.tree._tree.Tree`"))
}

/// `nodes` and `values` of one tree, whose lengths agree.
struct Table {
    path: String,
    count: u32,
    nodes: NdArray,
    values: NdArray,
    /// `max_depth`: the capacity of `decision_path` for the nodes of each path. Not written before 0.18.
    max_depth: Option<usize>,
}

/// The data in addition to the nodes.
struct Filled {
    values: Vec<f64>,
    numbers: Vec<u32>,
    missing_left: bool,
}

/// What one thread keeps of a tree while it reads it: for each node its children, and what it will be.
#[derive(Default)]
struct Scratch {
    children: Vec<[i64; 2]>,
    decoded: Vec<Node<f32>>,
}

impl Table {
    fn read(fields: &Fields<'_, '_>, source: &TreeSource, shape: &TreeShape) -> Result<Self, ReadError> {
        let own = read_shape(fields, source)?;
        if own != *shape {
            let what = format!("expected a tree of {shape:?}, found {own:?}");
            return Err(ReadError::new(source.path.clone(), ReadErrorKind::Damaged(what)));
        }
        let instance = tree_instance(fields, source)?;
        let attribute = |name: &str| {
            let path = format!("{}.{name}", source.path);
            let node = instance.attribute(name).ok_or_else(|| ReadError::new(path.clone(), ReadErrorKind::Missing))?;
            Ok((node, path))
        };
        let array = |name| attribute(name).and_then(|(node, path)| fields.array_at(node, &path));
        let (nodes, values) = (array("nodes")?, array("values")?);
        let (node, path) = attribute("node_count")?;
        let node_count = fields.scalar_at(node, &path)?.as_i64().and_then(|count| u32::try_from(count).ok());
        let damaged = |name: &str, what: String| {
            Err(ReadError::new(format!("{}.{name}", source.path), ReadErrorKind::Damaged(what)))
        };
        let count = match (node_count, &nodes.shape[..]) {
            (Some(count), &[len]) if count > 0 && count as usize == len => count,
            (_, shape) => return damaged("nodes", format!("an array of {shape:?} for {node_count:?} nodes")),
        };
        let expected = [count as usize, shape.n_classes.len(), shape.max_n_classes()];
        if values.shape != expected {
            return damaged("values", format!("expected an array of {expected:?}, found {:?}", values.shape));
        }
        if !values.is_c_order() || !matches!(values.dtype, DType::Float { size: 8, .. }) {
            return damaged("values", format!("expected an array of float64 in C order, found {}", values.describe()));
        }
        let max_depth = match instance.attribute("max_depth") {
            None => None,
            Some(node) => {
                let depth = fields.scalar_at(node, &format!("{}.max_depth", source.path))?.as_i64();
                match depth.and_then(|depth| usize::try_from(depth).ok()) {
                    Some(depth) => Some(depth),
                    None => return damaged("max_depth", "no depth".to_owned()),
                }
            }
        };
        Ok(Self { path: source.path.clone(), count, nodes, values, max_depth })
    }

    /// The location of the bytes of both arrays: tables of the same bytes are the same.
    fn identity(&self) -> [(usize, usize); 2] {
        [&self.nodes, &self.values].map(NdArray::identity)
    }

    fn error(&self, place: &str, kind: ReadErrorKind) -> ReadError {
        ReadError::new(format!("{}.{place}", self.path), kind)
    }

    /// Checks every node and writes it into `part`, which begins at `root` of the ensemble's table.
    fn fill(
        &self,
        root: u32,
        part: &mut [Node<f32>],
        shape: &TreeShape,
        leaf_values: LeafValues,
        counts: bool,
        scratch: &mut Scratch,
    ) -> Result<Filled, ReadError> {
        let no_fields = || self.error("nodes", ReadErrorKind::Damaged("an array without the fields of nodes".into()));
        let columns = Columns::read(&self.nodes).ok_or_else(no_fields)?;
        let records = columns.records().ok_or_else(no_fields)?;
        let values = self.values.column().ok_or_else(|| {
            self.error("values", ReadErrorKind::Damaged("an array whose elements cannot be read".into()))
        })?;
        // The file is read once, from its beginning to its end; what is kept of it is small enough for the cache.
        let count = self.count as usize;
        let mut leaves = LeafReader::new(&values, shape, leaf_values, counts);
        let Scratch { children, decoded } = scratch;
        children.clear();
        decoded.clear();
        let mut missing_left = false;
        for node in 0..count {
            let record = records.at(node);
            children.push([record.left, record.right]);
            decoded.push(if record.is_leaf() {
                let leaf = leaves.read(node).ok_or_else(|| {
                    let what = format!("more than {} leaves in one tree", f32::MAX_LEAVES);
                    self.error("nodes", ReadErrorKind::Unsupported(what))
                })?;
                Node::leaf(leaf, 0)
            } else {
                missing_left |= record.missing_left;
                let feature =
                    u32::try_from(record.feature).ok().filter(|&feature| (feature as usize) < shape.n_features);
                let feature = feature.ok_or_else(|| {
                    let what = format!("feature {} of {}", record.feature, shape.n_features);
                    self.fault(Fault { node, field: "feature", what })
                })?;
                if record.threshold.is_nan() {
                    return Err(self.fault(Fault { node, field: "threshold", what: "not a number".to_owned() }));
                }
                Node::split(feature, record.threshold, record.missing_left, 0)
            });
        }
        self.nodes.release();
        self.values.release();
        let pair = |node: usize| (children[node] != LEAF).then_some(children[node]);
        let order = depth_first(count, ["left_child", "right_child"], pair).map_err(|fault| self.fault(fault))?;
        if let Some(most) = self.max_depth.filter(|&most| order.depth > most) {
            let what = format!("{most} for a tree of depth {}", order.depth);
            return Err(self.error("max_depth", ReadErrorKind::Damaged(what)));
        }
        for (place, (node, &number)) in (root..).zip(part.iter_mut().zip(&order.numbers)) {
            // `depth_first` has checked what is converted here.
            let left = usize::try_from(children[number as usize][0]).ok();
            *node = decoded[number as usize].standing_at(place, left.map(|left| root + order.places[left]));
        }
        Ok(Filled { values: leaves.values, numbers: order.numbers, missing_left })
    }

    fn fault(&self, fault: Fault) -> ReadError {
        self.error(&format!("nodes[{}].{}", fault.node, fault.field), ReadErrorKind::Damaged(fault.what))
    }
}

/// The children of a leaf.
const LEAF: [i64; 2] = [-1, -1];

/// One row of `nodes`, as far as predictions need it.
struct Record {
    left: i64,
    right: i64,
    feature: i64,
    threshold: f64,
    missing_left: bool,
}

impl Record {
    fn is_leaf(&self) -> bool {
        [self.left, self.right] == LEAF
    }
}

/// The fields of `nodes`, found by name: scikit-learn 1.3 added one. Some files store records, some store each field on
/// its own.
struct Columns<'a> {
    left: Column<'a>,
    right: Column<'a>,
    feature: Column<'a>,
    threshold: Column<'a>,
    missing_left: Option<Column<'a>>,
}

impl<'a> Columns<'a> {
    fn read(nodes: &'a NdArray) -> Option<Self> {
        let DType::Struct { fields, .. } = &nodes.dtype else { return None };
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        Some(Self {
            left: nodes.field("left_child")?,
            right: nodes.field("right_child")?,
            feature: nodes.field("feature")?,
            threshold: nodes.field("threshold")?,
            missing_left: match has("missing_go_to_left") {
                true => Some(nodes.field("missing_go_to_left")?),
                false => None,
            },
        })
    }

    /// The fields as one table; `None` when one of them is of a wrong type. Integers had four bytes on 32-bit machines.
    fn records(&self) -> Option<Records<'_>> {
        let int = |column| match *Column::dtype(column) {
            DType::Int { size: size @ (4 | 8), endian } => Some(IntField { cells: Cells::of(column), size, endian }),
            _ => None,
        };
        let DType::Float { size: 8, endian } = *self.threshold.dtype() else { return None };
        let missing_left = match &self.missing_left {
            None => None,
            Some(column) if matches!(column.dtype(), DType::UInt { size: 1, .. } | DType::Bool) => {
                Some(Cells::of(column))
            }
            Some(_) => return None,
        };
        Some(Records {
            left: int(&self.left)?,
            right: int(&self.right)?,
            feature: int(&self.feature)?,
            threshold: (Cells::of(&self.threshold), endian),
            missing_left,
        })
    }
}

/// The fields of nodes in place.
struct Records<'a> {
    left: IntField<'a>,
    right: IntField<'a>,
    feature: IntField<'a>,
    threshold: (Cells<'a>, Endian),
    missing_left: Option<Cells<'a>>,
}

/// Cells at equal distances.
#[derive(Clone, Copy)]
struct Cells<'a> {
    bytes: &'a [u8],
    stride: usize,
}

#[derive(Clone, Copy)]
struct IntField<'a> {
    cells: Cells<'a>,
    size: usize,
    endian: Endian,
}

impl Records<'_> {
    /// Record number `at`, which the array has.
    #[inline]
    fn at(&self, at: usize) -> Record {
        Record {
            left: self.left.at(at),
            right: self.right.at(at),
            feature: self.feature.at(at),
            threshold: float(self.threshold.0.at(at), 0, self.threshold.1),
            missing_left: self.missing_left.is_some_and(|cells| cells.at(at)[0] != 0),
        }
    }
}

impl<'a> Cells<'a> {
    fn of(column: &'a Column<'_>) -> Self {
        let (bytes, offset, stride) = column.strided();
        Self { bytes: bytes.get(offset..).unwrap_or_default(), stride }
    }

    /// What begins with cell number `at`.
    #[inline]
    fn at(self, at: usize) -> &'a [u8] {
        &self.bytes[at * self.stride..]
    }
}

impl IntField<'_> {
    #[inline]
    fn at(self, at: usize) -> i64 {
        let bytes = self.cells.at(at);
        if self.size == 8 {
            let bytes = bytes[..8].try_into().expect("eight bytes");
            if self.endian == Endian::Big { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) }
        } else {
            let bytes = bytes[..4].try_into().expect("four bytes");
            i64::from(if self.endian == Endian::Big { i32::from_be_bytes(bytes) } else { i32::from_le_bytes(bytes) })
        }
    }
}

#[inline]
fn float(bytes: &[u8], offset: usize, endian: Endian) -> f64 {
    let bytes = bytes[offset..offset + 8].try_into().expect("eight bytes");
    if endian == Endian::Big { f64::from_be_bytes(bytes) } else { f64::from_le_bytes(bytes) }
}

/// Reads the values of leaves, and numbers the leaves.
struct LeafReader<'a> {
    bytes: &'a [u8],
    endian: Endian,
    n_classes: &'a [usize],
    max_n_classes: usize,
    leaf_values: LeafValues,
    counts: bool,
    pure: u32,
    /// The number of leaves in `values`.
    count: u32,
    values: Vec<f64>,
}

impl<'a> LeafReader<'a> {
    fn new(values: &'a Column<'_>, shape: &'a TreeShape, leaf_values: LeafValues, counts: bool) -> Self {
        let endian = match *values.dtype() {
            DType::Float { endian, .. } => endian,
            _ => Endian::NATIVE,
        };
        Self {
            bytes: values.strided().0,
            endian,
            n_classes: &shape.n_classes,
            max_n_classes: shape.max_n_classes(),
            leaf_values,
            counts,
            pure: pure_classes(shape, leaf_values),
            count: 0,
            values: Vec::new(),
        }
    }

    /// The number of the leaf that is node `node`; `None` when there are too many.
    fn read(&mut self, node: usize) -> Option<u32> {
        let start = self.values.len();
        let width = self.n_classes.len() * self.max_n_classes;
        let bytes = &self.bytes[node * width * 8..(node + 1) * width * 8];
        if let Some(class) = self.pure_class(bytes) {
            return Some(class);
        }
        self.values.extend((0..width).map(|at| float(bytes, at * 8, self.endian)));
        let values = &mut self.values[start..];
        if self.counts {
            for (output, &classes) in values.chunks_exact_mut(self.max_n_classes).zip(self.n_classes) {
                let output = &mut output[..classes];
                let sum = pairwise_sum(output);
                let sum = if sum == 0.0 { 1.0 } else { sum };
                for value in output {
                    *value /= sum;
                }
            }
        }
        if let LeafValues::Boosted { scale, .. } = self.leaf_values {
            for value in &mut *values {
                *value *= scale;
            }
        }
        let leaf = self.pure.checked_add(self.count)?;
        self.count += 1;
        ((leaf as usize) < f32::MAX_LEAVES).then_some(leaf)
    }

    /// The class that a leaf has 1 for, where it has 0 for all others.
    fn pure_class(&self, bytes: &[u8]) -> Option<u32> {
        let mut only = None;
        for class in 0..self.pure {
            let value = float(bytes, class as usize * 8, self.endian);
            if value != 0.0 && only.replace((class, value)).is_some() {
                return None;
            }
        }
        // A count over itself is 1.
        only.filter(|&(_, value)| value == 1.0 || (self.counts && value.is_finite())).map(|(class, _)| class)
    }
}
