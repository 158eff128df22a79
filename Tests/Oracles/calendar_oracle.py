"""Offsets and calendar windows of random times in many time zones, by Python's zoneinfo.

    calendar_oracle.py SEED COUNT

prints a line for each time: zone, milliseconds since 1970-01-01 UTC, offset in seconds, then start and end of the day,
week (from Monday), month, quarter and year that hold it. A window begins at the first time at which the zone's clocks
show its first date or a later one; here that time is found by looking at the clocks every half hour.
"""

import random
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
STEP = 1800
SPECIAL = """Europe/Berlin America/New_York Australia/Lord_Howe Asia/Kathmandu Pacific/Apia America/Sao_Paulo
Africa/Casablanca Africa/Cairo Asia/Beirut America/Havana Atlantic/Azores Europe/Dublin Pacific/Kwajalein Asia/Manila
America/St_Johns America/Juneau Antarctica/Troll Asia/Tehran America/Asuncion Pacific/Chatham Asia/Gaza UTC
America/Scoresbysund Asia/Pyongyang Pacific/Fakaofo Africa/Monrovia""".split()


def offset(zone, seconds):
    return int((EPOCH + timedelta(seconds=seconds)).astimezone(zone).utcoffset().total_seconds())


def change(zone, low, high):
    """The first time in low < t <= high with another offset than low's, when there is one change."""
    before = offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def start(zone, day, known):
    """The first time at which clocks show this date or a later one."""
    if (zone.key, day) not in known:
        midnight = (day - date(1970, 1, 1)).days * 86400
        low = midnight - 30 * 3600
        while True:
            here, there = offset(zone, low), offset(zone, low + STEP)
            end = low + STEP if here == there else change(zone, low, low + STEP)
            if low + here >= midnight:
                break
            if midnight - here < end:
                low = midnight - here
                break
            low = end
        known[zone.key, day] = low
    return known[zone.key, day]


def first_day(unit, day):
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if unit == "year":
        return day.replace(month=1, day=1)
    return day


def window(zone, unit, seconds, known):
    first = first_day(unit, (EPOCH + timedelta(seconds=seconds)).astimezone(zone).date())
    while True:
        following = first_day(unit, first + timedelta(days={"day": 1, "week": 7, "month": 32, "quarter": 95, "year": 370}[unit]))
        end = start(zone, following, known)
        if end > seconds:
            return start(zone, first, known), end
        first = following


def main():
    draw = random.Random(int(sys.argv[1]))
    zones = SPECIAL + sorted(name for name in available_timezones() if "/" in name and "right/" not in name)
    known = {}
    for number in range(int(sys.argv[2])):
        name = SPECIAL[number // 2 % len(SPECIAL)] if number % 2 else draw.choice(zones)
        zone = ZoneInfo(name)
        years = draw.choice([(1860, 1970), (1970, 2038), (1970, 2038), (2038, 2600)])
        seconds = draw.randrange((years[0] - 1970) * 31556952, (years[1] - 1970) * 31556952)
        if draw.random() < 0.6:
            # Near the next change of the clocks, if there is one within a year.
            here = offset(zone, seconds)
            for day in range(0, 366 * 86400, 5 * 86400):
                if offset(zone, seconds + day) != here:
                    seconds = change(zone, seconds + day - 5 * 86400, seconds + day)
                    seconds += draw.choice([-1, 0, draw.randrange(-100000, 100000), draw.randrange(-5000, 5000)])
                    break
        bounds = []
        for unit in ("day", "week", "month", "quarter", "year"):
            bounds += [bound * 1000 for bound in window(zone, unit, seconds, known)]
        print(name, seconds * 1000 + draw.randrange(1000), offset(zone, seconds), *bounds)


main()
