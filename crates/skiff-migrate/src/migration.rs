//! From boundary to boundary.

use std::collections::HashMap;

use skiff_files::{Graph, Node, NodeId};
use skiff_pickle::Global;
use skiff_sklearn::{VERSIONS, Version};

use crate::changes::{self, Change};
use crate::error::Refused;
use crate::rule::Boundary;
use crate::step::Step;
use crate::subject::Subject;
use crate::work::Work;
use crate::{boundaries, catalog, python2, values};

/// The scikit-learn that is to read a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    version: Version,
    text: String,
}

impl Target {
    /// `1.9.1`, or what pip takes: `scikit-learn==1.9.1`.
    ///
    /// # Errors
    /// Another package, and a version that is not known, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let version = match text.split_once("==") {
            Some(("scikit-learn" | "sklearn", version)) => version,
            Some((package, _)) => {
                return Err(format!("expected `scikit-learn==VERSION`, found the package `{package}`"));
            }
            None => text,
        };
        let version = version.trim();
        let is_version = version.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        match Version::parse(version).filter(|_| is_version) {
            Some(found) => Ok(Self { version: found, text: version.to_owned() }),
            None => {
                let newest = Version::NEWEST;
                Err(format!(
                    "expected a version of scikit-learn from {} to {newest}, found `{version}`",
                    Version::OLDEST
                ))
            }
        }
    }

    /// Whether some of its users have Python 2.
    pub fn is_of_python2(&self) -> bool {
        self.is_before(PYTHON3_ALONE)
    }

    /// Whether some of its users have a joblib that does not read aligned arrays, which 1.2 began to write.
    pub fn has_older_joblib(&self) -> bool {
        self.is_before(JOBLIB_1_2)
    }

    fn is_before(&self, version: &str) -> bool {
        Version::parse(version).is_some_and(|version| self.version < version)
    }

    /// The version in full.
    pub fn version(&self) -> &str {
        &self.text
    }

    /// Whether it is this minor version, major and minor number, or a later one.
    pub fn is_since(&self, (major, minor): (u32, u32)) -> bool {
        Version::parse(&format!("{major}.{minor}")).is_some_and(|version| version <= self.version)
    }

    /// Module and name there of a class or function of scikit-learn, given by any path that it has had; `None` if there is
    /// no such class.
    pub fn path_of(&self, module: &str, name: &str) -> Option<(String, String)> {
        catalog::path(module, name, self.version)
    }
}

/// A model for another version.
#[derive(Debug)]
pub struct Migrated {
    /// The model.
    pub graph: Graph,
    /// The versions that wrote it, the oldest first.
    pub from: Vec<String>,
    /// What was changed in it, a line for each class.
    pub changes: Vec<Change>,
    /// What its owner may want to know, though the answers are as they were: parameters without a counterpart, classes
    /// that another one stands for.
    pub notes: Vec<String>,
}

/// The first version that needs Python 3.
const PYTHON3_ALONE: &str = "0.21";
/// The first version that needs joblib 1.2.
const JOBLIB_1_2: &str = "1.4";
/// The first version whose users all have a numpy that reads the random states of numpy 2.
const NUMPY_2: &str = "1.6";
/// Attribute of estimators: the version that wrote them.
pub(crate) const STAMP: &str = "_sklearn_version";
/// The oldest version that leaves the stamp.
const STAMPED: &str = "0.18";

