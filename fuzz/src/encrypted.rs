//! Files encrypted with age for a public test key and passphrase.

use std::io::Write;

use age::armor::{ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{Encryptor, Recipient, scrypt, x25519};

/// The test identity.
pub const KEY: &str = "AGE-SECRET-KEY-1Z7RKENXS2RMD5V38959E63DLR3D4JZ6HC3JT76KQQQA90U86A5WSG3APM6";
/// The test passphrase.
pub const PASSPHRASE: &str = "passphrase";

/// Encrypted for the key.
pub fn encrypt(plain: &[u8], format: Format) -> Vec<u8> {
    encrypt_for(&key(), plain, format)
}

/// Encrypted by the passphrase, with next to no work.
pub fn encrypt_by_passphrase(plain: &[u8], format: Format) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(PASSPHRASE));
    recipient.set_work_factor(2);
    encrypt_for(&recipient, plain, format)
}

/// Encrypted for another recipient.
pub fn encrypt_for_another(plain: &[u8], format: Format) -> Vec<u8> {
    encrypt_for(&x25519::Identity::generate().to_public(), plain, format)
}

fn key() -> x25519::Recipient {
    KEY.parse::<x25519::Identity>().expect("the key is one").to_public()
}

fn encrypt_for(recipient: &dyn Recipient, plain: &[u8], format: Format) -> Vec<u8> {
    let encryptor = Encryptor::with_recipients([recipient].into_iter()).expect("one recipient");
    let mut encrypted = Vec::new();
    let armored = ArmoredWriter::wrap_output(&mut encrypted, format).expect("memory");
    let mut encrypting = encryptor.wrap_output(armored).expect("memory");
    encrypting.write_all(plain).expect("memory");
    encrypting.finish().and_then(ArmoredWriter::finish).expect("memory");
    encrypted
}
