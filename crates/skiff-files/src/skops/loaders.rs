//! The results of skops' loaders, as nodes. Nothing is built.

use skiff_pickle::{Change, Global, Make, Node, NodeId, Object};

use super::Reader;
use crate::call::has_new_obj;
use crate::json::{Document, Id, Json};
use crate::numpy::{NdArray, Order, is_array_class, nodes};
use crate::text::two_complement;
use crate::write::scalar_class;
use crate::zip::{self, Archive};
use crate::{DType, Error, ErrorKind, Scalar, npy};

impl Reader<'_> {
    /// The node of a state.
    pub(super) fn load(&mut self, state: Id) -> Result<Node, Error> {
        // A node's own parts, in addition to those that `place` counts.
        self.budget.nodes(8, 0)?;
        let loader = self.text(state, "__loader__")?;
        let (module, class) = (self.text(state, "__module__")?, self.text(state, "__class__")?);
        self.check_fields(state, &loader)?;
        self.check_class(&loader, &module, &class)?;
        match loader.as_str() {
            "JsonNode" => {
                let content = self.text_bytes(state)?;
                self.json(&content)
            }
            "ListNode" => {
                let items = self.content_places(state)?;
                self.of_class(&module, &class, "list", Node::List(items))
            }
            "SetNode" => {
                let items = self.content_places(state)?;
                self.of_class(&module, &class, "set", Node::Set(items))
            }
            "TupleNode" => {
                let items = self.content_places(state)?;
                let tuple = Node::Tuple(items.into());
                if (module.as_str(), class.as_str()) == ("builtins", "tuple") {
                    return Ok(tuple);
                }
                // A named tuple is created from its parts.
                let arguments = self.graph.push(tuple);
                Ok(self.object(Make::NewObj, &module, &class, arguments, Vec::new()))
            }
            "DictNode" => self.dict(state, &module, &class),
            "DefaultDictNode" => {
                let content = self.field(state, "content")?;
                self.exactly(content, &["main", "default_factory"])?;
                let (main, factory) = (self.field(content, "main")?, self.field(content, "default_factory")?);
                let pairs = self.plain_dict(main).and_then(|main| self.pairs(main))?;
                let factory = self.place(factory)?;
                let arguments = self.tuple(vec![factory]);
                // A pickle of an empty one sets no items either.
                let changes = if pairs.is_empty() { Vec::new() } else { vec![Change::SetItems(pairs)] };
                Ok(self.object(Make::Reduce, "collections", "defaultdict", arguments, changes))
            }
            "_DictWithDeprecatedKeysNode" => {
                let content = self.field(state, "content")?;
                self.exactly(content, &["main", "_deprecated_key_to_new_key"])?;
                let (main, keys) = (self.field(content, "main")?, self.field(content, "_deprecated_key_to_new_key")?);
                // The original keys do not matter here, only that they are strings.
                let keys = self.plain_dict(keys)?;
                self.key_types(keys)?;
                let Json::Object(texts) = self.document.value(self.field(keys, "content")?) else {
                    return Err(self.wrong("a dict is not a dict node"));
                };
                for &(_, text) in texts {
                    self.single(text)?;
                }
                self.plain_dict(main).and_then(|main| self.pairs(main)).map(Node::Dict)
            }
            "FunctionNode" if self.protocol == 0 => {
                let content = self.field(state, "content")?;
                self.exactly(content, &["module_path", "function"])?;
                let (module, name) = (self.text(content, "module_path")?, self.text(content, "function")?);
                Ok(self.global(&module, &name))
            }
            "FunctionNode" => Ok(self.global(&module, &class)),
            "TypeNode" => Ok(self.global(&module, &class)),
            "PartialNode" => self.partial(state),
            "SliceNode" => {
                let content = self.field(state, "content")?;
                self.exactly(content, &["start", "stop", "step"])?;
                let mut bounds = Vec::new();
                for name in ["start", "stop", "step"] {
                    let bound = self.field(content, name)?;
                    let node = self.scalar(self.document, bound)?;
                    bounds.push(self.graph.push(node));
                }
                let arguments = self.tuple(bounds);
                Ok(self.object(Make::Reduce, "builtins", "slice", arguments, Vec::new()))
            }
            "ObjectNode" => {
                let content = self
                    .document
                    .get(state, "content")
                    .filter(|&content| !matches!(self.document.value(content), Json::Null))
                    .filter(|&content| !self.is_none(content));
                let changes = content.map(|content| self.place(content)).transpose()?;
                let changes = changes.into_iter().map(Change::Build).collect();
                // As these are pickled: `__new__` is called by a function of their module.
                if has_new_obj(&module) {
                    let class = self.global(&module, &class);
                    let class = self.graph.push(class);
                    let arguments = self.tuple(vec![class]);
                    return Ok(self.object(Make::Reduce, &module, "newObj", arguments, changes));
                }
                let arguments = self.tuple(Vec::new());
                Ok(self.object(Make::NewObj, &module, &class, arguments, changes))
            }
            "ConstructorFromReduceNode" => {
                let content = self.field(state, "content")?;
                let arguments = self.arguments(content)?;
                Ok(self.object(Make::Reduce, &module, &class, arguments, Vec::new()))
            }
            "TreeNode" | "LossNode" | "SGDNode" | "QuantileForestNode" => {
                // skops determines the class of these two itself.
                let is_other = match loader.as_str() {
                    "TreeNode" => (module.as_str(), class.as_str()) != ("sklearn.tree._tree", "Tree"),
                    "QuantileForestNode" => {
                        (module.as_str(), class.as_str()) != ("quantile_forest._quantile_forest_fast", "QuantileForest")
                    }
                    _ => false,
                };
                if is_other {
                    return Err(self.wrong("a tree has a class that skops does not build"));
                }
                let reduce = self.field(state, "__reduce__")?;
                self.exactly(reduce, &["args"])?;
                let (arguments, content) = (self.field(reduce, "args")?, self.field(state, "content")?);
                // As in skops: an empty state is not set. Many losses have no state.
                let is_empty = self.is_empty(content);
                let (content, arguments) = (self.place(content)?, self.arguments(arguments)?);
                let changes = if is_empty { Vec::new() } else { vec![Change::Build(content)] };
                Ok(self.object(Make::Reduce, &module, &class, arguments, changes))
            }
            "MethodNode" => {
                let content = self.field(state, "content")?;
                self.exactly(content, &["obj", "func"])?;
                let (owner, name) = (self.field(content, "obj")?, self.text(content, "func")?);
                let owner = self.place(owner)?;
                let name = nodes::text(&mut self.graph, &name);
                let arguments = self.tuple(vec![owner, name]);
                Ok(self.object(Make::Reduce, "builtins", "getattr", arguments, Vec::new()))
            }
            "OperatorFuncNode" => {
                let arguments = self.field(state, "attrs")?;
                let arguments = self.arguments(arguments)?;
                Ok(self.object(Make::Reduce, "operator", &class, arguments, Vec::new()))
            }
            "BytesNode" | "BytearrayNode" => {
                let bytes = self.file(state)?;
                let (len, buffer) = (bytes.len(), self.graph.add_buffer(bytes));
                let span = self.graph.span(buffer, 0, len).expect("a buffer holds all of itself");
                Ok(if loader == "BytesNode" { Node::Bytes(span) } else { Node::ByteArray(span) })
            }
            "NdArrayNode" => self.array(state, &module, &class),
            "DTypeNode" => {
                let content = self.field(state, "content")?;
                let content = self.whole(content);
                let of_array = ["__loader__", "__module__", "__class__"].map(|name| self.text(content, name));
                if !matches!(
                    of_array.each_ref().map(|text| text.as_deref()),
                    [Ok("NdArrayNode"), Ok("numpy"), Ok("ndarray")]
                ) {
                    return Err(self.wrong("a dtype is stored as something else than an array"));
                }
                self.check_fields(content, "NdArrayNode")?;
                // A dtype is stored as an empty array of it, and such an array of objects is JSON.
                let dtype = match self.text(content, "type")?.as_str() {
                    "json" if self.is_empty(content) && self.shape(content)? == [0] => DType::Object,
                    _ => self.stored_array(content)?.dtype,
                };
                self.budget.nodes(nodes::dtype_cost(&dtype), 0)?;
                let dtype = nodes::dtype(&mut self.graph, &dtype);
                Ok(self.graph.node(dtype).clone())
            }
            "MaskedArrayNode" => {
                let content = self.field(state, "content")?;
                self.exactly(content, &["data", "mask"])?;
                let (data, mask) = (self.field(content, "data")?, self.field(content, "mask")?);
                let parts = self.places(&[data, mask])?;
                let arguments = self.tuple(parts);
                Ok(self.object(Make::Reduce, "numpy.ma", "MaskedArray", arguments, Vec::new()))
            }
            "RandomStateNode" if is_random(&module, &class, "mtrand", "RandomState") => self.random_state(state),
            "RandomGeneratorNode" if is_random(&module, &class, "_generator", "Generator") => self.generator(state),
            "RandomStateNode" | "RandomGeneratorNode" => {
                Err(self.wrong("a random state is of another class than numpy's"))
            }
            "SparseMatrixNode" => self.sparse(state, &module, &class),
            _ => Err(Error::new(ErrorKind::SkopsLoader(loader))),
        }
    }

    /// The arguments of a call: a plain `tuple`, which skops unpacks.
    fn arguments(&mut self, state: Id) -> Result<NodeId, Error> {
        self.plain_tuple(state)?;
        self.place(state)
    }

    /// Whether a state is `None`, which skops does not set: `__getstate__` returns it for objects without a state.
    fn is_none(&self, state: Id) -> bool {
        let state = self.whole(state);
        let is = |name, text| self.document.get(state, name).and_then(|id| self.document.text_of(id)) == Some(text);
        is("__loader__", "JsonNode") && is("content", "null")
    }

    /// Whether a state is an empty dict, list or tuple.
    fn is_empty(&self, state: Id) -> bool {
        let content = self.document.get(self.whole(state), "content");
        content.is_some_and(|content| match self.document.value(content) {
            Json::Array(items) => items.is_empty(),
            Json::Object(pairs) => pairs.is_empty(),
            _ => false,
        })
    }

    fn content_places(&mut self, state: Id) -> Result<Vec<NodeId>, Error> {
        let content = self.field(state, "content")?;
        let items = self.list(content)?;
        self.places(&items)
    }

    /// A builtin container; a subclass as a call with it.
    fn of_class(&mut self, module: &str, class: &str, builtin: &str, node: Node) -> Result<Node, Error> {
        if module == "builtins" && class == builtin {
            return Ok(node);
        }
        let content = self.graph.push(node);
        let arguments = self.tuple(vec![content]);
        Ok(self.object(Make::Reduce, module, class, arguments, Vec::new()))
    }

    fn dict(&mut self, state: Id, module: &str, class: &str) -> Result<Node, Error> {
        let pairs = self.pairs(state)?;
        if (module, class) == ("builtins", "dict") {
            return Ok(Node::Dict(pairs));
        }
        let arguments = self.tuple(Vec::new());
        Ok(self.object(Make::Reduce, module, class, arguments, vec![Change::SetItems(pairs)]))
    }

    /// The pairs of a `DictNode`, whose keys are strings in JSON. Keys with the same text are still separate here.
    fn pairs(&mut self, state: Id) -> Result<Vec<(NodeId, NodeId)>, Error> {
        let document = self.document;
        let state = self.whole(state);
        let Json::Object(pairs) = document.value(self.field(state, "content")?) else {
            return Err(self.wrong("a dict is not a dict node"));
        };
        let types = self.key_types(state)?;
        if types.len() != pairs.len() {
            return Err(self.wrong("a dict has different numbers of keys and key types"));
        }
        let mut placed = Vec::new();
        for ((key, value), kind) in pairs.iter().zip(types) {
            self.budget.nodes(1, 0)?;
            let (module, class) = (self.text(kind, "__module__")?, self.text(kind, "__class__")?);
            let key = self.key(&module, &class, key)?;
            placed.push((self.graph.push(key), self.place(*value)?));
        }
        Ok(placed)
    }

    /// The types of a dict's keys, each of which skops calls.
    pub(super) fn key_types(&self, state: Id) -> Result<Vec<Id>, Error> {
        let types = self.field(state, "key_types").and_then(|types| self.plain_list(types))?;
        let types: Vec<Id> = types.into_iter().map(|kind| self.whole(kind)).collect();
        for &kind in &types {
            if self.text(kind, "__loader__")? != "TypeNode" {
                return Err(self.wrong("the key types of a dict are not types"));
            }
            self.check_fields(kind, "TypeNode")?;
        }
        Ok(types)
    }

    fn key(&mut self, module: &str, class: &str, key: &[u8]) -> Result<Node, Error> {
        let wrong = self.wrong("a dict's key does not have its declared type");
        let text = std::str::from_utf8(key).ok();
        Ok(match (module, class) {
            ("builtins", "str") | ("numpy", "str_") => {
                self.budget.decoded(key.len(), 0)?;
                Node::Str(self.graph.keep(key))
            }
            // skops itself reads both as `True`; JSON's text distinguishes them.
            ("builtins", "bool") | ("numpy", "bool" | "bool_") => match text {
                Some("true" | "True") => Node::Bool(true),
                Some("false" | "False") => Node::Bool(false),
                _ => return Err(wrong),
            },
            ("builtins", "int") => self.number(text.ok_or(wrong)?)?,
            ("builtins", "float") => Node::Float(float(text.ok_or(wrong)?)),
            ("builtins", "NoneType") => Node::None,
            ("numpy", name) if name.starts_with("int") || name.starts_with("uint") => {
                self.number(text.ok_or(wrong)?)?
            }
            ("numpy", name) if name.starts_with("float") => Node::Float(float(text.ok_or(wrong)?)),
            _ => return Err(self.wrong("a dict has keys of an unsupported type")),
        })
    }

    fn partial(&mut self, state: Id) -> Result<Node, Error> {
        let content = self.field(state, "content")?;
        self.exactly(content, &["func", "args", "kwds", "namespace"])?;
        let parts = ["func", "args", "kwds", "namespace"].map(|name| self.field(content, name));
        let mut states = Vec::new();
        for part in parts {
            states.push(part?);
        }
        let places = self.places(&states)?;
        let function = places.iter().copied().take(1).collect();
        let (arguments, state) = (self.tuple(function), self.tuple(places));
        Ok(self.object(Make::Reduce, "functools", "partial", arguments, vec![Change::Build(state)]))
    }

    fn array(&mut self, state: Id, module: &str, class: &str) -> Result<Node, Error> {
        let kind = self.text(state, "type")?;
        if kind == "json" {
            return self.object_array(state);
        }
        // skops calls the class with the array: this one would take it for a shape.
        if class != "chararray" && is_array_class(module, class) {
            let bytes = self.file(state)?;
            let (array, _) = npy::read_into(&mut self.graph, &bytes, self.budget)?;
            let mut array = self.graph.node(array).clone();
            if let Node::Object(object) = &mut array
                && !matches!(class, "ndarray" | "memmap")
                && let Node::Tuple(arguments) = self.graph.node(object.arguments)
            {
                // `_reconstruct` takes the class first: a matrix stays a matrix.
                let mut arguments = arguments.to_vec();
                let class = self.global(module, class);
                let class = self.graph.push(class);
                arguments.splice(..1, [class]);
                object.arguments = self.tuple(arguments);
            }
            return Ok(array);
        }
        // A numpy scalar is stored as an array without axes.
        let array = self.stored_array(state)?;
        // skops calls the class: it could name any function of numpy.
        let is_own = module == "numpy" && is_scalar_class(&array.dtype, class);
        let Some(element) = array.bytes().filter(|_| is_own && array.ndim() == 0) else {
            return Err(self.wrong("an array of an unsupported class"));
        };
        self.budget.decoded(element.len(), 0)?;
        let element = self.graph.keep(element);
        let dtype = nodes::dtype(&mut self.graph, &array.dtype);
        let element = self.graph.push(Node::Bytes(element));
        let arguments = self.tuple(vec![dtype, element]);
        Ok(self.object(Make::Reduce, "numpy.core.multiarray", "scalar", arguments, Vec::new()))
    }

    /// The array in a state's file.
    pub(super) fn stored_array(&mut self, state: Id) -> Result<NdArray, Error> {
        let bytes = self.file(state)?;
        let (array, _) = npy::read_into(&mut self.graph, &bytes, self.budget)?;
        NdArray::read(&self.graph, array)?.ok_or_else(|| self.wrong("an array is not an array node"))
    }

    /// Object arrays are lists in lists, one level for each axis.
    fn object_array(&mut self, state: Id) -> Result<Node, Error> {
        let shape = self.shape(state)?;
        let mut items = self.field(state, "content").and_then(|content| self.list(content))?;
        for (axis, &length) in shape.iter().enumerate() {
            if axis > 0 {
                let mut inner = Vec::new();
                for item in items {
                    let list = self.plain_list(item)?;
                    if list.len() != length {
                        return Err(self.wrong("an array of objects has rows of different lengths"));
                    }
                    inner.extend(list);
                }
                items = inner;
            }
        }
        if shape.is_empty()
            || shape.iter().try_fold(1, |count: usize, &length| count.checked_mul(length)) != Some(items.len())
        {
            return Err(self.wrong("an array of objects differs from its declared shape"));
        }
        self.budget.nodes(80, 0)?;
        let items = self.places(&items)?;
        let items = self.graph.push(Node::List(items));
        let array = nodes::array_of(&mut self.graph, &DType::Object, &shape, Order::C, items);
        Ok(self.graph.node(array).clone())
    }

    /// The shape of an array of objects.
    fn shape(&self, state: Id) -> Result<Vec<usize>, Error> {
        let mut shape = Vec::new();
        for length in self.field(state, "shape").and_then(|shape| self.plain_tuple(shape))? {
            let text = self.single(length)?;
            let length = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
            shape.push(length.ok_or_else(|| self.wrong("an array's shape does not consist of lengths"))?);
        }
        Ok(shape)
    }

    /// `scipy.sparse.save_npz`'s arrays as the attributes of the matrix.
    fn sparse(&mut self, state: Id, module: &str, class: &str) -> Result<Node, Error> {
        if self.text(state, "type")? != "scipy" {
            return Err(self.wrong("a sparse matrix is not scipy's"));
        }
        let bytes = self.file(state)?;
        let archive = Archive::read(&bytes)?;
        let arrays = zip::arrays_into(&mut self.graph, &archive, self.inflation, self.budget)?;
        self.budget.nodes(32, 0)?;
        self.check_sparse(&arrays, module, class)?;
        // In scipy's order: what its constructors set in addition to the arrays is first.
        let (mut attributes, mut shape) = (Vec::new(), None);
        for (name, array) in arrays {
            match name.as_str() {
                "format" | "_is_array" => {}
                "shape" => {
                    let lengths = NdArray::read(&self.graph, array)?.and_then(|lengths| lengths.to_i64());
                    let lengths = lengths.filter(|lengths| lengths.len() <= 64);
                    let lengths = lengths.ok_or_else(|| self.wrong("a sparse matrix has no shape"))?;
                    let lengths = lengths.into_iter().map(|length| self.graph.push(Node::Int(length))).collect();
                    shape = Some(self.tuple(lengths));
                }
                _ => attributes.push((name, array)),
            }
        }
        let shape = shape.ok_or_else(|| self.wrong("a sparse matrix has no shape"))?;
        let maxprint = self.graph.push(Node::Int(50));
        attributes.splice(0..0, [("_shape".to_owned(), shape), ("maxprint".to_owned(), maxprint)]);
        // Only this format has separate rows and columns, as in scipy before 1.13.
        if class == "coo_array" {
            let (pair, rest) =
                attributes.into_iter().partition::<Vec<_>, _>(|(name, _)| matches!(&**name, "row" | "col"));
            attributes = rest;
            let pair: Vec<NodeId> = ["row", "col"]
                .iter()
                .filter_map(|wanted| pair.iter().find(|(name, _)| name == wanted).map(|(_, array)| *array))
                .collect();
            if !pair.is_empty() {
                attributes.push(("coords".to_owned(), self.tuple(pair)));
            }
        }
        if class.starts_with("coo_") {
            attributes.push(("has_canonical_format".to_owned(), self.graph.push(Node::Bool(false))));
        }
        let pairs = attributes.iter().map(|(name, array)| (nodes::text(&mut self.graph, name), *array)).collect();
        let attributes = self.graph.push(Node::Dict(pairs));
        let arguments = self.tuple(Vec::new());
        Ok(self.object(Make::NewObj, module, class, arguments, vec![Change::Build(attributes)]))
    }

    /// Rejects a matrix of another class than scipy builds from its file.
    fn check_sparse(&self, arrays: &[(String, NodeId)], module: &str, class: &str) -> Result<(), Error> {
        let array = |name: &str| {
            let array = arrays.iter().find(|(known, _)| known == name).map(|(_, array)| *array);
            array.map(|array| NdArray::read(&self.graph, array)).transpose().map(Option::flatten)
        };
        let format = array("format")?.and_then(|format| format.column()?.to_scalars()).unwrap_or_default();
        let format = match format.as_slice() {
            [Scalar::Str(format)] => format.clone(),
            [Scalar::Bytes(format)] => String::from_utf8_lossy(format).into_owned(),
            _ => return Err(self.wrong("a sparse matrix has no format")),
        };
        let parts: &[&str] = match format.as_str() {
            "csc" | "csr" | "bsr" => &["data", "indices", "indptr"],
            "dia" => &["data", "offsets"],
            "coo" => &["data", "row", "col", "coords"],
            _ => return Err(self.wrong("a sparse matrix has a format that scipy does not store")),
        };
        let is_known = |name: &str| matches!(name, "format" | "shape" | "_is_array") || parts.contains(&name);
        let is_scipys = module == "scipy.sparse" || module.starts_with("scipy.sparse.");
        // Before 1.10 scipy did not store which of both it was.
        let is_same = matches!(class.strip_prefix(&*format), Some("_matrix" | "_array")) && is_scipys;
        if is_same && arrays.iter().all(|(name, _)| is_known(name)) {
            return Ok(());
        }
        Err(self.wrong("the class or format of a sparse matrix does not match its file"))
    }

    pub(super) fn text_bytes(&self, state: Id) -> Result<Vec<u8>, Error> {
        let content = self.field(state, "content")?;
        match self.document.value(content) {
            Json::Str(text) => Ok(text.clone()),
            _ => Err(self.wrong("a value is not a string")),
        }
    }

    /// JSON within the JSON: a scalar.
    fn json(&mut self, text: &[u8]) -> Result<Node, Error> {
        let document = Document::parse(text, 1).map_err(|_| self.wrong("a value is not a JSON scalar"))?;
        self.scalar(&document, 0)
    }

    pub(super) fn scalar(&mut self, document: &Document<'_>, id: Id) -> Result<Node, Error> {
        Ok(match document.value(id) {
            Json::Null => Node::None,
            Json::Bool(value) => Node::Bool(*value),
            Json::Number(range) => self.number(document.number(range))?,
            Json::Str(text) => {
                self.budget.decoded(text.len(), 0)?;
                Node::Str(self.graph.keep(text))
            }
            Json::Array(_) | Json::Object(_) => return Err(self.wrong("a value is not a scalar")),
        })
    }

    fn number(&mut self, text: &str) -> Result<Node, Error> {
        if text.contains(['.', 'e', 'E', 'N', 'I', 'n', 'i']) {
            return Ok(Node::Float(float(text)));
        }
        if let Ok(value) = text.parse() {
            return Ok(Node::Int(value));
        }
        let bytes =
            two_complement(text).ok_or_else(|| self.wrong("an integer is invalid, or has over 4,300 digits"))?;
        Ok(Node::BigInt(self.graph.keep(&bytes)))
    }

    pub(super) fn tuple(&mut self, items: Vec<NodeId>) -> NodeId {
        self.graph.push(Node::Tuple(items.into()))
    }

    pub(super) fn global(&mut self, module: &str, name: &str) -> Node {
        let module = self.graph.keep(module.as_bytes());
        let name = self.graph.keep(name.as_bytes());
        Node::Global(Global { module, name })
    }

    pub(super) fn object(
        &mut self,
        make: Make,
        module: &str,
        name: &str,
        arguments: NodeId,
        changes: Vec<Change>,
    ) -> Node {
        let callable = self.global(module, name);
        let callable = self.graph.push(callable);
        Node::Object(Box::new(Object { make, callable, arguments, keywords: None, changes }))
    }
}

/// Whether this names a class of numpy's random package, by the module that it is in or by the public one.
fn is_random(module: &str, class: &str, inner: &str, expected: &str) -> bool {
    let place = module.strip_prefix("numpy.random").map(|rest| rest.strip_prefix('.').unwrap_or(rest));
    class == expected && place.is_some_and(|place| place.is_empty() || place == inner)
}

/// Whether this is the name of the class that numpy has for the elements of a dtype.
fn is_scalar_class(dtype: &DType, class: &str) -> bool {
    let known = [false, true].map(|numpy2| scalar_class(dtype, numpy2).map(|name| name.1));
    let other = match dtype {
        DType::Int { size: 8, .. } => "longlong",
        DType::UInt { size: 8, .. } => "ulonglong",
        DType::Int { size: 4, .. } => "intc",
        DType::UInt { size: 4, .. } => "uintc",
        DType::Float { size: 16, .. } => "float128",
        DType::Complex { size: 32, .. } => "complex256",
        _ => "",
    };
    known.contains(&Some(class)) || (class == other && !other.is_empty())
}

/// As Python's `float` reads what `json` and `str` write.
fn float(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}
