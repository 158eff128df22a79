package peer;

import java.io.Serializable;

/** Deterministic generators, as WORKLOADS.md specifies them. */
public final class Gen {
    private Gen() {}

    public static final long T0 = 1_700_000_000_000L;
    public static final long JITTER = 100;
    public static final int CAMPAIGNS = 100;
    public static final int ADS = 1000;
    public static final long ADS_SEED = 42;
    public static final long NEX_SEED = 43;
    public static final long SESSION_SALT = 0xA5A5A5A5A5A5A5A5L;
    public static final long ROW_MUL = 0x9E3779B97F4A7C15L;

    public static long mix(long z) {
        z += 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    public static int[] campaignTable() {
        int[] t = new int[ADS];
        for (int a = 0; a < ADS; a++) t[a] = (a * 7 + 3) % CAMPAIGNS;
        return t;
    }

    /** Tracks base(i) = floor(i * 1000 / rate) for a rising sequence of i without a division per event. */
    static final class Clock {
        final long rate;
        long base;
        long next; // first index whose base is base + 1

        Clock(long rate, long first) {
            this.rate = rate;
            base = first * 1000 / rate;
            next = firstIndexOf(base + 1);
        }

        private long firstIndexOf(long b) {
            return (b * rate + 999) / 1000;
        }

        long at(long i) {
            while (i >= next) {
                base++;
                next = firstIndexOf(base + 1);
            }
            return base;
        }
    }

    public static final class Params implements Serializable {
        public long events, rate, users;
        public long first, stride; // this reader's slice: first, first + stride, ...
        public long seed;
    }

    /** A generator fills one mutable record per call; indices must rise. */
    public interface Filler<T> {
        T fresh();

        /** Writes event i into out, returns base(i). */
        long fill(long i, T out);

        long ts(T out);
    }

    public static final class AdsUniform implements Filler<Ad> {
        private final long seed, users;
        private final Clock clock;

        public AdsUniform(Params p) {
            seed = p.seed;
            users = p.users;
            clock = new Clock(p.rate, p.first);
        }

        public Ad fresh() {
            return new Ad();
        }

        public long fill(long i, Ad e) {
            long base = clock.at(i);
            long h = mix(seed + i);
            e.user = ((h & 0xFFFFFFFFL) * users) >>> 32;
            e.ad = (int) ((((h >>> 32) & 0xFFFF) * ADS) >>> 16);
            e.type = (int) ((((h >>> 56) & 0xFF) * 3) >>> 8);
            e.value = (int) ((h >>> 20) & 0xFFF);
            e.ts = T0 + base + ((((h >>> 48) & 0xFF) * JITTER) >>> 8);
            return base;
        }

        public long ts(Ad e) {
            return e.ts;
        }
    }

    public static final class AdsSessions implements Filler<Ad> {
        private final long seed, users, slots, period;
        private final Clock clock;
        private long gen, genStart; // gen = floor(i / period), genStart = gen * period

        public AdsSessions(Params p) {
            seed = p.seed;
            users = p.users;
            slots = p.rate / 10;
            period = p.rate * 5;
            clock = new Clock(p.rate, p.first);
            gen = p.first / period;
            genStart = gen * period;
        }

        public Ad fresh() {
            return new Ad();
        }

        public long fill(long i, Ad e) {
            long base = clock.at(i);
            long h = mix(seed + i);
            long slot = ((h & 0xFFFFFFFFL) * slots) >>> 32;
            while (i >= genStart + period) {
                gen++;
                genStart += period;
            }
            long g = (i - genStart) + 50 * slot >= period ? gen + 1 : gen;
            long hs = mix((seed ^ SESSION_SALT) + (g * slots + slot));
            e.user = ((hs & 0xFFFFFFFFL) * users) >>> 32;
            long k = (h >>> 32) & 7;
            e.ad = (int) (((mix(hs + k) & 0xFFFFFFFFL) * ADS) >>> 32);
            e.type = (int) ((((h >>> 56) & 0xFF) * 3) >>> 8);
            e.value = (int) ((h >>> 20) & 0xFFF);
            e.ts = T0 + base + ((((h >>> 48) & 0xFF) * JITTER) >>> 8);
            return base;
        }

        public long ts(Ad e) {
            return e.ts;
        }
    }

    public static final class Nexmark implements Filler<Nex> {
        private static final long[] POW = {100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000};
        private final long seed, inFlight, activePeople;
        private final Clock clock;

        public Nexmark(Params p) {
            seed = p.seed;
            inFlight = Math.max(100, 3 * p.rate / 25);
            activePeople = Math.max(1000, p.rate / 10);
            clock = new Clock(p.rate, p.first);
        }

        public Nex fresh() {
            return new Nex();
        }

        public long fill(long i, Nex e) {
            long base = clock.at(i);
            long epoch = i / 50;
            int off = (int) (i - epoch * 50);
            long h1 = mix(seed + i), h2 = mix(h1);
            if (off == 0) {
                e.kind = Nex.PERSON;
                e.a = 1000 + epoch; // id
                e.b = h1 >>> 32; // name
                e.c = (((h1 >>> 16) & 0xFFFF) * 10) >>> 16; // city
                e.d = ((h1 & 0xFFFF) * 6) >>> 16; // state
                e.ts = T0 + base;
            } else if (off <= 3) {
                e.kind = Nex.AUCTION;
                e.a = 1000 + 3 * epoch + off - 1; // id
                e.b = 1000 + ((h2 & 3) != 0 ? epoch / 100 * 100 : person(epoch, h1 & 0xFFFFFFFFL)); // seller
                e.c = 10 + ((((h2 >>> 8) & 0xFFFF) * 5) >>> 16); // category
                e.ts = T0 + base;
                e.d = e.ts + 1000 + (((h1 >>> 32) * 2000) >>> 32); // expires
            } else {
                e.kind = Nex.BID;
                long lastA = 3 * epoch + 2;
                long auction;
                if (((h2 >>> 8) & 1) == 1) {
                    auction = lastA / 100 * 100;
                } else {
                    long min = Math.max(lastA - inFlight, 0);
                    auction = min + (((h1 & 0xFFFFFFFFL) * (lastA - min + 11)) >>> 32);
                }
                e.a = 1000 + auction; // auction
                e.b = 1000 + (((h2 >>> 9) & 3) != 0 ? epoch / 100 * 100 + 1 : person(epoch, h1 >>> 32)); // bidder
                long pow = POW[(int) ((((h2 >>> 11) & 0xFF) * 6) >>> 8)];
                e.c = pow + ((((h2 >>> 19) & 0xFFFFFF) * (9 * pow)) >>> 24); // price
                e.d = 0;
                e.ts = T0 + base + (((h2 & 0xFF) * JITTER) >>> 8);
            }
            return base;
        }

        private long person(long lastP, long r32) {
            long active = Math.min(lastP + 1, activePeople);
            return lastP + 1 - active + ((r32 * (active + 10)) >>> 32);
        }

        public long ts(Nex e) {
            return e.ts;
        }
    }

    /** ads-u rendered as JSON text, one fresh byte[] per event as a log consumer would hand it over. */
    public static final class AdsJson implements Filler<JsonBytes> {
        private static final byte[][] TYPE = {bytes("view"), bytes("click"), bytes("purchase")};
        private static final byte[] P1 = bytes("{\"user_id\":"), P2 = bytes(",\"page_id\":\""), P3 = bytes("\",\"ad_id\":"),
                P4 = bytes(",\"ad_type\":\"banner78\",\"event_type\":\""), P5 = bytes("\",\"event_time\":"),
                P6 = bytes(",\"ip_address\":\"1.2.3.4\"}"), HEX = bytes("0123456789abcdef");
        private final AdsUniform inner;
        private final long seed;
        private final Ad ad = new Ad();
        private final byte[] buf = new byte[256];
        private final byte[] digits = new byte[20];
        private int at;

        public AdsJson(Params p) {
            inner = new AdsUniform(p);
            seed = p.seed;
        }

        static byte[] bytes(String s) {
            return s.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        }

        public JsonBytes fresh() {
            return new JsonBytes();
        }

        private void put(byte[] b) {
            System.arraycopy(b, 0, buf, at, b.length);
            at += b.length;
        }

        private void put(long v) {
            int n = 20;
            do {
                long q = v / 10;
                digits[--n] = (byte) ('0' + (v - q * 10));
                v = q;
            } while (v != 0);
            System.arraycopy(digits, n, buf, at, 20 - n);
            at += 20 - n;
        }

        public long fill(long i, JsonBytes out) {
            long base = inner.fill(i, ad);
            at = 0;
            put(P1);
            put(ad.user);
            put(P2);
            long page = mix(seed + i);
            for (int s = 60; s >= 0; s -= 4) buf[at++] = HEX[(int) (page >>> s) & 15];
            put(P3);
            put(ad.ad);
            put(P4);
            put(TYPE[ad.type]);
            put(P5);
            put(ad.ts);
            put(P6);
            out.bytes = java.util.Arrays.copyOf(buf, at);
            out.ts = ad.ts;
            return base;
        }

        public long ts(JsonBytes e) {
            return e.ts;
        }
    }
}
