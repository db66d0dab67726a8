//! Versions, aliases, blobs: what is pushed is pulled, what is damaged is found, what is needed is not collected.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::{Folder, author, change, name, push_of};
use object_store::memory::InMemory;
use skiff_registry::{AliasChange, Cache, Error, Expected, Push, Registry, Selector, Settings};

const DAY: u64 = 24 * 60 * 60;

#[test]
fn what_is_pushed_is_pulled() {
    let folder = Folder::new("pulled");
    let registry = folder.init(DAY);
    // Of several parts, and of none.
    let large: Vec<u8> = (0..20_000_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[1]).collect();
    for (number, content) in [(1, &large[..]), (2, b""), (3, b"small")] {
        let file = folder.file("model.skiff", content);
        let pushed = registry.push(&name("churn"), push_of(&file)).unwrap();
        assert_eq!((pushed.manifest.version, pushed.is_new), (number, true));
        let out = folder.0.join("out");
        registry.fetch(&name("churn"), &registry.manifest(&name("churn"), number).unwrap().file, &out).unwrap();
        assert_eq!(fs::read(out).unwrap(), content);
    }
    assert_eq!(registry.versions(&name("churn")).unwrap(), [1, 2, 3]);
    assert_eq!(registry.models().unwrap(), [name("churn")]);
    // The newest version again is no new version, an older one is.
    let file = folder.file("model.skiff", b"small");
    let again = registry.push(&name("churn"), push_of(&file)).unwrap();
    assert_eq!((again.manifest.version, again.is_new), (3, false));
    let file = folder.file("model.skiff", b"");
    assert_eq!(registry.push(&name("churn"), push_of(&file)).unwrap().manifest.version, 4);
    // The same content is there once.
    assert_eq!(files(&folder.0.join("registry"), "blobs").len(), 3);
    let report = Registry::open(&folder.registry()).unwrap().verify().unwrap();
    assert_eq!((report.versions, report.blobs, report.problems), (4, 3, Vec::new()));
}

#[test]
fn versions_are_found_by_number_alias_and_digest() {
    let folder = Folder::new("found");
    let registry = folder.init(DAY);
    let model = name("churn");
    let digests: Vec<_> = (0..3_u8)
        .map(|i| registry.push(&model, push_of(&folder.file("m", &[i]))).unwrap().manifest.file.digest)
        .collect();
    registry.set_alias(&model, &name("production"), Some(2), &change("")).unwrap();
    let version = |selector| registry.resolve(&model, &selector).map(|manifest| manifest.version);
    assert_eq!(version(Selector::Version(3)).unwrap(), 3);
    assert_eq!(version(Selector::Alias(name("production"))).unwrap(), 2);
    assert_eq!(version(Selector::Digest(digests[0].clone())).unwrap(), 1);
    assert!(matches!(version(Selector::Version(4)), Err(Error::NoVersion(_))));
    assert!(matches!(version(Selector::Alias(name("staging"))), Err(Error::NoAlias(_))));
    assert!(matches!(registry.versions(&name("other")), Err(Error::NoModel(..))));
    assert!(matches!(Registry::open(&folder.0.display().to_string()), Err(Error::NoRegistry(_))));
    assert!(matches!(Registry::init(&folder.registry(), Settings::default()), Err(Error::Exists(_))));
}

#[test]
fn an_alias_has_its_whole_history_and_goes_back() {
    let folder = Folder::new("history");
    let registry = folder.init(DAY);
    let (model, alias) = (name("churn"), name("production"));
    for i in 0..3_u8 {
        registry.push(&model, push_of(&folder.file("m", &[i]))).unwrap();
    }
    assert!(matches!(registry.rollback(&model, &alias, &change("")), Err(Error::NoAlias(_))));
    for version in [1, 2, 3] {
        registry.set_alias(&model, &alias, Some(version), &change("better")).unwrap();
    }
    let back = || registry.rollback(&model, &alias, &change("worse")).map(|entry| entry.to);
    assert_eq!(back().unwrap(), Some(2));
    assert_eq!(back().unwrap(), Some(1));
    assert!(matches!(back(), Err(Error::NoEarlier(_))));
    registry.set_alias(&model, &alias, Some(3), &change("mended")).unwrap();
    assert_eq!(back().unwrap(), Some(1));
    registry.set_alias(&model, &alias, None, &change("gone")).unwrap();
    assert!(registry.set_alias(&model, &alias, None, &change("twice")).is_err());
    assert!(registry.set_alias(&model, &alias, Some(9), &change("")).is_err(), "there is no version 9");
    let history = registry.history(&model, &alias).unwrap();
    let moves: Vec<_> = history.iter().map(|entry| (entry.from, entry.to)).collect();
    let expected: [(Option<u64>, Option<u64>); 8] = [
        (None, Some(1)),
        (Some(1), Some(2)),
        (Some(2), Some(3)),
        (Some(3), Some(2)),
        (Some(2), Some(1)),
        (Some(1), Some(3)),
        (Some(3), Some(1)),
        (Some(1), None),
    ];
    assert_eq!(moves, expected);
    assert_eq!((history[3].why.as_deref(), &history[3].by), (Some("worse"), &author()));
    assert!(matches!(registry.resolve(&model, &Selector::Alias(alias)), Err(Error::NoAlias(_))));
}

