//! `sklearn.cluster.BisectingKMeans`.

use std::collections::HashSet;
use std::sync::Arc;

use skiff_files::Instance;
use skiff_pickle::NodeId;
use skiff_plan::operators::{ArrayRule, BisectingTree, Branch, NearestCenter, SparseRule, Split};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::centers::Centers;
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const BISECTING_K_MEANS: Class = class! {
    /// K-means clustering from above: clusters are split in two.
    ///
    /// # Reads
    /// `_bisecting_tree`, `_X_mean`, `cluster_centers_`.
    /// # Predicts
    /// The label of the leaf that a row comes to from the root of the tree of clusters, at each node by the nearer of two
    /// centres, the first of equals; the centres are those of the nodes, plus `_X_mean` where the fit was on dense rows.
    /// # Transforms
    /// The distance to each of `cluster_centers_`.
    /// # Not supported
    /// `predict` refuses rows of another float dtype than the centres', as scikit-learn does.
    /// # Older versions
    /// The state has been the same since 1.1, which has the class first.
    paths: ["sklearn.cluster._bisect_k_means.BisectingKMeans"],
    training_only: ["_kmeans_single", "_n_features_out", "_n_init", "_n_threads", "_random_state", "_tol", "algorithm", "bisecting_strategy", "copy_x", "inertia_", "init", "labels_", "max_iter", "n_clusters", "n_init", "random_state", "tol", "verbose"],
    read: BisectingKMeans::read,
};

/// A fitted `BisectingKMeans`.
#[derive(Debug)]
pub struct BisectingKMeans {
    centers: Centers,
    tree: Arc<BisectingTree>,
}

impl BisectingKMeans {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let centers = Centers::read(fields)?;
        let mean = fields.vector_or_none("_X_mean", centers.width())?;
        let tree = read_tree(fields, centers.width(), centers.precision(), mean.as_deref())?;
        Ok(Self { centers, tree: Arc::new(tree) })
    }
}

/// A node of the tree, as the file has it.
struct TreeNode {
    path: String,
    /// A leaf has none.
    children: Option<[NodeId; 2]>,
    /// Empty for the root, whose centre is that of all rows, and is not compared with any.
    center: Vec<f64>,
    /// Of a leaf.
    label: i64,
}

impl TreeNode {
    /// The `_BisectingTree` at a node of the file, whose centre has `width` dimensions; 0 for the root's.
    fn read(fields: &Fields<'_, '_>, node: NodeId, path: String, width: usize) -> Result<Self, ReadError> {
        // Paths grow with the depth, which the budget bounds.
        fields.spend(&path, path.len())?;
        let is_node = |instance: &Instance<'_>| instance.is("sklearn.cluster._bisect_k_means._BisectingTree");
        let read = |fields: &Fields<'_, '_>| {
            let children = match (fields.optional("left"), fields.optional("right")) {
                (Some(left), Some(right)) => Some([left, right]),
                (None, None) => None,
                (None, _) => return Err(fields.damaged("left", "a node with one child")),
                (_, None) => return Err(fields.damaged("right", "a node with one child")),
            };
            let center = if width > 0 { fields.numbers("center")?.data } else { Vec::new() };
            fields.expect_len("center", center.len(), width)?;
            let label = match children {
                Some(_) => 0,
                None => {
                    i64::from(i32::try_from(fields.int("label")?).map_err(|_| fields.unexpected("label", "a label"))?)
                }
            };
            fields.training_only(&["center", "indices", "label", "score"]);
            Ok((children, center, label))
        };
        let (children, center, label) = fields.object((node, &path), "a node of a tree of clusters", is_node, read)?;
        Ok(Self { path, children, center, label })
    }
}

/// `_bisecting_tree`. No node is there twice, so that every way from the root ends.
fn read_tree(
    fields: &Fields<'_, '_>,
    width: usize,
    precision: Precision,
    mean: Option<&[f64]>,
) -> Result<BisectingTree, ReadError> {
    let root = fields.required("_bisecting_tree")?;
    let node = TreeNode::read(fields, root, fields.path_of("_bisecting_tree"), 0)?;
    let mut tree = BisectingTree { splits: Vec::new(), label: node.label };
    let mut seen = HashSet::from([root]);
    // A node, and the place of its parent with the side that it is on.
    let mut open: Vec<(TreeNode, Option<(usize, usize)>)> = vec![(node, None)];
    while let Some((node, parent)) = open.pop() {
        let Some(children) = node.children else { continue };
        let place = tree.splits.len();
        if let Some((parent, side)) = parent {
            // It was pushed before its children were met.
            let branch = tree.splits.get_mut(parent).and_then(|split| split.children.get_mut(side));
            branch.into_iter().for_each(|branch| *branch = Branch::Split(place));
        }
        let (mut centers, mut branches) = (Vec::with_capacity(2 * width), [Branch::Leaf(0); 2]);
        let sides = children.into_iter().zip(["left", "right"]).zip(&mut branches);
        for (side, ((child, name), branch)) in sides.enumerate() {
            let path = format!("{}.{name}", node.path);
            if !seen.insert(child) {
                let what = "a node that is in the tree twice".to_owned();
                return Err(ReadError::new(path, ReadErrorKind::Damaged(what)));
            }
            let child = TreeNode::read(fields, child, path, width)?;
            let with_mean = child.center.iter().enumerate().map(|(at, value)| {
                let mean = mean.and_then(|mean| mean.get(at)).unwrap_or(&0.0);
                precision.round(value + mean)
            });
            centers.extend(with_mean);
            *branch = Branch::Leaf(child.label);
            open.push((child, Some((place, side))));
        }
        let centers = NearestCenter::new(&Arc::new(Matrix::new(2, width, centers)), precision, false);
        tree.splits.push(Split { centers, children: branches });
    }
    Ok(tree)
}

impl Estimator for BisectingKMeans {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return self.centers.lower(method, input, plan);
        }
        let rule = ArrayRule::FLOATS.half(Precision::Double).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, self.centers.width());
        Ok(Output::column(plan.push(&self.tree, &[x])))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.centers.count())?;
        Ok(names::class_prefix(header, self.centers.count()))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.centers.width())
    }
}
