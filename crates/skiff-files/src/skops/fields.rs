//! The fields that skops reads of each node. A field that it does not read would be seen only here, and vice
//! versa: files with other fields are errors.

use super::Reader;
use crate::history::SKOPS_HISTORY;
use crate::json::{Id, Json};
use crate::{Error, ErrorKind};

/// The fields of every node, and additional ones of the root: the last two are written by skiff.
const COMMON: [&str; 4] = ["__class__", "__module__", "__loader__", "__id__"];
const OUTERMOST: [&str; 4] = ["protocol", "_skops_version", "_written_by", SKOPS_HISTORY];

/// The additional fields of a loader's node; `None` for an unsupported loader.
fn fields(loader: &str, protocol: u8, is_json: bool) -> Option<&'static [&'static str]> {
    Some(match loader {
        "JsonNode" => &["content", "is_json"],
        "DictNode" => &["content", "key_types"],
        // From protocol 1 on, a function is named by its module and its class.
        "FunctionNode" if protocol == 0 => &["content"],
        "FunctionNode" | "TypeNode" => &[],
        "OperatorFuncNode" => &["attrs"],
        "BytesNode" | "BytearrayNode" => &["file"],
        "NdArrayNode" if is_json => &["type", "content", "shape"],
        "NdArrayNode" | "SparseMatrixNode" => &["type", "file"],
        "TreeNode" | "LossNode" | "SGDNode" | "QuantileForestNode" => &["__reduce__", "content"],
        "ListNode"
        | "SetNode"
        | "TupleNode"
        | "DefaultDictNode"
        | "_DictWithDeprecatedKeysNode"
        | "PartialNode"
        | "SliceNode"
        | "ObjectNode"
        | "ConstructorFromReduceNode"
        | "MethodNode"
        | "DTypeNode"
        | "MaskedArrayNode"
        | "RandomStateNode"
        | "RandomGeneratorNode" => &["content"],
        _ => return None,
    })
}

/// The classes that skops names at the node of a loader which makes objects of its own choice, whatever the node says;
/// none for a loader that calls what the node names.
fn own_classes(loader: &str) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match loader {
        "JsonNode" => &[("builtins", "str")],
        "BytesNode" => &[("builtins", "bytes"), ("numpy", "bytes_")],
        "BytearrayNode" => &[("builtins", "bytearray")],
        "SliceNode" => &[("builtins", "slice")],
        "DefaultDictNode" => &[("collections", "defaultdict")],
        "PartialNode" => &[("functools", "partial")],
        "OperatorFuncNode" => &[("operator", "attrgetter"), ("operator", "itemgetter"), ("operator", "methodcaller")],
        _ => return None,
    })
}

impl Reader<'_> {
    /// Refuses a node that names another class than its loader makes: skops would not call it, but no file that skops
    /// wrote names it.
    pub(super) fn check_class(&self, loader: &str, module: &str, class: &str) -> Result<(), Error> {
        match own_classes(loader) {
            Some(own) if !own.contains(&(module, class)) => {
                Err(self.wrong("a node names another class than its loader makes"))
            }
            _ => Ok(()),
        }
    }

    /// Rejects a state with fields that skops does not read, or not at this protocol.
    pub(super) fn check_fields(&self, state: Id, loader: &str) -> Result<(), Error> {
        let is_json = self.document.get(state, "type").and_then(|kind| self.document.text_of(kind)) == Some("json");
        let Some(fields) = fields(loader, self.protocol, is_json) else {
            return Err(Error::new(ErrorKind::SkopsLoader(loader.to_owned())));
        };
        let Json::Object(pairs) = self.document.value(state) else { return Err(self.wrong("a node is not an object")) };
        let is_known = |key: &[u8]| {
            let is = |name: &&str| name.as_bytes() == key;
            COMMON.iter().any(is) || fields.iter().any(is) || (state == 0 && OUTERMOST.iter().any(is))
        };
        // A field with `null` is like a missing one.
        let is_empty = |value: Id| matches!(self.document.value(value), Json::Null);
        if pairs.iter().all(|(key, value)| is_known(key) || is_empty(*value)) {
            return Ok(());
        }
        Err(self.wrong("a node has a field that skops does not read"))
    }

    /// Rejects an object with other fields.
    pub(super) fn exactly(&self, object: Id, names: &[&str]) -> Result<(), Error> {
        let Json::Object(pairs) = self.document.value(object) else {
            return Err(self.wrong("a part of a node is missing"));
        };
        let is_named = |key: &[u8]| names.iter().any(|name| name.as_bytes() == key);
        if pairs.len() == names.len() && pairs.iter().all(|(key, _)| is_named(key)) {
            return Ok(());
        }
        Err(self.wrong("a node has parts that skops does not read"))
    }

    /// Whether a state has this loader, and this builtin class of Python.
    pub(super) fn is_builtin(&self, state: Id, loader: &str, class: &str) -> bool {
        let is = |name, text| self.document.get(state, name).and_then(|id| self.document.text_of(id)) == Some(text);
        is("__loader__", loader) && is("__module__", "builtins") && is("__class__", class)
    }

    /// The items of a plain `list`, which skops builds without other calls.
    pub(super) fn plain_list(&self, state: Id) -> Result<Vec<Id>, Error> {
        self.plain(state, "ListNode", "list")
    }

    /// The items of a plain `tuple`.
    pub(super) fn plain_tuple(&self, state: Id) -> Result<Vec<Id>, Error> {
        self.plain(state, "TupleNode", "tuple")
    }

    fn plain(&self, state: Id, loader: &str, class: &str) -> Result<Vec<Id>, Error> {
        let state = self.whole(state);
        if !self.is_builtin(state, loader, class) {
            return Err(self.wrong("a list or tuple is of another class"));
        }
        self.check_fields(state, loader)?;
        self.field(state, "content").and_then(|content| self.list(content))
    }

    /// A state that is a plain `dict`.
    pub(super) fn plain_dict(&self, state: Id) -> Result<Id, Error> {
        let state = self.whole(state);
        if !self.is_builtin(state, "DictNode", "dict") {
            return Err(self.wrong("a dict is of another class"));
        }
        self.check_fields(state, "DictNode")?;
        Ok(state)
    }

    /// The text of a scalar state.
    pub(super) fn single(&self, state: Id) -> Result<Vec<u8>, Error> {
        let state = self.whole(state);
        let is_json =
            self.document.get(state, "__loader__").and_then(|id| self.document.text_of(id)) == Some("JsonNode");
        if !is_json {
            return Err(self.wrong("a value is not a JSON scalar"));
        }
        self.check_fields(state, "JsonNode")?;
        self.text_bytes(state)
    }
}
