//! Large trees as arrays of nodes, through which a recursive query walks.
//!
//! Both databases take a long text of numbers in a moment, and find an element of an array without looking at the others; nested
//! conditions of that size they parse for minutes, if at all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use super::{Atom, DEEPEST, DOUBLE, Query, Writing, number};
use crate::graph::{Forest, Step as Branch, Test};

/// How many splits a forest has at least to be walked: conditions of 8,000 splits take DuckDB three seconds, and of 30,000 both
/// databases more than ten.
const FEWEST_SPLITS: usize = 3_001;
/// How many nodes a forest has at most: a text of PostgreSQL takes at most 1 GiB.
const MOST_NODES: usize = 20_000_000;

/// A node, in the order of the arrays: a left child is next to its parent.
struct Node {
    /// The place of the feature, from 1, negative where a missing value goes left; 0 is a leaf.
    feature: i64,
    /// The threshold, or the value of a leaf.
    number: f64,
    /// The number of the right child, from 1; 0 is a leaf.
    right: usize,
}

/// The trees of a forest as arrays.
pub(super) struct Nodes {
    nodes: Vec<Node>,
    /// The first node of each tree, or the value of a tree that is a leaf.
    roots: Vec<Result<usize, f64>>,
    /// The features that are compared, in the order of their places.
    features: Vec<usize>,
}

/// Whether the trees of a forest are walked.
pub(super) fn is_walked(forest: &Forest) -> bool {
    let compares = forest.splits.iter().all(|split| matches!(split.test, Test::AtMost(_)));
    compares && (forest.splits.len() >= FEWEST_SPLITS || is_deep(forest))
}

/// Whether some path is longer than conditions may be nested; parents come before their children.
fn is_deep(forest: &Forest) -> bool {
    let mut depths = vec![0; forest.splits.len()];
    for (at, split) in forest.splits.iter().enumerate() {
        let depth = depths[at] + 1;
        if depth > DEEPEST {
            return true;
        }
        for child in [split.left(), split.right()] {
            if let Branch::Split(child) = child
                && let Some(own) = depths.get_mut(child)
            {
                *own = depth.max(*own);
            }
        }
    }
    false
}

impl Nodes {
    pub(super) fn of(forest: &Forest) -> Result<Self, String> {
        let mut places = BTreeMap::new();
        for split in &forest.splits {
            places.insert(split.feature(), 0);
        }
        for (at, place) in places.values_mut().enumerate() {
            *place = i64::try_from(at + 1).unwrap_or(i64::MAX);
        }
        let mut found = Self { nodes: Vec::new(), roots: Vec::new(), features: places.keys().copied().collect() };
        for tree in &forest.trees {
            if let Branch::Leaf(leaf) = tree.root {
                found.roots.push(Err(forest.leaves[leaf].value.value()));
                continue;
            }
            found.roots.push(Ok(found.nodes.len() + 1));
            // What comes next, and whose right child it is.
            let mut open = vec![(tree.root, None)];
            while let Some((branch, parent)) = open.pop() {
                let own = found.nodes.len();
                if own == MOST_NODES {
                    return Err(format!("its trees have more than {MOST_NODES} nodes"));
                }
                if let Some(parent) = parent.and_then(|parent: usize| found.nodes.get_mut(parent)) {
                    parent.right = own + 1;
                }
                match branch {
                    Branch::Leaf(leaf) => {
                        found.nodes.push(Node { feature: 0, number: forest.leaves[leaf].value.value(), right: 0 });
                    }
                    Branch::Split(split) => {
                        let split = &forest.splits[split];
                        let Test::AtMost(threshold) = &split.test else { return Err("a set of categories".to_owned()) };
                        let place = places.get(&split.feature()).copied().unwrap_or(0);
                        let feature = if split.missing_left { -place } else { place };
                        found.nodes.push(Node { feature, number: threshold.value(), right: 0 });
                        open.push((split.right(), Some(own)));
                        open.push((split.left(), None));
                    }
                }
            }
        }
        Ok(found)
    }

