//! `CityHash64` of version 1.0, by which CatBoost knows categories.

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;
const K3: u64 = 0xc949_d7c7_509e_6557;

/// The hash of `text`.
pub fn city_hash64(text: &[u8]) -> u64 {
    match text.len() {
        0..=16 => short(text),
        17..=32 => medium(text),
        33..=64 => long(text),
        _ => longest(text),
    }
}

fn short(text: &[u8]) -> u64 {
    let len = text.len();
    let wide = len as u64;
    match len {
        0 => K2,
        1..=3 => {
            let (first, middle, last) = (u32::from(text[0]), u32::from(text[len >> 1]), u32::from(text[len - 1]));
            let y = u64::from(first + (middle << 8));
            let z = wide + u64::from(last << 2);
            shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K3)).wrapping_mul(K2)
        }
        4..=8 => mix(wide.wrapping_add(u64::from(word(text, 0)) << 3), u64::from(word(text, len - 4))),
        _ => {
            let (a, b) = (double(text, 0), double(text, len - 8));
            mix(a, b.wrapping_add(wide).rotate_right(u32::try_from(len).unwrap_or(0))) ^ b
        }
    }
}

fn medium(text: &[u8]) -> u64 {
    let len = text.len();
    let a = double(text, 0).wrapping_mul(K1);
    let b = double(text, 8);
    let c = double(text, len - 8).wrapping_mul(K2);
    let d = double(text, len - 16).wrapping_mul(K0);
    mix(
        a.wrapping_sub(b).rotate_right(43).wrapping_add(c.rotate_right(30)).wrapping_add(d),
        a.wrapping_add((b ^ K3).rotate_right(20)).wrapping_sub(c).wrapping_add(len as u64),
    )
}

fn long(text: &[u8]) -> u64 {
    let len = text.len();
    let (first, first_low) = half(
        double(text, 0).wrapping_add((len as u64).wrapping_add(double(text, len - 16)).wrapping_mul(K0)),
        [double(text, 8), double(text, 16), double(text, 24)],
    );
    let (second, second_low) = half(
        double(text, 16).wrapping_add(double(text, len - 32)),
        [double(text, len - 24), double(text, len - 16), double(text, len - 8)],
    );
    let mixed = first.wrapping_add(second_low).wrapping_mul(K2);
    let mixed = shift_mix(mixed.wrapping_add(second.wrapping_add(first_low).wrapping_mul(K0)));
    shift_mix(mixed.wrapping_mul(K0).wrapping_add(first_low)).wrapping_mul(K2)
}

/// One of the two halves of a text of 33 to 64 bytes: what is made of its four words, of which the first is `a`.
fn half(a: u64, [second, third, fourth]: [u64; 3]) -> (u64, u64) {
    let b = a.wrapping_add(fourth).rotate_right(52);
    let c = a.rotate_right(37);
    let a = a.wrapping_add(second);
    let c = c.wrapping_add(a.rotate_right(7));
    let a = a.wrapping_add(third);
    (a.wrapping_add(fourth), b.wrapping_add(a.rotate_right(31)).wrapping_add(c))
}

fn longest(text: &[u8]) -> u64 {
    let len = text.len();
    let mut x = double(text, 0);
    let mut y = double(text, len - 16) ^ K1;
    let mut z = double(text, len - 56) ^ K0;
    let mut v = weak(&text[len - 64..], len as u64, y);
    let mut w = weak(&text[len - 32..], (len as u64).wrapping_mul(K1), K0);
    z = z.wrapping_add(shift_mix(v.1).wrapping_mul(K1));
    x = z.wrapping_add(x).rotate_right(39).wrapping_mul(K1);
    y = y.rotate_right(33).wrapping_mul(K1);
    for chunk in text[..(len - 1) & !63].chunks_exact(64) {
        x = x.wrapping_add(y).wrapping_add(v.0).wrapping_add(double(chunk, 16)).rotate_right(37).wrapping_mul(K1);
        y = y.wrapping_add(v.1).wrapping_add(double(chunk, 48)).rotate_right(42).wrapping_mul(K1);
        x ^= w.1;
        y ^= v.0;
        z = (z ^ w.0).rotate_right(33);
        v = weak(chunk, v.1.wrapping_mul(K1), x.wrapping_add(w.0));
        w = weak(&chunk[32..], z.wrapping_add(w.1), y);
        std::mem::swap(&mut z, &mut x);
    }
    mix(mix(v.0, w.0).wrapping_add(shift_mix(y).wrapping_mul(K1)).wrapping_add(z), mix(v.1, w.1).wrapping_add(x))
}

/// `WeakHashLen32WithSeeds`
fn weak(text: &[u8], a: u64, b: u64) -> (u64, u64) {
    let last = double(text, 24);
    let a = a.wrapping_add(double(text, 0));
    let b = b.wrapping_add(a).wrapping_add(last).rotate_right(21);
    let c = a;
    let a = a.wrapping_add(double(text, 8)).wrapping_add(double(text, 16));
    let b = b.wrapping_add(a.rotate_right(44));
    (a.wrapping_add(last), b.wrapping_add(c))
}

/// `Hash128to64`
fn mix(low: u64, high: u64) -> u64 {
    const MULTIPLIER: u64 = 0x9ddf_ea08_eb38_2d69;
    let a = shift_mix((low ^ high).wrapping_mul(MULTIPLIER));
    shift_mix((high ^ a).wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER)
}

fn shift_mix(value: u64) -> u64 {
    value ^ (value >> 47)
}

fn word(text: &[u8], at: usize) -> u32 {
    text[at..at + 4].try_into().map_or(0, u32::from_le_bytes)
}

fn double(text: &[u8], at: usize) -> u64 {
    text[at..at + 8].try_into().map_or(0, u64::from_le_bytes)
}
