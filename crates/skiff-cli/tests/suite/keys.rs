//! Signing, verifying, encrypting and decrypting on the command line: what is said, and with what exit status.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use skiff_testing::command::{Folder, example};

/// A folder of a test's own, with a model in it, and a key, and an identity.
struct Setup(Folder);

/// What a run said: its exit status, standard output, standard error.
type Said = (i32, String, String);

impl Setup {
    fn new(name: &str) -> Self {
        let setup = Self(Folder::new(&format!("keys-{name}")));
        fs::copy(example("iris-svc.joblib"), setup.path("model.joblib")).expect("the example");
        fs::copy(example("iris.csv"), setup.path("rows.csv")).expect("the example");
        let (status, public, _) = setup.run("keygen key.pem");
        assert_eq!(status, 0);
        fs::write(setup.path("pub.pem"), public).expect("a file");
        setup
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// Runs the command in the setup; the words are the arguments.
    fn run(&self, words: &str) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skiff"));
        command
            .args(words.split_whitespace())
            .current_dir(self.0.path())
            .env("SECRET", "correct horse")
            .env_remove("UNSET");
        let output = command.output().expect("the command runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// Standard output of a run that must succeed.
    fn prints(&self, words: &str) -> String {
        let (status, out, error) = self.run(words);
        assert_eq!(status, 0, "{words}: {out}{error}");
        out
    }

    /// Standard error of a run that must fail.
    fn says(&self, words: &str) -> String {
        let (status, out, error) = self.run(words);
        assert_eq!((status, out.as_str()), (2, ""), "{words}: {error}");
        error
    }
}

#[test]
fn a_signed_file_is_verified_until_it_changes() {
    let setup = Setup::new("file");
    let said = setup.prints("sign model.joblib --key key.pem");
    assert!(said.starts_with("model.joblib.sig: signed by ECDSA on P-256 with SHA-256, key `"), "{said}");
    let said = setup.prints("verify model.joblib --key pub.pem");
    assert!(said.starts_with("model.joblib: verified\n  signature: by the key `"), "{said}");
    assert!(said.contains("\n    1 file matches\n"), "{said}");

    let mut bytes = fs::read(setup.path("model.joblib")).expect("the model");
    bytes.push(0);
    fs::write(setup.path("model.joblib"), bytes).expect("a file");
    let (status, said, _) = setup.run("verify model.joblib --key pub.pem");
    assert_eq!(status, 1);
    assert!(said.starts_with("model.joblib: not verified\n"), "{said}");
    assert!(said.ends_with("\n    `.` was changed\n"), "{said}");
    let (status, said, _) = setup.run("verify model.joblib --key pub.pem --format json");
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((status, json["verdict"].as_str()), (1, Some("differs")));
    assert_eq!(json["signature"]["problems"][0]["code"], "changed");

    fs::write(setup.path("other.pem"), setup.prints("keygen other-key.pem")).expect("a file");
    let (status, said, _) = setup.run("verify model.joblib --key other.pem");
    assert_eq!(status, 1);
    assert!(said.contains("\n    expected a signature by the key `"), "{said}");
}

#[test]
fn a_folder_is_verified_with_all_that_is_in_it() {
    let setup = Setup::new("folder");
    fs::create_dir(setup.path("model")).expect("a folder");
    fs::rename(setup.path("model.joblib"), setup.path("model/a.joblib")).expect("a file");
    fs::write(setup.path("model/LICENSE"), "none").expect("a file");
    setup.prints("sign model --key key.pem --ignore LICENSE");
    let said = setup.prints("verify model --key pub.pem");
    assert!(said.ends_with("1 file matches\n    note: `LICENSE` is not covered by the signature\n"), "{said}");
    fs::rename(setup.path("model/a.joblib"), setup.path("model/b.joblib")).expect("a file");
    let (status, said, _) = setup.run("verify model --key pub.pem");
    assert_eq!(status, 1);
    assert!(said.contains("\n    `a.joblib` was renamed to `b.joblib`\n"), "{said}");
    let text = "error[usage]: to verify a signature, pass `--key FILE` or `--certificate-chain FILE`\n";
    assert_eq!(setup.says("verify model"), text);
}

#[test]
fn what_cannot_be_signed_is_told() {
    let setup = Setup::new("sign");
    let says = |words: &str| setup.says(words);
    let text = "error[wrong-key]: expected a private key in PEM, found `PUBLIC KEY`\n  --> pub.pem\n\
                help: `skiff keygen` makes a key\n";
    assert_eq!(says("sign model.joblib --key pub.pem"), text);
    let text = "error[wrong-key]: expected a public key in PEM, found `PRIVATE KEY`\n  --> key.pem\n\
                help: `openssl pkey -in KEY.pem -pubout` prints the public key of a private key\n";
    setup.prints("sign model.joblib --key key.pem");
    assert_eq!(says("verify model.joblib --key key.pem"), text);
    assert!(says("sign model.joblib --key nowhere.pem").starts_with("error[unreadable-file]: cannot read the file: "));
    assert!(says("sign nowhere --key key.pem").starts_with("error[unreadable-file]: cannot read the file: "));
    let text = "error[wrong-certificate]: expected certificates in PEM, found none\n  --> pub.pem\n";
    assert_eq!(says("sign model.joblib --key key.pem --certificate pub.pem"), text);
    assert_eq!(says("verify model.joblib --certificate-chain pub.pem"), text);

    setup.prints("keygen secret.pem --password-env SECRET");
    let text = "error[wrong-password]: the key is encrypted: a password is needed\n  --> secret.pem\n\
                help: name the environment variable that holds it: `--password-env NAME`\n";
    assert_eq!(says("sign model.joblib --key secret.pem"), text);
    let text = "error[usage]: the environment variable `UNSET` is not set\n";
    assert_eq!(says("sign model.joblib --key secret.pem --password-env UNSET"), text);
    let text = "error[wrong-password]: wrong password\n  --> secret.pem\n";
    assert_eq!(says("sign model.joblib --key secret.pem --password-env PATH"), text);
    setup.prints("sign model.joblib --key secret.pem --password-env SECRET --force");

    setup.prints("keygen ed.pem --algorithm ed25519");
    let text = "error[unsupported-key]: Ed25519 keys are not part of Model Signing\n\
                help: `--extension` signs all the same: skiff verifies it, the `model_signing` tool does not; \
                `skiff keygen` makes a key that both take\n";
    assert_eq!(says("sign model.joblib --force --key ed.pem"), text);
    setup.prints("sign model.joblib --force --key ed.pem --extension");
    let text = says("keygen key.pem");
    assert!(text.starts_with("error[unwritable-file]: cannot write the key: "), "{text}");

    #[cfg(unix)]
    {
        fs::create_dir(setup.path("linked")).expect("a folder");
        std::os::unix::fs::symlink("../model.joblib", setup.path("linked/model")).expect("a link");
        let text = "error[unsupported-content]: expected files and folders, found a link\n  --> linked/model\n\
                    help: `--follow-links` signs the content of the files that links point to\n";
        assert_eq!(says("sign linked --key key.pem"), text);
        setup.prints("sign linked --key key.pem --follow-links");
    }
}

#[test]
fn signatures_that_are_none_are_told() {
    let setup = Setup::new("signature");
    let says = |content: &str| {
        fs::write(setup.path("model.joblib.sig"), content).expect("a file");
        setup.says("verify model.joblib --key pub.pem")
    };
    let text = says("Dear Sir or Madam");
    assert!(text.starts_with("error[damaged-signature]: not a signature bundle: "), "{text}");
    assert!(text.ends_with("\n  --> model.joblib.sig\n"), "{text}");
    let keyless =
        r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{}}}"#;
    let text = "error[unsupported-signature]: the signer is attested by Sigstore's servers, not by a key or a certificate chain\n  \
                --> model.joblib.sig\nhelp: the `model_signing` tool verifies it, using the network\n";
    assert_eq!(says(keyless), text);
    let text = says(r#"{"mediaType":"text/plain","verificationMaterial":{}}"#);
    assert!(text.starts_with("error[unsupported-signature]: expected a bundle of type `application/vnd.dev.sigstore"));
    fs::remove_file(setup.path("model.joblib.sig")).expect("a file");
    let text = setup.says("verify model.joblib --key pub.pem");
    assert!(text.starts_with("error[unreadable-file]: cannot read the file: "), "{text}");
    assert!(text.ends_with("\n  --> model.joblib.sig\n"), "{text}");
}

#[test]
fn an_encrypted_model_is_opened_in_place() {
    let setup = Setup::new("encrypt");
    let recipient = setup.prints("keygen --age id.txt");
    setup.prints(&format!("encrypt model.joblib --recipient {recipient}"));
    let (plain, rows) = (setup.prints("predict model.joblib rows.csv"), "rows.csv --identity id.txt");
    assert_eq!(setup.prints(&format!("predict model.joblib.age {rows}")), plain);
    assert!(setup.prints("inspect model.joblib.age --identity id.txt").starts_with("model.joblib.age: age, joblib, "));
    assert!(setup.prints("scan model.joblib.age --identity id.txt").starts_with("model "));
    assert!(setup.prints("plan model.joblib.age --identity id.txt").starts_with("predict:"));
    assert!(!setup.prints("disassemble model.joblib.age --identity id.txt").is_empty());
    setup.prints(&format!("convert model.joblib.age new.skiff.age --identity id.txt --recipient {recipient}"));
    assert!(setup.prints("verify new.skiff.age --identity id.txt").starts_with("new.skiff.age: verified\n"));
    setup.prints("decrypt model.joblib.age --identity id.txt --output plain.joblib");
    let read = |file: &str| fs::read(setup.path(file)).expect("a file");
    assert_eq!(read("plain.joblib"), read("model.joblib"));

    setup.prints("encrypt model.joblib -o secret.age --passphrase-env SECRET --form text");
    assert!(read("secret.age").starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----"));
    assert!(setup.prints("scan secret.age --passphrase-env SECRET").starts_with("model "));
    let (status, said, _) = setup.run("scan secret.age");
    assert_eq!(status, 1);
    assert!(said.contains("is encrypted by age"), "{said}");
}

#[test]
fn what_cannot_be_decrypted_is_told() {
    let setup = Setup::new("decrypt");
    let recipient = setup.prints("keygen --age id.txt");
    let (says, run) = (|words: &str| setup.says(words), |words: &str| setup.prints(words));
    run("keygen --age other.txt");
    run(&format!("encrypt model.joblib --recipient {recipient}"));
    let text = "error[encrypted-file]: the file is encrypted with age: an identity is needed to open it\n  \
                --> model.joblib.age\nhelp: open it with `--identity FILE`, \
                or with `--passphrase-env NAME` if it was encrypted with a passphrase\n";
    assert_eq!(says("inspect model.joblib.age"), text);
    let text = "error[wrong-identity]: the file was not encrypted for this identity\n  --> model.joblib.age\n";
    assert_eq!(says("inspect model.joblib.age --identity other.txt"), text);
    assert_eq!(says("decrypt model.joblib.age --identity other.txt --output out"), text);
    let text = "error[not-encrypted]: expected a file encrypted with age, found another file\n  --> model.joblib\n";
    assert_eq!(says("decrypt model.joblib --identity id.txt --output out"), text);
    assert!(!setup.path("out").exists());
    let text = "error[usage]: `--identity FILE` or `--passphrase-env NAME` is required\n";
    assert_eq!(says("decrypt model.joblib.age"), text);
    let text = "error[usage]: the file's name does not end in `.age`: `--output FILE` is required\n";
    assert_eq!(says("decrypt model.joblib --identity id.txt"), text);
    let text = "error[wrong-identity-file]: expected an age identity, `AGE-SECRET-KEY-1…`, found something else on line 1\n  \
                --> pub.pem\nhelp: `skiff keygen --age` makes an identity file\n";
    assert_eq!(says("inspect model.joblib.age --identity pub.pem"), text);
    let text = "error[wrong-recipient]: expected a recipient to encrypt for, found none\n";
    assert_eq!(says("encrypt model.joblib"), text);
    let text = "error[wrong-recipient]: expected an age recipient, `age1…`, found `age1nobody`\n\
                help: `skiff keygen --age` prints the recipient of each identity that it makes\n";
    assert_eq!(says("encrypt model.joblib --recipient age1nobody"), text);
    let text = "error[unsupported-target]: a `.age` file is encrypted, but there are no recipients\n";
    assert_eq!(says("convert model.joblib new.skiff.age"), text);

    let mut bytes = fs::read(setup.path("model.joblib.age")).expect("a file");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(setup.path("changed.age"), bytes).expect("a file");
    let text = "error[damaged-file]: the encrypted file is damaged or was modified\n  --> changed.age\n";
    assert_eq!(says("inspect changed.age --identity id.txt"), text);
}
