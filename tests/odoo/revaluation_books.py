"""Builders of companies: accounts, journals, categories, users, products, lots, on Odoo 14.0 to 19.0."""

from contextlib import contextmanager
from types import SimpleNamespace

ACCOUNTS = [
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
JOURNALS = [
    ("stock_journal", "TSTK", "Stock", "general"),
    ("other_journal", "TMSC", "Miscellaneous", "general"),
    ("purchase_journal", "TPUR", "Purchases", "purchase"),
    ("sale_journal", "TSAL", "Sales", "sale"),
]


class BooksBuilders:
    """What a company of its own needs before anything is received there: as each series wants it."""

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
        for key, code, label, kind in ACCOUNTS:
            # A branch shares its parent's chart: codes of their own for every company
            setattr(books, key, cls.create_account(company, "%s%02d" % (code, len(cls.all_books)), label, kind))
        for key, code, label, kind in JOURNALS:
            vals = {"name": label, "code": code, "type": kind, "company_id": company.id}
            if kind in ("purchase", "sale"):
                vals["default_account_id"] = (books.account_expense if kind == "purchase" else books.account_income).id
            setattr(books, key, env["account.journal"].create(vals))
        cls._set_up_company(books)
        books.categories = {}
        cls.all_books.append(books)
        return books

    @classmethod
    def _set_up_company(cls, books):
        """Give a company, its vendor and its customer their accounts."""
        company, vals = books.company, {}
        if "anglo_saxon_accounting" in company._fields:
            vals["anglo_saxon_accounting"] = True
        if "account_stock_journal_id" in company._fields:  # 19.0
            vals["account_stock_journal_id"] = books.stock_journal.id
            vals["account_stock_valuation_id"] = books.account_valuation.id
            books.account_valuation.account_stock_variation_id = books.account_variation
        if "expense_account_id" in company._fields:
            vals["expense_account_id"] = books.account_expense.id
            vals["income_account_id"] = books.account_income.id
        company.write(vals)
        for partner in (cls.vendor, cls.customer):
            partner.with_company(company).write(
                {
                    "property_account_payable_id": books.account_payable.id,
                    "property_account_receivable_id": books.account_receivable.id,
                }
            )

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
