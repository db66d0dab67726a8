/// arg_max
static void arg_max(int64_t *to, const double *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
        const double *lane = x + (size_t)o * length * inner + j;
        int best = 0;
        for (int k = 1; k < length; k++) if (lane[k * inner] > lane[best * inner]) best = k;
        to[o * inner + j] = best;
    }
}
/// arg_min
static void arg_min(int64_t *to, const double *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
        const double *lane = x + (size_t)o * length * inner + j;
        int best = 0;
        for (int k = 1; k < length; k++) if (lane[k * inner] < lane[best * inner]) best = k;
        to[o * inner + j] = best;
    }
}
/// copy
static void copy(void *to, const void *from, size_t to_start, size_t to_step, size_t from_start, size_t from_step,
                 size_t count, size_t outer, size_t size) {
    for (size_t o = 0; o < outer; o++)
        memcpy((char *)to + (to_start + o * to_step) * size, (const char *)from + (from_start + o * from_step) * size,
               count * size);
}
/// cum_sum
static inline void cum_sum(double *to, const double *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int k = 0; k < length; k++) for (int j = 0; j < inner; j++) {
        size_t at = ((size_t)o * length + k) * inner + j;
        to[at] = k == 0 ? x[at] : to[at - inner] + x[at];
    }
}

static inline void cum_sum_single(float *to, const float *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int k = 0; k < length; k++) for (int j = 0; j < inner; j++) {
        size_t at = ((size_t)o * length + k) * inner + j;
        to[at] = k == 0 ? x[at] : to[at - inner] + x[at];
    }
}
/// gather
static void gather(void *to, const void *x, const int64_t *places, int outer, int length, int inner, int count,
                   size_t size) {
    for (int o = 0; o < outer; o++) for (int q = 0; q < count; q++) {
        size_t from = ((size_t)o * length + places[q]) * inner, at = ((size_t)o * count + q) * inner;
        memcpy((char *)to + at * size, (const char *)x + from * size, inner * size);
    }
}
/// gather_elements
static void gather_elements(void *to, const void *x, const int64_t *places, int outer, int length, int inner, int count,
                            size_t size) {
    for (int o = 0; o < outer; o++) for (int q = 0; q < count; q++) for (int j = 0; j < inner; j++) {
        size_t at = ((size_t)o * count + q) * inner + j, from = ((size_t)o * length + places[at]) * inner + j;
        memcpy((char *)to + at * size, (const char *)x + from * size, size);
    }
}
/// last_arg_max
static void last_arg_max(int64_t *to, const double *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
        const double *lane = x + (size_t)o * length * inner + j;
        int best = 0;
        for (int k = 1; k < length; k++) if (lane[k * inner] >= lane[best * inner]) best = k;
        to[o * inner + j] = best;
    }
}
/// matmul
static void matmul(double *to, const double *x, const double *y, int rows, int inner, int columns) {
    for (int row = 0; row < rows; row++) {
        double *sums = to + (size_t)row * columns;
        for (int column = 0; column < columns; column++) sums[column] = 0;
        for (int k = 0; k < inner; k++) {
            const double factor = x[(size_t)row * inner + k], *own = y + (size_t)k * columns;
            for (int column = 0; column < columns; column++) sums[column] += factor * own[column];
        }
    }
}
/// max
static inline void max_of(double *to, const double *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
        double most = -INFINITY;
        for (int k = 0; k < length; k++) {
            double value = x[((size_t)o * length + k) * inner + j];
            if (value > most || isnan(value)) most = value;
            if (isnan(most)) break;
        }
        to[o * inner + j] = most;
    }
}

static inline void max_integer(int64_t *to, const int64_t *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
        int64_t most = INT64_MIN;
        for (int k = 0; k < length; k++) {
            int64_t value = x[((size_t)o * length + k) * inner + j];
            if (value > most) most = value;
        }
        to[o * inner + j] = most;
    }
}
/// min
static void min_of(double *to, const double *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
        double least = INFINITY;
        for (int k = 0; k < length; k++) {
            double value = x[((size_t)o * length + k) * inner + j];
            if (value < least || isnan(value)) least = value;
            if (isnan(least)) break;
        }
        to[o * inner + j] = least;
    }
}
/// sum
static inline void sum(double *to, const double *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
        double all = 0;
        for (int k = 0; k < length; k++) all += x[((size_t)o * length + k) * inner + j];
        to[o * inner + j] = all;
    }
}

