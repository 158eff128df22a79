package peer;

import java.io.BufferedReader;
import java.io.FileReader;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Runs one query in one JVM on a MiniCluster and prints one JSON line. */
public final class Main {
    /** Default sizes: full events, full rate, full users, small users. The small size is 1M events at rate 10000. */
    private static final Map<String, long[]> SIZES = new LinkedHashMap<>();

    private static void size(String q, long events, long rate, long users, long smallUsers) {
        SIZES.put(q, new long[] {events, rate, users, smallUsers});
    }

    static {
        size("source_only", 1_000_000_000, 1_000_000, 1_000_000, 10_000);
        size("ysb", 200_000_000, 1_000_000, 1_000_000, 10_000);
        size("ysb_json", 15_000_000, 1_000_000, 1_000_000, 10_000);
        size("tumbling_sum_1m_keys", 20_000_000, 1_000_000, 1_000_000, 10_000);
        size("sliding", 3_000_000, 50_000, 1_000_000, 10_000);
        size("sliding_paned", 60_000_000, 500_000, 1_000_000, 10_000);
        size("session", 4_000_000, 200_000, 200_000, 10_000);
        size("session_by_hand", 20_000_000, 200_000, 200_000, 10_000);
        size("funnel", 5_000_000, 200_000, 200_000, 10_000);
        size("uniques", 30_000_000, 1_000_000, 1_000_000, 10_000);
        size("keyed_state", 25_000_000, 1_000_000, 10_000_000, 100_000);
        size("q0", 200_000_000, 1_000_000, 0, 0);
        size("q1", 200_000_000, 1_000_000, 0, 0);
        size("q2", 300_000_000, 1_000_000, 0, 0);
        size("q3", 100_000_000, 1_000_000, 0, 0);
        size("q5", 8_000_000, 200_000, 0, 0);
        size("q7", 60_000_000, 1_000_000, 0, 0);
        size("q8", 150_000_000, 1_000_000, 0, 0);
        size("q11", 6_000_000, 200_000, 0, 0);
        size("q11_by_hand", 20_000_000, 200_000, 0, 0);
        size("q15", 20_000_000, 1_000_000, 0, 0);
        size("q17", 20_000_000, 1_000_000, 0, 0);
        size("q19", 10_000_000, 1_000_000, 0, 0);
    }

