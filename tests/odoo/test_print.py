"""The printed journal and the printed list of journals."""

import io
import re

from lxml import html
from odoo.tools import pdf
from revaluation_common import RevaluationCase


def printed_text(case, records, name, user=None, **context):
    """Return the text of the report `name` of `records`, as `user` (the accountant) sees it."""
    report = case.as_user(case.env.ref("stock_revaluation_journal.action_" + name), user or case.accountant)
    report = report.with_context(**context)
    try:
        content = report._render_qweb_html(report.report_name, records.ids)[0]  # 16.0 and later
    except (TypeError, AttributeError, ValueError, KeyError):
        content = report._render_qweb_html(records.ids)[0]
    text = html.fromstring(content.decode() if isinstance(content, bytes) else content).text_content()
    return re.sub(r"[\s\u00a0]+", " ", text.replace("\ufeff", ""))


class TestPrint(RevaluationCase):
    """Copper 10 × 10.00 up by 25.00, coffee 5 × 5.00 + 5 × 10.00 down by 75.00."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.copper = cls.create_product("average", name="Copper wire", default_code="RT-CU")
        cls.receive(cls.copper, 10, 10.00)
        cls.coffee = cls.create_product("fifo", name="Coffee")
        cls.receive(cls.coffee, 5, 5.00)
        cls.receive(cls.coffee, 5, 10.00)

    def entered(self, **vals):
        journal = self.calculate(self.copper | self.coffee, reason_id=self.reason.id, description="Year end", **vals)
        self.line(journal, self.copper).write({"value_revalued": 125.00, "note": "Market price"})
        self.line(journal, self.coffee).write({"value_revalued": 0.00})
        self.flush()
        return journal

    def printed(self, journals, name="report_revaluation_journal", user=None, **context):
        """Return the text that is printed, as `user` (the accountant) sees it."""
        return printed_text(self, journals, name, user, **context)

    def test_print_draft_is_marked_and_shows_old_new_and_change(self):
        text = self.printed(self.entered())
        self.assertIn("DRAFT", text)
        for part in ("Copper wire", "Market price", "100.00", "125.00", "25.00", "75.00", "-50.00", "Year end"):
            self.assertIn(part, text)

    def test_print_draft_shows_the_accounts_that_posting_will_book(self):
        text = self.printed(self.entered())
        for account in (self.account_valuation, self.account_revaluation):
            self.assertIn(account.display_name, text)

    def test_print_posted_is_not_marked_and_names_entry_and_who_posted(self):
        journal = self.entered()
        self.post(journal)
        text = self.printed(journal)
        self.assertNotIn("DRAFT", text)
        self.assertIn(journal.sudo().account_move_ids.name, text)
        self.assertIn(self.accountant.name, text)

    def test_print_accounts_debit_and_credit(self):
        journal = self.entered()
        expected = {
            # Copper +25.00, coffee −75.00
            self.account_valuation.display_name: ("25.00", "75.00"),
            self.account_revaluation.display_name: ("75.00", "25.00"),
        }
        for _state in ("draft", "posted"):
            rows = {row["account"]: row for row in journal._get_printed_accounts()}
            self.assertEqual(set(rows), set(expected))
            for account, (debit, credit) in expected.items():
                self.assertIn(debit, rows[account]["debit"])
                self.assertIn(credit, rows[account]["credit"])
            if journal.state == "draft":
                self.post(journal)

    def test_print_has_places_to_sign_and_the_company(self):
        if "company_details" in self.company._fields:
            self.company.company_details = self.company.name  # 15.0 on: as entered in Document Layout
        text = self.printed(self.entered())
        for part in ("Prepared by", "Checked by", "Approved by", self.company.name):
            self.assertIn(part, text)

    def test_print_with_an_account_missing_still_prints(self):
        journal = self.entered(counterpart_account_id=False)
        self.copper.categ_id.property_account_expense_categ_id = False
        self.assertIn("Copper wire", self.printed(journal))

    def test_print_by_a_preparer_without_accounting_rights(self):
        preparer = self.create_user("reval_preparer", "stock_revaluation_journal.group_revaluation_user")
        journal = self.entered()
        self.assertIn(self.account_revaluation.display_name, self.printed(journal, user=preparer))
        self.post(journal)
        self.assertIn(journal.sudo().account_move_ids.name, self.printed(journal, user=preparer))

    def test_print_list_of_journals_with_totals(self):
        journals = self.entered() | self.entered()
        text = self.printed(journals, name="report_revaluation_journal_list")
        for journal in journals:
            self.assertIn(journal.name, text)
        # Twice +25.00 − 75.00 = −50.00: increases 50.00, decreases −150.00, change −100.00
        for total in ("50.00", "-150.00", "-100.00"):
            self.assertIn(total, text)

    def test_print_pdf_of_each_journal_and_odoo_joins_them(self):
        """Debian's wkhtmltopdf takes one document at a time; what joins PDFs is the library that Odoo uses."""
        report = self.env.ref("stock_revaluation_journal.action_report_revaluation_journal")
        if report.get_wkhtmltopdf_state() in ("install", "broken"):
            self.skipTest("wkhtmltopdf is not installed")
        # styles would come from a server; port 9 of this machine refuses at once
        self.env["ir.config_parameter"].sudo().set_param("report.url", "http://127.0.0.1:9")
        files = [self.pdf_of(report, journal) for journal in self.entered() | self.entered()]
        for content in (*files, pdf.merge_pdf(files)):
            self.assertTrue(content.startswith(b"%PDF"))
        self.assertEqual([self.pages_of(content) for content in files], [1, 1])
        self.assertEqual(self.pages_of(pdf.merge_pdf(files)), 2)

    def pdf_of(self, report, journal):
        """Return the PDF that the accountant prints of a journal."""
        report = self.as_user(report, self.accountant).with_context(force_report_rendering=True)
        try:
            return report._render_qweb_pdf(report.report_name, journal.ids)[0]  # 16.0 and later
        except (TypeError, AttributeError, ValueError, KeyError):
            return report._render_qweb_pdf(journal.ids)[0]

    def pages_of(self, content):
        """Return the number of pages, by the name that Odoo uses for it."""
        return pdf.PdfFileReader(io.BytesIO(content)).numPages

    def test_print_button_and_paper_of_the_company(self):
        journal = self.entered()
        action = journal.action_print()
        self.assertEqual(action["report_name"], "stock_revaluation_journal.report_revaluation_journal")
        report = self.env.ref("stock_revaluation_journal.action_report_revaluation_journal")
        self.assertFalse(report.paperformat_id)  # so the company's: A4 or Letter
