//! A graph without its arrays: the rest as a pickle, and the arrays by storage.

use std::collections::{HashMap, HashSet};

use skiff_pickle::{Change, Graph, Node, NodeId, Out, Span};

use super::columns::{self, Field};
use super::paths::Paths;
use super::vocabularies::{self, Vocabulary};
use crate::write::WriteError;
use crate::write::arrays::{self, Spelling};
use crate::{DType, NdArray};

/// Arrays of no more bytes stay in the pickle: a tensor costs more than a hundred bytes of text.
const SMALL: usize = 256;
/// Arrays in columns are stored together as long as they have fewer cells than this: enough for the overhead of a tensor to
/// be negligible, and few enough for a large forest to be read on many cores.
const MOST_CELLS: usize = 1 << 18;

/// A graph without its arrays.
pub(super) struct ExtractedArrays {
    pub graph: Graph,
    /// The rest of the graph.
    pub pickle: Vec<u8>,
    /// The arrays, in the order of the pickle's buffers.
    pub arrays: Vec<Array>,
    pub groups: Vec<Group>,
    /// Each with its name.
    pub vocabularies: Vec<(String, Vocabulary)>,
}

/// An array whose elements were removed from the graph.
pub(super) struct Array {
    pub name: String,
    pub elements: Span,
    pub readonly: bool,
    pub array: NdArray,
    /// The storage of its elements.
    pub stored: Stored,
}

/// The storage of an array's elements.
pub(super) enum Stored {
    /// Unencoded.
    Plain,
    /// In columns, in a group with other arrays of its kind.
    Columns { kind: usize },
    /// In columns, in this group.
    Group(usize),
}

/// Arrays that are stored in concatenated columns.
pub(super) struct Group {
    pub name: String,
    pub dtype: DType,
    pub fields: Vec<Field>,
    /// The elements of each array, and their number.
    pub members: Vec<(Span, usize)>,
    pub readonly: bool,
}

impl ExtractedArrays {
    /// Removes the arrays from a graph, and vocabularies too unless there is a `prefix` of all names.
    pub fn from(graph: &Graph, prefix: &str) -> Result<Self, WriteError> {
        let mut graph = graph.clone_with_room();
        // First, so that nothing else visits hundreds of thousands of words.
        let vocabularies = if prefix.is_empty() { vocabularies::take(&mut graph) } else { Vec::new() };
        let mut graph = arrays::respell(graph, Spelling::FromBuffer)?;
        let mut paths = Paths::new(&graph);
        let names: Vec<String> = vocabularies.iter().map(|vocabulary| paths.name(vocabulary.id)).collect();
        let found = find_arrays(&graph, &mut paths, prefix);
        let mut taken: Vec<Option<Array>> = take_arrays(&mut graph, found).into_iter().map(Some).collect();
        let mut pickle = Vec::new();
        let order = skiff_pickle::write(&graph, graph.root(), 5, &mut Out::new(&mut pickle), &mut ())?;
        let mut arrays = Vec::new();
        for index in order {
            let array = usize::try_from(index).ok().and_then(|index| taken.get_mut(index)).and_then(Option::take);
            // Another buffer came without its bytes.
            arrays.push(array.ok_or(WriteError::Buffers(1))?);
        }
        let groups = group(&mut arrays);
        let vocabularies = names.into_iter().zip(vocabularies).collect();
        Ok(Self { graph, pickle, arrays, groups, vocabularies })
    }
}

/// The large arrays of a graph, each with the node of its elements.
fn find_arrays(graph: &Graph, paths: &mut Paths<'_>, prefix: &str) -> Vec<(NodeId, Array)> {
    let reached = std::mem::take(&mut paths.reached);
    let trees: HashSet<NodeId> = reached.iter().flat_map(|&id| parts_of_tree(graph, id)).collect();
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let mut kinds = Kinds::default();
    for id in reached {
        let Some((parts, holder)) = arrays::parts(graph, id) else { continue };
        let readonly = match graph.node(holder.node()) {
            Node::Bytes(_) => true,
            Node::ByteArray(_) => false,
            _ => continue,
        };
        let (Some(elements), true) = (parts.span(), seen.insert(holder.node())) else { continue };
        let array = parts.array;
        // Structured arrays are never mapped; a tree's values are read with them.
        let is_packed = matches!(array.dtype, DType::Struct { .. }) || trees.contains(&id);
        let in_columns = is_packed && elements.len > 0 && columns::fields(&array.dtype).is_some();
        let stored = match in_columns {
            true => Stored::Columns { kind: kinds.add(&array.dtype, readonly, paths.pattern(id), elements.len) },
            false => Stored::Plain,
        };
        found.push((id, holder.node(), Array { name: String::new(), elements, readonly, array, stored }));
    }
    // Only now the total size of the arrays of one kind is known.
    found.retain(|(_, _, array)| match array.stored {
        Stored::Columns { kind } => kinds.size(kind) > SMALL.saturating_mul(4),
        _ => array.elements.len > SMALL,
    });
    let mut named = |(id, holder, array): (NodeId, NodeId, Array)| {
        let name = paths.name(id);
        (holder, Array { name: if prefix.is_empty() { name } else { format!("{prefix}.{name}") }, ..array })
    };
    found.into_iter().map(&mut named).collect()
}