/// The model at `root` as the `target` would have written it, as the root of a new graph. Arrays and objects that nothing
/// changes are shared with the graph that is given.
///
/// # Errors
/// A model that the target has no state for, or none that gives the same answers; a model that a version wrote which
/// is newer than the catalog; a target on the way back that is older than 0.20.
pub fn migrate(graph: &Graph, root: NodeId, target: &Target) -> Result<Migrated, Refused> {
    let original = graph;
    let mut graph = graph.clone_with_room();
    graph.set_root(root);
    let mut graph = python2::to_python3(graph);
    if target.is_before(NUMPY_2) {
        python2::to_older_random_states(&mut graph);
    }
    let mut migration =
        Work { graph, subjects: Vec::new(), places: HashMap::new(), notes: Vec::new(), done: Vec::new() };
    let from = migration.find_subjects()?;
    if original.ids().any(|id| matches!(original.node(id), Node::ByteStr(_))) {
        migration.note_small_letters();
    }
    migration.refuse_too_old(target)?;
    let versions: Vec<Version> = VERSIONS.iter().filter_map(|name| Version::parse(name)).collect();
    for (boundary, pair) in boundaries::ALL.iter().zip(versions.windows(2)) {
        if let &[old, new] = pair
            && new <= target.version
        {
            migration.cross(boundary, old, new)?;
        }
    }
    for (boundary, pair) in boundaries::ALL.iter().zip(versions.windows(2)).rev() {
        if let &[old, new] = pair
            && old >= target.version
        {
            migration.note_way_back(new, target);
            migration.cross(boundary, new, old)?;
        }
    }
    let changes = changes::between(original, &migration.subjects);
    migration.finish(target)?;
    Ok(Migrated { graph: migration.graph, from, changes, notes: migration.notes })
}

impl Work {
    /// Reads the objects of scikit-learn's that the root leads to, the outer ones first, with the version of each: its own
    /// stamp, else that of the estimator that holds it. Gives the versions.
    fn find_subjects(&mut self) -> Result<Vec<String>, Refused> {
        let root = self.graph.root();
        let mut seen = vec![false; self.graph.len()];
        let mut todo = std::collections::VecDeque::from([(root, None::<Version>)]);
        let mut stamps: Vec<(Version, String)> = Vec::new();
        let mut without = Vec::new();
        while let Some((id, mut version)) = todo.pop_front() {
            match seen.get_mut(id.index()) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            if let Some(mut subject) = Subject::read(&self.graph, id, version.unwrap_or(Version::OLDEST)) {
                let stamp = subject.get(STAMP).and_then(|id| self.graph.str_of(id));
                if let Some(stamp) = stamp {
                    let found = Version::parse(stamp).ok_or_else(|| Refused {
                        class: subject.class.name().to_owned(),
                        node: Some(id),
                        why: format!("scikit-learn {stamp} wrote it, which is newer than what is known here"),
                    })?;
                    subject.version = found;
                    version = Some(found);
                    if stamps.iter().all(|(_, text)| text != stamp) {
                        stamps.push((found, stamp.to_owned()));
                    }
                }
                if version.is_none() {
                    without.push(self.subjects.len());
                }
                self.places.insert(id, self.subjects.len());
                self.subjects.push(subject);
            }
            self.graph.each_child(id, |child| todo.push_back((child, version)));
        }
        // scikit-learn 0.17 has no stamps; what holds no estimator has none either.
        let since = |subject: &Subject| {
            let stamps_since = subject.class.paths().iter().map(|(_, versions)| versions.since).min();
            stamps_since.unwrap_or(Version::OLDEST)
        };
        let oldest = stamps.iter().map(|(version, _)| *version).min();
        let guess = oldest.or_else(|| self.subjects.iter().map(since).max()).unwrap_or(Version::OLDEST);
        for index in without {
            self.subjects[index].version = guess;
        }
        if stamps.is_empty()
            && let Some(first) = self.subjects.first()
        {
            if !self.subjects.iter().any(|subject| subject.class.is_estimator()) {
                return Err(Refused {
                    class: first.class.name().to_owned(),
                    node: Some(first.id),
                    why: "nothing in the file tells which scikit-learn wrote it".to_owned(),
                });
            }
            stamps.push((guess, guess.name().to_owned()));
        }
        stamps.sort();
        Ok(stamps.into_iter().map(|(_, text)| text).collect())
    }

    /// The first boundaries have no way back.
    fn refuse_too_old(&self, target: &Target) -> Result<(), Refused> {
        let is_newer = |subject: &&Subject| subject.version > target.version;
        let has_way_back = Version::parse(boundaries::OLDEST_TARGET).is_some_and(|oldest| target.version >= oldest);
        match self.subjects.iter().find(is_newer) {
            Some(subject) if !has_way_back => Err(Refused {
                class: subject.class.name().to_owned(),
                node: Some(subject.id),
                why: format!("models are not written for versions before {}", boundaries::OLDEST_TARGET),
            }),
            _ => Ok(()),
        }
    }

