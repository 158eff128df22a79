#!/usr/bin/env python3
"""Naive-fold oracle of the ad-analytics job: reads the whole input, sorts, groups, counts. No watermarks, no lateness.

usage: ad_oracle.py INPUT... --format json|csv|ga360|talkingdata|gharchive [--dedup] [--gap-ms N]
                    [--basket-window-ms N] [--purchase-window-ms N] [--dump DIR] > result.json

This text is the contract that the job implements too.

1. Lines
   A line ends at byte 0x0A or at the end of the input; one 0x0D before it is removed. An empty line is skipped and not
   counted, nor is the header of a CSV file. Every other line is counted in `lines` and is an event (talkingdata: one
   or two), malformed (a dead letter), or a duplicate. A line that is not valid UTF-8 is malformed as a whole.
   `sequence` of an event = (file index on the command line, byte offset of its line in the decompressed text,
   sub-index within the line). It is unique and totally ordered.
   CSV: RFC 4180 within one line; the number of fields must be that of the header. An integer field is `-?[0-9]+` within
   Int64, anything else malformed. JSON: one RFC 8259 object per line; of a key given twice the last counts; a string
   field must be a string (absent or null = empty), an integer field a number without fraction or exponent within Int64.

2. Mapping to the common event
   field        | json, csv      | ga360                    | talkingdata        | + install         | gharchive
   id           | event_id       | none                     | none               | none              | id
   time (ms)    | event_time     | ts_ms                    | click_time         | attributed_time   | created_at
   type         | type           | see below                | click              | purchase          | see below
   tenant       | tenant         | google-merchandise-store | talkingdata        | talkingdata       | github
   user         | user           | user                     | ip|device|os       | ip|device|os      | actor.login
   campaign     | campaign       | promo if promo_*, or ""  | channel            | ""                | repo.name
   ad           | ad             | promo                    | app                | ""                | ""
   product      | product        | item                     | ""                 | app               | ""
   price_micros | price_micros   | price_micros             | 0                  | 0                 | 0
   quantity     | quantity       | qty                      | 1                  | 1                 | 1
   sub-index    | 0              | 0                        | 0                  | 1                 | 0
   - json, csv: type is impression, click, view, basket or purchase.
   - ga360: promo_view -> impression, promo_click -> click, view -> view, cart -> basket, purchase -> purchase, any other
     (pageview, checkout, remove, and the product-list impression and click) -> other.
   - talkingdata: stray dots before the header are removed. The install event exists if is_attributed is 1. Times are
     `YYYY-MM-DD HH:MM:SS`, UTC.
   - gharchive: WatchEvent -> click, ForkEvent -> basket, PushEvent -> view, IssueCommentEvent -> impression,
     PullRequestEvent -> purchase, any other -> other. Times are `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, truncated to ms.
   An empty qty of ga360 is 0: every purchased item is logged twice there, once without a quantity.
   Malformed: unparsable line; time before 2000 or after 2100; missing or empty time, type, tenant or user; unknown type (json, csv); negative price or
   quantity; is_attributed neither 0 nor 1. Defaults: price 0, quantity 1 (ga360: 0), other strings empty (an empty id = no id).

3. Duplicates (--dedup): an event whose (tenant, id) occurred in an event of lesser sequence is dropped and counted.
   Events without id are never duplicates. Without --dedup nothing is dropped.

4. Buckets: start = time - floorMod(time, size), size 60 000, 3 600 000 or 86 400 000 ms (UTC); `campaign_total` has the
   one start 0. A row is (tenant, campaign, start). It exists if at least one of its figures is not 0:
   - impressions, clicks: events of that type with that non-empty campaign;
   - unique_users: distinct users of the events of any type (also `other`) with that non-empty campaign;
   - baskets, purchases, revenue_micros: events of that type *attributed* to the campaign, at the time of the basket
     (purchase), not of the click. They don't add to unique_users.

5. Attribution, last touch: a touch is a click with non-empty campaign. A basket (purchase) is attributed to the latest
   touch of the same (tenant, user) with touch.time <= event.time <= touch.time + window, both inclusive; among touches
   of equal time the one with the greatest sequence. The event's own campaign plays no part, nor does the sequence of the
   event: a touch of the same millisecond counts even if its line comes later. A touch can win any number of events.
   revenue = saturating Int64 sum of saturating Int64 price_micros * quantity (none is negative, so order is no matter).

6. Sessions per (tenant, user) over all events: neighbours in time order belong together iff their difference < gap.
   duration = last - first. The hour of a session is that of its first event.

7. Funnel per tenant: distinct users with at least one event of the type; attributed baskets (purchases) and their
   distinct users.

8. Checksums: 16 hex digits of the sum mod 2^64 of one hash per row, so that order is no matter. All arithmetic mod 2^64.
     mix(x):    x += 9e3779b97f4a7c15; x = (x ^ x >> 30) * bf58476d1ce4e5b9; x = (x ^ x >> 27) * 94d049bb133111eb;
                result x ^ x >> 31                                                       (splitmix64)
     fnv(s):    h = cbf29ce484222325; for each byte b of the UTF-8 of s: h = (h ^ b) * 100000001b3      (FNV-1a)
     hash(row): h = 0; for each field: h = mix(h ^ v), v = fnv(string) or the integer's two's complement
   Rows: campaign tables (tenant, campaign, start, impressions, clicks, unique_users, baskets, purchases, revenue_micros)
         sessions        (tenant, user, first, last, events)
         attribution     (tenant, user, event time, touch time, campaign), one per attributed basket / purchase
"""

