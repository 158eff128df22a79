"""Charts as SVG that can be read on light and on dark pages, made with nothing but the standard library."""

import html
import math
import pathlib

# One set of colours for both kinds of page: what a page is set to doesn't reach the picture.
COLOURS = ["#2f81f7", "#8b949e", "#e5712a", "#b083f0", "#2da44e", "#d4a72c"]
STYLE = """
text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #6e7781; }
.title { font-size: 14px; font-weight: 600; } .strong { font-weight: 600; } .small { font-size: 11px; }
.grid { stroke: #8b949e; stroke-opacity: 0.3; }
"""


def write(path, text):
    """Writes a chart; makes the directory."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _text(x, y, words, kind="", anchor="start"):
    kind = f' class="{kind}"' if kind else ""
    anchor = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}{anchor}>{html.escape(words)}</text>'


def _page(width, height, title, parts):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{html.escape(title)}">\n<style>{STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def number(value):
    """A figure with three digits or so."""
    if value == 0:
        return "0"
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= limit:
            return f"{value / (1e3 if letter == 'k' else limit):.3g} {letter}".replace(" ", "\u202f")
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _powers(low, high):
    """Powers of ten around a range."""
    return [10.0**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def _legend(parts, names, x, y):
    for name, colour in zip(names, COLOURS):
        parts.append(f'<rect x="{x:.1f}" y="{y - 10}" width="12" height="12" rx="2" fill="{colour}"/>')
        parts.append(_text(x + 18, y, name))
        x += 34 + 7 * len(name)


def bars(title, kinds, groups, note=""):
    """Horizontal bars on a logarithmic scale.

    `kinds` are the names in the legend, `groups` a list of (name, {kind: value}, what stands at the right).
    """
    values = [value for _, by_kind, _ in groups for value in by_kind.values() if value > 0] or [1]
    ticks = _powers(min(values) / 1.5, max(values))
    low, high = math.log10(ticks[0]), math.log10(ticks[-1]) or 1
    left, width, thick, gap = 190, 560, 13, 14
    top = 78
    parts = [_text(16, 26, title, "title")]
    _legend(parts, kinds, left, 54)
    end = top + sum(len(by_kind) * thick + gap for _, by_kind, _ in groups)

    def place(value):
        return left + width * (math.log10(value) - low) / max(high - low, 1e-9)

    for tick in ticks:
        x = place(tick)
        parts.append(f'<line x1="{x:.1f}" y1="{top - 8}" x2="{x:.1f}" y2="{end - gap + 4}" class="grid"/>')
        parts.append(_text(x, end + 8, number(tick), "small", "middle"))
    y = top
    for name, by_kind, remark in groups:
        height = len(by_kind) * thick
        parts.append(_text(left - 10, y + height / 2 + 4, name, "strong", "end"))
        if remark:
            parts.append(_text(left + width + 62, y + height / 2 + 4, remark, "strong"))
        for kind in kinds:
            if kind not in by_kind:
                continue
            value = by_kind[kind]
            x = place(value) if value > 0 else left
            colour = COLOURS[kinds.index(kind)]
            parts.append(
                f'<rect x="{left}" y="{y + 1}" width="{max(x - left, 1):.1f}" height="{thick - 2}" rx="1.5" fill="{colour}">'
                f"<title>{html.escape(f'{name}, {kind}: {value:.1f}')}</title></rect>"
            )
            parts.append(_text(x + 5, y + thick - 3, number(value), "small"))
            y += thick
        y += gap
    if note:
        parts.append(_text(16, end + 32, note, "small"))
    return _page(left + width + 130, end + 46, title, parts)


def lines(title, x_title, y_title, series, note="", log_y=True):
    """Lines over a logarithmic x axis; `series` is a list of (name, [(x, y)]). Few points carry their figures."""
    points = [point for _, several in series for point in several]
    xs = _powers(min(x for x, _ in points), max(x for x, _ in points))
    if len(xs) == 1:
        xs.append(xs[0] * 10)
    largest = max(y for _, y in points)
    if log_y:
        ys = _powers(min(y for _, y in points), largest)
        if len(ys) == 1:
            ys.append(ys[0] * 10)
    else:
        step = 10 ** math.floor(math.log10(largest))
        step = step / 4 if largest / step < 2 else step / 2 if largest / step < 4 else step
        ys = [step * k for k in range(math.ceil(largest / step) + 1)]
    left, top, width, height = 80, 84, 620, 300

    def across(x):
        low, high = math.log10(xs[0]), math.log10(xs[-1])
        return left + width * (math.log10(x) - low) / (high - low)

    def up(y):
        if log_y:
            low, high = math.log10(ys[0]), math.log10(ys[-1])
            return top + height - height * (math.log10(y) - low) / (high - low)
        return top + height - height * y / ys[-1]

    parts = [_text(16, 26, title, "title")]
    _legend(parts, [name for name, _ in series], left, 54)
    for x in xs:
        parts.append(f'<line x1="{across(x):.1f}" y1="{top}" x2="{across(x):.1f}" y2="{top + height}" class="grid"/>')
        parts.append(_text(across(x), top + height + 18, number(x), "small", "middle"))
    for y in ys:
        parts.append(f'<line x1="{left}" y1="{up(y):.1f}" x2="{left + width}" y2="{up(y):.1f}" class="grid"/>')
        parts.append(_text(left - 8, up(y) + 4, number(y), "small", "end"))
    parts.append(_text(left + width / 2, top + height + 40, x_title, "", "middle"))
    parts.append(_text(16, top - 14, y_title))
    for (name, several), colour in zip(series, COLOURS):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in several)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in several if len(several) < 40 else []:
            parts.append(
                f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" fill="{colour}">'
                f"<title>{html.escape(f'{name}: {number(y)} at {number(x)}')}</title></circle>"
            )
        x, y = several[-1]
        parts.append(_text(across(x) + 8, up(y) + 4, number(y), "small"))
    if note:
        parts.append(_text(16, top + height + 64, note, "small"))
    return _page(left + width + 80, top + height + 78, title, parts)
