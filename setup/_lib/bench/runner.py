"""One case, inside Odoo: run it, print its figures, and leave them in a file."""

import json

from . import editing, ledger, meter, past, posting, reading, seed

CASES = {
    "post": posting.post,
    "growth": posting.growth,
    "calculate": reading.calculate,
    "layers": reading.layers,
    "edit": editing.edit,
    "background": posting.background,
    "positions": reading.positions,
    "production": reading.production,
    "ledger": ledger.ledger,
    "past": past.past,
}
CHUNKS = "  {chunks} chunks, {per_second:.0f} lines/s; first tenth {first:.0f}, last tenth {last:.0f}"
ROW = "  %-42s %9s  %-28s %9s %9s %9s %9s %9s"


class Bench:
    """What a case is given (environment, sizes, rounds), and where it leaves its figures."""

    def __init__(self, env, options):
        self.env, self.found = env, []
        for name, value in options.items():
            setattr(self, name, value)

    def add(self, case, title, sides, **relation):
        """Keep and print the figures of {side: figures}.

        `relation` says what they are compared with: `against` a side's name (others are so many times
        faster; with `slower`, slower), `times` a side's name (others take so many times as long), `floor`; `more`
        sides whose time may come on top of twice that of `against`.
        """
        self.found.append({"case": case, "title": title, "sides": sides, "relation": relation})
        print("\n%d.0  %s: %s" % (seed.SERIES, case, title))
        print(ROW % ("", "seconds", "ratio", "queries", "peak MB", "grown MB", "CPU s", "load"))
        for name, side in sides.items():
            figures = "{queries} {memory:.0f} {grown:.0f} {cpu:.2f} {load:.1f}".format(**side).split()
            print(ROW % (name, "%.3f" % side["seconds"], ratio(sides, name, **relation), *figures), flush=True)
            if "per_second" in side:
                print(CHUNKS.format(**side))


def ratio(sides, name, against=None, slower=False, times=None, floor=None, more=()):
    """Say how the side `name` compares with what it is measured against."""
    seconds = {side: figures["seconds"] for side, figures in sides.items()}
    if times and name != times:
        return "%.1f × the time" % (seconds[name] / seconds[times])
    if name in more:
        (measured,) = sides.keys() - {against, *more}
        return "goal × %.2f" % (seconds[measured] / (2 * seconds[against] + seconds[name]))
    if not against or name in (against, floor):
        return ""
    quotient = seconds[name] / seconds[against]
    said = "%.2f × its time" % quotient if slower else "%.1f × faster" % (1 / quotient)
    return said + (", floor × %.1f" % (seconds[name] / seconds[floor]) if floor else "")


def run(env, case, options, path):
    """Run `case` and write its figures to `path` as JSON."""
    meter.count_statements()
    bench = Bench(env, json.loads(options))
    CASES[case](bench)
    with open(path, "w") as file:
        json.dump(bench.found, file)
