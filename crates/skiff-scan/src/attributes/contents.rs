//! What a value is made of, through all containers that it consists of, up to the objects in it.

use skiff_files::is_numpy_module;
use skiff_pickle::{Change, Graph, IdMap, IdSet, Make, Node, NodeId, Object, Payload};

use crate::allowed::{self, name_of};

/// What a value and everything that it contains are, objects in it not taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    /// `None`, and nothing else.
    pub is_none: bool,
    /// A function, or what is called as one.
    pub function: Option<NodeId>,
    /// A class whose objects are plain values: `float`, `numpy.float32`.
    pub value_class: Option<NodeId>,
    /// Other classes, by the family of their objects, each with the first of its kind.
    pub classes: Vec<(Family, NodeId)>,
    /// A random generator.
    pub random: Option<NodeId>,
    /// A numpy array, which has methods that write files.
    pub array: Option<NodeId>,
    /// A sparse matrix.
    pub sparse: Option<NodeId>,
    /// Containers that contain themselves.
    pub is_cyclic: bool,
    /// Objects, by family, each with the first of its kind.
    pub objects: Vec<(Family, NodeId)>,
}

/// What kind of object a value is, in the words of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// As `skiff_sklearn::Kind::Object` has it.
    Of(&'static str),
    /// No attribute of a known class holds such an object.
    Other,
}

/// Of one node: what it is, or what it contains.
enum Part {
    /// Numbers, text, bytes, dates, and names that have a finding of their own.
    Data,
    Array,
    Sparse,
    None,
    Function,
    ValueClass,
    Class(Family),
    Random,
    Object(Family),
    Container(Vec<NodeId>),
    /// What is called as a function, or an object, with what it is made of.
    Made(Box<Part>, Vec<NodeId>),
}

/// Contents of values, each container looked at once however often it is referred to.
pub(super) struct Values<'g> {
    graph: &'g Graph,
    containers: IdMap<Contents>,
    /// joblib's wrappers of arrays are arrays: the file is joblib's, and read as a plain pickle.
    are_wrappers_arrays: bool,
}

/// A container that is being looked at.
struct Open {
    id: NodeId,
    children: std::vec::IntoIter<NodeId>,
    contents: Contents,
}

impl Open {
    /// What contains something, opened; or what contains nothing, as it is.
    fn of(id: NodeId, part: Part) -> Result<Self, Part> {
        let mut contents = Contents::default();
        let children = match part {
            Part::Container(children) => children,
            Part::Made(what, children) => {
                contents.add(id, &what);
                children
            }
            other => return Err(other),
        };
        Ok(Self { id, children: children.into_iter(), contents })
    }
}

impl Contents {
    /// Whether there is nothing but plain data in it.
    pub fn is_data(&self) -> bool {
        let Self { is_none: _, array: _, sparse: _, function, value_class, classes, random, is_cyclic, objects } = self;
        let others = [function, value_class, random];
        others.iter().all(|other| other.is_none()) && !is_cyclic && classes.is_empty() && objects.is_empty()
    }

    /// Whether there is nothing in it but plain data, what pandas keeps its data in, and paths.
    pub fn is_inert(&self) -> bool {
        let is_inert =
            |(family, _): &(Family, NodeId)| matches!(family, Family::Of("pandas" | "pandas.Index" | "pathlib"));
        self.objects.iter().all(is_inert) && Self { objects: Vec::new(), ..self.clone() }.is_data()
    }

    fn add(&mut self, id: NodeId, part: &Part) {
        let place = match part {
            Part::Function => &mut self.function,
            Part::ValueClass => &mut self.value_class,
            Part::Random => &mut self.random,
            Part::Array => &mut self.array,
            Part::Sparse => &mut self.sparse,
            Part::Class(family) => return first_of(&mut self.classes, *family, id),
            Part::Object(family) => return first_of(&mut self.objects, *family, id),
            Part::Made(what, _) => return self.add(id, what),
            Part::Data | Part::None | Part::Container(_) => return,
        };
        place.get_or_insert(id);
    }

    fn merge(&mut self, inner: &Self) {
        let pairs = [
            (&mut self.function, inner.function),
            (&mut self.value_class, inner.value_class),
            (&mut self.random, inner.random),
            (&mut self.array, inner.array),
            (&mut self.sparse, inner.sparse),
        ];
        for (mine, found) in pairs {
            *mine = mine.or(found);
        }
        self.is_cyclic |= inner.is_cyclic;
        inner.classes.iter().for_each(|&(family, id)| first_of(&mut self.classes, family, id));
        inner.objects.iter().for_each(|&(family, id)| first_of(&mut self.objects, family, id));
    }
}

/// Families are few: there are as many as the catalog has.
fn first_of(found: &mut Vec<(Family, NodeId)>, family: Family, id: NodeId) {
    if found.iter().all(|(known, _)| *known != family) {
        found.push((family, id));
    }
}

