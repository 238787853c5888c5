from collections import defaultdict

from odoo import _, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context, format_date

from .. import compat, tools
from ..engine import rounding
from .stock_revaluation_journal import ROUNDING_WARNING

# Rows of one table of the preview; its totals are those of all rows.
ROWS_SHOWN = 200
# Products that a warning names.
NAMED_AT_MOST = 10


class PostingUndone(Exception):
    """Leaves the savepoint of a preview, so that all it wrote is rolled back."""


class StockRevaluationJournal(models.Model):
    """Preview: what posting would write, found by posting and taking it back."""

    _inherit = "stock.revaluation.journal"

    def action_preview(self):
        """Show layers, costs and journal items exactly as posting would write them."""
        self._check_rights("write")
        self.ensure_one()
        if self.state == "draft" and not self._lines_to_post():
            return self._get_nothing_to_preview()
        preview = self.env["stock.revaluation.preview"]._create_protected(
            [{"journal_id": self.id, "content": self._render_preview(self.get_preview())}]
        )
        return self._window_preview(preview)

    def _window_preview(self, preview):
        return {
            "type": "ir.actions.act_window",
            "name": _("Preview of %s", self.name),
            "res_model": preview._name,
            "res_id": preview.id,
            "view_mode": "form",
            "target": "new",
        }

    def _get_nothing_to_preview(self):
        """Return the action that says so: it is no mistake to look."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": _(
                    "%s: there is nothing to preview yet. Enter a new unit cost or total on at least one line.",
                    self.name,
                ),
            },
        }

    def get_preview(self):
        """Return what posting would write; nothing of it stays.

        Shape: {"products": [...], "layers": [...], "items": [...], "accounts": [...], "warnings": [text]},
        each row a dictionary of texts and numbers as `_describe_posting` makes them.
        Raises: UserError with every problem that keeps the journal from being posted.
        """
        self._check_rights("write")
        self.ensure_one()
        return self._get_preview(None)

    def _get_preview(self, lines):
        """Return what posting `lines` would write, all lines of the journal if None."""
        found = {}
        try:
            with self.env.cr.savepoint():
                found.update(self._try_posting(lines))
                raise PostingUndone()
        except PostingUndone:
            return found
        finally:
            self.env.clear()

    def _try_posting(self, lines):
        """Post, and return what that wrote. Only for `_get_preview`, which takes it back."""
        measured = {}
        inner = tools.Inner(measured)
        # Defaults of the page are not meant for entries and layers, as in Post
        journal = self.with_context(clean_context(self.env.context))  # pylint: disable=context-overridden
        journal = journal.with_context(tracking_disable=True, mail_notrack=True, revaluation_measured=inner)
        journal = journal._remembering()
        if lines is None:
            journal._lock()
            journal._check_can_be_previewed()
            lines = journal._lines_to_post()
        else:
            lines = lines.with_env(journal.env)
            problems = journal._get_line_problems(lines)
            if problems:
                raise UserError("\n\n".join(problems))
        products = lines.product_id.sudo().with_company(journal.company_id)
        costs = {product.id: product.standard_price for product in products}
        warnings = journal._get_warnings(lines)
        journal._post_lines(lines)
        return dict(journal._describe_posting(lines, costs, measured), warnings=warnings)

    def _check_measured(self, lines, before, after, early):
        """Keep what was measured, for a preview to show."""
        super()._check_measured(lines, before, after, early)
        if self._is_preview():
            tools.inner(self.env, "revaluation_measured").update(before=before, after=after)

    def _is_preview(self):
        """Tell whether all that is written will be taken back."""
        return tools.inner(self.env, "revaluation_measured") is not None

    def _check_can_be_previewed(self):
        """Raise UserError as posting would; who may post it is no matter here."""
        self._check_can_post()

    # ------------------------------------------------------------------ what was written

    def _describe_posting(self, lines, costs, measured):
        """Return the rows of the preview after `lines` were posted.

        Shape: `costs` {product id: cost before}; `measured` {"before": {product id: value}, "after": …}.
        """
        items = self.sudo().account_move_ids.line_ids.sorted("id")
        return {
            "products": self._describe_products(lines, costs, measured["before"], measured["after"]),
            "layers": [
                self._describe_layer(layer)
                for layer in lines.sudo().valuation_layer_ids.sorted("id")
                if not layer.revaluation_forwarded
            ],
            "forwarded": self._describe_forwarded(lines),
            "forwarded_totals": self._describe_forwarded_totals(lines),
            "items": [self._describe_item(item) for item in items],
            "accounts": self._describe_accounts(items),
        }

    def _describe_products(self, lines, costs, values, new_values):
        """Return a row per product, in the order of the lines."""
        quantities = defaultdict(float)
        for line in lines:
            quantities[line.product_id] += line.quantity
        return [
            {
                "product": product.sudo().display_name,
                "quantity": quantity,
                "old_cost": costs[product.id],
                "new_cost": product.sudo().with_company(self.company_id).standard_price,
                "old_value": values.get(product.id, 0.0),
                "new_value": new_values.get(product.id, 0.0),
                "amount": self._cents(new_values.get(product.id, 0.0) - values.get(product.id, 0.0)),
            }
            for product, quantity in quantities.items()
        ]

    def _describe_layer(self, layer):
        """Return the row of one valuation layer; without a number of its own, which it gets when posted."""
        return {
            "position": layer.revaluation_line_id._get_title(),
            "description": layer.description,
            "value": self._cents(layer.value),
        }

    def _describe_forwarded(self, lines):
        """Return a row per share that went on, by issue; of production it names the order."""
        layers = lines.sudo().forwarded_layer_ids.sorted(lambda layer: (layer.create_date, layer.id))
        return [
            {
                "date": self._seam()._local_date(layer.create_date),
                "issue": self._get_issue_name(layer.stock_move_id),
                "product": layer.product_id.display_name,
                "account": self._name_forwarded_account(layer.revaluation_account_id),
                "value": self._cents(layer.value),
            }
            for layer in layers
        ]

    def _get_issue_name(self, move):
        """Name a stock move by its document."""
        order = move.raw_material_production_id if "raw_material_production_id" in move._fields else None
        return (order and order.name) or move.reference or move.display_name or _("Change of cost")

    def _describe_forwarded_totals(self, lines):
        """Return a row per day and account, with what of the changes went there."""
        totals = defaultdict(float)
        for row in self._describe_forwarded(lines):
            totals[row["date"], row["account"]] += row["value"]
        return [
            {"date": date, "account": account, "value": self._cents(value)}
            for (date, account), value in sorted(totals.items())
        ]

    def _describe_item(self, item):
        """Return the row of one journal item; its entry has no number before it is posted."""
        return {
            "journal": item.journal_id.display_name,
            "date": item.date,
            "account": item.account_id.display_name,
            "label": item.name,
            "debit": self._cents(item.debit),
            "credit": self._cents(item.credit),
        }

    def _describe_accounts(self, items):
        """Return a row per account, with what all its items come to."""
        totals = {}
        for item in items:
            row = totals.setdefault(
                item.account_id, {"account": item.account_id.display_name, "debit": 0.0, "credit": 0.0}
            )
            row["debit"] += item.debit
            row["credit"] += item.credit
        return [
            dict(row, debit=self._cents(row["debit"]), credit=self._cents(row["credit"])) for row in totals.values()
        ]

    def _cents(self, amount):
        """Round a sum to the currency, without the dust of floating point."""
        return float(rounding.round_to(amount, self.currency_id.rounding))

    # ------------------------------------------------------------------ warnings

    def _get_warnings(self, lines):
        """Return the texts of what deserves a second look, and is no obstacle.

        Override: add your own rule's `_warn_*` to the list.
        """
        return (
            self._warn_rounding_differences(lines)
            + self._warn_large_changes(lines)
            + self._warn_unbilled_receipts(lines)
            + self._warn_open_deliveries(lines)
        )

    def _warn_rounding_differences(self, lines):
        found = lines.filtered(lambda line: abs(line.rounding_difference) > ROUNDING_WARNING)
        return self._warning(
            _("The product's cost, stored rounded, cannot carry the total: enter a unit cost instead, or accept it."),
            found.product_id,
        )

    def _warn_large_changes(self, lines):
        limit = self.company_id.sudo().revaluation_warning_percent
        found = lines.filtered(lambda line: limit and line._changes_by_more_than(limit))
        return self._warning(_("Inventory value changes by more than %g per cent.", limit), found.product_id)

    def _warn_unbilled_receipts(self, lines):
        """A bill that comes later, at another price, changes the value again."""
        found = self._get_open_products("purchase", "qty_received", "qty_invoiced", lines.product_id)
        return self._warning(
            _("Received and not billed in full: a bill at another price changes the value again."), found
        )

    def _warn_open_deliveries(self, lines):
        """Where the cost of goods sold is booked with the invoice, it takes the cost of that day."""
        if not compat.COST_BOOKED_WITH_INVOICE:
            return []
        products = lines.filtered(lambda line: line.cost_method != "fifo").product_id
        found = self._get_open_products("sale", "qty_delivered", "qty_invoiced", products)
        return self._warning(
            _("Delivered and not invoiced: Odoo takes the new cost when it books the cost of these goods."), found
        )

    def _get_open_products(self, kind, done, invoiced, products):
        """Return those `products` of which orders have more done than invoiced.

        Shape: `kind` "purchase" or "sale"; `done` and `invoiced` are quantities of its order lines.
        """
        Line = self.env.get("%s.order.line" % kind)
        if Line is None or done not in Line._fields or not Line._fields[done].store:
            return products.browse()
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT DISTINCT l.product_id FROM {0}_order_line l JOIN {0}_order o ON o.id = l.order_id"
            " WHERE o.state IN ('purchase', 'sale', 'done') AND o.company_id = %s AND l.product_id = ANY(%s)"
            " AND l.{1} > COALESCE(l.{2}, 0)".format(kind, done, invoiced),
            [self.company_id.id, products.ids],
        )
        found = {row[0] for row in self.env.cr.fetchall()}
        return products.filtered(lambda product: product.id in found)

    def _warning(self, text, products):
        """Return `text` with the names of `products` as a list of one, or of none."""
        if not products:
            return []
        names = self._name_products(products.ids, NAMED_AT_MOST)
        return ["%s (%s)" % (text, ", ".join(names))]

    # ------------------------------------------------------------------ how it is shown

    def _render_preview(self, preview):
        """Return a preview as HTML, in the user's language."""
        return compat.render_template(
            self.env, "stock_revaluation_journal.preview_content", self._get_preview_values(preview)
        )

    def _get_preview_values(self, preview):
        """Return what the template is rendered with: rows, and how numbers are written."""

        def total(table, name):
            return self._cents(sum(row[name] for row in preview[table]))

        return dict(
            preview,
            journal=self,
            shown=lambda table: preview[table][:ROWS_SHOWN],
            hidden=lambda table: max(0, len(preview[table]) - ROWS_SHOWN),
            total=total,
            day=lambda date: format_date(self.env, date),
            money=lambda amount: tools.format_amount(self.env, amount, self.currency_id),
            cost=lambda cost: tools.format_number(self.env, cost, "Revaluation Unit Cost"),
            quantity=lambda quantity: tools.format_number(self.env, quantity, compat.QUANTITY_DIGITS),
        )


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    def _changes_by_more_than(self, percent):
        """Tell whether the value changes by more than `percent`; from nothing, any change does."""
        self.ensure_one()
        if self.currency_id.is_zero(self.value_calculated):
            return not self.currency_id.is_zero(self.amount)
        return abs(self.amount) > abs(self.value_calculated) * percent / 100.0
