package serbench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * How long decoding and encoding take: octets to the library's own objects, and these to fresh octets.
 *
 * The virtual machine is steady once the medians of five windows in a row lie within 3 % of one another and nothing was
 * compiled meanwhile. Then the operations take turns, a sample that is discarded before each that counts.
 */
final class Timing {
    private static final long WINDOW_NS = 20_000_000;
    private static final long SAMPLE_NS = 100_000;
    private static final long PLENTY_NS = 10 * SAMPLE_NS; // no luck makes so much of too little
    private static final int STEADY_WINDOWS = 5;
    private static final double STEADY = 1.03;
    private static final int TRIES = 5;
    private static final int SAMPLES = 200;
    private static final CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();

    private static Object made;
    private static final VarHandle MADE;

    static {
        try {
            MADE = MethodHandles.lookup().findStaticVarHandle(Timing.class, "made", Object.class);
        } catch (ReflectiveOperationException error) {
            throw new ExceptionInInitializerError(error);
        }
    }

    /** One call of the library; its result goes where no compiler can leave it out. */
    private interface Call {
        Object on(int message) throws Exception;
    }

    private static final class Operation {
        private final String name;
        private final int messages;
        private final Call call;
        private final List<Long> samples = new ArrayList<>();
        private int loops = 1;
        private long warmUpNs;
        private boolean steady;

        Operation(String name, int messages, Call call) {
            this.name = name;
            this.messages = messages;
            this.call = call;
        }

        long sample(int loops) throws Exception {
            long start = System.nanoTime();
            for (int i = 0; i < loops; i++) {
                for (int message = 0; message < messages; message++) {
                    MADE.setOpaque(call.on(message));
                }
            }
            return System.nanoTime() - start;
        }

        /** The median time of one loop within a window. */
        private double window() throws Exception {
            List<Double> times = new ArrayList<>();
            long end = System.nanoTime() + WINDOW_NS;
            do {
                long took = sample(loops);
                times.add((double) took / loops);
                loops = took < SAMPLE_NS / 2 ? loops * 2 : took > SAMPLE_NS * 2 && loops > 1 ? loops / 2 : loops;
            } while (System.nanoTime() < end);
            times.sort(null);
            return times.get(times.size() / 2);
        }

        void warmUp(long limitNs) throws Exception {
            long start = System.nanoTime();
            double[] medians = new double[STEADY_WINDOWS];
            long[] compiled = new long[STEADY_WINDOWS];
            for (int windows = 0; !steady && System.nanoTime() - start < limitNs; windows++) {
                int place = windows % STEADY_WINDOWS;
                compiled[place] = COMPILER.getTotalCompilationTime();
                medians[place] = window();
                double least = Arrays.stream(medians).min().getAsDouble();
                double most = Arrays.stream(medians).max().getAsDouble();
                long before = compiled[(windows + 1) % STEADY_WINDOWS];
                steady = windows >= STEADY_WINDOWS - 1
                        && most <= least * STEADY
                        && COMPILER.getTotalCompilationTime() == before;
            }
            warmUpNs = System.nanoTime() - start;
        }

        /** Loops are doubled until the fastest of some samples takes long enough, and stay what they are then. */
        void calibrate() throws Exception {
            loops = 1;
            while (fastest() < SAMPLE_NS) {
                loops *= 2;
            }
        }

        private long fastest() throws Exception {
            long least = Long.MAX_VALUE;
            for (int i = 0; i == 0 || i < TRIES && least >= SAMPLE_NS && least < PLENTY_NS; i++) {
                least = Math.min(least, sample(loops));
            }
            return least;
        }

        Map<String, Object> row() {
            Map<String, Object> row = new TreeMap<>();
            row.put("operation", name);
            row.put("loops", loops);
            row.put("samples_ns", samples);
            row.put("warm_up_ns", warmUpNs);
            row.put("steady", steady);
            return row;
        }
    }

    /** What the hello says of how this is measured. */
    static Map<String, Object> told(Map<String, String> objects) {
        String collectors = String.join(", ", ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(bean -> bean.getName()).toList());
        String machine = System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version");
        return Map.of(
                "clock", "System.nanoTime",
                "optimisation", machine + ", tiered up to C2; " + collectors,
                "objects", objects);
    }

    /** Sends the row of each operation that is asked for, and gives how long the samples took together. */
    static long answer(Callable<Codec> opening, Map<?, ?> request, Consumer<Object> send) {
        List<String> wanted = new ArrayList<>();
        ((List<?>) request.get("operations")).forEach(name -> wanted.add((String) name));
        long budgetNs = ((Number) request.get("budget_ns")).longValue();
        List<Operation> operations = new ArrayList<>();
        try {
            Codec codec = opening.call();
            byte[][] data = ((List<?>) request.get("data")).stream()
                    .map(item -> HexFormat.of().parseHex((String) item)).toArray(byte[][]::new);
            Object[] values = new Object[data.length];
            for (int i = 0; i < data.length; i++) {
                values[i] = codec.decode(data[i]);
                codec.decode(codec.encode(values[i]));
            }
            for (String name : wanted) {
                operations.add(new Operation(name, data.length, name.equals("decode")
                        ? message -> codec.decode(data[message])
                        : message -> codec.encode(values[message])));
            }
            measure(operations, budgetNs);
        } catch (Exception | StackOverflowError | OutOfMemoryError | LinkageError error) {
            wanted.forEach(name -> send.accept(Map.of("row", Map.of("operation", name, "reason", error.toString()))));
            return 0;
        }
        operations.forEach(operation -> send.accept(Map.of("row", operation.row())));
        return operations.stream().flatMap(operation -> operation.samples.stream()).mapToLong(Long::longValue).sum();
    }

    private static void measure(List<Operation> operations, long budgetNs) throws Exception {
        long start = System.nanoTime();
        long shareNs = budgetNs / Math.max(1, operations.size());
        List<Operation> turns = new ArrayList<>();
        for (Operation operation : operations) {
            long once = operation.sample(1);
            if (once > shareNs) {
                operation.samples.add(once);
            } else {
                operation.warmUp(shareNs * 4 / 5); // what is left is more than the samples take
                operation.calibrate();
                turns.add(operation);
            }
        }
        System.gc(); // of what was read and warmed up with
        for (int round = 0; round < SAMPLES && !turns.isEmpty(); round++) {
            for (Operation operation : turns) {
                operation.sample(operation.loops);
                operation.samples.add(operation.sample(operation.loops));
            }
            if (System.nanoTime() - start >= budgetNs) {
                return;
            }
        }
    }

    private Timing() {}
}