import argparse
import csv
import gzip
import json
import os
import re
import sys
from array import array
from bisect import bisect_right
from datetime import date
from itertools import groupby

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
MASK = 2**64 - 1
HOUR_MS = 3_600_000
TYPES = ["impression", "click", "view", "basket", "purchase", "other"]
IMPRESSION, CLICK, VIEW, BASKET, PURCHASE, OTHER = range(6)


class Malformed(ValueError):
    """A line that goes to the dead letters."""


# ---------------------------------------------------------------- columns of all events, in sequence order


class Events:
    def __init__(self, dedup):
        self.time, self.type = array("q"), array("b")
        self.user, self.campaign = array("i"), array("i")  # indexes into users / campaigns; campaign -1 = none
        self.users, self.campaigns = [], []  # (tenant, name) as bytes
        self.user_index, self.campaign_index = {}, {}
        self.value = {}  # event index -> price * quantity, purchases only
        self.seen = {} if dedup else None  # tenant -> ids
        self.lines = self.malformed = self.duplicates = 0

    def add(self, identifier, time, kind, tenant, user, campaign, price=0, quantity=1):
        plausible(time)
        if self.seen is not None and identifier:
            seen = self.seen.setdefault(tenant, set())
            if identifier in seen:
                self.duplicates += 1
                return
            seen.add(identifier)
        key = (tenant, user)
        index = self.user_index.get(key)
        if index is None:
            index = self.user_index[key] = len(self.users)
            self.users.append(key)
        touched = -1
        if campaign:
            key = (tenant, campaign)
            touched = self.campaign_index.get(key)
            if touched is None:
                touched = self.campaign_index[key] = len(self.campaigns)
                self.campaigns.append(key)
        if kind == PURCHASE:
            self.value[len(self.time)] = min(price * quantity, INT64_MAX)
        self.time.append(time)
        self.type.append(kind)
        self.user.append(index)
        self.campaign.append(touched)


# ---------------------------------------------------------------- reading


def lines_of(path):
    with gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb") as file:
        for line in file:  # a binary file is split at 0x0A only
            if line.endswith(b"\n"):
                line = line[:-1]
            if line.endswith(b"\r"):
                line = line[:-1]
            yield line


