//! Files encrypted by age.

use age::armor::Format;
use skiff::{File, Identity, Options};
use skiff_files::is_encrypted;

use crate::encrypted::{KEY, PASSPHRASE, encrypt};

/// An encrypted file is opened, or is a named error. Anything else is encrypted first: then it has the same outcome as it
/// is, and a flipped bit is found.
pub fn encryption(bytes: &[u8]) -> bool {
    if is_encrypted(bytes) {
        read(bytes, &identity(bytes));
        return true;
    }
    let identity = Identity::read(KEY.as_bytes()).expect("the key is one");
    let plain = File::read(bytes.to_vec(), &crate::limits().into());
    let mut encrypted = encrypt(bytes, Format::Binary);
    for spelled in [&encrypted, &encrypt(bytes, Format::AsciiArmor)] {
        match (&plain, File::read(spelled.clone(), &options(&identity))) {
            (Ok(plain), Ok(opened)) => {
                let (plain, opened) = (plain.contents().format.describe(), opened.contents().format.describe());
                assert_eq!(opened.split_first(), Some((&"age".to_owned(), &*plain)), "another format");
            }
            (Err(plain), Err(opened)) => assert_eq!(plain.to_string(), opened.to_string(), "another error"),
            (plain, opened) => panic!("{:?} as it is, and encrypted {:?}", plain.as_ref().err(), opened.err()),
        }
    }
    let place = bytes.iter().fold(0, |sum: usize, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let place = place % encrypted.len();
    encrypted[place] ^= 1 << (place % 8);
    assert!(!read(&encrypted, &identity), "a flipped bit in byte {place} is not found");
    true
}

/// Whether it can be read.
fn read(bytes: &[u8], identity: &Identity) -> bool {
    let read = File::read(bytes.to_vec(), &options(identity));
    if let Err(error) = &read {
        assert!(!error.to_string().is_empty() && !error.code().is_empty(), "an unnamed error");
    }
    read.is_ok()
}

fn options(identity: &Identity) -> Options {
    Options { limits: crate::limits(), identity: Some(identity.clone()), ..Options::default() }
}

/// The key, and the passphrase if the work factor is small: more than 2^20 is an error, which takes
/// seconds and a GiB.
fn identity(bytes: &[u8]) -> Identity {
    const MOST_WORK: u32 = 8;
    let key = Identity::read(KEY.as_bytes()).expect("the key is one");
    let mut words = bytes.split(|byte| byte.is_ascii_whitespace()).skip_while(|word| word != b"scrypt").skip(2);
    let work = words.next().and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
    match work {
        Some(0..=MOST_WORK) => key.and(Identity::passphrase(PASSPHRASE).expect("it is not empty")),
        _ => key,
    }
}
