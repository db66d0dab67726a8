//! `_predictors`: the trees of histogram-based boosting.

use std::collections::HashMap;

use rayon::prelude::*;
use skiff_files::{DType, NdArray};
use skiff_pickle::NodeId;
use skiff_plan::kernels::trees::{Leaves, MAX_FEATURES, ManyRows, Node, Trees};

use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::tree::{Fault, depth_first};

/// The classes of predictors, with and without the names of before 0.22.
const PREDICTOR: &str = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor";

/// A set of categories, one bit for each of 256.
pub(crate) type Categories = [u64; 4];

/// The properties of all trees.
pub(crate) struct Shape<'a> {
    pub(crate) n_features: usize,
    /// The number of trees in an iteration.
    pub(crate) columns: usize,
    /// The categories of the training data, for each feature that has categories.
    pub(crate) known: &'a HashMap<usize, Categories>,
}

/// Reads the predictors of all iterations into one table.
pub(crate) fn read_predictors(fields: &Fields<'_, '_>, shape: &Shape<'_>) -> Result<Trees<f64>, ReadError> {
    if shape.n_features == 0 || shape.n_features > MAX_FEATURES {
        return Err(fields.damaged("_predictors", format!("{} features", shape.n_features)));
    }
    let path = fields.path_of("_predictors");
    let mut predictors: Vec<Predictor> = Vec::new();
    let mut places = Vec::new();
    let mut known = HashMap::new();
    for (iteration, node) in fields.list("_predictors")?.into_iter().enumerate() {
        let of_iteration = fields.list_at(node, &format!("{path}[{iteration}]"))?;
        if of_iteration.len() != shape.columns {
            let what = format!("{} trees in an iteration that must have {}", of_iteration.len(), shape.columns);
            return Err(ReadError::new(format!("{path}[{iteration}]"), ReadErrorKind::Damaged(what)));
        }
        for (column, node) in of_iteration.into_iter().enumerate() {
            let predictor = Predictor::read(fields, node, &format!("{path}[{iteration}][{column}]"))?;
            // A shared table is read once: a malicious file could refer to it any number of times.
            let place = *known.entry(predictor.identity()).or_insert(predictors.len());
            match predictors.get(place) {
                None => predictors.push(predictor),
                Some(same) if same.left == predictor.left => {}
                Some(_) => return Err(predictor.error("nodes", "the nodes of another tree".to_owned())),
            }
            places.push(place);
        }
    }
    let total = predictors.iter().try_fold(0_u32, |sum, predictor| sum.checked_add(predictor.count));
    let total = total.ok_or_else(|| fields.unsupported("_predictors", "more than 4 billion nodes in one ensemble"))?;

    let records = predictors.par_iter().map(Records::read).collect::<Vec<_>>();
    let records = records.into_iter().collect::<Result<Vec<Records>, _>>()?;
    let mut nodes = vec![Node::default(); total as usize];
    let mut parts = Vec::with_capacity(predictors.len());
    let (mut rest, mut root, mut first_set) = (nodes.as_mut_slice(), 0, 0);
    for (predictor, records) in predictors.iter().zip(&records) {
        let (part, behind) = rest.split_at_mut(predictor.count as usize);
        parts.push((predictor, records, root, first_set, part));
        (rest, root) = (behind, root + predictor.count);
        // At most one set for each node, so this is below the number of nodes.
        first_set += records.sets();
    }
    let roots: Vec<u32> = parts.iter().map(|(_, _, root, _, _)| *root).collect();
    let filled = parts
        .into_par_iter()
        .map(|(predictor, records, root, set, part)| predictor.fill(records, root, set, part, shape));
    let filled = filled.collect::<Vec<_>>().into_iter().collect::<Result<Vec<Filled>, _>>()?;

    let mut first_leaf = 0_u32;
    let mut starts = Vec::with_capacity(filled.len());
    for tree in &filled {
        starts.push(first_leaf);
        first_leaf += u32::try_from(tree.values.len()).unwrap_or(0);
    }
    Ok(Trees {
        n_features: shape.n_features,
        nodes,
        roots: places.iter().map(|&place| roots[place]).collect(),
        counts: places.iter().map(|&place| predictors[place].count).collect(),
        numbers: filled.iter().flat_map(|tree| &tree.numbers).copied().collect(),
        categories: filled.iter().flat_map(|tree| &tree.categories).copied().collect(),
        missing: true,
        leaves: Leaves {
            width: 1,
            pure: 0,
            starts: places.iter().map(|&place| starts[place]).collect(),
            values: filled.into_iter().flat_map(|tree| tree.values).collect(),
            columns: shape.columns,
        },
        many_rows: ManyRows::default(),
    })
}

/// One tree of the file.
struct Predictor {
    path: String,
    count: u32,
    nodes: NdArray,
    /// `raw_left_cat_bitsets`, eight numbers per set; `None` before 0.24.
    left: Vec<[u32; 8]>,
}

/// The data in addition to the nodes.
struct Filled {
    numbers: Vec<u32>,
    values: Vec<f64>,
    categories: Vec<Categories>,
}

