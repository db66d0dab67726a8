//! Whether everything in a store is what it must be.

use std::collections::BTreeMap;
use std::io;

use super::store::Receiving;
use super::{Objects, aliases, blob, versions};
use crate::address::Name;
use crate::verify::{check_numbers, keep};
use crate::{Blob, Error, Problem, Report};

impl Objects {
    /// Reads every object: blobs have the digest that they are named by, manifests and histories are whole.
    pub(super) fn verify(&self) -> Result<Report, Error> {
        let mut report = Report::default();
        let mut blobs: BTreeMap<String, Blob> = BTreeMap::new();
        for model in self.models()? {
            report.models += 1;
            let numbers = self.numbers(&versions(&model))?;
            check_numbers(&mut report, &numbers, &self.store.place(&versions(&model)));
            for version in &numbers {
                report.versions += 1;
                if let Some(manifest) = keep(&mut report, self.manifest(&model, *version))? {
                    blobs.extend(manifest.blobs().map(|found| (blob(&found.digest), found.clone())));
                }
            }
            for alias in self.store.folders(&format!("models/{model}/aliases"))? {
                match alias.parse() {
                    Ok(alias) => self.verify_alias(&mut report, &model, &alias, &numbers)?,
                    Err(error) => drop(keep(&mut report, Err::<(), _>(error))?),
                }
            }
        }
        // Blobs that no version has may be of a push that has not ended; but their names must be true.
        for listed in self.store.list("blobs")? {
            let digest = listed.name.rsplit('/').next().map(|hex| format!("sha256:{hex}").parse());
            match digest {
                Some(Ok(digest)) => {
                    blobs.entry(listed.name).or_insert(Blob { name: String::new(), digest, size: listed.size });
                }
                _ => report.problems.push(Problem {
                    place: self.store.place(&listed.name),
                    what: "its name is not that of a blob".to_owned(),
                }),
            }
        }
        for wanted in blobs.into_values() {
            report.blobs += 1;
            report.bytes = report.bytes.saturating_add(wanted.size);
            report.problems.extend(self.check(&wanted)?);
        }
        Ok(report)
    }

    /// What is wrong with a blob.
    pub(crate) fn check(&self, wanted: &Blob) -> Result<Option<Problem>, Error> {
        let name = blob(&wanted.digest);
        let problem = |what| Ok(Some(Problem { place: self.store.place(&name), what }));
        let Some(found) = self.store.head(&name)? else {
            return problem("the blob is missing".to_owned());
        };
        if found.size != wanted.size {
            return problem(format!("expected a blob of {} bytes, found {}", wanted.size, found.size));
        }
        match self.store.receive(&name, found.size, &mut io::sink()) {
            Ok(digest) if digest == wanted.digest => Ok(None),
            Ok(digest) => {
                let place = self.store.place(&name);
                problem(Error::Digest { place, expected: wanted.digest.clone(), found: digest }.to_string())
            }
            Err(Receiving::Store(error)) => Err(error),
            Err(Receiving::Output(error)) => Err(Error::System(error)),
        }
    }

    fn verify_alias(&self, report: &mut Report, model: &Name, alias: &Name, existing: &[u64]) -> Result<(), Error> {
        let folder = aliases::log(model, alias);
        let numbers = self.numbers(&folder)?;
        check_numbers(report, &numbers, &self.store.place(&folder));
        let mut at = None;
        for number in numbers {
            report.changes += 1;
            let Some(Some(entry)) = keep(report, self.entry(model, alias, number))? else { continue };
            let mut problem = |what| {
                let place = self.store.place(&aliases::entry(model, alias, number));
                report.problems.push(Problem { place, what });
            };
            if entry.from != at {
                problem("it does not follow the entry before it".to_owned());
            }
            if let Some(version) = entry.to.filter(|version| !existing.contains(version)) {
                problem(format!("it names version {version}, which does not exist"));
            }
            at = entry.to;
        }
        Ok(())
    }
}
