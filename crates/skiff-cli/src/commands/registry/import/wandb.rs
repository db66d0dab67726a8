//! Artifacts that were downloaded from W&B: a folder `NAME:vNUMBER` for each version, as `wandb artifact get` names it.
//!
//! What else W&B knows of them is in files that its Python package writes: `wandb_manifest.json` in such a folder, and
//! `aliases.json` next to the folders (docs/registry.md has the lines of Python).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::{env, iter};

use md5::{Digest, Md5};
use serde_json::Value as Json;

use super::model::{Model, Source, Version};
use crate::report::Failure;

/// Where an artifact's files and their digests are listed.
const MANIFEST: &str = "wandb_manifest.json";
/// Where the aliases of all artifacts are: `{"churn": {"production": "v3"}}`.
const ALIASES: &str = "aliases.json";
/// The longest of these that is read.
const MOST_BYTES: u64 = 16 << 20;
/// The most files in an artifact's folder, and how deep they may lie.
const MOST_FILES: usize = 10_000;
const MOST_DEPTH: usize = 16;
/// The extensions by which a model is found among other files.
const MODELS: [&str; 6] = ["joblib", "pkl", "pickle", "sav", "skiff", "skops"];

/// The models of the artifacts in a folder, sorted by name.
pub fn models(folder: &Path) -> Result<Vec<Model>, Failure> {
    let mut all: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::unreadable(folder, error))? {
        let path = entry.map_err(|error| Failure::unreadable(folder, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let Some((name, number)) = name.as_deref().and_then(named).filter(|_| path.is_dir()) else { continue };
        all.entry(name.to_owned()).or_default().push(Version {
            number,
            file: Box::new(move || model_in(&path)),
            description: None,
        });
    }
    let mut aliases = if all.is_empty() { BTreeMap::new() } else { aliases(folder)? };
    let models = all.into_iter().map(|(name, mut versions)| {
        versions.sort_by_key(|version| version.number);
        let aliases = aliases.remove(&name).unwrap_or_default();
        Model { source: Source::Wandb, name, versions, aliases }
    });
    Ok(models.collect())
}

/// Name and number of `churn:v3`; `churn-v3` on Windows, where names have no colon.
fn named(folder: &str) -> Option<(&str, u64)> {
    let (name, version) = folder.rsplit_once([':', '-'])?;
    Some((name, version.strip_prefix('v')?.parse().ok()?)).filter(|(name, _)| !name.is_empty())
}

/// The aliases by the names of artifacts.
fn aliases(folder: &Path) -> Result<BTreeMap<String, Vec<(String, u64)>>, Failure> {
    let path = folder.join(ALIASES);
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let wrong = || Failure::data(&path, r#"expected `{"NAME": {"ALIAS": "v3", …}, …}`"#);
    let mut all = BTreeMap::new();
    for (name, named) in json(&path)?.as_object().ok_or_else(wrong)? {
        let mut aliases = Vec::new();
        for (alias, version) in named.as_object().ok_or_else(wrong)? {
            let number = version.as_str().and_then(|version| version.strip_prefix('v')?.parse().ok());
            let number = number.ok_or_else(wrong)?;
            // `v3` is an alias of every version 3.
            if *alias != format!("v{number}") {
                aliases.push((alias.clone(), number));
            }
        }
        all.insert(name.clone(), aliases);
    }
    Ok(all)
}

/// The model's file among those of an artifact, and its name; every file that the manifest lists has its digest.
fn model_in(folder: &Path) -> Result<(PathBuf, String), Failure> {
    let manifest = folder.join(MANIFEST);
    let mut found = match manifest.is_file() {
        true => listed(folder, &manifest)?,
        false => files(folder)?,
    };
    let is_model = |(_, name): &(PathBuf, String)| {
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| MODELS.contains(&extension.to_ascii_lowercase().as_str()))
    };
    if found.len() > 1 {
        found.retain(is_model);
    }
    match <[_; 1]>::try_from(found) {
        Ok([one]) => Ok(one),
        Err(found) => {
            let what = format!("expected one file, or one with an extension of models, found {}", found.len());
            Err(Failure::data(folder, what).with_help("skiff registry push FILE URL/NAME"))
        }
    }
}

/// The files that a manifest lists, in the folder or in W&B's cache.
fn listed(folder: &Path, manifest: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let damaged = |what: String| Failure::data(manifest, what);
    let json = json(manifest)?;
    match json["version"].as_u64() {
        Some(1) => {}
        _ => return Err(damaged(format!("expected a manifest of version 1, found {}", json["version"]))),
    }
    let contents = json["contents"].as_object().ok_or_else(|| damaged("it has no `contents`".to_owned()))?;
    let mut files = Vec::new();
    for (name, entry) in contents {
        let is_inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || !is_inside {
            return Err(damaged(format!("the name `{name}` leaves the artifact's folder")));
        }
        if let Some(reference) = entry["ref"].as_str() {
            return Err(damaged(format!("`{name}` is not in W&B, but at `{reference}`: download it and push it")));
        }
        if let Some(algorithm) = entry["extra"]["alg"].as_str().filter(|name| *name != "md5") {
            return Err(damaged(format!("the digest of `{name}` is by `{algorithm}`, which is not supported")));
        }
        let (Some(digest), Some(size)) = (entry["digest"].as_str(), entry["size"].as_u64()) else {
            return Err(damaged(format!("`{name}` has no digest and size")));
        };
        let wrong = || damaged(format!("the digest of `{name}` is no MD5: `{digest}`"));
        let digest = md5_of_text(digest).ok_or_else(wrong)?;
        let cached = cache().map(|cache| cache.join(&digest[..2]).join(&digest[2..]));
        let path = iter::once(folder.join(name)).chain(cached).find(|path| path.is_file());
        let path = path.ok_or_else(|| damaged(format!("`{name}` is neither in the folder nor in W&B's cache")))?;
        let found = md5(&path, size).map_err(|error| Failure::unreadable(&path, error))?;
        if found.as_ref() != Some(&digest) {
            let found = found.map_or_else(|| "another size".to_owned(), |found| format!("`{found}`"));
            let what = format!("digest mismatch: expected the MD5 `{digest}`, found {found}: the file was modified");
            return Err(Failure::data(&path, what));
        }
        let name = Path::new(name).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        files.push((path, name));
    }
    Ok(files)
}

/// Where W&B's Python package keeps what it downloaded, by MD5.
fn cache() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("WANDB_CACHE_DIR")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("wandb")))
        .or_else(|| Some(variable("HOME")?.join(".cache/wandb")))?;
    Some(folder.join("artifacts/obj/md5"))
}

