//! The SHA-256 of a file on disk, read in pieces.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// The size of the pieces.
const PIECE: usize = 1 << 20;

/// The SHA-256 of the file at `path`, whatever its size.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = BufReader::with_capacity(PIECE, File::open(path)?);
    let mut hash = Sha256::new();
    loop {
        let piece = file.fill_buf()?;
        if piece.is_empty() {
            return Ok(hash.finalize().into());
        }
        hash.update(piece);
        let read = piece.len();
        file.consume(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_of_a_file_counts() {
        let path = std::env::temp_dir().join(format!("skiff-sha256-{}", std::process::id()));
        for size in [0, 3, PIECE, 2 * PIECE + 1] {
            let bytes = vec![7; size];
            std::fs::write(&path, &bytes).expect("a written file");
            let expected: [u8; 32] = Sha256::digest(&bytes).into();
            assert_eq!(sha256_of(&path).expect("a readable file"), expected, "{size} bytes");
        }
        std::fs::remove_file(&path).expect("the file");
        assert!(sha256_of(&path).is_err());
    }
}
