//! A signature file: a Sigstore bundle in JSON, with a DSSE envelope in it.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use crate::error::{BundleError, Unsupported};
use crate::{Error, PrivateKey};

/// The media type of the bundles that `model_signing` v1.0 reads and writes.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The type of the envelope's payload.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// A file in the model costs about 200 bytes in the bundle: this allows a million of them, and limits malicious
/// files.
pub(crate) const MOST_BYTES: usize = 1 << 28;
/// A chain from a leaf to its root has three or four; more only cost time.
const MOST_CERTIFICATES: usize = 16;

/// A signature as it is in its file. A bundle that can be read is not verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub(crate) material: Material,
    /// The statement, as it was signed.
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// The signer named by the bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Material {
    /// A key, by its fingerprint; bundles of before 1.0 name none.
    Key { hint: Option<String> },
    /// Certificates in DER: the signer's, and those of a chain to a root.
    Certificates(Vec<Vec<u8>>),
}

/// The fields of the JSON that are used.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct BundleJson {
    media_type: String,
    verification_material: MaterialJson,
    dsse_envelope: Option<EnvelopeJson>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct MaterialJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<KeyJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x509_certificate_chain: Option<ChainJson>,
    /// Sigstore's own, for a short-lived key.
    #[serde(skip_serializing)]
    certificate: Option<serde::de::IgnoredAny>,
    /// `model_signing` requires the list, which is empty: there is no entry in a public log.
    #[serde(skip_deserializing)]
    tlog_entries: [(); 0],
}

#[derive(Deserialize, Serialize)]
struct KeyJson {
    #[serde(default)]
    hint: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct ChainJson {
    certificates: Vec<CertificateJson>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateJson {
    raw_bytes: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeJson {
    payload: String,
    payload_type: String,
    signatures: Vec<SignatureJson>,
}

#[derive(Deserialize, Serialize)]
struct SignatureJson {
    sig: String,
    #[serde(default)]
    keyid: String,
}

impl Bundle {
    /// Reads a signature file. Memory and time stay within a constant factor of its size.
    ///
    /// # Errors
    /// When it is not a bundle, is inconsistent, or is of a kind that is not supported.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MOST_BYTES {
            return Err(BundleError::Large.into());
        }
        let json: BundleJson = serde_json::from_slice(bytes).map_err(BundleError::Json)?;
        if json.media_type != MEDIA_TYPE {
            return Err(Unsupported::MediaType(json.media_type).into());
        }
        let material = json.verification_material.read()?;
        let envelope = json.dsse_envelope.ok_or(Unsupported::Payload("a bare digest".to_owned()))?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(Unsupported::Payload(envelope.payload_type).into());
        }
        let [signature] = envelope.signatures.as_slice() else {
            return Err(BundleError::Malformed("expected one signature").into());
        };
        Ok(Self {
            material,
            payload: base64(&envelope.payload, "the payload is not base64")?,
            signature: base64(&signature.sig, "the signature is not base64")?,
        })
    }

    /// Signs a given statement with a key without certificate. [`sign`](crate::sign) creates the statement too.
    pub fn of_statement(statement: Vec<u8>, key: &PrivateKey) -> Self {
        Self::signed(statement, key, Material::Key { hint: Some(key.public().fingerprint()) })
    }

    pub(crate) fn signed(payload: Vec<u8>, key: &PrivateKey, material: Material) -> Self {
        let signature = key.sign(&pae(&payload));
        Self { material, payload, signature }
    }

    /// The statement in JSON. It is not authenticated before the signature is verified.
    pub fn statement(&self) -> &[u8] {
        &self.payload
    }

