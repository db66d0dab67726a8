//! `sklearn.tree._tree.Tree`: the node tables of one or many trees, checked and made ready for walking.

use std::collections::HashMap;

use rayon::prelude::*;
use skiff_files::{Column, DType, Endian, NdArray};
use skiff_pickle::NodeId;
use skiff_plan::kernels::pairwise_sum::pairwise_sum;
use skiff_plan::kernels::trees::{Leaves, ManyRows, Node, Threshold, Trees};

use super::depth_first::depth_first;
use super::tree_view::{CHILDREN, LEAF, TreeView, at_node, float, no_fields};
use crate::conversions::index;
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
    fn of(tree: &TreeView) -> Self {
        Self { n_features: tree.n_features, n_classes: tree.n_classes.clone() }
    }

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
    let total = tables.iter().try_fold(0_u32, |sum, table| sum.checked_add(table.tree.node_count));
    let total = total.ok_or_else(|| fields.unsupported("tree_", "more than 4 billion nodes in one ensemble"))?;

    // On all cores: the first touch of so much memory takes as long as reading the file.
    let mut nodes: Vec<Node<f32>> = rayon::iter::repeat_n(Node::default(), index(total)).collect();
    let mut parts = Vec::with_capacity(tables.len());
    let (mut rest, mut root) = (nodes.as_mut_slice(), 0);
    for table in &tables {
        let (part, behind) = rest.split_at_mut(index(table.tree.node_count));
        parts.push((table, root, part));
        (rest, root) = (behind, root + table.tree.node_count);
    }
    let roots: Vec<u32> = parts.iter().map(|(_, root, _)| *root).collect();
    let node_counts: Vec<u32> = tables.iter().map(|table| table.tree.node_count).collect();
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
        roots: at_places(&roots, &places),
        numbers,
        counts: at_places(&node_counts, &places),
        categories: Vec::new(),
        missing,
        leaves: Leaves {
            width,
            pure: pure_classes(shape, leaf_values),
            starts: at_places(&starts, &places),
            values,
            columns,
        },
        many_rows: ManyRows::default(),
    })
}

/// What each of `places` has.
#[expect(clippy::indexing_slicing, reason = "they are the places of trees, for each of which there is a value")]
pub(crate) fn at_places(values: &[u32], places: &[usize]) -> Vec<u32> {
    places.iter().map(|&place| values[place]).collect()
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
    read_view(fields, source).map(|view| TreeShape::of(&view))
}

fn read_view(fields: &Fields<'_, '_>, source: &TreeSource) -> Result<TreeView, ReadError> {
    let view = TreeView::read(fields.graph(), source.node).map_err(|error| error.within(&source.path))?;
    fields.spend(&source.path, view.size())?;
    Ok(view)
}

/// One tree of the shape that all have.
struct Table {
    path: String,
    tree: TreeView,
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
        let tree = read_view(fields, source)?;
        let own = TreeShape::of(&tree);
        if own != *shape {
            let what = format!("expected a tree of {shape:?}, found {own:?}");
            return Err(ReadError::new(source.path.clone(), ReadErrorKind::Damaged(what)));
        }
        Ok(Self { path: source.path.clone(), tree })
    }

    /// The location of the bytes of both arrays: tables of the same bytes are the same.
    fn identity(&self) -> [(usize, usize); 2] {
        [&self.tree.nodes, &self.tree.values].map(NdArray::identity)
    }

    fn error(&self, place: &str, kind: ReadErrorKind) -> ReadError {
        ReadError::new(format!("{}.{place}", self.path), kind)
    }

    /// Checks every node and writes it into `part`, which begins at `root` of the ensemble's table.
    #[expect(
        clippy::indexing_slicing,
        reason = "nodes are below `count`, as `depth_first` has found their children to be"
    )]
    fn fill(
        &self,
        root: u32,
        part: &mut [Node<f32>],
        shape: &TreeShape,
        leaf_values: LeafValues,
        counts: bool,
        scratch: &mut Scratch,
    ) -> Result<Filled, ReadError> {
        let within = |error: ReadError| error.within(&self.path);
        let TreeView { nodes, values, node_count, .. } = &self.tree;
        let columns = self.tree.columns().map_err(within)?;
        let records = columns.records().ok_or_else(|| within(no_fields()))?;
        let column = values.column().ok_or_else(|| {
            self.error("values", ReadErrorKind::Damaged("an array whose elements cannot be read".into()))
        })?;
        // The file is read once, from its beginning to its end; what is kept of it is small enough for the cache.
        let count = index(*node_count);
        let mut leaves = LeafReader::new(&column, shape, leaf_values, counts);
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
                let feature = record.feature(shape.n_features);
                let feature = feature.ok_or_else(|| within(at_node(record.fault(node, shape.n_features))))?;
                Node::split(feature, record.threshold, record.missing_left, 0)
            });
        }
        nodes.release();
        values.release();
        let pair = |node: usize| (children[node] != LEAF).then_some(children[node]);
        let order = depth_first(count, CHILDREN, pair).map_err(|fault| within(at_node(fault)))?;
        self.tree.check_depth(order.depth).map_err(within)?;
        for (place, (node, &number)) in (root..).zip(part.iter_mut().zip(&order.numbers)) {
            // `depth_first` has checked what is converted here.
            let number = index(number);
            let left = usize::try_from(children[number][0]).ok();
            *node = decoded[number].standing_at(place, left.map(|left| root + order.places[left]));
        }
        Ok(Filled { values: leaves.values, numbers: order.numbers, missing_left })
    }
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
    #[expect(clippy::indexing_slicing, reason = "the view has found as many values as nodes and classes need")]
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
        (index(leaf) < f32::MAX_LEAVES).then_some(leaf)
    }

    /// The class that a leaf has 1 for, where it has 0 for all others.
    fn pure_class(&self, bytes: &[u8]) -> Option<u32> {
        let mut only = None;
        for class in 0..self.pure {
            let value = float(bytes, index(class) * 8, self.endian);
            if value != 0.0 && only.replace((class, value)).is_some() {
                return None;
            }
        }
        // A count over itself is 1.
        only.filter(|&(_, value)| value == 1.0 || (self.counts && value.is_finite())).map(|(class, _)| class)
    }
}
