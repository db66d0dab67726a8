//! Which file of a crate imports which, by reading their sources as far as paths go.
//!
//! A path that leads through a re-export counts for the file that declares the name. A re-export alone is no import.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

/// The path of a module within its crate: empty for the crate's root.
type Module = Vec<String>;

/// The modules of a crate that are files.
pub struct Crate {
    files: BTreeMap<Module, File>,
    /// What was found for each name in each module.
    found: RefCell<HashMap<(Module, String), Option<Found>>>,
}

#[derive(Default)]
struct File {
    /// Paths in expressions, types and patterns.
    paths: Vec<Vec<String>>,
    /// What is imported or re-exported, by the name that it has here.
    uses: BTreeMap<String, Use>,
    /// The modules of `use …::*`.
    globs: Vec<Vec<String>>,
    /// The names of its items.
    items: BTreeSet<String>,
    /// Every identifier outside of `use` items.
    identifiers: BTreeSet<String>,
}

struct Use {
    path: Vec<String>,
    is_public: bool,
}

impl Crate {
    /// The crate whose sources are in that folder.
    pub fn read(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        read_folder(folder, &Vec::new(), &mut files);
        Self { files, found: RefCell::default() }
    }

    /// The largest set of files each of which imports, directly or indirectly, each other: their modules.
    pub fn largest_cycle(&self) -> Vec<String> {
        let modules: Vec<&Module> = self.files.keys().collect();
        let numbers: BTreeMap<&Module, usize> = modules.iter().copied().zip(0..).collect();
        let imports_of = |module: &&Module| self.imports_of(module).iter().map(|one| numbers[one]).collect();
        let imports: Vec<Vec<usize>> = modules.iter().map(imports_of).collect();
        let reached: Vec<Vec<bool>> = (0..modules.len()).map(|start| reachable(start, &imports)).collect();
        let cycle = |of: usize| -> Vec<usize> {
            (0..modules.len()).filter(|&other| reached[of][other] && reached[other][of]).collect()
        };
        let largest = (0..modules.len()).map(cycle).max_by_key(Vec::len).unwrap_or_default();
        largest.into_iter().map(|module| modules[module].join("::")).collect()
    }

    fn imports_of(&self, module: &Module) -> BTreeSet<Module> {
        let file = &self.files[module];
        let used = file.uses.iter().filter(|(name, one)| !one.is_public || file.identifiers.contains(*name));
        let of_uses = used.filter_map(|(_, one)| self.declaring(module, &one.path));
        let of_paths = file.paths.iter().filter_map(|path| self.declaring(module, path));
        of_uses.chain(of_paths).filter(|found| !found.is_module).map(|found| found.module).collect()
    }

    /// The module that declares what `path` means in `module`; none for other crates.
    fn declaring(&self, module: &Module, path: &[String]) -> Option<Found> {
        let (first, mut rest) = path.split_first()?;
        let mut found = match first.as_str() {
            "crate" => Found { module: Vec::new(), is_module: true },
            "self" => Found { module: module.clone(), is_module: true },
            "super" => Found { module: module[..module.len().checked_sub(1)?].to_vec(), is_module: true },
            name => self.named(module, name)?,
        };
        while let Some((name, after)) = rest.split_first() {
            if !found.is_module {
                break; // A variant, a method, …
            }
            found = match name.as_str() {
                "super" => {
                    Found { module: found.module[..found.module.len().checked_sub(1)?].to_vec(), is_module: true }
                }
                name => self.named(&found.module, name).unwrap_or(Found { is_module: false, ..found }),
            };
            rest = after;
        }
        Some(found)
    }

    /// The module that declares `name`, which is a child, an import or an item of `module`.
    fn named(&self, module: &Module, name: &str) -> Option<Found> {
        let key = (module.clone(), name.to_owned());
        if let Some(found) = self.found.borrow().get(&key) {
            return found.clone();
        }
        // What globs that import each other come back to is not declared there.
        self.found.borrow_mut().insert(key.clone(), None);
        let found = self.find(module, name);
        self.found.borrow_mut().insert(key, found.clone());
        found
    }

    fn find(&self, module: &Module, name: &str) -> Option<Found> {
        let child: Module = module.iter().cloned().chain([name.to_owned()]).collect();
        if self.files.contains_key(&child) {
            return Some(Found { module: child, is_module: true });
        }
        let file = self.files.get(module)?;
        if file.items.contains(name) {
            return Some(Found { module: module.clone(), is_module: false });
        }
        if let Some(one) = file.uses.get(name) {
            // `use name;` of another crate would lead here again.
            return if one.path[0] == name { None } else { self.declaring(module, &one.path) };
        }
        file.globs.iter().find_map(|glob| {
            let target = self.declaring(module, glob)?;
            if target.module == *module { None } else { self.named(&target.module, name) }
        })
    }
}

#[derive(Clone)]
struct Found {
    module: Module,
    /// Whether it is the module itself and not an item in it.
    is_module: bool,
}

/// Whether each file is imported by the first one, or by those that it imports.
fn reachable(start: usize, imports: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; imports.len()];
    let mut waiting = imports[start].clone();
    while let Some(next) = waiting.pop() {
        if !std::mem::replace(&mut reached[next], true) {
            waiting.extend(&imports[next]);
        }
    }
    reached
}

