//! Pickles that Python wrote (`data/make.py`): read, written, read again, cut short and damaged.

use std::path::Path;

use skiff_pickle::{Bytes, Limits, disassemble, isomorphic, read, read_first, to_bytes};

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut samples: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of samples")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pkl"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("a sample"))
        })
        .collect();
    samples.sort();
    assert!(samples.len() > 50, "the samples are gone");
    samples
}

/// Small budgets, so that damaged lengths cannot make a test slow.
fn limits() -> Limits {
    Limits { nodes: 1 << 20, decoded: 1 << 20, ..Limits::default() }
}

#[test]
fn every_sample_is_read_to_its_end() {
    for (name, bytes) in samples() {
        let (_, end) =
            read_first(&Bytes::from(bytes.clone()), &limits()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((end.offset, end.frame_left), (bytes.len(), 0), "{name}");
    }
}

#[test]
fn what_is_written_says_the_same() {
    for (name, bytes) in samples() {
        let graph = read(&Bytes::from(bytes), &limits()).unwrap();
        for protocol in 2..=5 {
            let written = match to_bytes(&graph, protocol) {
                Ok(written) => written,
                Err(_) if name.starts_with("buffers") && protocol < 5 => continue,
                Err(error) => panic!("{name} in protocol {protocol}: {error}"),
            };
            let again = read(&Bytes::from(written), &limits())
                .unwrap_or_else(|error| panic!("{name} in protocol {protocol}: {error}"));
            // Below protocol 5 some values become calls, and above 2 some names become Python 3's.
            let calls = protocol < 5 && (name.starts_with("bytes") || (protocol < 4 && name.contains("containers")))
                || protocol < 3 && name.contains("py3")
                || protocol < 4 && name.contains("objects");
            let names = protocol > 2 && ["p0", "p1", "p2"].iter().any(|old| name.contains(old));
            assert!(calls || names || isomorphic(&graph, &again), "{name} in protocol {protocol}");
            // A written graph is the same when it is read again.
            let twice = read(&Bytes::from(to_bytes(&again, protocol).unwrap()), &limits()).unwrap();
            assert!(isomorphic(&again, &twice), "{name} in protocol {protocol}, twice");
        }
    }
}

#[test]
fn no_prefix_is_a_pickle() {
    for (name, bytes) in samples() {
        for end in 0..bytes.len() {
            assert!(read(&Bytes::from(bytes[..end].to_vec()), &limits()).is_err(), "{name} cut at {end}");
        }
    }
}

#[test]
fn no_damage_makes_a_panic() {
    for (name, bytes) in samples() {
        if bytes.len() > 160 {
            continue;
        }
        for at in 0..bytes.len() {
            for value in 0..=u8::MAX {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let mut text = Vec::new();
                disassemble(&damaged, &[], &mut text).unwrap();
                if let Ok(graph) = read(&Bytes::from(damaged), &limits()) {
                    // What can be read can be written, or there is a reason.
                    if let Ok(written) = to_bytes(&graph, 5) {
                        read(&Bytes::from(written), &limits())
                            .unwrap_or_else(|error| panic!("{name}, byte {at} = {value}: {error}"));
                    }
                }
            }
        }
    }
}

#[test]
fn every_sample_is_disassembled() {
    for (name, bytes) in samples() {
        let mut text = Vec::new();
        assert!(disassemble(&bytes, &[], &mut text).unwrap().is_none(), "{name}");
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(": .    STOP\nhighest protocol among opcodes = "), "{name}:\n{text}");
    }
}
