//! The catalog's text files, and how a class is found in them.
//!
//! `paths.txt` has a line for every path that a class has had: the path alone, or the path and, after a space, the
//! newest path of the same class. `classes.txt` has a block for every class, separated by an empty line. Both are
//! sorted bytewise, so that a class is found without reading them through, and parsed on first use.
//!
//! | line | what |
//! |---|---|
//! | `= path` | the newest path; begins a block |
//! | `~ path` | the family, where it is another class |
//! | `@ versions path` | a path |
//! | `^ versions path` | a base |
//! | `+ name versions default` | a parameter; the default `-` is none |
//! | `. name versions kinds…` | an attribute |
//! | `( name versions` | a method |
//! | `% name versions` | a property |
//! | `# name versions` | a slot |
//! | `$ name versions` | another attribute of the class |
//!
//! Versions are `first-last`, without the last where it is the newest.
//!
//! `held.txt` is kept by hand: a line for each path that fitted estimators hold, classes and functions, of what 4,000
//! real models of the versions 0.17 to 1.9 name, every class of 0.20 to 1.9 that derives from `BaseEstimator` or a
//! kernel, and the metrics that scorers are made of. None of them runs, loads or fetches anything that its state names.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::{Attribute, Class, Kind, Member, MemberKind, Parameter, Versions};

const PATHS: &str = include_str!("../data/paths.txt");
const CLASSES: &str = include_str!("../data/classes.txt");
const HELD: &str = include_str!("../data/held.txt");

/// More classes than any class derives from.
const MOST_ANCESTORS: usize = 64;

/// Classes that were looked up, by a hash of the path.
type Found = HashMap<u64, Vec<(&'static str, &'static Class)>>;

/// The class that a module defines under a name, in any version of scikit-learn.
pub fn class(module: &str, name: &str) -> Option<&'static Class> {
    static FOUND: OnceLock<RwLock<Found>> = OnceLock::new();
    let found = FOUND.get_or_init(RwLock::default);
    let hash = hash(module, name);
    let is_wanted = |path: &str| path.strip_prefix(module).and_then(|rest| rest.strip_prefix('.')) == Some(name);
    let first = |found: &Found| found.get(&hash)?.iter().find(|(path, _)| is_wanted(path)).map(|(_, class)| *class);
    if let Some(class) = first(&found.read().unwrap_or_else(PoisonError::into_inner)) {
        return Some(class);
    }
    let (path, newest) = entry(module, name)?;
    let mut found = found.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(class) = first(&found) {
        return Some(class);
    }
    // Kept for the life of the process: there are as many as the catalog has paths, and no more.
    let class: &'static Class = Box::leak(Box::new(parse(newest)?));
    found.entry(hash).or_default().push((path, class));
    Some(class)
}

/// FNV-1a of `module.name`: short, and no matter if files choose what collides, for the catalog's paths are few.
fn hash(module: &str, name: &str) -> u64 {
    dotted(module, name)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Every path that a class of the catalog has had.
pub fn paths() -> impl Iterator<Item = &'static str> {
    PATHS.lines().filter_map(|line| line.split(' ').next())
}

/// Whether fitted estimators of scikit-learn hold a class or a function, and it does no harm in a file.
pub fn is_held(module: &str, name: &str) -> bool {
    // A name with a dot is another way to the same path, and none that a pickler writes.
    !name.contains('.') && search(HELD, "\n", |path| path.bytes().cmp(dotted(module, name))).is_some()
}

/// Every path that fitted estimators hold.
pub fn held() -> impl Iterator<Item = &'static str> {
    HELD.lines()
}

/// The path that is looked up, and the newest path of the same class.
fn entry(module: &str, name: &str) -> Option<(&'static str, &'static str)> {
    let line = search(PATHS, "\n", |line| {
        let path = line.split(' ').next().unwrap_or(line);
        path.bytes().cmp(dotted(module, name))
    })?;
    Some(line.split_once(' ').unwrap_or((line, line)))
}

/// The bytes of `module.name`.
fn dotted(module: &str, name: &str) -> impl Iterator<Item = u8> {
    module.bytes().chain(std::iter::once(b'.')).chain(name.bytes())
}

/// The part of a sorted text, between two separators, that `compare` finds equal.
fn search(
    text: &'static str,
    separator: &str,
    compare: impl Fn(&'static str) -> std::cmp::Ordering,
) -> Option<&'static str> {
    let mut rest = text;
    while !rest.is_empty() {
        let bytes = rest.as_bytes();
        let mut middle = bytes.len() / 2;
        while !rest.is_char_boundary(middle) {
            middle -= 1;
        }
        let start = rest.get(..middle)?.rfind(separator).map_or(0, |start| start + separator.len());
        let end = rest.get(start..)?.find(separator).map_or(rest.len(), |end| start + end);
        let part = rest.get(start..end)?;
        match compare(part) {
            std::cmp::Ordering::Equal => return Some(part),
            std::cmp::Ordering::Greater => rest = rest.get(..start.saturating_sub(separator.len()))?,
            std::cmp::Ordering::Less => rest = rest.get(end + separator.len()..).unwrap_or_default(),
        }
    }
    None
}

/// The block of a class, by its newest path.
fn block(path: &str) -> Option<&'static str> {
    search(CLASSES, "\n\n", |block| {
        let first = block.lines().next().unwrap_or(block);
        first.strip_prefix("= ").unwrap_or_default().cmp(path)
    })
}

