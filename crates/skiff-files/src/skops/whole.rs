//! Which of the states that share an `__id__` counts: the first that skops would load. It looks no further than at the
//! id of the others, which may lack all else.

use std::collections::HashMap;

use crate::json::{Document, Id, Json};

/// The state that counts for each `__id__`, by the number's text.
pub(super) fn states(document: &Document<'_>) -> HashMap<String, Id> {
    let mut states = HashMap::new();
    let mut todo = vec![0];
    let mut children = Vec::new();
    while let Some(state) = todo.pop() {
        if let Some(id) = id(document, state) {
            if states.contains_key(&id) {
                continue;
            }
            states.insert(id, state);
        }
        children.clear();
        each_child(document, state, &mut children);
        todo.extend(children.iter().rev());
    }
    states
}

/// The `__id__` of a state.
pub(super) fn id(document: &Document<'_>, state: Id) -> Option<String> {
    match document.value(document.get(state, "__id__")?) {
        Json::Number(range) => Some(document.number(range).to_owned()),
        _ => None,
    }
}

/// The states within a state, in the order in which skops loads them.
fn each_child(document: &Document<'_>, state: Id, children: &mut Vec<Id>) {
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
        "ListNode" | "SetNode" | "TupleNode" | "NdArrayNode" => {
            if let Some(Json::Array(items)) = content.map(|content| document.value(content)) {
                children.extend(items);
            }
            children.extend(get(state, "shape"));
        }
        "DefaultDictNode" => parts(&["main", "default_factory"], children),
        "_DictWithDeprecatedKeysNode" => parts(&["main", "_deprecated_key_to_new_key"], children),
        "PartialNode" => parts(&["func", "args", "kwds", "namespace"], children),
        "MethodNode" => parts(&["obj"], children),
        "MaskedArrayNode" => parts(&["data", "mask"], children),
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
