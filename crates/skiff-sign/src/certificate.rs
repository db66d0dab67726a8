//! Certificates, and chains from a signer's certificate to a trusted root.

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode, Header, Reader, SliceReader};
use rsa::pkcs8::{AssociatedOid, DecodePublicKey};
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};

use crate::error::KeyError;
use crate::hex::hex;
use crate::pem;
use crate::verdict::{Note, Problem};
use crate::{Error, PublicKey, Time};

/// An X.509 certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    inner: x509_cert::Certificate,
}

/// The content of a certificate, for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateView {
    /// The subject.
    pub subject: String,
    /// The issuer.
    pub issuer: String,
    /// SHA-256 of it, in hexadecimal.
    pub fingerprint: String,
    /// The start of its validity.
    pub not_before: String,
    /// The end of its validity.
    pub not_after: String,
}

impl Certificate {
    /// The certificates in a PEM text, one or more.
    ///
    /// # Errors
    /// When there is none, or one is damaged.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, Error> {
        let blocks = pem::blocks(text);
        let certificates = blocks.iter().filter(|block| block.label == pem::CERTIFICATE);
        let read = |block: &pem::Block| Self::from_der(block.der.as_ref().ok_or(DAMAGED)?).ok_or(DAMAGED);
        let certificates: Vec<_> = certificates.map(read).collect::<Result<_, _>>().map_err(Error::Certificate)?;
        if certificates.is_empty() {
            return Err(Error::Certificate("expected certificates in PEM, found none"));
        }
        Ok(certificates)
    }

    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let inner = x509_cert::Certificate::from_der(der).ok()?;
        Some(Self { der: der.to_vec(), inner })
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The public key.
    ///
    /// # Errors
    /// When it is not a key for signing models.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_der(&self.key_der().ok_or(KeyError::Damaged)?)
    }

    /// Its content.
    pub fn view(&self) -> CertificateView {
        let tbs = self.inner.tbs_certificate();
        CertificateView {
            subject: tbs.subject().to_string().escape_debug().to_string(),
            issuer: tbs.issuer().to_string().escape_debug().to_string(),
            fingerprint: hex(&Sha256::digest(&self.der)),
            not_before: self.not_before().to_string(),
            not_after: self.not_after().to_string(),
        }
    }

    fn key_der(&self) -> Option<Vec<u8>> {
        self.inner.tbs_certificate().subject_public_key_info().to_der().ok()
    }

    fn not_before(&self) -> Time {
        Time::since_epoch(self.inner.tbs_certificate().validity().not_before.to_unix_duration())
    }

    fn not_after(&self) -> Time {
        Time::since_epoch(self.inner.tbs_certificate().validity().not_after.to_unix_duration())
    }

    fn is_valid_at(&self, time: Time) -> bool {
        (self.not_before()..=self.not_after()).contains(&time)
    }

    fn names_itself_as_issuer(&self) -> bool {
        self.inner.tbs_certificate().subject() == self.inner.tbs_certificate().issuer()
    }

    fn issued(&self, other: &Self) -> bool {
        self.inner.tbs_certificate().subject() == other.inner.tbs_certificate().issuer()
    }

    /// The first critical extension that is not checked here, so that its restrictions would be ignored.
    fn unknown_extension(&self) -> Option<ObjectIdentifier> {
        let extensions = self.inner.tbs_certificate().extensions().map(Vec::as_slice).unwrap_or_default();
        extensions.iter().find(|one| one.critical && !KNOWN_EXTENSIONS.contains(&one.extn_id)).map(|one| one.extn_id)
    }

    /// Whether the key may sign: by its key usage, or without one by its extended key usage, as in `model_signing`.
    fn may_sign(&self) -> bool {
        let tbs = self.inner.tbs_certificate();
        let by_usage = matches!(tbs.get_extension::<KeyUsage>(), Ok(Some((_, usage))) if usage.digital_signature());
        let extended = tbs.get_extension::<ExtendedKeyUsage>();
        by_usage || matches!(extended, Ok(Some((_, usage))) if usage.0.contains(&CODE_SIGNING))
    }

    /// Why it may not issue certificates that have `below` other authorities under them.
    fn cannot_issue(&self, below: usize) -> Option<&'static str> {
        let tbs = self.inner.tbs_certificate();
        match tbs.get_extension::<BasicConstraints>() {
            Ok(Some((_, constraints))) if constraints.ca => {
                if constraints.path_len_constraint.is_some_and(|most| usize::from(most) < below) {
                    return Some("belongs to an authority for shorter chains");
                }
            }
            _ => return Some("does not belong to an authority"),
        }
        match tbs.get_extension::<KeyUsage>() {
            Ok(None) => None,
            Ok(Some((_, usage))) if usage.key_cert_sign() => None,
            _ => Some("may not sign certificates"),
        }
    }

    /// Whether this certificate's key signed `other`.
    fn signed(&self, other: &Self) -> Result<bool, String> {
        let algorithm = other.inner.signature_algorithm();
        // The signed part repeats the algorithm, so that it cannot be exchanged.
        let is_same = algorithm == other.inner.tbs_certificate().signature();
        let (Some(message), Some(signature), true) =
            (signed_part(&other.der), other.inner.signature().as_bytes(), is_same)
        else {
            return Ok(false);
        };
        let key = self.key_der().unwrap_or_default();
        let public = || PublicKey::from_der(&key);
        match algorithm.oid {
            ECDSA_SHA256 => Ok(public().is_ok_and(|key| key.verifies_digest(&Sha256::digest(message), signature))),
            ECDSA_SHA384 => Ok(public().is_ok_and(|key| key.verifies_digest(&Sha384::digest(message), signature))),
            ECDSA_SHA512 => Ok(public().is_ok_and(|key| key.verifies_digest(&Sha512::digest(message), signature))),
            ED25519 => Ok(public().is_ok_and(|key| key.algorithm().is_extension() && key.verifies(message, signature))),
            RSA_SHA256 => Ok(verifies_rsa::<Sha256>(&key, message, signature)),
            RSA_SHA384 => Ok(verifies_rsa::<Sha384>(&key, message, signature)),
            RSA_SHA512 => Ok(verifies_rsa::<Sha512>(&key, message, signature)),
            other => Err(format!("certificate signatures with the algorithm `{other}` are not supported")),
        }
    }
}