def integer(text, default=None):
    """An integer field of a CSV line."""
    if not text:
        if default is None:
            raise Malformed("missing number")
        return default
    if not (text.isdigit() or (text[:1] == b"-" and text[1:].isdigit())):  # of bytes: ASCII digits only
        raise Malformed("not an integer")
    return in_range(int(text))


def in_range(number):
    if not INT64_MIN <= number <= INT64_MAX:
        raise Malformed("beyond Int64")
    return number


def not_negative(number):
    if number < 0:
        raise Malformed("negative price or quantity")
    return number


def plausible(time):
    """Times outside the years 2000 to 2100 are taken for mistakes."""
    if not 946_684_800_000 <= time <= 4_102_444_799_999:
        raise Malformed("implausible time")


def required(text):
    if not text:
        raise Malformed("missing field")
    return text


TIME = re.compile(rb"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z?)")
EPOCH = date(1970, 1, 1).toordinal()


def utc_ms(text, zone):
    match = TIME.fullmatch(text)
    if match is None or match[8] != zone:
        raise Malformed("not a time")
    hour, minute, second = int(match[4]), int(match[5]), int(match[6])
    if hour > 23 or minute > 59 or second > 59:
        raise Malformed("not a time")
    days = date(int(match[1]), int(match[2]), int(match[3])).toordinal() - EPOCH  # ValueError when there's no such day
    return (days * 86_400 + hour * 3_600 + minute * 60 + second) * 1000 + int(((match[7] or b"") + b"000")[:3])


def csv_fields(line, count):
    if not line.isascii():
        line.decode("utf-8")
    if b'"' in line:
        rows = list(csv.reader([line.decode("utf-8")], strict=True))
        fields = [field.encode("utf-8") for field in rows[0]]
    else:
        fields = line.split(b",")
    if len(fields) != count:
        raise Malformed("wrong number of fields")
    return fields


def reject_constant(name):
    raise Malformed(name)


def json_object(line):
    value = json.loads(line.decode("utf-8"), parse_constant=reject_constant)
    if not isinstance(value, dict):
        raise Malformed("not an object")
    return value


def json_string(value):
    if value is None:
        return b""
    if not isinstance(value, str):
        raise Malformed("not a string")
    return value.encode("utf-8")  # an unpaired surrogate is a ValueError


def json_integer(value, default=None):
    if value is None and default is not None:
        return default
    if type(value) is not int:
        raise Malformed("not an integer")
    return in_range(value)


OWN_TYPES = {name.encode(): index for index, name in enumerate(TYPES) if name != "other"}
OWN_HEADER = b"event_id,event_time,type,tenant,user,campaign,ad,product,price_micros,quantity"
GA_TYPES = {
    b"promo_view": IMPRESSION,
    b"promo_click": CLICK,
    b"view": VIEW,
    b"cart": BASKET,
    b"purchase": PURCHASE,
}
GA_HEADER = b"ts_ms,type,user,session,hit,item,promo,campaign,source,medium,channel,country,device,price_micros,qty,path,txn"
TALKINGDATA_HEADER = b"ip,app,device,os,channel,click_time,attributed_time,is_attributed"
GITHUB_TYPES = {
    b"WatchEvent": CLICK,
    b"ForkEvent": BASKET,
    b"PushEvent": VIEW,
    b"IssueCommentEvent": IMPRESSION,
    b"PullRequestEvent": PURCHASE,
}


def own_type(name):
    if name not in OWN_TYPES:
        raise Malformed("unknown type")
    return OWN_TYPES[name]


def add_json(events, line):
    o = json_object(line)
    strings = {k: json_string(o.get(k)) for k in ("event_id", "type", "tenant", "user", "campaign", "ad", "product")}
    time, price, quantity = json_integer(o.get("event_time")), o.get("price_micros"), o.get("quantity")
    price, quantity = not_negative(json_integer(price, 0)), not_negative(json_integer(quantity, 1))
    kind, tenant, user = own_type(strings["type"]), required(strings["tenant"]), required(strings["user"])
    events.add(strings["event_id"], time, kind, tenant, user, strings["campaign"], price, quantity)


