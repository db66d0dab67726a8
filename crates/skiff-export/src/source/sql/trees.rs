//! Trees as nested conditions of SQL.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::language::in_one_line;
use super::super::program::Array;
use super::walk::is_walked;
use super::{Atom, DEEPEST, MOST_BYTES, Writing, number};
use crate::graph::{Forest, Step as Branch, Test};

impl Writing<'_> {
    pub(super) fn trees(&mut self, to: usize, from: Array, forest: usize) -> Result<(), String> {
        let program = self.program;
        let (number, forest, x) = (forest, &program.forests[forest], self.array(from));
        if is_walked(forest) {
            return self.walk(to, &x, number);
        }
        // The features have their names where each column is the feature of the same number.
        let features = if forest.n_features == program.features.len() { &program.features[..] } else { &[] };
        let mut atoms = Vec::with_capacity(forest.trees.len());
        for (at, tree) in forest.trees.iter().enumerate() {
            let mut reads = BTreeSet::new();
            let expression = self.tree(forest, tree.root, &x, features, &mut reads)?;
            let reads: Vec<&Atom> = reads.into_iter().filter_map(|feature| x.get(feature)).collect();
            let name = format!("{}{to}_{at}", self.prefix);
            atoms.push(self.column(name, expression, &reads));
            if self.query.bytes > MOST_BYTES {
                return Err(format!("the query takes more than {} MiB", MOST_BYTES >> 20));
            }
        }
        self.locals.insert(to, atoms);
        Ok(())
    }

    /// Nested conditions.
    fn tree(
        &self,
        forest: &Forest,
        root: Branch,
        x: &[Atom],
        features: &[String],
        reads: &mut BTreeSet<usize>,
    ) -> Result<String, String> {
        enum Item {
            Branch(Branch, usize),
            Else(Branch, usize),
            End(usize),
        }
        let mut out = String::new();
        let mut open = vec![Item::Branch(root, 0)];
        while let Some(item) = open.pop() {
            let (branch, depth) = match item {
                Item::Branch(branch, depth) => (branch, depth),
                Item::Else(branch, depth) => {
                    let _ = write!(out, "\n{}ELSE ", indent(depth));
                    (branch, depth + 1)
                }
                Item::End(depth) => {
                    let _ = write!(out, "\n{}END", indent(depth));
                    continue;
                }
            };
            let split = match branch {
                Branch::Leaf(leaf) => {
                    out.push_str(&number(forest.leaves[leaf].value.value()));
                    continue;
                }
                Branch::Split(split) => &forest.splits[split],
            };
            if depth > DEEPEST {
                return Err(format!("a tree is more than {DEEPEST} levels deep"));
            }
            reads.insert(split.feature());
            let feature = self.query.text(x.get(split.feature()).ok_or("a feature that is not there")?);
            let missing = format!("{feature} = {}", number(f64::NAN));
            let test = match &split.test {
                Test::AtMost(threshold) => format!("{feature} <= {}", number(threshold.value())),
                Test::Among(set) if forest.sets[*set].is_empty() => "false".to_owned(),
                Test::Among(set) => {
                    let members: Vec<String> = forest.sets[*set].iter().map(ToString::to_string).collect();
                    format!("{feature} IN ({})", members.join(", "))
                }
            };
            let test = if split.missing_left { format!("{test} OR {missing}") } else { test };
            let named = features.get(split.feature()).map(|name| format!(" -- {}", in_one_line(name)));
            let _ = write!(out, "CASE WHEN {test}{}\n{}THEN ", named.unwrap_or_default(), indent(depth));
            open.push(Item::End(depth));
            open.push(Item::Else(split.right(), depth));
            open.push(Item::Branch(split.left(), depth + 1));
            if self.query.bytes + out.len() > MOST_BYTES {
                return Err(format!("the query takes more than {} MiB", MOST_BYTES >> 20));
            }
        }
        Ok(out)
    }
}

/// How far a line of a tree is indented; deep trees are not indented further.
fn indent(depth: usize) -> String {
    " ".repeat(12 + 2 * depth.min(20))
}
