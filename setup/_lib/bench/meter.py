"""Seconds, SQL statements and memory of a piece of work in a transaction that is rolled back."""

import contextlib
import gc
import os
import re
import statistics
import time

import psycopg2.extensions
from odoo import api, sql_db
from odoo.addons.stock_revaluation_journal.compat import flush
from odoo.addons.stock_revaluation_journal.compat import invalidate as forget  # noqa: F401

MEGABYTE_IN_KB = 1024.0


class CountingCursor(psycopg2.extensions.cursor):
    """Counts every statement sent, those that go past Odoo's own cursor too."""

    statements = 0

    def execute(self, *args, **kwargs):
        CountingCursor.statements += 1
        return super().execute(*args, **kwargs)


def count_statements():
    """Let all of Odoo's connections count what they send."""
    original = sql_db.PsycoConnection.cursor

    def cursor(self, *args, **kwargs):
        kwargs.setdefault("cursor_factory", CountingCursor)
        return original(self, *args, **kwargs)

    sql_db.PsycoConnection.cursor = cursor


@contextlib.contextmanager
def transaction(env, keep=False):
    """Yield the administrator's environment in a transaction of its own, kept only if asked for."""
    cr = env.registry.cursor()
    try:
        yield api.Environment(cr, env.ref("base.user_admin").id, {})
        if keep:
            cr.commit()
    finally:
        cr.rollback()
        cr.close()
        gc.collect()


def measure(env, action):
    """Run `action(env)` and return its sample; nothing of it stays."""
    with transaction(env) as own:
        sample = sample_of(own, lambda: action(own))
    return sample


def sample_of(env, action):
    """Run `action()`, flush included, commit not; return {seconds, cpu, queries, memory, grown, load}."""
    gc.collect()
    before = _reset_peak()
    load = os.getloadavg()[0]
    statements, cpu, start = CountingCursor.statements, time.process_time(), time.perf_counter()
    action()
    flush(env)
    seconds = time.perf_counter() - start
    peak = peak_memory()
    return {
        "seconds": seconds,
        "cpu": time.process_time() - cpu,
        "queries": CountingCursor.statements - statements,
        "memory": peak,
        "grown": peak - before,
        "load": max(load, os.getloadavg()[0]),
    }


def compare(env, sides, rounds):
    """Measure {name: action} in turns, A B A B; return {name: figures of all rounds}."""
    samples = {name: [] for name in sides}
    for _round in range(rounds):
        for name, action in sides.items():
            samples[name].append(measure(env, action))
    return {name: summary(found) for name, found in samples.items()}


def summary(samples):
    """Return the medians of samples, the highest memory and load, and every round's seconds."""
    return {
        "seconds": statistics.median(sample["seconds"] for sample in samples),
        "rounds": [round(sample["seconds"], 4) for sample in samples],
        "cpu": statistics.median(sample["cpu"] for sample in samples),
        "queries": statistics.median_high([sample["queries"] for sample in samples]),
        "memory": max(sample["memory"] for sample in samples),
        "grown": max(sample["grown"] for sample in samples),
        "load": max(sample["load"] for sample in samples),
    }


def peak_memory():
    """Return the highest resident memory of this process since the last reset, in megabytes."""
    return _status("VmHWM")


def _reset_peak():
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # proc(5): resets the peak resident set size
    return _status("VmRSS")


def _status(name):
    with open("/proc/self/status") as file:
        return int(re.search(r"%s:\s*(\d+) kB" % name, file.read()).group(1)) / MEGABYTE_IN_KB
