//! Signatures against models that are, and are not, what was signed: those that `model_signing` wrote (`data/make.py`)
//! and our own.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use skiff_sign::{
    Algorithm, Bundle, Certificate, Extensions, Links, Note, PrivateKey, Problem, PublicKey, SignOptions,
    SignatureVerdict, Trust, default_signature, sign, verify,
};

/// A file of `data/`.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn bundle(name: &str) -> Bundle {
    Bundle::read(&fs::read(data(name)).unwrap()).unwrap()
}

fn key(name: &str) -> PublicKey {
    PublicKey::from_pem(&fs::read(data(name)).unwrap()).unwrap()
}

fn roots() -> Vec<Certificate> {
    Certificate::from_pem(&fs::read(data("root.pem")).unwrap()).unwrap()
}

/// A copy of `data/model`, which goes when it is dropped.
struct Model(PathBuf);

impl Model {
    fn new() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let model = Self(std::env::temp_dir().join(format!("skiff-sign-{}-{count}", std::process::id())));
        fs::create_dir_all(model.0.join("weights")).unwrap();
        for file in ["config.json", "weights/one.bin", "weights/two.bin", "weights.txt"] {
            fs::copy(data("model").join(file), model.0.join(file)).unwrap();
        }
        model
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_model_signing_signed_is_verified() {
    for (signature, pem, algorithm, count) in [
        ("p256.sig", "p256.pem", Algorithm::P256, 4),
        ("p384.sig", "p384.pem", Algorithm::P384, 4),
        ("p521.sig", "p521.pem", Algorithm::P521, 4),
        ("shards.sig", "p256.pem", Algorithm::P256, 4),
        ("blake2.sig", "p256.pem", Algorithm::P256, 4),
        ("blake3.sig", "p256.pem", Algorithm::P256, 4),
        ("legacy.sig", "p256.pem", Algorithm::P256, 4),
    ] {
        let verdict = verify(&data("model"), &bundle(signature), None, &Trust::Key(key(pem))).unwrap();
        assert!(verdict.is_verified(), "{signature}: {:?}", verdict.problems);
        assert_eq!(verdict.files.len(), count, "{signature}");
        assert_eq!(verdict.signer.algorithm, Some(algorithm));
        let notes = if signature == "legacy.sig" { vec![Note::Legacy] } else { Vec::new() };
        assert_eq!(verdict.notes, notes, "{signature}");
    }
    let verdict = verify(&data("model/config.json"), &bundle("file.sig"), None, &Trust::Key(key("p256.pem"))).unwrap();
    assert!(verdict.is_verified(), "{:?}", verdict.problems);
    assert_eq!((verdict.files, verdict.name.as_deref()), (vec![".".to_owned()], Some("config.json")));
}

#[test]
fn certificates_lead_to_the_root_that_is_trusted() {
    let roots = roots();
    let verified = |name: &str, roots: &[Certificate], at: Option<&str>| {
        let at = at.map(|at| at.parse().unwrap());
        verify(&data("model"), &bundle(name), None, &Trust::Certificates { roots: roots.to_vec(), at }).unwrap()
    };
    let verdict = verified("chain.sig", &roots, None);
    assert!(verdict.is_verified(), "{:?}", verdict.problems);
    assert_eq!(verdict.signer.certificate.unwrap().subject, "CN=leaf");
    assert_eq!(verdict.signer.algorithm, Some(Algorithm::P384));
    assert!(verdict.notes.is_empty());
    assert!(verified("chain.sig", &roots, Some("2026-06-01")).is_verified());

    let verdict = verified("expired.sig", &roots, None);
    assert!(verdict.is_verified(), "{:?}", verdict.problems);
    assert_eq!(verdict.notes, [Note::Expired { at: "2026-01-02T00:00:00Z".to_owned() }]);
    let verdict = verified("expired.sig", &roots, Some("2026-06-01"));
    assert!(matches!(verdict.problems.as_slice(), [Problem::NotValid { .. }]), "{:?}", verdict.problems);
    let verdict = verified("chain.sig", &roots, Some("2025-12-31T23:59:59Z"));
    assert!(matches!(verdict.problems.as_slice(), [Problem::NotValid { .. }]), "{:?}", verdict.problems);

    let verdict = verified("chain.sig", &[], None);
    let why = "the signer is not trusted: there is no certificate of its issuer `CN=root`";
    assert_eq!(verdict.problems[0].to_string(), why);
    assert!(verdict.files.is_empty(), "no files are read for an untrusted signer");
    let verdict = verified("p256.sig", &roots, None);
    let why = "the signer is not trusted: it was signed with a key, without a certificate";
    assert_eq!(verdict.problems[0].to_string(), why);
    // A bundle with certificates does not hold for a key that is not theirs.
    let verdict = verify(&data("model"), &bundle("chain.sig"), None, &Trust::Key(key("p384.pem"))).unwrap();
    assert_eq!(verdict.problems, [Problem::WrongSignature]);
}

/// A key, the model, its signature next to it, and a change to the model.
fn after(change: impl FnOnce(&Model)) -> (SignatureVerdict, SignatureVerdict) {
    let model = Model::new();
    let key = PrivateKey::generate(Algorithm::P256).unwrap();
    let signature = default_signature(&model.0);
    let options = SignOptions { signature: Some(&signature), ..SignOptions::default() };
    let bundle = sign(&model.0, &key, &options).unwrap();
    fs::write(&signature, bundle.to_json()).unwrap();
    let verdict = || {
        verify(
            &model.0,
            &Bundle::read(bundle.to_json().as_bytes()).unwrap(),
            Some(&signature),
            &Trust::Key(key.public()),
        )
    };
    let before = verdict().unwrap();
    assert!(before.is_verified(), "{:?}", before.problems);
    assert!(before.uncovered.is_empty() && before.notes.is_empty());
    change(&model);
    (before, verdict().unwrap())
}

#[test]
fn each_change_is_named() {
    let problems = |change: &dyn Fn(&Model)| {
        let (_, verdict) = after(change);
        verdict.problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let one = "weights/one.bin";
    assert!(problems(&|_| {}).is_empty());
    assert_eq!(problems(&|model| fs::write(model.path(one), b"x").unwrap()), ["`weights/one.bin` was changed"]);
    assert_eq!(problems(&|model| fs::write(model.path("new"), b"x").unwrap()), ["`new` was added"]);
    assert_eq!(problems(&|model| fs::remove_file(model.path(one)).unwrap()), ["`weights/one.bin` is missing"]);
    assert_eq!(
        problems(&|model| fs::rename(model.path(one), model.path("other.bin")).unwrap()),
        ["`weights/one.bin` was renamed to `other.bin`"]
    );
    // Two files that take each other's names are two changes.
    assert_eq!(
        problems(&|model| {
            fs::rename(model.path(one), model.path("swap")).unwrap();
            fs::rename(model.path("weights/two.bin"), model.path(one)).unwrap();
            fs::rename(model.path("swap"), model.path("weights/two.bin")).unwrap();
        }),
        ["`weights/one.bin` was changed", "`weights/two.bin` was changed"]
    );
    assert_eq!(
        problems(&|model| {
            fs::remove_dir_all(model.path("weights")).unwrap();
            fs::write(model.path("\u{1b}[2J"), b"x").unwrap();
        }),
        ["`\\u{1b}[2J` was added", "`weights/one.bin` is missing", "`weights/two.bin` is missing"]
    );
    // What git leaves is no part of the model, and said to be none.
    let (_, verdict) = after(|model| fs::write(model.path(".gitattributes"), b"x").unwrap());
    assert!(verdict.is_verified());
    assert_eq!(verdict.uncovered, [".gitattributes"]);
    // The model's own name is known, and not held against it.
    let moved = Model::new();
    let verdict = verify(&moved.0, &bundle("p256.sig"), None, &Trust::Key(key("p256.pem"))).unwrap();
    assert!(verdict.is_verified());
    assert_eq!(verdict.notes, [Note::OtherName { name: "model".to_owned() }]);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_named() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let problems = |change: &dyn Fn(&Model)| {
        let (_, verdict) = after(change);
        verdict.problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    // The same content, by a link.
    assert_eq!(
        problems(&|model| {
            fs::rename(
                model.path("weights.txt"),
                std::env::temp_dir().join(format!("skiff-linked-{}", std::process::id())),
            )
            .unwrap();
            symlink(
                std::env::temp_dir().join(format!("skiff-linked-{}", std::process::id())),
                model.path("weights.txt"),
            )
            .unwrap();
        }),
        ["`weights.txt` is a link"]
    );
    let _ = fs::remove_file(std::env::temp_dir().join(format!("skiff-linked-{}", std::process::id())));
    assert_eq!(problems(&|model| symlink("nowhere", model.path("new")).unwrap()), ["`new` is a link"]);
    assert_eq!(problems(&|model| symlink("..", model.path("loop")).unwrap()), ["`loop` is a link"]);
    let name = std::ffi::OsStr::from_bytes(b"\xff");
    assert_eq!(
        problems(&|model| fs::write(model.0.join(name), b"").unwrap()),
        ["`\u{fffd}` is not a file or folder with a name in UTF-8"]
    );
    let socket = |model: &Model| drop(std::os::unix::net::UnixListener::bind(model.path("s")).unwrap());
    assert_eq!(problems(&socket), ["`s` is not a file or folder with a name in UTF-8"]);

    // Signing refuses links, or signs what they point at.
    let model = Model::new();
    symlink("weights.txt", model.path("link")).unwrap();
    let key = PrivateKey::generate(Algorithm::P256).unwrap();
    let error = sign(&model.0, &key, &SignOptions::default()).unwrap_err();
    assert_eq!((error.code(), error.path()), ("unsupported-content", Some(model.path("link").as_path())));
    let options = SignOptions { links: Links::Follow, ..SignOptions::default() };
    let bundle = sign(&model.0, &key, &options).unwrap();
    let verdict = || verify(&model.0, &bundle, None, &Trust::Key(key.public())).unwrap();
    assert!(verdict().is_verified());
    fs::remove_file(model.path("link")).unwrap();
    symlink("config.json", model.path("link")).unwrap();
    assert_eq!(verdict().problems, [Problem::Changed { name: "link".to_owned() }]);
    fs::remove_file(model.path("link")).unwrap();
    symlink("weights", model.path("link")).unwrap();
    assert_eq!(verdict().problems, [Problem::Linked { name: "link".to_owned() }]);
}

#[test]
fn another_key_and_another_text_are_told_apart() {
    let theirs = bundle("p256.sig");
    let verdict = verify(&data("model"), &theirs, None, &Trust::Key(key("p384.pem"))).unwrap();
    assert!(matches!(verdict.problems.as_slice(), [Problem::OtherKey { .. }]), "{:?}", verdict.problems);
    // The same key's signature of another statement.
    let text = fs::read_to_string(data("p256.sig")).unwrap();
    let other: serde_json::Value = serde_json::from_slice(&fs::read(data("blake2.sig")).unwrap()).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"].clone();
    let swapped = Bundle::read(json.to_string().as_bytes()).unwrap();
    let verdict = verify(&data("model"), &swapped, None, &Trust::Key(key("p256.pem"))).unwrap();
    assert_eq!(verdict.problems, [Problem::WrongSignature]);
}

#[test]
fn shards_find_changes_in_length_too() {
    let verdict = |change: &dyn Fn(&Model)| {
        let model = Model::new();
        change(&model);
        verify(&model.0, &bundle("shards.sig"), None, &Trust::Key(key("p256.pem"))).unwrap()
    };
    let one = "weights/one.bin";
    let bytes: Vec<u8> = (0..=255).collect();
    assert!(verdict(&|_| {}).is_verified());
    let changed = [Problem::Changed { name: one.to_owned() }];
    assert_eq!(verdict(&|model| fs::write(model.path(one), &bytes[..255]).unwrap()).problems, changed);
    assert_eq!(verdict(&|model| fs::write(model.path(one), &bytes[..200]).unwrap()).problems, changed);
    assert_eq!(verdict(&|model| fs::write(model.path(one), [&bytes[..], &[0]].concat()).unwrap()).problems, changed);
    assert_eq!(verdict(&|model| fs::write(model.path(one), b"").unwrap()).problems, changed);
    let verdict = verdict(&|model| fs::write(model.path("empty"), b"").unwrap());
    assert_eq!(verdict.problems, [Problem::Added { name: "empty".to_owned() }]);
}

#[test]
fn ed25519_is_an_extension_that_says_so() {
    let model = Model::new();
    let key = PrivateKey::generate(Algorithm::Ed25519).unwrap();
    let error = sign(&model.0, &key, &SignOptions::default()).unwrap_err();
    assert_eq!(error.code(), "unsupported-key");
    let options = SignOptions { extensions: Extensions::Allow, ..SignOptions::default() };
    let bundle = sign(&model.0, &key, &options).unwrap();
    let verdict = verify(&model.0, &bundle, None, &Trust::Key(key.public())).unwrap();
    assert!(verdict.is_verified());
    assert_eq!(verdict.notes, [Note::Extension]);
}

#[test]
fn a_certificate_must_be_of_the_key() {
    let key = PrivateKey::generate(Algorithm::P256).unwrap();
    let certificates = roots();
    let options = SignOptions { certificates: &certificates, ..SignOptions::default() };
    let error = sign(&data("model"), &key, &options).unwrap_err();
    assert_eq!(error.to_string(), "the first certificate does not match the signing key");
}

/// Any bytes are refused, or are what was signed: a bundle of which a bit was changed must not verify unless the bit is
/// of files that are neither signed nor read.
#[test]
fn damage_is_found_and_nothing_panics() {
    let model = data("model");
    let (p256, roots) = (key("p256.pem"), roots());
    let by_certificate = Trust::Certificates { roots, at: None };
    for (name, trust) in [
        ("p256.sig", Trust::Key(p256.clone())),
        ("shards.sig", Trust::Key(p256.clone())),
        ("chain.sig", by_certificate),
    ] {
        let whole = fs::read(data(name)).unwrap();
        let expected = verify(&model, &bundle(name), None, &trust).unwrap();
        assert!(expected.is_verified());
        let judge = |bytes: &[u8], what: &str| {
            let Ok(bundle) = Bundle::read(bytes) else { return };
            if bundle == self::bundle(name) {
                return;
            }
            if let Ok(verdict) = verify(&model, &bundle, None, &trust) {
                // Without its hint a bundle does not name its key, and is still valid. A certificate that is
                // not needed may be damaged, or spelled otherwise.
                let same = verdict.files == expected.files && verdict.signer.key == expected.signer.key;
                assert!(!verdict.is_verified() || same, "{name}: {what}");
            }
        };
        for end in (0..whole.len()).step_by(31) {
            judge(&whole[..end], &format!("cut at {end}"));
        }
        for at in (0..whole.len()).step_by(17) {
            for bit in [0, 5] {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                judge(&bytes, &format!("bit {bit} of byte {at}"));
            }
        }
        // Within the signed text every change is found.
        let mut json: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        let payload = json["dsseEnvelope"]["payload"].as_str().unwrap().to_owned();
        for at in (0..payload.len() - 4).step_by(97) {
            let mut bytes = payload.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            json["dsseEnvelope"]["payload"] = String::from_utf8(bytes).unwrap().into();
            let changed = Bundle::read(json.to_string().as_bytes()).unwrap();
            let verdict = verify(&model, &changed, None, &trust).unwrap();
            assert_eq!(verdict.problems, [Problem::WrongSignature], "{name}: character {at}");
        }
    }
}

#[test]
fn keys_and_certificates_of_any_bytes_are_refused() {
    for name in ["p256.pem", "p521.pem", "root.pem"] {
        let whole = fs::read(data(name)).unwrap();
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                let _ = PublicKey::from_pem(&bytes);
                let _ = PrivateKey::from_pem(&bytes, None);
                let _ = Certificate::from_pem(&bytes).map(|all| all.iter().map(Certificate::view).count());
            }
        }
    }
}
