// Compiles exported classes and asks them: a line for each request and each answer, in the words of `hosts.py`.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.InputStreamReader;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

public class Host {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Map<String, Method> methods = new HashMap<>();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split("\t", -1);
            if (words[0].equals("load")) {
                File source = new File(words[2]);
                File folder = Files.createTempDirectory(source.getParentFile().toPath(), "classes").toFile();
                ByteArrayOutputStream errors = new ByteArrayOutputStream();
                int failed = compiler.run(null, null, errors, "-Werror", "-d", folder.getPath(), source.getPath());
                if (failed != 0) {
                    System.out.println("failed\t" + encoded(errors.toString(StandardCharsets.UTF_8)));
                } else {
                    URLClassLoader loader = new URLClassLoader(new URL[] {folder.toURI().toURL()});
                    for (Method own : loader.loadClass("Model").getMethods()) {
                        if (own.getName().equals(words[3])) methods.put(words[1], own);
                    }
                    System.out.println("loaded");
                }
            } else {
                System.out.println(answer(methods.get(words[1]), words));
            }
            System.out.flush();
        }
    }

    private static String answer(Method method, String[] words) throws Exception {
        Object[] arguments = new Object[words.length - 2];
        for (int i = 0; i < arguments.length; i++) {
            String word = words[i + 2], rest = word.substring(1);
            Class<?> type = method.getParameterTypes()[i];
            if (word.startsWith("D")) {
                String[] numbers = rest.split(",");
                double[] row = new double[numbers.length];
                for (int j = 0; j < row.length; j++) row[j] = Double.parseDouble(numbers[j]);
                arguments[i] = row;
            } else if (word.startsWith("s")) {
                arguments[i] = new String(Base64.getDecoder().decode(rest), StandardCharsets.UTF_8);
            } else if (type == long.class) {
                arguments[i] = (long) Double.parseDouble(rest);
            } else {
                arguments[i] = Double.parseDouble(rest);
            }
        }
        try {
            Object result = method.invoke(null, arguments);
            if (!(result instanceof Object[]) || result instanceof String[]) return shown(result);
            StringBuilder all = new StringBuilder();
            for (Object one : (Object[]) result) all.append(all.length() == 0 ? "" : "\t").append(shown(one));
            return all.toString();
        } catch (InvocationTargetException error) {
            String message = String.valueOf(error.getCause().getMessage());
            return (message.startsWith("refused") ? "refused\t" : "failed\t") + encoded(error.getCause().toString());
        }
    }

    private static String shown(Object value) {
        if (!value.getClass().isArray()) return "1" + one(value);
        StringBuilder all = new StringBuilder("[");
        all.append(value.getClass().getComponentType().getSimpleName().charAt(0));
        for (int i = 0; i < Array.getLength(value); i++) all.append(i == 0 ? "" : ",").append(one(Array.get(value, i)).substring(1));
        return all.toString();
    }

    private static String one(Object value) {
        if (value instanceof String) return "S" + encoded((String) value);
        if (value instanceof Double) return "d" + value;
        if (value instanceof Float) return "f" + value;
        return (value instanceof Long ? "l" : "b") + value;
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
