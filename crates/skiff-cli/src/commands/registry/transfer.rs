//! `skiff registry push` and `pull`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use skiff::{File, Options, Rating, signing};
use skiff_registry::{Address, Description, Digest, Name, Parent, Registry, Selector};

use super::{author, change, open_to_change, resolve, version};
use crate::args::{LimitArguments, registry as flags};
use crate::report::{Failure, Outcome};
use crate::shown::shown;
use crate::{input, outputs};

/// Pushes a file, and sets aliases.
pub fn push(arguments: &flags::Push) -> Outcome {
    let (registry, address) = open_to_change(&arguments.address, &arguments.change)?;
    if let Some(selector) = &address.selector {
        return Err(Failure::Usage(format!("the version is assigned: expected URL/NAME, without `{selector}`")));
    }
    let path = &arguments.model;
    if input::is_standard(path) {
        return Err(Failure::Usage("standard input cannot be pushed: save it to a file first".to_owned()));
    }
    let aliases: Vec<Name> = arguments.alias.iter().map(|alias| alias.parse()).collect::<Result<_, _>>()?;
    let description = match arguments.as_is {
        true => Description::default(),
        false => description(path, &Options { limits: arguments.limits.limits(), ..Options::default() })?,
    };
    let default = signing::default_signature(path);
    let signature = arguments.signature.clone().or_else(|| default.is_file().then_some(default));
    if let Some(key) = resolve::required_key()? {
        resolve::check_signature(path, signature.as_deref(), &key)?;
    }
    let parents = arguments.parent.iter().map(|parent| parent_of(&registry, parent)).collect::<Result<_, _>>()?;
    let pushed = registry.push(
        &address.model,
        skiff_registry::Push {
            file: path,
            name: None,
            signature: signature.as_deref(),
            description,
            parents,
            by: author(&arguments.change),
            why: arguments.change.why.clone(),
            repeat: false,
        },
    )?;
    let manifest = &pushed.manifest;
    let known = if pushed.is_new { "" } else { "  (the same file was pushed before)" };
    let line = format!("{}/{}  {}{known}", registry.url(), manifest.title(), manifest.file.digest);
    writeln!(io::stdout(), "{}", shown(&line))?;
    for alias in &aliases {
        let change = change::change(&arguments.change, None);
        let entry = registry.set_alias(&address.model, alias, Some(manifest.version), &change)?;
        change::print(&address.model, alias, &entry)?;
    }
    Ok(())
}

/// What is in the file; an error if loading it in Python would run code.
pub(super) fn description(path: &Path, options: &Options) -> Result<Description, Failure> {
    let file = File::open(path, options).map_err(|error| match error.code() {
        "not-a-model" | "encrypted" => {
            let what = format!("{}; `--as-is` pushes any file", error.message());
            Failure::in_file(error.code(), path, what)
        }
        _ => Failure::from(error),
    })?;
    let verdict = skiff::scan(path, options)?;
    if verdict.rating == Rating::Dangerous {
        let what = "loading it in Python would run code: `skiff scan` says which";
        return Err(Failure::in_file("dangerous-file", path, what));
    }
    let json = file.inspect().to_json();
    let texts = |name: &str| -> Vec<String> {
        let items = json[name].as_array().into_iter().flatten();
        items.filter_map(|item| item.as_str().or(item["class"].as_str()).map(str::to_owned)).collect()
    };
    Ok(Description {
        format: texts("format"),
        written_by: texts("written_by"),
        estimators: texts("estimators"),
        passport: Some(json["passport"].clone()).filter(|passport| !passport.is_null()),
    })
}

/// `churn:2` or `churn@production`, in the same registry.
fn parent_of(registry: &Registry, text: &str) -> Result<Parent, Failure> {
    let address: Address = format!("{}/{text}", registry.url()).parse()?;
    let manifest = registry.resolve(&address.model, address.version()?)?;
    Ok(Parent { model: manifest.model, version: manifest.version, digest: manifest.file.digest })
}

/// An error if a rebuilt model cannot be pushed next to that at `address`: before it is trained.
pub fn check_push(address: &str, change: &flags::ChangeArguments) -> Outcome {
    match resolve::required_key()? {
        None => open_to_change(address, change).map(drop),
        Some(_) => Err(Failure::Usage(
            "models from registries must be signed: write the model with `-o FILE`, sign it, and push it with `--parent`"
                .to_owned(),
        )),
    }
}

/// Pushes a rebuilt model as the next version of that at `address`, whose file has the digest `parent`; its title.
pub fn push_rebuilt(
    path: &Path,
    address: &str,
    parent: &str,
    change: &flags::ChangeArguments,
    limits: &LimitArguments,
) -> Result<String, Failure> {
    let (registry, address) = open_to_change(address, change)?;
    let digest: Digest = format!("sha256:{parent}").parse()?;
    // An alias may have been moved meanwhile.
    let named = address.selector.as_ref().map(|selector| registry.resolve(&address.model, selector)).transpose()?;
    let parent = match named.filter(|manifest| manifest.file.digest == digest) {
        Some(manifest) => manifest,
        None => registry.resolve(&address.model, &Selector::Digest(digest))?,
    };
    let pushed = registry.push(
        &address.model,
        skiff_registry::Push {
            file: path,
            name: None,
            signature: None,
            description: description(path, &Options { limits: limits.limits(), ..Options::default() })?,
            parents: vec![Parent { model: parent.model, version: parent.version, digest: parent.file.digest }],
            by: author(change),
            why: change.why.clone().or_else(|| Some("rebuilt".to_owned())),
            repeat: false,
        },
    )?;
    Ok(format!("{}/{}", registry.url(), pushed.manifest.title()))
}

/// Writes a version, and its signature.
pub fn pull(arguments: &flags::Pull) -> Outcome {
    let (registry, manifest) = version(&arguments.address)?;
    let output = &arguments.output;
    let mut name = output.as_os_str().to_owned();
    name.push(".sig");
    let signature = PathBuf::from(name);
    outputs::refuse_existing(output, arguments.force)?;
    if manifest.signature.is_some() {
        outputs::refuse_existing(&signature, arguments.force)?;
    }
    // What the signature says is known before the model is in its place.
    let cached = resolve::fetch(&registry, &manifest)?;
    std::fs::copy(&cached.model, output).map_err(|error| Failure::unwritable(output, error))?;
    if let Some(path) = &cached.signature {
        std::fs::copy(path, &signature).map_err(|error| Failure::unwritable(&signature, error))?;
    }
    let line = format!("{}: {}  {}", output.display(), manifest.title(), manifest.file.digest);
    Ok(writeln!(io::stdout(), "{}", shown(&line))?)
}
