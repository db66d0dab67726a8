import io.github.skiffml.Answer;
import io.github.skiffml.Model;
import io.github.skiffml.NdArray;
import io.github.skiffml.Options;
import io.github.skiffml.Rows;
import io.github.skiffml.SkiffException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** What the classes take, return and refuse: EXAMPLES ENCRYPTED IDENTITY. */
public class Calls {
    private static final double[][] FLOWERS = {{5.1, 3.5, 1.4, 0.2}, {6.7, 3.0, 5.2, 2.3}};
    private static final String[] LABELS = {"setosa", "virginica"};

    public static void main(String[] arguments) throws Exception {
        Path examples = Path.of(arguments[0]);
        Path flowers = examples.resolve("iris-svc.joblib");
        numbers(flowers);
        sparse(examples.resolve("digits-forest.joblib"));
        keywords(flowers);
        textsAndColumns(examples);
        mistakes(flowers);
        files(flowers, Path.of(arguments[1]), Files.readString(Path.of(arguments[2])));
        useAfterClose(flowers);
        threads(flowers);
        leaks(flowers);
    }

    private static void check(boolean holds, Object found) {
        if (!holds) throw new AssertionError(String.valueOf(found));
    }

    private static void fails(String code, String part, Runnable run) {
        try {
            run.run();
        } catch (SkiffException error) {
            check(error.code().equals(code) && error.getMessage().contains(part), error);
            return;
        }
        throw new AssertionError("expected " + code + ": " + part);
    }

    private static void numbers(Path path) {
        try (Model model = Model.open(path)) {
            Answer labels = model.predict(FLOWERS);
            check(Arrays.equals(labels.strings(), LABELS), Arrays.toString(labels.strings()));
            NdArray array = labels.array();
            check(array.name().equals("predict") && array.dtype().equals("str"), array.dtype());
            Answer scores = model.decisionFunction(FLOWERS);
            check(Arrays.equals(scores.array().shape(), new int[] {2, 3}), "shape");
            check(scores.rows()[1][2] == scores.doubles()[5], "rows");
            double[] flat = {5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3};
            Answer same = model.call("decision_function", Rows.of(flat, 2, 4));
            check(Arrays.equals(same.doubles(), scores.doubles()), "the same numbers");
            float[] floats = {5.1f, 3.5f, 1.4f, 0.2f, 6.7f, 3.0f, 5.2f, 2.3f};
            check(Arrays.equals(model.predict(Rows.of(floats, 2, 4)).strings(), LABELS), "floats");
            check(model.methods().contains("predict") && !model.methods().contains("transform"), model.methods());
            check(model.signature().contains("\"classes\":[[\"setosa\",\"versicolor\",\"virginica\"]]"), model.signature());
            check(model.inspect().contains("SVC"), model.inspect());
            fails("wrong-argument", "dtype str", () -> labels.doubles());
            fails("wrong-argument", "has 1 axes", () -> labels.rows());
        }
    }

    /** Two digits, of which most pixels are 0. */
    private static void sparse(Path path) {
        double[] data = {1, 4, 7, 10, 13, 16};
        int[] indices = {2, 3, 20, 0, 10, 63};
        int[] indptr = {0, 3, 6};
        double[][] dense = new double[2][64];
        for (int at = 0; at < 6; at++) dense[at / 3][indices[at]] = data[at];
        try (Model model = Model.open(path, Options.NONE.at("steps[1][1]"))) {
            double[] expected = model.predictProba(dense).doubles();
            check(Arrays.equals(model.predictProba(Rows.sparse(data, indices, indptr, 2, 64)).doubles(), expected), "sparse");
            float[] floats = {1, 4, 7, 10, 13, 16};
            check(Arrays.equals(model.predictProba(Rows.sparse(floats, indices, indptr, 2, 64)).doubles(), expected), "floats");
            fails("wrong-input", "63", () -> model.predict(Rows.sparse(data, indices, indptr, 2, 63)));
            fails("wrong-input", "", () -> model.predict(Rows.sparse(data, indices, new int[] {0, 7, 6}, 2, 64)));
            fails("wrong-input", "", () -> model.predict(Rows.sparse(new double[1], indices, indptr, 2, 64)));
            fails("wrong-argument", "`indptr`", () -> model.predict(Rows.sparse(data, indices, null, 2, 64)));
            fails("wrong-argument", "found null", () -> model.predict(Rows.sparse((double[]) null, indices, indptr, 2, 64)));
            int[] negative = {2, -1, 20, 0, 10, 63};
            fails("wrong-argument", "`indices`", () -> model.predict(Rows.sparse(data, negative, indptr, 2, 64)));
            double[] parts = {7, 1, 3, 1, 10, 13, 16};
            int[] unsorted = {20, 2, 3, 3, 0, 10, 63};
            Rows same = Rows.sparse(parts, unsorted, new int[] {0, 4, 7}, 2, 64);
            check(Arrays.equals(model.predictProba(same).doubles(), expected), "unsorted");
        }
    }

