/// arg_max
    private static void argMax(long[] to, double[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
            int lane = o * length * inner + j, best = 0;
            for (int k = 1; k < length; k++) if (x[lane + k * inner] > x[lane + best * inner]) best = k;
            to[o * inner + j] = best;
        }
    }

/// arg_min
    private static void argMin(long[] to, double[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
            int lane = o * length * inner + j, best = 0;
            for (int k = 1; k < length; k++) if (x[lane + k * inner] < x[lane + best * inner]) best = k;
            to[o * inner + j] = best;
        }
    }

/// copy
    private static void copy(Object to, Object from, int toStart, int toStep, int fromStart, int fromStep, int count, int outer) {
        for (int o = 0; o < outer; o++) System.arraycopy(from, fromStart + o * fromStep, to, toStart + o * toStep, count);
    }

/// cum_sum
    private static void cumSum(double[] to, double[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int k = 0; k < length; k++) for (int j = 0; j < inner; j++) {
            int at = (o * length + k) * inner + j;
            to[at] = k == 0 ? x[at] : to[at - inner] + x[at];
        }
    }

    private static void cumSum(float[] to, float[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int k = 0; k < length; k++) for (int j = 0; j < inner; j++) {
            int at = (o * length + k) * inner + j;
            to[at] = k == 0 ? x[at] : to[at - inner] + x[at];
        }
    }

/// gather
    private static void gather(Object to, Object x, long[] places, int outer, int length, int inner, int count) {
        for (int o = 0; o < outer; o++) for (int q = 0; q < count; q++) {
            System.arraycopy(x, (o * length + (int) places[q]) * inner, to, (o * count + q) * inner, inner);
        }
    }

/// gather_elements
    private static void gatherElements(Object to, Object x, long[] places, int outer, int length, int inner, int count) {
        for (int o = 0; o < outer; o++) for (int q = 0; q < count; q++) for (int j = 0; j < inner; j++) {
            int at = (o * count + q) * inner + j;
            System.arraycopy(x, (o * length + (int) places[at]) * inner + j, to, at, 1);
        }
    }

/// last_arg_max
    private static void lastArgMax(long[] to, double[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
            int lane = o * length * inner + j, best = 0;
            for (int k = 1; k < length; k++) if (x[lane + k * inner] >= x[lane + best * inner]) best = k;
            to[o * inner + j] = best;
        }
    }

/// matmul
    private static void matMul(double[] to, double[] x, double[] y, int rows, int inner, int columns) {
        for (int row = 0; row < rows; row++) for (int column = 0; column < columns; column++) {
            double sum = 0;
            for (int k = 0; k < inner; k++) sum += x[row * inner + k] * y[k * columns + column];
            to[row * columns + column] = sum;
        }
    }

/// max
    private static void maxOf(double[] to, double[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
            double most = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < length; k++) most = Math.max(most, x[(o * length + k) * inner + j]);
            to[o * inner + j] = most;
        }
    }

    private static void maxOf(long[] to, long[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
            long most = Long.MIN_VALUE;
            for (int k = 0; k < length; k++) most = Math.max(most, x[(o * length + k) * inner + j]);
            to[o * inner + j] = most;
        }
    }

/// min
    private static void minOf(double[] to, double[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
            double least = Double.POSITIVE_INFINITY;
            for (int k = 0; k < length; k++) least = Math.min(least, x[(o * length + k) * inner + j]);
            to[o * inner + j] = least;
        }
    }

/// sum
    private static void sumOf(double[] to, double[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
            double sum = 0;
            for (int k = 0; k < length; k++) sum += x[(o * length + k) * inner + j];
            to[o * inner + j] = sum;
        }
    }

    private static void sumOf(long[] to, long[] x, int outer, int length, int inner) {
        for (int o = 0; o < outer; o++) for (int j = 0; j < inner; j++) {
            long sum = 0;
            for (int k = 0; k < length; k++) sum += x[(o * length + k) * inner + j];
            to[o * inner + j] = sum;
        }
    }

/// top_k
    private static void topK(double[] least, long[] places, double[] x, int outer, int length, int k) {
        for (int o = 0; o < outer; o++) {
            int count = 0;
            for (int at = 0; at < length; at++) {
                double value = x[o * length + at];
                int place = count;
                // NaN comes last, and of equals the first one first.
                while (place > 0) {
                    double other = least[o * k + place - 1];
                    if (!(other > value || (Double.isNaN(other) && !Double.isNaN(value)))) break;
                    place--;
                }
                if (place >= k) continue;
                if (count < k) count++;
                System.arraycopy(least, o * k + place, least, o * k + place + 1, count - 1 - place);
                System.arraycopy(places, o * k + place, places, o * k + place + 1, count - 1 - place);
                least[o * k + place] = value;
                places[o * k + place] = at;
            }
        }
    }

/// trees
    // A step that is not negative is a split, and -1 - n is leaf n.
    private static void trees(
            double[] to, double[] x, int[] features, double[] thresholds, int[] flags, int[] lefts, int[] rights,
            double[] leaves, int[] roots, int[] sets, double[] members) {
        for (int tree = 0; tree < roots.length; tree++) {
            int at = roots[tree];
            while (at >= 0) {
                double value = x[features[at]];
                boolean left;
                if (Double.isNaN(value)) left = (flags[at] & 1) != 0;
                else if ((flags[at] & 2) != 0) {
                    left = false;
                    int set = (int) thresholds[at];
                    for (int member = sets[set]; member < sets[set + 1]; member++) left |= members[member] == value;
                } else left = value <= thresholds[at];
                at = left ? lefts[at] : rights[at];
            }
            to[tree] = leaves[-1 - at];
        }
    }

/// math
    // The powers of C, for which Java has NaN.
    private static double power(double x, double y) {
        return x == 1 || (x == -1 && Double.isInfinite(y)) ? 1 : StrictMath.pow(x, y);
    }

    private static double[] joined(double[]... parts) {
        return java.util.Arrays.stream(parts).flatMapToDouble(java.util.Arrays::stream).toArray();
    }

    private static int[] joined(int[]... parts) {
        return java.util.Arrays.stream(parts).flatMapToInt(java.util.Arrays::stream).toArray();
    }

    private static long[] joined(long[]... parts) {
        return java.util.Arrays.stream(parts).flatMapToLong(java.util.Arrays::stream).toArray();
    }

    private static String[] joined(String[]... parts) {
        return java.util.Arrays.stream(parts).flatMap(java.util.Arrays::stream).toArray(String[]::new);
    }

    private static java.util.Map<String, Long> numbered(String[] texts, long[] numbers) {
        java.util.Map<String, Long> map = new java.util.HashMap<>();
        for (int i = 0; i < texts.length; i++) map.putIfAbsent(texts[i], numbers[i]);
        return map;
    }

