import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .. import tools
from ..models.stock_revaluation_journal_steps_lines import LINES_PER_STEP


class StockRevaluationSuggest(models.TransientModel):
    """Suggest Revalued Cost: fill in the new cost of many lines, after a look at what would change."""

    _name = "stock.revaluation.suggest"
    _description = "Suggest Revalued Cost"
    _inherit = "stock.revaluation.cost.source"

    _settings = ("journal_id", "line_ids")
    _writable = {"new": _settings, "saved": _settings}
    _guard_documents = ("journal_id",)

    journal_id = fields.Many2one(
        "stock.revaluation.journal", "Journal", required=True, ondelete="cascade", help="Whose lines get a new cost."
    )
    company_id = fields.Many2one(related="journal_id.company_id")
    line_ids = fields.Many2many(
        "stock.revaluation.journal.line",
        string="Selected Lines",
        help="The lines that were selected; without a selection all lines of the journal.",
    )
    line_count = fields.Integer("Lines", compute="_compute_preview", help="How many lines are looked at.")
    change_count = fields.Integer("Lines That Change", compute="_compute_preview", help="How many get another figure.")
    missing_count = fields.Integer(
        "Lines Without a New Cost", compute="_compute_preview", help="Lines for which the source knows no cost."
    )
    preview = fields.Html("Preview", compute="_compute_preview", sanitize=False, help="Before and after, line by line.")
    missing = fields.Text("Without a New Cost", compute="_compute_preview", help="These lines stay as they are.")
    problem = fields.Text("Problem", compute="_compute_preview", help="Why nothing can be suggested this way.")

    @api.onchange("source")
    def _onchange_source(self):
        """A net realisable value is a ceiling: it never writes up, unless asked to."""
        self.only_lower = self.source == "sales"

    @api.depends(lambda self: ["journal_id", "line_ids", "source"] + self._option_names())
    def _compute_preview(self):
        for wizard in self:
            if wizard._is_large():
                wizard._preview_nothing()
                continue
            items = wizard._get_wizard_items()
            wizard.line_count, wizard.problem = len(items), False
            suggestions, missing = [], {}
            try:
                suggestions, missing = wizard._get_suggestions(items)
            except UserError as error:
                wizard.problem = str(error)
            wizard.change_count, wizard.missing_count = len(suggestions), len(missing)
            wizard.preview = wizard._render_suggestions(suggestions, wizard.company_id) if suggestions else False
            wizard.missing = wizard._name_missing(items, missing)

    def action_apply(self):
        """Enter the suggested costs on the lines, and say so on the journal."""
        self._check_rights("write")
        self.ensure_one()
        journal = self.journal_id
        journal._check_draft()
        if self._is_large():
            journal._start_suggest(self)
            return journal._notify_background()
        items, suggestions, missing, findings = self._apply(self._get_lines())
        if not suggestions and not findings:
            raise UserError(
                _("No line would change this way. Choose another source or other figures.")
                + "\n"
                + self._name_missing(items, missing)
            )
        amount = sum(each.amount for each in suggestions)
        journal.message_post(body=self._get_message(len(suggestions), amount, len(missing)))
        return {"type": "ir.actions.act_window_close"}

    def _apply(self, lines):
        """Enter suggested costs on draft `lines`; return (items, suggestions, {key: why there is none}, findings)."""
        items = self._get_items(lines, self.company_id)
        entries, missing = self._get_wizard_entries(items)
        suggestions = self._get_suggested(items, entries, self.company_id)
        findings = {key: entry.finding for key, entry in entries.items() if hasattr(entry, "finding")}
        lines._note_findings(findings)
        lines._write_entries({each.item.key: each.entry for each in suggestions})
        return items, suggestions, missing, findings

    def _is_large(self):
        """Tell whether there are too many lines for one request."""
        return not 0 < len(self.line_ids) <= LINES_PER_STEP and self.journal_id._origin._has_many_lines()

    def _preview_nothing(self):
        """Say that very many lines change in the background, where the figures of a preview would stand.

        How many will change is not known then: -1.
        """
        text = _("Too many lines for a preview: Apply goes on in the background, and the journal shows how far it is.")
        self.line_count, self.change_count = len(self.line_ids) or self.journal_id.line_count, -1
        self.update({"missing_count": 0, "missing": False, "problem": False, "preview": plaintext2html(text)})

    def _get_settings(self):
        """Return the values that make this wizard again, as JSON holds them."""
        names = ["journal_id", "source"] + self._option_names()
        return json.loads(
            json.dumps({name: self._fields[name].convert_to_write(self[name], self) for name in names}, default=str)
        )

    def _get_message(self, count, amount, missing):
        """Return what the journal's chatter says about it."""
        return _(
            "Suggest Revalued Cost (%(origin)s): %(count)d lines changed by %(amount)s altogether,"
            " %(missing)d lines had no new cost.",
            origin=dict(self._select_source())[self.source],
            count=count,
            amount=tools.format_amount(self.env, amount, self.journal_id.currency_id),
            missing=missing,
        )

    def _get_suggestions(self, items):
        entries, missing = self._get_wizard_entries(items)
        return self._get_suggested(items, entries, self.company_id), missing

    def _get_wizard_entries(self, items):
        journal = self.journal_id
        return self._get_entries(
            items, self.source, self.company_id, journal.date, journal.reason_id, **self._get_options()
        )

    def _get_wizard_items(self):
        return self._get_items(self._get_lines(), self.company_id)

    def _get_lines(self):
        """Return this journal's lines to change; in a form that is not saved yet they are copies of the real ones."""
        lines, journal = self.line_ids or self.journal_id.line_ids, self.journal_id._origin
        rows = lines._origin._read_rows("state", "journal_id") if lines else ()
        own = [row["id"] for row in rows if row["state"] == "draft" and row["journal_id"] == journal.id]
        return lines.browse(own)

    def _get_options(self):
        options = super()._get_options()
        for name in ("vendor_id", "pricelist_id"):
            options[name] = options[name]._origin
        return options
