import json

from odoo import _, models

from .stock_revaluation_cost_source_items import Item
from .stock_revaluation_journal_steps import CALCULATE_PARAMETER, PRODUCTS_PER_STEP


class StockRevaluationJournal(models.Model):
    """What programs and rules ask for very many products at once: lines with their new costs, in steps.

    The journal is there at once; steps of *Calculate* add lines, and a last one posts if it was asked to.
    """

    _inherit = "stock.revaluation.journal"

    def _are_many(self, products):
        """Tell whether these are more products than one request calculates and enters costs for."""
        return len(products) > self._get_size(CALCULATE_PARAMETER)

    def _revalue_in_steps(self, product_ids, **data):
        """Hand products to the steps.

        Shape: `data` has `post`; `costs` {product id: entry} and `also_without_stock`, or `source` and its `options`
        (of a rule's journal the rule has them).
        """
        if data["post"]:
            self._check_may_post()
        data.update(left_out={}, missing={}, count=0, amount=0.0)
        self._start_task("calculate", len(product_ids), products=self._sort_products(product_ids), **data)

    def _step_calculate(self, data):
        if "post" not in data:
            return super()._step_calculate(data)
        number = PRODUCTS_PER_STEP
        if "costs" not in data and self.env["stock.revaluation.cost.source"]._looks_at_all_lines(data["source"]):
            number = None
        ids = data["products"][:number]
        if not ids:
            self._finish_revaluing(data)
            return 0
        data["products"] = data["products"][len(ids) :]
        if "costs" in data:
            entries = {product_id: data["costs"].pop(str(product_id)) for product_id in ids}
            data["left_out"].update(self._add_entered(entries, data["also_without_stock"])[1])
        else:
            self._add_suggested(data, ids)
        return len(ids)

    def _add_suggested(self, data, product_ids):
        """Add lines of the products whose cost changes by the source or rule in `data`."""
        rule = self.rule_id
        if rule:
            suggestions, missing, _items = rule._get_changes(product_ids, self.date)
        else:
            suggestions, missing, _items = self._suggest_products(
                data["source"], product_ids, reason=self.reason_id, date=self.date, **data["options"]
            )
        data["missing"].update(missing)
        if suggestions:
            lines, left_out = self._add_entered({each.item.product_id: each.entry for each in suggestions})
            data["left_out"].update(left_out)
            lines._note_suggested(suggestions)
            if rule:
                rule._sign(lines)
        data["count"] += len(suggestions)
        data["amount"] += sum(each.amount for each in suggestions)

    def _finish_revaluing(self, data):
        """Say what came of it, and post if that was asked for; what cannot be revalued stands on the draft."""
        left_out = {int(product_id): reason for product_id, reason in data["left_out"].items()}
        self._note_left_out(
            left_out, {"also_without_stock": data.get("also_without_stock"), "existing_lines": "replace"}
        )
        if self.left_out:
            return self._fail_task(_("These products cannot be revalued:\n%s", self.left_out))
        missing = {int(product_id): reason for product_id, reason in data["missing"].items()}
        items = [Item(product_id, product_id, *[0.0] * 5) for product_id in missing]
        rule = self.rule_id
        self._log_missing(self.env["stock.revaluation.cost.source"]._name_missing(items, missing))
        if not self.line_count and rule:
            self._close_task()
            self.sudo().unlink()
        else:
            text = _("Calculated: %d lines.", self.line_count)
            self._close_task(text if self.line_count else self._get_no_change_text())
            if data["post"] and self.line_count:
                self._post_or_request_approval(seen=not rule)
        if rule:
            rule._log_run(self.exists(), data["count"], data["amount"], len(missing))
        return None

    def _fail_task(self, problem):
        """Tell the responsible of the rule whose journal could not be made, or not be posted as the rule says."""
        rule, data = self.rule_id.sudo(), json.loads(self.sudo().task_data or "{}")
        asked = self.task == "calculate" and "post" in data
        told = asked or (self.task == "check_post" and rule.mode == "post")
        result = super()._fail_task(problem)
        if rule and told:
            rule._tell_failure(problem)
        return result
