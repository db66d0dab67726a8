//! The trees of LightGBM, XGBoost and CatBoost as models of PMML.

use std::sync::Arc;

use skiff_plan::kernels::cat_trees::{CatNext, CatSplit, CatTree, CatTrees};
use skiff_plan::operators::{AnyOperator, BoostedEnsemble, BoostedQuestion, CatEnsemble};
use skiff_plan::value::{NumberType, Precision};

use super::expression::{ExprId, Scalar};
use super::mining_model::ensemble_of;
use super::model::{Function, Score};
use super::primitives;
use super::translation::{Translation, Value};
use super::tree_model::{Node as TreeNode, Test, TreeModel};
use crate::expand::{self, Numbers, Reason};
use crate::graph::{Builder, DType, Forest, Graph, Node, Primitive};

impl Translation {
    /// The sums of LightGBM's and XGBoost's trees. XGBoost's are `float32`: each tree is a model, and each partial sum a
    /// derived field that is rounded.
    pub(super) fn boosted_ensemble(
        &mut self,
        ensemble: &BoostedEnsemble,
        operator: &AnyOperator,
        inputs: &[&Value],
    ) -> Result<Value, Reason> {
        let BoostedQuestion::Sum { start, precision, divisor } = &ensemble.question else {
            return Err(Reason::new("the numbers of leaves are not exported to PMML"));
        };
        let x = inputs[0].floats().ok_or_else(|| Reason::new("it takes numbers"))?;
        let key = (Arc::as_ptr(&ensemble.trees) as usize, format!("{:?} {start:?}", ensemble.range));
        let single = *precision == Precision::Single;
        let sums = self.once(key, &x.clone(), |this| {
            let (forest, features) = this.forest_of(operator, &x)?;
            let mut sums = Vec::with_capacity(start.len());
            for (column, start) in start.iter().enumerate() {
                let own = ensemble.range.clone().enumerate();
                let own = own.filter(|(_, tree)| ensemble.trees.trees[*tree].column as usize == column);
                let models: Vec<TreeModel> = own
                    .map(|(place, _)| {
                        TreeModel::of_forest(&forest, place, &mut |feature| this.expressions.id(&features[feature]))
                    })
                    .collect();
                sums.push(match single {
                    true => this.rounded_sum(models, *start),
                    false => this.whole_sum(models, *start),
                });
            }
            Ok(sums)
        })?;
        let columns = sums.into_iter().map(|sum| {
            let mean = self.expressions.arithmetic("/", sum, Scalar::number(*divisor));
            if single && *divisor != 1.0 { self.single(mean) } else { mean }
        });
        let dtype = NumberType::Float(*precision);
        Ok(Value::Numbers { columns: columns.collect(), dtype, sparse: false })
    }

    fn whole_sum(&mut self, trees: Vec<TreeModel>, start: f64) -> Scalar {
        if trees.is_empty() {
            return Scalar::number(start);
        }
        let sum = self.segment(ensemble_of(trees, "sum", Function::Regression));
        self.expressions.arithmetic("+", sum, Scalar::number(start))
    }

    fn rounded_sum(&mut self, trees: Vec<TreeModel>, start: f64) -> Scalar {
        let mut sum = Scalar::number(start);
        for tree in trees {
            let value = self.segment(ensemble_of(vec![tree], "sum", Function::Regression));
            let total = self.expressions.arithmetic("+", value, sum);
            sum = self.single(total);
        }
        sum
    }

    /// A number rounded to `float32`.
    fn single(&mut self, x: Scalar) -> Scalar {
        let single = self.expressions.cast(x, DType::F32);
        self.expressions.cast(single, DType::F64)
    }

    /// The sums of CatBoost's trees.
    pub(super) fn cat_ensemble(&mut self, ensemble: &CatEnsemble, inputs: &[&Value]) -> Result<Value, Reason> {
        let x = inputs[0].floats().ok_or_else(|| Reason::new("it takes numbers"))?;
        let all = &*ensemble.trees;
        let key = (Arc::as_ptr(&ensemble.trees) as usize, format!("{:?}", ensemble.range));
        let sums = self.once(key, &x.clone(), |this| {
            let mut sums = Vec::with_capacity(all.columns);
            for column in 0..all.columns {
                let trees = all.trees[ensemble.range.clone()].iter();
                let models = trees.map(|tree| cat_tree(all, tree, column, &mut |feature| this.compared(&x[feature])));
                let models = models.collect::<Result<Vec<_>, _>>()?;
                sums.push(this.whole_sum(models, 0.0));
            }
            Ok(sums)
        })?;
        let columns = sums.into_iter().zip(&ensemble.bias).map(|(sum, bias)| {
            let scaled = self.expressions.arithmetic("*", sum, Scalar::number(ensemble.scale));
            self.expressions.arithmetic("+", scaled, Scalar::number(*bias))
        });
        Ok(Value::doubles(columns.collect()))
    }

