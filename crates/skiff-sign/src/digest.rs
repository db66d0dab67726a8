//! The digests of files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use blake2::Blake2b512;
use sha2::{Digest, Sha256};

use crate::Error;

/// The algorithm of a file's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileDigest {
    Sha256,
    Blake2b,
    Blake3,
}

/// A file to be hashed, whole or in parts.
pub(crate) struct Wanted<'a> {
    pub path: &'a Path,
    /// The end of each part; the parts are consecutive from the first byte on. Empty for the whole file.
    pub ends: Option<Vec<u64>>,
}

/// The size of each thread's read buffer.
const BUFFER: usize = 1 << 20;

impl FileDigest {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Blake2b => "blake2b",
            Self::Blake3 => "blake3",
        }
    }

    /// Its name in statements; `model_signing` takes `blake2` for `blake2b`.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "sha256" => Some(Self::Sha256),
            "blake2" | "blake2b" => Some(Self::Blake2b),
            "blake3" => Some(Self::Blake3),
            _ => None,
        }
    }

    /// The digests of each file's parts, read on all cores. A file that does not end with its last part has one
    /// digest more, or fewer, than parts were requested.
    pub fn of_files(self, files: &[Wanted<'_>]) -> Result<Vec<Vec<Vec<u8>>>, Error> {
        let next = AtomicUsize::new(0);
        let threads = thread::available_parallelism().map_or(1, usize::from).min(files.len());
        let work = || {
            let mut done = Vec::new();
            let mut buffer = vec![0; BUFFER];
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(wanted) = files.get(index) else { return done };
                done.push((index, self.of_file(wanted, &mut buffer).map_err(|error| Error::read(wanted.path, error))));
            }
        };
        let mut all = vec![Vec::new(); files.len()];
        let done: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("reading does not panic")).collect()
        });
        for (index, digests) in done {
            if let Some(place) = all.get_mut(index) {
                *place = digests?;
            }
        }
        Ok(all)
    }

    fn of_file(self, wanted: &Wanted<'_>, buffer: &mut [u8]) -> io::Result<Vec<Vec<u8>>> {
        let mut file = File::open(wanted.path)?;
        let Some(ends) = &wanted.ends else {
            return Ok(vec![self.of(&mut file, buffer)?.0]);
        };
        let (mut digests, mut start) = (Vec::with_capacity(ends.len()), 0_u64);
        for &end in ends {
            let length = end.saturating_sub(start);
            let (digest, read) = self.of(&mut Read::by_ref(&mut file).take(length), buffer)?;
            if read < length {
                return Ok(digests);
            }
            digests.push(digest);
            start = end;
        }
        if file.read(buffer.get_mut(..1).unwrap_or_default())? > 0 {
            digests.push(Vec::new());
        }
        Ok(digests)
    }

    /// The digest of everything that can be read, and its length.
    fn of(self, from: &mut impl Read, buffer: &mut [u8]) -> io::Result<(Vec<u8>, u64)> {
        match self {
            Self::Sha256 => feed::<Sha256>(from, buffer),
            Self::Blake2b => feed::<Blake2b512>(from, buffer),
            Self::Blake3 => feed::<blake3::Hasher>(from, buffer),
        }
    }
}

/// A running digest.
trait Hasher: Default {
    fn feed(&mut self, bytes: &[u8]);
    fn finish(self) -> Vec<u8>;
}

macro_rules! hashers {
    ($($hasher:ty)*) => {
        $(
            impl Hasher for $hasher {
                fn feed(&mut self, bytes: &[u8]) {
                    Digest::update(self, bytes);
                }

                fn finish(self) -> Vec<u8> {
                    self.finalize().to_vec()
                }
            }
        )*
    };
}

hashers!(Sha256 Blake2b512);

impl Hasher for blake3::Hasher {
    fn feed(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn finish(self) -> Vec<u8> {
        self.finalize().as_bytes().to_vec()
    }
}

fn feed<H: Hasher>(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<(Vec<u8>, u64)> {
    let (mut hasher, mut all) = (H::default(), 0_u64);
    loop {
        let read = match from.read(buffer) {
            Ok(0) => return Ok((hasher.finish(), all)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.feed(buffer.get(..read).unwrap_or_default());
        all = all.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::hex;

    /// `hashlib.sha256(b"abc")`, `hashlib.blake2b(b"abc")`, `blake3.blake3(b"abc")`.
    #[test]
    fn the_digests_are_pythons() {
        for (name, expected) in [
            ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("blake2b", "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"),
            ("blake3", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
        ] {
            let digest = FileDigest::of_name(name).unwrap();
            let (found, read) = digest.of(&mut &b"abc"[..], &mut [0; 2]).unwrap();
            assert!(hex(&found).starts_with(expected), "{name}: {}", hex(&found));
            assert_eq!(read, 3);
        }
    }

    #[test]
    fn parts_must_be_all_there_is() {
        let path = std::env::temp_dir().join(format!("skiff-digest-{}", std::process::id()));
        std::fs::write(&path, b"abcde").unwrap();
        let count = |ends: &[u64]| {
            let wanted = Wanted { path: &path, ends: Some(ends.to_vec()) };
            FileDigest::Sha256.of_files(&[wanted]).unwrap()[0].len()
        };
        assert_eq!((count(&[2, 4, 5]), count(&[2, 4]), count(&[2, 4, 6])), (3, 3, 2));
        std::fs::remove_file(&path).unwrap();
    }
}
