//! A container image of two layers, the program and the model, and nothing else: as a tar archive of an OCI image layout,
//! or pushed to a registry.
//!
//! The same program and model make the same bytes.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use skiff_files::write::NewFile;
use tar::EntryType;

use super::layers::{self, Hashed};
use super::{Served, elf};
#[cfg(feature = "registry")]
use crate::outputs;
use crate::report::{Failure, Outcome};

/// A user without rights, as of images that others call `nonroot`.
const USER: &str = "65532:65532";

/// A blob: its digest, its length, and how it is described.
struct Blob {
    kind: &'static str,
    digest: String,
    size: u64,
}

impl Blob {
    fn of(kind: &'static str, bytes: &[u8]) -> Self {
        Self { kind, digest: layers::digest(&Sha256::digest(bytes)), size: bytes.len() as u64 }
    }

    fn descriptor(&self) -> Json {
        json!({ "mediaType": self.kind, "digest": self.digest, "size": self.size })
    }

    /// Its name in the archive.
    fn path(&self) -> String {
        format!("blobs/sha256/{}", self.digest.trim_start_matches("sha256:"))
    }
}

/// An image that is ready to be written, all but the model's layer, which is as large as the model.
pub struct Image {
    manifest: (Blob, Vec<u8>),
    config: (Blob, Vec<u8>),
    program: (Blob, Vec<u8>),
    model: Blob,
    index: Vec<u8>,
}

impl Image {
    /// The image of a model.
    pub fn of(served: &Served<'_>) -> Result<Self, Failure> {
        let binary = fs::read(&served.binary).map_err(|error| Failure::unreadable(&served.binary, error))?;
        let architecture = elf::architecture(&binary).map_err(|why| {
            Failure::data(&served.binary, format!("the image needs a statically linked skiff: {why}")).with_help(
                "build one: RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --package skiff-cli --target \
                 x86_64-unknown-linux-gnu\nand pass it: --binary target/x86_64-unknown-linux-gnu/release/skiff",
            )
        })?;
        drop(binary);
        // The program's layer is packed, in memory; models are as large as they are, and often packed already.
        let unreadable = unreadable(&served.binary);
        let (mut archive, _) = layers::archive("", "skiff", &served.binary, 0o755).map_err(&unreadable)?;
        let (mut plain, mut program) =
            (Sha256::new(), GzBuilder::new().mtime(0).write(Vec::new(), Compression::best()));
        let mut bytes = vec![0; 1 << 20];
        loop {
            let read = archive.read(&mut bytes).map_err(&unreadable)?;
            let Some(part) = bytes.get(..read).filter(|part| !part.is_empty()) else { break };
            plain.update(part);
            program.write_all(part)?;
        }
        let (program, program_id) = (program.finish()?, layers::digest(&plain.finalize()));
        let program_blob = Blob::of("application/vnd.oci.image.layer.v1.tar+gzip", &program);

        let (archive, size) = model_layer(served)?;
        let mut archive = Hashed::new(archive);
        io::copy(&mut archive, &mut io::sink()).map_err(self::unreadable(served.model))?;
        let model = Blob { kind: "application/vnd.oci.image.layer.v1.tar", digest: archive.digest(), size };

        let config = text(&config(served, architecture, &[&program_id, &model.digest]));
        let config_blob = Blob::of("application/vnd.oci.image.config.v1+json", &config);
        let manifest = text(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config_blob.descriptor(),
            "layers": [program_blob.descriptor(), model.descriptor()],
            "annotations": labels(served),
        }));
        let manifest_blob = Blob::of("application/vnd.oci.image.manifest.v1+json", &manifest);
        let index = text(&index(served, architecture, &manifest_blob));
        Ok(Self {
            manifest: (manifest_blob, manifest),
            config: (config_blob, config),
            program: (program_blob, program),
            model,
            index,
        })
    }

    /// The digest of its manifest.
    pub fn digest(&self) -> &str {
        &self.manifest.0.digest
    }

    /// Writes it as a tar archive of an image layout.
    pub fn write(&self, served: &Served<'_>, output: &Path) -> Outcome {
        let write = || -> io::Result<()> {
            let mut out = tar::Builder::new(NewFile::create(output)?);
            let mut add = |path: &str, size: u64, content: &mut dyn Read| {
                out.append(&layers::header(path, size, 0o644, EntryType::Regular)?, content)
            };
            add("oci-layout", 30, &mut &b"{\"imageLayoutVersion\":\"1.0.0\"}"[..])?;
            add("index.json", self.index.len() as u64, &mut &self.index[..])?;
            for (blob, content) in [&self.manifest, &self.config, &self.program] {
                add(&blob.path(), blob.size, &mut &content[..])?;
            }
            let (archive, _) = model_layer(served).map_err(|failure| io::Error::other(failure.to_string()))?;
            let mut archive = Hashed::new(archive);
            add(&self.model.path(), self.model.size, &mut archive)?;
            if archive.digest() != self.model.digest {
                return Err(io::Error::other("the model was changed while it was read"));
            }
            out.into_inner()?.finish()
        };
        write().map_err(|error| Failure::unwritable(output, format!("cannot write the image: {error}")))
    }

    /// Pushes it to `oci://HOST/REPOSITORY:TAG`, whose tag is not moved without `force`.
    #[cfg(feature = "registry")]
    pub fn push(&self, served: &Served<'_>, url: &str, force: bool) -> Outcome {
        use skiff_registry::{Digest, Repository};

        let (repository, tag) = reference(url)?;
        let repository = Repository::open(repository)?;
        let digest: Digest = self.digest().parse()?;
        match repository.tagged(tag)? {
            Some(found) if found == digest => return Ok(()),
            Some(found) if !force => return Err(outputs::exists(format!("`{url}` exists, at {found}"))),
            _ => {}
        }
        for (blob, content) in [&self.program, &self.config] {
            let open = || -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(io::Cursor::new(content.clone()))) };
            repository.send_blob(&blob.digest.parse()?, blob.size, &open)?;
        }
        let open = || -> io::Result<Box<dyn Read + Send>> {
            let (archive, _) = model_layer(served).map_err(|failure| io::Error::other(failure.to_string()))?;
            Ok(Box::new(archive))
        };
        repository.send_blob(&self.model.digest.parse()?, self.model.size, &open)?;
        repository.put_manifest(tag, &self.manifest.1)?;
        Ok(())
    }

    #[cfg(not(feature = "registry"))]
    pub fn push(&self, _: &Served<'_>, url: &str, _: bool) -> Outcome {
        Err(Failure::Usage(format!(
            "to push to `{url}` needs the feature `registry`, which this skiff was built without; write a file, and \
             `skopeo copy oci-archive:FILE docker://…`"
        )))
    }
}

