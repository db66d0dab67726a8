package io.github.skiffml;

/** Why skiff could not do what it was asked. */
public final class SkiffException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String code;

    SkiffException(String code, String message) {
        super(message);
        this.code = code;
    }

    /** A short name for programs: "not-a-model", "wrong-argument", "wrong-number-of-features", "closed-model". */
    public String code() {
        return code;
    }

    @Override
    public String toString() {
        return getClass().getName() + ": " + code + ": " + getMessage();
    }
}