    /// The forest that an operator expands into, and the features that it compares.
    fn forest_of(&mut self, operator: &AnyOperator, x: &[Scalar]) -> Result<(Arc<Forest>, Vec<Scalar>), Reason> {
        let mut builder = Builder::default();
        let tensor = builder.input("0".to_owned(), DType::F64, x.len());
        let dtype = NumberType::Float(Precision::Double);
        let result = expand::operator_of(operator, &mut builder, &[&Numbers { tensor, dtype, sparse: false }.into()])?;
        builder.output("0".to_owned(), result.any_tensor()?);
        let graph = builder.finish().map_err(Reason::new)?;
        let Graph { nodes, types, inputs, .. } = graph;
        let is_forest = |node: &Node| matches!(node.primitive, Primitive::TreeEnsemble(_));
        let at = nodes.iter().position(is_forest).ok_or_else(|| Reason::new("it has no trees"))?;
        let forest = match &nodes[at].primitive {
            Primitive::TreeEnsemble(forest) => Arc::clone(forest),
            _ => return Err(Reason::new("it has no trees")),
        };
        let outputs = vec![("0".to_owned(), nodes[at].inputs[0])];
        let mut before = Graph { nodes: nodes.into_iter().take(at).collect(), types, inputs, outputs };
        before.prune();
        let mut outputs = primitives::run(&mut self.expressions, &before, &[("0".to_owned(), x.to_vec())])?;
        Ok((forest, outputs.pop().map(|features| features.elements).unwrap_or_default()))
    }
}

/// One tree of CatBoost, of one column of its leaves. NaN is above no border, and goes left.
fn cat_tree(
    all: &CatTrees,
    tree: &CatTree,
    column: usize,
    field: &mut impl FnMut(usize) -> ExprId,
) -> Result<TreeModel, Reason> {
    /// What follows: so many splits of a symmetric tree have been asked, with these answers; or a node; or a leaf.
    enum Next {
        Asked(usize, usize),
        Node(usize),
        Leaf(usize),
    }
    let mut border = |split: &CatSplit| match split {
        CatSplit::Above { column, border } => Ok((field(*column as usize), Test::AtMost(f64::from(*border)))),
        CatSplit::Is { .. } => Err(Reason::new("its categories are hashes of texts, which PMML has not")),
    };
    let mut open = vec![match tree {
        CatTree::Symmetric { .. } => Next::Asked(0, 0),
        CatTree::Nodes(root) => Next::Node(*root),
    }];
    let mut nodes = Vec::new();
    while let Some(next) = open.get(nodes.len()) {
        let (split, children) = match (next, tree) {
            (Next::Asked(depth, answers), CatTree::Symmetric { splits, leaves }) => {
                let (depth, answers) = (*depth, *answers);
                match all.splits[splits.clone()].get(depth) {
                    Some(split) => {
                        let yes = answers | 1 << depth;
                        (split, [Next::Asked(depth + 1, answers), Next::Asked(depth + 1, yes)])
                    }
                    None => {
                        let value = all.leaves[leaves + answers * all.columns + column];
                        nodes.push(TreeNode::Leaf(Score::Number(value)));
                        continue;
                    }
                }
            }
            (Next::Node(node), _) => {
                let node = &all.nodes[*node];
                let next = node.next.map(|next| match next {
                    CatNext::Node(node) => Next::Node(node as usize),
                    CatNext::Leaf(leaf) => Next::Leaf(leaf as usize),
                });
                (&node.split, next)
            }
            (Next::Leaf(leaf), _) => {
                nodes.push(TreeNode::Leaf(Score::Number(all.leaves[leaf + column])));
                continue;
            }
            (Next::Asked(..), CatTree::Nodes(_)) => return Err(Reason::new("a tree of two kinds")),
        };
        let (field, test) = border(split)?;
        let left = open.len();
        open.extend(children);
        nodes.push(TreeNode::Split { field, test, missing_left: true, left, right: left + 1 });
    }
    Ok(TreeModel { nodes, has_default_children: true })
}
