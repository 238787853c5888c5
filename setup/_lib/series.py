"""The Odoo series and where each comes from: the only table of them in setup/."""

from dataclasses import dataclass

from .cache import SetupError

ADDON = "stock_revaluation_journal"

# Installed beside the addon in test and demo databases: its own dependencies and the neighbours that
# move stock value (bills, deliveries, landed costs, production) or call the addon (automated actions).
NEEDED = ("stock_account",)
MODULES = (*NEEDED, "purchase_stock", "sale_stock", "stock_landed_costs", "mrp_account", "base_automation")


@dataclass(frozen=True)
class Series:
    """One Odoo series.

    pythons: versions that its lock file can be installed on, the ones to prefer first.
    debian: ((suite, packages), …) that make it up, or nothing where Debian has no such package.
    stubs: files that Debian's package leaves out although its web client loads them.
    """

    name: str
    pythons: tuple
    debian: tuple = ()
    stubs: tuple = ()
    modules: tuple = MODULES
    # the addon folder is written for 18.0 and 19.0; other series get it through setup/release
    built: bool = False
    # written and checked, and never run: no complete Odoo of it could be had
    prepared: bool = False
    # up to 18.0 a new database has demo data unless told otherwise, from 19.0 on only if asked for
    with_demo: tuple = ()
    without_demo: tuple = ("--without-demo=all",)

    @property
    def number(self):
        """Return the major version, for names."""
        return self.name.split(".")[0]

    def demo_options(self, demo):
        """Return Odoo's options for demo data, or for none."""
        return self.with_demo if demo else self.without_demo


_CHART = ("l10n_generic_coa",)  # from 17.0 on part of the module account
_LINKED_14 = (
    "libjs-jquery",
    "libjs-jquery-ui",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
)
_LINKED_19 = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-inconsolata",
)

SERIES = {
    series.name: series
    for series in (
        Series(
            "14.0",
            ("3.9",),
            debian=(("bullseye", ("odoo-14",) + _LINKED_14),),
            modules=MODULES + _CHART,
            built=True,
        ),
        Series("15.0", ("3.9",), modules=MODULES + _CHART, built=True),
        Series("16.0", ("3.11", "3.10"), modules=MODULES + _CHART, built=True),
        Series("17.0", ("3.11", "3.12", "3.10", "3.13"), built=True),
        Series("18.0", ("3.11", "3.12", "3.10", "3.13")),
        # sid's fonts have moved away from where its odoo-19 links to; trixie's are still there
        Series(
            "19.0",
            ("3.11", "3.12", "3.13", "3.10"),
            debian=(("sid", ("odoo-19",)), ("trixie", _LINKED_19)),
            stubs=("mail/static/lib/selfie_segmentation/selfie_segmentation.js",),
            with_demo=("--with-demo",),
            without_demo=(),
        ),
        Series(
            "20.0", ("3.12", "3.13", "3.14"), built=True, prepared=True, with_demo=("--with-demo",), without_demo=()
        ),
    )
}
DEFAULT = ("19.0", "14.0")


def get(name):
    """Return a series by its name; "14" will do for "14.0"."""
    for candidate in (name, name + ".0"):
        if candidate in SERIES:
            return SERIES[candidate]
    raise SetupError("no such series: %s (there are %s)" % (name, ", ".join(SERIES)))