def add_csv(events, line):
    identifier, time, kind, tenant, user, campaign, _, _, price, quantity = csv_fields(line, 10)
    time, price, quantity = integer(time), not_negative(integer(price, 0)), not_negative(integer(quantity, 1))
    events.add(identifier, time, own_type(kind), required(tenant), required(user), campaign, price, quantity)


def add_ga360(events, line):
    fields = csv_fields(line, 17)
    kind, time = required(fields[1]), integer(fields[0])
    price, quantity = not_negative(integer(fields[13], 0)), not_negative(integer(fields[14], 0))
    campaign = fields[6] if kind.startswith(b"promo_") else b""
    kind = GA_TYPES.get(kind, OTHER)
    events.add(b"", time, kind, b"google-merchandise-store", required(fields[2]), campaign, price, quantity)


def add_talkingdata(events, line):
    ip, app, device, os_, channel, click_time, attributed_time, attributed = csv_fields(line, 8)
    if attributed not in (b"0", b"1"):
        raise Malformed("is_attributed")
    user, time = b"|".join((required(ip), required(device), required(os_))), utc_ms(click_time, b"")
    install = utc_ms(attributed_time, b"") if attributed == b"1" else None
    plausible(time if install is None else install)
    events.add(b"", time, CLICK, b"talkingdata", user, channel)
    if install is not None:
        events.add(b"", install, PURCHASE, b"talkingdata", user, b"")


def add_gharchive(events, line):
    o = json_object(line)
    actor, repository = o.get("actor"), o.get("repo")
    if not isinstance(actor, dict) or not isinstance(repository, (dict, type(None))):
        raise Malformed("actor or repo")
    user, campaign = required(json_string(actor.get("login"))), json_string((repository or {}).get("name"))
    time = utc_ms(required(json_string(o.get("created_at"))), b"Z")
    kind = GITHUB_TYPES.get(required(json_string(o.get("type"))), OTHER)
    events.add(json_string(o.get("id")), time, kind, b"github", user, campaign)


# format -> (the function that adds the events of a line, or raises ValueError having added none; header or None)
FORMATS = {
    "json": (add_json, None),
    "csv": (add_csv, OWN_HEADER),
    "ga360": (add_ga360, GA_HEADER),
    "talkingdata": (add_talkingdata, TALKINGDATA_HEADER),
    "gharchive": (add_gharchive, None),
}


def read(paths, format_name, dedup):
    events = Events(dedup)
    add, header = FORMATS[format_name]
    for path in paths:
        lines = lines_of(path)
        if header is not None:
            first = next(lines, b"")
            if (first.lstrip(b".") if format_name == "talkingdata" else first) != header:
                sys.exit(f"{path}: the header is not that of format {format_name}: {first[:200]!r}")
        for line in lines:
            if not line:
                continue
            events.lines += 1
            try:
                add(events, line)
            except (ValueError, RecursionError, csv.Error):
                events.malformed += 1
    return events


# ---------------------------------------------------------------- checksums


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & MASK
    return x ^ x >> 31


def fnv(data, cache={}):
    h = cache.get(data)
    if h is None:
        h = 0xCBF29CE484222325
        for byte in data:
            h = ((h ^ byte) * 0x100000001B3) & MASK
        cache[data] = h
    return h


def row_hash(row):
    h = 0
    for field in row:
        h = mix(h ^ (fnv(field) if isinstance(field, bytes) else field & MASK))
    return h


def checksum(rows):
    return f"{sum(map(row_hash, rows)) & MASK:016x}"


# ---------------------------------------------------------------- the folds


def start_of(time, size):
    return time - time % size  # Python's % is floorMod for a positive size