/// The files in a folder; not what links lead to.
fn files(folder: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let (mut found, mut open) = (Vec::new(), vec![(folder.to_owned(), 0)]);
    while let Some((inner, depth)) = open.pop() {
        for entry in fs::read_dir(&inner).map_err(|error| Failure::unreadable(&inner, error))? {
            let entry = entry.map_err(|error| Failure::unreadable(&inner, error))?;
            let kind = entry.file_type().map_err(|error| Failure::unreadable(&inner, error))?;
            if kind.is_dir() && depth < MOST_DEPTH {
                open.push((entry.path(), depth + 1));
            } else if kind.is_file() {
                found.push((entry.path(), entry.file_name().to_string_lossy().into_owned()));
            }
            if found.len() > MOST_FILES {
                return Err(Failure::data(folder, format!("the artifact has more than {MOST_FILES} files")));
            }
        }
    }
    Ok(found)
}

fn json(path: &Path) -> Result<Json, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| Failure::unreadable(path, error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Failure::data(path, format!("expected at most {MOST_BYTES} bytes")));
    }
    serde_json::from_slice(&bytes).map_err(|error| Failure::data(path, format!("it cannot be read: {error}")))
}

/// The MD5 of a file of this size, in hexadecimal digits; `None` if it has another size.
fn md5(path: &Path, size: u64) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() != size {
        return Ok(None);
    }
    let (mut hash, mut bytes) = (Md5::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())),
            read => hash.update(bytes.get(..read).unwrap_or_default()),
        }
    }
}

/// The hexadecimal digits of 16 bytes in base64.
fn md5_of_text(text: &str) -> Option<String> {
    use base64ct::{Base64, Encoding};

    let bytes: Vec<u8> = Base64::decode_vec(text).ok()?;
    (bytes.len() == 16).then(|| bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_versions() {
        assert_eq!(named("churn:v0"), Some(("churn", 0)));
        assert_eq!(named("churn-2:v12"), Some(("churn-2", 12)));
        assert_eq!(named("churn-v3"), Some(("churn", 3)));
        for other in ["churn", "churn:3", "churn:v", ":v3", "churn:latest"] {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn digests_as_manifests_write_them() {
        let digest = md5_of_text("i3gvuXGiZBGu/ellIDZ6bg==");
        assert_eq!(digest.as_deref(), Some("8b782fb971a26411aefde96520367a6e"));
        for wrong in ["", "i3gvuXGiZBGu/ellIDZ6", "!", "../../../etc/passwd"] {
            assert_eq!(md5_of_text(wrong), None, "{wrong}");
        }
    }
}