    /// The rules hold both ways; what is known to differ on the way back stands in docs/migrations.md.
    fn note_way_back(&mut self, from: Version, target: &Target) {
        if self.subjects.iter().any(|subject| subject.version == from) {
            let version = target.version();
            self.note(format!("not every model is known to answer alike in the older scikit-learn {version}: compare predictions there"));
        }
    }

    fn cross(&mut self, boundary: &Boundary, from: Version, to: Version) -> Result<(), Refused> {
        let is_up = from < to;
        self.done.clear();
        let mut index = 0;
        while let Some(subject) = self.subjects.get(index) {
            if subject.version == from {
                self.subjects[index].version = to;
                let mut step = Step { migration: self, index, to };
                for (classes, old, new) in boundary.renames {
                    if classes.contains(&step.class()) {
                        let (old, new) = if is_up { (old, new) } else { (new, old) };
                        step.rename(old, new);
                    }
                }
                let mut changed = Vec::new();
                for (classes, parameter, old, new) in boundary.values {
                    let (old, new) = if is_up { (old, new) } else { (new, old) };
                    if classes.contains(&step.class()) && step.is(parameter, old) && !changed.contains(parameter) {
                        step.set_text(parameter, new);
                        changed.push(*parameter);
                    }
                }
                for rule in boundary.rules {
                    if rule.concerns(step.class()) {
                        if is_up { (rule.up)(&mut step)? } else { (rule.down)(&mut step)? }
                    }
                }
                catalog::cross(&mut step, from, to)?;
            }
            index += 1;
        }
        Ok(())
    }

    /// Says which texts Python 3 makes other small letters of than Python 2, where that could matter.
    fn note_small_letters(&mut self) {
        let graph = &self.graph;
        let matters = |subject: &&Subject| {
            let is_vectorizer =
                ["CountVectorizer", "HashingVectorizer", "TfidfVectorizer"].contains(&subject.class.name());
            let lowercase = subject.get("lowercase").map(|id| graph.node(id));
            if !is_vectorizer || !matches!(lowercase, Some(Node::Bool(true))) {
                return false;
            }
            let Some(Node::Dict(terms)) = subject.get("vocabulary_").map(|id| graph.node(id)) else { return true };
            terms.iter().any(|(term, _)| graph.str_of(*term).is_some_and(|term| term.contains(['σ', 'ς', '\u{307}'])))
        };
        let class = self.subjects.iter().find(matters).map(|subject| subject.class.name());
        if let Some(class) = class {
            let what =
                "of a capital sigma at the end of a word, and of `İ`, Python 3 makes other small letters than Python 2";
            self.note(format!("`{class}`: {what}"));
        }
    }

    /// Puts the states into the graph, with stamps and names of the target.
    fn finish(&mut self, target: &Target) -> Result<(), Refused> {
        let stamp = values::text(&mut self.graph, target.version());
        let is_stamped = target.version >= Version::parse(STAMPED).unwrap_or(Version::OLDEST);
        for subject in &mut self.subjects {
            if subject.get(STAMP).is_some() && !is_stamped {
                subject.take(STAMP);
            } else if is_stamped && subject.is_plain() && subject.class.attribute(STAMP).is_some() {
                subject.set(STAMP, stamp);
            }
            subject.write(&mut self.graph);
        }
        self.name_all(target)
    }