def attribute(events, kind, window):
    """Rows (index of the event, index of its touch) of every attributed event of the type."""
    touches = {}
    for i, t in enumerate(events.type):
        if t == CLICK and events.campaign[i] >= 0:
            touches.setdefault(events.user[i], []).append((events.time[i], i))  # the index is in sequence order
    for of_user in touches.values():
        of_user.sort()
    found = []
    for i, t in enumerate(events.type):
        if t != kind:
            continue
        of_user = touches.get(events.user[i], [])
        at = bisect_right(of_user, (events.time[i], len(events.time)))
        if at > 0 and events.time[i] - of_user[at - 1][0] <= window:
            found.append((i, of_user[at - 1][1]))
    return found


def campaign_rows(events, attributed, size):
    """Rows of one granularity, sorted by (tenant, campaign, start); size None = the whole input."""
    def start(i):
        return start_of(events.time[i], size) if size else 0

    figures = {}  # (campaign, start) -> [impressions, clicks, unique users, baskets, purchases, revenue]
    pairs = set()
    for i, c in enumerate(events.campaign):
        if c < 0:
            continue
        row = figures.setdefault((c, start(i)), [0] * 6)
        if events.type[i] <= CLICK:
            row[events.type[i]] += 1
        pairs.add(((c, start(i)), events.user[i]))
    for key, _ in pairs:
        figures[key][2] += 1
    for kind, column in ((BASKET, 3), (PURCHASE, 4)):
        for i, touch in attributed[kind]:
            row = figures.setdefault((events.campaign[touch], start(i)), [0] * 6)
            row[column] += 1
            if kind == PURCHASE:
                row[5] = min(row[5] + events.value[i], INT64_MAX)
    return sorted((*events.campaigns[c], s, *row) for (c, s), row in figures.items())


def session_rows(events, gap):
    """Rows (tenant, user, first, last, events)."""
    times = [array("q") for _ in events.users]
    for time, user in zip(events.time, events.user):
        times[user].append(time)
    for (tenant, user), of_user in zip(events.users, map(sorted, times)):
        first = previous = of_user[0]
        count = 0
        for time in of_user:
            if time - previous >= gap:
                yield (tenant, user, first, previous, count)
                first, count = time, 0
            previous = time
            count += 1
        yield (tenant, user, first, previous, count)


def count_by(rows):
    counts = {}
    for row in rows:
        counts[row] = counts.get(row, 0) + 1
    return counts


# ---------------------------------------------------------------- the result

CAMPAIGN_COLUMNS = [
    "tenant", "campaign", "start", "impressions", "clicks", "unique_users", "baskets", "purchases", "revenue_micros",
]  # fmt: skip


def table(columns, rows):
    return [dict(zip(columns, [f.decode() if isinstance(f, bytes) else f for f in row])) for row in rows]


def dump(directory, name, columns, rows):
    if directory:
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, name + ".csv"), "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([f.decode() if isinstance(f, bytes) else f for f in row] for row in rows)


