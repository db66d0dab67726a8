//! Objects of any class with attributes.

use std::collections::HashMap;

use skiff_pickle::{Change, Graph, Make, Node, NodeId};

use crate::call::Call;

/// An object of a class, in each way in which a pickle can create it.
#[derive(Clone, Debug)]
pub struct Instance<'g> {
    /// The class's module, as written.
    pub module: &'g str,
    /// The class's name, as written.
    pub name: &'g str,
    /// The object's node.
    pub id: NodeId,
    graph: &'g Graph,
    arguments: &'g [NodeId],
    attributes: Vec<(&'g str, NodeId)>,
    /// Where each attribute is, once there are more than are quickly compared.
    places: HashMap<&'g str, usize>,
    entries: usize,
    foreign: bool,
}

impl<'g> Instance<'g> {
    /// The object at `id`; `None` if it is not an object of a class (a number, an array, `functools.partial(…)`, …).
    ///
    /// Recognized are `NEWOBJ` and `NEWOBJ_EX`, `INST` and `OBJ`, `copyreg`'s `_reconstructor`, `__newobj__` and
    /// `__newobj_ex__`, Cython's `newObj` and `__pyx_unpickle_…`, and a call of a name that begins with a capital.
    pub fn read(graph: &'g Graph, id: NodeId) -> Option<Self> {
        let (call, (module, name), arguments) = class_and_arguments(graph, id)?;
        let mut instance = Self {
            module,
            name,
            id,
            graph,
            arguments,
            attributes: Vec::new(),
            places: HashMap::new(),
            entries: 0,
            foreign: false,
        };
        for change in &call.object.changes {
            if let Change::Build(state) = change {
                instance.build(*state);
            }
        }
        Some(instance)
    }

    /// Module and name of the class of the object at `id`, as written, without a look at its state.
    pub fn class(graph: &'g Graph, id: NodeId) -> Option<(&'g str, &'g str)> {
        class_and_arguments(graph, id).map(|(_, class, _)| class)
    }

    /// Whether it is of this class, given as `module.name`.
    pub fn is(&self, class: &str) -> bool {
        class.strip_suffix(self.name).and_then(|rest| rest.strip_suffix('.')) == Some(self.module)
    }

    /// `module.name` of the class.
    pub fn class_path(&self) -> String {
        format!("{}.{}", self.module, self.name)
    }

    /// The attributes that `BUILD` set, in the order of their first occurrence; if a name occurs twice, the later value.
    pub fn attributes(&self) -> impl Iterator<Item = (&'g str, NodeId)> + '_ {
        self.attributes.iter().copied()
    }

    /// One attribute.
    pub fn attribute(&self, name: &str) -> Option<NodeId> {
        self.place(name).and_then(|place| self.attributes.get(place)).map(|(_, value)| *value)
    }

    /// How many entries its states have, including repeated names: the cost of reading it. A state may be shared
    /// by any number of objects.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// The arguments of the constructor, without the class.
    pub fn arguments(&self) -> &'g [NodeId] {
        self.arguments
    }

    /// The last state, whatever it is: classes with their own `__setstate__` take tuples, bytes, ….
    pub fn state(&self) -> Option<NodeId> {
        self.graph.object(self.id)?.state()
    }

    /// The items of a subclass of `dict`: the pairs of the dict that it was created from (`_reconstructor`, protocols 0 and 1), or
    /// of the list of pairs (`OrderedDict`, Python 2), and those that were set by `SETITEM` and `SETITEMS`.
    pub fn items(&self) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let changes = self.graph.object(self.id).map_or(&[][..], |object| &object.changes);
        let base = match self.arguments {
            [base, pairs] if matches!(self.graph.global(*base), Some(("builtins" | "__builtin__", "dict"))) => {
                match self.graph.node(*pairs) {
                    Node::Dict(pairs) => pairs.as_slice(),
                    _ => &[],
                }
            }
            _ => &[],
        };
        let listed = match self.arguments {
            [pairs] if (self.module, self.name) == ("collections", "OrderedDict") => self.graph.items(*pairs),
            _ => None,
        };
        let listed = listed.unwrap_or_default().iter().filter_map(|&pair| match self.graph.items(pair) {
            Some(&[key, value]) => Some((key, value)),
            _ => None,
        });
        let set = changes
            .iter()
            .flat_map(|change| match change {
                Change::SetItems(pairs) => pairs.as_slice(),
                _ => &[],
            })
            .copied();
        base.iter().copied().chain(listed).chain(set)
    }

    /// Whether a state has more than attributes: a key that is not a string, or something other than dicts. The
    /// class's reader must know such a state.
    pub fn has_foreign_state(&self) -> bool {
        self.foreign
    }

    fn build(&mut self, state: NodeId) {
        match self.graph.node(state) {
            // `(__dict__ or None, slots or None)`.
            Node::Tuple(parts) if parts.len() == 2 && parts.iter().all(|&part| self.is_dict_or_none(part)) => {
                for &part in parts {
                    self.update(part);
                }
            }
            _ => self.update(state),
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.attributes.len() <= FEW {
            return self.attributes.iter().position(|(known, _)| *known == name);
        }
        self.places.get(name).copied()
    }

    fn push(&mut self, name: &'g str, value: NodeId) {
        self.attributes.push((name, value));
        if self.attributes.len() > FEW {
            // The first ones, too, when they become too many to compare.
            let known = self.places.len();
            self.places.extend(self.attributes.iter().enumerate().skip(known).map(|(place, (name, _))| (*name, place)));
        }
    }

    fn is_dict_or_none(&self, id: NodeId) -> bool {
        matches!(self.graph.node(id), Node::Dict(_) | Node::None)
    }

    fn update(&mut self, state: NodeId) {
        let pairs = match self.graph.node(state) {
            Node::Dict(pairs) => pairs,
            Node::None => return,
            _ => {
                self.foreign = true;
                return;
            }
        };
        self.entries = self.entries.saturating_add(pairs.len());
        for &(key, value) in pairs {
            let Some(name) = self.graph.name_of(key) else {
                self.foreign = true;
                continue;
            };
            match self.place(name).and_then(|place| self.attributes.get_mut(place)) {
                Some(attribute) => attribute.1 = value,
                None => self.push(name, value),
            }
        }
    }
}

/// So many attributes are found faster by comparing than by hashing. Few classes have more.
const FEW: usize = 32;

/// The call that makes the object at `id`, the class of what it makes, and the other arguments.
fn class_and_arguments(graph: &Graph, id: NodeId) -> Option<(Call<'_>, (&str, &str), &[NodeId])> {
    let call = Call::read(graph, id)?;
    let (class, arguments) = match call.object.make {
        Make::Reduce if takes_class(call.name) => {
            let (class, rest) = call.arguments.split_first()?;
            (graph.global(*class)?, rest)
        }
        Make::Reduce if !is_class_name(call.name) => return None,
        _ => ((call.module, call.name), call.arguments),
    };
    Some((call, class, arguments))
}

/// Functions whose first argument is the class of their result.
fn takes_class(name: &str) -> bool {
    matches!(name, "_reconstructor" | "__newobj__" | "__newobj_ex__" | "newObj") || name.starts_with("__pyx_unpickle_")
}

fn is_class_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.trim_start_matches('_').starts_with(|first: char| first.is_uppercase())
}
