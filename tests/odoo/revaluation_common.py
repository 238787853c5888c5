"""Builders, readers and assertions that every test of the addon uses, on Odoo 14.0 to 19.0.

What differs between the series *of Odoo itself* is found out here, by looking at what there is,
and nowhere else in the tests: a test says `receive`, `deliver`, `bill`, and reads the value and
the ledger, in the same words everywhere.

Time. Odoo dates what it does with the clock, to the second at the most, and it orders receipts,
deliveries and (19.0) changes of cost by these dates. Nothing here sleeps: before each step all
that the company did so far is moved one minute into the past (`pass_time`), so that every step has
a minute of its own and what happens now is always the latest. `pass_time(days=30)` makes the stock
a month old.

Receipts. Each one comes from a purchase order of its own, whose price is its value: on 19.0 a
receipt without one is valued at the product's cost, whatever `price_unit` says, and is revalued
whenever that cost changes.
"""

import inspect
import json
import re
from contextlib import contextmanager
from types import SimpleNamespace

from lxml import etree
from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import common
from odoo.tests.common import Form
from odoo.tools.safe_eval import safe_eval

# 14.0 has fixtures of a class in SavepointCase, from 15.0 TransactionCase does that itself.
BaseCase = getattr(common, "SavepointCase", common.TransactionCase)

# What a refusal is: an access error and a validation error are user errors.
REFUSALS = UserError

__all__ = ["REFUSALS", "AccessError", "Form", "RevaluationCase", "UserError", "ValidationError"]


