//! What may be made of a graph in Python: what the allow-list lets pass, and what the caller vouches for.

use std::collections::HashSet;

use skiff_pickle::{Graph, Limits, Node, NodeId};

use crate::allowed::{self, name_of};
use crate::dangers;
use crate::estimators::Estimators;
use crate::judge::{ALL, CONTRADICTS, Care, HOSTILE, Judged, Reading};
use crate::verdict::{Finding, MOST_FINDINGS, Rating, UnknownAttribute};

/// Names that the caller vouches for, whatever the allow-list says of them. They come from whoever loads a file, never
/// out of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted {
    names: HashSet<String>,
    /// Packages with everything in them, with a dot at the end.
    packages: Vec<String>,
}

impl Trusted {
    /// The names as users write them: `mypkg.steps.Clean` for one class or function, `mypkg.*` for all that a package
    /// and the modules within it define.
    ///
    /// # Errors
    /// A name that is neither.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, String> {
        let mut trusted = Self::default();
        for name in names {
            let name = name.as_ref();
            let plain = name.strip_suffix(".*").unwrap_or(name);
            let is_whole = plain.split('.').all(|part| !part.is_empty() && !part.contains(['*', ' ', '/', ':']));
            if !is_whole || (plain == name && !name.contains('.')) {
                return Err(format!("expected `package.module.Name` or `package.*` to trust, found `{name}`"));
            }
            if plain == name {
                trusted.names.insert(name.to_owned());
            } else {
                trusted.packages.push(format!("{plain}."));
            }
        }
        Ok(trusted)
    }

    /// Vouches for these names as well.
    pub fn add(&mut self, names: impl IntoIterator<Item = String>) {
        self.names.extend(names);
    }

    /// Whether this very name was given.
    pub fn names(&self, module: &str, name: &str) -> bool {
        !self.names.is_empty() && self.names.contains(&format!("{module}.{name}"))
    }

    /// Whether a package was given that the name lies in. What is known to be dangerous has to be named itself.
    pub fn covers(&self, module: &str, name: &str) -> bool {
        let lies = |package: &String| {
            package.strip_suffix('.') == Some(module) || module.strip_prefix(package.as_str()).is_some()
        };
        self.packages.iter().any(lies) && dangers::sentence(module, name).is_none()
    }

    fn vouches(&self, graph: &Graph, id: NodeId) -> bool {
        name_of(graph, id).is_some_and(|(module, name)| self.names(module, name) || self.covers(module, name))
    }

    /// Whether what was found at a node is what the caller vouches for. Nobody's word makes numbers better.
    pub(crate) fn excuses(&self, graph: &Graph, id: NodeId, finding: &Finding) -> bool {
        if finding.is_damage() {
            return false;
        }
        let object = match graph.node(id) {
            Node::Global(_) => return self.vouches(graph, id),
            Node::Object(object) => object,
            _ => return false,
        };
        let Some((module, name)) = name_of(graph, object.callable) else { return false };
        if self.names(module, name) {
            return true;
        }
        // What makes, or binds, the thing that is vouched for.
        let arguments = graph.items(object.arguments).unwrap_or_default();
        let Some(&first) = arguments.first() else { return false };
        match (module, name) {
            ("copyreg", "__newobj__") | ("functools", "partial") | ("collections", "defaultdict") => {
                self.vouches(graph, first)
            }
            ("copyreg", "_reconstructor") => {
                let base = arguments.get(1).copied();
                let plain = base.and_then(|base| name_of(graph, base)).is_some_and(|(module, _)| module == "builtins");
                self.vouches(graph, first) && (plain || base.is_some_and(|base| self.vouches(graph, base)))
            }
            // A method of it, by a name that leads no further into the interpreter.
            ("builtins", "getattr") => {
                let owner = graph.object(first).map_or(first, |owner| owner.callable);
                let method = arguments.get(1).and_then(|&method| graph.str_of(method));
                self.vouches(graph, owner) && method.is_some_and(|method| !method.starts_with('_'))
            }
            _ => false,
        }
    }
}

/// What speaks against making the objects of a graph in Python, the worst first; nothing when it is a model and no more.
/// Every node is judged, also those that the root does not lead to. `is_skops` tells that skops' reader made the graph.
pub fn findings(graph: &Graph, roots: &[NodeId], is_skops: bool, limits: &Limits, trusted: &Trusted) -> Vec<Finding> {
    let reading = if is_skops { Reading::Skops } else { Reading::Pickle };
    let counts = |id: NodeId, finding: &Finding| !trusted.excuses(graph, id, finding);
    // None may be left out: the caller may vouch for some of them.
    let care = Care { limits, estimators: Estimators::Skip, most: usize::MAX, counts: &counts };
    let judged = Judged::of(graph, roots, 0..graph.len(), reading, care);
    if judged.is_late {
        return vec![Finding::unread("could not be looked at to its end")];
    }
    let mut seen = HashSet::new();
    let mut findings = judged.findings();
    findings.retain(|finding| seen.insert((finding.name.clone(), finding.sentence.clone())));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.rating));
    findings
}

/// The attributes of scikit-learn's objects in a graph that no version of their classes has, and that hold plain data.
pub fn unknown_attributes(graph: &Graph, roots: &[NodeId], is_skops: bool, limits: &Limits) -> Vec<UnknownAttribute> {
    let reading = if is_skops { Reading::Skops } else { Reading::Pickle };
    let care = Care { limits, estimators: Estimators::Skip, most: MOST_FINDINGS, counts: ALL };
    Judged::of(graph, roots, 0..graph.len(), reading, care).found().1
}

/// Whether a name is on the allow-list, if only as what makes an object: what stands there for the caller's word alone
/// is not.
pub fn is_listed(module: &str, name: &str) -> bool {
    allowed::is_listed(module, name)
}

/// What models are made of: a class of theirs that is not on the list is not to be trusted unseen.
const PACKAGES: [&str; 16] = [
    "builtins",
    "collections",
    "copyreg",
    "datetime",
    "dill",
    "functools",
    "joblib",
    "numpy",
    "operator",
    "pandas",
    "pyarrow",
    "re",
    "scipy",
    "sklearn",
    "types",
    "zoneinfo",
];

impl Finding {
    /// Of a file as a whole, in a sentence without a subject.
    pub fn of(sentence: &str) -> Self {
        Self::unread(sentence)
    }

    /// Whether numbers are what speaks against the file, and no code.
    pub fn is_damage(&self) -> bool {
        self.sentence.ends_with(HOSTILE) || self.sentence.starts_with(CONTRADICTS)
    }

    /// The name of code that comes from another package than those that models are made of: from a package of the user's,
    /// or from a program.
    pub fn name_of_other_code(&self) -> Option<&str> {
        let is_other = |name: &&str| {
            let package = name.split('.').next().unwrap_or(name);
            name.contains('.') && !PACKAGES.contains(&package)
        };
        self.name_to_trust().filter(is_other)
    }

    /// The name that the caller may vouch for, where it is code that nobody here knows.
    pub fn name_to_trust(&self) -> Option<&str> {
        let is_name = |name: &&str| {
            let is_part =
                |part: &str| !part.is_empty() && part.chars().all(|char| char.is_alphanumeric() || char == '_');
            name.split('.').all(is_part)
        };
        let is_code = self.rating == Rating::Unknown && !self.is_damage();
        self.name.as_deref().filter(|_| is_code).filter(is_name)
    }
}
