//! Whether the blocks of a DataFrame fit its columns: pandas' compiled code writes where a block says that its columns
//! are, and looks at no bounds.

use skiff_files::{Instance, NdArray};
use skiff_pickle::{Graph, Node, NodeId};

use super::made::name_of;

/// Indices and arrays within each other: a `CategoricalIndex` of an array of an array.
const DEEPEST: usize = 6;

/// Whether each column of the first axis is in one block, at its place, and as long as the second axis.
pub(super) fn fit(graph: &Graph, blocks: NodeId, axes: NodeId) -> bool {
    fits(graph, blocks, axes).is_some()
}

fn fits(graph: &Graph, blocks: NodeId, axes: NodeId) -> Option<()> {
    let block = |&block: &NodeId| match graph.items(graph.object(block)?.arguments)? {
        &[values, placement, ..] => Some((values, placement)),
        _ => None,
    };
    blocks_fit(graph, &graph.items(blocks)?.iter().map(block).collect::<Option<Vec<_>>>()?, axes)
}

/// The same of the state that a table's blocks were given before pandas 1.3: `(…, {'0.14.1': {'axes': …, 'blocks': …}})`.
pub(super) fn state_fits(graph: &Graph, state: NodeId) -> bool {
    let all = graph.items(state).and_then(|parts| value(graph, *parts.get(3)?, "0.14.1"));
    let fits = all.and_then(|all| {
        let block = |&block: &NodeId| Some((value(graph, block, "values")?, value(graph, block, "mgr_locs")?));
        let blocks = graph.items(value(graph, all, "blocks")?)?.iter().map(block).collect::<Option<Vec<_>>>()?;
        blocks_fit(graph, &blocks, value(graph, all, "axes")?)
    });
    fits.is_some()
}

/// What a dict has under a key; of several, the last one, as in Python.
fn value(graph: &Graph, dict: NodeId, key: &str) -> Option<NodeId> {
    let Node::Dict(pairs) = graph.node(dict) else { return None };
    pairs.iter().rev().find(|(name, _)| graph.name_of(*name) == Some(key)).map(|(_, value)| *value)
}

/// Values and places of each block.
fn blocks_fit(graph: &Graph, blocks: &[(NodeId, NodeId)], axes: NodeId) -> Option<()> {
    let axes = graph.items(axes)?;
    let columns = length(graph, *axes.first()?, DEEPEST)?;
    let rows = axes.get(1).map(|&axis| length(graph, axis, DEEPEST).ok_or(())).transpose().ok()?;
    let mut places = Vec::new();
    for &(values, placement) in blocks {
        let found = self::places(graph, placement, columns)?;
        if let Some(array) = NdArray::read(graph, values).ok()? {
            let wanted = [Some(found.len()), rows];
            let fits = array.shape.iter().map(|&length| Some(length)).eq(wanted.into_iter().filter(Option::is_some));
            if !fits {
                return None;
            }
        }
        places.extend(found);
        if places.len() > columns {
            return None;
        }
    }
    places.sort_unstable();
    places.iter().copied().eq(0..columns).then_some(())
}

/// The places that `slice(start, stop, step)` or an array of integers names, all of them below `most`.
fn places(graph: &Graph, id: NodeId, most: usize) -> Option<Vec<usize>> {
    if let Some(array) = NdArray::read(graph, id).ok()? {
        let place = |value: &f64| {
            let is_place = *value >= 0.0 && value.fract() == 0.0 && *value < 4_294_967_296.0;
            is_place.then(|| format!("{value}").parse::<usize>().ok()).flatten()
        };
        return array.to_f64()?.iter().map(place).collect();
    }
    let parts: Vec<usize> =
        graph.items(graph.object(id)?.arguments)?.iter().map(|&part| count(graph, part)).collect::<Option<_>>()?;
    let &[start, stop, step] = &*parts else { return None };
    if step == 0 || stop > most {
        return None;
    }
    Some((start..stop).step_by(step).collect())
}

/// How many labels an index has, where that is known.
pub(crate) fn length_of_index(graph: &Graph, id: NodeId) -> Option<usize> {
    length(graph, id, DEEPEST)
}

/// How many labels an index has, or elements an array.
fn length(graph: &Graph, id: NodeId, depth: usize) -> Option<usize> {
    let depth = depth.checked_sub(1)?;
    if let Some(array) = NdArray::read(graph, id).ok()? {
        return array.shape.first().copied();
    }
    let object = graph.object(id)?;
    let arguments = graph.items(object.arguments)?;
    match name_of(graph, object.callable)? {
        (
            _,
            "_new_Index" | "_new_DatetimeIndex" | "_new_IntervalIndex" | "_new_PeriodIndex" | "_new_TimedeltaIndex",
        ) => {
            let parts = *arguments.get(1)?;
            let part = |name: &str| value(graph, parts, name);
            if let Some(data) = part("data").or_else(|| part("left")) {
                return length(graph, data, depth);
            }
            if let Some(codes) = part("codes") {
                return length(graph, *graph.items(codes)?.first()?, depth);
            }
            let (start, stop) = (count(graph, part("start")?)?, count(graph, part("stop")?)?);
            Some(stop.saturating_sub(start).div_ceil(count(graph, part("step")?).filter(|&step| step > 0)?))
        }
        (_, "__pyx_unpickle_NDArrayBacked") => length(graph, *graph.items(object.state()?)?.get(1)?, depth),
        ("pyarrow.lib", "_restore_array") => count(graph, *graph.items(*arguments.first()?)?.get(1)?),
        ("pyarrow.lib", "chunked_array") => {
            let arrays = graph.items(*arguments.first()?)?;
            arrays.iter().try_fold(0_usize, |sum, &array| sum.checked_add(length(graph, array, depth)?))
        }
        _ => {
            let instance = Instance::read(graph, id)?;
            let part = ["_ndarray", "_data", "_pa_array", "_codes"].iter().find_map(|name| instance.attribute(name))?;
            length(graph, part, depth)
        }
    }
}

fn count(graph: &Graph, id: NodeId) -> Option<usize> {
    match graph.node(id) {
        Node::Int(value) => usize::try_from(*value).ok(),
        _ => None,
    }
}
