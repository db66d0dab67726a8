//! ARCHITECTURE.md agrees with the crates' `Cargo.toml`s and sources.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use imports::Crate;

/// So many files that import each other can be read together.
const MOST_IN_A_CYCLE: usize = 8;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// The folders of all crates.
fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("crates")).expect("the folder of crates");
    let mut folders: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.extend(["fuzz", "xtask"].map(|name| root().join(name)));
    folders.retain(|folder| folder.join("Cargo.toml").exists());
    folders.sort();
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().expect("a name").to_string_lossy().into_owned()
}

/// The lines of a `Cargo.toml` that declare dependencies: the section, the name and the rest.
fn dependencies(folder: &Path) -> Vec<(String, String, String)> {
    let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a Cargo.toml");
    let mut section = "";
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
        } else if section.ends_with("dependencies")
            && let Some((name, rest)) = line.split_once('=').filter(|_| !line.starts_with('#'))
        {
            let name = name.trim().trim_end_matches(".workspace");
            found.push((section.to_owned(), name.to_owned(), rest.trim().to_owned()));
        }
    }
    found
}

/// The crates that each crate leads to, itself left out.
fn closed(direct: &BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    let all = |name: &String| {
        let (mut found, mut waiting) = (BTreeSet::new(), vec![name]);
        while let Some(next) = waiting.pop().and_then(|next| direct.get(next)) {
            waiting.extend(next.iter().filter(|name| found.insert((*name).clone())));
        }
        (name.clone(), found)
    };
    direct.keys().map(all).collect()
}

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_table_of_crates_is_what_cargo_sees() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let crates: BTreeMap<String, BTreeSet<String>> = folders()
        .iter()
        .map(|folder| {
            let normal = dependencies(folder).into_iter().filter(|(section, ..)| !section.contains("dev-"));
            (name(folder), normal.map(|(_, name, _)| name).filter(|name| name.starts_with("skiff")).collect())
        })
        .collect();
    let mut table = BTreeMap::new();
    for row in text.lines().skip_while(|line| !line.starts_with("| crate |")).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let Some(name) = quoted(cells[0]).next() else { continue };
        let above: BTreeSet<String> = quoted(cells.last().expect("a cell")).map(str::to_owned).collect();
        let unknown: Vec<_> = above.iter().filter(|name| !table.contains_key(*name)).collect();
        assert!(unknown.is_empty(), "`{name}` depends on {unknown:?}, which are not above it in ARCHITECTURE.md");
        table.insert(name.to_owned(), above);
    }
    let (table, crates) = (closed(&table), closed(&crates));
    let names = |of: &BTreeMap<String, BTreeSet<String>>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&table), names(&crates), "the crates of ARCHITECTURE.md and of the workspace");
    for (name, expected) in crates {
        assert_eq!(table[&name], expected, "what `{name}` depends on, in ARCHITECTURE.md and in its Cargo.toml");
    }
}

#[test]
fn versions_are_the_workspace_s() {
    for folder in folders() {
        for (_, dependency, rest) in dependencies(&folder) {
            let is_inherited = rest == "true" || rest.contains("workspace = true");
            assert!(
                is_inherited,
                "`{}`: the version of `{dependency}` belongs in the workspace's Cargo.toml",
                name(&folder)
            );
        }
    }
}

#[test]
fn import_cycles_do_not_grow() {
    let mut wrong = Vec::new();
    for folder in folders() {
        let (name, cycle) = (name(&folder), Crate::read(&folder.join("src")).largest_cycle());
        println!("{name}: {} files in the largest import cycle", cycle.len());
        if cycle.len() > MOST_IN_A_CYCLE {
            wrong.push(format!(
                "{name}: {} files import each other, at most {MOST_IN_A_CYCLE} may: {cycle:?}",
                cycle.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
