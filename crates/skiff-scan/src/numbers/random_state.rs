//! States of numpy's random generators: the place in a table of numbers.

use skiff_pickle::{Graph, Node, NodeId};

use super::count;

/// How many parts of a state are looked at: real ones have a dozen.
const MOST_PARTS: usize = 256;

/// Looks at whatever the object at `id` was given as its state.
pub(super) fn check(graph: &Graph, id: NodeId) -> Result<(), String> {
    let Some(object) = graph.object(id) else { return Ok(()) };
    let mut open: Vec<NodeId> = object.state().into_iter().chain([object.arguments]).collect();
    let mut looked = 0_usize;
    while let Some(at) = open.pop() {
        looked = looked.saturating_add(1);
        if looked > MOST_PARTS {
            return Err("has a state of more parts than numpy writes".to_owned());
        }
        match graph.node(at) {
            Node::Dict(pairs) => {
                for &(key, value) in pairs {
                    // numpy takes these places without a look at how long its tables are.
                    let most = match graph.name_of(key) {
                        Some("pos") => 624,
                        Some("buffer_pos") => 4,
                        _ => {
                            open.push(value);
                            continue;
                        }
                    };
                    if count(graph, value).is_none_or(|place| place > most) {
                        return Err(format!("goes on at a place beyond its {most} numbers"));
                    }
                }
            }
            // `('MT19937', key, pos, has_gauss, cached_gaussian)`
            Node::Tuple(parts) => match &**parts {
                [name, _, place, ..] if graph.name_of(*name) == Some("MT19937") => {
                    if count(graph, *place).is_none_or(|place| place > 624) {
                        return Err("goes on at a place beyond its 624 numbers".to_owned());
                    }
                }
                parts => open.extend(parts),
            },
            _ => {}
        }
    }
    Ok(())
}