    public static void main(String[] argv) throws Exception {
        String query = null, backend = "heap";
        long events = -1, rate = -1, users = -1, wm = 100, checkpointMs = 0, windowMs = 10_000;
        double throttle = 0;
        int parallelism = 1;
        boolean small = false, latency = false;
        for (int i = 0; i < argv.length; i++) {
            switch (argv[i]) {
                case "--events": events = Long.parseLong(argv[++i]); break;
                case "--rate": rate = Long.parseLong(argv[++i]); break;
                case "--users": users = Long.parseLong(argv[++i]); break;
                case "--parallelism": parallelism = Integer.parseInt(argv[++i]); break;
                case "--backend": backend = argv[++i]; break;
                case "--checkpoint-ms": checkpointMs = Long.parseLong(argv[++i]); break;
                case "--watermark-ms": wm = Long.parseLong(argv[++i]); break;
                case "--window-ms": windowMs = Long.parseLong(argv[++i]); break;
                case "--throttle": throttle = Double.parseDouble(argv[++i]); break;
                case "--latency": latency = true; break;
                case "--small": small = true; break;
                default:
                    if (argv[i].startsWith("-") || query != null) throw new IllegalArgumentException(argv[i]);
                    query = argv[i];
            }
        }
        long[] d = SIZES.get(query);
        if (d == null) throw new IllegalArgumentException("queries: " + SIZES.keySet());
        if (events < 0) events = small ? 1_000_000 : d[0];
        if (rate < 0) rate = small ? 10_000 : d[1];
        if (users < 0) users = small ? d[3] : d[2];

        String work = System.getProperty("peer.work");
        Configuration c = new Configuration();
        c.setString("parallelism.default", Integer.toString(parallelism));
        c.setString("pipeline.object-reuse", "true");
        c.setString("restart-strategy.type", "none");
        c.setString("state.backend.type", backend.equals("heap") ? "hashmap" : backend);
        c.setString("execution.checkpointing.incremental", "true");
        c.setString("execution.checkpointing.dir", "file://" + work + "/checkpoints");
        c.setString("io.tmp.dirs", work);
        c.setString("taskmanager.memory.network.min", "128m");
        c.setString("taskmanager.memory.network.max", "128m");
        c.setString("taskmanager.memory.managed.size", backend.equals("heap") ? "64m" : "1g");
        c.setString("rest.bind-address", "127.0.0.1");
        c.setString("rest.address", "127.0.0.1");
        c.setString("rest.bind-port", "0");
        c.setString("rest.port", "0");
        if (checkpointMs > 0) c.setString("execution.checkpointing.interval", checkpointMs + " ms");
        for (String kv : System.getProperty("peer.conf", "").split(";")) {
            int eq = kv.indexOf('=');
            if (eq > 0) c.setString(kv.substring(0, eq), kv.substring(eq + 1));
        }

        Gen.Params p = new Gen.Params();
        p.events = events;
        p.rate = rate;
        p.users = users;
        Meter.sources = parallelism;
        long lagWindowMs = windowLength(query, windowMs);
        if (latency) {
            if (lagWindowMs == 0 || throttle == 0) {
                throw new IllegalArgumentException("--latency wants --throttle and a query whose second field is a window");
            }
            Meter.lags = new Meter.LagLog();
            Meter.lagFromMs = events * 1000 / rate * 2 / 5;
            Meter.lagToMs = events * 1000 / rate;
            Meter.nanosPerMs = rate / throttle * 1e6;
        }

        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(parallelism, c);
        DataStream<Row> rows = query(query, env, p, wm, throttle, windowMs);
        if (rows != null) {
            rows.sinkTo(latency ? new DigestSink(1, lagWindowMs) : new DigestSink()).setParallelism(rows.getParallelism());
        }
        long jvmStart = ManagementFactory.getRuntimeMXBean().getStartTime();
        long began = System.nanoTime();
        JobResult result;
        try (MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder().setConfiguration(c)
                .setNumTaskManagers(1).setNumSlotsPerTaskManager(parallelism).build())) {
            cluster.start();
            JobID id = cluster.submitJob(env.getStreamGraph().getJobGraph()).get().getJobID();
            result = cluster.requestJobResult(id).get();
        }
        if (result.getSerializedThrowable().isPresent()) {
            result.getSerializedThrowable().get().printStackTrace();
            System.exit(1);
        }
        long end = Meter.lastSink;
        double wall = (System.nanoTime() - began) / 1e9;
        double meanMark = 0, meanCpu = 0;
        long measured = 0;
        for (int s = 0; s < parallelism; s++) {
            long mine = (events - s + parallelism - 1) / parallelism;
            measured += mine - mine * 2 / 5;
            meanMark += (Meter.mark.get(s * 16) - Meter.firstEvent) / (double) parallelism;
            meanCpu += Meter.markCpu.get(s * 16) / (double) parallelism;
        }
        double steadyCpu = (Meter.lastSinkCpu - meanCpu) / measured;
        double steady = measured / ((end - Meter.firstEvent - meanMark) / 1e9);
        StringBuilder b = new StringBuilder("{");
        str(b, "query", query);
        str(b, "engine", "flink");
        str(b, "version", EnvironmentInformation.getVersion());
        num(b, "events", events);
        num(b, "rate", rate);
        num(b, "users", users);
        num(b, "parallelism", parallelism);
        str(b, "backend", backend);
        num(b, "checkpoint_ms", checkpointMs);
        if (throttle > 0) num(b, "throttle", Math.round(throttle));
        if (windowMs != 10_000) num(b, "window_ms", windowMs);
        dec(b, "wall_s", wall);
        dec(b, "run_s", (end - Meter.firstEvent) / 1e9);
        dec(b, "startup_s", (Meter.firstEventWall - jvmStart) / 1e3);
        num(b, "events_per_s", Math.round(steady));
        num(b, "cpu_ns_per_event", Math.round(steadyCpu));
        dec(b, "cpu_s", Meter.cpuNanos() / 1e9);
        dec(b, "gc_s", ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(g -> g.getCollectionTime()).sum() / 1e3);
        num(b, "peak_rss_mb", peakRssMb());
        num(b, "rows", Meter.rows.sum());
        str(b, "digest", String.format("%016x", Meter.sum.sum()));
        if (latency) {
            long[] v = Meter.lags.sorted();
            num(b, "lag_rows", v.length);
            String[] names = {"p50", "p99", "p99.9", "p99.99", "max"};
            double[] shares = {0.5, 0.99, 0.999, 0.9999, 1};
            for (int i = 0; i < names.length; i++) {
                int at = (int) Math.min(v.length - 1, Math.ceil(shares[i] * v.length) - 1);
                dec(b, "lag_ms_" + names[i], (v.length == 0 ? -1 : v[at]) / 1e6);
            }
        }
        b.setLength(b.length() - 2);
        System.out.println(b.append("}"));
        System.out.flush();
        System.exit(0);
    }

    private static void str(StringBuilder b, String k, String v) {
        b.append('"').append(k).append("\": \"").append(v).append("\", ");
    }

    private static void num(StringBuilder b, String k, long v) {
        b.append('"').append(k).append("\": ").append(v).append(", ");
    }

    private static void dec(StringBuilder b, String k, double v) {
        b.append('"').append(k).append("\": ").append(String.format("%.3f", v)).append(", ");
    }

    private static long peakRssMb() throws Exception {
        try (BufferedReader r = new BufferedReader(new FileReader("/proc/self/status"))) {
            for (String l; (l = r.readLine()) != null; ) {
                if (l.startsWith("VmHWM:")) return Long.parseLong(l.replaceAll("[^0-9]", "")) / 1024;
            }
        }
        return -1;
    }

    private static <T> DataStream<T> source(StreamExecutionEnvironment env, GenSource.Factory<T> f,
            TypeInformation<T> type, Gen.Params p, long wm, double throttle) {
        return env.fromSource(new GenSource<>(f, p, wm, throttle), WatermarkStrategy.noWatermarks(), "gen", type);
    }

    private static DataStream<Row> query(String q, StreamExecutionEnvironment env, Gen.Params p, long wm,
            double throttle, long windowMs) {
        if (q.startsWith("q")) {
            p.seed = Gen.NEX_SEED;
            return NexQueries.build(q, source(env, Gen.Nexmark::new, Nex.TYPE, p, wm, throttle));
        }
        p.seed = Gen.ADS_SEED;
        switch (q) {
            case "ysb_json":
                return AdsQueries.ysbJson(source(env, Gen.AdsJson::new, JsonBytes.TYPE, p, wm, throttle), windowMs);
            case "session":
            case "session_by_hand":
            case "funnel":
            case "uniques": {
                DataStream<Ad> ads = source(env, Gen.AdsSessions::new, Ad.TYPE, p, wm, throttle);
                switch (q) {
                    case "session": return AdsQueries.session(AdsQueries.userTs(ads));
                    case "session_by_hand": return AdsQueries.sessionByHand(AdsQueries.userTs(ads));
                    case "funnel": return AdsQueries.funnel(ads);
                    default: return AdsQueries.uniques(ads);
                }
            }
            default: {
                DataStream<Ad> ads = source(env, Gen.AdsUniform::new, Ad.TYPE, p, wm, throttle);
                switch (q) {
                    case "source_only": return ads.filter(e -> e.user < 0).map(e -> new Row()).returns(Row.TYPE);
                    case "ysb": return AdsQueries.ysb(ads, windowMs);
                    case "tumbling_sum_1m_keys": return AdsQueries.tumblingSum(ads);
                    case "sliding": return AdsQueries.sliding(ads);
                    case "sliding_paned": return AdsQueries.slidingPaned(ads);
                    case "keyed_state": return AdsQueries.keyedState(ads);
                    default: throw new IllegalArgumentException(q);
                }
            }
        }
    }

    /** The length of the windows whose start is the second field of a query's rows; 0 where there are none. */
    private static long windowLength(String q, long windowMs) {
        switch (q) {
            case "ysb":
            case "ysb_json": return windowMs;
            case "tumbling_sum_1m_keys":
            case "funnel":
            case "uniques":
            case "q17": return 10_000;
            case "sliding":
            case "sliding_paned": return 60_000;
            default: return 0;
        }
    }
}
