//! `numpy.random.RandomState`: the draws of scikit-learn's `random_state`, number by number.
//!
//! numpy froze these streams (NEP 19): the same state gives the same numbers in every version.

mod binomial;
mod mt19937;

use mt19937::Mt19937;

use crate::InputError;

/// The generator MT19937 with numpy's legacy distributions.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomState {
    generator: Mt19937,
    /// The second of two Gaussian numbers, which are made in pairs.
    gauss: Option<f64>,
}

impl RandomState {
    /// `RandomState(seed)` of an integer.
    pub fn new(seed: u32) -> Self {
        Self { generator: Mt19937::new(seed), gauss: None }
    }

    /// `RandomState(seed)` of a list or an array.
    pub fn of_array(seed: &[u32]) -> Self {
        Self { generator: Mt19937::of_array(seed), gauss: None }
    }

    /// The state that `RandomState.get_state` returns; `None` when it is none: `key` has 624 words, of which `pos` are
    /// used.
    pub fn of_state(key: &[u32], pos: usize, gauss: Option<f64>) -> Option<Self> {
        Some(Self { generator: Mt19937::of_state(key, pos)?, gauss })
    }

    /// `random_sample()`: a float in [0, 1), of 53 random bits.
    pub fn random_sample(&mut self) -> f64 {
        let (high, low) = (self.generator.next_u32() >> 5, self.generator.next_u32() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// `uniform(low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random_sample()
    }

    /// `standard_normal()`, by the polar method.
    pub fn standard_normal(&mut self) -> f64 {
        if let Some(value) = self.gauss.take() {
            return value;
        }
        loop {
            let x = 2.0 * self.random_sample() - 1.0;
            let y = 2.0 * self.random_sample() - 1.0;
            let square = x * x + y * y;
            if square < 1.0 && square != 0.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.gauss = Some(factor * x);
                return factor * y;
            }
        }
    }

