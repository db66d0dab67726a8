//! Zips that are unusual, and that every reader takes alike: they stay models. (`attacks/zips.py` writes these, and those
//! that readers disagree about.)

use std::fs;
use std::path::Path;

use skiff_files::{Content, Limits, Node, bytes, open};
use skiff_scan::{Rating, scan_bytes};

#[test]
fn unusual_archives_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zips");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let limits = Limits::default();
        let verdict = scan_bytes(&bytes(&path, &limits).unwrap(), Some(&path), &limits);
        assert_eq!(verdict.rating, Rating::Model, "{}: {:?}", path.display(), verdict.findings);
        let file = open(&path, &limits).unwrap();
        assert_eq!(file.format.content, Content::Npz);
        let root = file.graph.node(file.graph.root());
        assert!(matches!(root, Node::Dict(pairs) if pairs.len() == 1), "{}: {root:?}", path.display());
        count += 1;
    }
    assert_eq!(count, 11);
}
