import math
import re
from collections import defaultdict

from odoo import _, models
from odoo.exceptions import UserError

from .. import compat
from ..valuation.shapes import Key
from .stock_revaluation_import import ENTERED

# Columns that make a row one of a lot, of a receipt or of a line that exists.
NARROWING = ("lot_name", "lot_id", "receipt", "stock_move_id", "valuation_layer_id", "journal_id", "id", ".id")
DATE = re.compile(r"\d{4}-\d\d-\d\d$")
REFERENCE = re.compile(r"\[([^\]]+)\]")


class StockRevaluationImport(models.AbstractModel):
    """What the rows of a file name, all of them at once: products, figures, positions; and what is wrong with them."""

    _inherit = "stock.revaluation.import"

    def _resolve_products(self, fields, data):
        """Replace the texts of the product column by ids; return (fields, data, messages)."""
        column = self._column(fields, "product_id")
        if column is None:
            return fields, data, []
        texts = {str(row[column]).strip() for row in data if row[column]}
        found, messages = self._find_products(texts), []
        for index, row in enumerate(data):
            text = str(row[column] or "").strip()
            products = found.get(text, [])
            if len(products) == 1:
                row[column] = str(products[0])
            elif text:
                messages.append(self._error(index, "product_id", self._product_problem(text, products)))
        fields[column] = self._import_prefix + "product_id/.id"
        return fields, data, messages

    def _product_problem(self, text, products):
        if products:
            return _(
                "%(count)d products go by %(text)s: give the internal reference or barcode instead.",
                count=len(products),
                text=text,
            )
        return _("No product has the internal reference, barcode or name %s.", text)

    def _find_products(self, texts):
        """Return {text: [product ids]}: by reference, else by barcode, else by name as a list shows it."""
        Product = self.env["product.product"].with_context(active_test=False)
        company = [("company_id", "in", [False, *compat.with_parents(self.env.companies).ids])]
        references = {text: REFERENCE.match(text).group(1) if REFERENCE.match(text) else text for text in texts}
        wanted = list(texts | set(references.values()))
        by_reference, by_barcode, by_name = defaultdict(list), defaultdict(list), defaultdict(list)
        domain = company + ["|", ("default_code", "in", wanted), ("barcode", "in", wanted)]
        for product in Product.search(domain):
            by_reference[product.default_code].append(product.id)
            by_barcode[product.barcode].append(product.id)
        found = {
            text: by_reference.get(text) or by_barcode.get(text) or by_reference.get(references[text]) for text in texts
        }
        left = [text for text in texts if not found[text]]
        names = {name for text in left for name in (text, text.split(" (")[0])}
        for product in Product.search(company + [("name", "in", list(names))]) if left else []:
            for name in {product.name, product.display_name}:
                by_name[name].append(product.id)
        return dict(found, **{text: by_name.get(text, []) for text in left})

    def _check_numbers(self, fields, data):
        """Return the messages of cells that are no numbers from zero up."""
        messages = []
        for name in ENTERED:
            column = self._column(fields, name)
            for index, row in enumerate(data if column is not None else []):
                if not self._is_amount(row[column]):
                    text = _("%s is no number from zero up.", row[column])
                    messages.append(self._error(index, name, text))
        return messages

    def _is_amount(self, cell):
        if cell in (None, False, ""):
            return True
        try:
            return math.isfinite(float(cell)) and float(cell) >= 0
        except ValueError:
            return False

    def _check_positions(self, fields, data):
        """Return the messages of new product rows that cannot become lines: all at once, and each named.

        Rows of a lot or receipt, and those that name a line that exists, are checked when written.
        """
        rows = self._get_product_rows(fields, data)
        products = self.env["product.product"].sudo()
        known = self._read_positions(set(rows.values()), self._get_import_dates(fields, data))
        existing, taken, messages = self._get_import_keys(), set(), []
        for index, product_id in rows.items():
            key = Key(product_id, False, False)
            text = None
            if key not in known:
                text = _(
                    "%s has no quantity in stock that could be revalued.",
                    self._name_product(products.browse(product_id)),
                )
            elif key in taken:
                text = _(
                    "%s stands there twice: one journal revalues a position once.",
                    self._name_product(products.browse(product_id)),
                )
            elif key not in existing:
                text = self._contradiction(fields, data[index], known[key])
            if text:
                messages.append(self._error(index, "product_id", text))
            if not self._import_prefix:
                taken.add(key)
        return messages

    def _get_product_rows(self, fields, data):
        """Return {row: product id} of the rows that make a line of a whole product."""
        column = self._column(fields, "product_id/.id")
        narrowing = [self._column(fields, name) for name in NARROWING]
        narrowing = [index for index in narrowing if index is not None]
        return {
            index: int(row[column])
            for index, row in enumerate(data if column is not None else [])
            if row[column] and not any(row[other] for other in narrowing)
        }

    def _read_positions(self, product_ids, dates):
        """Return {Key: Position} of whole products as the books have them at the end of one of `dates`."""
        journal = self.env["stock.revaluation.journal"].new({"company_id": self._get_import_company().id})
        keys, known = [Key(product_id, False, False) for product_id in product_ids], {}
        for date in sorted(dates) if keys else ():
            known.update(journal._seam()._read_keys(keys, journal._moment(date)))
        return known

    def _get_import_dates(self, fields, data):
        """Return the accounting dates of the journals in a file; what is no date Odoo's import will say."""
        dates = {str(row[fields.index("date")] or "")[:10] for row in data} if "date" in fields else {""}
        today = str(self.env["stock.revaluation.journal"]._read_date(None))
        return {date if DATE.match(date) else today for date in dates}

    def _contradiction(self, fields, row, position):
        """Return what is wrong with a row that gives both numbers, None if they agree."""
        columns = [self._column(fields, name) for name in ENTERED]
        if None in columns or any(row[column] in (None, False, "") for column in columns):
            return None
        Line = self.env["stock.revaluation.journal.line"]
        product = self.env["product.product"].sudo().browse(position.key.product_id)
        company = self._get_import_company()
        vals = dict(
            Line._book_values(position, product.with_company(company)),
            product_id=product.id,
            rounding=company.currency_id.rounding,
        )
        try:
            Line._complete(vals, {name: row[column] for name, column in zip(ENTERED, columns)}, None)
        except UserError as error:
            return str(error)
        return None

    def _get_import_keys(self):
        """Return the positions that lines of the journal have already, where a file adds to one."""
        return set()

    def _get_import_company(self):
        """Return the company whose stock a file revalues."""
        return self.env.company
