package io.github.skiffml;

/** One array of an answer: its elements in C order, and their shape. */
public final class NdArray {
    private final String name;
    private final String dtype;
    private final int[] shape;
    private final Object elements;

    NdArray(String name, String dtype, long[] shape, Object elements) {
        this.name = name;
        this.dtype = dtype;
        this.shape = new int[shape.length];
        for (int axis = 0; axis < shape.length; axis++) this.shape[axis] = Math.toIntExact(shape[axis]);
        this.elements = elements;
    }

    /** The method's name, or that with more behind it where there are several arrays. */
    public String name() {
        return name;
    }

    /** The dtype as numpy names it: "float64", "float32", "bool", "int64", "uint8", … or "str". */
    public String dtype() {
        return dtype;
    }

    /** The length of each axis. */
    public int[] shape() {
        return shape.clone();
    }

    /** The elements of an array of {@code float64} or {@code float32}. */
    public double[] doubles() {
        if (elements instanceof double[]) return (double[]) elements;
        if (!(elements instanceof float[])) throw wrong("doubles");
        float[] floats = (float[]) elements;
        double[] doubles = new double[floats.length];
        for (int index = 0; index < floats.length; index++) doubles[index] = floats[index];
        return doubles;
    }

    /** The elements of an array of {@code float32}. */
    public float[] floats() {
        if (elements instanceof float[]) return (float[]) elements;
        throw wrong("floats");
    }

    /** The elements of an array of integers or bools, widened to {@code int64}; those of {@code uint64} keep their bits. */
    public long[] longs() {
        if (elements instanceof long[]) return (long[]) elements;
        throw wrong("longs");
    }

    /** The elements of an array of texts. */
    public String[] strings() {
        if (elements instanceof String[]) return (String[]) elements;
        throw wrong("strings");
    }

    /** The rows of a matrix of {@code float64} or {@code float32}. */
    public double[][] rows() {
        if (shape.length != 2) throw Rows.wrong("`" + name + "` has " + shape.length + " axes, and rows have two");
        double[] all = doubles();
        double[][] rows = new double[shape[0]][shape[1]];
        for (int row = 0; row < shape[0]; row++) System.arraycopy(all, row * shape[1], rows[row], 0, shape[1]);
        return rows;
    }

    private SkiffException wrong(String expected) {
        return Rows.wrong("`" + name + "` has the dtype " + dtype + ", and cannot be had as " + expected);
    }
}