impl Predictor {
    fn read(fields: &Fields<'_, '_>, node: NodeId, path: &str) -> Result<Self, ReadError> {
        fields.object(
            (node, path),
            "a `TreePredictor`",
            |object| object.is(PREDICTOR),
            |predictor| {
                predictor.training_only(&["binned_left_cat_bitsets"]);
                let nodes = predictor.array("nodes")?;
                let count = match nodes.shape[..] {
                    [len] => u32::try_from(len).ok().filter(|&len| len > 0),
                    _ => None,
                };
                let count = count.ok_or_else(|| predictor.unexpected("nodes", "an array of nodes"))?;
                let left = match predictor.node("raw_left_cat_bitsets") {
                    None => Vec::new(),
                    Some(sets) => read_sets(predictor, sets, &predictor.path_of("raw_left_cat_bitsets"))?,
                };
                Ok(Self { path: path.to_owned(), count, nodes, left })
            },
        )
    }

    /// The location of the nodes' bytes.
    fn identity(&self) -> (usize, usize) {
        self.nodes.identity()
    }

    fn error(&self, place: &str, what: String) -> ReadError {
        ReadError::new(format!("{}.{place}", self.path), ReadErrorKind::Damaged(what))
    }

    fn fill(
        &self,
        records: &Records,
        root: u32,
        first_set: u32,
        part: &mut [Node<f64>],
        shape: &Shape<'_>,
    ) -> Result<Filled, ReadError> {
        let at_node = |fault: Fault| self.error(&format!("nodes[{}].{}", fault.node, fault.field), fault.what);
        let children = |node| {
            let record = records.at(node);
            (!record.is_leaf).then_some([i64::from(record.left), i64::from(record.right)])
        };
        let order = depth_first(part.len(), ["left", "right"], children).map_err(at_node)?;
        let mut filled = Filled { numbers: Vec::new(), values: Vec::new(), categories: Vec::new() };
        for (place, target) in part.iter_mut().enumerate() {
            let node = order.numbers[place] as usize;
            let record = records.at(node);
            if record.is_leaf {
                let leaf = u32::try_from(filled.values.len()).unwrap_or(0);
                filled.values.push(record.value);
                *target = Node::leaf(leaf, root + u32::try_from(place).unwrap_or(0));
                continue;
            }
            let fault = |field, what| at_node(Fault { node, field, what });
            let feature = u32::try_from(record.feature).ok().filter(|&feature| (feature as usize) < shape.n_features);
            let feature = feature
                .ok_or_else(|| fault("feature_idx", format!("feature {} of {}", record.feature, shape.n_features)))?;
            let left = root + order.places[record.left as usize];
            *target = if record.categorical {
                let set = self
                    .left
                    .get(record.set as usize)
                    .ok_or_else(|| fault("bitset_idx", format!("set {} of {}", record.set, self.left.len())))?;
                let known = shape
                    .known
                    .get(&(feature as usize))
                    .ok_or_else(|| fault("is_categorical", format!("feature {feature} has no categories")))?;
                let number = first_set + u32::try_from(filled.categories.len()).unwrap_or(0);
                filled.categories.push(goes_left(set, known, record.missing_left));
                Node::categorical(feature, number, record.missing_left, left)
            } else if record.threshold.is_nan() {
                return Err(fault("num_threshold", "not a number".to_owned()));
            } else {
                Node::split(feature, record.threshold, record.missing_left, left)
            };
        }
        filled.numbers = order.numbers;
        Ok(filled)
    }
}

/// The categories that go left: those of the tree, and the unknown ones if missing values go left.
fn goes_left(set: &[u32; 8], known: &Categories, missing_left: bool) -> Categories {
    std::array::from_fn(|word| {
        let left = u64::from(set[2 * word]) | u64::from(set[2 * word + 1]) << 32;
        if missing_left { left | !known[word] } else { left }
    })
}

fn read_sets(fields: &Fields<'_, '_>, node: NodeId, path: &str) -> Result<Vec<[u32; 8]>, ReadError> {
    let array = fields.array_at(node, path)?;
    let wrong = || fields.unexpected_at(node, path, "an array of sets of eight uint32");
    if !matches!(array.shape[..], [_, 8]) {
        return Err(wrong());
    }
    let words = array.to_i64().ok_or_else(wrong)?;
    let words = words.into_iter().map(|word| u32::try_from(word).ok()).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
    Ok(words.as_chunks::<8>().0.to_vec())
}

/// One element of `nodes`, with the fields that predictions need.
#[derive(Clone, Copy)]
struct Record {
    value: f64,
    feature: i64,
    threshold: f64,
    missing_left: bool,
    left: u32,
    right: u32,
    is_leaf: bool,
    categorical: bool,
    set: u32,
}

impl Record {
    fn by_categories(&self) -> bool {
        self.categorical && !self.is_leaf
    }
}

/// The records of `nodes`, with fields found by name: 0.22 added missing values, 0.24 categories, 1.3 made features
/// signed. Some files store records, some store each field separately: here each is a record.
struct Records(Vec<Record>);

impl Records {
    fn read(predictor: &Predictor) -> Result<Self, ReadError> {
        Self::of(&predictor.nodes)
            .ok_or_else(|| predictor.error("nodes", "an array without the fields of nodes".to_owned()))
    }

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
        // All columns are as long as the array.
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
    fn sets(&self) -> u32 {
        u32::try_from(self.0.iter().filter(|record| record.by_categories()).count()).unwrap_or(0)
    }

    /// Record number `at`, which must exist.
    fn at(&self, at: usize) -> Record {
        self.0[at]
    }
}