    /** Recorded cases have arguments that models take. */
    private static void keywords(Path path) {
        try (Model model = Model.open(path)) {
            Rows rows = Rows.of(FLOWERS);
            check(Arrays.equals(model.predict(rows, Map.of()).strings(), LABELS), "no arguments");
            fails("wrong-argument", "no argument `return_std`", () -> model.predict(rows, Map.of("return_std", true)));
            fails("wrong-argument", "no argument `a\"\n`", () -> model.predict(rows, Map.of("a\"\n", "b\\")));
            fails("wrong-argument", "argument `a`", () -> model.predict(rows, Map.of("a", new int[1])));
            fails("wrong-argument", "not finite", () -> model.predict(rows, Map.of("a", Double.NaN)));
        }
    }

    private static void textsAndColumns(Path examples) throws IOException {
        try (Model model = Model.read(Files.readAllBytes(examples.resolve("spam-filter.joblib")))) {
            String[] labels = model.predict(new String[] {"free prize, call now", "see you at lunch"}).strings();
            check(Arrays.equals(labels, new String[] {"spam", "ham"}), Arrays.toString(labels));
            // Characters beyond the first plane, NUL, and half of a pair, which has no UTF-8.
            check(model.predict(new String[] {"\ud83d\udea2 \0", "\ud83d"}).strings().length == 2, "texts");
        }
        try (Model model = Model.open(examples.resolve("passengers.joblib"))) {
            Rows rows = Rows.columns()
                    .add("rank", 3.0, 1.0)
                    .add("sex", "male", "female")
                    .add("age", 22, Double.NaN)
                    .add("fare", 7.25, 71)
                    .add("port", "S", null)
                    .add("alone", 1.0, 0.0);
            double[] shares = model.predictProba(rows).doubles();
            check(shares.length == 4 && Math.abs(shares[0] + shares[1] - 1) < 1e-12, Arrays.toString(shares));
            Rows integers = Rows.columns()
                    .add("rank", new long[] {3, 1})
                    .add("sex", "male", "female")
                    .add("age", 22, Double.NaN)
                    .add("fare", 7.25, 71)
                    .add("port", "S", null)
                    .add("alone", new int[] {1, 0});
            check(Arrays.equals(model.predictProba(integers).doubles(), shares), "integers");
        }
    }

    private static void mistakes(Path path) {
        try (Model model = Model.open(path)) {
            fails("wrong-number-of-features", "3 features", () -> model.predict(new double[][] {{1, 2, 3}}));
            fails("wrong-input", "0", () -> model.predict(new double[0][0]));
            fails("wrong-argument", "row 1: expected 4", () -> model.predict(new double[][] {{1, 2, 3, 4}, {1}}));
            fails("wrong-argument", "found 7", () -> model.predict(Rows.of(new double[7], 2, 4)));
            fails("wrong-argument", "found -1", () -> model.predict(Rows.of(new double[7], -1, 4)));
            fails("wrong-argument", "", () -> model.predict(Rows.of(new double[7], 1 << 30, 1 << 30)));
            fails("wrong-argument", "found null", () -> model.predict(Rows.of((double[]) null, 1, 4)));
            fails("wrong-argument", "no method `transform`; it has predict", () -> model.transform(FLOWERS));
            fails("wrong-argument", "no method ``", () -> model.call(null, Rows.of(FLOWERS)));
            fails("wrong-argument", "column `b`: expected 2 rows, found 1",
                    () -> Rows.columns().add("a", 1.0, 2.0).add("b", 1.0));
            fails("wrong-argument", "for each column, or for none", () -> Rows.columns().add("a", 1.0).add(null, 1.0));
            fails("wrong-argument", "found null", () -> Rows.documents((String[]) null));
        }
    }