impl<'g> Values<'g> {
    pub fn of(graph: &'g Graph, are_wrappers_arrays: bool) -> Self {
        Self { graph, containers: IdMap::default(), are_wrappers_arrays }
    }

    fn part(&self, id: NodeId) -> Part {
        match part(self.graph, id) {
            Part::Object(Family::Of(WRAPPER)) if self.are_wrappers_arrays => Part::Array,
            other => other,
        }
    }

    pub fn contents(&mut self, id: NodeId) -> Contents {
        if let Some(known) = self.containers.get(&id) {
            return known.clone();
        }
        match Open::of(id, self.part(id)) {
            Ok(open) => self.container(open),
            Err(part) => {
                let mut contents = Contents { is_none: matches!(part, Part::None), ..Contents::default() };
                contents.add(id, &part);
                contents
            }
        }
    }

    fn container(&mut self, first: Open) -> Contents {
        let mut on_stack = IdSet::from_iter([first.id]);
        let mut stack = vec![first];
        loop {
            let Some(top) = stack.last_mut() else { return Contents::default() };
            match top.children.next() {
                Some(child) if on_stack.contains(&child) => top.contents.is_cyclic = true,
                Some(child) => match self.containers.get(&child) {
                    Some(known) => top.contents.merge(known),
                    None => match Open::of(child, self.part(child)) {
                        Ok(open) => {
                            on_stack.insert(child);
                            stack.push(open);
                        }
                        Err(part) => top.contents.add(child, &part),
                    },
                },
                None => {
                    let Some(Open { id, contents, .. }) = stack.pop() else { return Contents::default() };
                    on_stack.remove(&id);
                    match stack.last_mut() {
                        Some(outer) => outer.contents.merge(&contents),
                        None => {
                            self.containers.insert(id, contents.clone());
                            return contents;
                        }
                    }
                    self.containers.insert(id, contents);
                }
            }
        }
    }
}

fn part(graph: &Graph, id: NodeId) -> Part {
    match graph.node(id) {
        Node::None => Part::None,
        Node::Tuple(items) | Node::FrozenSet(items) => Part::Container(items.to_vec()),
        Node::List(items) | Node::Set(items) => Part::Container(items.clone()),
        Node::Dict(pairs) => Part::Container(pairs.iter().flat_map(|&(key, value)| [key, value]).collect()),
        Node::Global(_) => match name_of(graph, id) {
            Some((module, name)) => name_part(module, name),
            None => Part::Data,
        },
        Node::Payload { content: Payload::Pickle(root), .. } => Part::Made(Box::new(Part::Array), vec![*root]),
        Node::Payload { .. } => Part::Array,
        Node::Object(object) => object_part(graph, object),
        _ => Part::Data,
    }
}

fn name_part(module: &str, name: &str) -> Part {
    if !allowed::may_stand(module, name) || name == "NA" {
        return Part::Data;
    }
    match module {
        "builtins" if name != "sorted" => Part::ValueClass,
        "numpy" if name.starts_with(|first: char| first.is_ascii_lowercase()) && is_numpy_class(name) => {
            Part::ValueClass
        }
        // Nobody has them but who calls them with arrays of its own.
        _ if allowed::is_unchecked(module, name) => Part::Class(Family::Other),
        _ if !is_class_name(name) => Part::Function,
        _ => Part::Class(family(module, name)),
    }
}

fn is_class_name(name: &str) -> bool {
    name.trim_start_matches('_').starts_with(|first: char| first.is_uppercase())
}

/// Classes of numpy's scalars.
fn is_numpy_class(name: &str) -> bool {
    matches!(
        name.trim_end_matches(|last: char| last.is_ascii_digit()).trim_end_matches('_'),
        "bool"
            | "bytes"
            | "complex"
            | "datetime"
            | "float"
            | "floating"
            | "int"
            | "integer"
            | "longdouble"
            | "number"
            | "object"
            | "str"
            | "timedelta"
            | "uint"
    )
}

