"""What `setup/demo` feeds to `odoo shell`: its variables in the environment, `env` from the shell."""

import os
import sys

from _lib.demo import story

sys.exit(story.run(env, leave_draft=bool(os.environ.get("DEMO_LEAVE_DRAFT"))))  # noqa: F821
