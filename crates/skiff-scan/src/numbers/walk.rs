//! The shape of a binary tree whose nodes name their children by number.

/// What a node is.
#[derive(Clone, Copy)]
pub(super) enum Branch {
    Leaf,
    Split([i64; 2]),
    /// Something else is wrong with it.
    Wrong,
}

/// Checks that the nodes are one tree, and gives how deep it is: 0 for a leaf alone. `node` says what a node is, `wrong`
/// what is wrong with one. (Millions of nodes are looked at in a few milliseconds: words are for those that are wrong.)
///
/// As scikit-learn writes them, each child stands behind its parent, and each node but the first is a child once. So one
/// pass from the first node to the last is enough.
pub(super) fn depth(
    count: usize,
    node: impl Fn(usize) -> Branch,
    wrong: impl Fn(usize) -> String,
) -> Result<usize, String> {
    // How deep each node is, as far as its parent was met. So deep as two bytes can tell is no honest tree.
    let (mut depths, mut deepest, mut children) = (vec![0_u16; count], 0, 0_usize);
    for at in 0..count {
        let pair = match node(at) {
            Branch::Leaf => continue,
            Branch::Split(pair) => pair,
            Branch::Wrong => return Err(wrong(at)),
        };
        let depth = depths.get(at).copied().unwrap_or(0).saturating_add(1);
        deepest = depth.max(deepest);
        for child in pair {
            let place = usize::try_from(child).ok().filter(|&place| place > at);
            match place.and_then(|place| depths.get_mut(place)) {
                Some(known @ 0) => *known = depth,
                Some(_) => return Err(format!("node {child} is a child twice")),
                None => return Err(format!("node {at} of {count} has the child {child}")),
            }
        }
        children = children.saturating_add(2);
    }
    if children.saturating_add(1) == count { Ok(usize::from(deepest)) } else { Err("a node has no parent".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: [i64; 2] = [-1, -1];

    fn depth_of(nodes: &[[i64; 2]]) -> Result<usize, String> {
        let node = |at: usize| if nodes[at] == LEAF { Branch::Leaf } else { Branch::Split(nodes[at]) };
        depth(nodes.len(), node, |_| String::new())
    }

    #[test]
    fn trees_have_a_depth() {
        assert_eq!(depth_of(&[LEAF]), Ok(0));
        assert_eq!(depth_of(&[[1, 4], [2, 3], LEAF, LEAF, LEAF]), Ok(2));
        assert_eq!(depth_of(&[[1, 2], LEAF, [3, 4], LEAF, LEAF]), Ok(2));
    }

    #[test]
    fn what_is_no_tree_is_found() {
        for nodes in [
            &[[0, 0]][..],
            &[[1, 2], LEAF, [0, 1]],
            &[[1, 2], [2, 3], LEAF, LEAF],
            &[[1, 1], LEAF],
            &[[1, 9], LEAF],
            &[[1, -2], LEAF],
            &[[1, i64::MAX], LEAF],
            &[LEAF, LEAF],
        ] {
            assert!(depth_of(nodes).is_err(), "{nodes:?}");
        }
    }
}
