//! Private and public keys, and their encodings.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::signature::{self, Signer, Verifier};
use p256::elliptic_curve::Generate;
use pkcs8::der::Decode;
use pkcs8::der::asn1::ObjectIdentifier;
use pkcs8::spki::SubjectPublicKeyInfoRef;
use pkcs8::{
    DecodePrivateKey, EncodePrivateKey, EncodePublicKey, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef,
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{KeyError, PRIVATE, PUBLIC};
use crate::hex::hex;
use crate::pem;

/// The signature algorithm: the curve determines the digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    P256,
    /// ECDSA on P-384 with SHA-384.
    P384,
    /// ECDSA on P-521 with SHA-512.
    P521,
    /// Ed25519: an extension, which `model_signing` does not support.
    Ed25519,
}

impl Algorithm {
    /// Every algorithm, the default first.
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::Ed25519];

    /// Its name on the command line and in Python.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
            Self::Ed25519 => "ed25519",
        }
    }

    /// A description.
    pub fn describe(self) -> &'static str {
        match self {
            Self::P256 => "ECDSA on P-256 with SHA-256",
            Self::P384 => "ECDSA on P-384 with SHA-384",
            Self::P521 => "ECDSA on P-521 with SHA-512",
            Self::Ed25519 => "Ed25519, an extension of skiff's",
        }
    }

    /// Whether it is not part of Model Signing v1.0.
    pub fn is_extension(self) -> bool {
        self == Self::Ed25519
    }
}

/// A private key. It is wiped from memory when it is dropped, and `Debug` does not show it.
pub struct PrivateKey {
    inner: Private,
}

enum Private {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    inner: Public,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Public {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// Does the same for each kind of key.
macro_rules! each {
    ($kind:ident, $inner:expr, $key:ident => $body:expr) => {
        match $inner {
            $kind::P256($key) => $body,
            $kind::P384($key) => $body,
            $kind::P521($key) => $body,
            $kind::Ed25519($key) => $body,
        }
    };
}

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const CURVES: [(ObjectIdentifier, Algorithm); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), Algorithm::P256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), Algorithm::P384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), Algorithm::P521),
];