class RevaluationCase(BaseCase):
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

    # ------------------------------------------------------------------ company and accounts

    @classmethod
    def create_books(cls, name, currency_xmlid="base.USD", **company_vals):
        """Create a company with a warehouse, journals and accounts. Return them by name."""
        currency = cls.env.ref(currency_xmlid)
        currency.active = True
        company = cls.env["res.company"].create(
            dict({"name": name, "currency_id": currency.id, "country_id": cls.env.ref("base.us").id}, **company_vals)
        )
        env = cls.env(context=dict(cls.env.context, allowed_company_ids=[company.id]))
        cls.env.user.write({"company_ids": [(4, company.id)]})
        if not cls.all_books:
            cls.company = company
            cls.reader = cls.create_user("reval_reader", "stock.group_stock_manager", "account.group_account_manager")
        cls.reader.company_ids |= company
        warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        if not warehouse:
            warehouse = env["stock.warehouse"].create(
                {"name": name, "code": "W%s" % company.id, "company_id": company.id}
            )
        books = SimpleNamespace(
            company=company,
            currency=currency,
            warehouse=warehouse,
            stock_location=warehouse.lot_stock_id,
        )
        accounts = [
            ("account_valuation", "110100", "Stock Valuation", "asset_current"),
            ("account_input", "110200", "Stock Received", "asset_current"),
            ("account_output", "110300", "Stock Delivered", "asset_current"),
            ("account_payable", "211000", "Payable", "liability_payable"),
            ("account_receivable", "121000", "Receivable", "asset_receivable"),
            ("account_income", "400000", "Sales", "income"),
            ("account_expense", "600000", "Cost of Goods Sold", "expense"),
            ("account_variation", "600100", "Stock Variation", "expense"),
            ("account_revaluation", "610000", "Revaluation", "expense"),
            ("account_increase", "610100", "Appreciation of Stock", "income"),
            ("account_decrease", "610200", "Depreciation of Stock", "expense"),
        ]
        for key, code, label, kind in accounts:
            # A branch shares its parent's chart: codes of their own for every company
            code = "%s%02d" % (code, len(cls.all_books))
            setattr(books, key, cls.create_account(company, code, label, kind))
        for key, code, label, kind in [
            ("stock_journal", "TSTK", "Stock", "general"),
            ("other_journal", "TMSC", "Miscellaneous", "general"),
            ("purchase_journal", "TPUR", "Purchases", "purchase"),
            ("sale_journal", "TSAL", "Sales", "sale"),
        ]:
            vals = {"name": label, "code": code, "type": kind, "company_id": company.id}
            if kind in ("purchase", "sale"):
                vals["default_account_id"] = (books.account_expense if kind == "purchase" else books.account_income).id
            setattr(books, key, env["account.journal"].create(vals))
        company_vals = {}
        if "anglo_saxon_accounting" in company._fields:
            company_vals["anglo_saxon_accounting"] = True
        if "account_stock_journal_id" in company._fields:  # 19.0
            company_vals["account_stock_journal_id"] = books.stock_journal.id
            company_vals["account_stock_valuation_id"] = books.account_valuation.id
            books.account_valuation.account_stock_variation_id = books.account_variation
        if "expense_account_id" in company._fields:
            company_vals["expense_account_id"] = books.account_expense.id
            company_vals["income_account_id"] = books.account_income.id
        company.write(company_vals)
        for partner in (cls.vendor, cls.customer):
            partner.with_company(company).write(
                {
                    "property_account_payable_id": books.account_payable.id,
                    "property_account_receivable_id": books.account_receivable.id,
                }
            )
        books.categories = {}
        cls.all_books.append(books)
        return books

    @classmethod
    def create_account(cls, company, code, name, kind):
        """Create an account. `kind` is a value of `account_type` (16.0+)."""
        Account = cls.env["account.account"].with_context(allowed_company_ids=[company.id])
        vals = {"code": code, "name": name}
        if kind in ("liability_payable", "asset_receivable"):
            vals["reconcile"] = True
        if "account_type" in Account._fields:
            vals["account_type"] = kind
        else:
            vals["user_type_id"] = cls.env.ref(
                {
                    "asset_current": "account.data_account_type_current_assets",
                    "liability_payable": "account.data_account_type_payable",
                    "asset_receivable": "account.data_account_type_receivable",
                    "income": "account.data_account_type_revenue",
                    "expense": "account.data_account_type_expenses",
                }[kind]
            ).id
        if "company_ids" in Account._fields:
            vals["company_ids"] = [(6, 0, company.ids)]
        else:
            vals["company_id"] = company.id
        return Account.create(vals)

    @classmethod
    def close_account(cls, account):
        """Make an account unusable: `deprecated` up to 18.0, archived in 19.0."""
        account[("active" if "deprecated" not in account._fields else "deprecated")] = "deprecated" in account._fields

    @classmethod
    def enter(cls, books):
        """Make `books` the company that the builders work in."""
        cls.books = books
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=[books.company.id]))
        for key, value in vars(books).items():
            setattr(cls, key, value)

    @classmethod
    @contextmanager
    def inside(cls, books):
        """Build in another company for a while."""
        before = cls.books
        cls.enter(books)
        try:
            yield books
        finally:
            cls.enter(before)

    @classmethod
    def category(cls, method, automated=True, **vals):
        """Return the category of a costing method in the current company, made once."""
        key = (method, automated)
        if vals or key not in cls.categories:
            category = cls.env["product.category"].create(
                {"name": "%s %s" % (method, "automated" if automated else "periodic")}
            )
            cls.set_up_category(category, method, automated, **vals)
            if vals:
                return category
            cls.categories[key] = category
        return cls.categories[key]

    @classmethod
    def set_up_category(cls, category, method, automated=True, **vals):
        """Give a category its costing method and accounts in the current company."""
        category = category.with_context(cls.env.context)
        category.write({"property_cost_method": method})
        cls.set_automated(category, automated)
        if vals:
            category.write(vals)

    @classmethod
    def set_automated(cls, category, automated):
        """Switch a category to automated or periodic valuation, with its accounts."""
        category = category.with_context(cls.env.context)
        accounts = {
            "property_stock_journal": cls.stock_journal.id,
            "property_stock_valuation_account_id": cls.account_valuation.id,
            "property_account_expense_categ_id": cls.account_expense.id,
            "property_account_income_categ_id": cls.account_income.id,
        }
        if "property_stock_account_input_categ_id" in category._fields:
            accounts["property_stock_account_input_categ_id"] = cls.account_input.id
            accounts["property_stock_account_output_categ_id"] = cls.account_output.id
        kinds = dict(category._fields["property_valuation"].selection)
        periodic = "periodic" if "periodic" in kinds else "manual_periodic"
        # In one go: 18.0 wants the accounts with the valuation, 16.0 and 17.0 not before it.
        category.write(dict(accounts, property_valuation="real_time" if automated else periodic))

    # ------------------------------------------------------------------ users

    @classmethod
    def create_user(cls, login, *groups, **vals):
        """Create a user with these groups (external ids) in the current company."""
        login += cls.suffix
        users = cls.env["res.users"].with_context(no_reset_password=True)
        field = "group_ids" if "group_ids" in users._fields else "groups_id"
        base = [] if "base.group_portal" in groups else ["base.group_user"]
        company = vals.pop("company", cls.company)
        companies = vals.pop("companies", company)
        user = users.create(
            dict(
                {
                    "name": login,
                    "login": login,
                    "email": "%s@example.com" % login,
                    "company_id": company.id,
                    "company_ids": [(6, 0, companies.ids)],
                    "tz": "UTC",
                    field: [(6, 0, [cls.env.ref(group).id for group in base + list(groups)])],
                },
                **vals,
            )
        )
        return user

    @classmethod
    def as_user(cls, records, user, companies=None):
        """Return `records` (or a model) in the hands of `user`, without sudo."""
        companies = companies or cls.company
        return records.with_user(user).sudo(False).with_context(allowed_company_ids=companies.ids, tz="UTC")

    # ------------------------------------------------------------------ products and lots

    @classmethod
    def create_product(cls, method="average", automated=True, cost=0.0, categ=None, **vals):
        """Create a storable product under a costing method, valued automatically or not."""
        Template = cls.env["product.template"]
        if "is_storable" in Template._fields:
            storable = {"type": "consu", "is_storable": True}
        elif "detailed_type" in Template._fields:
            storable = {"detailed_type": "product"}
        else:
            storable = {"type": "product"}
        taxes = {"taxes_id": [(6, 0, [])], "supplier_taxes_id": [(6, 0, [])]}
        number = cls.env["product.product"].search_count([]) + 1
        product = cls.env["product.product"].create(
            dict(
                {"name": "%s %s" % (method.title(), number)},
                categ_id=(categ or cls.category(method, automated)).id,
                **dict(storable, **dict(taxes, **vals)),
            )
        )
        if cost:
            product.standard_price = cost
        if "purchase_method" in product._fields:
            product.purchase_method = "receive"
        return product

    @classmethod
    def create_tax(cls, percent, use, **vals):
        """Create a tax of the company; `use` "sale" or "purchase"."""
        Tax = cls.env["account.tax"]
        vals.update(name="VAT %s" % percent, amount=percent, company_id=cls.company.id, type_tax_use=use)
        if "country_id" in Tax._fields:
            vals["country_id"] = cls.company.country_id.id
        if Tax._fields["tax_group_id"].required:
            group = {"name": "VAT"}
            if "company_id" in cls.env["account.tax.group"]._fields:
                group.update(company_id=cls.company.id, country_id=cls.company.country_id.id)
            vals["tax_group_id"] = cls.env["account.tax.group"].create(group).id
        return Tax.create(vals)

    @classmethod
    def create_lot(cls, product, name):
        """Create a lot of the product in the current company."""
        model = "stock.lot" if "stock.lot" in cls.env.registry else "stock.production.lot"
        vals = {"name": name, "product_id": product.id}
        if "company_id" in cls.env[model]._fields:
            vals["company_id"] = cls.company.id
        return cls.env[model].create(vals)

    # ------------------------------------------------------------------ time

    @classmethod
    def flush(cls):
        if hasattr(cls.env, "flush_all"):
            cls.env.flush_all()
        else:
            cls.env["base"].flush()

    @classmethod
    def invalidate(cls):
        if hasattr(cls.env, "invalidate_all"):
            cls.env.invalidate_all()
        else:
            cls.env.cache.invalidate()

    @classmethod
    def pass_time(cls, minutes=1, days=0):
        """Move all that the company did with stock so far into the past."""
        cls.flush()
        for table, column in [
            ("stock_move", "date"),
            ("stock_move_line", "date"),
            ("product_value", "date"),
            ("stock_valuation_layer", "create_date"),
            ("stock_revaluation_journal_line", "write_down_moment"),
        ]:
            cls.env.cr.execute(
                "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
                [table, column],
            )
            if cls.env.cr.fetchone():
                # The names are constants of the lines above. 19.0 of mid-2026 dates a product's first
                # cost in the year 1: nothing lies before that.
                cls.env.cr.execute(
                    "UPDATE {0} SET {1} = {1} - %s * interval '1 minute' WHERE company_id = %s"
                    " AND {1} > '1900-01-01'".format(table, column),
                    [minutes + days * 1440, cls.company.id],
                )
        cls.invalidate()

    # ------------------------------------------------------------------ stock operations

    @classmethod
    def _done_quantity(cls, record, quantity):
        """Write what was moved on a move or move line, as each series has it."""
        if record._name == "stock.move":
            name = "quantity_done" if "quantity_done" in record._fields else "quantity"
        else:
            name = "qty_done" if "qty_done" in record._fields else "quantity"
        record[name] = quantity
        if "picked" in record._fields:
            record.picked = True

    @classmethod
    def _set_move_done(cls, move, quantity, lot=None, owner=None):
        """Fill in the quantity moved, of one lot if given, without relying on a reservation."""
        if not lot and not owner:
            cls._done_quantity(move, quantity)
            return
        move.move_line_ids.unlink()
        vals = {
            "move_id": move.id,
            "picking_id": move.picking_id.id,
            "company_id": move.company_id.id,
            "product_id": move.product_id.id,
            "product_uom_id": move.product_uom.id,
            "location_id": move.location_id.id,
            "location_dest_id": move.location_dest_id.id,
            "lot_id": lot.id if lot else False,
            "owner_id": owner.id if owner else False,
        }
        line = cls.env["stock.move.line"].create(vals)
        cls._done_quantity(line, quantity)
        if "picked" in move._fields:
            move.picked = True

    @classmethod
    def receive(cls, product, quantity, unit_cost, lot=None, uom=None):
        """Receive goods from a purchase order at `unit_cost` a unit of `uom`. Return the move."""
        cls.pass_time()
        line_vals = {
            "name": product.name,
            "product_id": product.id,
            "product_qty": quantity,
            "price_unit": unit_cost,
            "date_planned": fields.Datetime.now(),
        }
        PurchaseLine = cls.env["purchase.order.line"]
        uom_field = "product_uom" if "product_uom" in PurchaseLine._fields else "product_uom_id"
        tax_field = "taxes_id" if "taxes_id" in PurchaseLine._fields else "tax_ids"
        line_vals[uom_field] = (uom or product.uom_id).id
        line_vals[tax_field] = [(6, 0, [])]
        order = cls.env["purchase.order"].create(
            {
                "partner_id": cls.vendor.id,
                "company_id": cls.company.id,
                "currency_id": cls.currency.id,
                "picking_type_id": cls.warehouse.in_type_id.id,
                "order_line": [(0, 0, line_vals)],
            }
        )
        order.button_confirm()
        move = order.order_line.move_ids
        if lot:
            move_quantity = move.product_uom_qty
            cls._set_move_done(move, move_quantity, lot=lot)
        else:
            cls._set_move_done(move, move.product_uom_qty)
        move.picking_id._action_done()
        assert move.state == "done", "The receipt was not done."
        cls.flush()
        cls.invalidate()
        return move

    @classmethod
    def _transfer(cls, product, quantity, source, target, picking_type, lot=None, owner=None, **vals):
        """Move goods through a picking. Return the done move."""
        cls.pass_time()
        picking = cls.env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "partner_id": vals.pop("partner", cls.customer).id,
                "company_id": cls.company.id,
                "owner_id": owner.id if owner else False,
            }
        )
        move_vals = dict(
            {
                "product_id": product.id,
                "product_uom": product.uom_id.id,
                "product_uom_qty": quantity,
                "picking_id": picking.id,
                "picking_type_id": picking_type.id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "company_id": cls.company.id,
            },
            **vals,
        )
        if "name" in cls.env["stock.move"]._fields:
            move_vals["name"] = product.name
        move = cls.env["stock.move"].create(move_vals)
        picking.action_confirm()
        picking.action_assign()
        cls._set_move_done(move, quantity, lot=lot, owner=owner)
        picking._action_done()
        assert move.state == "done", "The transfer was not done."
        cls.flush()
        cls.invalidate()
        return move

    @classmethod
    def deliver(cls, product, quantity, lot=None):
        """Deliver goods to a customer, into negative stock if need be. Return the move."""
        return cls._transfer(
            product,
            quantity,
            cls.stock_location,
            cls.customer_location,
            cls.warehouse.out_type_id,
            lot=lot,
        )

    @classmethod
    def receive_consigned(cls, product, quantity, owner):
        """Take in goods that stay another partner's."""
        return cls._transfer(
            product,
            quantity,
            cls.supplier_location,
            cls.stock_location,
            cls.warehouse.in_type_id,
            owner=owner,
            partner=owner,
        )

    @classmethod
    def return_(cls, move, quantity):
        """Take goods back that `move` delivered, or give back what it received."""
        incoming = move.location_id == cls.supplier_location
        vals = {"origin_returned_move_id": move.id, "to_refund": True}
        if incoming and "purchase_line_id" in move._fields:
            vals["purchase_line_id"] = move.purchase_line_id.id
        return cls._transfer(
            move.product_id,
            quantity,
            move.location_dest_id,
            move.location_id,
            cls.warehouse.out_type_id if incoming else cls.warehouse.in_type_id,
            **vals,
        )

    @classmethod
    def scrap(cls, product, quantity):
        """Scrap goods from stock. Return the scrap order."""
        cls.pass_time()
        scrap = cls.env["stock.scrap"].create(
            {
                "product_id": product.id,
                "product_uom_id": product.uom_id.id,
                "scrap_qty": quantity,
                "location_id": cls.stock_location.id,
                "company_id": cls.company.id,
            }
        )
        scrap.do_scrap()
        cls.flush()
        cls.invalidate()
        return scrap

    @classmethod
    def bill(cls, receipt, unit_price, quantity=None):
        """Post the vendor's bill of a receipt, at `unit_price`. Return the bill."""
        return cls.bill_all([(receipt, unit_price, quantity)])

    @classmethod
    def bill_all(cls, entries):
        """Post one vendor bill of [(receipt, unit price, quantity or None for what was ordered)]. Return it."""
        cls.pass_time()
        bill = (
            cls.env["account.move"]
            .with_context(default_move_type="in_invoice")
            .create(
                {
                    "move_type": "in_invoice",
                    "partner_id": cls.vendor.id,
                    "company_id": cls.company.id,
                    "journal_id": cls.purchase_journal.id,
                    "currency_id": cls.currency.id,
                    "invoice_date": fields.Date.today(),
                    "date": fields.Date.today(),
                    "invoice_line_ids": [(0, 0, cls._bill_vals(*entry)) for entry in entries],
                }
            )
        )
        bill.action_post()
        cls.flush()
        cls.invalidate()
        return bill

    @classmethod
    def _bill_vals(cls, receipt, unit_price, quantity):
        line = receipt.purchase_line_id
        return {
            "name": receipt.product_id.name,
            "product_id": receipt.product_id.id,
            "quantity": quantity if quantity is not None else line.product_qty,
            "price_unit": unit_price,
            "purchase_line_id": line.id,
            "product_uom_id": line["product_uom" if "product_uom" in line._fields else "product_uom_id"].id,
            "tax_ids": [(6, 0, [])],
        }

    def landed_cost(self, receipt, amount):
        """Post a landed cost on a receipt (or several in one picking, in equal parts). Return it."""
        if "stock.landed.cost" not in self.env.registry:
            self.skipTest("stock_landed_costs is not installed in this database")
        self.pass_time()
        service = self.env["product.product"].create(
            {
                "name": "Freight",
                "type": "service",
                "landed_cost_ok": True,
                "categ_id": self.category("standard").id,
                "property_account_expense_id": self.account_expense.id,
            }
        )
        cost = self.env["stock.landed.cost"].create(
            {
                "picking_ids": [(6, 0, receipt.picking_id.ids)],
                "account_journal_id": self.stock_journal.id,
                "cost_lines": [
                    (
                        0,
                        0,
                        {
                            "name": "Freight",
                            "product_id": service.id,
                            "price_unit": amount,
                            "split_method": "equal",
                            "account_id": self.account_expense.id,
                        },
                    )
                ],
            }
        )
        cost.compute_landed_cost()
        cost.button_validate()
        self.flush()
        self.invalidate()
        return cost

    # ------------------------------------------------------------------ readers

    @classmethod
    def _in_company(cls, record, company=None):
        """Return the record as an ordinary user sees it who is in this company alone.

        Not as the superuser, for whom 19.0 counts the stock of all companies.
        """
        company = company or cls.company
        return record.with_user(cls.reader).with_context(allowed_company_ids=company.ids)

    @classmethod
    def stock_value(cls, product, company=None, at_date=None):
        """Return the product's inventory value in the company, as Odoo's own books have it."""
        product = cls._in_company(product, company)
        if at_date:
            product = product.with_context(to_date=at_date)
        value = product.total_value if cls.has_product_values else product.value_svl
        return (company or cls.company).currency_id.round(value)

    @classmethod
    def stock_quantity(cls, product, company=None):
        """Return the valued quantity (without goods of other owners), in the stock unit."""
        company = company or cls.company
        if not cls.has_product_values:
            return cls._in_company(product, company).quantity_svl
        quants = cls.env["stock.quant"].search(
            [
                ("product_id", "=", product.id),
                ("company_id", "=", company.id),
                ("location_id.usage", "in", ["internal", "transit"]),
                ("owner_id", "in", [False, company.partner_id.id]),
            ]
        )
        return sum(quants.mapped("quantity"))

    @classmethod
    def lot_value(cls, lot):
        """Return the inventory value of a lot that is valued by itself (18.0 and later)."""
        lot = cls._in_company(lot)
        return cls.currency.round(lot.total_value if cls.has_product_values else lot.value_svl)

    @classmethod
    def cost(cls, record, company=None):
        """Return the cost (`standard_price`) of a product or lot in the company."""
        return cls._in_company(record, company).standard_price

    @classmethod
    def open_layers(cls, product, lot=None):
        """Return [(quantity left, value left)] of the open layers (19.0: receipts), oldest first."""
        product = cls._in_company(product)
        if not cls.has_product_values:
            domain = [
                ("product_id", "=", product.id),
                ("company_id", "=", cls.company.id),
                ("remaining_qty", ">", 1e-6),  # 14.0 and 15.0 may leave less than any unit knows
            ]
            if lot:
                domain.append(("lot_id", "=", lot.id))
            layers = product.env["stock.valuation.layer"].search(domain, order="create_date, id")
            return [(layer.remaining_qty, cls.currency.round(layer.remaining_value)) for layer in layers]
        stack, first_left = product._run_fifo_get_stack(lot=cls._in_company(lot) if lot else None)
        layers = []
        for number, move in enumerate(stack):
            quantity = move._get_valued_qty()
            left = first_left if number == 0 else quantity
            layers.append((left, cls.currency.round(move.value * left / quantity)))
        return layers

    @classmethod
    def ledger_balance(cls, account, product=None, date=None):
        """Return the posted balance (debit − credit) of an account, of one product if given."""
        if not account:  # a periodic category may have none
            return 0.0
        domain = [
            ("account_id", "=", account.id),
            ("parent_state", "=", "posted"),
            ("company_id", "in", [books.company.id for books in cls.all_books]),
        ]
        if product:
            domain.append(("product_id", "=", product.id))
        if date:
            domain.append(("date", "<=", date))
        companies = [books.company.id for books in cls.all_books]
        items = cls.env["account.move.line"].sudo().with_context(allowed_company_ids=companies)
        return sum(item.debit - item.credit for item in items.search(domain))

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

    @staticmethod
    def line(journal, product, lot=None):
        """Return the journal's only line of a product (and lot)."""
        lines = journal.line_ids.filtered(lambda each: each.product_id.id == product.id)
        if lot is not None:
            lines = lines.filtered(lambda each: each.lot_id.id == lot.id)
        assert len(lines) == 1, "%s lines of %s, expected one" % (len(lines), product.name)
        return lines

    def lines_by_layer(self, journal, product):
        """Return the lines of a product in the order of their layers, oldest first."""
        lines = journal.line_ids.filtered(lambda each: each.product_id.id == product.id)
        if self.has_product_values:
            return lines.sorted(lambda each: (each.stock_move_id.date, each.stock_move_id.id))
        return lines.sorted(lambda each: (each.valuation_layer_id.create_date, each.valuation_layer_id.id))

    def is_booked(self, product, company=None):
        """Tell whether a revaluation of the product makes an entry: periodic ones on 19.0 only."""
        return self.has_product_values or self._in_company(product, company).valuation == "real_time"

    def values_consigned_fifo(self, product):
        """Tell whether Odoo itself values goods of other owners under FIFO, as 19.0 of early 2026 does."""
        return self.has_product_values and "owners" not in product._with_valuation_context().env.context

    def valuation_account(self, product, company=None):
        product = self._in_company(product, company)
        return product.product_tmpl_id.get_product_accounts()["stock_valuation"]

    def snapshot(self, products, lots=()):
        """Return the figures of products that posting may change, and must not otherwise."""
        self.flush()
        self.invalidate()
        figures = {}
        for product in products:
            layers = self.env["stock.valuation.layer"].sudo().search_count([("product_id", "=", product.id)])
            figures[product.id] = {
                "value": self.stock_value(product),
                "quantity": self.stock_quantity(product),
                "cost": self.cost(product),
                "ledger": self.currency.round(self.ledger_balance(self.valuation_account(product), product)),
                "layers": layers,
            }
        for lot in lots:
            figures["lot", lot.id] = {"value": self.lot_value(lot), "cost": self.cost(lot)}
        figures["entries"] = self.env["account.move"].sudo().search_count([("company_id", "=", self.company.id)])
        return figures

    def post(self, journal):
        """Post a journal and prove the universal property of it. Return the figures before."""
        self.flush()
        self.pass_time()
        before = self.snapshot(journal.line_ids.product_id, self.lots_of(journal))
        journal.action_post()
        self.assert_posted(journal, before)
        return before

    def lots_of(self, journal):
        if not self.has_lot_valuation:
            return ()
        return journal.line_ids.lot_id

    def revalue(self, product, value=None, unit_cost=None, **vals):
        """Calculate one product, enter its new total or unit cost, post. Return the line."""
        journal = self.calculate(product, **vals)
        line = self.line(journal, product)
        line.write({"value_revalued": value} if value is not None else {"unit_cost_revalued": unit_cost})
        self.post(journal)
        return line

    # ------------------------------------------------------------------ assertions

    def assertMoney(self, found, expected, message=None):
        """Amounts are equal to half of the currency's smallest coin."""
        self.assertAlmostEqual(found, expected, delta=self.currency.rounding / 2.0 - 1e-9, msg=message)

    def assertLayers(self, product, expected, lot=None):
        """The open layers are these (quantity, value), oldest first."""
        found = self.open_layers(product, lot)
        self.assertEqual(
            [(round(quantity, 6), round(value, 6)) for quantity, value in found],
            [(float(quantity), float(value)) for quantity, value in expected],
        )

    def assert_posted(self, journal, before):
        """Whatever was revalued: inventory value, layers and ledger changed by the amounts.

        For each product: value after = value before + Σ amounts = value before + Σ layers
        created, quantity as it was; where there is an entry, the product's items on its
        valuation account changed by the same; no other layer or entry came into being.
        """
        self.flush()
        self.invalidate()
        self.assertEqual(journal.state, "posted")
        self.assert_layers_of_lines(journal)
        for product in journal.line_ids.product_id:
            lines = journal.line_ids.filtered(lambda each, p=product: each.product_id == p)
            self.assert_product_changed(product, lines, before[product.id])
        for lot in self.lots_of(journal):
            amount = sum(journal.line_ids.filtered(lambda each, lot=lot: each.lot_id == lot).mapped("amount"))
            self.assertMoney(self.lot_value(lot), before["lot", lot.id]["value"] + amount, lot.name)
        self.assert_entries_of(journal, before)
        self.assert_totals(journal)

    @staticmethod
    def value_change(lines):
        """Return by how much lines change the value of the stock: an allowance changes an account instead."""
        return sum(lines.filtered(lambda line: line.reason_id.posting != "allowance").mapped("amount"))

    def assert_layers_of_lines(self, journal):
        for line in journal.line_ids:
            layers = line.valuation_layer_ids.sudo()
            label = "layers of %s" % line.product_id.name
            amount = self.value_change(line)
            self.assertEqual(bool(layers), not self.currency.is_zero(amount), label)
            # Up to 15.0 the layer takes the half cent along that the value had
            self.assertAlmostEqual(
                sum(layers.mapped("value")), amount, delta=self.currency.rounding / 2.0 + 1e-6, msg=label
            )
            for layer in layers:
                self.assertEqual(layer.quantity, 0, label)
                self.assertEqual(layer.product_id, line.product_id, label)
                self.assertEqual(layer.company_id, journal.company_id, label)
        self.assertEqual(journal.valuation_layer_ids.sudo(), journal.line_ids.valuation_layer_ids.sudo())

    def assert_product_changed(self, product, lines, before):
        amount = self.value_change(lines)
        label = product.name
        self.assertMoney(self.stock_value(product), before["value"] + amount, label)
        self.assertAlmostEqual(self.stock_quantity(product), before["quantity"], 6, label)
        self.assertGreaterEqual(self.stock_value(product), 0, label)
        layers = self.env["stock.valuation.layer"].sudo().search_count([("product_id", "=", product.id)])
        self.assertEqual(layers - before["layers"], len(lines.valuation_layer_ids), label)
        ledger = self.ledger_balance(self.valuation_account(product), product) - before["ledger"]
        self.assertMoney(ledger, amount if self.is_booked(product) else 0.0, "ledger of " + label)
        method = self._in_company(product).cost_method
        open_layers = [] if method == "standard" else self.open_layers(product)
        for _quantity, value in open_layers:
            self.assertGreaterEqual(value, 0, "a layer of %s is negative" % label)
        whole = all(not line.lot_id for line in lines) if self.has_lot_valuation else True
        by_layer = bool(lines.valuation_layer_id)
        if not self.has_product_values and whole and not by_layer and amount and open_layers:
            self.assertMoney(sum(value for _qty, value in open_layers), self.stock_value(product), label)

    def assert_entries_of(self, journal, before):
        booked = journal.line_ids.filtered(
            lambda line: (
                not self.currency.is_zero(line.amount)
                and (line.reason_id.posting == "allowance" or self.is_booked(line.product_id))
            )
        )
        entries = journal.sudo().account_move_ids
        self.assertEqual(bool(entries), bool(booked), "entries of the journal")
        count = self.env["account.move"].sudo().search_count([("company_id", "=", self.company.id)])
        self.assertEqual(count - before["entries"], len(entries), "entries made by posting")
        for entry in entries:
            self.assertEqual(entry.state, "posted")
            self.assertEqual(entry.date, journal.date)
            self.assertEqual(entry.company_id, journal.company_id)
            self.assertMoney(sum(entry.line_ids.mapped("balance")), 0.0)
        items = entries.mapped("line_ids")
        self.assertEqual([item.quantity for item in items if item.quantity], [])
        for line in booked:
            for layer in line.valuation_layer_ids.sudo():
                self.assertIn(layer.account_move_id, entries)

    def assert_totals(self, journal):
        lines = journal.line_ids
        self.assertMoney(journal.value_calculated, sum(lines.mapped("value_calculated")))
        self.assertMoney(journal.value_revalued, sum(lines.mapped("value_revalued")))
        self.assertMoney(journal.amount, sum(lines.mapped("amount")))
        if journal.reason_id.posting != "allowance":
            self.assertMoney(journal.amount, journal.value_revalued - journal.value_calculated)
        self.assertMoney(journal.amount, journal.amount_increase - abs(journal.amount_decrease))

    def assert_refused(self, call, *mentions, **options):
        """The call is refused with a message that mentions these, and nothing changed.

        Option `products`: whose figures must stay as they were.
        """
        products = options.get("products", self.env["product.product"])
        before = self.snapshot(products)
        with self.assertRaises(REFUSALS) as caught:
            call()
            self.flush()
        message = str(caught.exception)
        for mention in mentions:
            self.assertIn(str(mention), message)
        self.assertEqual(self.snapshot(products), before)
        return message

    def shows_button(self, record, name):
        """Tell whether the record's form shows its user a button of this name."""
        read = getattr(record, "get_view", None) or record.fields_view_get
        arch = etree.fromstring(read(view_type="form")["arch"])
        return any(not self._is_hidden(button, record) for button in arch.iterfind(".//button[@name='%s']" % name))

    @staticmethod
    def _is_hidden(element, record):
        """Tell whether a view's condition hides the element: a Python expression, up to 16.0 a domain."""
        condition = json.loads(element.get("modifiers") or "{}").get("invisible", element.get("invisible") or False)
        if isinstance(condition, list):
            # 16.0's own form says "==", which its web client understands
            terms = [[t[0], t[1].replace("==", "="), t[2]] if isinstance(t, list) else t for t in condition]
            return bool(record.filtered_domain(terms))
        if isinstance(condition, str):
            names = re.findall(r"\b[a-z]\w*", re.sub(r"'[^']*'", "", condition))
            values = {name: record[name] for name in names if name == "id" or name in record._fields}
            return bool(safe_eval(condition, values))
        return condition

    def items(self, journal):
        """Return {(account, product): [balances, sorted]} of the journal's entries."""
        found = {}
        for item in journal.sudo().account_move_ids.line_ids:
            key = (item.account_id, item.product_id)
            found.setdefault(key, []).append(self.currency.round(item.debit - item.credit))
        return {key: sorted(balances) for key, balances in found.items()}
