//! The state of `sklearn.tree._tree.Tree`, checked: for predictions, and for the verdict on a file.

use skiff_files::{Column, DType, Endian, Instance, NdArray};
use skiff_pickle::{Graph, NodeId};
use skiff_plan::kernels::trees::MAX_FEATURES;

use super::depth_first::{Branch, Fault, depth};
use crate::conversions::index;
use crate::fields::parts::{array, count, damaged, unexpected};
use crate::fields::{ReadError, ReadErrorKind};

/// The state of a `sklearn.tree._tree.Tree`. One that exists has counts that agree, and arrays with the shapes, dtypes and
/// fields that compiled code takes for granted. [`TreeView::check_nodes`] says whether its nodes are a tree.
#[derive(Debug)]
pub struct TreeView {
    /// How many features a row has; at least one.
    pub n_features: usize,
    /// How many classes each output has, at least one each; 1 for a regression.
    pub n_classes: Vec<usize>,
    /// How many nodes there are; at least one.
    pub node_count: u32,
    /// `nodes`: a record for each node.
    pub nodes: NdArray,
    /// `values`, (node_count, n_outputs, max(n_classes)): `float64` in C order.
    pub values: NdArray,
    /// `max_depth`: the capacity of `decision_path` for the nodes of each path. Not written before 0.18.
    pub max_depth: Option<usize>,
}

/// The fields of nodes, in the order in which compiled code takes them. 1.3 added the last one.
const FIELDS: [&str; 8] = [
    "left_child",
    "right_child",
    "feature",
    "threshold",
    "impurity",
    "n_node_samples",
    "weighted_n_node_samples",
    "missing_go_to_left",
];

impl TreeView {
    /// The tree at a node of a graph.
    ///
    /// # Errors
    /// When it is none, or its state contradicts itself; the path is that of the part within it.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Self, ReadError> {
        let instance = Instance::read(graph, id).filter(|instance| instance.is("sklearn.tree._tree.Tree"));
        let instance = instance.ok_or_else(|| unexpected(graph, id, "", "a `sklearn.tree._tree.Tree`"))?;
        let &[n_features, n_classes, n_outputs] = instance.arguments() else {
            return Err(unexpected(graph, id, "", "the arguments of a tree"));
        };
        let (n_features, n_outputs) = (count(graph, n_features, "n_features")?, count(graph, n_outputs, "n_outputs")?);
        let classes = array(graph, n_classes, "n_classes")?.to_i64().and_then(|classes| {
            classes.into_iter().map(|count| usize::try_from(count).ok().filter(|&count| count > 0)).collect()
        });
        let n_classes: Vec<usize> =
            classes.ok_or_else(|| unexpected(graph, n_classes, "n_classes", "an array of counts"))?;
        if n_outputs != n_classes.len() || n_outputs == 0 {
            return Err(damaged("", format!("{n_outputs} outputs, but classes of {}", n_classes.len())));
        }
        if n_features == 0 || n_features > MAX_FEATURES {
            return Err(damaged("", format!("{n_features} features")));
        }
        let part = |name: &'static str| {
            instance.attribute(name).ok_or_else(|| ReadError::new(name.to_owned(), ReadErrorKind::Missing))
        };
        let nodes = array(graph, part("nodes")?, "nodes")?;
        let values = array(graph, part("values")?, "values")?;
        let declared = count(graph, part("node_count")?, "node_count")?;
        let node_count = match u32::try_from(declared) {
            Ok(count) if count > 0 && nodes.shape == [declared] => count,
            _ => return Err(damaged("nodes", format!("an array of {:?} for {declared} nodes", nodes.shape))),
        };
        let expected = [index(node_count), n_classes.len(), n_classes.iter().copied().max().unwrap_or(0)];
        if values.shape != expected {
            return Err(damaged("values", format!("expected an array of {expected:?}, found {:?}", values.shape)));
        }
        if !values.is_c_order() || !matches!(values.dtype, DType::Float { size: 8, .. }) {
            let what = format!("expected an array of float64 in C order, found {}", values.describe());
            return Err(damaged("values", what));
        }
        let max_depth = match instance.attribute("max_depth") {
            None => None,
            Some(depth) => Some(count(graph, depth, "max_depth")?),
        };
        if !has_fields(&nodes.dtype) {
            return Err(damaged("nodes", format!("an array of other fields than scikit-learn's: {}", nodes.dtype)));
        }
        Ok(Self { n_features, n_classes, node_count, nodes, values, max_depth })
    }

    /// How many bytes a reader makes of it.
    pub(crate) fn size(&self) -> usize {
        let of = |array: &NdArray| array.len().saturating_mul(array.dtype.itemsize().unwrap_or(8).max(8));
        let classes = self.n_classes.len().saturating_mul(8);
        of(&self.nodes).saturating_add(of(&self.values)).saturating_add(classes).saturating_add(256)
    }

    /// The nodes' fields.
    pub(crate) fn columns(&self) -> Result<Columns<'_>, ReadError> {
        Columns::read(&self.nodes).ok_or_else(no_fields)
    }

    /// Checks that the nodes are one tree, no deeper than it says, whose splits compare numbers with features that rows
    /// have.
    ///
    /// # Errors
    /// With the first node for which that is wrong.
    pub fn check_nodes(&self) -> Result<(), ReadError> {
        let columns = self.columns()?;
        let records = columns.records().ok_or_else(no_fields)?;
        let node = |at: usize| {
            let record = records.at(at);
            if record.is_leaf() {
                return Branch::Leaf;
            }
            match record.feature(self.n_features) {
                Some(_) => Branch::Split([record.left, record.right]),
                None => Branch::Wrong,
            }
        };
        let wrong = |at: usize| records.at(at).fault(at, self.n_features);
        let depth = depth(index(self.node_count), CHILDREN, node, wrong).map_err(at_node)?;
        self.nodes.release();
        self.check_depth(depth)
    }

    /// `decision_path` reserves memory for as many nodes on each path, and one more.
    pub(crate) fn check_depth(&self, depth: usize) -> Result<(), ReadError> {
        match self.max_depth {
            Some(most) if depth > most => Err(damaged("max_depth", format!("{most} for a tree of depth {depth}"))),
            _ => Ok(()),
        }
    }
}

