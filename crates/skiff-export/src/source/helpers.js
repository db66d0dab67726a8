/// arg_max
function argMax(x, outer, length, inner, to) {
  for (let o = 0; o < outer; o++) for (let j = 0; j < inner; j++) {
    let best = 0;
    const lane = o * length * inner + j;
    for (let k = 1; k < length; k++) if (x[lane + k * inner] > x[lane + best * inner]) best = k;
    to[o * inner + j] = best;
  }
}

/// arg_min
function argMin(x, outer, length, inner, to) {
  for (let o = 0; o < outer; o++) for (let j = 0; j < inner; j++) {
    let best = 0;
    const lane = o * length * inner + j;
    for (let k = 1; k < length; k++) if (x[lane + k * inner] < x[lane + best * inner]) best = k;
    to[o * inner + j] = best;
  }
}

/// copy
function copy(from, toStart, toStep, fromStart, fromStep, count, outer, to) {
  for (let o = 0; o < outer; o++) for (let i = 0; i < count; i++) {
    to[toStart + o * toStep + i] = from[fromStart + o * fromStep + i];
  }
}

/// cum_sum
function cumSum(x, outer, length, inner, to) {
  for (let o = 0; o < outer; o++) for (let k = 0; k < length; k++) for (let j = 0; j < inner; j++) {
    const at = (o * length + k) * inner + j;
    to[at] = k === 0 ? x[at] : to[at - inner] + x[at];
  }
}

/// gather
function gather(x, places, outer, length, inner, count, to) {
  for (let o = 0; o < outer; o++) for (let q = 0; q < count; q++) for (let j = 0; j < inner; j++) {
    to[(o * count + q) * inner + j] = x[(o * length + places[q]) * inner + j];
  }
}

/// gather_elements
function gatherElements(x, places, outer, length, inner, count, to) {
  for (let o = 0; o < outer; o++) for (let q = 0; q < count; q++) for (let j = 0; j < inner; j++) {
    const at = (o * count + q) * inner + j;
    to[at] = x[(o * length + places[at]) * inner + j];
  }
}

/// last_arg_max
function lastArgMax(x, outer, length, inner, to) {
  for (let o = 0; o < outer; o++) for (let j = 0; j < inner; j++) {
    let best = 0;
    const lane = o * length * inner + j;
    for (let k = 1; k < length; k++) if (x[lane + k * inner] >= x[lane + best * inner]) best = k;
    to[o * inner + j] = best;
  }
}

/// matmul
function matMul(x, y, rows, inner, columns, to) {
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += x[row * inner + k] * y[k * columns + column];
    to[row * columns + column] = sum;
  }
}

/// max
function maxOf(x, outer, length, inner, to) {
  for (let o = 0; o < outer; o++) for (let j = 0; j < inner; j++) {
    let most = -Infinity;
    for (let k = 0; k < length; k++) most = Math.max(most, x[(o * length + k) * inner + j]);
    to[o * inner + j] = most;
  }
}

/// min
function minOf(x, outer, length, inner, to) {
  for (let o = 0; o < outer; o++) for (let j = 0; j < inner; j++) {
    let least = Infinity;
    for (let k = 0; k < length; k++) least = Math.min(least, x[(o * length + k) * inner + j]);
    to[o * inner + j] = least;
  }
}

/// sum
function sumOf(x, outer, length, inner, to) {
  for (let o = 0; o < outer; o++) for (let j = 0; j < inner; j++) {
    let sum = 0;
    for (let k = 0; k < length; k++) sum += x[(o * length + k) * inner + j];
    to[o * inner + j] = sum;
  }
}

/// top_k
function topK(x, outer, length, k, values, places) {
  for (let o = 0; o < outer; o++) {
    const lane = (at) => x[o * length + at];
    const order = Array.from({ length }, (_, at) => at);
    // NaN comes last, and of equals the first one first.
    order.sort((a, b) => Number.isNaN(lane(a)) - Number.isNaN(lane(b)) || lane(a) - lane(b) || a - b);
    for (let place = 0; place < k; place++) {
      places[o * k + place] = order[place];
      values[o * k + place] = lane(order[place]);
    }
  }
}

/// trees
// A step that is not negative is a split, and -1 - n is leaf n.
function trees(x, forest, to) {
  const { features, thresholds, flags, lefts, rights, leaves, roots, sets, members } = forest;
  for (let tree = 0; tree < roots.length; tree++) {
    let at = roots[tree];
    while (at >= 0) {
      const value = x[features[at]];
      let left;
      if (Number.isNaN(value)) left = flags[at] & 1;
      else if (flags[at] & 2) {
        const set = thresholds[at];
        left = members.slice(sets[set], sets[set + 1]).includes(value);
      } else left = value <= thresholds[at];
      at = left ? lefts[at] : rights[at];
    }
    to[tree] = leaves[-1 - at];
  }
}

/// math
// Half-way cases are rounded to the even neighbor.
function roundEven(x) {
  const low = Math.floor(x);
  const rest = x - low;
  if (!(rest === 0.5)) return rest < 0.5 ? low : Number.isFinite(x) ? low + 1 : x;
  return low % 2 === 0 ? low : low + 1;
}

// The powers of C, for which JavaScript has NaN.
function power(x, y) {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
}
