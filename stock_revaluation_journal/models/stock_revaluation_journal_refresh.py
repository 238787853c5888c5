from collections import defaultdict

from odoo import _, models
from odoo.tools import plaintext2html

from .. import compat, tools
from .stock_revaluation_journal import NAMED_AT_MOST
from .stock_revaluation_journal_line import ENTRY_FIELDS

# What a line and the books are compared by, and what Refresh keeps.
FIGURES_OF_BOOKS = (
    "journal_id",
    "product_id",
    "lot_id",
    compat.LAYER_FIELD,
    "quantity",
    "value_calculated",
    "unit_cost_calculated",
    "cost_method",
    "automated",
    "is_stale",
    "whole_receipt",
    "entered",
    "unit_cost_revalued",
    "value_revalued",
    "allowance_booked",
)


class StockRevaluationJournal(models.Model):
    """Refresh: the figures of the books again, and what was entered kept."""

    _inherit = "stock.revaluation.journal"

    def action_refresh(self):
        """Read the figures again and keep what was entered; say what changed in the chatter."""
        self._check_rights("write")
        for journal in self:
            if not journal.problem:
                journal._check_draft()
            lines = journal.line_ids.filtered(lambda line: line.state == "draft")
            count, texts = journal._refresh_lines(lines)
            journal._log_refresh(count, len(lines), texts)
        return True

    def _refresh_lines(self, lines):
        """Read the figures of `lines` again; return (how many had changed, [text of one, of the first ones])."""
        was = {row["id"]: row for row in lines._read_rows("quantity", "value_calculated")}
        changed, texts = lines._refresh(), []
        for line in changed[:NAMED_AT_MOST]:
            quantities = [
                tools.format_number(self.env, each, compat.QUANTITY_DIGITS)
                for each in (was[line.id]["quantity"], line.quantity)
            ]
            values = [
                tools.format_amount(self.env, each, line.currency_id)
                for each in (was[line.id]["value_calculated"], line.value_calculated)
            ]
            texts.append("– %s: %s → %s, %s → %s" % (line._get_title(), *quantities, *values))
        return len(changed), texts

    def _log_refresh(self, count, total, texts):
        """Say in the chatter how many of `total` lines had changed; `texts` say what, of the first ones."""
        text = [_("Refreshed: %(count)d of %(total)d lines had changed.", count=count, total=total)] + texts
        if count > len(texts):
            text.append(_("… and %d more", count - len(texts)))
        self.message_post(body=plaintext2html("\n".join(text)))


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    def _compare_with_books(self):
        """Return [(figures, Position or None, Facts, whether they differ)] of these lines and the books of now.

        Shape: `figures` {name: value} of a line, see FIGURES_OF_BOOKS.
        """
        rows_by_journal, compared = defaultdict(list), []
        for row in self._read_rows(*FIGURES_OF_BOOKS):
            rows_by_journal[row["journal_id"]].append(row)
        for journal_id, rows in rows_by_journal.items():
            journal = self.env["stock.revaluation.journal"].browse(journal_id)
            keys = [self._vals_key(row) for row in rows]
            positions = journal._find_positions(keys)
            products = self.env["product.product"].sudo().browse({key.product_id for key in keys})
            facts = {product.id: product for product in journal._seam()._facts(products)}
            for row, key in zip(rows, keys):
                position, product = positions.get(key), facts[key.product_id]
                differs = self._differs(row, position, product, journal.currency_id)
                compared.append((row, position, product, differs))
        return compared

    def _differs(self, figures, position, product, currency):
        """Tell whether the books no longer have what a line was calculated on."""
        return (
            position is None
            or tools.uom_compare(product.uom_id, position.quantity, figures["quantity"]) != 0
            or not currency.is_zero(position.value - figures["value_calculated"])
            or product.cost_method != figures["cost_method"]
            or (product.valuation == "real_time") != figures["automated"]
        )

    def _refresh(self):
        """Read the figures again and keep what was entered; return the lines that had changed.

        A line whose stock is gone stays, marked outdated: delete it or bring the stock back.
        """
        gone, rows_by_journal, changed = [], defaultdict(list), []
        for figures, position, product, differs in self._compare_with_books():
            if not differs and not figures["is_stale"]:
                continue
            changed.append(figures["id"])
            if position is None:
                gone.append(figures["id"])
                continue
            journal = self.env["stock.revaluation.journal"].browse(figures["journal_id"])
            row = self._book_values(position, product)
            if figures["entered"]:
                number = figures[{entered: field for field, entered in ENTRY_FIELDS.items()}[figures["entered"]]]
                known = dict(figures, **dict(row, rounding=journal.currency_id.rounding))
                row.update(self._entry_values(known, figures["entered"], number))
            rows_by_journal[journal].append(dict(row, id=figures["id"]))
        for journal, rows in rows_by_journal.items():
            self._update_rows(journal, rows)
        if gone:
            self.browse(gone)._write_protected({"is_stale": True})
        return self.browse(changed)