const DAMAGED: &str = "the certificate is damaged";
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
/// Basic constraints, key usage, extended key usage, and other names of the subject.
const KNOWN_EXTENSIONS: [ObjectIdentifier; 4] = [
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
    ObjectIdentifier::new_unwrap("2.5.29.17"),
];
/// RSA below 2,048 bits is not secure.
const LEAST_RSA_BYTES: usize = 256;

fn verifies_rsa<D: Digest + AssociatedOid>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = rsa::PublicKey::from_public_key_der(key) else { return false };
    let padding = rsa::Pkcs1v15Sign::new::<D>();
    key.size() >= LEAST_RSA_BYTES && key.verify(padding, &D::digest(message), signature).is_ok()
}

/// The bytes of a certificate that its issuer signed, unchanged.
fn signed_part(der: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(der).ok()?;
    Header::decode(&mut reader).ok()?;
    reader.tlv_bytes().ok()
}

/// The result of checking the chain from a signer's certificate to a root.
pub(crate) struct Path {
    pub leaf: Option<CertificateView>,
    /// The signer's key, unless there is a problem.
    pub key: Option<PublicKey>,
    pub problem: Option<Problem>,
    pub notes: Vec<Note>,
}

impl Path {
    /// Searches for a chain. `chain` is untrusted: the signer's certificate, and others.
    pub fn find(chain: &[Vec<u8>], roots: &[Certificate], at: Option<Time>) -> Self {
        let mut path = Self { leaf: None, key: None, problem: None, notes: Vec::new() };
        let untrusted = |why: String| Some(Problem::Untrusted { why });
        let chain: Vec<_> = chain.iter().map_while(|der| Certificate::from_der(der)).collect();
        let Some((leaf, others)) = chain.split_first() else {
            path.problem = untrusted("its certificate is damaged".to_owned());
            return path;
        };
        path.leaf = Some(leaf.view());
        if let Some(at) = at.filter(|&at| !leaf.is_valid_at(at)) {
            let (not_before, not_after) = (leaf.not_before().to_string(), leaf.not_after().to_string());
            path.problem = Some(Problem::NotValid { not_before, not_after, at: at.to_string() });
            return path;
        }
        let now = Time::now();
        if at.is_none() && leaf.not_after() < now {
            path.notes.push(Note::Expired { at: leaf.not_after().to_string() });
        } else if at.is_none() && now < leaf.not_before() {
            path.notes.push(Note::NotYetValid { at: leaf.not_before().to_string() });
        }
        if !leaf.may_sign() {
            path.problem = untrusted("its certificate is not for signing".to_owned());
            return path;
        }
        let mut search = Search { roots, others, at: at.unwrap_or(leaf.not_before()), left: MOST_CHECKS };
        match (search.leads_to_root(leaf, 0), leaf.public_key()) {
            (Ok(()), Ok(key)) => path.key = Some(key),
            (Err(why), _) => path.problem = untrusted(why),
            (_, Err(error)) => path.problem = untrusted(format!("its certificate has an unsupported key: {error}")),
        }
        path
    }
}

