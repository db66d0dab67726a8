//! A model in a registry in place of a file: fetched into the cache, with its digest and signature verified, before the
//! command begins.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use skiff::signing::{self, PublicKey, SignatureRequirement, Trust};
use skiff_registry::{Address, Cache, Cached, MARKER, Manifest, Registry};

use super::{follow, version};
use crate::args::{Arguments, ModelArgument};
use crate::input;
use crate::report::{Failure, Outcome};

/// The file of the key that every model from a registry must be signed with, if there is one.
static REQUIRED: OnceLock<PathBuf> = OnceLock::new();

/// Replaces each address of a model by the file in the cache.
pub fn resolve(arguments: &mut Arguments) -> Outcome {
    let key = arguments.require_signature.clone().or_else(|| env::var_os("SKIFF_REGISTRY_KEY").map(PathBuf::from));
    if let Some(path) = key {
        // It is set once, here.
        let _ = REQUIRED.set(path);
    }
    let mut names = Vec::new();
    for model in arguments.command.models() {
        let Some(address) = model.text().filter(|text| is_address(text)).map(str::to_owned) else { continue };
        let (registry, manifest) = version(&address)?;
        let cached = fetch(&registry, &manifest)?;
        names.push((cached.model.clone(), PathBuf::from(&address)));
        match model {
            ModelArgument::Path(path) => *path = cached.model,
            ModelArgument::Served(argument, name) => {
                let name = name.unwrap_or_else(|| manifest.model.to_string());
                follow::remember(&name, registry, &address, manifest)?;
                *argument = format!("{name}={}", cached.model.display());
            }
        }
    }
    input::show_as(names);
    Ok(())
}

/// Whether a model is in a registry: its address has a scheme, or it is no file, names a version and is in a folder
/// that is a registry.
fn is_address(text: &str) -> bool {
    if Address::has_scheme(text) {
        return true;
    }
    let names_version = |address: &Address| address.selector.is_some();
    !Path::new(text).exists()
        && text
            .parse::<Address>()
            .is_ok_and(|address| names_version(&address) && Path::new(&address.registry).join(MARKER).is_file())
}

/// The files of a version, with the signature that is required.
pub fn fetch(registry: &Registry, manifest: &Manifest) -> Result<Cached, Failure> {
    let cached = Cache::new(folder()?).get(registry, manifest)?;
    if let Some(key) = required_key()? {
        let place = format!("{}/{}", registry.url(), manifest.title());
        check_signature(&cached.model, cached.signature.as_deref(), &key)
            .map_err(|failure| failure.in_place(&place))?;
    }
    Ok(cached)
}

/// The key that models must be signed with; commands that need none do not read it.
pub fn required_key() -> Result<Option<PublicKey>, Failure> {
    Ok(REQUIRED.get().map(signing::public_key).transpose()?)
}

/// An error for a model that is not signed with the key.
pub fn check_signature(model: &Path, signature: Option<&Path>, key: &PublicKey) -> Outcome {
    let Some(signature) = signature else {
        return Err(Failure::in_file("unsigned-model", model, "the model has no signature, and one is required"));
    };
    let requirement = SignatureRequirement { trust: Trust::Key(key.clone()), signature: Some(signature.to_owned()) };
    let verdict = signing::verify(model, &requirement)?;
    match verdict.is_verified() {
        true => Ok(()),
        false => {
            let problems: Vec<_> = verdict.problems.iter().map(ToString::to_string).collect();
            let what = format!("the signature does not verify: {}", problems.join("; "));
            Err(Failure::in_file("wrong-signature", model, what))
        }
    }
}

/// Where models from registries are kept.
fn folder() -> Result<PathBuf, Failure> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("SKIFF_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("skiff")))
        .or_else(|| Some(variable("HOME")?.join(".cache/skiff")))
        .or_else(|| Some(variable("LOCALAPPDATA")?.join("skiff")));
    let what = "there is no folder for models from registries: set SKIFF_CACHE";
    Ok(folder.ok_or_else(|| Failure::Usage(what.to_owned()))?.join("models"))
}