impl PrivateKey {
    /// A new key, from the operating system's random numbers.
    ///
    /// # Errors
    /// When the operating system returns none.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let random = |_| KeyError::Random;
        let inner = match algorithm {
            Algorithm::P256 => Private::P256(p256::ecdsa::SigningKey::try_generate().map_err(random)?),
            Algorithm::P384 => Private::P384(p384::ecdsa::SigningKey::try_generate().map_err(random)?),
            Algorithm::P521 => Private::P521(p521::ecdsa::SigningKey::try_generate().map_err(random)?),
            Algorithm::Ed25519 => {
                let mut secret = Zeroizing::new([0; 32]);
                getrandom::fill(&mut *secret).map_err(|_| KeyError::Random)?;
                Private::Ed25519(ed25519_dalek::SigningKey::from_bytes(&secret))
            }
        };
        Ok(Self { inner })
    }

    /// Reads a key from PEM: PKCS#8, with a password or without, or SEC1 as `openssl ecparam -genkey` writes it.
    ///
    /// # Errors
    /// When there is none in the text, when it is damaged, of another curve, or encrypted with another password.
    pub fn from_pem(text: &[u8], password: Option<&[u8]>) -> Result<Self, KeyError> {
        let blocks = pem::blocks(text);
        for block in &blocks {
            // Before PKCS#8, `openssl` wrote encrypted keys with header lines before the content.
            let der = || match &block.der {
                Some(der) => Ok(der.as_slice()),
                None if text.windows(10).any(|window| window == b"Proc-Type:") => Err(KeyError::Unsupported(
                    "one encrypted in the old format, which `openssl pkcs8 -topk8` converts to PKCS#8".to_owned(),
                )),
                None => Err(KeyError::Damaged),
            };
            match block.label.as_str() {
                "PRIVATE KEY" => return Self::from_pkcs8(der()?),
                "ENCRYPTED PRIVATE KEY" => {
                    let password = password.ok_or(KeyError::PasswordNeeded)?;
                    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der()?).map_err(|_| KeyError::Damaged)?;
                    let document = encrypted.decrypt(password).map_err(|_| KeyError::WrongPassword)?;
                    return Self::from_pkcs8(document.as_bytes());
                }
                "EC PRIVATE KEY" => return Self::from_sec1(der()?),
                _ => {}
            }
        }
        Err(KeyError::Missing { expected: PRIVATE, found: blocks.into_iter().map(|block| block.label).collect() })
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyError::Damaged)?;
        let damaged = |_| KeyError::Damaged;
        let parameters = info.algorithm.parameters.and_then(|any| any.decode_as().ok());
        let inner = match algorithm(info.algorithm.oid, parameters)? {
            Algorithm::P256 => Private::P256(p256::ecdsa::SigningKey::from_pkcs8_der(der).map_err(damaged)?),
            Algorithm::P384 => Private::P384(p384::ecdsa::SigningKey::from_pkcs8_der(der).map_err(damaged)?),
            Algorithm::P521 => Private::P521(p521::ecdsa::SigningKey::from_pkcs8_der(der).map_err(damaged)?),
            Algorithm::Ed25519 => Private::Ed25519(ed25519_dalek::SigningKey::from_pkcs8_der(der).map_err(damaged)?),
        };
        Ok(Self { inner })
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let key = sec1::EcPrivateKey::from_der(der).map_err(|_| KeyError::Damaged)?;
        let curve = key.parameters.and_then(|parameters| parameters.named_curve());
        let damaged = |_| KeyError::Damaged;
        let inner = match algorithm(EC_PUBLIC_KEY, curve)? {
            Algorithm::P256 => Private::P256(p256::ecdsa::SigningKey::from_slice(key.private_key).map_err(damaged)?),
            Algorithm::P384 => Private::P384(p384::ecdsa::SigningKey::from_slice(key.private_key).map_err(damaged)?),
            Algorithm::P521 => Private::P521(p521::ecdsa::SigningKey::from_slice(key.private_key).map_err(damaged)?),
            Algorithm::Ed25519 => return Err(KeyError::Damaged),
        };
        Ok(Self { inner })
    }

    /// The key as PKCS#8 in PEM, encrypted if there is a password.
    ///
    /// # Errors
    /// When the operating system returns no random numbers for encryption.
    pub fn to_pem(&self, password: Option<&[u8]>) -> Result<Zeroizing<String>, KeyError> {
        let written = each!(Private, &self.inner, key => match password {
            Some(password) => key.to_pkcs8_encrypted_pem(password, LineEnding::LF),
            None => key.to_pkcs8_pem(LineEnding::LF),
        });
        written.map_err(|_| KeyError::Random)
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        let inner = match &self.inner {
            Private::P256(key) => Public::P256(*key.verifying_key()),
            Private::P384(key) => Public::P384(*key.verifying_key()),
            Private::P521(key) => Public::P521(*key.verifying_key()),
            Private::Ed25519(key) => Public::Ed25519(key.verifying_key()),
        };
        PublicKey { inner }
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.public().algorithm()
    }

    /// The signature of `message`: DER for the curves, 64 bytes for Ed25519.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.inner {
            Private::P256(key) => Signer::<p256::ecdsa::DerSignature>::sign(key, message).as_bytes().to_vec(),
            Private::P384(key) => Signer::<p384::ecdsa::DerSignature>::sign(key, message).as_bytes().to_vec(),
            Private::P521(key) => Signer::<p521::ecdsa::DerSignature>::sign(key, message).as_bytes().to_vec(),
            Private::Ed25519(key) => key.sign(message).to_vec(),
        }
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PrivateKey").field(&self.algorithm()).finish()
    }
}

