"""The base class of every test of the addon, on Odoo 14.0 to 19.0.

What differs between the series *of Odoo itself* is found out in the builders and readers, by looking at
what there is, and nowhere else in the tests: a test says `receive`, `deliver`, `bill`, and reads the value
and the ledger, in the same words everywhere. `revaluation_books` and `revaluation_moves` build,
`revaluation_readers` reads, `revaluation_assertions` proves.
"""

import inspect

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import common
from odoo.tests.common import Form
from revaluation_assertions import REFUSALS, Assertions
from revaluation_books import BooksBuilders
from revaluation_moves import MoveBuilders
from revaluation_readers import Readers

# 14.0 has fixtures of a class in SavepointCase, from 15.0 TransactionCase does that itself.
BaseCase = getattr(common, "SavepointCase", common.TransactionCase)

__all__ = ["REFUSALS", "AccessError", "Form", "RevaluationCase", "UserError", "ValidationError"]


class RevaluationCase(BooksBuilders, MoveBuilders, Readers, Assertions, BaseCase):
    """A company of its own with warehouse, accounts and journals; users; no demo records.

    `self.env` is the superuser in that company: it builds. Journals are prepared and posted by
    `self.accountant`, an ordinary user with the rights of a stock manager and of an accountant.
    """

    # Odoo sets these two for tests inside an addon; 16.0 and later do not start without them.
    test_tags = {"standard", "at_install"}
    test_module = "stock_revaluation_journal"

    currency_xmlid = "base.USD"
    # Told apart by this where records are committed: names, logins and codes are unique.
    suffix = ""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_builders()

    @classmethod
    def set_up_builders(cls):
        """Make company, accounts, categories and users with `cls.env`."""
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True, lang=None, tz="UTC"))
        cls.has_product_values = "product.value" in cls.env.registry
        cls.has_lot_valuation = "lot_valuated" in cls.env["product.template"]._fields
        # 19.0 of mid-2026 values FIFO stock at any date by what its receipts are worth now.
        cls.fifo_has_no_past = hasattr(cls.env["product.product"], "_run_fifo_batch")
        # Average and standard cost are stored rounded ("Product Price") up to 18.0.
        cls.cost_is_rounded = not cls.has_product_values
        # Deliveries under average cost take their share of what the cost cannot carry: 15.0 (late) to 18.0.
        cls.outs_are_corrected = not cls.has_product_values and any(
            "rounding_error" in inspect.getsource(base._prepare_out_svl_vals)
            for base in type(cls.env["product.product"]).mro()
            if "_prepare_out_svl_vals" in vars(base)
        )
        cls.leaves_nothing = cls.has_product_values or cls.outs_are_corrected
        cls.supplier_location = cls.env.ref("stock.stock_location_suppliers")
        cls.customer_location = cls.env.ref("stock.stock_location_customers")
        cls.unit = cls.env.ref("uom.product_uom_unit")
        cls.dozen = cls.env.ref("uom.product_uom_dozen")
        cls.kilogram = cls.env.ref("uom.product_uom_kgm")
        cls.vendor = cls.env["res.partner"].create({"name": "Revaluation Test Vendor"})
        cls.customer = cls.env["res.partner"].create({"name": "Revaluation Test Customer"})
        cls.all_books = []
        cls.books = cls.create_books("Revaluation Test Company" + cls.suffix, cls.currency_xmlid)
        cls.enter(cls.books)
        # Made here and not by the first test that wants one: what a test makes is rolled back.
        for method in ("standard", "average", "fifo"):
            for automated in (True, False):
                cls.category(method, automated)
        cls.accountant = cls.create_user(
            "reval_accountant",
            "stock.group_stock_manager",
            "account.group_account_manager",
            "stock_revaluation_journal.group_revaluation_manager",
        )
        cls.reason = cls.env["stock.revaluation.reason"].create(
            {"name": "Market price", "code": "RTMARKET" + cls.suffix}
        )

    def setUp(self):
        super().setUp()
        books = list(self.all_books)
        self.addCleanup(setattr, type(self), "all_books", books[:])
        self.addCleanup(self.enter, self.books)

    # ------------------------------------------------------------------ journals

    def create_journal(self, user=None, companies=None, **vals):
        """Create an empty journal as `user` (the accountant), counterpart *Revaluation*."""
        vals.setdefault("company_id", self.company.id)
        vals.setdefault("counterpart_account_id", self.account_revaluation.id)
        if not vals["counterpart_account_id"]:
            vals.pop("counterpart_account_id")
        Journal = self.as_user(self.env["stock.revaluation.journal"], user or self.accountant, companies)
        return Journal.create(vals)

    def calculate(self, products, calculate_per="product", user=None, options=None, **vals):
        """Return a new journal with the calculated lines of these products."""
        self.flush()
        journal = self.create_journal(user=user, **vals)
        journal.calculate(calculate_per=calculate_per, product_ids=products.ids, **(options or {}))
        return journal

    def post(self, journal):
        """Post a journal and prove the universal property of it. Return the figures before."""
        self.flush()
        self.pass_time()
        before = self.snapshot(journal.line_ids.product_id, self.lots_of(journal))
        journal.action_post()
        self.assert_posted(journal, before)
        return before

    def revalue(self, product, value=None, unit_cost=None, **vals):
        """Calculate one product, enter its new total or unit cost, post. Return the line."""
        journal = self.calculate(product, **vals)
        line = self.line(journal, product)
        line.write({"value_revalued": value} if value is not None else {"unit_cost_revalued": unit_cost})
        self.post(journal)
        return line
