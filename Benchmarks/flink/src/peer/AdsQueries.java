package peer;

import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.functions.windowing.WindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** The ads queries. Each takes the source stream and returns the result rows. */
final class AdsQueries {
    private AdsQueries() {}

    static final long GAP = 10_000;

    // ---- building blocks -------------------------------------------------------------------------------------

    static final class ToCampaign extends RichMapFunction<Ad, L1> {
        private transient int[] table;
        private final L1 out = new L1();

        @Override
        public void open(OpenContext c) {
            table = Gen.campaignTable();
        }

        @Override
        public L1 map(Ad e) {
            out.a = table[e.ad];
            return out;
        }
    }

    static final class ToCampaignUser extends RichMapFunction<Ad, L2> {
        private transient int[] table;
        private final L2 out = new L2();

        @Override
        public void open(OpenContext c) {
            table = Gen.campaignTable();
        }

        @Override
        public L2 map(Ad e) {
            return out.of(table[e.ad], e.user);
        }
    }

    static final class ToPair extends RichMapFunction<Ad, L2> {
        private transient int[] table;
        private final L2 out = new L2();

        @Override
        public void open(OpenContext c) {
            table = Gen.campaignTable();
        }

        @Override
        public L2 map(Ad e) {
            return out.of(e.user << 10 | e.ad, table[e.ad]);
        }
    }

    static final class Count implements AggregateFunction<L1, L1, L1> {
        @Override
        public L1 createAccumulator() {
            return new L1();
        }

        @Override
        public L1 add(L1 v, L1 acc) {
            acc.a++;
            return acc;
        }

        @Override
        public L1 getResult(L1 acc) {
            return acc;
        }

        @Override
        public L1 merge(L1 x, L1 y) {
            x.a += y.a;
            return x;
        }
    }

    /** key, window start, count */
    static final class KeyStartCount implements WindowFunction<L1, Row, Long, TimeWindow> {
        private final Row row = new Row();

        @Override
        public void apply(Long key, TimeWindow w, Iterable<L1> in, Collector<Row> out) {
            out.collect(row.of(key, w.getStart(), in.iterator().next().a));
        }
    }

    // ---- queries ---------------------------------------------------------------------------------------------

    static DataStream<Row> countPerCampaign(DataStream<L1> campaigns, long windowMs) {
        return campaigns.keyBy(r -> r.a, Types.LONG)
                .window(TumblingEventTimeWindows.of(Duration.ofMillis(windowMs)))
                .aggregate(new Count(), new KeyStartCount(), L1.TYPE, Row.TYPE);
    }

    static DataStream<Row> ysb(DataStream<Ad> in, long windowMs) {
        return countPerCampaign(in.filter(e -> e.type == Ad.VIEW).map(new ToCampaign()).returns(L1.TYPE), windowMs);
    }

    static final class ParseJackson extends RichMapFunction<JsonBytes, Ad> {
        private transient JsonFactory factory;
        private final Ad out = new Ad();

        @Override
        public void open(OpenContext c) {
            factory = new JsonFactory();
        }

        @Override
        public Ad map(JsonBytes j) throws Exception {
            Ad e = out;
            try (JsonParser p = factory.createParser(j.bytes)) {
                p.nextToken();
                String name;
                while ((name = p.nextFieldName()) != null) {
                    JsonToken t = p.nextToken();
                    switch (name) {
                        case "user_id":
                            e.user = p.getLongValue();
                            break;
                        case "ad_id":
                            e.ad = p.getIntValue();
                            break;
                        case "event_type": {
                            // the first letter decides; the characters are already in the parser's buffer
                            char ch = p.getTextCharacters()[p.getTextOffset()];
                            e.type = ch == 'v' ? Ad.VIEW : ch == 'c' ? Ad.CLICK : Ad.PURCHASE;
                            break;
                        }
                        case "event_time":
                            e.ts = p.getLongValue();
                            break;
                        default:
                            if (t.isStructStart()) p.skipChildren();
                    }
                }
            }
            return e;
        }
    }

    static DataStream<Row> ysbJson(DataStream<JsonBytes> in, long windowMs) {
        DataStream<Ad> parsed = in.map(new ParseJackson()).returns(Ad.TYPE).assignTimestampsAndWatermarks(
                WatermarkStrategy.<Ad>forBoundedOutOfOrderness(Duration.ofMillis(Gen.JITTER))
                        .withTimestampAssigner((e, t) -> e.ts));
        return ysb(parsed, windowMs);
    }

    static final class SumCount implements AggregateFunction<L2, L2, L2> {
        @Override
        public L2 createAccumulator() {
            return new L2();
        }

        @Override
        public L2 add(L2 v, L2 acc) {
            acc.a += v.b;
            acc.b++;
            return acc;
        }

        @Override
        public L2 getResult(L2 acc) {
            return acc;
        }

        @Override
        public L2 merge(L2 x, L2 y) {
            x.a += y.a;
            x.b += y.b;
            return x;
        }
    }

