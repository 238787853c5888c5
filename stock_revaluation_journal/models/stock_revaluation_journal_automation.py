from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html
from odoo.tools.misc import clean_context

from .. import compat, tools

# System parameter: what it costs to sell, in per cent of the sales price, for the ready server actions.
SELLING_COST_PARAMETER = "stock_revaluation_journal.selling_cost_percent"
# Products that a message names.
NAMED_AT_MOST = 20


class StockRevaluationJournal(models.Model):
    """What automated actions, rules and external programs call."""

    _inherit = "stock.revaluation.journal"

    reference = fields.Char(
        "Reference",
        copy=False,
        help="Given by the program that asked for this journal: it never makes a second one with the same reference.",
    )

    def init(self):
        """One journal a reference and company; PostgreSQL holds it for every way in."""
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS stock_revaluation_journal_reference_uniq"
            " ON stock_revaluation_journal (company_id, reference) WHERE reference <> ''"
        )

    # ------------------------------------------------------------------ costs given

    def _get_writable_fields(self, state):
        own = ("reference",) if state in ("new", "draft") else ()
        return super()._get_writable_fields(state) + own

    @api.model
    @compat.returns_record
    def revalue(
        self,
        costs,
        date=None,
        reason=None,
        post=True,
        description=None,
        reference=None,
        also_without_stock=False,
    ):
        """Revalue products in one call: for automated actions and external programs.

        Shape: `costs` maps a product id (a string will do, as JSON has it) to the new unit cost, or to
        {"unit_cost": x} or {"value": x}; `date` a date or its ISO text, today if None; `reason` a
        record, an id or a code; `reference` any text of the caller's: sent again, at the same time
        even, it returns the journal that it made first, whatever else the call says;
        `also_without_stock` takes products under standard cost that have no stock, by their unit cost.
        Units: company currency per stock unit; `value` is the new total.
        Returns: the journal, posted unless `post` is False; over RPC its id (19.0: a list with its id).
        Above the company's approval limit it stays a draft, and the other managers are asked to post it.
        Of very many products (system parameter `stock_revaluation_journal.calculate_limit`) it returns the draft at
        once and goes on in the background: `task` says what runs and is False when it is done, `state` is posted
        then; if not, `task_failed` is set and `notice` says why.
        Raises: UserError that names the products that cannot be revalued; nothing is written then.
        """
        self._check_rights("create")
        self = self.with_context(clean_context(self.env.context))  # noqa: PLW0642 # pylint: disable=context-overridden
        reference = self._clean_reference(reference)
        journal = self._find_reference(reference)
        if journal:
            return journal
        entries = self._read_costs(costs)
        with self.env.cr.savepoint():
            journal = self.create(
                [
                    {
                        "date": self._read_date(date),
                        "reason_id": self._reason_for(reason).id,
                        "description": description,
                        "reference": reference,
                    }
                ]
            )
            if journal._are_many(entries):
                journal._revalue_in_steps(entries, costs=entries, post=post, also_without_stock=also_without_stock)
            else:
                journal._fill(entries, also_without_stock)
                if post:
                    journal._post_or_request_approval()
        return journal

    def _fill(self, entries, also_without_stock=False):
        """Calculate the products of `entries` ({product id: entry}) and enter their new figures."""
        self.ensure_one()
        left_out = self._add_entered(entries, also_without_stock)[1]
        self._note_left_out(left_out, {"also_without_stock": also_without_stock, "existing_lines": "replace"})
        if self.left_out:
            raise UserError(_("These products cannot be revalued:\n%s", self.left_out))

    def _add_entered(self, entries, also_without_stock=False):
        """Add lines of products with their new figures; return (lines, {product id: reason left out})."""
        products = self._get_products(list(entries))
        _count, left_out = self._calculate_products(products, "product", [], 0.0, "replace", also_without_stock)
        left_out.update(dict.fromkeys(self._foreign_products(list(entries), products, None), "foreign"))
        lines = self.line_ids.search([("journal_id", "=", self.id), ("product_id", "in", list(entries))])
        lines._write_entries({each["id"]: entries[each["product_id"]] for each in lines._read_rows("product_id")})
        return lines, left_out

    def _clean_reference(self, reference):
        return str(reference).strip() if reference else False

    def _find_reference(self, reference):
        """Return the company's journal of this reference; empty if there is none, and none is being made.

        Two calls at once take turns at a lock. The second one may have begun before the first was
        committed and not see its journal: it then asks Odoo to run the request again.
        """
        domain = [("company_id", "=", self.env.company.id), ("reference", "=", reference)]
        journal = self.search(domain, limit=1) if reference else self.browse()
        if journal or not reference:
            return journal
        compat.flush(self.env)
        self.env.cr.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [self.env.company.id, "revaluation " + reference]
        )
        with self.env.registry.cursor() as fresh_cr:
            fresh_cr.execute(
                "SELECT 1 FROM stock_revaluation_journal WHERE company_id = %s AND reference = %s",
                [self.env.company.id, reference],
            )
            made_meanwhile = fresh_cr.fetchone()
        if made_meanwhile:
            tools.ask_to_run_again(self.env.cr)
        return journal

    # ------------------------------------------------------------------ arguments

    def _read_costs(self, costs):
        """Return {product id: {"unit_cost" or "value": number}} for the `costs` of `revalue`."""
        if not isinstance(costs, dict) or not costs:
            raise UserError(_("Say which products to revalue: a mapping of product ids to unit costs."))
        values = {self._product_id(key): value for key, value in costs.items()}
        if len(values) < len(costs):
            raise UserError(_("A product stands among the costs twice, as a number and as a text. Give it once."))
        products = self.env["product.product"].with_context(active_test=False).browse(values)
        unknown = sorted(set(values) - set(products.sudo().exists().ids))
        if unknown:
            raise UserError(
                _(
                    "There is no product with this id: %s. Look at the ids that you send.",
                    ", ".join(map(str, unknown[:NAMED_AT_MOST])),
                )
            )
        self._check_access_to(products, "read")
        return {product.id: self._entry(product.sudo(), values[product.id]) for product in products}

    def _product_id(self, key):
        try:
            return tools.record_id(key)
        except (TypeError, ValueError):
            raise UserError(_("%r is not the id of a product.", key)) from None

    def _entry(self, product, value):
        """Return {"unit_cost": number} or {"value": number} for a value of `costs`."""
        entry = dict(value) if isinstance(value, dict) else {"unit_cost": value}
        if len(entry) != 1 or not entry.keys() <= {"unit_cost", "value"}:
            raise UserError(_("%s: give either unit_cost or value.", product.display_name))
        if any(number is None or isinstance(number, bool) for number in entry.values()):
            raise UserError(_("%s: the new unit cost or value is missing.", product.display_name))
        return entry

    def _read_date(self, date):
        try:
            return fields.Date.to_date(date) or fields.Date.context_today(self)
        except (TypeError, ValueError):
            raise UserError(_("%r is not a date. Write it as 2026-12-31.", date)) from None

    def _reason_for(self, reason):
        if reason and not isinstance(reason, (str, int, models.BaseModel)):
            raise UserError(_("There is no revaluation reason %r.", reason))
        found = self.env["stock.revaluation.reason"]._find(reason)
        if reason and not found:
            raise UserError(_("There is no revaluation reason %r.", reason))
        return found

    # ------------------------------------------------------------------ costs from a source

    @api.model
    @compat.returns_record
    def revalue_from(
        self,
        source,
        product_ids=None,
        categ_ids=None,
        post=False,
        reason=None,
        description=None,
        reference=None,
        date=None,
        **options,
    ):
        """Revalue products to what a source of costs says: for automated actions and server actions.

        Shape: `source` and `options` as in *Suggest Revalued Cost*: "vendor", "last_receipt", "sales"
        with deduction_percent=10 and only_lower=True, …; `product_ids`, `categ_ids` (with those below)
        lists of ids, None for all; `reason` a record, an id or a code; `reference` and `date` as for `revalue`.
        Returns: the journal, a draft unless `post` (or if it needs approval); empty if no cost changes.
        Products without a new cost are named in its chatter. Very many products go on in the background, as in
        `revalue`; the journal is there at once, and stays without lines if no cost changes.
        Raises: UserError if there is no such source or option.
        """
        self._check_rights("create")
        product_ids, categ_ids = self._read_ids(product_ids), self._read_ids(categ_ids)
        self._check_access_to(self.env["product.product"].browse(product_ids or []), "read")
        self._check_access_to(self.env["product.category"].browse(categ_ids or []), "read")
        reference = self._clean_reference(reference)
        journal = self._find_reference(reference)
        if journal:
            return journal
        Source, reason, date = (
            self.env["stock.revaluation.cost.source"],
            self._reason_for(reason),
            self._read_date(date),
        )
        Source._complete_options(source, options)
        description = description or dict(Source._select_source())[source]
        products = self._find_candidates(product_ids, categ_ids)
        if self._are_many(products):
            vals = {"date": date, "reason_id": reason.id, "description": description, "reference": reference}
            journal = self.create([vals])
            options = {name: getattr(value, "id", value) for name, value in options.items()}
            journal._revalue_in_steps(products.ids, source=source, options=options, post=post)
            return journal
        suggestions, missing, items = self._suggest_products(
            source, product_ids, categ_ids, reason=reason, date=date, **options
        )
        if not suggestions:
            return journal
        costs = {each.item.product_id: each.entry for each in suggestions}
        with self.env.cr.savepoint():
            journal = self.revalue(costs, date, reason=reason, description=description, post=False, reference=reference)
            journal._log_missing(Source._name_missing(items, missing))
            journal.line_ids._note_suggested(suggestions)
            if post:
                journal._post_or_request_approval()
        return journal

    @api.model
    def _suggest_products(
        self, source, product_ids=None, categ_ids=None, cost_methods=None, reason=None, date=None, **options
    ):
        """Return ([Suggestion], {key: reason}, [Item]) of the company's products in stock at the end of `date`."""
        company = self.env.company
        Source = self.env["stock.revaluation.cost.source"]
        products = self._find_candidates(product_ids, categ_ids)
        if cost_methods:
            products = products.filtered(lambda product: product.cost_method in cost_methods)
        date = date or fields.Date.context_today(self)
        items = Source._get_items(products, company, date)
        if source == "nrv":
            items = Source._with_allowances(items, company, date, reason)
        items = [item for item in items if item.quantity > 0 or item.booked]
        suggestions, missing = Source._suggest(items, source, company, date, reason, **options)
        return [each for each in suggestions if each.amount], missing, items

    @api.model
    def _find_candidates(self, product_ids=None, categ_ids=None):
        """Return the storable products of the company, of these and of these categories where given."""
        company = self.env.company
        domain = self._product_domain(product_ids, categ_ids, None, None)
        seam = self.env["stock.revaluation.valuation"].with_context(allowed_company_ids=company.ids)
        return seam.with_company(company)._candidates(domain).with_company(company)

    def _log_missing(self, names):
        """Say in the chatter which products have no new cost."""
        if names:
            self.message_post(body=plaintext2html(_("Not revalued:") + "\n" + names))

    # ------------------------------------------------------------------ actions

    def action_suggest(self):
        """Open Suggest Revalued Cost, for the lines selected in a list or for all."""
        self._check_rights("write")
        self.ensure_one()
        self._check_draft()
        context = {"default_journal_id": self.id}
        if self.env.context.get("active_model") == "stock.revaluation.journal.line":
            selected = self.line_ids.filtered(lambda line: line.id in self.env.context.get("active_ids", ()))
            context["default_line_ids"] = [(6, 0, selected.ids)]
        return {
            "type": "ir.actions.act_window",
            "name": _("Suggest Revalued Cost"),
            "res_model": "stock.revaluation.suggest",
            "view_mode": "form",
            "target": "new",
            "context": context,
        }

    @api.model
    def _check_may_revalue(self, records):
        """Raise AccessError unless the user may prepare journals, and read the goods they would be about."""
        self._check_rights("create")
        self._check_access_to(records, "read")

    @api.model
    def _revalue_by_action(self, source, post, reason=None, product_ids=None, categ_ids=None, **options):
        """Revalue for a button: open the journal, or say that there is nothing to do."""
        journal = self.revalue_from(
            source, product_ids=product_ids, categ_ids=categ_ids, post=post, reason=reason, **options
        )
        if journal:
            return {
                "type": "ir.actions.act_window",
                "name": _("Revaluation Journal"),
                "res_model": self._name,
                "view_mode": "form",
                "res_id": journal.id,
            }
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self._get_no_change_text(),
            },
        }

    @api.model
    def _get_no_change_text(self):
        return _("No cost changes: there is no stock, no new cost, or it is the same.")

    @api.model
    def _write_down_by_action(self, post, deduction_percent=None, **products):
        """Write down to the sales price less what it costs to sell, where that is lower than the cost."""
        if deduction_percent is None:
            deduction_percent = self._get_selling_cost_percent()
        reason = self.env.ref("stock_revaluation_journal.reason_write_down", raise_if_not_found=False)
        return self._revalue_by_action(
            "sales", post, reason=reason, deduction_percent=deduction_percent, only_lower=True, **products
        )

    @api.model
    def _get_selling_cost_percent(self):
        """Return what it costs to sell, in per cent of the sales price."""
        text = self.env["ir.config_parameter"].sudo().get_param(SELLING_COST_PARAMETER, "0")
        try:
            return float(text)
        except ValueError:
            raise UserError(_("System parameter %s must be a number.", SELLING_COST_PARAMETER)) from None

    @api.model
    def _restrict_server_actions(self):
        """Offer the ready server actions to revaluation users alone: those who post to managers."""
        field = compat.action_groups_field(self.env)
        for model in ("template", "product", "category"):
            for name in ("vendor", "realisable"):
                for ending, group in (("draft", "user"), ("post", "manager")):
                    action = self.env.ref("stock_revaluation_journal.action_%s_%s_%s" % (model, name, ending))
                    own = self.env.ref("stock_revaluation_journal.group_revaluation_" + group)
                    action.write({field: [(6, 0, own.ids)]})


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    def action_suggest(self):
        """Open Suggest Revalued Cost for the selected lines of one journal."""
        self._check_rights("write")
        if len(self.journal_id) != 1:
            raise UserError(_("Select lines of one journal only."))
        return self.journal_id.with_context(active_model=self._name, active_ids=self.ids).action_suggest()
