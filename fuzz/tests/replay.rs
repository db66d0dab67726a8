//! Every input in which fuzzing has found something, and every seed, through the target's function.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use skiff_fuzz::TARGETS;
use skiff_testing::memory::Counting;
use skiff_testing::panics::catch;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Only to tell a loop that never ends from slow machines.
const MOST_TIME: Duration = Duration::from_secs(20);

#[test]
fn everything_found_stays_mended() {
    let mut failures = Vec::new();
    for target in TARGETS {
        for (path, bytes) in target.regressions().expect("the folder can be read") {
            failures.extend(failure(target, &path.display().to_string(), &bytes));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn seeds_break_no_promise() {
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for target in TARGETS {
            let failures = &failures;
            scope.spawn(move || {
                let seeds = (target.seeds)();
                assert!(seeds.len() >= 10, "{} has {} seeds", target.name, seeds.len());
                let found = seeds.iter().filter_map(|seed| failure(target, &seed.name, &seed.bytes));
                failures.lock().expect("no panic while it is held").extend(found.collect::<Vec<_>>());
            });
        }
    });
    let failures = failures.into_inner().expect("no panic while it is held");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What goes wrong with an input, with its name.
fn failure(target: &skiff_fuzz::Target, name: &str, bytes: &[u8]) -> Option<String> {
    let start = Instant::now();
    let outcome = catch(|| target.run(bytes));
    let took = start.elapsed();
    match outcome {
        Err(place) => Some(format!("{}: {name}: {place}", target.name)),
        Ok(_) if took > MOST_TIME => Some(format!("{}: {name}: took {took:?}", target.name)),
        Ok(_) => None,
    }
}
