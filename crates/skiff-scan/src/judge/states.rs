//! What objects are given after they are made: items, pairs, and states.

use skiff_pickle::{Change, Graph, Node, NodeId};
use skiff_sklearn::Class;

use super::{GIVEN, Judged, OTHER_STATE, Reading};
use crate::allowed::{self, EXECUTED, Items, Made, State};
use crate::attributes::Wrong;
use crate::verdict::{Rating, UnknownAttribute};
use crate::wrappers;

impl Judged<'_> {
    pub(super) fn changes(&mut self, id: NodeId, changes: &[Change], made: Made, reading: Reading) {
        for change in changes {
            let verdict = match (change, made.items) {
                (Change::Build(state), _) => {
                    self.stands(id, *state);
                    // skops hands on states of all kinds, of which some have a form of their own.
                    let has_form = matches!(made.state, State::Distribution | State::Form(_) | State::Table);
                    let own = reading == Reading::Skops && !has_form;
                    match made.state {
                        State::Class(class) | State::Compiled(class) => {
                            self.state_of(id, *state, Some(class), made.state)
                        }
                        State::Estimator => self.state_of(id, *state, None, made.state),
                        State::Wrapper => wrappers::check(self.graph, wrapper_name(self.graph, id), *state),
                        _ => self.state(*state, if own { State::Own } else { made.state }),
                    }
                }
                (Change::Append(items) | Change::Add(items), kind) => {
                    items.iter().for_each(|&item| self.stands(id, item));
                    let allowed = match change {
                        Change::Append(_) => kind == Items::List,
                        _ => kind == Items::Set,
                    };
                    if allowed { Ok(()) } else { Err(GIVEN[0]) }
                }
                (Change::SetItems(items), kind) => {
                    items.iter().for_each(|&(_, value)| self.stands(id, value));
                    let callable =
                        self.graph.object(id).and_then(|object| allowed::name_of(self.graph, object.callable));
                    match callable {
                        _ if kind != Items::Pairs && reading != Reading::Skops => Err(GIVEN[1]),
                        Some(("collections", _)) => Ok(()),
                        // Keys of a Bunch are attributes: numpy asks for `__array_interface__`.
                        _ => self.attributes(items),
                    }
                }
            };
            if let Err(why) = verdict {
                let callable = self.graph.object(id).map(|object| object.callable);
                let rating = if why == EXECUTED { Rating::Dangerous } else { Rating::Unknown };
                self.add(id, rating, callable, why);
            }
        }
    }

    fn state(&self, id: NodeId, state: State) -> Result<(), &'static str> {
        let graph = self.graph;
        match (state, graph.node(id)) {
            (State::Own, _) => self.own(id, DEEPEST_STATE),
            (State::Nothing | State::Wrapper, _) => Err(GIVEN[2]),
            // These are looked at with the object that they are given to.
            (State::Estimator | State::Class(_) | State::Compiled(_), _) => Err(GIVEN[3]),
            (State::Form(kind), _) if self.values.fits(id, kind) => Ok(()),
            (State::Form(_), _) => Err(OTHER_STATE),
            (State::Distribution, _) => allowed::distribution(&self.values, id),
            (State::Table, _) => allowed::table(&self.values, id),
        }
    }

    /// The state of an object of scikit-learn, which may have the attributes that its class can have, or of an estimator
    /// of another package.
    fn state_of(
        &mut self,
        id: NodeId,
        state: NodeId,
        class: Option<&'static Class>,
        kind: State,
    ) -> Result<(), &'static str> {
        match (self.graph.node(state), kind) {
            (Node::Dict(pairs), _) => {
                let callable = self.graph.object(id).map(|object| object.callable);
                let path = class.map_or("", Class::path);
                let known = self.states_of.get(&state).and_then(|known| known.iter().find(|(class, _)| *class == path));
                if let Some((_, known)) = known {
                    if let Some(why) = known.clone() {
                        self.add(id, Rating::Unknown, callable, why);
                    }
                    return Ok(());
                }
                let mut first = None;
                for &(key, value) in pairs {
                    let checked = match class {
                        Some(class) => self.attributes.check(class, key, value),
                        None => self.attributes.check_other(key, value),
                    };
                    match checked {
                        Ok(()) => {}
                        Err(Wrong::Refused(why)) => {
                            first.get_or_insert_with(|| why.clone());
                            self.add(id, Rating::Unknown, callable, why);
                        }
                        Err(Wrong::Unknown(name)) => {
                            let found = class.map(|class| (id, UnknownAttribute::of(class, &name)));
                            self.unknown.extend(found.filter(|_| self.unknown.len() < self.most));
                        }
                    }
                }
                self.states_of.entry(state).or_default().push((path, first));
                Ok(())
            }
            (Node::Tuple(_) | Node::None, State::Compiled(_)) => match self.attributes.is_compiled_state(state) {
                true => Ok(()),
                false => Err("is given a state with more in it than its class takes"),
            },
            _ => Err(GIVEN[3]),
        }
    }

    /// A state that its class takes apart itself. pandas sets what it finds in it as attributes, `__class__` among
    /// them: then the next state would be handed to another class.
    fn own(&self, id: NodeId, depth: usize) -> Result<(), &'static str> {
        let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
        match self.graph.node(id) {
            Node::Dict(pairs) => {
                self.attributes(pairs)?;
                pairs.iter().take(MOST_PARTS).try_for_each(|&(_, value)| self.own(value, depth))
            }
            Node::Tuple(parts) => parts.iter().take(MOST_PARTS).try_for_each(|&part| self.own(part, depth)),
            _ => Ok(()),
        }
    }

    /// Names of attributes. Names like `__setstate__` and `__class__` change what the next opcodes call.
    fn attributes(&self, pairs: &[(NodeId, NodeId)]) -> Result<(), &'static str> {
        for (key, _) in pairs {
            match self.graph.name_of(*key) {
                Some("__doc__" | "__name__" | "__qualname__") => {}
                Some(name) if name.starts_with("__") && name.ends_with("__") => {
                    return Err("is given an attribute that changes what it is or does, not what it holds");
                }
                Some(_) => {}
                // A key that is no text is a part of a dict that is the whole state (a Bunch), or an error.
                None if matches!(self.graph.node(*key), Node::Object(_) | Node::Global(_)) => {
                    return Err("is given an attribute whose name is made by a call");
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// How deep the parts of a state lie that a class takes for attributes.
const DEEPEST_STATE: usize = 4;
/// How many parts of a state may be states themselves.
const MOST_PARTS: usize = 64;

/// The name of the class of one of joblib's array wrappers.
fn wrapper_name(graph: &Graph, id: NodeId) -> &str {
    let Some(object) = graph.object(id) else { return "" };
    let first = || graph.items(object.arguments)?.first().and_then(|&class| allowed::name_of(graph, class));
    let name = match allowed::name_of(graph, object.callable) {
        Some(("copyreg", _)) => first(),
        name => name,
    };
    name.map_or("", |(_, name)| name)
}
