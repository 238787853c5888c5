"""What of the addon the tests reach, lines and branches, over all parts of a run together.

Each part of the suite leaves its figures in the results folder (see `measure/`). An older series runs on a built
copy of the addon, whose lines are the source's.
"""

import json
import os

from .cache import CHECKOUT

PLUGIN = CHECKOUT / "setup" / "_lib" / "measure"
FOLDER, FILE = "SRJ_MEASURE", "SRJ_MEASURED"
SUFFIX = ".reached"
# (what, files, per cent of lines and branches below which a full run fails)
FLOORS = (("the engine", "engine/", 100), ("the addon", "", 95))


def options(source, environ):
    """Return pytest's options that measure the addon in `source`, and set what they need in `environ`."""
    environ[FOLDER] = str(source)
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(PLUGIN), environ.get("PYTHONPATH"))))
    return ("-p", "measure")


def report(results, floors):
    """Print what no test reached; return whether it is little enough, where `floors` are to be kept."""
    parts = sorted(results.glob("*" + SUFFIX))
    if not parts:
        return True
    print("\nlines and branches that no test reaches (%s):" % ", ".join(part.stem for part in parts))
    files = _together(json.loads(part.read_text()) for part in parts)
    for name, (reached, missed) in sorted(files.items()):
        if missed and (reached or floors):
            print("%-50s %5.1f  %s" % (name, _per_cent([files[name]]), _shown(missed)))
    well = True
    for what, prefix, floor in FLOORS:
        per_cent = _per_cent(figures for name, figures in files.items() if name.startswith(prefix))
        print("%s: %.1f per cent" % (what, per_cent))
        if floors and per_cent < floor:
            print("FAILED: %s is covered by less than %d per cent" % (what, floor))
            well = False
    return well


def _together(parts):
    """Return {file: (what was reached by any part, what by none)}; a line is [12], a branch [12, 14]."""
    reached, all_there = {}, {}
    for part in parts:
        for name, figures in part.items():
            found = {tuple(item) for item in figures["reached"]}
            reached.setdefault(name, set()).update(found)
            all_there.setdefault(name, set()).update(found, map(tuple, figures["missed"]))
    return {name: (reached[name], there - reached[name]) for name, there in all_there.items()}


def _per_cent(files):
    reached = missed = 0
    for done, left in files:
        reached, missed = reached + len(done), missed + len(left)
    return 100 * reached / max(reached + missed, 1)


def _shown(missed):
    """Return lines as ranges, then the branches between lines that were reached."""
    lines = sorted(line for line, *to in missed if not to)
    starts = [line for line in lines if line - 1 not in lines]
    ends = [line for line in lines if line + 1 not in lines]
    ranges = ["%d" % start if start == end else "%d-%d" % (start, end) for start, end in zip(starts, ends, strict=True)]
    branches = sorted(item for item in missed if len(item) > 1 and not {*item} & {*lines})
    return ", ".join([*ranges, *("%d->%s" % (line, to or "end") for line, to in branches)])