/// Repository and tag of `oci://HOST/REPOSITORY:TAG`.
#[cfg(feature = "registry")]
fn reference(url: &str) -> Result<(&str, &str), Failure> {
    let wrong = || Failure::Usage(format!("expected `oci://HOST/REPOSITORY:TAG`, found `{url}`"));
    let (repository, tag) = url.rsplit_once(':').ok_or_else(wrong)?;
    let is_tag = tag.len() <= 128
        && tag.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    // What follows the last colon may be a port, or `//HOST/…`.
    match is_tag && repository.starts_with("oci://") {
        true => Ok((repository, tag)),
        false => Err(wrong()),
    }
}

/// The archive of the model, which is its layer, and its length.
fn model_layer(served: &Served<'_>) -> Result<(impl Read + Send + use<>, u64), Failure> {
    let path = model_path(served);
    layers::archive("models/", path.trim_start_matches('/'), served.model, 0o444).map_err(unreadable(served.model))
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::unreadable(path, format!("cannot read the file: {error}"))
}

/// The model in the image.
fn model_path(served: &Served<'_>) -> String {
    let extension = Path::new(&served.facts.name).extension().and_then(|extension| extension.to_str());
    let is_plain = |text: &&str| text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match extension.filter(is_plain) {
        Some(extension) => format!("/models/{}.{extension}", served.name),
        None => format!("/models/{}", served.name),
    }
}

/// What runs, as whom, with what.
fn config(served: &Served<'_>, architecture: &str, layers: &[&str]) -> Json {
    let port = served.port;
    let model = format!("{}={}", served.name, model_path(served));
    let created = served.facts.created();
    json!({
        "created": created,
        "architecture": architecture,
        "os": "linux",
        "config": {
            "User": USER,
            "ExposedPorts": { (format!("{port}/tcp")): {} },
            "Entrypoint": ["/skiff", "serve", model, "--http", format!("0.0.0.0:{port}")],
            "WorkingDir": "/",
            "Labels": labels(served),
        },
        "rootfs": { "type": "layers", "diff_ids": layers },
        "history": [
            { "created": created, "created_by": "skiff image: the program" },
            { "created": created, "created_by": "skiff image: the model" },
        ],
    })
}

/// What is known of the model, from its passport.
fn labels(served: &Served<'_>) -> Json {
    let facts = &served.facts;
    let mut labels = Map::new();
    let mut label = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            labels.insert(name.to_owned(), json!(value));
        }
    };
    label("org.opencontainers.image.title", Some(&served.name));
    label("org.opencontainers.image.created", Some(facts.created()));
    label("org.opencontainers.image.authors", facts.text(&["author"]));
    label("org.opencontainers.image.description", facts.text(&["notes"]));
    label("org.opencontainers.image.source", facts.text(&["source", "git", "remote"]));
    label("org.opencontainers.image.revision", facts.text(&["source", "git", "commit"]));
    label("skiff.model.sha256", Some(&facts.digest));
    label("skiff.model.estimator", facts.estimator().map(|estimator| &*estimator.class));
    label("skiff.model.written-by", Some(&facts.inspection.written_by.join(", ")));
    label("skiff.health", Some(&format!("GET :{}{}", served.port, super::units::READY)));
    Json::Object(labels)
}

fn index(served: &Served<'_>, architecture: &str, manifest: &Blob) -> Json {
    let mut descriptor = manifest.descriptor();
    descriptor["platform"] = json!({ "architecture": architecture, "os": "linux" });
    if let Some(tag) = served.tag {
        descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    }
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor],
    })
}

fn text(json: &Json) -> Vec<u8> {
    json.to_string().into_bytes()
}
