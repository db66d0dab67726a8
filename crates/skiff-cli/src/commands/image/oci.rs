//! A container image as a tar archive of an OCI image layout: two layers, the program and the model, and nothing else.
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
use crate::report::Failure;

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

/// Writes the image, and returns the digest of its manifest.
pub fn write(served: &Served<'_>, output: &Path) -> Result<String, Failure> {
    let binary = fs::read(&served.binary).map_err(|error| Failure::unreadable(&served.binary, error))?;
    let architecture = elf::architecture(&binary).map_err(|why| {
        Failure::data(&served.binary, format!("the image needs a statically linked skiff: {why}")).with_help(
            "build one: RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --package skiff-cli --target \
             x86_64-unknown-linux-gnu\nand pass it: --binary target/x86_64-unknown-linux-gnu/release/skiff",
        )
    })?;
    drop(binary);
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| Failure::unreadable(&path, format!("cannot read the file: {error}"))
    };
    // The program's layer is packed, in memory; models are as large as they are, and often packed already.
    let (mut archive, _) = layers::archive("", "skiff", &served.binary, 0o755).map_err(unreadable(&served.binary))?;
    let (mut plain, mut program) = (Sha256::new(), GzBuilder::new().mtime(0).write(Vec::new(), Compression::best()));
    let mut bytes = vec![0; 1 << 20];
    loop {
        let read = archive.read(&mut bytes).map_err(unreadable(&served.binary))?;
        let Some(part) = bytes.get(..read).filter(|part| !part.is_empty()) else { break };
        plain.update(part);
        program.write_all(part)?;
    }
    let (program, program_id) = (program.finish()?, layers::digest(&plain.finalize()));
    let program_blob = Blob::of("application/vnd.oci.image.layer.v1.tar+gzip", &program);

    let path = model_path(served);
    let archived = || layers::archive("models/", path.trim_start_matches('/'), served.model, 0o444);
    let (archive, size) = archived().map_err(unreadable(served.model))?;
    let mut archive = Hashed::new(archive);
    io::copy(&mut archive, &mut io::sink()).map_err(unreadable(served.model))?;
    let model_blob = Blob { kind: "application/vnd.oci.image.layer.v1.tar", digest: archive.digest(), size };

    let config = text(&config(served, architecture, &[&program_id, &model_blob.digest]));
    let config_blob = Blob::of("application/vnd.oci.image.config.v1+json", &config);
    let manifest = text(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config_blob.descriptor(),
        "layers": [program_blob.descriptor(), model_blob.descriptor()],
        "annotations": labels(served),
    }));
    let manifest_blob = Blob::of("application/vnd.oci.image.manifest.v1+json", &manifest);
    let index = text(&index(served, architecture, &manifest_blob));

    let write = || -> io::Result<()> {
        let mut out = tar::Builder::new(NewFile::create(output)?);
        let mut add = |path: &str, size: u64, content: &mut dyn Read| {
            out.append(&layers::header(path, size, 0o644, EntryType::Regular)?, content)
        };
        add("oci-layout", 30, &mut &b"{\"imageLayoutVersion\":\"1.0.0\"}"[..])?;
        add("index.json", index.len() as u64, &mut &index[..])?;
        for (blob, mut content) in
            [(&manifest_blob, &manifest[..]), (&config_blob, &config[..]), (&program_blob, &program[..])]
        {
            add(&blob.path(), blob.size, &mut content)?;
        }
        let (archive, _) = archived()?;
        let mut archive = Hashed::new(archive);
        add(&model_blob.path(), model_blob.size, &mut archive)?;
        if archive.digest() != model_blob.digest {
            return Err(io::Error::other("the model was changed while it was read"));
        }
        out.into_inner()?.finish()
    };
    write().map_err(|error| Failure::unwritable(output, format!("cannot write the image: {error}")))?;
    Ok(manifest_blob.digest)
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