fn read_folder(folder: &Path, module: &Module, files: &mut BTreeMap<Module, File>) {
    for entry in fs::read_dir(folder).expect("a folder of sources").map(|entry| entry.expect("an entry").path()) {
        let stem = entry.file_stem().expect("a name").to_string_lossy().into_owned();
        let child = || module.iter().cloned().chain([stem.clone()]).collect();
        if entry.is_dir() {
            read_folder(&entry, &child(), files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let module = if ["lib", "main", "mod"].contains(&&*stem) { module.clone() } else { child() };
            files.insert(module, File::parse(&fs::read_to_string(&entry).expect("a source")));
        }
    }
}

impl File {
    fn parse(source: &str) -> Self {
        let tokens = tokens(source);
        let mut file = Self::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            // Tests come last, and may import what they like.
            if tokens[at..].iter().take(TESTS.len()).eq(TESTS) {
                break;
            }
            let before = at.checked_sub(1).map_or("", |before| tokens[before].as_str());
            if token == "use" {
                at = file.parse_use(&tokens, at + 1, &[], ["pub", ")"].contains(&before));
            } else if is_identifier(token) && before != "::" && before != "." {
                let mut path = vec![token.clone()];
                while tokens.get(at + 1).is_some_and(|token| token == "::")
                    && tokens.get(at + 2).is_some_and(|token| is_identifier(token))
                {
                    path.push(tokens[at + 2].clone());
                    at += 2;
                }
                // `macro_rules! name`
                let keyword = if before == "!" && at > 1 { tokens[at - 2].as_str() } else { before };
                if DECLARE.contains(&keyword) {
                    file.items.insert(token.clone());
                }
                file.identifiers.insert(token.clone());
                if path.len() > 1 {
                    file.paths.push(path);
                }
            }
            at += 1;
        }
        file
    }

    /// Reads a tree of imports that begins at `at`; where it ends.
    fn parse_use(&mut self, tokens: &[String], mut at: usize, prefix: &[String], is_public: bool) -> usize {
        let mut path = prefix.to_vec();
        loop {
            match tokens.get(at).map(String::as_str) {
                Some("{") => {
                    while tokens.get(at).is_some_and(|token| token != "}" && token != ";") {
                        at = self.parse_use(tokens, at + 1, &path, is_public);
                    }
                    return at + 1;
                }
                Some("*") => self.globs.push(path.clone()),
                Some("as") => {
                    let name = tokens[at + 1].clone();
                    self.uses.insert(name, Use { path, is_public });
                    return at + 2;
                }
                Some("::") => {}
                Some(name) if is_identifier(name) => path.push(name.to_owned()),
                _ => {
                    if path.last().is_some_and(|name| name == "self") && path.len() > 1 {
                        path.pop();
                    }
                    if let Some(name) = path.last().cloned() {
                        self.uses.entry(name).or_insert(Use { path, is_public });
                    }
                    return at;
                }
            }
            at += 1;
        }
    }
}

/// How a module of tests begins.
const TESTS: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];

/// The tokens before the name of an item.
const DECLARE: [&str; 9] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];

fn is_identifier(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Identifiers, `::` and other signs, without comments, literals and lifetimes.
fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string(rest),
            'r' | 'b' | 'c' if raw_string(rest).is_some() => raw_string(rest).unwrap_or(1),
            '\'' => quoted(rest),
            ':' if rest.starts_with("::") => {
                tokens.push("::".to_owned());
                2
            }
            _ if first.is_alphabetic() || first == '_' => {
                let end = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
                tokens.push(rest[..end].to_owned());
                end
            }
            _ => {
                if !first.is_whitespace() {
                    tokens.push(first.to_string());
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a string literal.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        match next {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a literal such as `r#"…"#` or `b"…"`.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = text.find(|next| !matches!(next, 'r' | 'b' | 'c'))?;
    let is_raw = text[..prefix].contains('r');
    let hashes = text[prefix..].find(|next| next != '#')?;
    if prefix > 2 || !text[prefix + hashes..].starts_with('"') || (hashes > 0 && !is_raw) {
        return None;
    }
    if !is_raw {
        return Some(prefix + string(&text[prefix..]));
    }
    let start = prefix + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()))
}

/// The length of a character, or of a lifetime.
fn quoted(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, _))) => text[at + 1..].find('\'').map_or(text.len(), |end| at + 1 + end + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => text[1..].find(|next: char| !next.is_alphanumeric() && next != '_').map_or(text.len(), |end| 1 + end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krate(files: &[(&str, &str)]) -> Crate {
        let module = |path: &str| path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let files = files.iter().map(|(path, source)| (module(path), File::parse(source))).collect();
        Crate { files, found: RefCell::default() }
    }

    #[test]
    fn cycles_go_through_re_exports() {
        let files = [
            ("", "pub use a::{A, inner as other}; mod a; mod b; mod c;"),
            ("a", "use crate::b::B; pub struct A; pub fn inner() {}"),
            ("b", "pub struct B; fn f(_: &'static str) -> char { super::other(\"crate::c::C\"); '\"' } // crate::c::C"),
            ("c", "use super::A; pub struct C;"),
        ];
        assert_eq!(krate(&files).largest_cycle(), ["a", "b"]);
    }

    #[test]
    fn paths_go_through_imported_modules_and_globs() {
        let files = [
            ("", "mod a; mod b;"),
            ("a", "use crate::b; fn f() { b::inner::g(); }"),
            ("b", "pub use inner::*;"),
            ("b::inner", "use crate::a; pub fn g() { a::f(); }"),
        ];
        assert_eq!(krate(&files).largest_cycle(), ["a", "b::inner"]);
        let files = [
            ("", "mod a; mod b;"),
            ("a", "use crate::b::g;"),
            ("b", "pub use inner::*;"),
            ("b::inner", "pub fn g() {}"),
        ];
        assert!(krate(&files).largest_cycle().is_empty());
    }
}