#[test]
fn a_change_that_expects_something_else_does_not_happen() {
    let folder = Folder::new("expected");
    let registry = folder.init(DAY);
    let (model, alias) = (name("churn"), name("production"));
    for i in 0..2_u8 {
        registry.push(&model, push_of(&folder.file("m", &[i]))).unwrap();
    }
    let at = |expected| AliasChange { expected: Expected::At(expected), ..change("") };
    assert!(matches!(registry.set_alias(&model, &alias, Some(1), &at(Some(2))), Err(Error::Moved { found: None, .. })));
    registry.set_alias(&model, &alias, Some(1), &at(None)).unwrap();
    registry.set_alias(&model, &alias, Some(2), &at(Some(1))).unwrap();
    assert!(matches!(
        registry.set_alias(&model, &alias, Some(1), &at(Some(1))),
        Err(Error::Moved { expected: Some(1), found: Some(2), .. })
    ));
    assert_eq!(registry.history(&model, &alias).unwrap().len(), 2);
}

#[test]
fn a_corrupt_swapped_or_missing_blob_is_found() {
    let folder = Folder::new("damage");
    let registry = folder.init(DAY);
    let model = name("churn");
    let contents: [&[u8]; 2] = [b"the first model", b"the other model"];
    for content in contents {
        registry.push(&model, push_of(&folder.file("m", content))).unwrap();
    }
    let blobs = files(&folder.0.join("registry"), "blobs");
    let out = folder.0.join("out");
    let fetched = |version| registry.fetch(&model, &registry.manifest(&model, version).unwrap().file, &out);
    let whole: Vec<Vec<u8>> = blobs.iter().map(|blob| fs::read(blob).unwrap()).collect();

    // A flipped bit, in the middle.
    let mut damaged = whole[0].clone();
    damaged[7] ^= 1;
    fs::write(&blobs[0], damaged).unwrap();
    assert_eq!(registry.verify().unwrap().problems.len(), 1);
    assert_eq!([1, 2].iter().filter(|&&version| matches!(fetched(version), Err(Error::Digest { .. }))).count(), 1);

    // Each has the other's content.
    fs::write(&blobs[0], &whole[1]).unwrap();
    fs::write(&blobs[1], &whole[0]).unwrap();
    assert_eq!(registry.verify().unwrap().problems.len(), 2);
    for version in [1, 2] {
        let _ = fs::remove_file(&out);
        assert!(matches!(fetched(version), Err(Error::Digest { .. })));
        assert!(!out.exists(), "nothing is left of a wrong blob");
    }

    // A shorter one, and none.
    fs::write(&blobs[0], &whole[0][..4]).unwrap();
    fs::remove_file(&blobs[1]).unwrap();
    let problems = registry.verify().unwrap().problems;
    let mut whats: Vec<_> = problems.iter().map(|problem| problem.what.as_str()).collect();
    whats.sort_unstable();
    assert_eq!(whats, ["expected a blob of 15 bytes, found 4", "the blob is missing"]);
    assert!(fetched(1).is_err() && fetched(2).is_err());

    // Pushing the same file again mends the newest version.
    let newest = folder.file("m", contents[1]);
    assert!(!registry.push(&model, push_of(&newest)).unwrap().is_new);
    fetched(2).unwrap();
    assert_eq!(fs::read(&out).unwrap(), contents[1]);
}

