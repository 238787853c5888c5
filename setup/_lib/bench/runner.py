"""One case, inside Odoo: run it and leave its figures in a file."""

import json

from . import editing, ledger, meter, past, posting, reading, report, seed

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


class Bench:
    """What a case is given (environment, sizes, rounds), and where it leaves its figures."""

    def __init__(self, env, options):
        self.env, self.found = env, []
        for name, value in options.items():
            setattr(self, name, value)

    def add(self, case, title, sides, **relation):
        """Keep and print the figures of {side: figures}.

        `relation` says what they are compared with: `against` a side's name (others are so many times
        faster; with `slower`, slower), `times` a side's name (others take so many times as long), `floor`.
        """
        result = {"case": case, "title": title, "sides": sides, "relation": relation}
        self.found.append(result)
        print("\n".join(report.text("%d.0" % seed.SERIES, [result])), flush=True)


def run(env, case, options, path):
    """Run `case` and write its figures to `path` as JSON."""
    meter.count_statements()
    bench = Bench(env, json.loads(options))
    CASES[case](bench)
    with open(path, "w") as file:
        json.dump(bench.found, file)