fn object_part(graph: &Graph, object: &Object) -> Part {
    let arguments = graph.items(object.arguments).unwrap_or_default();
    let Some((module, name)) = class_of(graph, object) else { return Part::Data };
    if !allowed::is_listed(module, name) {
        return Part::Data;
    }
    match (module, name) {
        ("builtins", "getattr") | (_, "_ufunc_reconstruct") => Part::Function,
        // Its function, and what it binds; the function itself says nothing more.
        ("functools", "partial") | ("numpy", "vectorize") => made(Part::Function, container(graph, &[], object)),
        ("builtins", "object") => Part::Object(Family::Of("builtins.object")),
        ("collections", "defaultdict") => container(graph, arguments.get(1..).unwrap_or_default(), object),
        ("builtins" | "collections", _) => container(graph, arguments, object),
        ("_codecs" | "datetime" | "decimal" | "fractions" | "pytz" | "zoneinfo", _) | ("numpy", "dtype") => Part::Data,
        _ if allowed::is_moment(module, name) || is_numpy_module(module, "_internal") => Part::Data,
        ("re", _) => Part::Object(Family::Of("re")),
        _ if is_numpy_module(module, "multiarray") && name == "scalar" => {
            container(graph, arguments.get(1..).unwrap_or_default(), object)
        }
        _ if is_numpy_module(module, "multiarray") || is_numpy_module(module, "numeric") => {
            made(Part::Array, container(graph, &[], object))
        }
        ("numpy.ma" | "numpy.ma.core", "MaskedArray") => made(Part::Array, container(graph, arguments, object)),
        ("numpy.ma.core", _) => made(Part::Array, container(graph, &[], object)),
        _ if module.starts_with("numpy.random") => Part::Random,
        _ if module == "scipy.sparse" || module.starts_with("scipy.sparse.") => Part::Sparse,
        _ if allowed::is_named_tuple(module, name) => container(graph, arguments, object),
        // Subclasses of dict and list hold what is put into them; attributes are looked at with each object.
        _ if allowed::holds_items(module, name) => {
            made(Part::Object(family(module, name)), container_of(graph, arguments, object, false))
        }
        _ => Part::Object(family(module, name)),
    }
}

fn made(what: Part, inner: Part) -> Part {
    match inner {
        Part::Container(children) if !children.is_empty() => Part::Made(Box::new(what), children),
        _ => what,
    }
}

/// Module and name of the class that an object is of, or of the function that makes it.
fn class_of<'g>(graph: &'g Graph, object: &Object) -> Option<(&'g str, &'g str)> {
    let (module, name) = name_of(graph, object.callable)?;
    if object.make != Make::Reduce || leading_classes(module, name) == 0 {
        return Some((module, name));
    }
    name_of(graph, *graph.items(object.arguments)?.first()?)
}

/// How many of a function's arguments are the class of what it makes, and the base of that class.
fn leading_classes(module: &str, name: &str) -> usize {
    match (module, name) {
        ("copyreg", "_reconstructor") => 2,
        ("copyreg", _) | (_, "newObj") => 1,
        _ if name.starts_with("__pyx_unpickle_") => 1,
        _ => 0,
    }
}

/// A container made by a call: of its arguments, and of what is put into it afterwards.
fn container(graph: &Graph, arguments: &[NodeId], object: &Object) -> Part {
    container_of(graph, arguments, object, true)
}

fn container_of(graph: &Graph, arguments: &[NodeId], object: &Object, with_state: bool) -> Part {
    let classes = name_of(graph, object.callable).map_or(0, |(module, name)| leading_classes(module, name));
    let mut children = arguments.get(classes..).unwrap_or_default().to_vec();
    for change in &object.changes {
        match change {
            Change::Build(_) if !with_state => {}
            Change::Build(state) => children.push(*state),
            Change::Append(items) | Change::Add(items) => children.extend(items),
            Change::SetItems(pairs) => children.extend(pairs.iter().flat_map(|&(key, value)| [key, value])),
        }
    }
    // Elements without objects are no nodes: nothing to look at.
    children.retain(|&child| !matches!(graph.node(child), Node::Bytes(_) | Node::Int(_)));
    Part::Container(children)
}

/// The family of joblib's wrappers of arrays.
const WRAPPER: &str = "joblib.numpy_pickle";

fn family(module: &str, name: &str) -> Family {
    if let Some(class) = skiff_sklearn::class(module, name) {
        return Family::Of(class.family());
    }
    let package = module.split('.').next().unwrap_or(module);
    Family::Of(match package {
        "lightgbm" | "xgboost" if name == "Booster" => "Booster",
        "catboost" | "lightgbm" | "sklearn_pandas" | "tpot" | "xgboost" => "sklearn.base.BaseEstimator",
        "pandas" if name.starts_with("_new_") || name.ends_with("Index") => "pandas.Index",
        "pandas" | "pyarrow" => "pandas",
        "joblib" if name == "Memory" => "joblib.Memory",
        "sklearn" if (module, name) == ("sklearn.externals.joblib.memory", "Memory") => "joblib.Memory",
        "joblib" | "sklearn" if allowed::is_array_wrapper(name) => WRAPPER,
        "scipy" if module.starts_with("scipy.stats.") => "scipy.stats",
        "scipy" if module.starts_with("scipy.interpolate.") => "scipy.interpolate",
        "pathlib" => "pathlib",
        "types" if name == "SimpleNamespace" => "types.SimpleNamespace",
        _ => return Family::Other,
    })
}
