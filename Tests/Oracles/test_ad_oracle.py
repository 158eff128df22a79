#!/usr/bin/env python3
"""Checks of ad_oracle.py against figures worked out by hand. Run: python3 -m unittest discover Tests/Oracles"""

import contextlib
import gzip
import io
import json
import os
import tempfile
import unittest

import ad_oracle

HEADER = ad_oracle.OWN_HEADER + b"\n"
T = 1_772_323_200_000  # a midnight
MINUTE = 60_000


def row(time, kind, user="u", campaign="", price="", quantity="", identifier="", tenant="t"):
    return f"{identifier},{time},{kind},{tenant},{user},{campaign},,,{price},{quantity}\n".encode()


class AdOracleTest(unittest.TestCase):
    def run_oracle(self, files, *options):
        with tempfile.TemporaryDirectory() as directory:
            paths = []
            for name, data in files.items():
                paths.append(os.path.join(directory, name))
                with open(paths[-1], "wb") as file:
                    file.write(data)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                ad_oracle.main([*paths, *options])
            return json.loads(output.getvalue())

    def csv(self, *rows, options=()):
        return self.run_oracle({"a.csv": HEADER + b"".join(rows)}, "--format", "csv", *options)

    def test_attribution_windows_are_inclusive(self):
        window = 30 * MINUTE
        for delta, expected in ((-1, 0), (0, 1), (1, 1), (window, 1), (window + 1, 0)):
            result = self.csv(row(T + delta, "basket"), row(T, "click", campaign="c"))
            self.assertEqual(result["attribution"]["basket"]["attributed"], expected, delta)

    def test_the_last_touch_wins_and_of_equal_times_the_last_line(self):
        result = self.csv(
            row(T + 5, "click", campaign="early-in-file"), row(T + 5, "click", campaign="late-in-file"),
            row(T + 9, "purchase", price=3, quantity=2), row(T + 1, "click", campaign="older"),
            row(T + 6, "click"), row(T + 6, "click", campaign="others", user="v"),
            row(T + 7, "click", campaign="tenants", tenant="s"), row(T + 8, "view", campaign="seen"),
        )  # fmt: skip
        rows = [r for r in result["campaign_total"]["table"] if r["purchases"]]
        self.assertEqual([(r["campaign"], r["purchases"], r["revenue_micros"]) for r in rows], [("late-in-file", 1, 6)])

    def test_files_are_in_sequence_order(self):
        result = self.run_oracle(
            {
                "1.csv.gz": gzip.compress(HEADER + row(T, "basket") + row(T, "click", campaign="one")),
                "2.csv": HEADER + row(T, "click", campaign="two"),
            },
            "--format", "csv",
        )  # fmt: skip
        rows = {r["campaign"]: r["baskets"] for r in result["campaign_total"]["table"]}
        self.assertEqual(rows, {"one": 0, "two": 1})

    def test_attributed_events_count_at_their_own_time_and_add_no_user(self):
        result = self.csv(row(T - 1, "click", campaign="c"), row(T, "basket"), row(T, "view", campaign="c", user="v"))
        days = [(r["start"], r["clicks"], r["baskets"], r["unique_users"]) for r in result["campaign_day"]["table"]]
        self.assertEqual(days, [(T - 86_400_000, 1, 0, 1), (T, 0, 1, 1)])

    def test_a_gap_is_a_new_session(self):
        gap = 30 * MINUTE
        for delta, sessions in ((0, 1), (gap - 1, 1), (gap, 2), (-gap, 2), (1 - gap, 1)):
            result = self.csv(row(T, "view"), row(T + delta, "view"))["sessions"]
            self.assertEqual((result["sessions"], result["events"]), (sessions, 2), delta)
            self.assertEqual(result["duration_ms"], abs(delta) if sessions == 1 else 0)

    def test_revenue_saturates(self):
        most = 2**63 - 1
        for rows, expected in (
            ([row(T, "purchase", price=2**40, quantity=2**40)], most),
            ([row(T, "purchase", price=most), row(T, "purchase", price=most)], most),
            ([row(T, "purchase", price=most), row(T, "purchase", price=1, quantity=0)], most),
            ([row(T, "purchase", price=5), row(T, "purchase", quantity=7)], 5),
        ):
            result = self.csv(row(T, "click", campaign="c"), *rows)
            self.assertEqual(result["campaign_day"]["table"][0]["revenue_micros"], expected)

    def test_malformed_and_duplicates(self):
        bad = [
            b"only,three,fields\n", row("", "click"), row("1.5", "click"), row(2**63, "click"), row("+1", "click"),
            row(T, "other"), row(T, "click", user=""), row(T, "click", tenant=""), row(T, "click", price=-1),
            row(T, "click", quantity="x"), b"\xc3(," + row(T, "click")[1:], row(T, "click", user='"'),
        ]  # fmt: skip
        good = [row(-1, "click", identifier="1"), b"\r\n", b"\n", row(T, "view", identifier="2")]
        again = [row(T, "view", identifier="1"), row(T, "view", identifier="1", tenant="s"), row(T, "view")]
        for options, events, duplicates in (((), 5, 0), (("--dedup",), 4, 1)):
            accounting = self.csv(*bad, *good, *again, options=options)["accounting"]
            expected = {"lines": len(bad) + 5, "events": events, "malformed": len(bad), "duplicates": duplicates}
            self.assertEqual(accounting, expected)

    def test_json_lines(self):
        good = {"event_time": T, "type": "view", "tenant": "t", "user": "u", "campaign": None, "more": [1]}
        bad = [{**good, "event_time": value} for value in (None, "1", 1.0, True, 2**63)]
        bad += [{**good, "user": 1}, {**good, "type": "wishlist"}, {**good, "campaign": 1}, {**good, "quantity": -1}]
        data = [json.dumps(o).encode() for o in (good, *bad)]
        data += [b"[]", b"{", b"null", data[0][:-1], data[0] + b"x", data[0].replace(b'"u"', b'"\xc3("'), data[0]]
        accounting = self.run_oracle({"a": b"\n".join(data)}, "--format", "json")["accounting"]
        self.assertEqual(accounting, {"lines": 17, "events": 2, "malformed": 15, "duplicates": 0})

    def test_talkingdata(self):
        data = b".." + ad_oracle.TALKINGDATA_HEADER + b"\n"
        data += b"1,12,3,4,497,2017-11-07 09:30:38,,0\n1,12,3,4,7,2017-11-07 09:30:38,2017-11-07 09:30:39,1\n"
        result = self.run_oracle({"a": data}, "--format", "talkingdata")
        self.assertEqual(result["accounting"]["events"], 3)
        rows = [(r["campaign"], r["clicks"], r["purchases"]) for r in result["campaign_total"]["table"]]
        self.assertEqual(rows, [("497", 1, 0), ("7", 1, 1)])
        self.assertEqual(result["events_by_hour"][0]["start"], 1_510_045_200_000)  # 2017-11-07 09:00 UTC

    def test_published_hash_values(self):
        self.assertEqual(ad_oracle.fnv(b"foobar"), 0x85944171F73967E8)  # FNV-1a, 64 bits
        self.assertEqual(ad_oracle.mix(0), 0xE220A8397B1DCDAF)  # first output of splitmix64 seeded with 0
        self.assertEqual(ad_oracle.checksum([]), "0" * 16)


if __name__ == "__main__":
    unittest.main()
