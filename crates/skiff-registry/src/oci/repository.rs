//! A repository of an OCI registry: tags, manifests and blobs, as its distribution specification has them.

use std::io::Read;

use reqwest::header::{LINK, LOCATION};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::client::{Client, Content, header, place};
use crate::Error;
use crate::address::Digest;

/// The manifests that are read: of artifacts and images.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// What else a tag may be at; asking for them makes the digest right where an alias is at an image.
const OTHERS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json";
/// The largest manifest that registries take.
const MOST_MANIFEST: u64 = 4 << 20;
/// The largest page of a listing, and how many pages are read.
const MOST_PAGE: u64 = 16 << 20;
const MOST_PAGES: usize = 1_000;

/// A repository of an OCI registry: `oci://HOST[:PORT]/PATH`.
#[derive(Debug)]
pub struct Repository {
    client: Client,
    path: String,
}

/// A manifest as it was found.
pub(super) struct Found {
    pub(super) digest: Digest,
    pub(super) bytes: Vec<u8>,
}

impl Repository {
    /// The repository at `oci://HOST[:PORT]/PATH`. Nothing is asked yet.
    ///
    /// # Errors
    /// When it is no such URL.
    pub fn open(url: &str) -> Result<Self, Error> {
        let (host, path) = split(url)?;
        Ok(Self { client: Client::new(host, url)?, path: checked(path, url)?.to_owned() })
    }

    /// The digest of the manifest that a tag is at; `None` if there is no such tag.
    ///
    /// # Errors
    /// When the registry fails.
    pub fn tagged(&self, tag: &str) -> Result<Option<Digest>, Error> {
        Ok(self.manifest(tag)?.map(|found| found.digest))
    }

    /// The manifest of a tag or digest; `None` if there is none.
    pub(super) fn manifest(&self, reference: &str) -> Result<Option<Found>, Error> {
        let url = self.client.url(&format!("{}/manifests/{reference}", self.path))?;
        let answer = self.client.ask(&Method::GET, &url, &format!("{MANIFEST}, {OTHERS}"), &Content::None)?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let said = header(answer.headers(), "docker-content-digest").map(str::to_owned);
        let bytes = self.client.bytes(&url, answer, MOST_MANIFEST)?;
        let digest = Digest::of(&Sha256::digest(&bytes));
        // A tag has no digest of its own: what the registry says shows an answer that was cut.
        let expected = if reference.starts_with("sha256:") { Some(reference.to_owned()) } else { said };
        match expected.as_deref().map(str::parse) {
            Some(Ok(expected)) if expected != digest => {
                Err(Error::Digest { place: place(&url), expected, found: digest })
            }
            _ => Ok(Some(Found { digest, bytes })),
        }
    }

    /// Puts a manifest at a tag, whatever is there, and returns its digest.
    ///
    /// # Errors
    /// When the registry refuses it.
    pub fn put_manifest(&self, tag: &str, bytes: &[u8]) -> Result<Digest, Error> {
        let url = self.client.url(&format!("{}/manifests/{tag}", self.path))?;
        let answer = self.client.ask(&Method::PUT, &url, "", &Content::Bytes(MANIFEST, bytes))?;
        match answer.status().is_success() {
            true => Ok(Digest::of(&Sha256::digest(bytes))),
            false => Err(self.client.refused(&url, answer)),
        }
    }

    /// Removes a tag.
    pub(super) fn remove_tag(&self, tag: &str) -> Result<(), Error> {
        let url = self.client.url(&format!("{}/manifests/{tag}", self.path))?;
        let removed = self.client.ask(&Method::DELETE, &url, "", &Content::None);
        match removed {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(self.client.refused(&url, answer)),
            Err(Error::Http(place, what)) => {
                Err(Error::Unsupported(place, format!("the registry does not remove tags ({what})")))
            }
            Err(error) => Err(error),
        }
    }

    /// The tags; `None` if there is no such repository.
    pub(super) fn tags(&self) -> Result<Option<Vec<String>>, Error> {
        #[derive(Deserialize)]
        struct Page {
            // `null` of a repository whose tags were all removed.
            tags: Option<Vec<String>>,
        }
        let pages = pages::<Page>(&self.client, &format!("{}/tags/list", self.path))?;
        Ok(pages.map(|pages| pages.into_iter().filter_map(|page| page.tags).flatten().collect()))
    }

