//! The check that a table of nodes is one tree, and its depth-first order.

/// The order of walking: depth first, left children first, each next to its sibling.
#[derive(Debug)]
pub(crate) struct Order {
    /// For each position the node there.
    pub(crate) numbers: Vec<u32>,
    /// For each node its position.
    pub(crate) places: Vec<u32>,
    /// How many steps it is from the root to the deepest leaf.
    pub(crate) depth: usize,
}

/// What is wrong with a table of nodes.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The node.
    pub(crate) node: usize,
    /// The field to blame.
    pub(crate) field: &'static str,
    /// In words.
    pub(crate) what: String,
}

/// What a node is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Branch {
    /// It has no children.
    Leaf,
    /// The left and the right child.
    Split([i64; 2]),
    /// Something else is wrong with it.
    Wrong,
}

/// Checks that the `count` nodes are one tree: each child is after its parent, and each node but the first is a
/// child once. So no walk can loop or leave the table. Returns how many steps it is from the root to the deepest leaf.
/// `fields` are the names of the two children, `wrong` is what is wrong with a node. (Millions of nodes take a few
/// milliseconds: words are for those that are wrong.)
#[expect(clippy::indexing_slicing, reason = "nodes are below `count`, children once they were found to be")]
pub(crate) fn depth(
    count: usize,
    fields: [&'static str; 2],
    node: impl Fn(usize) -> Branch,
    wrong: impl FnOnce(usize) -> Fault,
) -> Result<usize, Fault> {
    // How deep each node is; 0 until its parent is met.
    let (mut depths, mut deepest, mut children) = (vec![0_u32; count], 0, 0_usize);
    for at in 0..count {
        let pair = match node(at) {
            Branch::Leaf => continue,
            Branch::Split(pair) => pair,
            Branch::Wrong => return Err(wrong(at)),
        };
        let depth = depths[at] + 1;
        deepest = deepest.max(depth);
        for (field, child) in fields.into_iter().zip(pair) {
            match usize::try_from(child).ok().filter(|child| *child > at && *child < count) {
                Some(child) if depths[child] == 0 => depths[child] = depth,
                Some(child) => return Err(Fault { node: at, field, what: format!("node {child} is a child twice") }),
                None => {
                    let what = format!("no node {child} after node {at} of {count}");
                    return Err(Fault { node: at, field, what });
                }
            }
        }
        children += 2;
    }
    // Each of them is another node than the first.
    if children + 1 != count {
        let orphan = depths.iter().skip(1).position(|&depth| depth == 0).map_or(0, |before| before + 1);
        return Err(Fault { node: orphan, field: fields[0], what: "a node without a parent".to_owned() });
    }
    Ok(crate::conversions::index(deepest))
}

/// The order in which the `count` nodes are walked, if they are one tree, as [`depth`] has it. `children` is `None` for a
/// leaf; `fields` are the names of the two.
#[expect(clippy::indexing_slicing, reason = "`depth` has found that all children are below `count`")]
pub(crate) fn depth_first(
    count: usize,
    fields: [&'static str; 2],
    children: impl Fn(usize) -> Option<[i64; 2]>,
) -> Result<Order, Fault> {
    let node = |at: usize| children(at).map_or(Branch::Leaf, Branch::Split);
    let wrong = |node: usize| Fault { node, field: fields[0], what: "not a node".to_owned() };
    let depth = depth(count, fields, node, wrong)?;
    let mut order = Order { numbers: Vec::with_capacity(count), places: vec![0; count], depth };
    order.numbers.push(0);
    let mut open = vec![0];
    while let Some(node) = open.pop() {
        let pair = children(node).map(|pair| pair.map(usize::try_from));
        let Some([Ok(left), Ok(right)]) = pair else { continue };
        for child in [left, right] {
            order.places[child] = u32::try_from(order.numbers.len()).unwrap_or(0);
            order.numbers.push(u32::try_from(child).unwrap_or(0));
        }
        open.extend([right, left]);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Children<'a> = &'a [Option<[i64; 2]>];

    fn order(children: Children<'_>) -> Result<Order, Fault> {
        depth_first(children.len(), ["left", "right"], |node| children[node])
    }

    #[test]
    fn trees_in_any_honest_order_are_read() {
        let stump = order(&[None]).unwrap();
        let stump_depth = stump.depth;
        assert_eq!((stump.numbers, stump.places), (vec![0], vec![0]));
        let depth_first = order(&[Some([1, 4]), Some([2, 3]), None, None, None]).unwrap();
        assert_eq!(depth_first.numbers, [0, 1, 4, 2, 3]);
        assert_eq!(depth_first.places, [0, 1, 3, 4, 2]);
        assert_eq!((stump_depth, depth_first.depth), (0, 2));
        // Best first: both children of the root, then the grandchildren.
        let best_first = order(&[Some([1, 2]), None, Some([3, 4]), None, None]).unwrap();
        assert_eq!(best_first.numbers, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let faults: [(Children<'_>, usize, &str); 8] = [
            (&[Some([0, 1]), None], 0, "left"),
            (&[Some([1, 2]), Some([2, 1]), None], 1, "left"),
            (&[Some([1, 3]), None, None], 0, "right"),
            (&[Some([1, -1]), None], 0, "right"),
            (&[Some([1, i64::MIN]), None], 0, "right"),
            (&[Some([1, 1]), None], 0, "right"),
            (&[Some([1, 2]), None, None, None], 3, "left"),
            (&[Some([1, i64::MAX]), None], 0, "right"),
        ];
        for (children, node, field) in faults {
            let fault = order(children).expect_err("no tree");
            assert_eq!((fault.node, fault.field), (node, field), "{children:?}");
        }
    }
}
