package io.github.skiffml;

import java.util.Map;

/** Keyword arguments of a method as a JSON object, which the native library reads. */
final class Arguments {
    private Arguments() {}

    /** The text; null where there are no arguments. */
    static String json(Map<String, ?> arguments) {
        if (arguments == null || arguments.isEmpty()) return null;
        StringBuilder text = new StringBuilder("{");
        for (Map.Entry<String, ?> argument : arguments.entrySet()) {
            if (text.length() > 1) text.append(',');
            quote(text, argument.getKey());
            text.append(':');
            value(text, argument.getKey(), argument.getValue());
        }
        return text.append('}').toString();
    }

    private static void value(StringBuilder text, String name, Object value) {
        if (value instanceof CharSequence) {
            quote(text, value.toString());
        } else if (value instanceof Double || value instanceof Float) {
            double number = ((Number) value).doubleValue();
            if (!Double.isFinite(number)) throw Rows.wrong("argument `" + name + "`: " + number + " is not finite");
            text.append(number);
        } else if (value == null || value instanceof Boolean || value instanceof Integer || value instanceof Long) {
            text.append(value);
        } else {
            throw Rows.wrong("argument `" + name + "`: expected a text, a number, a boolean or null, found a " + value.getClass().getName());
        }
    }

    private static void quote(StringBuilder text, String string) {
        text.append('"');
        for (char unit : string.toCharArray()) {
            if (unit == '"' || unit == '\\') text.append('\\').append(unit);
            else if (unit < ' ') text.append(String.format("\\u%04x", (int) unit));
            else text.append(unit);
        }
        text.append('"');
    }
}
