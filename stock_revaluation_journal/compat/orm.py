"""The ORM, its cache, access rights and scheduled actions."""

import contextlib
import inspect
import resource
import time

from odoo import SUPERUSER_ID, api
from odoo.tools import config

from .series import SERIES

# The clock by which Linux applies a limit of CPU time, CPUCLOCK_PROF of this process: it counts ticks.
TICKS = -8
# The ORM takes a statement for every record that it creates (14.0, 15.0).
INSERTS_ROW_BY_ROW = SERIES < 16
# Decorator of a method that gives a record in Python and its id over RPC; 19.0 has none and gives [id].
returns_record = api.returns("self", lambda record: record.id) if hasattr(api, "returns") else lambda method: method


def trigger_cron(cron):
    """Let a scheduled action run as soon as this transaction is committed."""
    if hasattr(cron, "_trigger"):
        cron.sudo()._trigger()
    else:
        cron.env.cr.execute(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id IN ("
            " SELECT id FROM ir_cron WHERE id = %s FOR UPDATE SKIP LOCKED)",
            [cron.id],
        )


def commit_progress(env, done):
    """Commit a step of a scheduled action and, where Odoo (18.0 on) asks for it, say what it did.

    Never that more remains: Odoo would run the action on and on in one process, past the limits.
    """
    cron = env["ir.cron"]
    if hasattr(cron, "_commit_progress"):
        cron._commit_progress(done, remaining=0)
        return
    if hasattr(cron, "_notify_progress"):
        cron._notify_progress(done=done, remaining=0)
    env.cr.commit()


def renew_cpu_limit():
    """Give this run the CPU time that Odoo's server gives each unit of work of a process.

    Odoo sets the limit by the time really used, Linux applies it by a clock that runs ahead of that (144 and 129
    seconds): a process that has worked for long is left with less and less, and ended in the middle of its work.
    """
    limit = config.get("limit_time_cpu") or 0
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if config.get("workers") and limit and soft != resource.RLIM_INFINITY:
        wanted = int(_used_cpu_time()) + limit
        if hard == resource.RLIM_INFINITY or wanted <= hard:
            resource.setrlimit(resource.RLIMIT_CPU, (max(soft, wanted), hard))


def has_cpu_time_left(share):
    """Tell whether this process is far from the CPU time at which Linux ends it.

    `share` is the part of Odoo's limit that a run may take.
    """
    limit = config.get("limit_time_cpu") or 0
    soft = resource.getrlimit(resource.RLIMIT_CPU)[0]
    return soft == resource.RLIM_INFINITY or not limit or soft - _used_cpu_time() > limit * (1 - share)


def _used_cpu_time():
    """Return the seconds of CPU time by which Linux counts a limit of this process."""
    with contextlib.suppress(OSError):  # another system than Linux
        return max(time.process_time(), time.clock_gettime(TICKS))
    return time.process_time()


def hook_environment(args):
    """Return the environment of an install hook, called with (env) or (cr, registry)."""
    return args[0] if len(args) == 1 else api.Environment(args[0], SUPERUSER_ID, {})


def flush(env):
    """Write everything pending, before SQL reads it."""
    if hasattr(env, "flush_all"):
        env.flush_all()
    else:
        env["base"].flush()


def invalidate(env):
    """Forget every cached value, after SQL has written; what is pending is written first."""
    flush(env)
    if hasattr(env, "invalidate_all"):
        env.invalidate_all(flush=False)
    else:
        env.cache.invalidate()


def forget(records, names):
    """Forget what the cache holds of the fields `names` of `records`."""
    if hasattr(records, "invalidate_recordset"):
        # Journal items of 16.0 always flush
        known = inspect.signature(records.invalidate_recordset).parameters
        records.invalidate_recordset(names, **({"flush": False} if "flush" in known else {}))
    else:
        records.invalidate_cache(names, records.ids)


def written(records, names):
    """Forget the fields `names` of `records`, which SQL has written, and let what depends on them follow."""
    forget(records, names)
    records.modified(names)


def has_access(records, operation):
    """Tell whether the user may do `operation` ("read", "write", …) on `records`, rules included."""
    records = records.browse(records.ids)  # those of a form that is not saved yet: what they were made from
    if hasattr(records, "has_access"):
        return records.has_access(operation)
    if not records.check_access_rights(operation, raise_exception=False):
        return False
    return records._filter_access_rules(operation) == records


def check_access(records, operation):
    """Raise AccessError unless the user may do `operation` on `records`, rules included; without records: at all."""
    if hasattr(records, "check_access"):
        records.check_access(operation)
    else:
        records.check_access_rights(operation)
        records.check_access_rule(operation)


def readable(records):
    """Return those of `records` that the user may read, rules included, in their order."""
    if hasattr(records, "_filtered_access"):
        return records._filtered_access("read")
    if not records.check_access_rights("read", raise_exception=False):
        return records.browse()
    return records._filter_access_rules("read")
