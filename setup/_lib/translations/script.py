"""What `setup/translations` feeds to `odoo shell`: write the addon's terms, as Odoo exports them, to a file."""

import json
import os

from odoo.tools.translate import TranslationModuleReader

reader = TranslationModuleReader(env.cr, modules=[os.environ["TERMS_ADDON"]])  # noqa: F821
with open(os.environ["TERMS_FILE"], "w") as file:
    json.dump([[kind, name, str(place), text] for _module, kind, name, place, text, _value, _notes in reader], file)
