"""Results of benchmark runs: the sizes of the queries, medians by engine, ratios, and whether all got the same rows."""

import datetime
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCHMARKS = ROOT / "Benchmarks"

# What a run says of its data; runs of which one of these differs don't compare.
SIZE = ("query", "events", "rate", "users", "backend", "checkpoint_ms", "throttle", "window_ms", "memory_budget", "zipf")
# Flink's name of what is `memory` here.
BACKENDS = {"heap": "memory"}
MEDIANS = ("cpu_ns_per_event", "events_per_s", "peak_rss_mb", "startup_s", "cpu_s", "wall_s")


def queries():
    """The names of the queries that the engine runs."""
    return (ROOT / "Scripts" / "queries.txt").read_text().split()


def expected():
    """By query: events, rate and users of the full size, rows and digest; then rows and digest of the small size."""
    tables = []
    for name in ("expected_full.tsv", "expected.tsv"):
        lines = [line.split("\t") for line in (BENCHMARKS / name).read_text().splitlines() if not line.startswith("#")]
        tables.append({fields[0]: fields[1:] for fields in lines[1:]})
    full = {
        query: {"events": int(n), "rate": int(r), "users": int(u), "rows": int(rows), "digest": digest}
        for query, (n, r, u, rows, digest) in tables[0].items()
    }
    small = {query: {"rows": int(rows), "digest": digest} for query, (rows, digest) in tables[1].items()}
    return full, small


def machine():
    """What to say about the machine beside figures."""
    model = platform.machine()
    memory = 0
    try:
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except OSError:
        pass
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout.strip().splitlines()
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True
    ).stdout.strip()
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "system": platform.platform(),
        "swift": swift[0] if swift else "",
        "commit": commit,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def load():
    """The machine's load of the last minute: what else ran beside a measurement."""
    return round(os.getloadavg()[0], 2)


def size_of(run):
    """What must be the same for two runs to compare; the query under the name that it has here."""
    values = {name: run.get(name) for name in SIZE}
    values["query"] = run.get("asked", run["query"])
    values["backend"] = BACKENDS.get(values["backend"], values["backend"])
    return tuple(values[name] for name in SIZE)


def disagreements(runs):
    """A sentence for each size of which engines got different results, and for each that isn't the expected one."""
    full, small = expected()
    found = []
    by_size = {}
    for run in runs:
        by_size.setdefault(size_of(run), {}).setdefault((run["rows"], run["digest"]), set()).add(run["by"])
    for size, results in by_size.items():
        name = f"{size[0]}, {size[1]} events, rate {size[2]}, {size[3]} users"
        told = "; ".join(f"{', '.join(sorted(who))}: {rows} rows, {digest}" for (rows, digest), who in results.items())
        if len(results) > 1:
            found.append(f"{name}: results differ: {told}")
        want = known(size, full, small)
        if want and any((rows, digest) != want for rows, digest in results):
            found.append(f"{name}: {want[0]} rows, {want[1]} expected; {told}")
    return found


def known(size, full, small):
    """The expected rows and digest of a size; None where the tables don't have it."""
    query, events, rate, users = size[:4]
    if size[SIZE.index("window_ms")] or size[SIZE.index("zipf")]:
        return None
    row = full.get(query)
    if row and (events, rate, users) == (row["events"], row["rate"], row["users"]):
        return row["rows"], row["digest"]
    usual = 100_000 if query == "keyed_state" else 0 if query.startswith("q") else 10_000
    row = small.get(query)
    if row and (events, rate, users) == (1_000_000, 10_000, usual):
        return row["rows"], row["digest"]
    return None


def summarise(runs):
    """A row for each size and parallelism: each engine's medians, and how many times as dear the others are."""
    groups = {}
    hand = {}
    for run in runs:
        size = size_of(run)
        if run["by"] == "hand":
            hand.setdefault(size, []).append(run)
        else:
            groups.setdefault((size, run["parallelism"]), {}).setdefault(run["by"], []).append(run)
    for size in hand:
        if not any(known_size == size for known_size, _ in groups):
            groups[(size, 1)] = {}
    rows = []
    for (size, parallelism), engines in groups.items():
        if size in hand:  # a single thread, whatever the others do
            engines = dict(engines, hand=hand[size])
        row = {name: value for name, value in zip(SIZE, size) if value is not None}
        row["parallelism"] = parallelism
        row["engines"] = {
            name: {"runs": len(several), **{key: statistics.median(r.get(key, 0) for r in several) for key in MEDIANS}}
            for name, several in engines.items()
        }
        first = next(iter(engines.values()))[0]
        row["rows"], row["digest"] = first["rows"], first["digest"]
        own = row["engines"].get("weir")
        row["ratios"] = {}
        if own:
            for name, other in row["engines"].items():
                if name == "weir":
                    continue
                row["ratios"][name] = {
                    "cpu": other["cpu_ns_per_event"] / own["cpu_ns_per_event"] if own["cpu_ns_per_event"] else 0,
                    "wall": own["events_per_s"] / other["events_per_s"] if other["events_per_s"] else 0,
                }
        rows.append(row)
    return rows


def geometric_means(rows):
    """For each parallelism and engine beside Weir: the geometric means of its ratios, and of how many queries."""
    means = []
    for parallelism in sorted({row["parallelism"] for row in rows}):
        chosen = [row for row in rows if row["parallelism"] == parallelism]
        for name in sorted({engine for row in chosen for engine in row["ratios"]}):
            ratios = [row["ratios"][name] for row in chosen if name in row["ratios"]]
            mean = {"parallelism": parallelism, "engine": name, "queries": len(ratios)}
            for kind in ("cpu", "wall"):
                values = [ratio[kind] for ratio in ratios if ratio[kind] > 0]
                mean[kind] = math.exp(statistics.fmean(math.log(value) for value in values)) if values else 0
            means.append(mean)
    return means


def table(columns, rows):
    """Text: the first column to the left, the others to the right."""
    cells = [columns] + rows
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = []
    for row in cells:
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  ".join([row[0].ljust(widths[0])] + rest).rstrip())
    return "\n".join(lines)


def save(path, value):
    """Writes JSON; makes the directory."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def results_path(name):
    """A new file in Benchmarks/results, which git ignores."""
    moment = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    return BENCHMARKS / "results" / f"{name}-{moment}.json"
