import json
import logging

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .. import compat

_logger = logging.getLogger(__name__)

# Products above which Calculate Inventory Value runs in the background, and what one step of a task takes.
CALCULATE_PARAMETER = ("stock_revaluation_journal.calculate_limit", 20000)
PRODUCTS_PER_STEP = 5000
LINES_PER_CHECK = 1000
LINES_PER_PREVIEW = 250
# Rows of each table that a preview of many steps keeps, and texts of problems.
ROWS_KEPT, PROBLEMS_KEPT = 200, 20
# Tables of a preview whose rows are totals: those of the steps are added up.
TOTALS = ("accounts", "forwarded_totals")
# Tasks that write lines: what their steps have written stays when a later one fails.
WRITING = ("calculate", "refresh", "suggest", "import", "reverse")
# Conditions of the lines that steps go through.
DRAFT, POSTED = "state = 'draft'", "state = 'posted'"
TO_POST = DRAFT + " AND (amount <> 0 OR sets_cost)"


class StockRevaluationJournal(models.Model):
    """Work on a large journal that runs as steps of the scheduled action.

    A task stands on the journal: what runs, how far it is, for whom, and what one step leaves to the next
    (`task_data`, JSON). Each step is a transaction of its own, `_step_<task>`: it takes the data and returns how many
    more are done, leaving the data for the next step; at the end it closes the task. A server that dies loses its
    step; Stop and Resume hold and release the task. While one runs, the journal cannot be changed.

    To add a task: a value of the selection, `_start_task` with it, and its `_step_`.
    """

    _inherit = "stock.revaluation.journal"

    task = fields.Selection(
        [
            ("calculate", "Calculating inventory value"),
            ("refresh", "Reading the figures again"),
            ("suggest", "Suggesting costs"),
            ("import", "Importing a file"),
            ("reverse", "Preparing the reversal"),
            ("check", "Checking"),
            ("check_post", "Checking before posting"),
            ("preview", "Making the preview"),
        ],
        "In the Background",
        readonly=True,
        copy=False,
        help="What the scheduled action is doing with this journal, step by step.",
    )
    task_user_id = fields.Many2one("res.users", "Started By", readonly=True, copy=False, help="For whom it runs.")
    task_done = fields.Integer("Done", readonly=True, copy=False, help="How many products or lines are done.")
    task_total = fields.Integer("To Do", readonly=True, copy=False, help="How many products or lines there are.")
    task_stopped = fields.Boolean("Stopped", readonly=True, copy=False, help="It waits for Resume.")
    task_progress = fields.Float("Task Progress", compute="_compute_task_progress", help="Per cent that is done.")
    task_data = fields.Text(
        readonly=True, copy=False, groups="base.group_system", help="What a step leaves to the next."
    )
    task_failed = fields.Boolean("Failed", readonly=True, copy=False, help="What ran in the background met a problem.")
    notice = fields.Text("Notice", readonly=True, copy=False, help="What work in the background came to.")
    preview_content = fields.Html(
        "Preview", readonly=True, copy=False, sanitize=False, help="The preview that was made in the background."
    )

    def _compute_task_progress(self):
        for journal in self:
            journal.task_progress = 100.0 * journal.task_done / journal.task_total if journal.task_total else 0.0

    # ------------------------------------------------------------------ start, stop, resume

    def _start_task(self, task, total, **data):
        """Hand work to the scheduled action; `data` is what its first step is given."""
        self.ensure_one()
        values = {"task": task, "task_user_id": self.env.uid, "task_done": 0, "task_total": total}
        values.update(task_stopped=False, task_failed=False, notice=False, preview_content=False)
        data["hands"] = self._get_hands()
        self.sudo()._write_protected(dict(values, task_data=json.dumps(data, default=str)))  # programs send Decimals
        self._trigger_hands(1)

    def _close_task(self, notice=False, **values):
        """End the task; what it came to stands on the journal and in the chatter."""
        self.sudo()._write_protected(dict({"task": False, "task_data": False, "notice": notice}, **values))
        if notice:
            self.message_post(body=plaintext2html(notice))

    def action_stop_task(self):
        """Hold what runs in the background after its present step; what it has made so far stays."""
        self._check_rights("write")
        self.filtered("task").sudo()._write_protected({"task_stopped": True})
        for journal in self.filtered(lambda each: each.state == "posting" and not each.task and not each.problem):
            journal.sudo()._write_protected({"problem": _("Stopped by %s.", self.env.user.name)})
        return True

    def action_resume_task(self):
        """Go on with what was held."""
        self._check_rights("write")
        self.filtered("task").sudo()._write_protected({"task_stopped": False})
        self._trigger_hands(1)
        return True

    def action_cancel_task(self):
        """Give up what runs in the background: the journal is a draft that can be changed again."""
        self._check_rights("write")
        for journal in self.filtered("task"):
            back = {"state": "draft", "posted_by": False} if journal.task == "check_post" else {}
            journal._close_task(_("%s: given up.", journal._name_task()), **back)
            journal._withdraw_due_schedule()
        return True

    def _check_draft(self):
        """A journal that something is done with in the background is not to be changed meanwhile."""
        super()._check_draft()
        self._check_no_task()

    def _check_can_post(self):
        if self.state == "draft":
            self._check_no_task()
        return super()._check_can_post()

    def _resume_background(self):
        self._check_no_task()
        return super()._resume_background()

    def _check_no_task(self):
        for journal in self.filtered("task"):
            raise UserError(
                _(
                    "%(journal)s: %(task)s in the background. Wait for it, or choose Give Up.",
                    journal=journal.name,
                    task=journal._name_task(),
                )
            )

    def _name_task(self):
        return dict(self._fields["task"]._description_selection(self.env))[self.task]

    # ------------------------------------------------------------------ one step

    def _run_task_step(self):
        """Run the next step of the task; return whether there was one that this process could take."""
        self.env.cr.execute(
            "SELECT task, task_user_id, task_data FROM stock_revaluation_journal"
            " WHERE id = %s AND task IS NOT NULL AND task_stopped IS NOT TRUE FOR UPDATE SKIP LOCKED",
            [self.id],
        )
        row = self.env.cr.fetchone()
        if not row:
            return False
        task, data = row[0], json.loads(row[2] or "{}")
        journal = self._in_hands_of_starter(row[1], data)
        journal._check_rights("write")
        done = getattr(journal, "_step_" + task)(data)
        if journal.exists() and journal.task == task:
            journal.sudo()._write_protected({"task_data": json.dumps(data), "task_done": journal.task_done + done})
        elif journal.exists() and journal.notice:
            journal._show_end(journal.env.user, journal.notice, is_problem=journal.task_failed)
        return True

    def _fail_task(self, problem):
        """Say on the journal why its task ended; one that was to be posted is a draft again."""
        back = {"state": "draft", "posted_by": False} if self.task == "check_post" else {}
        if self.task in WRITING and self.task_done:
            counts = {"done": self.task_done, "total": self.task_total}
            problem += "\n\n" + _("%(done)d of %(total)d were done before, and stay.", **counts)
        self._close_task(problem, task_failed=True, **back)
        if self.post_on_date:
            self.sudo()._report_schedule_problem(UserError(problem))

    # ------------------------------------------------------------------ calculate

    def _is_large_calculation(self, products, calculate_per):
        return len(products) * self._get_lines_of_product(calculate_per) > self._get_size(CALCULATE_PARAMETER)

    def _get_lines_of_product(self, calculate_per):
        """Return how many lines a product is taken to make."""
        return 1 if calculate_per == "product" else 10

    def _calculate_in_steps(self, products, options, left_out):
        """Hand a calculation to the steps; `left_out` {product id: reason} is known already."""
        ids = self._sort_products(products.ids)
        self._start_task("calculate", len(ids), products=ids, options=options, left_out=left_out, begun=False)

    def _sort_products(self, product_ids):
        """Return ids of products, archived ones too, in the order of their lines."""
        products = self.env["product.product"].with_context(active_test=False).sudo()
        return products.search([("id", "in", list(product_ids))], order="default_code, name, id").ids

    def _step_calculate(self, data):
        number = PRODUCTS_PER_STEP // self._get_lines_of_product(data["options"]["calculate_per"])
        ids = data["products"][:number]
        if not data["begun"] and data["options"]["existing_lines"] == "replace":
            self._delete_lines()
        data["begun"] = True
        products = self.env["product.product"].sudo().with_company(self.company_id).browse(ids).exists()
        data["left_out"].update(self._calculate_products(products, **data["options"])[1])
        data["products"] = data["products"][number:]
        if not data["products"]:
            left_out = {int(product_id): reason for product_id, reason in data["left_out"].items()}
            self._note_left_out(left_out, data["options"])
            self._close_task(_("Calculated: %d lines.", self.line_count))
        return len(ids)

    # ------------------------------------------------------------------ check

    def _start_check(self, task="check"):
        self._start_task(task, self._count_lines_left(), after=0, problems=[])

    def _step_check(self, data):
        if not data["after"]:
            self.env["stock.revaluation.journal.line"]._compute_again(self)
        lines = self._get_lines_after(data, LINES_PER_CHECK)
        if lines:
            data["problems"] += [problem for problem in self._get_line_problems(lines) if problem]
        if lines and len(data["problems"]) < PROBLEMS_KEPT:
            return len(lines)
        problems = self._get_document_problems() + data["problems"]
        if problems:
            self._fail_task(_("%s cannot be posted:", self.name) + "\n\n" + "\n\n".join(problems))
        elif self.task == "check_post":
            self._close_task(task_data=json.dumps({"hands": data["hands"]}))
            self._trigger_hands(self._count_lines_left() // self._get_chunk_size())
        else:
            self._close_task(self._get_check_message())
        return len(lines)

    _step_check_post = _step_check

    def _get_lines_after(self, data, limit, condition=TO_POST):
        """Return the next lines, all of a product together; `data` remembers the product in "after"."""
        compat.flush(self.env)
        query = (
            "SELECT id, product_id FROM stock_revaluation_journal_line WHERE journal_id = %s"
            " AND product_id > %s AND product_id <= %s AND " + condition + " ORDER BY product_id, id LIMIT %s"
        )
        self.env.cr.execute(query, [self.id, data["after"], 2**31 - 1, limit])
        found = self.env.cr.fetchall()
        if found:
            before, data["after"] = data["after"], found[-1][1]
            self.env.cr.execute(query, [self.id, before, data["after"], None])
            found = self.env.cr.fetchall()
        return self.env["stock.revaluation.journal.line"].browse([line_id for line_id, _product_id in found])

    def _count_lines(self, condition):
        compat.flush(self.env)
        query = "SELECT COUNT(*) FROM stock_revaluation_journal_line WHERE journal_id = %s AND " + condition
        self.env.cr.execute(query, [self.id])
        return self.env.cr.fetchone()[0]

    # ------------------------------------------------------------------ preview

    def _start_preview(self):
        self._start_task("preview", self._count_lines_left(), after=0, found={})

    def _step_preview(self, data):
        lines = self._get_lines_after(data, max(1, LINES_PER_PREVIEW // self._get_weight()))
        if lines:
            self._add_preview(data["found"], self._get_preview(lines))
            return len(lines)
        content = self._render_preview(data["found"])
        self._close_task(_("The preview is ready: choose Preview."), preview_content=content)
        return 0

    def _add_preview(self, found, part):
        """Add a part of a preview to the whole: sums of all rows, the first rows of each table."""
        for table, rows in json.loads(json.dumps(part, default=str)).items():
            if table == "warnings":
                kept = found.setdefault(table, [])
                kept += [text for text in rows if text not in kept][: max(0, ROWS_KEPT - len(kept))]
                continue
            whole = found.setdefault(table, {"rows": [], "count": 0, "sums": {}})
            for row in rows:
                for name, value in row.items():
                    if isinstance(value, (int, float)):
                        whole["sums"][name] = whole["sums"].get(name, 0.0) + value
            if table in TOTALS:
                whole["rows"] = self._add_totals(whole["rows"] + rows)
                whole["count"] = len(whole["rows"])
            else:
                whole["rows"] += rows[: max(0, ROWS_KEPT - len(whole["rows"]))]
                whole["count"] += len(rows)

    def _add_totals(self, rows):
        """Return `rows` with those of the same texts added up."""
        totals = {}
        for row in rows:
            numbers = {name: value for name, value in row.items() if isinstance(value, (int, float))}
            texts = {name: value for name, value in row.items() if name not in numbers}
            total = totals.setdefault(tuple(texts.values()), dict(texts, **dict.fromkeys(numbers, 0.0)))
            total.update({name: self._cents(total[name] + value) for name, value in numbers.items()})
        return list(totals.values())

    def _get_preview_values(self, preview):
        """A preview made in steps knows its sums and counts, and not all of its rows."""
        if not any(isinstance(table, dict) for table in preview.values()):
            return super()._get_preview_values(preview)
        tables = {name: each["rows"] if isinstance(each, dict) else each for name, each in preview.items()}
        return dict(
            super()._get_preview_values(tables),
            hidden=lambda table: preview[table]["count"] - len(preview[table]["rows"]) if table in preview else 0,
            total=lambda table, name: self._cents(preview.get(table, {}).get("sums", {}).get(name, 0.0)),
        )

    def action_preview(self):
        """Show the preview; of a large journal it is made in the background first."""
        self._check_rights("write")
        self.ensure_one()
        if self.task or self._count_lines_left() <= self._get_background_limit():
            if self.task:
                self._check_draft()
            return super().action_preview()
        if not self.preview_content:
            problems = self._get_document_problems()
            if problems:
                raise UserError(_("%s cannot be posted:", self.name) + "\n\n" + "\n\n".join(problems))
            self._start_preview()
            return self._notify_background()
        preview = self.env["stock.revaluation.preview"]._create_protected(
            [{"journal_id": self.id, "content": self.preview_content}]
        )
        return self._window_preview(preview)

    def action_check(self):
        """Say whether the journals can be posted; large ones are checked in the background."""
        self._check_rights("write")
        large = self.filtered(lambda each: each._is_large())
        for journal in large:
            journal._check_draft()
            journal._start_check()
        if self - large:
            return super(StockRevaluationJournal, self - large).action_check()
        return self._notify_background()

    def _is_large(self):
        """Tell whether the journal is too large for what is done with its lines to end in one request."""
        return self.state == "draft" and self._count_lines_left() > self._get_background_limit()

    def _get_background_text(self):
        return _("This goes on in the background. The journal shows how far it is.")

    def _notify_background(self):
        """Return the action that says that work goes on in the background."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self._get_background_text(),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _withdraw_schedule(self):
        """A preview of other figures is no preview."""
        self._drop_preview()
        return super()._withdraw_schedule()

    def _refresh_lines(self, lines):
        count, texts = super()._refresh_lines(lines)
        if count:
            self._drop_preview()
        return count, texts

    def _drop_preview(self):
        self.filtered("preview_content").sudo()._write_protected({"preview_content": False, "notice": False})

    def _post_large(self):
        """Check what is no matter of single lines, and hand the journal to the scheduled action."""
        self._check_draft()
        self.env.cr.execute("SELECT id FROM stock_revaluation_journal WHERE id = %s FOR UPDATE", [self.id])
        compat.invalidate(self.env)
        if self.state != "draft":
            self._check_can_post()
        problems = self._get_document_problems()
        if problems:
            raise UserError(_("%s cannot be posted:", self.name) + "\n\n" + "\n\n".join(problems))
        self._start_background()


class StockRevaluationJournalLine(models.Model):
    _inherit = "stock.revaluation.journal.line"

    def _check_open(self):
        super()._check_open()
        self.journal_id._check_no_task()