#[test]
fn a_damaged_manifest_or_history_is_found() {
    let folder = Folder::new("manifests");
    let registry = folder.init(DAY);
    let (model, alias) = (name("churn"), name("production"));
    for i in 0..3_u8 {
        registry.push(&model, push_of(&folder.file("m", &[i]))).unwrap();
        registry.set_alias(&model, &alias, Some(u64::from(i) + 1), &change("")).unwrap();
    }
    assert_eq!(registry.verify().unwrap().problems, []);
    let root = folder.0.join("registry");
    let manifests = files(&root, "versions");
    let entries = files(&root, "aliases");
    let spoiled = |path: &Path, content: Option<Vec<u8>>| {
        let whole = fs::read(path).unwrap();
        match content {
            Some(content) => fs::write(path, content).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        let problems = registry.verify().unwrap().problems;
        fs::write(path, whole).unwrap();
        problems
    };
    // Version 2 is version 1 again; half a manifest; none.
    assert!(spoiled(&manifests[1], Some(fs::read(&manifests[0]).unwrap()))[0].what.contains("expected the manifest"));
    assert!(
        spoiled(&manifests[1], Some(fs::read(&manifests[1]).unwrap()[..40].to_vec()))[0]
            .what
            .contains("cannot be read")
    );
    assert!(!spoiled(&manifests[1], None).is_empty());
    // A change left out, changed, or of a version that is not there.
    assert!(!spoiled(&entries[1], None).is_empty());
    let text = fs::read_to_string(&entries[2]).unwrap();
    assert!(!spoiled(&entries[2], Some(text.replace("\"from\": 2", "\"from\": 1").into())).is_empty());
    assert!(!spoiled(&entries[2], Some(text.replace("\"to\": 3", "\"to\": 7").into())).is_empty());
    assert_eq!(registry.verify().unwrap().problems, []);
}

#[test]
fn only_old_blobs_that_no_version_has_are_collected() {
    let folder = Folder::new("collected");
    let registry = folder.init(1);
    let model = name("churn");
    registry.push(&model, push_of(&folder.file("m", b"needed"))).unwrap();
    let blob = files(&folder.0.join("registry"), "blobs").remove(0);
    // What killed writers leave.
    let orphan = blob.with_file_name("ab".repeat(32));
    fs::write(&orphan, b"orphan").unwrap();
    let unfinished = blob.with_file_name(format!("{}#17", "cd".repeat(32)));
    fs::write(&unfinished, b"unfin").unwrap();
    let collected = registry.collect(false).unwrap();
    assert_eq!((collected.blobs.len(), collected.young, collected.unfinished), (0, 1, 0), "both are young");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(registry.collect(true).unwrap().blobs.len(), 1);
    assert!(orphan.exists(), "it was only counted");
    let collected = registry.collect(false).unwrap();
    assert_eq!((collected.blobs.len(), collected.bytes, collected.unfinished), (1, 6, 0));
    assert!(unfinished.exists(), "its writer may be about to finish it");
    let two_hours_ago = std::time::SystemTime::now() - Duration::from_secs(2 * 60 * 60);
    fs::File::options().append(true).open(&unfinished).unwrap().set_modified(two_hours_ago).unwrap();
    assert_eq!(registry.collect(false).unwrap().unfinished, 1);
    assert!(blob.exists() && !orphan.exists() && !unfinished.exists());
    assert_eq!(registry.verify().unwrap().problems.len(), 0);
}

/// Tells a thread to end.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn an_old_blob_that_is_pushed_again_is_not_collected() {
    let folder = Folder::new("again");
    // Every blob is old at once: a push must mend what a collection removes under it.
    let registry = folder.init(0);
    let stop = AtomicBool::new(false);
    let (url, stop) = (folder.registry(), &stop);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let registry = Registry::open(&url).unwrap();
            while !stop.load(Ordering::Relaxed) {
                registry.collect(false).unwrap();
            }
        });
        // The collector ends when a push fails, too.
        let _stop = StopOnDrop(stop);
        for round in 0..60_u32 {
            // A new model each, so that each push is a new version of a blob that may just be removed.
            let file = folder.file("m", format!("blob {round}").as_bytes());
            registry.push(&name(&format!("model-{round}")), push_of(&file)).unwrap();
            let kept = registry.manifest(&name(&format!("model-{round}")), 1).unwrap();
            registry.fetch(&kept.model, &kept.file, &folder.0.join("out")).unwrap();
        }
    });
    let report = registry.verify().unwrap();
    assert_eq!((report.versions, report.problems), (60, Vec::new()));
}

#[test]
fn the_cache_replaces_what_was_modified() {
    let folder = Folder::new("cache");
    let registry = folder.init(DAY);
    let (file, signature) = (folder.file("m.skiff", b"model"), folder.file("m.skiff.sig", b"signature"));
    let pushed = registry.push(&name("churn"), Push { signature: Some(&signature), ..push_of(&file) }).unwrap();
    let cache = Cache::new(folder.0.join("cache"));
    let cached = cache.get(&registry, &pushed.manifest).unwrap();
    assert_eq!(cached.model.file_name().unwrap(), "m.skiff");
    assert_eq!(fs::read(cached.signature.unwrap()).unwrap(), b"signature");
    fs::write(&cached.model, b"other").unwrap();
    let cached = cache.get(&registry, &pushed.manifest).unwrap();
    assert_eq!(fs::read(&cached.model).unwrap(), b"model");
    // Nothing is fetched that is there.
    for blob in files(&folder.0.join("registry"), "blobs") {
        fs::remove_file(blob).unwrap();
    }
    cache.get(&registry, &pushed.manifest).unwrap();
}

#[test]
fn a_registry_in_an_object_store() {
    let registry = Registry::init_on(Arc::new(InMemory::new()), "memory:", Settings::default()).unwrap();
    let folder = Folder::new("memory");
    let (model, alias) = (name("churn"), name("production"));
    for i in 0..2_u8 {
        registry.push(&model, push_of(&folder.file("m", &[i]))).unwrap();
        registry.set_alias(&model, &alias, Some(u64::from(i) + 1), &change("")).unwrap();
    }
    assert_eq!(registry.rollback(&model, &alias, &change("")).unwrap().to, Some(1));
    assert_eq!(registry.aliases(&model).unwrap()[0].1.number, 3);
    let report = registry.verify().unwrap();
    assert_eq!((report.models, report.versions, report.changes, report.problems), (1, 2, 3, Vec::new()));
}

/// Every file of a registry whose name contains a text.
fn files(folder: &Path, contains: &str) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false if path.display().to_string().contains(contains) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}
