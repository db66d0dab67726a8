//! Time zones that `zoneinfo` makes by their keys.

use skiff_pickle::{Graph, NodeId};

use super::made::name_of;

/// `zoneinfo.ZoneInfo._unpickle`
pub(super) fn is_zone_by_key(graph: &Graph, id: NodeId) -> bool {
    let Some(object) = graph.object(id) else { return false };
    let Some(&[owner, name]) = graph.items(object.arguments) else { return false };
    name_of(graph, object.callable) == Some(("builtins", "getattr"))
        && name_of(graph, owner) == Some(("zoneinfo", "ZoneInfo"))
        && graph.str_of(name) == Some("_unpickle")
}

/// Whether the object is a time zone of `zoneinfo`.
pub(super) fn is_zone(graph: &Graph, id: NodeId) -> bool {
    graph.object(id).is_some_and(|object| is_zone_by_key(graph, object.callable))
}
