//! Whether everything that skiff pushed is what it must be.

use std::collections::BTreeMap;

use super::aliases::aliases_of;
use super::{Oci, number};
use crate::address::{Digest, Name};
use crate::backend::Backend;
use crate::verify::{check_numbers, keep};
use crate::{Error, Problem, Report};

impl Oci {
    pub(super) fn verify(&self) -> Result<Report, Error> {
        let mut report = Report::default();
        for model in self.models()? {
            self.verify_model(&mut report, &model)?;
        }
        Ok(report)
    }

    fn verify_model(&self, report: &mut Report, model: &Name) -> Result<(), Error> {
        let repository = self.repository(model)?;
        let tags = repository.tags()?.unwrap_or_default();
        let mut numbers: Vec<u64> = tags.iter().filter_map(|tag| number(tag)).collect();
        numbers.sort_unstable();
        // Other repositories have other tags: images, what other programs pushed.
        if numbers.is_empty() {
            return Ok(());
        }
        report.models += 1;
        check_numbers(report, &numbers, &format!("{}/{model}", self.url));
        let mut blobs: BTreeMap<Digest, u64> = BTreeMap::new();
        let mut versions: BTreeMap<u64, Digest> = BTreeMap::new();
        for version in numbers {
            report.versions += 1;
            let tag = version.to_string();
            if keep(report, self.manifest(model, version))?.is_none() {
                continue;
            }
            if let Some((artifact, digest)) = self.artifact(&repository, model, &tag)? {
                blobs.extend(artifact.blobs().map(|blob| (blob.digest().clone(), blob.size())));
                versions.insert(version, digest);
            }
        }
        for (digest, size) in blobs {
            report.blobs += 1;
            report.bytes = report.bytes.saturating_add(size);
            let mut length = 0_u64;
            let found = repository.blob(&digest, size, &mut |part| {
                length = length.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
                Ok(())
            });
            let Some(found) = keep(report, found)? else { continue };
            if found != digest {
                let place = repository.place(&digest);
                let what = match length == size {
                    true => Error::Digest { place: place.clone(), expected: digest, found }.to_string(),
                    false => format!("expected a blob of {size} bytes, found {length}"),
                };
                report.problems.push(Problem { place, what });
            }
        }
        for alias in aliases_of(&tags) {
            let tagged = match self.tagged(&repository, model, &alias) {
                Err(Error::NotAVersion(_)) => continue,
                tagged => keep(report, tagged)?.flatten(),
            };
            report.changes += keep(report, self.log(&repository, model, &alias))?.map_or(0, |log| log.len());
            if let Some((version, digest)) = tagged.filter(|(version, digest)| versions.get(version) != Some(digest)) {
                let what = format!("it is at {digest}, which is not that of version {version}");
                report.problems.push(Problem { place: self.place(model, alias.as_str()), what });
            }
        }
        Ok(())
    }
}
