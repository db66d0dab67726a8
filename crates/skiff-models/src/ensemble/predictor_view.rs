//! The state of histogram-based boosting's `TreePredictor`, checked: for predictions, and for the verdict on a file.

use skiff_files::{DType, Instance, NdArray};
use skiff_pickle::{Graph, NodeId};

use crate::conversions::index;
use crate::fields::parts::{array, damaged, unexpected};
use crate::fields::{ReadError, ReadErrorKind};
use crate::tree::{Branch, Fault, depth};

/// The classes of predictors, with and without the names of before 0.22.
pub(crate) const PREDICTOR: &str = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor";
/// The attributes of a predictor.
pub(crate) const ATTRIBUTES: [&str; 3] = ["nodes", BINNED, RAW];
const BINNED: &str = "binned_left_cat_bitsets";
const RAW: &str = "raw_left_cat_bitsets";

/// The fields of a node's children.
pub(crate) const CHILDREN: [&str; 2] = ["left", "right"];

/// The state of a `TreePredictor`. One that exists has nodes, and sets of categories of the right shape;
/// [`PredictorView::check_nodes`] says whether its nodes are a tree. How many features there are, only its estimator knows.
#[derive(Debug)]
pub struct PredictorView {
    /// How many nodes there are; at least one.
    pub count: u32,
    /// `nodes`: a record for each node.
    pub nodes: NdArray,
    /// `raw_left_cat_bitsets`, eight `uint32` per set; none before 0.24.
    pub left: Option<NdArray>,
    /// How many sets there are both of raw and of binned categories.
    sets: usize,
}

impl PredictorView {
    /// The predictor at a node of a graph.
    ///
    /// # Errors
    /// When it is none, or its state contradicts itself; the path is that of the part within it.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Self, ReadError> {
        let instance = Instance::read(graph, id).filter(|instance| instance.is(PREDICTOR));
        let instance = instance.ok_or_else(|| unexpected(graph, id, "", "a `TreePredictor`"))?;
        let missing = || ReadError::new("nodes".to_owned(), ReadErrorKind::Missing);
        let at = instance.attribute("nodes").ok_or_else(missing)?;
        let nodes = array(graph, at, "nodes")?;
        let count = match nodes.shape[..] {
            [len] => u32::try_from(len).ok().filter(|&len| len > 0),
            _ => None,
        };
        let count = count.ok_or_else(|| unexpected(graph, at, "nodes", "an array of nodes"))?;
        let sets = |name| instance.attribute(name).map(|id| sets_at(graph, id, name)).transpose();
        let (left, binned) = (sets(RAW)?, sets(BINNED)?);
        let count_of = |sets: &Option<NdArray>| sets.as_ref().map_or(0, |sets| sets.len() / 8);
        Ok(Self { count, nodes, sets: count_of(&left).min(count_of(&binned)), left })
    }

    /// The sets of raw categories, eight numbers each.
    pub(crate) fn sets(&self) -> Vec<[u32; 8]> {
        let words = self.left.as_ref().and_then(NdArray::to_i64).unwrap_or_default();
        // They are uint32.
        let words: Vec<u32> = words.into_iter().map(|word| u32::try_from(word).unwrap_or(0)).collect();
        words.as_chunks::<8>().0.to_vec()
    }

    /// How many bytes a reader makes of it.
    pub(crate) fn size(&self) -> usize {
        let nodes = self.nodes.len().saturating_mul(self.nodes.dtype.itemsize().unwrap_or(8).max(8));
        let sets = self.left.as_ref().map_or(0, |sets| sets.len().saturating_mul(8));
        nodes.saturating_add(sets).saturating_add(256)
    }

    /// Checks that the nodes are one tree, whose splits compare numbers, or have a set of categories.
    ///
    /// # Errors
    /// With the first node for which that is wrong.
    pub fn check_nodes(&self) -> Result<(), ReadError> {
        let records = self.records()?;
        let node = |at: usize| {
            let record = records.at(at);
            match record.children() {
                None => Branch::Leaf,
                Some(_) if !self.is_split(&record) => Branch::Wrong,
                Some(children) => Branch::Split(children),
            }
        };
        let wrong = |at: usize| self.wrong(at, &records.at(at));
        let fault = |fault: Fault| damaged(&format!("nodes[{}].{}", fault.node, fault.field), fault.what);
        depth(self.nodes.len(), CHILDREN, node, wrong).map_err(fault).map(|_| ())
    }

    /// The records of the nodes.
    pub(crate) fn records(&self) -> Result<Records, ReadError> {
        Records::of(&self.nodes).ok_or_else(|| damaged("nodes", "an array without the fields of nodes".to_owned()))
    }

    /// What is wrong with the split that is node `node`, if anything is.
    pub(crate) fn fault(&self, node: usize, record: &Record) -> Option<Fault> {
        (!self.is_split(record)).then(|| self.wrong(node, record))
    }

    fn is_split(&self, record: &Record) -> bool {
        record.feature >= 0
            && if record.categorical { index(record.set) < self.sets } else { !record.threshold.is_nan() }
    }

    fn wrong(&self, node: usize, record: &Record) -> Fault {
        if record.feature < 0 {
            Fault { node, field: "feature_idx", what: format!("feature {}", record.feature) }
        } else if record.categorical {
            Fault { node, field: "bitset_idx", what: format!("set {} of {}", record.set, self.sets) }
        } else {
            Fault { node, field: "num_threshold", what: "not a number".to_owned() }
        }
    }
}

