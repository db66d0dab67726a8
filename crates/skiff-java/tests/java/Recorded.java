import io.github.skiffml.Answer;
import io.github.skiffml.Model;
import io.github.skiffml.NdArray;
import io.github.skiffml.Options;
import io.github.skiffml.Rows;
import io.github.skiffml.SkiffException;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Asks the recorded calls in a file, in the form that crates/skiff-embed/tests/recorded describes: QUESTIONS ANSWERS.
 */
public class Recorded {
    private static ByteBuffer in;
    private static DataOutputStream out;

    public static void main(String[] arguments) throws IOException {
        in = ByteBuffer.wrap(Files.readAllBytes(Path.of(arguments[0])));
        out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[1]))));
        Map<String, Model> models = new HashMap<>();
        int count = in.getInt();
        for (int number = 0; number < count; number++) {
            String path = text();
            String at = text();
            String method = text();
            Map<String, Object> keywords = keywords(text());
            Rows rows = rows(number);
            try {
                Model model = models.get(path + " " + at);
                if (model == null) {
                    Options options = at.isEmpty() ? Options.NONE : Options.NONE.at(at);
                    // Some from memory, so that both ways are tried.
                    model = models.size() % 2 == 0
                            ? Model.open(Path.of(path), options)
                            : Model.read(Files.readAllBytes(Path.of(path)), options);
                    models.put(path + " " + at, model);
                }
                answer(model.call(method, rows, keywords));
            } catch (SkiffException error) {
                out.writeInt(-1);
                put(error.code());
                put(error.getMessage());
            }
        }
        out.close();
        models.values().forEach(Model::close);
    }

    private static String text() {
        byte[] utf8 = new byte[in.getInt()];
        in.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static double[] doubles(int count) {
        double[] all = new double[count];
        for (int at = 0; at < count; at++) all[at] = in.getDouble();
        return all;
    }

    /** Arguments out of JSON, of which those that are recorded need little. */
    private static Map<String, Object> keywords(String json) {
        Map<String, Object> all = new HashMap<>();
        if (json.isEmpty()) return all;
        for (String pair : json.substring(1, json.length() - 1).split(",")) {
            String[] parts = pair.split(":", 2);
            all.put(parts[0].replace("\"", ""), keyword(parts[1]));
        }
        return all;
    }

    private static Object keyword(String value) {
        if (value.equals("null")) return null;
        if (value.equals("true") || value.equals("false")) return Boolean.valueOf(value);
        if (value.startsWith("\"")) return value.substring(1, value.length() - 1);
        if (value.matches("-?\\d+")) return Long.valueOf(value);
        return Double.valueOf(value);
    }

    private static int[] ints(int count) {
        int[] all = new int[count];
        for (int at = 0; at < count; at++) all[at] = in.getInt();
        return all;
    }

    private static Rows rows(int number) {
        int kind = in.get();
        int rows = in.getInt();
        int columns = in.getInt();
        if (kind == 0) {
            double[] all = doubles(rows * columns);
            // Both forms of numbers in turn. An array without rows has no width.
            if (number % 2 == 0 || rows == 0) return Rows.of(all, rows, columns);
            double[][] each = new double[rows][columns];
            for (int row = 0; row < rows; row++) System.arraycopy(all, row * columns, each[row], 0, columns);
            return Rows.of(each);
        }
        if (kind == 1) {
            String[] documents = new String[rows];
            for (int row = 0; row < rows; row++) documents[row] = text();
            return Rows.documents(documents);
        }
        if (kind == 3) {
            int[] indptr = ints(rows + 1);
            int[] indices = ints(indptr[rows]);
            return Rows.sparse(doubles(indptr[rows]), indices, indptr, rows, columns);
        }
        boolean hasNames = in.get() == 1;
        String[] names = new String[columns];
        if (hasNames) for (int at = 0; at < columns; at++) names[at] = text();
        Rows.Columns all = Rows.columns();
        for (int at = 0; at < columns; at++) {
            if (in.get() == 0) {
                all.add(names[at], doubles(rows));
                continue;
            }
            String[] cells = new String[rows];
            for (int row = 0; row < rows; row++) cells[row] = in.get() == 1 ? text() : null;
            all.add(names[at], cells);
        }
        return all;
    }

    private static void put(String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    private static void answer(Answer answer) throws IOException {
        out.writeInt(answer.arrays().size());
        for (NdArray array : answer.arrays()) {
            put(array.name());
            put(array.dtype());
            out.writeInt(array.shape().length);
            for (int length : array.shape()) out.writeInt(length);
            switch (array.dtype()) {
                case "float64":
                case "float32":
                    out.writeInt(array.doubles().length);
                    for (double element : array.doubles()) out.writeDouble(element);
                    break;
                case "str":
                    out.writeInt(array.strings().length);
                    for (String element : array.strings()) put(element);
                    break;
                default:
                    out.writeInt(array.longs().length);
                    for (long element : array.longs()) out.writeLong(element);
            }
        }
    }
}