def result(events, options):
    windows = {BASKET: options.basket_window_ms, PURCHASE: options.purchase_window_ms}
    attributed = {kind: attribute(events, kind, window) for kind, window in windows.items()}
    tenants = sorted({tenant for tenant, _ in events.users})
    output = {
        "options": {"basket_window_ms": options.basket_window_ms, "purchase_window_ms": options.purchase_window_ms,
                    "gap_ms": options.gap_ms, "dedup": options.dedup, "format": options.format},
        "accounting": {"lines": events.lines, "events": len(events.time), "malformed": events.malformed,
                       "duplicates": events.duplicates},
    }  # fmt: skip

    for name, size in (("minute", 60_000), ("hour", HOUR_MS), ("day", 86_400_000), ("total", None)):
        rows = campaign_rows(events, attributed, size)
        output["campaign_" + name] = {"rows": len(rows), "checksum": checksum(rows)}
        if name != "minute":
            output["campaign_" + name]["table"] = table(CAMPAIGN_COLUMNS, rows)
        dump(options.dump, "campaign_" + name, CAMPAIGN_COLUMNS, rows)

    output["attribution"] = {}
    for kind in (BASKET, PURCHASE):
        rows = [
            (*events.users[events.user[i]], events.time[i], events.time[touch], events.campaigns[events.campaign[touch]][1])
            for i, touch in attributed[kind]
        ]
        of_kind = events.type.count(kind)
        output["attribution"][TYPES[kind]] = {
            "attributed": len(rows), "unattributed": of_kind - len(rows), "checksum": checksum(rows),
        }  # fmt: skip
        columns = ["tenant", "user", "time", "touch_time", "campaign"]
        dump(options.dump, "attribution_" + TYPES[kind], columns, sorted(rows))
    revenue = sum(events.value[i] for i, _ in attributed[PURCHASE])
    output["attribution"]["purchase"]["revenue_micros"] = min(revenue, INT64_MAX)

    rows = list(session_rows(events, options.gap_ms))
    by_hour = sorted(count_by((tenant, start_of(first, HOUR_MS)) for tenant, _, first, _, _ in rows).items())
    output["sessions"] = {
        "sessions": len(rows),
        "events": sum(row[4] for row in rows),
        "duration_ms": sum(row[3] - row[2] for row in rows),
        "checksum": checksum(rows),
        "by_start_hour": table(["tenant", "start", "sessions"], [(*key, n) for key, n in by_hour]),
    }
    dump(options.dump, "sessions", ["tenant", "user", "first", "last", "events"], sorted(rows))

    users = sorted(set(zip(events.type, events.user)))
    funnel = {}
    for tenant in tenants:
        funnel[tenant.decode()] = figures = {name + "_users": 0 for name in TYPES if name != "other"}
        for kind in (BASKET, PURCHASE):
            of_tenant = [events.user[i] for i, _ in attributed[kind] if events.users[events.user[i]][0] == tenant]
            figures["click_to_" + TYPES[kind]] = len(of_tenant)
            figures[f"click_to_{TYPES[kind]}_users"] = len(set(of_tenant))
    for kind, user in users:
        if kind != OTHER:
            funnel[events.users[user][0].decode()][TYPES[kind] + "_users"] += 1
    output["funnel"] = funnel

    hours = count_by((events.users[u][0], start_of(t, HOUR_MS), k) for t, k, u in zip(events.time, events.type, events.user))
    rows = []
    for (tenant, start), group in groupby(sorted(hours.items()), key=lambda item: item[0][:2]):
        counts = {key[2]: n for key, n in group}
        rows.append((tenant, start, *(counts.get(kind, 0) for kind in range(len(TYPES)))))
    output["events_by_hour"] = table(["tenant", "start", *TYPES], rows)
    output["events_by_type"] = {name: events.type.count(kind) for kind, name in enumerate(TYPES)}
    return output


def render(value, indent=0):
    """JSON with sorted keys, objects of objects indented, one table row a line."""
    pad = " " * (indent + 1)
    if isinstance(value, dict) and any(isinstance(v, (dict, list)) for v in value.values()):
        items = (f"{pad}{json.dumps(k)}: {render(value[k], indent + 1)}" for k in sorted(value))
        return "{\n" + ",\n".join(items) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(pad + json.dumps(v, sort_keys=True) for v in value) + "\n" + " " * indent + "]"
    return json.dumps(value, sort_keys=True)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("input", nargs="+", help="files in sequence order; .gz is decompressed")
    parser.add_argument("--format", required=True, choices=FORMATS)
    parser.add_argument("--gap-ms", type=int, default=1_800_000)
    parser.add_argument("--basket-window-ms", type=int, default=1_800_000)
    parser.add_argument("--purchase-window-ms", type=int, default=604_800_000)
    parser.add_argument("--dedup", action="store_true")
    parser.add_argument("--dump", metavar="DIR", help="also write the rows behind the checksums as CSV")
    options = parser.parse_args(arguments)
    print(render(result(read(options.input, options.format, options.dedup), options)))


if __name__ == "__main__":
    main()
