package io.github.skiffml;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/** The methods in the native library, which is loaded before the first call. */
final class Native {
    private Native() {}

    static {
        load();
    }

    /**
     * Loads the library at the path in the property {@code skiff.library}, else the one in this jar, else the one in {@code
     * java.library.path}.
     */
    private static void load() {
        String path = System.getProperty("skiff.library");
        if (path != null) {
            System.load(path);
            return;
        }
        try (InputStream library = Native.class.getResourceAsStream(resource())) {
            if (library == null) {
                System.loadLibrary("skiff_java");
                return;
            }
            Path copy = Files.createTempFile("skiff", null);
            copy.toFile().deleteOnExit();
            Files.copy(library, copy, StandardCopyOption.REPLACE_EXISTING);
            System.load(copy.toString());
        } catch (IOException error) {
            throw new UncheckedIOException("the native library of skiff cannot be unpacked", error);
        }
    }

    /** Where the library of this system is in the jar: {@code /native/linux-amd64/libskiff_java.so}. */
    static String resource() {
        String system = System.getProperty("os.name").split(" ")[0].toLowerCase(Locale.ROOT);
        return "/native/" + system + "-" + System.getProperty("os.arch") + "/" + System.mapLibraryName("skiff_java");
    }

    /** Opens the file at {@code path}, or the one with that content if it is null. All but one of them may be null. */
    static native long open(String path, byte[] content, String at, String passphrase, String identity);

    /** Closes a model. Nothing happens if it is closed. */
    static native void close(long handle);

    static native String inspect(long handle);

    static native String signature(long handle);

    static native String[] methods(long handle);

    /** Arguments are those of the method, as a JSON object or null. Numbers are a {@code double[]} or {@code float[]}; the answer has four elements for each array. */
    static native Object[] callNumbers(long handle, String method, String arguments, int rows, int columns, Object numbers);

    /** Columns are arrays of one length, names may be null; the answer has four elements for each array. */
    static native Object[] callColumns(long handle, String method, String arguments, int rows, String[] names, Object[] columns);

    /** Sparse rows in CSR form, data are a {@code double[]} or {@code float[]}; the answer has four elements for each array. */
    static native Object[] callSparse(
            long handle, String method, String arguments, int rows, int columns, int[] indptr, int[] indices, Object data);
}
