"""Which series this is: asked where a feature itself cannot be looked for."""

from odoo.release import version_info

SERIES = int(version_info[0])