    static DataStream<Row> tumblingSum(DataStream<Ad> in) {
        return in.map(new UserValue()).returns(L2.TYPE)
                .keyBy(r -> r.a, Types.LONG)
                .window(TumblingEventTimeWindows.of(Duration.ofSeconds(10)))
                .aggregate(new SumCount(), new SumRow(), L2.TYPE, Row.TYPE);
    }

    static final class UserValue extends RichMapFunction<Ad, L2> {
        private final L2 out = new L2();

        @Override
        public L2 map(Ad e) {
            return out.of(e.user, e.value);
        }
    }

    static final class SumRow implements WindowFunction<L2, Row, Long, TimeWindow> {
        private final Row row = new Row();

        @Override
        public void apply(Long key, TimeWindow w, Iterable<L2> in, Collector<Row> out) {
            L2 v = in.iterator().next();
            out.collect(row.of(key, w.getStart(), v.a, v.b));
        }
    }

    static DataStream<Row> sliding(DataStream<Ad> in) {
        return in.map(new ToCampaign()).returns(L1.TYPE).keyBy(r -> r.a, Types.LONG)
                .window(SlidingEventTimeWindows.of(Duration.ofSeconds(60), Duration.ofSeconds(1)))
                .aggregate(new Count(), new KeyStartCount(), L1.TYPE, Row.TYPE);
    }

    /** The same result by hand-made panes: count per second first, then slide over the counts. */
    static DataStream<Row> slidingPaned(DataStream<Ad> in) {
        return in.map(new ToCampaign()).returns(L1.TYPE).keyBy(r -> r.a, Types.LONG)
                .window(TumblingEventTimeWindows.of(Duration.ofSeconds(1)))
                .aggregate(new Count(), new PaneRow(), L1.TYPE, L2.TYPE)
                .keyBy(r -> r.a, Types.LONG)
                .window(SlidingEventTimeWindows.of(Duration.ofSeconds(60), Duration.ofSeconds(1)))
                .aggregate(new PaneSum(), new KeyStartCount(), L1.TYPE, Row.TYPE);
    }

    static final class PaneRow implements WindowFunction<L1, L2, Long, TimeWindow> {
        private final L2 row = new L2();

        @Override
        public void apply(Long key, TimeWindow w, Iterable<L1> in, Collector<L2> out) {
            out.collect(row.of(key, in.iterator().next().a));
        }
    }

    static final class PaneSum implements AggregateFunction<L2, L1, L1> {
        @Override
        public L1 createAccumulator() {
            return new L1();
        }

        @Override
        public L1 add(L2 v, L1 acc) {
            acc.a += v.b;
            return acc;
        }

        @Override
        public L1 getResult(L1 acc) {
            return acc;
        }

        @Override
        public L1 merge(L1 x, L1 y) {
            x.a += y.a;
            return x;
        }
    }

    // session: accumulator = first ts, last ts, count

    static final class UserTs extends RichMapFunction<Ad, L2> {
        private final L2 out = new L2();

        @Override
        public L2 map(Ad e) {
            return out.of(e.user, e.ts);
        }
    }

    static final class SessionAgg implements AggregateFunction<L2, L3, L3> {
        @Override
        public L3 createAccumulator() {
            return new L3().of(Long.MAX_VALUE, Long.MIN_VALUE, 0);
        }

        @Override
        public L3 add(L2 v, L3 acc) {
            if (v.b < acc.a) acc.a = v.b;
            if (v.b > acc.b) acc.b = v.b;
            acc.c++;
            return acc;
        }

        @Override
        public L3 getResult(L3 acc) {
            return acc;
        }

        @Override
        public L3 merge(L3 x, L3 y) {
            if (y.a < x.a) x.a = y.a;
            if (y.b > x.b) x.b = y.b;
            x.c += y.c;
            return x;
        }
    }

    static final class SessionRow implements WindowFunction<L3, Row, Long, TimeWindow> {
        private final Row row = new Row();

        @Override
        public void apply(Long key, TimeWindow w, Iterable<L3> in, Collector<Row> out) {
            L3 v = in.iterator().next();
            out.collect(row.of(key, v.a, v.b - v.a, v.c));
        }
    }

    static DataStream<Row> session(DataStream<L2> userTs) {
        return userTs.keyBy(r -> r.a, Types.LONG)
                .window(new StrictSessions(GAP))
                .aggregate(new SessionAgg(), new SessionRow(), L3.TYPE, Row.TYPE);
    }

    /** The same sessions by hand: open sessions as (first, last, count) triples and one lazy timer per session. */
    static final class SessionByHand extends KeyedProcessFunction<Long, L2, Row> {
        private transient ValueState<long[]> open;
        private final Row row = new Row();

        @Override
        public void open(OpenContext c) {
            open = getRuntimeContext().getState(
                    new ValueStateDescriptor<>("open", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO));
        }