/// The class with what it inherits.
fn parse(path: &'static str) -> Option<Class> {
    let mut class = Class {
        path,
        family: path,
        paths: Vec::new(),
        ancestors: Vec::new(),
        parameters: HashMap::new(),
        attributes: HashMap::new(),
        members: HashMap::new(),
    };
    let mut line = Lines { class: &mut class, is_own: true, takes_parameters: true, bases: Vec::new() };
    line.read_block(block(path)?);
    let mut waiting = std::mem::take(&mut line.bases);
    let mut found: Vec<&'static str> = Vec::new();
    line.is_own = false;
    while let Some(base) = waiting.pop() {
        if found.contains(&base) || found.len() >= MOST_ANCESTORS {
            continue;
        }
        found.push(base);
        // The class's own constructor replaces the inherited one.
        line.takes_parameters = line.class.parameters.is_empty();
        block(base).into_iter().for_each(|block| line.read_block(block));
        waiting.append(&mut line.bases);
    }
    class.ancestors = found;
    Some(class)
}

/// A class being assembled from its own lines and those of the classes that it derives from.
struct Lines<'a> {
    class: &'a mut Class,
    is_own: bool,
    takes_parameters: bool,
    bases: Vec<&'static str>,
}

impl Lines<'_> {
    /// Lines that are not understood are passed over; a test finds them.
    fn read_block(&mut self, block: &'static str) {
        for line in block.lines() {
            let _ = self.read(line);
        }
    }

    fn read(&mut self, line: &'static str) -> Option<()> {
        let (mark, rest) = line.split_once(' ')?;
        match mark {
            "~" if self.is_own => self.class.family = rest,
            "@" if self.is_own => {
                let (versions, path) = rest.split_once(' ')?;
                self.class.paths.push((path, Versions::parse(versions)?));
            }
            "^" => self.bases.push(rest.split_once(' ')?.1),
            "+" if self.takes_parameters => self.parameter(rest)?,
            "." => self.attribute(rest)?,
            "(" => self.member(MemberKind::Method, rest)?,
            "%" => self.member(MemberKind::Property, rest)?,
            "#" => self.member(MemberKind::Slot, rest)?,
            "$" => self.member(MemberKind::Value, rest)?,
            _ => {}
        }
        Some(())
    }

    fn parameter(&mut self, line: &'static str) -> Option<()> {
        let (name, rest) = line.split_once(' ')?;
        let (versions, default) = rest.split_once(' ')?;
        let versions = Versions::parse(versions)?;
        let default = (versions, Some(default).filter(|default| *default != "-"));
        let parameter =
            self.class.parameters.entry(name).or_insert_with(|| Parameter { versions, defaults: Vec::new() });
        parameter.versions = parameter.versions.with(versions);
        parameter.defaults.push(default);
        Some(())
    }

    fn attribute(&mut self, line: &'static str) -> Option<()> {
        let mut words = line.split(' ');
        let (name, versions) = (words.next()?, Versions::parse(words.next()?)?);
        let kinds = words.filter_map(Kind::parse);
        let attribute = self.class.attributes.entry(name).or_insert_with(|| Attribute { versions, kinds: Vec::new() });
        attribute.versions = attribute.versions.with(versions);
        for kind in kinds {
            if !attribute.kinds.contains(&kind) {
                attribute.kinds.push(kind);
            }
        }
        Some(())
    }

    fn member(&mut self, kind: MemberKind, line: &'static str) -> Option<()> {
        let (name, versions) = line.split_once(' ')?;
        let member = self.class.members.entry(name).or_insert_with(|| Member { kinds: Vec::new() });
        member.kinds.push((kind, Versions::parse(versions)?));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_leads_to_its_class() {
        for path in paths() {
            let (module, name) = path.rsplit_once('.').expect("a module and a name");
            let class = class(module, name).unwrap_or_else(|| panic!("`{path}` has no class"));
            assert!(class.paths().iter().any(|(found, _)| *found == path), "{path}");
        }
    }

    #[test]
    fn files_are_sorted() {
        assert!(PATHS.lines().is_sorted());
        let first = CLASSES.split("\n\n").filter_map(|block| block.lines().next());
        assert!(first.skip(1).is_sorted());
    }

    #[test]
    fn the_first_line_has_the_versions() {
        let first = CLASSES.lines().next().and_then(|line| line.strip_prefix("! "));
        assert_eq!(first, Some(&*crate::VERSIONS.join(" ")));
    }

    /// What is not understood would be silently missing.
    #[test]
    fn every_line_is_understood() {
        for line in CLASSES.lines().filter(|line| !line.is_empty()) {
            let mark = line.split(' ').next().unwrap_or_default();
            assert!(["!", "=", "~", "@", "^", "+", ".", "(", "%", "#", "$"].contains(&mark), "{line}");
            if mark == "." {
                let unknown = line.split(' ').skip(3).find(|kind| Kind::parse(kind).is_none());
                assert_eq!(unknown, None, "{line}");
            }
        }
    }

    #[test]
    fn families_are_of_all_versions() {
        let family = |module, name| class(module, name).map(Class::family);
        assert_eq!(
            family("sklearn.neighbors.kd_tree", "BinaryTree"),
            family("sklearn.neighbors._ball_tree", "BallTree")
        );
        assert_eq!(family("sklearn.svm.classes", "SVC"), Some("sklearn.base.BaseEstimator"));
        assert_eq!(
            family("sklearn.cross_validation", "KFold"),
            family("sklearn.model_selection._split", "ShuffleSplit")
        );
        assert_eq!(family("sklearn.metrics.scorer", "_PredictScorer"), family("sklearn.metrics._scorer", "_Scorer"));
    }

    #[test]
    fn no_class_is_made_up() {
        for (module, name) in [("", ""), ("sklearn", ""), ("sklearn.svm._classes", "SV"), ("zzz", "Z"), ("a", "A")] {
            assert_eq!(class(module, name), None, "{module}.{name}");
        }
    }
}
