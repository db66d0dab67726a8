//! Which of the states that share an `__id__` is used: the first that skops would load. It reads only the
//! id of the others, which may have nothing else.

use std::collections::HashMap;

use crate::json::{Document, Id, Json};

/// The state that is used for each `__id__`, by the number's text.
///
/// # Errors
/// An `__id__` that Python might consider equal to another one, and states for which versions of skops use different ones.
pub(super) fn states(document: &Document<'_>, protocol: u8) -> Result<HashMap<String, Id>, &'static str> {
    let states = in_order(document, protocol, Seeds::Loaded)?;
    // Before 0.10 skops did not read the seed of a generator: later states must be the same without it.
    let without = in_order(document, protocol, Seeds::PassedOver)?;
    let is_same = |(id, state): (&String, &Id)| {
        states.get(id).is_none_or(|first| first == state || is_same_leaf(document, *first, *state))
    };
    if without.iter().all(is_same) { Ok(states) } else { Err("a seed contains a node that others refer to") }
}

/// The treatment of the seeds of generators.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seeds {
    Loaded,
    PassedOver,
}

fn in_order(document: &Document<'_>, protocol: u8, seeds: Seeds) -> Result<HashMap<String, Id>, &'static str> {
    let mut states = HashMap::new();
    let mut todo = vec![0];
    let mut children = Vec::new();
    while let Some(state) = todo.pop() {
        if let Some(number) = document.get(state, "__id__")
            && !is_zero(document, number)
        {
            let id = id(document, state).ok_or("an `__id__` is not an integer as Python writes it")?;
            if states.contains_key(&id) {
                continue;
            }
            states.insert(id, state);
        }
        children.clear();
        each_child(document, state, protocol, seeds, &mut children);
        todo.extend(children.iter().rev());
    }
    Ok(states)
}

/// Whether two states are the same scalar, the same class, or both empty.
fn is_same_leaf(document: &Document<'_>, first: Id, second: Id) -> bool {
    let text = |state: Id, name: &str| document.get(state, name).and_then(|id| document.text_of(id));
    let same = |name: &str| text(first, name) == text(second, name);
    let is_empty = |state: Id| match document.get(state, "content").map(|content| document.value(content)) {
        None => true,
        Some(Json::Array(items)) => items.is_empty(),
        _ => false,
    };
    ["__loader__", "__module__", "__class__"].into_iter().all(same)
        && match text(first, "__loader__") {
            Some("JsonNode") => text(first, "content").is_some() && same("content"),
            Some("TypeNode") => true,
            Some("ListNode" | "TupleNode") => is_empty(first) && is_empty(second),
            _ => false,
        }
}

/// Whether a number is zero, which skops ignores as an `__id__`.
fn is_zero(document: &Document<'_>, number: Id) -> bool {
    matches!(document.value(number), Json::Number(range) if document.number(range) == "0")
}

/// The `__id__` of a state, if it has one: as Python writes it, since other texts may have the same value.
pub(super) fn id(document: &Document<'_>, state: Id) -> Option<String> {
    match document.value(document.get(state, "__id__")?) {
        Json::Number(range) => {
            let text = document.number(range);
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && !text.is_empty();
            is_plain.then(|| text.to_owned())
        }
        _ => None,
    }
}

/// The states within a state, in the order in which skops loads them.
fn each_child(document: &Document<'_>, state: Id, protocol: u8, seeds: Seeds, children: &mut Vec<Id>) {
    let get = |state: Id, name: &str| document.get(state, name);
    let Some(loader) = get(state, "__loader__").and_then(|loader| document.text_of(loader)) else { return };
    let content = get(state, "content");
    let parts = |names: &[&str], children: &mut Vec<Id>| {
        children.extend(names.iter().filter_map(|name| content.and_then(|content| get(content, name))));
    };
    match loader {
        "DictNode" => {
            children.extend(get(state, "key_types"));
            if let Some(Json::Object(pairs)) = content.map(|content| document.value(content)) {
                children.extend(pairs.iter().map(|&(_, value)| value));
            }
        }
        // An array in a file has no items, whatever its other fields.
        "NdArrayNode" if get(state, "type").and_then(|kind| document.text_of(kind)) != Some("json") => {}
        "ListNode" | "SetNode" | "TupleNode" | "NdArrayNode" => {
            if let Some(Json::Array(items)) = content.map(|content| document.value(content)) {
                children.extend(items);
            }
            if loader == "NdArrayNode" {
                children.extend(get(state, "shape"));
            }
        }
        "DefaultDictNode" => parts(&["main", "default_factory"], children),
        "_DictWithDeprecatedKeysNode" => parts(&["main", "_deprecated_key_to_new_key"], children),
        "PartialNode" => parts(&["func", "args", "kwds", "namespace"], children),
        "MethodNode" => parts(&["obj"], children),
        "MaskedArrayNode" => parts(&["data", "mask"], children),
        // Protocol 0 has no nodes there.
        "RandomGeneratorNode" if protocol == 0 => {}
        "RandomGeneratorNode" if protocol == 1 || seeds == Seeds::PassedOver => parts(&["bit_generator"], children),
        "RandomGeneratorNode" => parts(&["bit_generator", "seed_seq"], children),
        "OperatorFuncNode" => children.extend(get(state, "attrs")),
        "ObjectNode" | "ConstructorFromReduceNode" | "DTypeNode" | "RandomStateNode" => children.extend(content),
        "TreeNode" | "LossNode" | "SGDNode" | "QuantileForestNode" => {
            children.extend(content);
            children.extend(get(state, "__reduce__").and_then(|reduce| get(reduce, "args")));
        }
        _ => {}
    }
}
