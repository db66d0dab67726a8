//! Encrypted models: only recipients can open them, in bounded memory and time.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::fs;
use std::path::PathBuf;

use skiff::encryption::{self, Armor, EncryptionError};
use skiff::{ConvertOptions, ErrorKind, File, Identity, Limits, Options, Rating, Recipients};

fn example() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("examples/iris-svc.joblib")
}

/// A file name of this process alone.
fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("skiff-encryption-{}-{name}", std::process::id()))
}

/// The example, encrypted.
fn encrypted(name: &str, recipients: &Recipients) -> Vec<u8> {
    let path = temporary(name);
    encryption::encrypt(example(), &path, recipients).unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    bytes
}

fn options(identity: &Identity) -> Options {
    Options { identity: Some(identity.clone()), ..Options::default() }
}

#[test]
fn a_model_opens_for_its_recipients_alone() {
    let (mine, theirs, other) = (Identity::generate(), Identity::generate(), Identity::generate());
    let both = mine.recipients().unwrap().and(theirs.recipients().unwrap()).unwrap();
    for armor in [Armor::Binary, Armor::Text] {
        let bytes = encrypted("both", &both.clone().with_armor(armor));
        for identity in [&mine, &theirs, &other.clone().and(mine.clone())] {
            let file = File::read(bytes.clone(), &options(identity)).unwrap();
            assert_eq!(file.contents().format.describe(), ["age", "joblib, pickle protocol 4"]);
            assert_eq!(file.contents().size, u64::try_from(bytes.len()).unwrap());
            file.model(None).unwrap();
        }
        let error = File::read(bytes.clone(), &options(&other)).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("wrong-identity", ErrorKind::WrongInput));
        let error = File::read(bytes.clone(), &Options::default()).unwrap_err();
        assert_eq!(error.code(), "encrypted-file");
        assert!(error.help().unwrap().contains("--identity"));
        // What a scan cannot look into is unknown, never a model.
        assert_eq!(
            skiff::scan_bytes(bytes.clone(), &Options::default()).expect("it is not encrypted").rating,
            Rating::Unknown
        );
        assert_eq!(skiff::scan_bytes(bytes, &options(&mine)).unwrap().rating, Rating::Model);
    }
}

#[test]
fn a_passphrase_opens_what_it_encrypted() {
    let (right, wrong) = (Identity::passphrase("correct horse").unwrap(), Identity::passphrase("battery").unwrap());
    let bytes = encrypted("passphrase", &right.recipients().unwrap());
    File::read(bytes.clone(), &options(&right)).unwrap().model(None).unwrap();
    for identity in [wrong, Identity::generate()] {
        let error = File::read(bytes.clone(), &options(&identity)).unwrap_err();
        assert_eq!(error.to_string(), "wrong passphrase");
    }
    assert!(matches!(Identity::passphrase(""), Err(EncryptionError::NoPassphrase)));
    let mixed = right.and(Identity::generate()).recipients();
    assert!(matches!(mixed, Err(EncryptionError::Mixed)));
}

/// A header with too high a work factor.
#[test]
fn a_passphrase_that_costs_too_much_is_refused_at_once() {
    let header = "age-encryption.org/v1\n-> scrypt c2FsdHNhbHRzYWx0c2FsdA 30\n\
                  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    let bytes = [header.as_bytes(), &[0; 64]].concat();
    let error = File::read(bytes, &options(&Identity::passphrase("x").unwrap())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(error.to_string().starts_with("expected a scrypt work factor of at most 2^20, found 2^30"), "{error}");
}

/// Headers of any length end quickly: reading one costs the square of its length, and so there is a longest.
#[test]
fn a_long_header_is_refused() {
    let stanza = "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    let identity = Identity::generate();
    for (count, kind) in [(1_000, ErrorKind::DamagedFile), (100_000, ErrorKind::Limit)] {
        let mut bytes = b"age-encryption.org/v1\n".to_vec();
        bytes.extend(stanza.as_bytes().repeat(count));
        bytes.extend(b"--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
        bytes.extend([0; 64]);
        let error = File::read(bytes, &options(&identity)).unwrap_err();
        assert_eq!(error.kind(), kind, "{count}: {error}");
    }
}

#[test]
fn limits_hold_for_the_plain_text() {
    let identity = Identity::generate();
    let bytes = encrypted("limit", &identity.recipients().unwrap());
    let limits = Limits { decompressed: 1_000, ..Limits::default() };
    let error = File::read(bytes, &Options { limits, ..options(&identity) }).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("limit", ErrorKind::Limit));
}

#[test]
fn damage_is_found_and_nothing_panics() {
    let identity = Identity::generate();
    let opening = options(&identity);
    for armor in [Armor::Binary, Armor::Text] {
        let whole = encrypted("damage", &identity.recipients().unwrap().with_armor(armor));
        let plain = fs::read(example()).unwrap();
        // Armor without its last line end is whole.
        let ends = (0..whole.trim_ascii_end().len()).step_by(whole.len() / 60);
        for bytes in ends.map(|end| whole[..end].to_vec()) {
            assert!(File::read(bytes, &opening).is_err());
        }
        for at in (0..400).chain((400..whole.len()).step_by(whole.len() / 60)) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            let path = temporary("damaged");
            fs::write(&path, &bytes).unwrap();
            // Armor has line ends that may be spelled in two ways: what opens then is what was encrypted.
            let out = temporary("plain");
            if encryption::decrypt(&path, &out, &identity).is_ok() {
                assert_eq!(fs::read(&out).unwrap(), plain, "byte {at}");
                fs::remove_file(&out).unwrap();
            } else {
                assert!(!out.exists(), "half a plain text is none");
            }
        }
    }
    let _ = fs::remove_file(temporary("damaged"));
}

/// An encrypted model is opened without a file that holds its plain text, or a part of it.
#[test]
fn opening_writes_nothing() {
    let folder = temporary("folder");
    fs::create_dir_all(&folder).unwrap();
    let identity = Identity::generate();
    let path = folder.join("model.skiff.age");
    let recipients = Some(identity.recipients().unwrap());
    skiff::convert(example(), &path, &ConvertOptions { recipients, ..ConvertOptions::default() }).unwrap();
    options(&identity).open(&path).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // A name that promises encryption is not written without.
    let error = skiff::convert(example(), folder.join("model.pkl.age"), &ConvertOptions::default()).unwrap_err();
    assert_eq!(error.code(), "unsupported-target");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn identity_files_are_those_of_age() {
    let identity = Identity::generate();
    let again = Identity::read(identity.to_text().as_bytes()).unwrap();
    assert_eq!(again.recipients().unwrap().to_string(), identity.recipients().unwrap().to_string());
    let says = |text: &str| Identity::read(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(says("# only words\n"), "expected an age identity, `AGE-SECRET-KEY-1…`, found none");
    assert!(says("# words\n\nAGE-SECRET-KEY-1Q\n").ends_with("found something else on line 3"));
    assert_eq!(says("age-encryption.org/v1\n"), "the identity file is itself encrypted");
    let says = |text: &str| text.parse::<Recipients>().unwrap_err().to_string();
    assert!(says("ssh-ed25519 AAAA").ends_with("found `ssh-ed25519 AAAA`"));
    assert_eq!(says("# nobody\n"), "expected a recipient to encrypt for, found none");
    assert!(!format!("{identity:?}").contains("SECRET"), "secrets are not shown");
}
