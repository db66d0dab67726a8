//! Which nodes of a tree are drawn.

use super::tree::Tree;

/// The nodes that are drawn, each after its parent and the left branch before the right one.
#[derive(Debug)]
pub(super) struct Drawing {
    pub nodes: Vec<Drawn>,
}

/// A node that is drawn.
#[derive(Debug)]
pub(super) struct Drawn {
    /// Its number in the file.
    pub node: usize,
    /// The place of its parent in the drawing.
    pub parent: Option<usize>,
    /// Whether it stands for all that is below its parent.
    pub is_cut: bool,
    pub depth: usize,
}

impl Drawing {
    /// The nodes to `max_depth`; without it as many levels as have at most so many nodes, and a note if these are not all.
    pub(super) fn of(tree: &Tree, max_depth: Option<usize>, most: usize) -> (Self, Option<String>) {
        if max_depth.is_some() || tree.nodes.len() <= most {
            return (Self::to_depth(tree, max_depth.unwrap_or(usize::MAX)), None);
        }
        let (mut level, mut depth, mut drawn) = (vec![0], 0_usize, 1);
        loop {
            let splits = level.iter().filter_map(|&node: &usize| tree.nodes[node].split.as_ref());
            let next: Vec<usize> = splits.flat_map(|split| [split.left, split.right]).collect();
            // The level below is drawn as what is cut.
            if next.is_empty() || drawn + next.len() > most {
                break;
            }
            drawn += next.len();
            (level, depth) = (next, depth + 1);
        }
        let depth = depth.saturating_sub(1);
        let note = format!(
            "the tree has {} nodes, and is drawn to a depth of {depth} only; a greater `--max-depth` draws more",
            tree.nodes.len()
        );
        (Self::to_depth(tree, depth), Some(note))
    }

    fn to_depth(tree: &Tree, max_depth: usize) -> Self {
        let mut nodes = Vec::new();
        let mut open = vec![(0, None, 0)];
        while let Some((node, parent, depth)) = open.pop() {
            let (place, is_cut) = (nodes.len(), depth > max_depth);
            nodes.push(Drawn { node, parent, is_cut, depth });
            if let Some(split) = tree.nodes[node].split.as_ref().filter(|_| !is_cut) {
                open.push((split.right, Some(place), depth + 1));
                open.push((split.left, Some(place), depth + 1));
            }
        }
        Self { nodes }
    }
}
