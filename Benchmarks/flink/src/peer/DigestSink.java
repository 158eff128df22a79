package peer;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** Counts rows and sums their hashes; keeps nothing. */
public final class DigestSink implements Sink<Row> {
    /** Field that holds the window start and the window's length, for lag; -1 when not measured. */
    private final int windowField;
    private final long windowMs;

    public DigestSink() {
        this(-1, 0);
    }

    public DigestSink(int windowField, long windowMs) {
        this.windowField = windowField;
        this.windowMs = windowMs;
    }

    @Override
    public SinkWriter<Row> createWriter(WriterInitContext context) {
        return new Writer(windowField, windowMs);
    }

    private static final class Writer implements SinkWriter<Row> {
        private long rows, sum;
        private final int windowField;
        private final long windowMs;
        private final Meter.LagLog lags = Meter.lags;

        Writer(int windowField, long windowMs) {
            this.windowField = windowField;
            this.windowMs = windowMs;
        }

        @Override
        public void write(Row r, Context context) {
            rows += r.sign;
            sum += r.sign * r.hash();
            if (lags != null && windowField >= 0) {
                long end = r.field(windowField) + windowMs - Gen.T0;
                if (end >= Meter.lagFromMs && end <= Meter.lagToMs) {
                    lags.add(System.nanoTime() - Meter.paceStart - (long) (end * Meter.nanosPerMs));
                }
            }
        }

        @Override
        public void flush(boolean endOfInput) {
            if (endOfInput) {
                Meter.rows.add(rows);
                Meter.sum.add(sum);
                rows = 0;
                sum = 0;
                Meter.finished();
            }
        }

        @Override
        public void close() {}
    }
}