    /// The arrays, as a common table expression of one row.
    pub(super) fn write(&self, name: &str, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(
            out,
            "-- The nodes of {} trees. f: the number of the feature, negative where missing values go left; t: the threshold, or the\n\
             -- value of a leaf; r: the right child, 0 of a leaf. The left child is the next node.",
            self.roots.len()
        )?;
        writeln!(out, "{name} AS NOT MATERIALIZED (\n    SELECT")?;
        write_array("f", "int", self.nodes.iter().map(|node| node.feature.to_string()), out)?;
        out.write_all(b",\n")?;
        write_array("t", "float8", self.nodes.iter().map(|node| written(node.number)), out)?;
        out.write_all(b",\n")?;
        write_array("r", "int", self.nodes.iter().map(|node| node.right.to_string()), out)?;
        out.write_all(b"\n)")
    }

    /// The query for the numbers of all trees, which are one array, in their order.
    fn walk(&self, forest: &str, x: &[String]) -> String {
        let mut roots = String::new();
        for (at, root) in self.roots.iter().enumerate() {
            let (node, value) = match root {
                Ok(node) => (*node, format!("NULL{DOUBLE}")),
                Err(value) => (0, number(*value)),
            };
            let _ = write!(roots, "{}({}, {node}, {value})", if at == 0 { "" } else { ", " }, at + 1);
        }
        let test = if self.nodes.iter().any(|node| node.feature < 0) {
            format!("x[abs(f[node])] <= t[node] OR (f[node] < 0 AND x[abs(f[node])] = {})", number(f64::NAN))
        } else {
            "x[f[node]] <= t[node]".to_owned()
        };
        format!(
            "(
                WITH RECURSIVE walk(tree, node, value, x) AS (
                    SELECT tree, node, value, ARRAY[{}]{DOUBLE}[]
                    FROM (VALUES {roots}) AS roots(tree, node, value)
                    UNION ALL
                    SELECT tree, CASE WHEN r[child] > 0 THEN child ELSE 0 END, t[child], x
                    FROM (
                        SELECT tree, x, t, r, CASE WHEN {test} THEN node + 1 ELSE r[node] END AS child
                        FROM walk, {forest}
                        WHERE node > 0
                    ) AS moved
                )
                SELECT array_agg(value ORDER BY tree) FROM walk WHERE node = 0
            )",
            x.join(", ")
        )
    }
}

fn write_array(
    name: &str,
    kind: &str,
    mut values: impl Iterator<Item = String>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    out.write_all(b"        string_to_array('")?;
    if let Some(first) = values.next() {
        out.write_all(first.as_bytes())?;
    }
    for value in values {
        out.write_all(b",")?;
        out.write_all(value.as_bytes())?;
    }
    write!(out, "', ',')::{kind}[] AS {name}")
}

/// A number as a text.
fn written(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        value => format!("{value:?}"),
    }
}

impl Writing<'_> {
    /// The numbers of all trees, from one walk.
    pub(super) fn walk(&mut self, to: usize, x: &[Atom], number: usize) -> Result<(), String> {
        let forest = &self.program.forests[number];
        let nodes = Nodes::of(forest)?;
        let read = nodes.features.iter().map(|&feature| x.get(feature).ok_or("a feature that is not there"));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<String> = read.iter().map(|atom| self.query.text(atom)).collect();
        let expression = nodes.walk(&Query::forest(number), &texts);
        let Atom::Column(column) = self.column(format!("{}{to}", self.prefix), expression, &read) else {
            return Err("a walk that is no column".to_owned());
        };
        self.query.forests.insert(number);
        self.locals.insert(to, (1..=forest.trees.len()).map(|place| Atom::Element(column, place)).collect());
        Ok(())
    }
}
