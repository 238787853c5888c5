from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from .. import compat, tools
from ..engine.schedule import MONTHS

USER_GROUP = "stock_revaluation_journal.group_revaluation_user"
MANAGER_GROUP = "stock_revaluation_journal.group_revaluation_manager"


class StockRevaluationRule(models.Model):
    """Revalue certain stock from a source of costs, again and again: what, from where, when, and how much matters.

    The scheduled action runs what is due with the rights of the rule's responsible, each rule in a
    transaction of its own.
    """

    _name = "stock.revaluation.rule"
    _description = "Revaluation Rule"
    _inherit = ["stock.revaluation.cost.source", "mail.thread", "mail.activity.mixin"]
    _order = "company_id, sequence, id"
    _check_company_auto = True

    _settings = (
        "name",
        "active",
        "sequence",
        "company_id",
        "categ_ids",
        "product_ids",
        "cost_methods",
        "threshold_percent",
        "threshold_amount",
        "schedule",
        "day_of_month",
        "as_of",
        "next_run",
        "reason_id",
        "mode",
        "user_id",
    )
    _writable = {"new": _settings, "saved": _settings}

    name = fields.Char("Rule", required=True, help="Stands as description on the journals that the rule makes.")
    active = fields.Boolean("Active", default=True, help="Archived rules do not run; their journals stay.")
    sequence = fields.Integer("Sequence", default=10, help="Rules of a company run in this order.")
    company_id = fields.Many2one(required=True, default=lambda self: self.env.company, index=True)
    source = fields.Selection(tracking=True)

    # What
    categ_ids = fields.Many2many(
        "product.category", string="Product Categories", help="Only products of these categories and of those below."
    )
    product_ids = fields.Many2many(
        "product.product",
        string="Products",
        domain=compat.USED_BY_COMPANY,
        help="Only these products; empty: all.",
    )
    cost_methods = fields.Selection(
        [("standard", "Standard Price"), ("fifo", "First In First Out (FIFO)"), ("average", "Average Cost (AVCO)")],
        "Costing Method",
        help="Only products of this costing method; empty: all.",
    )
    threshold_percent = fields.Float(
        "Ignore Below %",
        digits=(16, 2),
        help="A product whose inventory value would change by less than this, in per cent, is left alone.",
    )
    threshold_amount = fields.Monetary(
        "Ignore Below Amount", help="A product whose inventory value would change by less than this is left alone."
    )

    # When
    schedule = fields.Selection(
        [
            ("daily", "Daily"),
            ("weekly", "Weekly"),
            ("monthly", "Monthly"),
            ("quarterly", "Quarterly"),
            ("yearly", "Yearly"),
        ],
        "Schedule",
        default="monthly",
        required=True,
        tracking=True,
        help="How often the rule runs.",
    )
    day_of_month = fields.Integer(
        "Day of the Month",
        default=31,
        help="1 to 31; where a month is shorter, its last day. 31 is always the last day.",
    )
    as_of = fields.Selection(
        [("run", "Day of the run"), ("month_before", "End of the month before")],
        "As Of",
        default="run",
        required=True,
        tracking=True,
        help="Accounting date of the journals. End of the month before: the stock of that day is revalued, and what was"
        " issued since takes its share along.",
    )
    next_run = fields.Date(
        "Next Run",
        tracking=True,
        copy=False,
        help="The day of the next run. Empty: only when somebody chooses Run Now.",
    )
    last_run = fields.Datetime(
        "Last Run", readonly=True, copy=False, help="When the rule ran last, with success or not."
    )
    last_result = fields.Char("Last Result", readonly=True, copy=False, help="What came of the last run.")

    # What comes of it
    reason_id = fields.Many2one(
        "stock.revaluation.reason",
        "Reason",
        ondelete="restrict",
        help="Reason of the journals; it names the accounts for increases and decreases.",
    )
    mode = fields.Selection(
        [("draft", "Leave a draft to look at"), ("post", "Post it")],
        "Journal",
        default="draft",
        required=True,
        tracking=True,
        help="What happens to the journal that the rule makes.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        required=True,
        default=lambda self: self.env.user,
        tracking=True,
        help="The rule runs with this user's rights, and tells this user when it fails."
        " To post, a revaluation manager.",
    )
    figures_by = fields.Many2one(
        "res.users",
        "Figures By",
        readonly=True,
        copy=False,
        help="Who last wrote what decides the figures of the rule's journals. Above the company's limit somebody else"
        " posts them.",
    )
    journal_ids = fields.One2many("stock.revaluation.journal", "rule_id", "Journals", readonly=True, copy=False)
    journal_count = fields.Integer(
        "Number of Journals", compute="_compute_journal_count", help="Revaluation journals that the rule has made."
    )

    # ------------------------------------------------------------------ constraints and computes

    @api.constrains("day_of_month", "threshold_percent", "threshold_amount")
    def _check_numbers(self):
        for rule in self:
            if rule.schedule in MONTHS and not 1 <= rule.day_of_month <= 31:
                raise ValidationError(_("%s: the day of the month is a number from 1 to 31.", rule.name))
            if rule.threshold_percent < 0 or rule.threshold_amount < 0:
                raise ValidationError(_("%s: what to ignore is a percentage or amount from zero up.", rule.name))

    @api.constrains("user_id", "mode", "company_id", "active")
    def _check_responsible(self):
        for rule in self.filtered("active").sudo():
            group = MANAGER_GROUP if rule.mode == "post" else USER_GROUP
            if not rule.user_id.has_group(group):
                raise ValidationError(
                    _(
                        "%(rule)s: %(user)s may not do what the rule does. Choose a responsible of the group"
                        " Inventory Revaluation / %(group)s.",
                        rule=rule.name,
                        user=rule.user_id.name,
                        group=self.env.ref(group).sudo().name,
                    )
                )
            if rule.company_id not in rule.user_id.company_ids:
                raise ValidationError(
                    _(
                        "%(rule)s: %(user)s does not work in %(company)s. Choose another responsible, or allow the"
                        " company on the user.",
                        rule=rule.name,
                        user=rule.user_id.name,
                        company=rule.company_id.name,
                    )
                )

    @api.depends("journal_ids")
    def _compute_journal_count(self):
        for rule in self:
            rule.journal_count = len(rule.journal_ids)

    @api.onchange("source")
    def _onchange_source(self):
        """A net realisable value is a ceiling: it never writes up, unless asked to."""
        self.only_lower = self.source == "sales"

    # ------------------------------------------------------------------ create, write

    def _figure_fields(self):
        """Return the names of the fields that decide which figures the rule's journals get."""
        what = ("company_id", "categ_ids", "product_ids", "cost_methods", "threshold_percent", "threshold_amount")
        return {"source", "reason_id", *what, *self._option_names()}

    def _create_allowed(self, vals_list):
        return super()._create_allowed([dict(vals, figures_by=self.env.uid) for vals in vals_list])

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & self._figure_fields():
            self._write_protected({"figures_by": self.env.uid})
        return result

    def _get_figures_by(self):
        """Return who wrote the figures; of rules older than the field, who made the rule."""
        return self.sudo().figures_by or self.sudo().create_uid

    # ------------------------------------------------------------------ actions

    def action_run(self):
        """Run the rule now, with the rights of who presses the button; open the journal it made."""
        self._check_rights("read")
        self.env["stock.revaluation.journal"]._check_rights("create")
        self.ensure_one()
        journal = self._run()
        if journal:
            return journal._window(_("Revaluation Journal"), journal._name, journal)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "message": self.last_result},
        }

    def action_dry_run(self):
        """Show what the rule would change today; nothing is written."""
        self._check_rights("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("What %s would change", self.name),
            "res_model": "stock.revaluation.dry.run",
            "view_mode": "form",
            "target": "new",
            "context": {"default_rule_id": self.id},
        }

    def action_view_journals(self):
        """Open the journals that the rule made."""
        self._check_rights("read")
        self.ensure_one()
        return self.journal_ids._window(_("Revaluation Journals"), "stock.revaluation.journal", self.journal_ids)

    # ------------------------------------------------------------------ one run

    def _run(self):
        """Make the journal of today's changes and post it if the rule says so; return it, or an empty one."""
        self.ensure_one()
        rule = self._in_company()
        waiting = rule.mode == "post" and rule.journal_ids.filtered(lambda journal: journal.state == "draft")[:1]
        if waiting:
            rule._log_result(_("%s still waits to be posted or deleted; no further journal was made.", waiting.name))
            return waiting.with_env(self.env)
        journal = rule.env["stock.revaluation.journal"]
        products = journal._find_candidates(rule.product_ids.ids, rule.categ_ids.ids)
        if journal._are_many(products):
            return rule._run_in_steps(products).with_env(self.env)
        changes, missing, items = rule._get_changes()
        if changes:
            costs = {each.item.product_id: each.entry for each in changes}
            journal = journal.revalue(costs, rule._get_date(), reason=rule.reason_id, description=rule.name, post=False)
            rule._sign(journal.line_ids)
            rule._own(journal)
            journal._log_missing(rule._name_missing(items, missing))
            journal.line_ids._note_suggested(changes)
            if rule.mode == "post":
                journal._post_or_request_approval(seen=False)
        rule._log_run(journal, len(changes), sum(each.amount for each in changes), len(missing))
        return journal.with_env(self.env)

    def _run_in_steps(self, products):
        """Make the journal of very many products at once, and let the steps of the scheduled action fill it."""
        vals = {"date": self._get_date(), "reason_id": self.reason_id.id, "description": self.name}
        journal = self.env["stock.revaluation.journal"].create([vals])
        self._own(journal)
        journal._revalue_in_steps(products.ids, source=self.source, post=self.mode == "post")
        self._log_result("%s: %s" % (journal.name, journal._get_background_text()))
        return journal

    def _own(self, journal):
        """Write on a journal that the rule has made it."""
        journal.with_context(mail_auto_subscribe_no_notify=True)._write_protected(
            {"rule_id": self.id, "user_id": self.user_id.id}
        )

    def _sign(self, lines):
        """Write on lines that the rule has entered who wrote what decides its figures."""
        lines.filtered("entered_by")._write_protected({"entered_by": self._get_figures_by().id})

    def _in_company(self):
        """Return the rule with its company, and that one alone, allowed."""
        return self.with_context(allowed_company_ids=self.company_id.ids).with_company(self.company_id)

    def _get_changes(self, product_ids=None, date=None):
        """Return ([Suggestion] that reach the thresholds, {key: reason}, [Item]); write nothing.

        Of the products `product_ids` alone, if given.
        """
        self.ensure_one()
        rule = self._in_company()
        suggestions, missing, items = rule.env["stock.revaluation.journal"]._suggest_products(
            rule.source,
            product_ids=product_ids or rule.product_ids.ids,
            categ_ids=rule.categ_ids.ids,
            cost_methods=[rule.cost_methods] if rule.cost_methods else None,
            reason=rule.reason_id,
            date=date or rule._get_date(),
            **rule._get_options(),
        )
        return [each for each in suggestions if rule._matters(each)], missing, items

    def _get_date(self):
        """Return the accounting date of a journal made today."""
        today = fields.Date.context_today(self)
        return today if self.as_of == "run" else today.replace(day=1) - timedelta(days=1)

    def _matters(self, suggestion):
        """Tell whether a change reaches the thresholds. A stock worth nothing changes by any percentage."""
        amount, value = abs(suggestion.amount), abs(suggestion.item.value_now)
        if self.currency_id.compare_amounts(amount, self.threshold_amount) < 0:
            return False
        return not value or 100.0 * amount / value >= self.threshold_percent - 1e-9

    def _log_run(self, journal, count, amount, missing):
        """Leave what came of a run on the rule: how many products changed, by how much, how many had no new cost."""
        if journal:
            result = _(
                "%(journal)s: %(count)d products changed by %(amount)s.",
                journal=journal.name,
                count=count,
                amount=tools.format_amount(self.env, amount, self.currency_id),
            )
        else:
            result = _("Nothing to change.")
        if journal.state == "draft" and self.mode == "post":
            result += " " + _("It is above the company's limit and waits for another manager to post it.")
        if missing:
            result += " " + _("%d products had no new cost.", missing)
        self._log_result(result)

    def _log_result(self, result):
        # Who runs a rule need not be allowed to change it
        self.sudo()._write_protected({"last_run": fields.Datetime.now(), "last_result": result})
        self.sudo().message_post(body=result)


class StockRevaluationJournal(models.Model):
    _inherit = "stock.revaluation.journal"

    rule_id = fields.Many2one(
        "stock.revaluation.rule",
        "Made By Rule",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="The revaluation rule that made this journal.",
    )
