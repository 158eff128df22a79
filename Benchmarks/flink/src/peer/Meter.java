package peer;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** Shared counters of the one job that runs in this JVM. */
public final class Meter {
    private Meter() {}

    static final LongAdder rows = new LongAdder();
    static final LongAdder sum = new LongAdder();
    /** Events emitted so far, one padded cell per source subtask. */
    static final AtomicLongArray emitted = new AtomicLongArray(64 * 16);
    static final AtomicLongArray mark = new AtomicLongArray(64 * 16); // nanoTime at which a subtask had emitted 40%
    static final AtomicLongArray markCpu = new AtomicLongArray(64 * 16); // process CPU time at the same moment
    static volatile long lastSinkCpu;
    static volatile long firstEvent;
    static volatile long firstEventWall;
    static volatile long lastSink;
    static int sources = 1;
    static volatile LagLog lags; // null unless latency is asked for
    static volatile long lagFromMs; // windows that end earlier belong to the warm-up
    static volatile long lagToMs; // windows that end later are closed by the end of the input
    static volatile double nanosPerMs = 1e6; // of event time, as the pace lets it pass
    static volatile long paceStart; // wall nanoTime of event 0 when paced, 0 before

    static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean)
                java.lang.management.ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    static long total() {
        long t = 0;
        for (int p = 0; p < sources; p++) t += emitted.get(p * 16);
        return t;
    }

    static synchronized void started() {
        if (firstEvent == 0) {
            firstEventWall = System.currentTimeMillis();
            firstEvent = System.nanoTime();
            paceStart = firstEvent + 200_000_000L;
        }
    }

    static synchronized void finished() {
        lastSink = System.nanoTime();
        lastSinkCpu = cpuNanos();
    }

    static final class LagLog {
        private long[] v = new long[1 << 20];
        private int n;

        synchronized void add(long nanos) {
            if (n == v.length) v = java.util.Arrays.copyOf(v, n * 2);
            v[n++] = nanos;
        }

        synchronized long[] sorted() {
            long[] r = java.util.Arrays.copyOf(v, n);
            java.util.Arrays.sort(r);
            return r;
        }
    }
}