impl PublicKey {
    /// Reads a key from PEM: `PUBLIC KEY`.
    ///
    /// # Errors
    /// When there is none in the text, when it is damaged or of another curve.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let blocks = pem::blocks(text);
        match blocks.iter().find(|block| block.label == "PUBLIC KEY") {
            Some(block) => Self::from_der(block.der.as_ref().ok_or(KeyError::Damaged)?),
            None => Err(KeyError::Missing {
                expected: PUBLIC,
                found: blocks.into_iter().map(|block| block.label).collect(),
            }),
        }
    }

    /// Reads a key from the DER of its `SubjectPublicKeyInfo`, as in certificates.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::Damaged)?;
        let parameters = info.algorithm.parameters.and_then(|any| any.decode_as().ok());
        let inner = match algorithm(info.algorithm.oid, parameters)? {
            Algorithm::P256 => Public::P256(info.try_into().map_err(|_| KeyError::Damaged)?),
            Algorithm::P384 => Public::P384(info.try_into().map_err(|_| KeyError::Damaged)?),
            Algorithm::P521 => Public::P521(info.try_into().map_err(|_| KeyError::Damaged)?),
            Algorithm::Ed25519 => Public::Ed25519(info.try_into().map_err(|_| KeyError::Damaged)?),
        };
        Ok(Self { inner })
    }

    /// The key in PEM.
    pub fn to_pem(&self) -> String {
        each!(Public, &self.inner, key => key.to_public_key_pem(LineEnding::LF)).expect("a key that exists is written")
    }

    /// SHA-256 of the PEM text, in hexadecimal: the `hint` by which a bundle names the key that signed it.
    pub fn fingerprint(&self) -> String {
        hex(&Sha256::digest(self.to_pem()))
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self.inner {
            Public::P256(_) => Algorithm::P256,
            Public::P384(_) => Algorithm::P384,
            Public::P521(_) => Algorithm::P521,
            Public::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Whether `signature` is a signature of `message` by this key.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.inner {
            Public::P256(key) => der_signature(signature, |it: &p256::ecdsa::Signature| key.verify(message, it)),
            Public::P384(key) => der_signature(signature, |it: &p384::ecdsa::Signature| key.verify(message, it)),
            Public::P521(key) => der_signature(signature, |it: &p521::ecdsa::Signature| key.verify(message, it)),
            Public::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }

    /// Whether `signature` is a signature of `digest` by this key: certificates choose the digest independently of the curve.
    /// Never for Ed25519, which signs messages.
    pub(crate) fn verifies_digest(&self, digest: &[u8], signature: &[u8]) -> bool {
        match &self.inner {
            Public::P256(key) => der_signature(signature, |it: &p256::ecdsa::Signature| key.verify_prehash(digest, it)),
            Public::P384(key) => der_signature(signature, |it: &p384::ecdsa::Signature| key.verify_prehash(digest, it)),
            Public::P521(key) => der_signature(signature, |it: &p521::ecdsa::Signature| key.verify_prehash(digest, it)),
            Public::Ed25519(_) => false,
        }
    }
}

fn der_signature<S: DerSignature>(bytes: &[u8], verify: impl FnOnce(&S) -> Result<(), signature::Error>) -> bool {
    S::read(bytes).is_some_and(|signature| verify(&signature).is_ok())
}

/// A signature of one of the curves, from DER.
trait DerSignature: Sized {
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! der_signatures {
    ($($curve:ident)*) => {
        $(
            impl DerSignature for $curve::ecdsa::Signature {
                fn read(bytes: &[u8]) -> Option<Self> {
                    Self::from_der(bytes).ok()
                }
            }
        )*
    };
}

der_signatures!(p256 p384 p521);

/// The algorithm of a key, from its identifier and curve.
fn algorithm(oid: ObjectIdentifier, curve: Option<ObjectIdentifier>) -> Result<Algorithm, KeyError> {
    if oid == ED25519 {
        return Ok(Algorithm::Ed25519);
    }
    if oid != EC_PUBLIC_KEY {
        return Err(KeyError::Unsupported(format!("one with the algorithm `{oid}`")));
    }
    let curve = curve.ok_or_else(|| KeyError::Unsupported("one on a curve without a name".to_owned()))?;
    let known = CURVES.iter().find(|(known, _)| *known == curve);
    known.map(|&(_, algorithm)| algorithm).ok_or_else(|| KeyError::Unsupported(format!("one on the curve `{curve}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_signs_verifies_and_survives_pem() {
        for algorithm in Algorithm::ALL {
            let key = PrivateKey::generate(algorithm).unwrap();
            let signature = key.sign(b"message");
            let public = PublicKey::from_pem(key.public().to_pem().as_bytes()).unwrap();
            assert_eq!(public, key.public());
            assert!(public.verifies(b"message", &signature), "{algorithm:?}");
            assert!(!public.verifies(b"massage", &signature), "{algorithm:?}");
            assert!(!public.verifies(b"message", &signature[1..]), "{algorithm:?}");
            assert!(!public.verifies(b"message", &[]), "{algorithm:?}");
            let again = PrivateKey::from_pem(key.to_pem(None).unwrap().as_bytes(), None).unwrap();
            assert_eq!(again.public(), public);
            let other = PrivateKey::generate(algorithm).unwrap().public();
            assert!(!other.verifies(b"message", &signature), "{algorithm:?}");
        }
    }

    #[test]
    fn an_encrypted_key_wants_its_password() {
        let key = PrivateKey::generate(Algorithm::P256).unwrap();
        let pem = key.to_pem(Some(b"secret")).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        let read = |password| PrivateKey::from_pem(pem.as_bytes(), password);
        assert!(matches!(read(None), Err(KeyError::PasswordNeeded)));
        assert!(matches!(read(Some(b"Secret")), Err(KeyError::WrongPassword)));
        assert_eq!(read(Some(b"secret")).unwrap().public(), key.public());
    }

    #[test]
    fn a_public_key_is_no_private_one() {
        let pem = PrivateKey::generate(Algorithm::P256).unwrap().public().to_pem();
        let error = PrivateKey::from_pem(pem.as_bytes(), None).unwrap_err();
        assert_eq!(error.to_string(), "expected a private key in PEM, found `PUBLIC KEY`");
        let error = PublicKey::from_pem(b"").unwrap_err();
        assert_eq!(error.to_string(), "expected a public key in PEM, found no PEM");
    }
}
