//! The nearest of many, as scikit-learn keeps and sorts them, so that equal distances come out in its order.

use std::cmp::Ordering;

/// A max-heap of fixed size (`sklearn.utils._heap`), filled with infinities first.
#[derive(Clone, Debug)]
pub struct NeighborHeap {
    distances: Vec<f64>,
    indices: Vec<usize>,
    sort: Sort,
}

/// `simultaneous_sort`, which decides the order of equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A quicksort down to pairs, until 1.8.
    Quick,
    /// Introsort with insertion sort below sixteen elements.
    Intro,
}

impl NeighborHeap {
    /// An empty heap for the `size` nearest neighbors.
    pub fn new(size: usize, sort: Sort) -> Self {
        Self { distances: vec![f64::INFINITY; size], indices: vec![0; size], sort }
    }

    /// Forgets all neighbors.
    pub fn clear(&mut self) {
        self.distances.fill(f64::INFINITY);
        self.indices.fill(0);
    }

    /// The greatest distance within.
    pub fn largest(&self) -> f64 {
        self.distances[0]
    }

    /// Takes a neighbour in if it is near enough.
    pub fn push(&mut self, distance: f64, index: usize) {
        let values = &mut self.distances;
        if distance >= values[0] {
            return;
        }
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let child = if left >= values.len() {
                break;
            } else if right >= values.len() || values[left] >= values[right] {
                left
            } else {
                right
            };
            // A NaN distance is not moved, as in C.
            let sinks = distance < values[child];
            if !sinks {
                break;
            }
            values[at] = values[child];
            self.indices[at] = self.indices[child];
            at = child;
        }
        values[at] = distance;
        self.indices[at] = index;
    }

    /// What is within, in the heap's order, pushed into another heap: how scikit-learn joins its threads' heaps.
    pub fn push_into(&self, other: &mut Self) {
        for (&distance, &index) in self.distances.iter().zip(&self.indices) {
            other.push(distance, index);
        }
    }

    /// The distances and the neighbours, nearest first.
    pub fn sort(&mut self) -> (&[f64], &[usize]) {
        self.sort.sort(&mut self.distances, &mut self.indices);
        (&self.distances, &self.indices)
    }
}

impl Sort {
    /// Sorts distances, and the neighbours with them.
    pub fn sort(self, distances: &mut [f64], indices: &mut [usize]) {
        match self {
            Self::Quick => quick(distances, indices),
            Self::Intro => intro(distances, indices),
        }
    }
}

/// Puts the median of first, middle and last at the end.
fn median_to_end(values: &mut [f64], indices: &mut [usize]) -> f64 {
    let (middle, last) = (values.len() / 2, values.len() - 1);
    let mut order = |a: usize, b: usize| {
        if values[a] > values[b] {
            values.swap(a, b);
            indices.swap(a, b);
            return true;
        }
        false
    };
    order(0, last);
    if order(last, middle) {
        order(0, last);
    }
    values[last]
}

/// `simultaneous_sort` until scikit-learn 1.8. The work list is no deeper than the slice is long.
fn quick(values: &mut [f64], indices: &mut [usize]) {
    let mut open = vec![(0, values.len())];
    while let Some((start, end)) = open.pop() {
        let (values, indices) = (&mut values[start..end], &mut indices[start..end]);
        let size = end - start;
        let mut order = |a: usize, b: usize| {
            let swaps = values[a] > values[b];
            if swaps {
                values.swap(a, b);
                indices.swap(a, b);
            }
            swaps
        };
        match size {
            0 | 1 => {}
            2 => {
                order(0, 1);
            }
            3 => {
                order(0, 1);
                if order(1, 2) {
                    order(0, 1);
                }
            }
            _ => {
                let pivot = median_to_end(values, indices);
                let mut store = 0;
                for at in 0..size - 1 {
                    if values[at] < pivot {
                        values.swap(at, store);
                        indices.swap(at, store);
                        store += 1;
                    }
                }
                values.swap(store, size - 1);
                indices.swap(store, size - 1);
                open.push((start, start + store));
                open.push((start + store + 1, end));
            }
        }
    }
}

/// `introsort_2way`; where its depth ends, which takes a crafted order, any sort will do.
fn intro(values: &mut [f64], indices: &mut [usize]) {
    let mut open = vec![(0, values.len(), 2 * values.len().max(1).ilog2())];
    while let Some((start, end, depth)) = open.pop() {
        let (values, indices) = (&mut values[start..end], &mut indices[start..end]);
        let size = end - start;
        if size <= 15 || depth == 0 {
            insertion(values, indices);
            continue;
        }
        let pivot = median_to_end(values, indices);
        let (mut left, mut right) = (1, size - 2);
        loop {
            while left <= right && values[left] < pivot {
                left += 1;
            }
            while left <= right && values[right] > pivot {
                right -= 1;
            }
            if left >= right {
                break;
            }
            values.swap(left, right);
            indices.swap(left, right);
            left += 1;
            right -= 1;
        }
        values.swap(left, size - 1);
        indices.swap(left, size - 1);
        open.push((start, start + left, depth - 1));
        open.push((start + left + 1, end, depth - 1));
    }
}