const SETS: &str = "an array of sets of eight uint32";

/// An array of sets of categories, eight numbers each.
fn sets_at(graph: &Graph, id: NodeId, part: &str) -> Result<NdArray, ReadError> {
    let sets = array(graph, id, part)?;
    let is_expected = matches!(sets.shape[..], [_, 8]) && matches!(sets.dtype, DType::UInt { size: 4, .. });
    if is_expected { Ok(sets) } else { Err(unexpected(graph, id, part, SETS)) }
}

/// One element of `nodes`, with the fields that predictions need.
#[derive(Clone, Copy)]
pub(crate) struct Record {
    pub(crate) value: f64,
    pub(crate) feature: i64,
    pub(crate) threshold: f64,
    pub(crate) missing_left: bool,
    pub(crate) left: u32,
    right: u32,
    pub(crate) is_leaf: bool,
    pub(crate) categorical: bool,
    pub(crate) set: u32,
}

impl Record {
    /// Both children; `None` for a leaf.
    pub(crate) fn children(&self) -> Option<[i64; 2]> {
        (!self.is_leaf).then_some([i64::from(self.left), i64::from(self.right)])
    }

    fn by_categories(&self) -> bool {
        self.categorical && !self.is_leaf
    }
}

/// The records of `nodes`, with fields found by name: 0.22 added missing values, 0.24 categories, 1.3 made features
/// signed. Some files store records, some store each field separately: here each is a record.
pub(crate) struct Records(Vec<Record>);

impl Records {
    #[expect(clippy::indexing_slicing, reason = "the fields of an array are as long as the array")]
    fn of(nodes: &NdArray) -> Option<Self> {
        let DType::Struct { fields, .. } = &nodes.dtype else { return None };
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        let float = |name: &str| {
            let column = nodes.field(name)?;
            matches!(column.dtype(), DType::Float { size: 8, .. }).then(|| column.to_f64())?
        };
        let uint = |name: &str| {
            let column = nodes.field(name)?;
            let values = matches!(column.dtype(), DType::UInt { size: 4, .. }).then(|| column.to_i64())??;
            values.into_iter().map(|value| u32::try_from(value).ok()).collect::<Option<Vec<_>>>()
        };
        let flag = |name: &str| {
            let column = nodes.field(name)?;
            let values = match column.dtype() {
                DType::UInt { size: 1, .. } | DType::Bool => column.to_i64()?,
                _ => return None,
            };
            Some(values.into_iter().map(|value| value != 0).collect::<Vec<_>>())
        };
        let feature = nodes.field("feature_idx")?;
        let feature = match feature.dtype() {
            // `intp`: four bytes on 32-bit machines, distinguished from the unsigned ones only by their signedness.
            DType::UInt { size: 4, .. } | DType::Int { size: 4 | 8, .. } => feature.to_i64()?,
            _ => return None,
        };
        let (value, left, right, is_leaf) = (float("value")?, uint("left")?, uint("right")?, flag("is_leaf")?);
        let threshold = float("num_threshold").or_else(|| float("threshold"))?;
        // Fields must have the right type; missing fields are from older versions.
        let optional = |name: &str| if has(name) { flag(name).map(Some) } else { Some(None) };
        let (missing_left, categorical) = (optional("missing_go_to_left")?, optional("is_categorical")?);
        let set = if has("bitset_idx") { Some(uint("bitset_idx")?) } else { None };
        let is_set = |flags: &Option<Vec<bool>>, at: usize| flags.as_ref().is_some_and(|flags| flags[at]);
        let record = |at: usize| Record {
            value: value[at],
            feature: feature[at],
            threshold: threshold[at],
            missing_left: is_set(&missing_left, at),
            left: left[at],
            right: right[at],
            is_leaf: is_leaf[at],
            categorical: is_set(&categorical, at),
            set: set.as_ref().map_or(0, |set| set[at]),
        };
        Some(Self((0..nodes.len()).map(record).collect()))
    }

    /// The number of sets of categories of the tree: one for each categorical split.
    pub(crate) fn sets(&self) -> u32 {
        u32::try_from(self.0.iter().filter(|record| record.by_categories()).count()).unwrap_or(0)
    }

    /// Record number `at`, which must exist.
    #[expect(clippy::indexing_slicing, reason = "as said")]
    pub(crate) fn at(&self, at: usize) -> Record {
        self.0[at]
    }
}