        @Override
        public void processElement(L2 v, Context ctx, Collector<Row> out) throws Exception {
            long ts = v.b;
            long[] s = open.value();
            if (s == null) {
                open.update(new long[] {ts, ts, 1});
                ctx.timerService().registerEventTimeTimer(ts + GAP - 1);
                return;
            }
            int hit = -1;
            for (int i = 0; i < s.length; i += 3) {
                if (ts < s[i + 1] + GAP && ts > s[i] - GAP) {
                    if (hit < 0) {
                        if (ts < s[i]) s[i] = ts;
                        if (ts > s[i + 1]) s[i + 1] = ts;
                        s[i + 2]++;
                        hit = i;
                    } else { // the event bridges two open sessions
                        s[hit] = Math.min(s[hit], s[i]);
                        s[hit + 1] = Math.max(s[hit + 1], s[i + 1]);
                        s[hit + 2] += s[i + 2];
                        s = without(s, i);
                        i -= 3;
                    }
                }
            }
            if (hit < 0) {
                int n = s.length;
                s = java.util.Arrays.copyOf(s, n + 3);
                s[n] = ts;
                s[n + 1] = ts;
                s[n + 2] = 1;
                ctx.timerService().registerEventTimeTimer(ts + GAP - 1);
            }
            open.update(s);
        }

        private static long[] without(long[] s, int i) {
            long[] r = new long[s.length - 3];
            System.arraycopy(s, 0, r, 0, i);
            System.arraycopy(s, i + 3, r, i, s.length - i - 3);
            return r;
        }

        @Override
        public void onTimer(long time, OnTimerContext ctx, Collector<Row> out) throws Exception {
            long[] s = open.value();
            if (s == null) return;
            for (int i = 0; i < s.length; i += 3) {
                long close = s[i + 1] + GAP - 1;
                if (close <= time) {
                    out.collect(row.of(ctx.getCurrentKey(), s[i], s[i + 1] - s[i], s[i + 2]));
                    s = without(s, i);
                    i -= 3;
                } else {
                    ctx.timerService().registerEventTimeTimer(close);
                }
            }
            if (s.length == 0) open.clear();
            else open.update(s);
        }
    }

    static DataStream<Row> sessionByHand(DataStream<L2> userTs) {
        return userTs.keyBy(r -> r.a, Types.LONG).process(new SessionByHand(), Row.TYPE);
    }

    static DataStream<L2> userTs(DataStream<Ad> in) {
        return in.map(new UserTs()).returns(L2.TYPE);
    }

    static final class JoinedCampaign extends ProcessJoinFunction<L2, L2, L1> {
        private final L1 out = new L1();

        @Override
        public void processElement(L2 l, L2 r, Context ctx, Collector<L1> c) {
            c.collect(out.of(l.b));
        }
    }

    static DataStream<Row> funnel(DataStream<Ad> in) {
        DataStream<L2> clicks = in.filter(e -> e.type == Ad.CLICK).map(new ToPair()).returns(L2.TYPE);
        DataStream<L2> buys = in.filter(e -> e.type == Ad.PURCHASE).map(new ToPair()).returns(L2.TYPE);
        DataStream<L1> joined = clicks.keyBy(r -> r.a, Types.LONG)
                .intervalJoin(buys.keyBy(r -> r.a, Types.LONG))
                .between(Duration.ZERO, Duration.ofSeconds(30))
                .process(new JoinedCampaign(), L1.TYPE);
        return countPerCampaign(joined, 10_000);
    }

    static final class Distinct implements AggregateFunction<L2, LongSet, LongSet> {
        @Override
        public LongSet createAccumulator() {
            return new LongSet();
        }

        @Override
        public LongSet add(L2 v, LongSet acc) {
            acc.add(v.b);
            return acc;
        }

        @Override
        public LongSet getResult(LongSet acc) {
            return acc;
        }

        @Override
        public LongSet merge(LongSet x, LongSet y) {
            x.addAll(y);
            return x;
        }
    }

    static final class DistinctRow implements WindowFunction<LongSet, Row, Long, TimeWindow> {
        private final Row row = new Row();

        @Override
        public void apply(Long key, TimeWindow w, Iterable<LongSet> in, Collector<Row> out) {
            out.collect(row.of(key, w.getStart(), in.iterator().next().size()));
        }
    }

    static DataStream<Row> uniques(DataStream<Ad> in) {
        return in.map(new ToCampaignUser()).returns(L2.TYPE).keyBy(r -> r.a, Types.LONG)
                .window(TumblingEventTimeWindows.of(Duration.ofSeconds(10)))
                .aggregate(new Distinct(), new DistinctRow(), LongSet.TYPE, Row.TYPE);
    }

    static final class Bump extends KeyedProcessFunction<Long, L1, Row> {
        private transient ValueState<Long> count;
        private final Row row = new Row();

        @Override
        public void open(OpenContext c) {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
        }

        @Override
        public void processElement(L1 v, Context ctx, Collector<Row> out) throws Exception {
            Long old = count.value();
            long now = old == null ? 1 : old + 1;
            count.update(now);
            out.collect(row.of(v.a, now));
        }
    }

    static final class UserOnly extends RichMapFunction<Ad, L1> {
        private final L1 out = new L1();

        @Override
        public L1 map(Ad e) {
            return out.of(e.user);
        }
    }

    static DataStream<Row> keyedState(DataStream<Ad> in) {
        return in.map(new UserOnly()).returns(L1.TYPE).keyBy(r -> r.a, Types.LONG).process(new Bump(), Row.TYPE);
    }
}