    /// Renames what the root leads to, classes and functions, as the target calls them.
    fn name_all(&mut self, target: &Target) -> Result<(), Refused> {
        let mut seen = vec![false; self.graph.len()];
        let mut todo = vec![self.graph.root()];
        let mut renamed = Vec::new();
        while let Some(id) = todo.pop() {
            match seen.get_mut(id.index()) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            if let Some((module, name)) = self.graph.global(id)
                && (module.starts_with("sklearn.") || module == "_loss")
            {
                let path = catalog::path(module, name, target.version).ok_or_else(|| Refused {
                    class: name.to_owned(),
                    node: Some(id),
                    why: format!("scikit-learn {} does not have it", target.version),
                })?;
                if path != (module.to_owned(), name.to_owned()) {
                    renamed.push((id, path));
                }
            }
            self.graph.each_child(id, |child| todo.push(child));
        }
        for (id, (module, name)) in renamed {
            let (module, name) = (self.graph.keep(module.as_bytes()), self.graph.keep(name.as_bytes()));
            *self.graph.node_mut(id) = Node::Global(Global { module, name });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use skiff_files::{Instance, NdArray};

    use super::*;

    fn target(text: &str) -> Target {
        Target::parse(text).unwrap()
    }

    fn to(graph: &Graph, target: &Target) -> Result<Migrated, Refused> {
        migrate(graph, graph.root(), target)
    }

    /// A logistic regression of three classes and two features, as 1.5 has it.
    fn logistic_regression(multi_class: &str) -> Graph {
        let mut graph = Graph::new();
        let classes = values::i64_array(&mut graph, &[3], &[0, 1, 2]);
        let coef = values::f64_array(&mut graph, &[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let intercept = values::f64_array(&mut graph, &[3], &[0.1, 0.2, 0.3]);
        let multi_class = values::text(&mut graph, multi_class);
        let solver = values::text(&mut graph, "lbfgs");
        let penalty = values::text(&mut graph, "l2");
        let version = values::text(&mut graph, "1.5.2");
        let attributes = [
            ("penalty", penalty),
            ("solver", solver),
            ("multi_class", multi_class),
            ("classes_", classes),
            ("coef_", coef),
            ("intercept_", intercept),
            (STAMP, version),
        ];
        let root = values::instance(&mut graph, "sklearn.linear_model._logistic.LogisticRegression", &attributes);
        graph.set_root(root);
        graph
    }

    fn root(graph: &Graph) -> Instance<'_> {
        Instance::read(graph, graph.root()).unwrap()
    }

    fn text<'g>(graph: &'g Graph, name: &str) -> Option<&'g str> {
        graph.str_of(root(graph).attribute(name)?)
    }

    #[test]
    fn there_is_a_file_for_each_boundary() {
        assert_eq!(boundaries::ALL.len(), VERSIONS.len() - 1);
    }

    #[test]
    fn targets_are_versions_of_scikit_learn() {
        assert_eq!(target("scikit-learn==1.9.1"), target("1.9.1"));
        assert!(target("0.20.4").is_of_python2() && !target("0.21.3").is_of_python2());
        for text in ["numpy==2.0", "scikit-learn==99.1", "1", "", "1.9.1;x", "scikit-learn>=1.9.1"] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parameters_come_and_go_with_stamps_and_meaning() {
        let migrated = to(&logistic_regression("auto"), &target("1.9.1")).unwrap();
        assert_eq!(migrated.from, ["1.5.2"]);
        let graph = &migrated.graph;
        assert_eq!(text(graph, STAMP), Some("1.9.1"));
        assert_eq!(root(graph).attribute("multi_class"), None);
        assert_eq!(text(graph, "penalty"), Some("deprecated"));
        assert!(root(graph).attribute("l1_ratio").is_some());
        let said: Vec<String> = migrated.changes.iter().map(ToString::to_string).collect();
        let expected = "`LogisticRegression`: adds `l1_ratio`; drops `multi_class`; rewrites `penalty`";
        assert_eq!(said, [expected]);
        let back = to(graph, &target("1.5.2")).unwrap().graph;
        assert_eq!((text(&back, "penalty"), text(&back, STAMP)), (Some("l2"), Some("1.5.2")));
    }

    #[test]
    fn one_versus_rest_has_a_class_of_its_own() {
        let migrated = to(&logistic_regression("ovr"), &target("1.9.1")).unwrap();
        let graph = &migrated.graph;
        assert_eq!(root(graph).class_path(), "sklearn.multiclass.OneVsRestClassifier");
        let estimators = graph.items(root(graph).attribute("estimators_").unwrap()).unwrap();
        assert_eq!(estimators.len(), 3);
        let second = Instance::read(graph, estimators[1]).unwrap();
        let coef = NdArray::read(graph, second.attribute("coef_").unwrap()).unwrap().unwrap();
        assert_eq!((coef.to_f64().unwrap(), &*coef.shape), (vec![3.0, 4.0], &[1, 2][..]));
        assert_eq!(migrated.notes.len(), 1);
        assert_eq!(migrated.changes[0].to_string(), "`LogisticRegression` becomes `OneVsRestClassifier`");
    }

    #[test]
    fn files_of_newer_versions_are_refused() {
        let mut graph = logistic_regression("auto");
        let version = values::text(&mut graph, "99.0");
        let root = graph.root();
        let state = values::dict(&mut graph, &[(STAMP, version)]);
        graph.change(root, skiff_pickle::Change::Build(state));
        let refused = to(&graph, &target("1.9.1")).unwrap_err();
        assert!(refused.to_string().contains("99.0"), "{refused}");
    }

    #[test]
    fn without_an_estimator_the_version_is_unknown() {
        let mut graph = Graph::new();
        let root = values::instance(&mut graph, "sklearn.tree._tree.Tree", &[]);
        graph.set_root(root);
        let refused = to(&graph, &target("1.9.1")).unwrap_err();
        assert!(refused.why.contains("which scikit-learn wrote it"), "{refused}");
    }

    #[test]
    fn versions_before_0_20_are_no_targets() {
        let graph = logistic_regression("auto");
        let refused = to(&graph, &target("0.19.2")).unwrap_err();
        assert!(refused.to_string().contains("before 0.20"), "{refused}");
        let mut old = graph.clone_with_room();
        let (root, version) = (old.root(), values::text(&mut old, "0.18.2"));
        let state = values::dict(&mut old, &[(STAMP, version)]);
        old.change(root, skiff_pickle::Change::Build(state));
        assert!(to(&old, &target("0.19.1")).is_ok() && to(&old, &target("0.17.1")).is_err());
    }

    /// A tree of a root and two leaves that tells two classes apart, as 1.2 has it.
    fn tree() -> Graph {
        let mut graph = Graph::new();
        let columns = boundaries::OLD_NODES;
        let fields = columns.iter().map(|(name, _, dtype, offset)| skiff_files::Field {
            name: (*name).to_owned(),
            dtype: dtype.clone(),
            offset: *offset,
        });
        let dtype = skiff_files::DType::Struct { fields: fields.collect(), itemsize: 56 };
        let mut bytes = Vec::new();
        for (left, right, weight) in [(1_i64, 2_i64, 8.0_f64), (-1, -1, 6.0), (-1, -1, 2.0)] {
            bytes.extend([left, right, 0].iter().flat_map(|value| value.to_le_bytes()));
            bytes.extend([0.5_f64, 0.0].iter().flat_map(|value| value.to_le_bytes()));
            bytes.extend(8_i64.to_le_bytes());
            bytes.extend(weight.to_le_bytes());
        }
        let nodes = values::array(&mut graph, &dtype, &[3], skiff_files::Order::C, bytes);
        let shares = values::f64_array(&mut graph, &[3, 1, 2], &[6.0, 2.0, 6.0, 0.0, 0.0, 2.0]);
        let inner = values::instance(&mut graph, "sklearn.tree._tree.Tree", &[("nodes", nodes), ("values", shares)]);
        let version = values::text(&mut graph, "1.2.2");
        let attributes = [("tree_", inner), (STAMP, version)];
        let root = values::instance(&mut graph, "sklearn.tree._classes.DecisionTreeClassifier", &attributes);
        // Two estimators may know one tree.
        let other = values::instance(&mut graph, "sklearn.tree._classes.DecisionTreeClassifier", &attributes);
        let both = values::list(&mut graph, vec![root, other]);
        graph.set_root(both);
        graph
    }

    #[test]
    fn trees_have_fractions_and_missing_values_once() {
        let migrated = to(&tree(), &target("1.9.1")).unwrap();
        let arrays = |graph: &Graph| {
            let first = graph.items(graph.root()).unwrap()[0];
            let tree = Instance::read(graph, first).unwrap().attribute("tree_").unwrap();
            let tree = Instance::read(graph, tree).unwrap();
            let array = |name| NdArray::read(graph, tree.attribute(name).unwrap()).unwrap().unwrap();
            (array("values").to_f64().unwrap(), array("nodes"))
        };
        let (shares, nodes) = arrays(&migrated.graph);
        assert_eq!(shares, [0.75, 0.25, 1.0, 0.0, 0.0, 1.0]);
        assert_eq!(nodes.dtype.itemsize(), Some(64));
        assert_eq!(nodes.field("right_child").unwrap().to_i64().unwrap(), [2, -1, -1]);
        let (counts, nodes) = arrays(&to(&migrated.graph, &target("1.2.2")).unwrap().graph);
        assert_eq!(counts, [6.0, 2.0, 6.0, 0.0, 0.0, 2.0]);
        assert_eq!(nodes.dtype.itemsize(), Some(56));
    }

    /// The tree as 1.9 has it, whose root sends missing values to the left and has so many rows on each side.
    fn tree_of_missing_values(left: i64, right: i64) -> Graph {
        let mut graph = to(&tree(), &target("1.9.1")).unwrap().graph;
        let first = graph.items(graph.root()).unwrap()[0];
        let tree = Instance::read(&graph, first).unwrap().attribute("tree_").unwrap();
        let nodes = NdArray::read(&graph, Instance::read(&graph, tree).unwrap().attribute("nodes").unwrap());
        let nodes = nodes.unwrap().unwrap();
        let mut bytes = nodes.bytes().unwrap().to_vec();
        bytes[56] = 1;
        for (record, rows) in [(1, left), (2, right)] {
            bytes[record * 64 + 40..][..8].copy_from_slice(&rows.to_le_bytes());
        }
        let nodes = values::array(&mut graph, &nodes.dtype, &nodes.shape, skiff_files::Order::C, bytes);
        let state = values::dict(&mut graph, &[("nodes", nodes)]);
        graph.change(tree, skiff_pickle::Change::Build(state));
        graph
    }

    #[test]
    fn trees_that_saw_missing_values_stay_where_they_have_a_place() {
        let migrated = to(&tree_of_missing_values(6, 2), &target("1.2.2")).unwrap();
        assert!(migrated.notes.iter().any(|note| note.contains("missing values, which it was not fitted on")));
        // They went to the side with fewer rows: some were seen.
        let refused = to(&tree_of_missing_values(2, 6), &target("1.2.2")).unwrap_err();
        assert!(refused.why.contains("no place for missing values"), "{refused}");
        assert!(to(&tree_of_missing_values(2, 6), &target("1.3.2")).is_ok());
    }

    /// One against the rest, of pipelines that end in a class, as 1.7 has it.
    fn one_versus_rest_of_pipelines(path: &str) -> Graph {
        let mut graph = Graph::new();
        let last = values::instance(&mut graph, path, &[]);
        let name = values::text(&mut graph, "last");
        let step = values::tuple(&mut graph, vec![name, last]);
        let steps = values::list(&mut graph, vec![step]);
        let pipeline = values::instance(&mut graph, "sklearn.pipeline.Pipeline", &[("steps", steps)]);
        let estimators = values::list(&mut graph, vec![pipeline, pipeline, pipeline]);
        let version = values::text(&mut graph, "1.7.2");
        let attributes = [("estimator", pipeline), ("estimators_", estimators), (STAMP, version)];
        let root = values::instance(&mut graph, "sklearn.multiclass.OneVsRestClassifier", &attributes);
        graph.set_root(root);
        graph
    }

    #[test]
    fn equal_scores_are_looked_for_behind_other_steps() {
        for (path, is_refused) in [
            ("sklearn.ensemble._forest.RandomForestClassifier", true),
            ("sklearn.linear_model._logistic.LogisticRegression", false),
        ] {
            let graph = one_versus_rest_of_pipelines(path);
            assert_eq!(to(&graph, &target("1.9.1")).is_err(), is_refused, "{path}");
            assert!(to(&graph, &target("1.6.1")).is_ok(), "{path}");
        }
    }
}
