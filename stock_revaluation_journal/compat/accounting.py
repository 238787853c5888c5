"""Journal entries, accounts, analytics and lock dates."""

from odoo import fields

from .series import SERIES

# The last entry of an accounting journal is written to when the next one gets its number (up to 16.0).
NUMBERS_ONE_AT_A_TIME = SERIES < 17
# Lines of one journal entry at the most: Odoo's own work on an entry grows with its items (14.0: their square).
LINES_PER_ENTRY = 500 if SERIES >= 16 else 200
# Values of journal items that keep Odoo from looking up analytic defaults line by line.
NO_ANALYTIC = (
    {"analytic_distribution": False}
    if SERIES >= 16
    else {"analytic_account_id": False, "analytic_tag_ids": [(6, 0, [])]}
)
# Base of models with an analytic distribution (16.0 and later).
ANALYTIC_MIXIN = ["analytic.mixin"] if SERIES >= 16 else []
# Rules by which Odoo fills in analytics by itself.
ANALYTIC_RULES = "account.analytic.distribution.model" if SERIES >= 16 else "account.analytic.default"


def item_amounts(amount):
    """Values of a journal item that debits `amount`, or credits it if negative, as the ORM need not derive them.

    From 18.0 on it would work out an item's subtotals, which without taxes are its amount, by its taxes' engine.
    """
    if SERIES >= 18:
        return {"balance": amount, "price_unit": 0.0, "price_subtotal": amount, "price_total": amount}
    return {"balance": amount} if SERIES >= 16 else {"debit": max(amount, 0.0), "credit": max(-amount, 0.0)}


def storno_vals(company):
    """Return the values (of an entry, of each of its items) of an entry that takes another one back.

    Companies under storno accounting (16.0 and later) book it on the same sides, with negative amounts.
    """
    if "account_storno" not in company._fields or not company.account_storno:
        return {}, {}
    kept = company.env["account.move"]._fields["is_storno"].store
    return ({"is_storno": True}, {}) if kept else ({}, {"is_storno": True})


def has_analytic_rules(env):
    """Tell whether there are rules by which Odoo fills in analytics."""
    return bool(env[ANALYTIC_RULES].sudo().search([], limit=1))


def analytic_names(item):
    """Return the names of a journal item's analytic accounts."""
    if "analytic_distribution" not in item._fields:
        return item.analytic_account_id.display_name or ""
    ids = {int(part) for key in item.analytic_distribution or {} for part in key.split(",") if part.isdigit()}
    return ", ".join(item.env["account.analytic.account"].browse(sorted(ids)).exists().mapped("display_name"))


def account_is_open(account):
    """Tell whether entries may be posted to the account."""
    return account.active if "active" in account._fields else not account.deprecated


def account_belongs_to(account, company):
    """Tell whether the account is one of `company`'s chart (its parents' for a branch)."""
    if "company_ids" in account._fields:
        return bool(account.company_ids & company.sudo().parent_ids)
    return shares_company(account, company)


def account_is_allowed_in(account, accounting_journal):
    """Tell whether an account may be used in an accounting journal; 19.0 knows no such limit."""
    allowed = "allowed_journal_ids" in account._fields and account.allowed_journal_ids
    return not allowed or accounting_journal in allowed


def shares_company(record, company):
    """Tell whether a record with a `company_id` may be used in `company` (its parents' may, for a branch)."""
    return record.company_id in with_parents(company)


def with_parents(companies):
    """Return companies and, for branches (17.0 and later), the companies above: what these own they use as well."""
    return companies.sudo().parent_ids | companies.sudo() if "parent_ids" in companies._fields else companies


def locked_until(company, journal, date):
    """Return the lock date that keeps the user from posting at `date`, or None."""
    if hasattr(company, "_get_lock_date_violations"):
        violated = company._get_violated_lock_dates(date, False, journal)
        return max(lock[0] for lock in violated) if violated else None
    lock_date = company._get_user_fiscal_lock_date()
    return lock_date if lock_date and date <= fields.Date.to_date(lock_date) else None
