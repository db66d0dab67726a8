//! A new version: its blobs, then its artifact, at the next number.

use std::fs::File;
use std::path::Path;

use super::aliases::send;
use super::repository::Repository;
use super::{Oci, artifact, number};
use crate::address::Name;
use crate::backend::Backend;
use crate::push::blob_of;
use crate::stamp::{now, random};
use crate::{Blob, Error, Manifest, Push, Pushed};

impl Oci {
    pub(super) fn push(&self, model: &Name, push: Push<'_>) -> Result<Pushed, Error> {
        let repository = self.writable(model)?;
        let mut file = blob_of(push.file)?;
        if let Some(name) = push.name {
            name.clone_into(&mut file.name);
        }
        let signature = push.signature.map(blob_of).transpose()?;
        let tags = repository.tags()?.unwrap_or_default();
        let last = tags.iter().filter_map(|tag| number(tag)).max();
        if let Some(last) = last.filter(|_| !push.repeat) {
            let newest = self.manifest(model, last)?;
            let digest = |signature: &Option<Blob>| signature.as_ref().map(|blob| blob.digest.clone());
            if newest.file.digest == file.digest && digest(&newest.signature) == digest(&signature) {
                return Ok(Pushed { manifest: newest, is_new: false });
            }
        }
        send_file(&repository, &file, push.file)?;
        if let (Some(blob), Some(path)) = (&signature, push.signature) {
            send_file(&repository, blob, path)?;
        }
        let new = Manifest {
            model: model.clone(),
            version: last.unwrap_or(0).saturating_add(1),
            id: random()?,
            file,
            signature,
            description: push.description,
            parents: push.parents,
            by: push.by,
            at: now(),
            why: push.why,
        };
        let (manifest, blobs) = artifact::of_version(&new);
        send(&repository, blobs)?;
        let tag = new.version.to_string();
        if repository.tagged(&tag)?.is_some() {
            return Err(Error::OtherWriter(self.place(model, &tag)));
        }
        let digest = repository.put_manifest(&tag, &manifest)?;
        self.check_tag(&repository, model, &tag, &digest)?;
        Ok(Pushed { manifest: new, is_new: true })
    }
}

/// Sends a file, which must still be what it was.
fn send_file(repository: &Repository, blob: &Blob, path: &Path) -> Result<(), Error> {
    let sent = repository.send_blob(&blob.digest, blob.size, &|| Ok(Box::new(File::open(path)?)));
    match sent {
        Err(_) if blob_of(path)?.digest != blob.digest => Err(Error::Changed(path.to_owned())),
        sent => sent,
    }
}
