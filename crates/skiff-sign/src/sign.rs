//! Signing a model.

use std::path::Path;

use crate::bundle::{Bundle, Material};
use crate::digest::{FileDigest, Wanted};
use crate::error::KeyError;
use crate::statement::{GIT_PATHS, Manifest, Method, Name, shown};
use crate::tree::{Odd, Tree, within};
use crate::{Certificate, Error, PrivateKey};

/// Options of signing a model.
#[derive(Clone, Debug, Default)]
pub struct SignOptions<'a> {
    /// The signer's certificate, and those of the chain to a root that verifiers trust. Without one, the key itself is
    /// trusted.
    pub certificates: &'a [Certificate],
    /// Paths within the folder that are not part of the model, in addition to git's files.
    pub ignored: &'a [String],
    /// Where the signature file will be; within the folder, it is not part of the model.
    pub signature: Option<&'a Path>,
    /// The treatment of links.
    pub links: Links,
    /// The treatment of algorithms that are not in Model Signing v1.0.
    pub extensions: Extensions,
}

/// The treatment of links in signing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// They are errors.
    #[default]
    Refuse,
    /// The content of the files that they point to is signed. Links to folders are still errors.
    Follow,
}

/// The treatment of algorithms that are not in Model Signing v1.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extensions {
    /// They are errors: `model_signing` can verify every signature.
    #[default]
    Refuse,
    /// They can sign.
    Allow,
}

/// Signs the file or folder `model`.
///
/// # Errors
/// When a file cannot be read; when there are links, pipes or names that are not UTF-8; when the certificate does not match the
/// key.
pub fn sign(model: &Path, key: &PrivateKey, options: &SignOptions<'_>) -> Result<Bundle, Error> {
    if key.algorithm().is_extension() && options.extensions == Extensions::Refuse {
        return Err(KeyError::Extension.into());
    }
    let material = match options.certificates {
        [] => Material::Key { hint: Some(key.public().fingerprint()) },
        [own, ..] if own.public_key().is_ok_and(|public| public == key.public()) => {
            Material::Certificates(options.certificates.iter().map(|one| one.der().to_vec()).collect())
        }
        _ => return Err(Error::Certificate("the first certificate does not match the signing key")),
    };
    Ok(Bundle::signed(manifest(model, options)?.to_json(), key, material))
}

/// The files to sign.
fn manifest(model: &Path, options: &SignOptions<'_>) -> Result<Manifest, Error> {
    let follows_links = options.links == Links::Follow;
    let mut ignored: Vec<String> = GIT_PATHS.map(str::to_owned).to_vec();
    ignored.extend(options.ignored.iter().cloned());
    ignored.extend(options.signature.and_then(|signature| within(model, signature)).map(|inner| shown(&inner)));
    let (method, digest) = (Method::Files, FileDigest::Sha256);
    let mut manifest =
        Manifest { name: name(model), method, digest, follows_links, ignored, resources: Default::default() };
    let tree = Tree::of(model, follows_links, &|path| manifest.ignores(path))?;
    if let Some((odd, path)) = tree.odd.into_values().next() {
        return Err(match odd {
            Odd::Link => Error::Link(path),
            Odd::Name => Error::Name(path),
            Odd::Special => Error::Special(path),
        });
    }
    let wanted: Vec<_> = tree.files.values().map(|path| Wanted { path, ends: None }).collect();
    let digests =
        digest.of_files(&wanted)?.into_iter().map(Vec::into_iter).map(|mut one| one.next().unwrap_or_default());
    manifest.resources = tree.files.keys().map(|path| Name { path: path.clone(), part: None }).zip(digests).collect();
    Ok(manifest)
}

/// The last part of the path, which for `.` and similar only the operating system knows.
pub(crate) fn name(model: &Path) -> Option<String> {
    let known = model.file_name().map(|name| name.to_string_lossy().into_owned());
    known.or_else(|| Some(std::fs::canonicalize(model).ok()?.file_name()?.to_string_lossy().into_owned()))
}
