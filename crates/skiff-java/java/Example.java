import io.github.skiffml.Model;
import io.github.skiffml.SkiffException;
import java.nio.file.Path;
import java.util.Arrays;

/** java -cp skiff-0.1.0.jar Example.java model.joblib */
public class Example {
    public static void main(String[] arguments) {
        String path = arguments.length > 0 ? arguments[0] : "examples/iris-svc.joblib";
        double[][] flowers = {{5.1, 3.5, 1.4, 0.2}, {6.7, 3.0, 5.2, 2.3}};
        try (Model model = Model.open(Path.of(path))) {
            System.out.println(model.methods());
            for (String label : model.predict(flowers).strings()) System.out.println(label);
            System.out.println(Arrays.toString(model.decisionFunction(flowers).array().shape()));
        } catch (SkiffException error) {
            System.err.println(error.code() + ": " + error.getMessage());
            System.exit(1);
        }
    }
}