    /// `normal(mean, deviation)`.
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        mean + deviation * self.standard_normal()
    }

    /// `randint(bound)`: an integer in [0, `bound`), which must not be empty. numpy draws nothing where there is no choice.
    pub fn randint(&mut self, bound: u64) -> u64 {
        bound.checked_sub(1).map_or(0, |most| self.at_most(most))
    }

    /// A number in [0, `most`]: bits are drawn until they make one.
    fn at_most(&mut self, most: u64) -> u64 {
        if most == 0 {
            return 0;
        }
        let mask = u64::MAX >> most.leading_zeros();
        loop {
            let bits = match u32::try_from(most) {
                Ok(_) => u64::from(self.generator.next_u32()),
                Err(_) => u64::from(self.generator.next_u32()) << 32 | u64::from(self.generator.next_u32()),
            };
            if bits & mask <= most {
                return bits & mask;
            }
        }
    }

    /// `shuffle(items)`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.at_most(last as u64);
            items.swap(last, usize::try_from(other).expect("it is at most `last`"));
        }
    }

    /// `permutation(count)`.
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..count).collect();
        self.shuffle(&mut all);
        all
    }

    /// `choice(count, size)`, with replacement.
    pub fn choice(&mut self, count: usize, size: usize) -> Vec<usize> {
        let one = |_| usize::try_from(self.randint(count as u64)).expect("it is below `count`");
        (0..size).map(one).collect()
    }

    /// `choice(count, size, replace=False)`: the first of a permutation.
    pub fn choice_without_replacement(&mut self, count: usize, size: usize) -> Vec<usize> {
        let mut all = self.permutation(count);
        all.truncate(size);
        all
    }

    /// Refuses to draw by what is not between 0 and 1, in numpy's words.
    ///
    /// # Errors
    /// When a chance is below 0, above 1, or NaN.
    pub fn check_chances(chances: &[f64]) -> Result<(), InputError> {
        match chances.iter().all(|chance| (0.0..=1.0).contains(chance)) {
            true => Ok(()),
            false => Err(InputError::refused("pvals < 0, pvals > 1 or pvals contains NaNs")),
        }
    }

    /// `multinomial(trials, chances)`: how many trials end in each place.
    pub fn multinomial(&mut self, trials: u64, chances: &[f64]) -> Vec<u64> {
        let mut counts = vec![0; chances.len()];
        let Some((last, others)) = counts.split_last_mut() else { return counts };
        let (mut left, mut remaining) = (trials, 1.0);
        for (count, chance) in others.iter_mut().zip(chances) {
            *count = self.binomial(left, chance / remaining);
            left -= *count;
            if left == 0 {
                return counts;
            }
            remaining -= chance;
        }
        *last = left;
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::RandomState;

    #[test]
    fn what_is_no_chance_ends() {
        assert!(
            RandomState::check_chances(&[0.5, f64::NAN]).is_err() && RandomState::check_chances(&[0.5, 0.5]).is_ok()
        );
        for chance in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 7.0, 1e300] {
            let drawn = RandomState::new(1).multinomial(100, &[chance, 0.5]);
            assert_eq!(drawn.iter().sum::<u64>(), 100, "{chance}");
        }
    }

    /// Numbers of `numpy.random.RandomState(3)`.
    #[test]
    fn draws_are_numpys() {
        let state = RandomState::new(3);
        let mut random = state.clone();
        let floats: Vec<f64> = (0..3).map(|_| random.random_sample()).collect();
        assert_eq!(floats, [0.5507979025745755, 0.7081478226181048, 0.2909047389129443]);
        let mut random = state.clone();
        let normals: Vec<f64> = (0..3).map(|_| random.normal(1.0, 2.0)).collect();
        assert_eq!(normals, NORMALS);
        let mut random = state.clone();
        assert_eq!((0..8).map(|_| random.randint(10)).collect::<Vec<_>>(), [8, 9, 3, 8, 8, 0, 5, 3]);
        let mut random = state.clone();
        assert_eq!((0..3).map(|_| random.randint(1 << 40)).collect::<Vec<_>>(), WIDE);
        assert_eq!(state.clone().permutation(8), PERMUTATION);
        assert_eq!(state.clone().choice_without_replacement(8, 3), PERMUTATION[..3]);
        let mut random = state.clone();
        let counts: Vec<Vec<u64>> = (0..3).map(|_| random.multinomial(5, &[0.2, 0.3, 0.5])).collect();
        assert_eq!(counts, COUNTS);
        let mut random = state.clone();
        let counts: Vec<Vec<u64>> = (0..3).map(|_| random.multinomial(100_000, &[0.2, 0.7, 0.1])).collect();
        assert_eq!(counts, MANY_COUNTS);
        let mut random = RandomState::of_array(&[1, 2, 3]);
        assert_eq!([random.random_sample(), random.random_sample()], OF_ARRAY);
    }

    #[test]
    fn a_state_goes_on_where_it_was() {
        let mut random = RandomState::new(0);
        random.standard_normal();
        let mut again = RandomState::of_state(random.generator.key(), random.generator.pos(), random.gauss).unwrap();
        assert_eq!(random.standard_normal().to_bits(), again.standard_normal().to_bits());
        assert_eq!(random.randint(1000), again.randint(1000));
        assert_eq!(RandomState::of_state(&[0; 623], 0, None), None);
        assert_eq!(RandomState::of_state(&[0; 624], 625, None), None);
    }

    #[test]
    fn nothing_is_drawn_where_there_is_no_choice() {
        let mut random = RandomState::new(1);
        let before = random.clone();
        assert_eq!((random.randint(1), random.randint(0)), (0, 0));
        assert!(random.choice_without_replacement(1, 1) == [0] && random.multinomial(7, &[1.0]) == [7]);
        assert!(random.multinomial(7, &[]).is_empty());
        assert_eq!(random, before);
    }

    const NORMALS: [f64; 3] = [4.577256946860637, 1.8730197010239789, 1.1929949361440173];
    const WIDE: [u64; 3] = [455570294424, 1073054410371, 790795084744];
    const PERMUTATION: [usize; 8] = [5, 7, 4, 6, 3, 1, 0, 2];
    const COUNTS: [[u64; 3]; 3] = [[1, 2, 2], [0, 2, 3], [2, 2, 1]];
    const MANY_COUNTS: [[u64; 3]; 3] = [[20006, 70020, 9974], [19989, 70085, 9926], [19886, 69982, 10132]];
    const OF_ARRAY: [f64; 2] = [0.6098612722867289, 0.8866970434146851];
}
