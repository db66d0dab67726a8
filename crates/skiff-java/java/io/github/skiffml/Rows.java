package io.github.skiffml;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;

/** The rows of a call. Arrays are read when the call is made. */
public abstract class Rows {
    private Rows() {}

    /** Arguments are those of the method, as JSON or null. */
    abstract Object[] call(long model, String method, String arguments);

    /** Rows of numbers; NaN is a missing value. */
    public static Rows of(double[][] rows) {
        int width = rows.length == 0 ? 0 : rows[0].length;
        if ((long) rows.length * width > Integer.MAX_VALUE) {
            throw wrong("more than " + Integer.MAX_VALUE + " numbers: pass fewer rows at a time");
        }
        double[] numbers = new double[rows.length * width];
        for (int row = 0; row < rows.length; row++) {
            if (rows[row].length != width) {
                throw wrong("row " + row + ": expected " + width + " numbers, found " + rows[row].length);
            }
            System.arraycopy(rows[row], 0, numbers, row * width, width);
        }
        return of(numbers, rows.length, width);
    }

    /** Numbers, one row after the other. */
    public static Rows of(double[] numbers, int rows, int columns) {
        return new Numbers(numbers, rows, columns);
    }

    /** Numbers, one row after the other, which are numpy's {@code float32}. */
    public static Rows of(float[] numbers, int rows, int columns) {
        return new Numbers(numbers, rows, columns);
    }

    /**
     * Sparse rows, as scipy's {@code csr_matrix} has them: the numbers of row {@code i} are those from {@code indptr[i]} to
     * {@code indptr[i + 1]} of {@code data}, each in its column of {@code indices}.
     */
    public static Rows sparse(double[] data, int[] indices, int[] indptr, int rows, int columns) {
        return new Sparse(data, indices, indptr, rows, columns);
    }

    /** Sparse rows of numbers that are numpy's {@code float32}. */
    public static Rows sparse(float[] data, int[] indices, int[] indptr, int rows, int columns) {
        return new Sparse(data, indices, indptr, rows, columns);
    }

    /** One column of texts: the documents of a model of text. */
    public static Rows documents(String... documents) {
        return new Columns().addColumn(null, documents);
    }

    /** Columns, to be added: all with names, or all with null. */
    public static Columns columns() {
        return new Columns();
    }

    static SkiffException wrong(String message) {
        return new SkiffException("wrong-argument", message);
    }

    private static final class Numbers extends Rows {
        private final Object numbers;
        private final int rows;
        private final int columns;

        Numbers(Object numbers, int rows, int columns) {
            this.numbers = numbers;
            this.rows = rows;
            this.columns = columns;
        }

        @Override
        Object[] call(long model, String method, String arguments) {
            return Native.callNumbers(model, method, arguments, rows, columns, numbers);
        }
    }

    private static final class Sparse extends Rows {
        private final Object data;
        private final int[] indices;
        private final int[] indptr;
        private final int rows;
        private final int columns;

        Sparse(Object data, int[] indices, int[] indptr, int rows, int columns) {
            this.data = data;
            this.indices = indices;
            this.indptr = indptr;
            this.rows = rows;
            this.columns = columns;
        }

        @Override
        Object[] call(long model, String method, String arguments) {
            return Native.callSparse(model, method, arguments, rows, columns, indptr, indices, data);
        }
    }

    /** Columns of one length, all with names or all without. */
    public static final class Columns extends Rows {
        private final List<String> names = new ArrayList<>();
        private final List<Object> columns = new ArrayList<>();

        private Columns() {}

        /** A column of {@code float64}; NaN is a missing value. */
        public Columns add(String name, double... cells) {
            return addColumn(name, cells);
        }

        /** A column of {@code float32}. */
        public Columns add(String name, float... cells) {
            return addColumn(name, cells);
        }

        /** A column of {@code int64}. */
        public Columns add(String name, long... cells) {
            return addColumn(name, cells);
        }

        /** A column of {@code int32}. */
        public Columns add(String name, int... cells) {
            return addColumn(name, cells);
        }

        /** A column of bools. */
        public Columns add(String name, boolean... cells) {
            return addColumn(name, cells);
        }

        /** A column of texts; null is a missing value. */
        public Columns add(String name, String... cells) {
            return addColumn(name, cells);
        }

        private Columns addColumn(String name, Object cells) {
            String label = "column " + (name == null ? columns.size() : "`" + name + "`");
            if (cells == null) throw wrong(label + ": expected an array, found null");
            int length = Array.getLength(cells);
            if (!columns.isEmpty() && length != rows()) {
                throw wrong(label + ": expected " + rows() + " rows, found " + length);
            }
            if (!columns.isEmpty() && (name == null) != names.isEmpty()) {
                throw wrong(label + ": expected a name for each column, or for none");
            }
            if (name != null) names.add(name);
            columns.add(cells);
            return this;
        }

        private int rows() {
            return columns.isEmpty() ? 0 : Array.getLength(columns.get(0));
        }

        @Override
        Object[] call(long model, String method, String arguments) {
            String[] all = names.isEmpty() ? null : names.toArray(new String[0]);
            return Native.callColumns(model, method, arguments, rows(), all, columns.toArray());
        }
    }
}