/// The fields of a node's children.
pub(crate) const CHILDREN: [&str; 2] = ["left_child", "right_child"];

/// What is wrong with a node, as an error of the tree.
pub(crate) fn at_node(fault: Fault) -> ReadError {
    damaged(&format!("nodes[{}].{}", fault.node, fault.field), fault.what)
}

pub(crate) fn no_fields() -> ReadError {
    damaged("nodes", "an array without the fields of nodes".to_owned())
}

/// Whether nodes have scikit-learn's fields, in its order and apart from each other.
fn has_fields(dtype: &DType) -> bool {
    let DType::Struct { fields, .. } = dtype else { return false };
    let is_known = fields.len() >= 7 && fields.len() <= FIELDS.len();
    let in_order = fields.iter().zip(FIELDS).all(|(field, name)| field.name == name);
    let apart = fields.windows(2).all(|pair| {
        let [first, second] = pair else { return true };
        first.dtype.itemsize().is_some_and(|size| first.offset.saturating_add(size) <= second.offset)
    });
    is_known && in_order && apart
}

/// The children of a leaf.
pub(crate) const LEAF: [i64; 2] = [-1, -1];

/// One row of `nodes`, as far as predictions need it.
pub(crate) struct Record {
    pub(crate) left: i64,
    pub(crate) right: i64,
    feature: i64,
    pub(crate) threshold: f64,
    pub(crate) missing_left: bool,
}

impl Record {
    pub(crate) fn is_leaf(&self) -> bool {
        [self.left, self.right] == LEAF
    }

    /// The feature that it splits, if that and the threshold are a split's.
    #[inline]
    pub(crate) fn feature(&self, n_features: usize) -> Option<u32> {
        let feature = u32::try_from(self.feature).ok().filter(|&feature| index(feature) < n_features);
        feature.filter(|_| !self.threshold.is_nan())
    }

    /// What is wrong with the split.
    pub(crate) fn fault(&self, node: usize, n_features: usize) -> Fault {
        match usize::try_from(self.feature).is_ok_and(|feature| feature < n_features) {
            true => Fault { node, field: "threshold", what: "not a number".to_owned() },
            false => Fault { node, field: "feature", what: format!("feature {} of {n_features}", self.feature) },
        }
    }
}

/// The fields of `nodes`, found by name: scikit-learn 1.3 added one. Some files store records, some store each field on
/// its own.
pub(crate) struct Columns<'a> {
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
    pub(crate) fn records(&self) -> Option<Records<'_>> {
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
pub(crate) struct Records<'a> {
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
    #[expect(clippy::indexing_slicing, reason = "cells have at least a byte")]
    pub(crate) fn at(&self, at: usize) -> Record {
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
    #[expect(clippy::indexing_slicing, reason = "the array was found to have as many cells as nodes")]
    fn at(self, at: usize) -> &'a [u8] {
        &self.bytes[at * self.stride..]
    }
}

impl IntField<'_> {
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the cells of an array are as long as its dtype")]
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
#[expect(clippy::indexing_slicing, reason = "the cells of an array are as long as its dtype")]
pub(crate) fn float(bytes: &[u8], offset: usize, endian: Endian) -> f64 {
    let bytes = bytes[offset..offset + 8].try_into().expect("eight bytes");
    if endian == Endian::Big { f64::from_be_bytes(bytes) } else { f64::from_le_bytes(bytes) }
}
