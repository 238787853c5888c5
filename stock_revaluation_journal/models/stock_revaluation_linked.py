from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from .. import compat


class StockRevaluationLinked(models.AbstractModel):
    """What leads to its revaluations: lots, layers, stock moves. Products count in `product_product`."""

    _name = "stock.revaluation.linked"
    _description = "Leads to Its Revaluations"

    revaluation_count = fields.Integer(
        "Revaluation Count",
        compute="_compute_revaluation_count",
        help="Posted lines of revaluation journals that changed its value.",
    )

    def _compute_revaluation_count(self):
        """Count the posted lines of each record; nothing for users without access to revaluations."""
        Line = self.env["stock.revaluation.journal.line"]
        readable = compat.has_access(Line, "read")
        for record in self:
            domain = record._get_revaluation_domain() if readable and record.id else None
            record.revaluation_count = Line.search_count(domain) if domain else 0

    def _get_revaluation_domain(self):
        """Return the domain of the posted journal lines that changed the value of these records."""
        raise NotImplementedError

    def action_view_revaluations(self):
        """Open the posted revaluation lines of the records."""
        Line = self.env["stock.revaluation.journal.line"]
        Line._check_may_see(self)
        return Line._window(self._get_revaluation_domain())

    def _either(self, *terms):
        """Return the domain of posted lines for which one of `terms` holds."""
        return [("state", "=", "posted")] + ["|"] * (len(terms) - 1) + list(terms)

    def _shares(self, layer_ids):
        """Return the terms for lines that were spread over one of the layers: [[id, quantity, amount], …]."""
        return [("layer_shares", "like", "[%d, " % layer_id) for layer_id in layer_ids]


class StockLot(models.Model):
    _name = compat.LOT_MODEL
    _inherit = [compat.LOT_MODEL, "stock.revaluation.linked"]

    def _get_revaluation_domain(self):
        terms = [("lot_id", "in", self.ids)]
        if "lot_id" in self.env["stock.valuation.layer"]._fields:
            terms.append(("valuation_layer_ids.lot_id", "in", self.ids))
        return self._either(*terms)

    def action_revalue(self):
        """Prepare a revaluation journal with a line for each of these lots."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        products = self.product_id
        return self.env["stock.revaluation.journal"]._prepare_for(
            self.env.company, products, calculate_per="lot", lot_ids=self.ids
        )


class StockValuationLayer(models.Model):
    _name = "stock.valuation.layer"
    _inherit = ["stock.valuation.layer", "stock.revaluation.linked"]

    def _get_revaluation_domain(self):
        terms = [("valuation_layer_id", "in", self.ids), ("valuation_layer_ids", "in", self.ids)]
        return self._either(*terms, *(self._shares(self.ids) if compat.HAS_LAYERS else []))

    def action_revalue(self):
        """Prepare a revaluation journal for what these layers hold: by layer under FIFO, else by product."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        layer_ids = self.ids if compat.HAS_LAYERS else self.stock_move_id.ids
        return self.env["stock.revaluation.journal"]._prepare_for(
            self.company_id, self.product_id, calculate_per="layer", layer_ids=layer_ids
        )


class StockMove(models.Model):
    _name = "stock.move"
    _inherit = ["stock.move", "stock.revaluation.linked"]

    def _get_revaluation_layer_ids(self):
        """Return the ids that journal lines know these receipts by: their layers', or their own (19.0)."""
        return self.sudo().stock_valuation_layer_ids.ids if compat.HAS_LAYERS else self.ids

    def _get_revaluation_domain(self):
        """Return the domain of lines on these receipts, and of those that changed the cost of these issues."""
        terms = [("stock_move_id", "in", self.ids), ("valuation_layer_ids.stock_move_id", "in", self.ids)]
        return self._either(*terms, *self._shares(self._get_revaluation_layer_ids()))

    def action_revalue(self):
        """Prepare a revaluation journal for these receipts: by receipt under FIFO, else by product."""
        self.env["stock.revaluation.journal"]._check_may_revalue(self)
        return self.env["stock.revaluation.journal"]._prepare_for(
            self.company_id, self.product_id, calculate_per="layer", layer_ids=self._get_revaluation_layer_ids()
        )