static inline void sum_integers(int64_t *to, const int64_t *x, int outer, int length, int inner) {
    for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
        int64_t all = 0;
        for (int k = 0; k < length; k++) all += x[((size_t)o * length + k) * inner + j];
        to[o * inner + j] = all;
    }
}
/// top_k
static void top_k(double *to, int64_t *places, const double *x, int outer, int length, int k) {
    for (int o = 0; o < outer; o++) {
        double *least = to + (size_t)o * k;
        int64_t *found = places + (size_t)o * k;
        int count = 0;
        for (int at = 0; at < length; at++) {
            double value = x[(size_t)o * length + at];
            int place = count;
            while (place > 0 && (least[place - 1] > value || (isnan(least[place - 1]) && !isnan(value)))) place--;
            if (place >= k) continue;
            if (count < k) count++;
            for (int later = count - 1; later > place; later--) {
                least[later] = least[later - 1];
                found[later] = found[later - 1];
            }
            least[place] = value;
            found[place] = at;
        }
    }
}
/// category_trees
/* A step that is not negative is a split, and -1 - n is leaf n. */
struct split {
    double threshold;
    int32_t feature, left, right, flags;
};

static int32_t child(const struct split *split, const double *x, const int32_t *sets, const double *members) {
    double value = x[split->feature];
    int32_t left = (value <= split->threshold) | ((isnan(value) != 0) & split->flags & 1);
    if (split->flags & 2 && !isnan(value)) {
        left = 0;
        int set = (int)split->threshold;
        for (int32_t member = sets[set]; member < sets[set + 1]; member++) left |= members[member] == value;
    }
    /* Without a branch, which would be predicted wrongly half of the time. */
    return split->right ^ ((split->left ^ split->right) & -left);
}

/* Four trees at a time: a step in one does not wait for those in the others. */
static void category_trees(double *to, const double *x, int count, const struct split *splits, const double *leaves,
                           const int32_t *roots, const int32_t *sets, const double *members) {
    int tree = 0;
    for (; tree + 4 <= count; tree += 4) {
        int32_t a = roots[tree], b = roots[tree + 1], c = roots[tree + 2], d = roots[tree + 3];
        while ((a & b & c & d) >= 0) {
            if (a >= 0) a = child(splits + a, x, sets, members);
            if (b >= 0) b = child(splits + b, x, sets, members);
            if (c >= 0) c = child(splits + c, x, sets, members);
            if (d >= 0) d = child(splits + d, x, sets, members);
        }
        to[tree] = leaves[-1 - a];
        to[tree + 1] = leaves[-1 - b];
        to[tree + 2] = leaves[-1 - c];
        to[tree + 3] = leaves[-1 - d];
    }
    for (; tree < count; tree++) {
        int32_t at = roots[tree];
        while (at >= 0) at = child(splits + at, x, sets, members);
        to[tree] = leaves[-1 - at];
    }
}

/// trees
/* The children of a split are next to each other. A leaf holds its value as a threshold, compares NaN with it, and so leads to
   itself. */
struct node {
    double threshold;
    int32_t column, left;
};

/* The columns that are compared, and NaN at the end: twice the number of a feature, and 1 more where NaN goes left. */
static void choose(double *compared, const double *x, int count, const int32_t *columns) {
    for (int i = 0; i < count; i++) {
        double value = x[columns[i] >> 1];
        compared[i] = columns[i] & 1 && isnan(value) ? -INFINITY : value;
    }
    compared[count] = NAN;
}

/* Without a branch, which would be predicted wrongly half of the time. */
static int32_t next(const struct node *node, const double *compared) {
    return node->left + !(compared[node->column] <= node->threshold);
}

/* Eight trees at a time, whose roots come first: a step in one does not wait for those in the others. */
static void trees(double *to, const double *compared, int count, const struct node *nodes, const int32_t *depths) {
    int tree = 0;
    for (; tree + 8 <= count; tree += 8) {
        int32_t a = tree, b = tree + 1, c = tree + 2, d = tree + 3, e = tree + 4, f = tree + 5, g = tree + 6, h = tree + 7;
        int32_t depth = depths[tree / 8], moved = 1;
#define STEP(at) at = next(nodes + at, compared);
#define STEPS STEP(a) STEP(b) STEP(c) STEP(d) STEP(e) STEP(f) STEP(g) STEP(h)
        while (depth >= 4 && moved) {
            STEPS STEPS STEPS
            int32_t a1 = a, b1 = b, c1 = c, d1 = d, e1 = e, f1 = f, g1 = g, h1 = h;
            STEPS
            moved = (a ^ a1) | (b ^ b1) | (c ^ c1) | (d ^ d1) | (e ^ e1) | (f ^ f1) | (g ^ g1) | (h ^ h1);
            depth -= 4;
        }
        for (; depth > 0 && moved; depth--) {
            STEPS
        }
#undef STEPS
#undef STEP
        to[tree] = nodes[a].threshold;
        to[tree + 1] = nodes[b].threshold;
        to[tree + 2] = nodes[c].threshold;
        to[tree + 3] = nodes[d].threshold;
        to[tree + 4] = nodes[e].threshold;
        to[tree + 5] = nodes[f].threshold;
        to[tree + 6] = nodes[g].threshold;
        to[tree + 7] = nodes[h].threshold;
    }
    for (; tree < count; tree++) {
        int32_t at = tree, last = -1;
        while (at != last) {
            last = at;
            at = next(nodes + at, compared);
        }
        to[tree] = nodes[at].threshold;
    }
}