    /// Whether there is a blob.
    fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        let url = self.client.url(&format!("{}/blobs/{digest}", self.path))?;
        Ok(self.client.ask(&Method::HEAD, &url, "", &Content::None)?.status().is_success())
    }

    /// Gives the bytes of a blob to a function, part by part, and returns their digest. It is at most `size` bytes long.
    pub(super) fn blob(
        &self,
        digest: &Digest,
        size: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Digest, Error> {
        let url = self.client.url(&format!("{}/blobs/{digest}", self.path))?;
        let answer = self.client.ask(&Method::GET, &url, "", &Content::None)?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(Error::Damaged(place(&url), "the blob is missing".to_owned()));
        }
        let mut hash = Sha256::new();
        self.client.each(&url, answer, size, &mut |part| {
            hash.update(part);
            take(part)
        })?;
        Ok(Digest::of(&hash.finalize()))
    }

    /// The address of a blob, for messages.
    pub(super) fn place(&self, digest: &Digest) -> String {
        self.client.url(&format!("{}/blobs/{digest}", self.path)).map_or_else(|_| digest.to_string(), |url| place(&url))
    }

    /// Sends a blob, unless it is there. `open` is called for each attempt.
    ///
    /// # Errors
    /// When the registry refuses it, or what was read has another digest.
    pub fn send_blob(
        &self,
        digest: &Digest,
        size: u64,
        open: &dyn Fn() -> std::io::Result<Box<dyn Read + Send>>,
    ) -> Result<(), Error> {
        if self.has_blob(digest)? {
            return Ok(());
        }
        let url = self.client.url(&format!("{}/blobs/uploads/", self.path))?;
        let answer = self.client.ask(&Method::POST, &url, "", &Content::Bytes("application/octet-stream", b""))?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(self.client.refused(&url, answer));
        }
        let target = header(answer.headers(), LOCATION.as_str()).and_then(|location| url.join(location).ok());
        let mut target = target.ok_or_else(|| {
            Error::Http(place(&url), "the answer does not say where the blob is to be sent".to_owned())
        })?;
        target.query_pairs_mut().append_pair("digest", &digest.to_string());
        let answer = self.client.ask(&Method::PUT, &target, "", &Content::Stream(size, open))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(self.client.refused(&target, answer)),
        }
    }
}

/// The repositories of a registry, as far as it lists them.
pub(super) fn catalog(url: &str) -> Result<Vec<String>, Error> {
    #[derive(Deserialize)]
    struct Page {
        repositories: Option<Vec<String>>,
    }
    let (host, _) = split(url)?;
    let client = Client::new(host, url)?;
    let why = "the registry does not list its repositories; `skiff registry show URL/NAME` shows one";
    let unsupported = || Error::Unsupported(url.to_owned(), why.to_owned());
    match pages::<Page>(&client, "_catalog") {
        Ok(pages) => {
            let pages = pages.ok_or_else(unsupported)?.into_iter();
            Ok(pages.filter_map(|page| page.repositories).flatten().collect())
        }
        Err(Error::Denied(..)) => Err(unsupported()),
        Err(error) => Err(error),
    }
}

/// All pages of a listing; `None` if there is no such listing.
fn pages<T: for<'de> Deserialize<'de>>(client: &Client, path: &str) -> Result<Option<Vec<T>>, Error> {
    let mut url = client.url(path)?;
    let (origin, mut pages) = (url.origin(), Vec::new());
    loop {
        let answer = client.ask(&Method::GET, &url, "application/json", &Content::None)?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let next = header(answer.headers(), LINK.as_str()).and_then(next_page).and_then(|next| url.join(next).ok());
        let bytes = client.bytes(&url, answer, MOST_PAGE)?;
        let damaged = |what: String| Error::Damaged(place(&url), what);
        pages.push(serde_json::from_slice(&bytes).map_err(|error| damaged(format!("it cannot be read: {error}")))?);
        match next {
            None => return Ok(Some(pages)),
            Some(_) if pages.len() >= MOST_PAGES => {
                return Err(damaged(format!("the listing has more than {MOST_PAGES} pages")));
            }
            Some(next) if next.origin() != origin => {
                return Err(damaged("the next page of the listing is on another host".to_owned()));
            }
            Some(next) => url = next,
        }
    }
}

/// The address in `<…>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    parameters.contains("next").then_some(address)
}

/// Host and path of `oci://HOST[:PORT][/PATH]`.
pub(super) fn split(url: &str) -> Result<(&str, &str), Error> {
    let rest = url.strip_prefix("oci://").unwrap_or_default().trim_end_matches('/');
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    match host.is_empty() {
        true => Err(Error::Url(url.to_owned(), "expected `oci://HOST[:PORT]/REPOSITORY`".to_owned())),
        false => Ok((host, path)),
    }
}

/// A path that a repository may have: lower-case letters and digits, separated by `.`, `_`, `-` and `/`.
fn checked<'p>(path: &'p str, url: &str) -> Result<&'p str, Error> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |part: &str| {
        part.bytes().next().is_some_and(is_plain)
            && part.bytes().next_back().is_some_and(is_plain)
            && part.bytes().all(|byte| is_plain(byte) || matches!(byte, b'.' | b'_' | b'-'))
    };
    match path.len() <= 255 && path.split('/').all(is_part) {
        true => Ok(path),
        false => Err(Error::Url(
            url.to_owned(),
            "OCI repositories have names of lower-case letters and digits, separated by `.`, `_`, `-` and `/`"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_repository() {
        for url in ["oci://ghcr.io/acme/models/churn", "oci://localhost:5000/churn", "oci://[::1]:5000/a-b/c.d_e"] {
            assert!(Repository::open(url).is_ok(), "{url}");
        }
        for url in [
            "oci://ghcr.io",
            "oci:///churn",
            "oci://ghcr.io/Churn",
            "oci://ghcr.io/a//b",
            "oci://ghcr.io/../v2",
            "oci://ada:secret@ghcr.io/churn",
            "oci://ghcr.io/churn:3",
            "oci://ghcr.io?x=/churn",
        ] {
            assert!(Repository::open(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_next_page_of_a_listing() {
        assert_eq!(next_page("</v2/a/tags/list?last=3>; rel=\"next\""), Some("/v2/a/tags/list?last=3"));
        assert_eq!(next_page("</v2/a>; rel=\"previous\""), None);
        assert_eq!(next_page("/v2/a"), None);
    }
}
