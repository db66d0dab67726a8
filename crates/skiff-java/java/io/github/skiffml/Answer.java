package io.github.skiffml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a method returned: one array for most methods, several for some. */
public final class Answer {
    private final List<NdArray> arrays;

    /** Of the four elements that the native library returns for each array. */
    Answer(Object[] parts) {
        List<NdArray> all = new ArrayList<>();
        for (int at = 0; at < parts.length; at += 4) {
            all.add(new NdArray((String) parts[at], (String) parts[at + 1], (long[]) parts[at + 2], parts[at + 3]));
        }
        arrays = Collections.unmodifiableList(all);
    }

    /** All arrays. */
    public List<NdArray> arrays() {
        return arrays;
    }

    /** The only array. */
    public NdArray array() {
        if (arrays.size() == 1) return arrays.get(0);
        throw new SkiffException("several-arrays", "use `arrays`: the answer has " + arrays.size());
    }

    /** See {@link NdArray#doubles()}. */
    public double[] doubles() {
        return array().doubles();
    }

    /** See {@link NdArray#longs()}. */
    public long[] longs() {
        return array().longs();
    }

    /** See {@link NdArray#strings()}. */
    public String[] strings() {
        return array().strings();
    }

    /** See {@link NdArray#rows()}. */
    public double[][] rows() {
        return array().rows();
    }
}
