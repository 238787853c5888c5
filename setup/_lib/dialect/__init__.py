"""The addon in the form of each Odoo series, made from its one source.

The source is written in the dialect that Odoo 18.0 and 19.0 share. `build` writes the same addon as
another series wants it. What an author has to know is in the docstrings of `conditions` (view
conditions), `directives` (what a series does not have) and `arch` (views).

Needs lxml, and nothing else outside the standard library.
"""

from .addon import build, manifest_version, render
from .errors import DialectError
from .newer import left_open
from .series import SERIES

__all__ = ["SERIES", "DialectError", "build", "left_open", "manifest_version", "render"]