class StockRevaluationJournal(models.Model):
    """Journals prepared from the Action menu of products, lots, layers and receipts."""

    _inherit = "stock.revaluation.journal"

    @api.model
    def _prepare_for(self, company, products, calculate_per="product", layer_ids=None, lot_ids=None):
        """Create a journal of `company` with the lines of `products` and return the action that opens it.

        Shape: `layer_ids`, `lot_ids` the only layers or lots wanted, None for all.
        Raises: UserError if records of several companies are chosen, or there is nothing to revalue.
        """
        if len(company) != 1:
            raise UserError(_("One journal revalues the stock of one company: choose records of a single one."))
        context = clean_context(self.env.context)
        journal = self.with_context(context).create([{"company_id": company.id}])  # pylint: disable=context-overridden
        journal.calculate(calculate_per=calculate_per, product_ids=products.ids, lot_ids=lot_ids)
        if journal.task and layer_ids is None:
            return journal._window(_("Revaluation Journal"), self._name, journal)
        if journal.task:
            raise UserError(_("So many cannot be revalued from here: create a journal and calculate per layer."))
        if layer_ids is not None:
            others = journal.line_ids.filtered(lambda line: line[compat.LAYER_FIELD].id not in [False, *layer_ids])
            others.unlink()
        if not journal.line_ids:
            raise UserError(_("There is nothing in stock here to revalue.") + "\n" + (journal.left_out or ""))
        return journal._window(_("Revaluation Journal"), self._name, journal)

    @api.model
    def _offer_revalue_to_users(self):
        """Show Revalue… in the Action menus to revaluation users alone."""
        group = self.env.ref("stock_revaluation_journal.group_revaluation_user")
        for name in ("template", "product", "layer", "move", "lot"):
            action = self.env.ref("stock_revaluation_journal.action_revalue_" + name, raise_if_not_found=False)
            if action:
                action.write({compat.action_groups_field(self.env): [(6, 0, group.ids)]})

    @api.model
    def _share_favourites(self):
        """Give the addon's favourites to everybody: up to 18.0 a favourite is its maker's unless it says otherwise."""
        for name in ("month_direction", "write_downs", "products", "drafts"):
            favourite = self.env.ref("stock_revaluation_journal.filter_" + name, raise_if_not_found=False)
            if favourite and "user_id" in favourite._fields:
                favourite.write({"user_id": False})


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    valuation_layer_count = fields.Integer(
        "Valuation Layer Count", compute="_compute_posted_counts", help="Valuation layers that posting this line made."
    )
    account_move_count = fields.Integer(
        "Journal Entry Count", compute="_compute_posted_counts", help="Journal entries that posting this line made."
    )

    @api.depends("valuation_layer_ids")
    def _compute_posted_counts(self):
        for line in self:
            line.valuation_layer_count = len(line.valuation_layer_ids)
            line.account_move_count = len(line.sudo().account_move_line_ids.move_id)

    @api.model
    def _check_may_see(self, records):
        """Raise AccessError unless the user may read lines, and the goods they would be about."""
        self._check_rights("read")
        self._check_access_to(records, "read")

    @api.model
    def _window(self, domain):
        """Return the action that shows the posted lines of `domain`."""
        return {
            "type": "ir.actions.act_window",
            "name": _("Revaluations"),
            "res_model": self._name,
            "view_mode": "%s,form,pivot,graph" % compat.LIST,
            "domain": domain,
            "context": {"create": False},
        }

    def action_view_journal(self):
        """Open the journal of the line."""
        self._check_rights("read")
        self.ensure_one()
        return self.journal_id._window(_("Revaluation Journal"), self.journal_id._name, self.journal_id)

    def action_view_valuation_layers(self):
        """Open the valuation layers that posting made of the lines."""
        self._check_rights("read")
        return self.journal_id[:1]._window_layers(self.valuation_layer_ids)

    def action_view_account_moves(self):
        """Open the journal entries that posting made of the lines."""
        self._check_rights("read")
        return self.journal_id[:1]._window_entries(self.sudo().account_move_line_ids)
