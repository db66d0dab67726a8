//! `TreeModel`: one tree.

use skiff_plan::kernels::trees::{NodeView, Threshold, Trees};

use super::expression::ExprId;
use super::model::Score;
use super::names::Names;
use super::xml::{Xml, number};
use crate::graph::{Forest, Step, Test as ForestTest};

/// A tree, whose first node is the root.
#[derive(Clone, Debug)]
pub(super) struct TreeModel {
    pub nodes: Vec<Node>,
    /// Whether splits say where rows without a value go; without, these go right.
    pub has_default_children: bool,
}

/// A split or a leaf.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Split { field: ExprId, test: Test, missing_left: bool, left: usize, right: usize },
    Leaf(Score),
}

/// Which rows go left.
#[derive(Clone, Debug)]
pub(super) enum Test {
    AtMost(f64),
    Among(Vec<u32>),
}

impl TreeModel {
    /// A tree of scikit-learn. `fields` are the fields of the features, of which only those that occur must be there;
    /// `score` is what a leaf of a number has.
    pub(super) fn of_trees<T: Threshold>(
        trees: &Trees<T>,
        tree: usize,
        field: &mut impl FnMut(usize) -> ExprId,
        score: impl Fn(u32) -> Score,
    ) -> Self {
        let (root, count) = (trees.roots[tree] as usize, trees.counts[tree] as usize);
        let nodes = trees.nodes[root..root + count].iter().map(|node| match node.view() {
            NodeView::Leaf { number } => Node::Leaf(score(number)),
            NodeView::Split { feature, threshold, missing_left, left } => {
                let left = left - root;
                Node::Split {
                    field: field(feature),
                    test: Test::AtMost(threshold),
                    missing_left,
                    left,
                    right: left + 1,
                }
            }
            NodeView::Categories { feature, set, missing_left, left } => {
                let (set, left) = (&trees.categories[set], left - root);
                let among = (0..256).filter(|&category| set[category as usize / 64] >> (category % 64) & 1 == 1);
                let test = Test::Among(among.collect());
                Node::Split { field: field(feature), test, missing_left, left, right: left + 1 }
            }
        });
        Self { nodes: nodes.collect(), has_default_children: trees.missing }
    }

    /// A tree of the primitive.
    pub(super) fn of_forest(forest: &Forest, tree: usize, field: &mut impl FnMut(usize) -> ExprId) -> Self {
        let mut open = vec![forest.trees[tree].root];
        let mut nodes: Vec<Node> = Vec::new();
        let mut has_default_children = false;
        while let Some(&step) = open.get(nodes.len()) {
            nodes.push(match step {
                Step::Leaf(leaf) => Node::Leaf(Score::Number(forest.leaves[leaf].value.value())),
                Step::Split(place) => {
                    let split = &forest.splits[place];
                    let left = open.len();
                    open.extend([split.left(), split.right()]);
                    has_default_children |= split.missing_left;
                    let test = match split.test {
                        ForestTest::AtMost(threshold) => Test::AtMost(threshold.value()),
                        ForestTest::Among(set) => Test::Among(forest.sets[set].clone()),
                    };
                    let (field, missing_left) = (field(split.feature()), split.missing_left);
                    Node::Split { field, test, missing_left, left, right: left + 1 }
                }
            });
        }
        Self { nodes, has_default_children }
    }

    /// The fields that it compares.
    pub(super) fn fields(&self) -> impl Iterator<Item = ExprId> + '_ {
        self.nodes.iter().filter_map(|node| if let Node::Split { field, .. } = node { Some(*field) } else { None })
    }

    /// The attributes of the element.
    pub(super) fn attributes(&self) -> Vec<(&'static str, &'static str)> {
        match self.has_default_children {
            true => vec![("missingValueStrategy", "defaultChild"), ("splitCharacteristic", "binarySplit")],
            false => vec![("missingValueStrategy", "none"), ("splitCharacteristic", "binarySplit")],
        }
    }

    /// The nodes, with a list of what is still to do instead of recursion, since trees may be deep.
    pub(super) fn write(&self, xml: &mut Xml<'_>, names: &Names<'_>, categories: &[String]) {
        enum Todo {
            Open { node: usize, condition: Option<(usize, bool)> },
            Close,
        }
        let mut todo = vec![Todo::Open { node: 0, condition: None }];
        while let Some(next) = todo.pop() {
            let (node, condition) = match next {
                Todo::Open { node, condition } => (node, condition),
                Todo::Close => {
                    xml.close();
                    continue;
                }
            };
            let id = node.to_string();
            let mut attributes: Vec<(&str, &str)> = Vec::new();
            let (mut default, mut score) = (String::new(), String::new());
            if self.has_default_children {
                attributes.push(("id", &id));
            }
            match self.nodes.get(node) {
                Some(Node::Split { missing_left, left, right, .. }) if self.has_default_children => {
                    default = if *missing_left { left } else { right }.to_string();
                }
                Some(Node::Leaf(own)) => score = own.text(categories),
                _ => {}
            }
            if !score.is_empty() {
                attributes.push(("score", &score));
            }
            if !default.is_empty() {
                attributes.push(("defaultChild", &default));
            }
            xml.open("Node", &attributes);
            todo.push(Todo::Close);
            match condition {
                Some((parent, is_left)) => self.predicate(xml, names, parent, is_left),
                None => xml.empty("True", &[]),
            }
            match self.nodes.get(node) {
                Some(&Node::Split { left, right, .. }) => {
                    todo.push(Todo::Open { node: right, condition: Some((node, false)) });
                    todo.push(Todo::Open { node: left, condition: Some((node, true)) });
                }
                Some(Node::Leaf(score)) => score.write(xml, categories),
                None => {}
            }
        }
    }

    fn predicate(&self, xml: &mut Xml<'_>, names: &Names<'_>, split: usize, is_left: bool) {
        let Some(Node::Split { field, test, .. }) = self.nodes.get(split) else { return };
        let field = names.of(*field);
        match test {
            // Without default children, rows without a value go to the child that holds for all.
            _ if !is_left && !self.has_default_children => xml.empty("True", &[]),
            Test::AtMost(threshold) => {
                let operator = if is_left { "lessOrEqual" } else { "greaterThan" };
                let attributes = [("field", field), ("operator", operator), ("value", &number(*threshold))];
                xml.empty("SimplePredicate", &attributes);
            }
            Test::Among(set) => {
                let operator = if is_left { "isIn" } else { "isNotIn" };
                xml.open("SimpleSetPredicate", &[("field", field), ("booleanOperator", operator)]);
                let members: Vec<String> = set.iter().map(ToString::to_string).collect();
                let count = members.len().to_string();
                xml.text("Array", &[("type", "real"), ("n", &count)], &members.join(" "));
                xml.close();
            }
        }
    }
}
