"""What `setup/bench` feeds to `odoo shell`: what to measure in the environment, `env` from the shell."""

import os

from _lib.bench import runner

runner.run(env, os.environ["BENCH_CASE"], os.environ["BENCH_OPTIONS"], os.environ["BENCH_RESULT"])  # noqa: F821
