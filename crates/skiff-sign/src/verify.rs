//! Verifying a model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::bundle::{Bundle, Material, pae, pae_before_1_0};
use crate::certificate::Path as Proof;
use crate::digest::Wanted;
use crate::sign::name;
use crate::statement::{Manifest, Method, shown};
use crate::tree::{Odd, Tree, within};
use crate::verdict::{Note, Problem, SignatureVerdict, Signer};
use crate::{Certificate, Error, PublicKey, Time};

/// The trusted signers.
#[derive(Clone, Debug)]
pub enum Trust {
    /// This key.
    Key(PublicKey),
    /// Holders of a certificate with a chain to one of the self-signed ones among these; the others are intermediates.
    Certificates {
        /// The certificates.
        roots: Vec<Certificate>,
        /// When the certificates must be valid. `None`: at the start of validity of the signer's own, since it is unknown when it
        /// signed; whether it has expired since is then a note.
        at: Option<Time>,
    },
}

/// Verifies the file or folder `model` with `bundle`, the content of the signature file `signature`.
///
/// # Errors
/// When a file cannot be read, and when the signed content is not a statement about a model. A wrong signature is
/// a verdict, not an error.
pub fn verify(
    model: &Path,
    bundle: &Bundle,
    signature: Option<&Path>,
    trust: &Trust,
) -> Result<SignatureVerdict, Error> {
    let mut verdict = SignatureVerdict {
        signer: Signer { algorithm: None, key: None, certificate: None },
        name: None,
        files: Vec::new(),
        uncovered: Vec::new(),
        problems: Vec::new(),
        notes: Vec::new(),
    };
    let Some(key) = signer(bundle, trust, &mut verdict) else {
        return Ok(verdict);
    };
    match spelling(bundle, &key) {
        Some(Spelling::Standard) => {}
        Some(Spelling::BeforeV1) => verdict.notes.push(Note::Legacy),
        None => {
            verdict.problems.push(Problem::WrongSignature);
            return Ok(verdict);
        }
    }
    // Only from here on is the content of the bundle authenticated.
    let mut manifest = Manifest::read(&bundle.payload)?;
    let own = signature.and_then(|signature| within(model, signature)).map(|inner| shown(&inner));
    manifest.ignored.extend(own.clone());
    verdict.name = manifest.name.clone();
    if let (Some(was), Some(is)) = (&manifest.name, name(model))
        && *was != is
    {
        verdict.notes.push(Note::OtherName { name: was.clone() });
    }
    // Statements of that version do not name the model.
    if manifest.name.is_none() && !verdict.notes.contains(&Note::Legacy) {
        verdict.notes.push(Note::Legacy);
    }
    compare(model, &manifest, &mut verdict)?;
    // The signature file itself is never part of what it signs, so it is not listed.
    verdict.uncovered.retain(|path| Some(path) != own.as_ref());
    Ok(verdict)
}

/// The trusted key; if there is none, the verdict gives the reason.
fn signer(bundle: &Bundle, trust: &Trust, verdict: &mut SignatureVerdict) -> Option<PublicKey> {
    let key = match (trust, &bundle.material) {
        (Trust::Key(key), Material::Key { hint: Some(hint) }) if *hint != key.fingerprint() => {
            verdict.problems.push(Problem::OtherKey { expected: key.fingerprint(), found: hint.clone() });
            key.clone()
        }
        // A trusted key needs no certificate; bundles before 1.0 do not name theirs.
        (Trust::Key(key), _) => key.clone(),
        (Trust::Certificates { .. }, Material::Key { .. }) => {
            let why = "it was signed with a key, without a certificate".to_owned();
            verdict.problems.push(Problem::Untrusted { why });
            return None;
        }
        (Trust::Certificates { roots, at }, Material::Certificates(chain)) => {
            let proof = Proof::find(chain, roots, *at);
            verdict.signer.certificate = proof.leaf;
            verdict.notes.extend(proof.notes);
            verdict.problems.extend(proof.problem);
            proof.key?
        }
    };
    verdict.signer.algorithm = Some(key.algorithm());
    verdict.signer.key = Some(key.fingerprint());
    if key.algorithm().is_extension() {
        verdict.notes.push(Note::Extension);
    }
    verdict.problems.is_empty().then_some(key)
}

/// The signed bytes.
enum Spelling {
    Standard,
    BeforeV1,
}

