//! Binomial numbers, as numpy's legacy generator draws them.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "numpy computes with counts as floats and cuts floats to counts; both are below 2⁵³"
)]

use super::RandomState;

impl RandomState {
    /// `binomial(n, p)`: how many of `n` trials succeed.
    pub(super) fn binomial(&mut self, n: u64, p: f64) -> u64 {
        let Ok(count) = i64::try_from(n) else { return 0 };
        // numpy refuses NaN, for which no draw would ever be taken.
        if n == 0 || p == 0.0 || p.is_nan() {
            return 0;
        }
        let rare = if p <= 0.5 { p } else { 1.0 - p };
        let found =
            if rare * count as f64 <= 30.0 { self.by_inversion(count, rare) } else { self.by_btpe(count, rare) };
        let found = if p <= 0.5 { found } else { count - found };
        found.clamp(0, count).unsigned_abs()
    }

    /// Adds up the chances of 0, 1, 2, … successes.
    fn by_inversion(&mut self, n: i64, p: f64) -> i64 {
        let q = 1.0 - p;
        let none = (n as f64 * q.ln()).exp();
        let mean = n as f64 * p;
        let bound = (n as f64).min(mean + 10.0 * (mean * q + 1.0).sqrt()) as i64;
        let (mut found, mut chance, mut left) = (0, none, self.random_sample());
        while left > chance {
            found += 1;
            if found > bound {
                (found, chance, left) = (0, none, self.random_sample());
            } else {
                left -= chance;
                chance = ((n - found + 1) as f64 * p * chance) / (found as f64 * q);
            }
        }
        found
    }

    /// Kachitvichyanukul and Schmeiser's algorithm BTPE, for `p` of at most a half.
    fn by_btpe(&mut self, n: i64, p: f64) -> i64 {
        let (count, q) = (n as f64, 1.0 - p);
        let fm = count * p + p;
        let m = fm.floor() as i64;
        let p1 = (2.195 * (count * p * q).sqrt() - 4.6 * q).floor() + 0.5;
        let xm = m as f64 + 0.5;
        let (xl, xr) = (xm - p1, xm + p1);
        let c = 0.134 + 20.5 / (15.3 + m as f64);
        let a = (fm - xl) / (fm - xl * p);
        let left = a * (1.0 + a / 2.0);
        let a = (xr - fm) / (xr * q);
        let right = a * (1.0 + a / 2.0);
        let p2 = p1 * (1.0 + 2.0 * c);
        let p3 = p2 + c / left;
        let p4 = p3 + c / right;
        let npq = count * p * q;
        loop {
            let u = self.random_sample() * p4;
            let mut v = self.random_sample();
            if u <= p1 {
                return (xm - p1 * v + u).floor() as i64;
            }
            let y;
            if u <= p2 {
                let x = xl + (u - p1) / c;
                v = v * c + 1.0 - (m as f64 - x + 0.5).abs() / p1;
                if v > 1.0 {
                    continue;
                }
                y = x.floor() as i64;
            } else if u <= p3 {
                y = (xl + v.ln() / left).floor() as i64;
                if y < 0 || v == 0.0 {
                    continue;
                }
                v = v * (u - p2) * left;
            } else {
                y = (xr - v.ln() / right).floor() as i64;
                if y > n || v == 0.0 {
                    continue;
                }
                v = v * (u - p3) * right;
            }
            let k = (y - m).abs() as f64;
            if k <= 20.0 || k >= npq / 2.0 - 1.0 {
                let s = p / q;
                let a = s * (count + 1.0);
                let ratio = |from: i64, to: i64, f: &dyn Fn(f64, f64) -> f64| {
                    (from + 1..=to).fold(1.0, |product, i| f(product, a / i as f64 - s))
                };
                let f = if m < y { ratio(m, y, &|f, term| f * term) } else { ratio(y, m, &|f, term| f / term) };
                if v <= f {
                    return y;
                }
                continue;
            }
            let rho = (k / npq) * ((k * (k / 3.0 + 0.625) + 0.166_666_666_666_666_66) / npq + 0.5);
            let t = -k * k / (2.0 * npq);
            let logarithm = v.ln();
            if logarithm < t - rho {
                return y;
            }
            if logarithm > t + rho {
                continue;
            }
            let (x1, f1, z, w) = ((y + 1) as f64, (m + 1) as f64, (n + 1 - m) as f64, (n - y + 1) as f64);
            let stirling = |x: f64| {
                let square = x * x;
                (13680. - (462. - (132. - (99. - 140. / square) / square) / square) / square) / x / 166_320.
            };
            let bound = xm * (f1 / x1).ln()
                + ((n - m) as f64 + 0.5) * (z / w).ln()
                + (y - m) as f64 * (w * p / (x1 * q)).ln()
                + stirling(f1)
                + stirling(z)
                + stirling(x1)
                + stirling(w);
            if logarithm <= bound {
                return y;
            }
        }
    }
}