    private static void files(Path path, Path encrypted, String identity) {
        fails("unreadable-file", "/nowhere/model.pkl", () -> Model.open(Path.of("/nowhere/model.pkl")));
        fails("not-a-model", "", () -> Model.read("not a model".getBytes()));
        fails("not-a-model", "", () -> Model.read(new byte[0]));
        try (Model model = Model.open(encrypted, Options.NONE.identity(identity))) {
            check(Arrays.equals(model.predict(FLOWERS).strings(), LABELS), "encrypted");
        }
        fails("encrypted-file", "", () -> Model.open(encrypted));
        fails("wrong-argument", "found both", () -> Model.open(encrypted, Options.NONE.identity(identity).passphrase("x")));
    }

    private static void useAfterClose(Path path) {
        Model model = Model.open(path);
        Answer answer = model.decisionFunction(FLOWERS);
        model.close();
        model.close();
        check(answer.doubles().length == 6, "answers stay");
        fails("closed-model", "closed", () -> model.predict(FLOWERS));
        fails("closed-model", "closed", model::inspect);
        fails("closed-model", "closed", model::signature);
        fails("closed-model", "closed", model::methods);
        // The next model does not take its place.
        try (Model next = Model.open(path)) {
            fails("closed-model", "closed", () -> model.predict(FLOWERS));
            check(next.predict(FLOWERS).strings().length == 2, "the next model");
        }
    }

    /** Several threads ask one model, which is closed under them: each call answers, or says that it is closed. */
    private static void threads(Path path) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        for (int round = 0; round < 20; round++) {
            Model model = Model.open(path);
            double[] expected = model.decisionFunction(FLOWERS).doubles();
            boolean isClosed = round % 2 == 1;
            Callable<Integer> asking = () -> {
                for (int time = 0; time < 200; time++) {
                    try {
                        check(Arrays.equals(model.decisionFunction(FLOWERS).doubles(), expected), "another answer");
                    } catch (SkiffException error) {
                        check(isClosed && error.code().equals("closed-model"), error);
                        return time;
                    }
                }
                return 200;
            };
            List<Future<Integer>> all = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) all.add(pool.submit(asking));
            if (isClosed) model.close();
            for (Future<Integer> one : all) check(one.get() == 200 || isClosed, one.get());
            model.close();
        }
        pool.shutdown();
        check(pool.awaitTermination(10, TimeUnit.SECONDS), "threads end");
    }

    private static double resident() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) return Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024;
        }
        throw new AssertionError("no VmRSS");
    }

    private static double ask(Model model, byte[] content, int times) throws Exception {
        for (int time = 0; time < times; time++) {
            model.decisionFunction(FLOWERS);
            model.predict(FLOWERS);
            if (time % 100 == 0) {
                fails("wrong-number-of-features", "", () -> model.predict(new double[][] {{1}}));
                // Some are closed, some left to the collector.
                Model other = Model.read(content);
                other.predict(FLOWERS);
                if (time % 200 == 0) other.close();
            }
        }
        System.gc();
        Thread.sleep(100);
        System.gc();
        return resident();
    }

    private static void leaks(Path path) throws Exception {
        byte[] content = Files.readAllBytes(path);
        try (Model model = Model.read(content)) {
            ask(model, content, 10000);
            double before = ask(model, content, 10000);
            double after = ask(model, content, 10000);
            System.out.printf("resident memory after 20,000 rounds %.1f MiB, after 30,000 %.1f MiB%n", before, after);
            check(after - before < 8, after - before);
        }
    }
}
