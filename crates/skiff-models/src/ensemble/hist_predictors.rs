//! `_predictors`: the trees of histogram-based boosting.

use std::collections::HashMap;

use rayon::prelude::*;
use skiff_files::Instance;
use skiff_pickle::NodeId;
use skiff_plan::kernels::trees::{Leaves, MAX_FEATURES, ManyRows, Node, Trees};

use super::predictor_view::{ATTRIBUTES, CHILDREN, PREDICTOR, PredictorView, Records};
use crate::conversions::index;
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::tree::{Fault, at_places, depth_first};

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
    let total = predictors.iter().try_fold(0_u32, |sum, predictor| sum.checked_add(predictor.tree.count));
    let total = total.ok_or_else(|| fields.unsupported("_predictors", "more than 4 billion nodes in one ensemble"))?;

    let records = predictors.par_iter().map(Predictor::records).collect::<Vec<_>>();
    let records = records.into_iter().collect::<Result<Vec<Records>, _>>()?;
    let mut nodes = vec![Node::default(); index(total)];
    let mut parts = Vec::with_capacity(predictors.len());
    let (mut rest, mut root, mut first_set) = (nodes.as_mut_slice(), 0, 0);
    for (predictor, records) in predictors.iter().zip(&records) {
        let (part, behind) = rest.split_at_mut(index(predictor.tree.count));
        parts.push((predictor, records, root, first_set, part));
        (rest, root) = (behind, root + predictor.tree.count);
        // At most one set for each node, so this is below the number of nodes.
        first_set += records.sets();
    }
    let roots: Vec<u32> = parts.iter().map(|(_, _, root, _, _)| *root).collect();
    let filled = parts
        .into_par_iter()
        .map(|(predictor, records, root, set, part)| predictor.fill(records, root, set, part, shape));
    let filled = filled.collect::<Vec<_>>().into_iter().collect::<Result<Vec<Filled>, _>>()?;

    let counts: Vec<u32> = predictors.iter().map(|predictor| predictor.tree.count).collect();
    let mut first_leaf = 0_u32;
    let mut starts = Vec::with_capacity(filled.len());
    for tree in &filled {
        starts.push(first_leaf);
        first_leaf += u32::try_from(tree.values.len()).unwrap_or(0);
    }
    Ok(Trees {
        n_features: shape.n_features,
        nodes,
        roots: at_places(&roots, &places),
        counts: at_places(&counts, &places),
        numbers: filled.iter().flat_map(|tree| &tree.numbers).copied().collect(),
        categories: filled.iter().flat_map(|tree| &tree.categories).copied().collect(),
        missing: true,
        leaves: Leaves {
            width: 1,
            pure: 0,
            starts: at_places(&starts, &places),
            values: filled.into_iter().flat_map(|tree| tree.values).collect(),
            columns: shape.columns,
        },
        many_rows: ManyRows::default(),
    })
}

/// One tree of the file.
struct Predictor {
    path: String,
    tree: PredictorView,
    /// The sets of categories.
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
        let is_predictor = |object: &Instance<'_>| object.is(PREDICTOR);
        fields.object((node, path), "a `TreePredictor`", is_predictor, |predictor| {
            predictor.training_only(&ATTRIBUTES);
            let tree = PredictorView::read(predictor.graph(), node).map_err(|error| error.within(path))?;
            predictor.spend(path, tree.size())?;
            Ok(Self { path: path.to_owned(), left: tree.sets(), tree })
        })
    }

    /// The location of the nodes' bytes.
    fn identity(&self) -> (usize, usize) {
        self.tree.nodes.identity()
    }

    fn records(&self) -> Result<Records, ReadError> {
        self.tree.records().map_err(|error| error.within(&self.path))
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
        let order = depth_first(part.len(), CHILDREN, |node| records.at(node).children()).map_err(at_node)?;
        let mut filled = Filled { numbers: Vec::new(), values: Vec::new(), categories: Vec::new() };
        for ((place, target), &number) in part.iter_mut().enumerate().zip(&order.numbers) {
            let node = index(number);
            let record = records.at(node);
            if record.is_leaf {
                let leaf = u32::try_from(filled.values.len()).unwrap_or(0);
                filled.values.push(record.value);
                *target = Node::leaf(leaf, root + u32::try_from(place).unwrap_or(0));
                continue;
            }
            if let Some(fault) = self.tree.fault(node, &record) {
                return Err(at_node(fault));
            }
            let fault = |field, what| at_node(Fault { node, field, what });
            let feature = u32::try_from(record.feature).ok().filter(|&feature| index(feature) < shape.n_features);
            let feature = feature
                .ok_or_else(|| fault("feature_idx", format!("feature {} of {}", record.feature, shape.n_features)))?;
            let left = order.places.get(index(record.left)).map(|place| root + place);
            let left = left.ok_or_else(|| fault("left", format!("child {} of {}", record.left, self.tree.count)))?;
            *target = if record.categorical {
                let set = self.left.get(index(record.set));
                let set =
                    set.ok_or_else(|| fault("bitset_idx", format!("set {} of {}", record.set, self.left.len())))?;
                let known = shape
                    .known
                    .get(&index(feature))
                    .ok_or_else(|| fault("is_categorical", format!("feature {feature} has no categories")))?;
                let number = first_set + u32::try_from(filled.categories.len()).unwrap_or(0);
                filled.categories.push(goes_left(set, known, record.missing_left));
                Node::categorical(feature, number, record.missing_left, left)
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
    let mut words = *known;
    for (word, [low, high]) in words.iter_mut().zip(set.as_chunks().0) {
        let left = u64::from(*low) | u64::from(*high) << 32;
        *word = if missing_left { left | !*word } else { left };
    }
    words
}
