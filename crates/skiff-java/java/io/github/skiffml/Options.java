package io.github.skiffml;

/** How a file is opened. Each method returns options with one more choice. */
public final class Options {
    /** Without any choice. */
    public static final Options NONE = new Options(null, null, null);

    final String at;
    final String passphrase;
    final String identity;

    private Options(String at, String passphrase, String identity) {
        this.at = at;
        this.passphrase = passphrase;
        this.identity = identity;
    }

    /** The address of the estimator in a file with several objects: "['model']", "[0]". */
    public Options at(String at) {
        return new Options(at, passphrase, identity);
    }

    /** The passphrase of an encrypted file. */
    public Options passphrase(String passphrase) {
        return new Options(at, passphrase, identity);
    }

    /** The content of an identity file: the key of an encrypted file. */
    public Options identity(String identity) {
        return new Options(at, passphrase, identity);
    }
}
