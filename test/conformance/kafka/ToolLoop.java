import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Kafka's command-line tools one after another, or beside each other, in one virtual machine: starting one takes a
 * second, and the parity checks run hundreds. Each run gets its own threads, streams, shutdown hooks and classes (the
 * tools keep counts in statics), so that it prints what it would print alone. What the tool says after it has called
 * for its exit is lost, as it would be.
 *
 * Arguments: the jars whose classes each run loads afresh. Commands, one a line, words by blanks, values in base64
 * behind an equals sign: "run NAME CLASS STDIN ARG...", "peek NAME", "stop NAME". Answers: "done NAME EXIT OUT ERR" once
 * a run has ended, "peek NAME OUT ERR".
 */
public final class ToolLoop {
  /** Thrown through a tool that asks for its exit. */
  private static final class Exited extends Error {
    Exited() {
      super("exit", null, false, false);
    }
  }

  private static final class Run {
    final String name;
    final InputStream in;
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    final ByteArrayOutputStream err = new ByteArrayOutputStream();
    final List<Runnable> hooks = new ArrayList<>();
    volatile boolean closed;
    int exit;
    Thread thread;

    Run(String name, byte[] input) {
      this.name = name;
      this.in = new ByteArrayInputStream(input);
    }

    synchronized void exit(int code) {
      if (!closed) exit = code;
      closed = true;
    }

    void runHooks() {
      List<Runnable> todo;
      synchronized (hooks) {
        todo = new ArrayList<>(hooks);
        hooks.clear();
      }
      for (Runnable hook : todo) hook.run();
    }
  }

  private static final InheritableThreadLocal<Run> CURRENT = new InheritableThreadLocal<>();
  private static final Map<String, Run> RUNS = new ConcurrentHashMap<>();
  private static final PrintStream ANSWERS = System.out;

  private static final class RoutedOutput extends OutputStream {
    private final boolean errors;

    RoutedOutput(boolean errors) {
      this.errors = errors;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int start, int length) {
      Run run = CURRENT.get();
      if (run != null && !run.closed) (errors ? run.err : run.out).write(bytes, start, length);
    }
  }

  private static final class RoutedInput extends InputStream {
    @Override
    public int read() throws java.io.IOException {
      return CURRENT.get().in.read();
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws java.io.IOException {
      return CURRENT.get().in.read(bytes, start, length);
    }
  }

  private static void exit(int code, String message) {
    Run run = CURRENT.get();
    if (message != null) System.err.println(message);
    run.exit(code);
    throw new Exited();
  }

  private static String encode(byte[] bytes) {
    return "=" + Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] decode(String word) {
    return Base64.getDecoder().decode(word.substring(1));
  }

  private static String text(String word) {
    return new String(decode(word), StandardCharsets.UTF_8);
  }

  private static void runMain(Run run, URL[] jars, String main, String[] args) {
    CURRENT.set(run);
    URLClassLoader loader = new URLClassLoader(jars, ClassLoader.getSystemClassLoader());
    Thread.currentThread().setContextClassLoader(loader);
    try {
      loader.loadClass(main).getMethod("main", String[].class).invoke(null, (Object) args);
    } catch (InvocationTargetException wrapped) {
      Throwable cause = wrapped.getCause();
      if (!(cause instanceof Exited)) {
        System.err.print("Exception in thread \"main\" ");
        cause.printStackTrace();
        run.exit(1);
      }
    } catch (Exited ended) {
      // Its exit code is noted.
    } catch (Throwable failure) {
      failure.printStackTrace();
      run.exit(1);
    }
    run.runHooks();
    run.exit(0);
    synchronized (ANSWERS) {
      ANSWERS.println(
          "done " + run.name + " " + run.exit + " " + encode(run.out.toByteArray()) + " " + encode(run.err.toByteArray()));
      ANSWERS.flush();
    }
  }

  private static void start(String[] words, URL[] jars) {
    Run run = new Run(words[1], decode(words[3]));
    String[] args = new String[words.length - 4];
    for (int i = 0; i < args.length; i++) args[i] = text(words[i + 4]);
    RUNS.put(run.name, run);
    run.thread = new Thread(() -> runMain(run, jars, words[2], args), "main");
    run.thread.setDaemon(true);
    run.thread.start();
  }

  private static void peek(Run run) {
    synchronized (ANSWERS) {
      ANSWERS.println("peek " + run.name + " " + encode(run.out.toByteArray()) + " " + encode(run.err.toByteArray()));
      ANSWERS.flush();
    }
  }

  private static void stop(Run run) {
    Thread stopper =
        new Thread(
            () -> {
              CURRENT.set(run);
              run.runHooks();
            });
    stopper.setDaemon(true);
    stopper.start();
  }

  public static void main(String[] jarPaths) throws Exception {
    URL[] jars = new URL[jarPaths.length];
    for (int i = 0; i < jars.length; i++) jars[i] = Path.of(jarPaths[i]).toUri().toURL();
    InputStream commands = System.in;
    System.setIn(new RoutedInput());
    System.setOut(new PrintStream(new RoutedOutput(false), true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(new RoutedOutput(true), true, StandardCharsets.UTF_8));
    Exit.setExitProcedure(ToolLoop::exit);
    Exit.setHaltProcedure(ToolLoop::exit);
    Exit.setShutdownHookAdder(
        (name, hook) -> {
          Run run = CURRENT.get();
          if (run == null) return;
          synchronized (run.hooks) {
            run.hooks.add(hook);
          }
        });
    BufferedReader lines = new BufferedReader(new InputStreamReader(commands, StandardCharsets.US_ASCII));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      if (words[0].equals("run")) start(words, jars);
      else if (words[0].equals("peek")) peek(RUNS.get(words[1]));
      else stop(RUNS.get(words[1]));
    }
    Runtime.getRuntime().halt(0);
  }
}