/// Replaces each array's elements by an out-of-band buffer, whose number is the array's index.
fn take_arrays(graph: &mut Graph, found: Vec<(NodeId, Array)>) -> Vec<Array> {
    let mut taken = Vec::new();
    for (index, (holder, array)) in (0_u32..).zip(found) {
        *graph.node_mut(holder) = Node::Buffer { index, readonly: array.readonly };
        taken.push(array);
    }
    taken
}

/// The key of arrays of one kind: the same dtype, at corresponding paths in the model.
#[derive(Default)]
struct Kinds {
    places: HashMap<(String, bool, String), usize>,
    sizes: Vec<usize>,
}

impl Kinds {
    fn add(&mut self, dtype: &DType, readonly: bool, pattern: String, size: usize) -> usize {
        let next = self.sizes.len();
        let place = *self.places.entry((format!("{dtype:?}"), readonly, pattern)).or_insert(next);
        if place == next {
            self.sizes.push(0);
        }
        if let Some(sum) = self.sizes.get_mut(place) {
            *sum = sum.saturating_add(size);
        }
        place
    }

    fn size(&self, kind: usize) -> usize {
        self.sizes.get(kind).copied().unwrap_or(0)
    }
}

/// Assigns the arrays in columns to groups, in order.
fn group(arrays: &mut [Array]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut last: Vec<(String, String)> = Vec::new();
    // The current group for arrays of a kind, and its number of cells.
    let mut open: HashMap<usize, (usize, usize)> = HashMap::new();
    for array in arrays {
        let Stored::Columns { kind } = array.stored else { continue };
        let cells = array.array.len();
        let (place, sum) = open.get(&kind).copied().filter(|&(_, sum)| sum < MOST_CELLS).unwrap_or((groups.len(), 0));
        if place == groups.len() {
            groups.push(Group {
                name: String::new(),
                dtype: array.array.dtype.clone(),
                fields: columns::fields(&array.array.dtype).unwrap_or_default(),
                members: Vec::new(),
                readonly: array.readonly,
            });
            last.push((array.name.clone(), String::new()));
        }
        open.insert(kind, (place, sum.saturating_add(cells)));
        if let (Some(group), Some((_, name))) = (groups.get_mut(place), last.get_mut(place)) {
            group.members.push((array.elements, cells));
            name.clone_from(&array.name);
        }
        array.stored = Stored::Group(place);
    }
    for (group, (first, last)) in groups.iter_mut().zip(last) {
        group.name = span_of_names(&first, &last);
    }
    groups
}

/// `estimators_.0-14.tree_.nodes` for all from `estimators_.0.tree_.nodes` to `estimators_.14.tree_.nodes`.
fn span_of_names(first: &str, last: &str) -> String {
    if first.split('.').count() != last.split('.').count() {
        return first.to_owned();
    }
    let step = |(first, last): (&str, &str)| if first == last { first.to_owned() } else { format!("{first}-{last}") };
    first.split('.').zip(last.split('.')).map(step).collect::<Vec<_>>().join(".")
}

/// The keys of the state of scikit-learn's `Tree`.
fn parts_of_tree(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let Some(object) = graph.object(id) else { return Vec::new() };
    if graph.global(object.callable) != Some(("sklearn.tree._tree", "Tree")) {
        return Vec::new();
    }
    let mut values = Vec::new();
    for change in &object.changes {
        if let Change::Build(state) = change
            && let Node::Dict(pairs) = graph.node(*state)
        {
            values.extend(pairs.iter().map(|(_, value)| *value));
        }
    }
    values
}