fn spelling(bundle: &Bundle, key: &PublicKey) -> Option<Spelling> {
    if key.verifies(&pae(&bundle.payload), &bundle.signature) {
        return Some(Spelling::Standard);
    }
    let old = pae_before_1_0(&bundle.payload);
    // Signers with certificates used SHA-256 then, for every curve.
    let verified = match bundle.material {
        Material::Key { .. } => key.verifies(&old, &bundle.signature),
        Material::Certificates(_) => key.verifies_digest(&Sha256::digest(&old), &bundle.signature),
    };
    verified.then_some(Spelling::BeforeV1)
}

/// One file as it was signed: the ends of its parts, and their digests.
#[derive(Default)]
struct Signed<'a> {
    ends: Option<Vec<u64>>,
    digests: Vec<&'a [u8]>,
    /// Whether the parts are not consecutive: then no file can match.
    is_broken: bool,
}

/// Compares the files with what was signed, and lists each difference.
fn compare(model: &Path, manifest: &Manifest, verdict: &mut SignatureVerdict) -> Result<(), Error> {
    let signed = signed(manifest);
    let tree = Tree::of(model, manifest.follows_links, &|path| manifest.ignores(path))?;
    verdict.uncovered.extend(tree.ignored.iter().map(|path| shown(path)));
    for (path, (odd, _)) in &tree.odd {
        let name = shown(path);
        verdict.problems.push(match odd {
            Odd::Link => Problem::Linked { name },
            Odd::Name | Odd::Special => Problem::Special { name },
        });
    }
    if tree.odd.contains_key(&[][..]) {
        return Ok(());
    }
    let (known, added): (Vec<_>, Vec<_>) = tree.files.iter().partition(|(path, _)| signed.contains_key(*path));
    let wanted: Vec<_> = known
        .iter()
        .map(|(path, at)| Wanted { path: at, ends: signed.get(*path).and_then(|one| one.ends.clone()) })
        .collect();
    for ((path, _), digests) in known.iter().zip(manifest.digest.of_files(&wanted)?) {
        let is_same = signed.get(*path).is_some_and(|one| !one.is_broken && one.digests == digests);
        if is_same {
            verdict.files.push(shown(path));
        } else {
            verdict.problems.push(Problem::Changed { name: shown(path) });
        }
    }
    let missing = signed.keys().filter(|path| !tree.files.contains_key(**path) && !tree.odd.contains_key(**path));
    let missing: Vec<_> = missing.copied().collect();
    renamed(manifest, &signed, &missing, &added, verdict)
}

/// The files as they were signed. (`Signed` borrows from the manifest.)
fn signed(manifest: &Manifest) -> BTreeMap<&Vec<String>, Signed<'_>> {
    let mut signed: BTreeMap<&Vec<String>, Signed<'_>> = BTreeMap::new();
    for (name, digest) in &manifest.resources {
        let one = signed.entry(&name.path).or_default();
        one.digests.push(digest);
        if let Some((start, end)) = name.part {
            let ends = one.ends.get_or_insert_default();
            one.is_broken |= start != ends.last().copied().unwrap_or(0) || end <= start;
            ends.push(end);
        }
    }
    signed
}

/// Distinguishes renamed files from missing and added ones.
fn renamed(
    manifest: &Manifest,
    signed: &BTreeMap<&Vec<String>, Signed<'_>>,
    missing: &[&Vec<String>],
    added: &[(&Vec<String>, &PathBuf)],
    verdict: &mut SignatureVerdict,
) -> Result<(), Error> {
    let mut left: BTreeSet<_> = missing.iter().copied().collect();
    // Added files are read only if something is missing. Pieces of files are not compared.
    let digests = if left.is_empty() || manifest.method != Method::Files {
        Vec::new()
    } else {
        let wanted: Vec<_> = added.iter().map(|(_, at)| Wanted { path: at, ends: None }).collect();
        manifest.digest.of_files(&wanted)?
    };
    let mut by_digest: BTreeMap<&[u8], Vec<&Vec<String>>> = BTreeMap::new();
    for path in missing.iter().rev() {
        if let Some([digest]) = signed.get(*path).map(|one| one.digests.as_slice()) {
            by_digest.entry(digest).or_default().push(path);
        }
    }
    for (index, (path, _)) in added.iter().enumerate() {
        let digest = digests.get(index).and_then(|digests| digests.first());
        let before = digest.and_then(|digest| by_digest.get_mut(digest.as_slice())).and_then(Vec::pop);
        if let Some(before) = before {
            left.remove(before);
            verdict.problems.push(Problem::Renamed { from: shown(before), to: shown(path) });
        } else {
            // An empty file has no pieces: if pieces are signed, it is unknown whether it existed.
            verdict.problems.push(Problem::Added { name: shown(path) });
        }
    }
    verdict.problems.extend(left.into_iter().map(|path| Problem::Missing { name: shown(path) }));
    Ok(())
}
