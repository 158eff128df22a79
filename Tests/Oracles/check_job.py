#!/usr/bin/env python3
"""Compares the files that the ad-analytics job wrote with an oracle's result.

usage: check_job.py OUTPUT_DIR RESULT.json

Prints a line per table and exits with 1 when one differs. See ad_oracle.py for the contract and the checksums.
"""

import json
import os
import sys

from ad_oracle import checksum

CAMPAIGN = ["tenant", "campaign", "start", "impressions", "clicks", "unique_users", "baskets", "purchases", "revenue_micros"]
TYPES = ["impression", "click", "view", "basket", "purchase", "other"]


def rows(directory, name, columns):
    with open(os.path.join(directory, name + ".jsonl"), encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            yield tuple(record[c].encode() if isinstance(record[c], str) else record[c] for c in columns)


def main(directory, result_path):
    with open(result_path, encoding="utf-8") as file:
        expected = json.load(file)
    failures = 0

    def compare(name, found, wanted):
        nonlocal failures
        equal = found == wanted
        failures += not equal
        print(f"{'ok  ' if equal else 'FAIL'} {name}: {found}" + ("" if equal else f", expected {wanted}"))

    for size in ("minute", "hour", "day", "total"):
        # A row whose figures are all 0 (only events of other kinds without a user) can't occur: users aren't empty.
        found = list(rows(directory, "campaigns-" + size, CAMPAIGN))
        wanted = expected["campaign_" + size]
        compare("campaigns " + size, (len(found), checksum(found)), (wanted["rows"], wanted["checksum"]))

    sessions = list(rows(directory, "sessions", ["tenant", "user", "first", "last", "events"]))
    wanted = expected["sessions"]
    compare(
        "sessions",
        (len(sessions), sum(s[4] for s in sessions), sum(s[3] - s[2] for s in sessions), checksum(sessions)),
        (wanted["sessions"], wanted["events"], wanted["duration_ms"], wanted["checksum"]),
    )
    attributions = list(rows(directory, "attributions", ["type", "tenant", "user", "time", "touch_time", "campaign"]))
    for kind in ("basket", "purchase"):
        found = [a[1:] for a in attributions if a[0] == kind.encode()]
        wanted = expected["attribution"][kind]
        compare("attribution " + kind, (len(found), checksum(found)), (wanted["attributed"], wanted["checksum"]))

    found = sorted(rows(directory, "events-by-hour", ["tenant", "start", *TYPES]))
    wanted = sorted((r["tenant"].encode(), r["start"], *(r[t] for t in TYPES)) for r in expected["events_by_hour"])
    compare("events by hour", (len(found), checksum(found)), (len(wanted), checksum(wanted)))

    funnel = {}
    for name in ("funnel", "conversions"):
        with open(os.path.join(directory, name + ".jsonl"), encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                funnel.setdefault(record.pop("tenant"), {}).update(record)
    for tenant, figures in expected["funnel"].items():
        found = {name: funnel.get(tenant, {}).get(name, 0) for name in figures}
        compare("funnel " + tenant, found, figures)
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
