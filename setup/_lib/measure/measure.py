"""A pytest plugin that notes which lines and branches of the addon are reached: setup/test --cov loads it.

slipcover puts its probes into the addon's modules as they are imported and leaves all else alone. A tracer would
make the whole of Odoo pay, and double the time of a run. slipcover's own command asks all other finders for each
module; 19.0's finder for monkey patches does so too, and the two ask each other without end.
"""

import json
import os
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

from slipcover import Slipcover
from slipcover.importer import SlipcoverLoader

FOLDER = Path(os.environ["SRJ_MEASURE"]).resolve()
PACKAGES = ("odoo.addons." + FOLDER.name, "engine")
LEFT_OUT = ["raise NotImplementedError", "# run by tests/life_cycle"]


class Finder:
    """Find the addon's modules as Python does, and have them instrumented."""

    def __init__(self):
        self.slipcover = Slipcover(branch=True, source=[str(FOLDER)], omit=["*/__manifest__.py"], exclude_also=LEFT_OUT)

    def find_spec(self, name, path=None, target=None):
        """Return a module's spec, or None for others to find it."""
        spec = PathFinder.find_spec(name, path, target) if name.startswith(PACKAGES) else None
        if spec and isinstance(spec.loader, SourceFileLoader):
            origin = Path(spec.origin).resolve()
            if FOLDER in origin.parents:
                spec.loader = SlipcoverLoader(self.slipcover, spec.loader, str(origin))
        return spec


def pytest_configure(config):
    config.measured = Finder()
    sys.meta_path.insert(0, config.measured)


def pytest_unconfigure(config):
    found = {}
    for name, figures in config.measured.slipcover.get_coverage()["files"].items():
        found[Path(name).resolve().relative_to(FOLDER).as_posix()] = {
            "reached": [[line] for line in figures["executed_lines"]] + figures["executed_branches"],
            "missed": [[line] for line in figures["missing_lines"]] + figures["missing_branches"],
        }
    Path(os.environ["SRJ_MEASURED"]).write_text(json.dumps(found))
