//! Writers that race, in threads and in processes, and writers that are killed.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::collections::HashSet;
use std::env;
use std::process::{Child, Command};
use std::time::Duration;

use crate::common::{Folder, change, name, push_of};
use skiff_registry::Registry;

const WRITERS: usize = 20;
const CHANGES: usize = 50;

/// Where the processes that this test starts find their registry, and what they do.
const REGISTRY: &str = "SKIFF_TEST_REGISTRY";
const WRITER: &str = "SKIFF_TEST_WRITER";

fn change_often(url: &str, writer: usize) {
    let registry = Registry::open(url).unwrap();
    for i in 0..CHANGES {
        let version = u64::try_from((writer + i) % 3).unwrap() + 1;
        registry
            .set_alias(&name("churn"), &name("production"), Some(version), &change(&format!("{writer}.{i}")))
            .unwrap();
    }
}

/// A registry with three versions.
fn prepared(folder: &Folder) -> Registry {
    let registry = folder.init(24 * 60 * 60);
    for i in 0..3_u8 {
        registry.push(&name("churn"), push_of(&folder.file("m", &[i]))).unwrap();
    }
    registry
}

/// Every change is there once, and each begins where the one before it ended.
fn check_history(registry: &Registry) {
    let history = registry.history(&name("churn"), &name("production")).unwrap();
    let whys: HashSet<_> = history.iter().map(|entry| entry.why.clone().unwrap()).collect();
    assert_eq!((history.len(), whys.len()), (WRITERS * CHANGES, WRITERS * CHANGES));
    assert!(history.windows(2).all(|pair| pair[0].to == pair[1].from));
    assert_eq!(registry.verify().unwrap().problems, []);
}

#[test]
fn threads_lose_no_change() {
    let folder = Folder::new("threads");
    let registry = prepared(&folder);
    let url = folder.registry();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let url = &url;
            scope.spawn(move || change_often(url, writer));
        }
    });
    check_history(&registry);
}

/// This program again, as one writer.
fn writer(url: &str, test: &str, writer: usize) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", &format!("races::{test}"), "--ignored", "--nocapture"])
        .env(REGISTRY, url)
        .env(WRITER, writer.to_string());
    command.stdout(std::process::Stdio::null()).spawn().unwrap()
}

fn as_writer() -> Option<(String, usize)> {
    Some((env::var(REGISTRY).ok()?, env::var(WRITER).ok()?.parse().unwrap()))
}

#[test]
#[ignore = "a process that another test starts"]
fn change_in_a_process() {
    let Some((url, writer)) = as_writer() else { return };
    change_often(&url, writer);
}

#[test]
fn processes_lose_no_change() {
    let folder = Folder::new("processes");
    let registry = prepared(&folder);
    let writers: Vec<_> =
        (0..WRITERS).map(|number| writer(&folder.registry(), "change_in_a_process", number)).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    check_history(&registry);
}

#[test]
fn threads_that_push_get_a_version_each() {
    let folder = Folder::new("pushes");
    let registry = folder.init(24 * 60 * 60);
    let url = folder.registry();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (folder, url) = (&folder, &url);
            scope.spawn(move || {
                let registry = Registry::open(url).unwrap();
                for i in 0..5 {
                    let file = folder.file(&format!("m{writer}"), format!("{writer} {i}").as_bytes());
                    assert!(registry.push(&name("churn"), push_of(&file)).unwrap().is_new);
                }
            });
        }
    });
    let versions = registry.versions(&name("churn")).unwrap();
    assert_eq!(versions, (1..=100).collect::<Vec<_>>());
    let report = registry.verify().unwrap();
    assert_eq!((report.blobs, report.problems), (100, Vec::new()));
}

#[test]
#[ignore = "a process that another test starts, and kills"]
fn write_until_killed() {
    let Some((url, round)) = as_writer() else { return };
    let registry = Registry::open(&url).unwrap();
    let path = env::temp_dir().join(format!("skiff-registry-killed-{}", std::process::id()));
    for i in 0.. {
        // Of several parts, so that a blob takes a while.
        let content = format!("{round} {i}").repeat(1_000_000);
        std::fs::write(&path, content).unwrap();
        let version = registry.push(&name("churn"), push_of(&path)).unwrap().manifest.version;
        registry.set_alias(&name("churn"), &name("production"), Some(version), &change("")).unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_or_the_new_state() {
    let folder = Folder::new("killed");
    let registry = prepared(&folder);
    for round in 0..25 {
        let mut writer = writer(&folder.registry(), "write_until_killed", round);
        std::thread::sleep(Duration::from_millis(20 + 17 * u64::try_from(round).unwrap()));
        // SIGKILL on Unix.
        writer.kill().unwrap();
        writer.wait().unwrap();
        let _ = std::fs::remove_file(env::temp_dir().join(format!("skiff-registry-killed-{}", writer.id())));
        let report = registry.verify().unwrap();
        assert_eq!(report.problems, [], "after round {round}");
        if let Some(entry) = registry.current(&name("churn"), &name("production")).unwrap() {
            let manifest = registry.manifest(&name("churn"), entry.to.unwrap()).unwrap();
            registry.fetch(&manifest.model, &manifest.file, &folder.0.join("out")).unwrap();
        }
    }
    let report = registry.verify().unwrap();
    assert!(report.versions > 10 && report.changes > 5, "the writers got somewhere: {report:?}");
}