/// The most issuers in a chain: a usual one has three.
const MOST_ISSUERS: usize = 8;
/// The most signatures of certificates that are checked, which bounds the time for certificates that name each other.
const MOST_CHECKS: usize = 64;

struct Search<'a> {
    roots: &'a [Certificate],
    others: &'a [Certificate],
    at: Time,
    left: usize,
}

impl Search<'_> {
    /// Whether a chain leads from here to a root, or else why not. The depth is bounded, and with it this
    /// recursion.
    fn leads_to_root(&mut self, from: &Certificate, depth: usize) -> Result<(), String> {
        if let Some(oid) = from.unknown_extension() {
            return Err(format!("the certificate of `{}` has the unknown extension `{oid}`", from.view().subject));
        }
        if !from.is_valid_at(self.at) {
            let CertificateView { subject, not_before, not_after, .. } = from.view();
            let at = self.at;
            return Err(format!(
                "the certificate of `{subject}` is valid from {not_before} to {not_after}, not at {at}"
            ));
        }
        if from.names_itself_as_issuer() {
            return match self.roots.contains(from) {
                true => Ok(()),
                false => Err(format!("the root `{}` is not among the trusted certificates", from.view().subject)),
            };
        }
        if depth >= MOST_ISSUERS {
            return Err(format!("the chain has more than {MOST_ISSUERS} issuers"));
        }
        let issuer = from.view().issuer;
        let mut why = format!("there is no certificate of its issuer `{issuer}`");
        // The trusted ones come first: the others are only intermediates.
        for candidate in self.roots.iter().chain(self.others).filter(|candidate| candidate.issued(from)) {
            self.left = self.left.checked_sub(1).ok_or("too many certificates have the same issuer")?;
            // The first certificate is the signer's: it does not count as an authority.
            let found = match (candidate.cannot_issue(depth), candidate.signed(from)) {
                (Some(reason), _) => Err(format!("the certificate of `{issuer}` {reason}")),
                (None, Ok(true)) => self.leads_to_root(candidate, depth.saturating_add(1)),
                (None, Ok(false)) => {
                    Err(format!("`{issuer}` did not sign the certificate of `{}`", from.view().subject))
                }
                (None, Err(reason)) => Err(reason),
            };
            match found {
                Ok(()) => return Ok(()),
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }
}