    /// The text of the signature file.
    pub fn to_json(&self) -> String {
        let (public_key, x509_certificate_chain) = match &self.material {
            Material::Key { hint } => (Some(KeyJson { hint: hint.clone() }), None),
            Material::Certificates(chain) => {
                let certificate = |der: &Vec<u8>| CertificateJson { raw_bytes: Base64::encode_string(der) };
                (None, Some(ChainJson { certificates: chain.iter().map(certificate).collect() }))
            }
        };
        let envelope = EnvelopeJson {
            payload: Base64::encode_string(&self.payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![SignatureJson { sig: Base64::encode_string(&self.signature), keyid: String::new() }],
        };
        let json = BundleJson {
            media_type: MEDIA_TYPE.to_owned(),
            verification_material: MaterialJson { public_key, x509_certificate_chain, ..MaterialJson::default() },
            dsse_envelope: Some(envelope),
        };
        serde_json::to_string(&json).expect("texts and lists become JSON")
    }
}

impl MaterialJson {
    fn read(self) -> Result<Material, Error> {
        if self.certificate.is_some() {
            return Err(Unsupported::Keyless.into());
        }
        match (self.public_key, self.x509_certificate_chain) {
            (Some(key), None) => Ok(Material::Key { hint: key.hint.filter(|hint| !hint.is_empty()) }),
            (None, Some(chain)) if chain.certificates.is_empty() => {
                Err(BundleError::Malformed("the certificate chain is empty").into())
            }
            (None, Some(chain)) if chain.certificates.len() > MOST_CERTIFICATES => {
                Err(BundleError::Malformed("the certificate chain has more than 16 certificates").into())
            }
            (None, Some(chain)) => {
                let der = |one: &CertificateJson| base64(&one.raw_bytes, "a certificate is not base64");
                Ok(Material::Certificates(chain.certificates.iter().map(der).collect::<Result<_, _>>()?))
            }
            _ => Err(BundleError::Malformed("expected a public key's hint or a certificate chain").into()),
        }
    }
}

/// What is signed: DSSE's pre-authentication encoding of a payload.
pub(crate) fn pae(payload: &[u8]) -> Vec<u8> {
    let mut text = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    text.extend_from_slice(payload);
    text
}

/// What `model_signing` signed before 1.0, by mistake: the name of another version, and the `repr` of the payload's bytes.
pub(crate) fn pae_before_1_0(payload: &[u8]) -> Vec<u8> {
    let mut text = format!("DSSEV1 {} {PAYLOAD_TYPE} {} b", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    let quote = if payload.contains(&b'\'') && !payload.contains(&b'"') { b'"' } else { b'\'' };
    text.push(quote);
    for &byte in payload {
        match byte {
            b'\t' => text.extend_from_slice(b"\\t"),
            b'\n' => text.extend_from_slice(b"\\n"),
            b'\r' => text.extend_from_slice(b"\\r"),
            _ if byte == b'\\' || byte == quote => text.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => text.push(byte),
            _ => text.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    text.push(quote);
    text
}

fn base64(text: &str, what: &'static str) -> Result<Vec<u8>, BundleError> {
    Base64::decode_vec(text).map_err(|_| BundleError::Malformed(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_survives_its_text() {
        for material in [
            Material::Key { hint: Some("ab".to_owned()) },
            Material::Key { hint: None },
            Material::Certificates(vec![vec![1, 2], vec![3]]),
        ] {
            let bundle = Bundle { material, payload: b"{}".to_vec(), signature: vec![0, 255] };
            assert_eq!(Bundle::read(bundle.to_json().as_bytes()).unwrap(), bundle);
        }
    }

    #[test]
    fn the_old_encoding_is_pythons() {
        let old = |payload: &[u8]| String::from_utf8(pae_before_1_0(payload)).unwrap();
        assert_eq!(old(b"a"), "DSSEV1 28 application/vnd.in-toto+json 1 b'a'");
        assert!(old(b"{\"a\":\n\t\\ \x00\x7f\xff'}").ends_with(r#" b'{"a":\n\t\\ \x00\x7f\xff\'}'"#));
        assert!(old(b"it's").ends_with(r#" b"it's""#));
    }

    #[test]
    fn other_bundles_are_named() {
        let says = |text: &str| Bundle::read(text.as_bytes()).unwrap_err().to_string();
        assert!(says("[]").starts_with("not a signature bundle: "));
        assert!(says("{}").starts_with("not a signature bundle: missing field `mediaType`"));
        let bundle = |media: &str, material: &str, envelope: &str| {
            format!(r#"{{"mediaType":"{media}","verificationMaterial":{material},{envelope}}}"#)
        };
        let envelope = r#""dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AA=="}]}"#;
        let key = r#"{"publicKey":{}}"#;
        assert!(Bundle::read(bundle(MEDIA_TYPE, key, envelope).as_bytes()).is_ok());
        assert!(says(&bundle("text/plain", key, envelope)).ends_with("found `text/plain`"));
        let keyless = r#"{"certificate":{"rawBytes":"AA=="},"tlogEntries":[{}]}"#;
        assert!(
            says(&bundle(MEDIA_TYPE, keyless, envelope)).starts_with("the signer is attested by Sigstore's servers")
        );
        let digest = r#""messageSignature":{}"#;
        assert!(says(&bundle(MEDIA_TYPE, key, digest)).ends_with("found `a bare digest`"));
        let two = envelope.replace("[{\"sig\":\"AA==\"}]", "[{\"sig\":\"AA==\"},{\"sig\":\"AA==\"}]");
        assert!(says(&bundle(MEDIA_TYPE, key, &two)).ends_with("expected one signature"));
        let empty = r#"{"x509CertificateChain":{"certificates":[]}}"#;
        assert!(says(&bundle(MEDIA_TYPE, empty, envelope)).ends_with("the certificate chain is empty"));
    }
}