fn insertion(values: &mut [f64], indices: &mut [usize]) {
    for at in 1..values.len() {
        let (value, index) = (values[at], indices[at]);
        let mut to = at;
        while to > 0 && values[to - 1] > value {
            values[to] = values[to - 1];
            indices[to] = indices[to - 1];
            to -= 1;
        }
        values[to] = value;
        indices[to] = index;
    }
}

/// `np.argpartition(values, k - 1)[:k]`, sorted by a stable `np.argsort`: numpy's introselect as it is without SIMD.
pub fn argpartition(values: &[f64], k: usize, order: &mut Vec<usize>) {
    order.clear();
    order.extend(0..values.len());
    select(values, order, k - 1);
    order.truncate(k);
    order.sort_by(|&a, &b| compare(values[a], values[b]));
}

/// A stable `np.argsort` of distances, and the neighbours in that order.
pub fn stable_sort(distances: &mut [f64], indices: &mut [usize]) {
    let mut pairs: Vec<(f64, usize)> = distances.iter().copied().zip(indices.iter().copied()).collect();
    pairs.sort_by(|a, b| compare(a.0, b.0));
    for ((distance, index), pair) in distances.iter_mut().zip(indices).zip(pairs) {
        (*distance, *index) = pair;
    }
}

/// numpy's order: NaN is last.
fn less(a: f64, b: f64) -> bool {
    a < b || (b.is_nan() && !a.is_nan())
}

fn compare(a: f64, b: f64) -> Ordering {
    if less(a, b) {
        Ordering::Less
    } else if less(b, a) {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// `aintroselect_`: moves the element of rank `kth` to its position.
fn select(values: &[f64], order: &mut [usize], kth: usize) {
    let (mut low, mut high) = (0, order.len() - 1);
    if kth < 3 {
        for at in 0..=kth {
            let mut least = at;
            for other in at + 1..order.len() {
                if less(values[order[other]], values[order[least]]) {
                    least = other;
                }
            }
            order.swap(at, least);
        }
        return;
    }
    if kth == high {
        let mut greatest = 0;
        for at in 1..order.len() {
            if !less(values[order[at]], values[order[greatest]]) {
                greatest = at;
            }
        }
        order.swap(kth, greatest);
        return;
    }
    let mut depth = order.len().ilog2() * 2;
    while low + 1 < high {
        if depth == 0 {
            // numpy takes a median of medians here; the rank is what counts.
            order[low..=high].sort_by(|&a, &b| compare(values[a], values[b]));
            return;
        }
        depth -= 1;
        let middle = low + (high - low) / 2;
        let below = |order: &[usize], a: usize, b: usize| less(values[order[a]], values[order[b]]);
        if below(order, high, middle) {
            order.swap(high, middle);
        }
        if below(order, high, low) {
            order.swap(high, low);
        }
        if below(order, low, middle) {
            order.swap(low, middle);
        }
        order.swap(middle, low + 1);
        let pivot = values[order[low]];
        let (mut left, mut right) = (low + 1, high);
        loop {
            left += 1;
            while less(values[order[left]], pivot) {
                left += 1;
            }
            right -= 1;
            while less(pivot, values[order[right]]) {
                right -= 1;
            }
            if right < left {
                break;
            }
            order.swap(left, right);
        }
        order.swap(low, right);
        if right >= kth {
            high = right - 1;
        }
        if right <= kth {
            low = left;
        }
    }
    if high == low + 1 && less(values[order[high]], values[order[low]]) {
        order.swap(high, low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f64> {
        (0..count).map(|at| f64::from(u32::try_from((at * 7919 + 13) % 101).expect("small"))).collect()
    }

    #[test]
    fn the_heap_keeps_the_nearest_and_sorts_them() {
        for sort in [Sort::Quick, Sort::Intro] {
            for k in [1, 2, 3, 7, 20, 60] {
                let values = numbers(60);
                let mut heap = NeighborHeap::new(k, sort);
                for (index, &value) in values.iter().enumerate() {
                    heap.push(value, index);
                }
                let mut expected = values.clone();
                expected.sort_by(f64::total_cmp);
                let (distances, indices) = heap.sort();
                assert_eq!(distances, &expected[..k]);
                assert!(indices.iter().zip(distances).all(|(&index, distance)| values[index] == *distance));
            }
        }
    }

    #[test]
    fn selection_finds_the_nearest() {
        let values = numbers(75);
        let mut expected = values.clone();
        expected.sort_by(f64::total_cmp);
        let mut order = Vec::new();
        for k in 1..=75 {
            argpartition(&values, k, &mut order);
            let found: Vec<f64> = order.iter().map(|&at| values[at]).collect();
            assert_eq!(found, &expected[..k]);
        }
    }
}
