package io.github.skiffml;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * A saved scikit-learn model. Any number of threads may use one at a time, and close it: a call that has begun ends, and
 * later ones throw a {@link SkiffException} with the code "closed-model".
 */
public final class Model implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final long handle;
    private final Cleaner.Cleanable cleanable;

    private Model(long handle) {
        this.handle = handle;
        // A model that is not closed is freed after it is collected.
        cleanable = CLEANER.register(this, () -> Native.close(handle));
    }

    /**
     * Opens the model in a file: pickle, joblib, skops, .skiff or JSON, compressed or encrypted. Nothing in it is executed.
     *
     * @throws SkiffException if it is not a model, or not one that skiff supports
     */
    public static Model open(Path path) {
        return open(path, Options.NONE);
    }

    /** Opens the model in a file. */
    public static Model open(Path path, Options options) {
        return new Model(Native.open(path.toString(), null, options.at, options.passphrase, options.identity));
    }

    /** Opens the model in the content of a file, which is copied. */
    public static Model read(byte[] content) {
        return read(content, Options.NONE);
    }

    /** Opens the model in the content of a file, which is copied. */
    public static Model read(byte[] content, Options options) {
        if (content == null) throw new NullPointerException("content");
        return new Model(Native.open(null, content, options.at, options.passphrase, options.identity));
    }

    /** scikit-learn's names of the methods that it has. */
    public List<String> methods() {
        try {
            return Collections.unmodifiableList(Arrays.asList(Native.methods(handle)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** What is in the file, as JSON: format, versions, estimators with parameters and methods. */
    public String inspect() {
        try {
            return Native.inspect(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** What the model takes and returns, as JSON: features, classes, and the types of each method's input and output. */
    public String signature() {
        try {
            return Native.signature(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Calls the method of that name: "predict", "predict_proba", "transform", … */
    public Answer call(String method, Rows rows) {
        return call(method, rows, Collections.emptyMap());
    }

    /**
     * Calls the method of that name with keyword arguments by their names in Python: {@code Map.of("return_std", true)}.
     * Values are strings, integers, doubles, booleans or null.
     */
    public Answer call(String method, Rows rows, Map<String, ?> arguments) {
        try {
            return new Answer(rows.call(handle, method, Arguments.json(arguments)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Labels or values. */
    public Answer predict(Rows rows) {
        return call("predict", rows);
    }

    /** Labels or values, with keyword arguments. */
    public Answer predict(Rows rows, Map<String, ?> arguments) {
        return call("predict", rows, arguments);
    }

    /** Labels or values of rows of numbers. */
    public Answer predict(double[][] rows) {
        return predict(Rows.of(rows));
    }

    /** Labels or values of documents. */
    public Answer predict(String[] documents) {
        return predict(Rows.documents(documents));
    }

    /** A probability for each class. */
    public Answer predictProba(Rows rows) {
        return call("predict_proba", rows);
    }

    /** A probability for each class, of rows of numbers. */
    public Answer predictProba(double[][] rows) {
        return predictProba(Rows.of(rows));
    }

    /** A probability for each class, of documents. */
    public Answer predictProba(String[] documents) {
        return predictProba(Rows.documents(documents));
    }

    /** Signed distances, votes, raw scores. */
    public Answer decisionFunction(Rows rows) {
        return call("decision_function", rows);
    }

    /** Signed distances, votes, raw scores, of rows of numbers. */
    public Answer decisionFunction(double[][] rows) {
        return decisionFunction(Rows.of(rows));
    }

    /** The transformed rows. */
    public Answer transform(Rows rows) {
        return call("transform", rows);
    }

    /** The transformed rows of numbers. */
    public Answer transform(double[][] rows) {
        return transform(Rows.of(rows));
    }

    /** Frees the model. Nothing happens if it is closed. */
    @Override
    public void close() {
        cleanable.clean();
    }
}
