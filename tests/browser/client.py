"""Odoo's web client as its user sees it: menus, forms, lists, windows.

Where the clients of 14.0 and 19.0 differ, `Client14` and `Client19` say how; the walks do not know.
Buttons and menus go by what stands on them, fields and columns by their technical names.
"""

import os
import time
from contextlib import contextmanager
from pathlib import Path

PATIENCE_SECONDS = 30
QUIET_SECONDS = 0.25  # nothing asked of the server for so long: the client has done what it was told
# Requests that stay open, or that nobody waits for.
BACKGROUND = ("/longpolling/", "/websocket", "/bus/", "/web/image", "/mail/thread/messages", "/mail/data")

# The text of a field or cell, whether it is being edited or not; amounts without their currency.
READ_TEXT = """element => {
    const input = element.matches("input, textarea") ? element : element.querySelector("input, textarea");
    return (input ? input.value : element.innerText).replace(/[$\\u00a0]/g, " ").trim();
}"""
# The cell of a list: the column by the name in its header, the row by a text in it.
FIND_CELL = """([row, column]) => {
    for (const table of document.querySelectorAll("table.o_list_table")) {
        const heads = [...table.querySelectorAll("thead th")];
        const index = heads.findIndex(head => head.dataset.name === column);
        const text = cells => cells.map(cell => (cell.querySelector("input") || {}).value || cell.innerText).join(" ");
        const rows = [...table.querySelectorAll("tbody tr.o_data_row")];
        const found = rows.find(line => text([...line.children]).includes(row));
        if (index >= 0 && found) return found.children[index];
    }
    return null;
}"""


class Client:
    """A browser page with Odoo's web client on it; `page` is Playwright's."""

    create_label = ""
    first_row = 1  # how the import dialog counts: 14.0 with the header
    apps_menu = ""
    entry = ""
    record_link = "a.o_form_uri:visible"
    error_text = ".modal .modal-body"

    def __init__(self, page):
        self.page = page
        self.asked, self.last = set(), 0.0
        page.on("request", lambda request: self._count(self.asked.add, request))
        page.on("requestfinished", lambda request: self._count(self.asked.discard, request))
        page.on("requestfailed", lambda request: self._count(self.asked.discard, request))

    def _count(self, change, request):
        if not any(part in request.url for part in BACKGROUND):
            change(request)
            self.last = time.monotonic()

    # ------------------------------------------------------------------ log in, menus

    def log_in(self, login):
        """Log in; every user's password is the login."""
        self.page.goto("/web/login")
        self.settle()  # a request under way would bring the old session back
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", login)
        self.page.click("form.oe_login_form button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar")
        self.page.set_default_timeout(1000 * PATIENCE_SECONDS)  # the first page took the time of building assets
        self.settle()
        return self

    def apps(self):
        """Return the names of the applications that the user sees."""
        self.page.click(self.apps_menu)
        self.page.wait_for_selector(".o_app:visible")
        names = [name.strip() for name in self.page.locator(".o_app:visible").all_inner_texts()]
        self.page.keyboard.press("Escape")
        return names

    def open_app(self, app):
        """Open an application."""
        self.page.click(self.apps_menu)
        self.page.locator(".o_app:visible", has_text=app).first.click()
        self.page.wait_for_selector(".o_menu_brand:has-text('%s')" % app)
        self.settle()

    def entries(self, section):
        """Return what stands in a section of the menu, as [text]."""
        if not self.page.locator(self.entry).count():
            self.page.locator(".o_menu_sections").get_by_text(section, exact=True).first.click()
        self.page.wait_for_selector(self.entry)
        return [text.strip() for text in self.page.locator(self.entry).all_inner_texts()]

    def choose(self, section, entry=None):
        """Open a menu: a section of the bar, and the entry below it if there are any."""
        if entry:
            self.entries(section)
            self.page.locator(self.entry).get_by_text(entry, exact=True).click()
        else:
            self.page.locator(".o_menu_sections").get_by_text(section, exact=True).first.click()
        self.title(entry or section)

    def title(self, text):
        """Wait until the place where the user is goes by this text."""
        self.page.wait_for_selector(".o_control_panel:has-text('%s')" % text)
        self.settle()

    def back(self, text):
        """Go back to a page by the way on top."""
        self.page.locator(".o_control_panel .breadcrumb-item a, .o_control_panel a.fw-bold", has_text=text).last.click()
        self.title(text)

    # ------------------------------------------------------------------ forms

    def create(self):
        """Begin a new record."""
        self.page.locator(".o_control_panel").get_by_role("button", name=self.create_label, exact=True).click()
        self.page.wait_for_selector(".o_form_view")
        self.settle()

    def edit(self):
        """Make the form editable, where it has to be asked for."""

    def save(self):
        """Save the form."""
        self.page.locator(".o_form_button_save:visible").click()
        self.settle()

    def press(self, label):
        """Press a button of the window, or else of the form."""
        self.here().get_by_role("button", name=label, exact=True).locator("visible=true").first.click()
        self.settle()

    def press_name(self, name):
        """Press the button that calls this method."""
        self.here().locator("button[name=%s]" % name).locator("visible=true").first.click()
        self.settle()

    def buttons(self):
        """Return what stands on the buttons at the top of the form (16.0 shows it in capitals)."""
        return [text.strip() for text in self.page.locator(".o_statusbar_buttons button:visible").all_text_contents()]

    def enter(self, field, value):
        """Type into a field of the window or form."""
        widget = self.here().locator("[name=%s]" % field).locator("visible=true").first
        box = (
            widget
            if widget.evaluate("box => box.matches('input, textarea')")
            else widget.locator("input, textarea").first
        )
        box.fill(value)
        box.blur()  # not the Tab key: 14.0 goes on from where that led when it draws the form again
        self.settle()

    def pick(self, field, *texts):
        """Choose records in a field that names records: type, and take the first that is offered."""
        for text in texts:
            box = self.here().locator("[name=%s] input" % field).locator("visible=true").first
            box.click()
            box.fill(text)
            self.settle()  # else a search under way opens the choice again
            self.page.locator(self.offered, has_text=text).first.click()
            self.settle()
            box.blur()

    def tick(self, field):
        """Tick a box."""
        self.here().locator("[name=%s] input" % field).first.evaluate("box => box.click()")
        self.settle()

    def select(self, field, label):
        """Choose one of the values of a field that has a fixed choice."""
        widget = self.here().locator("[name=%s]" % field).locator("visible=true").first
        box = widget if widget.evaluate("box => box.matches('select')") else widget.locator("select, input").first
        if box.evaluate("box => box.matches('select')"):
            box.select_option(label=label)
        else:
            box.click()
            self.page.locator(".o_select_menu_item:visible, .o-dropdown-item:visible", has_text=label).first.click()
        self.settle()

    def tab(self, label):
        """Open a page of the form."""
        self.page.locator(".o_notebook .nav-link:visible", has_text=label).first.click()
        self.settle()

    def field(self, name):
        """Return the text of a field."""
        return self.here().locator("[name=%s]" % name).locator("visible=true").first.evaluate(READ_TEXT)

    def heading(self):
        """Return the number or name on top of the form."""
        return self.page.locator(".oe_title h1:visible").first.evaluate(READ_TEXT)

    def status(self):
        """Return the status that the status bar marks."""
        return self.page.locator(self.current_status).first.text_content().strip()

    def follow(self, label):
        """Press one of the buttons that lead to other documents."""
        button = self.page.locator("button.oe_stat_button", has_text=label).first  # 17.0: "More" is a div of that class
        if not button.is_visible():
            self.page.locator(".oe_button_box, .o-form-buttonbox").get_by_text("More").first.click()
        button.click()
        self.settle()

    def links(self):
        """Return what stands on the buttons that lead to other documents."""
        texts = self.page.locator("button.oe_stat_button:visible").all_inner_texts()
        return [" ".join(text.split()) for text in texts]

    def open_record(self, text):
        """Open the record that a link of the form names."""
        self.page.locator(self.record_link, has_text=text).first.click()
        self.page.wait_for_selector(".o_form_view")
        self.title(text)

    # ------------------------------------------------------------------ lists

    def rows(self):
        """Return the texts of a list's rows."""
        return [" ".join(text.split()) for text in self.page.locator("tr.o_data_row").all_inner_texts()]

    def open_row(self, text):
        """Open the record of a row."""
        row = self.page.locator("tr.o_data_row", has_text=text).first
        row.locator("td.o_data_cell").first.click()
        self.page.wait_for_selector(".o_form_view")
        self.settle()

    def cell(self, row, column):
        """Return the text of a cell."""
        found = self.page.evaluate_handle(FIND_CELL, [row, column]).as_element()
        return found and found.evaluate(READ_TEXT)

    def type_cell(self, row, column, value):
        """Type into a cell, and leave it with the Tab key."""
        self.page.evaluate_handle(FIND_CELL, [row, column]).as_element().click()
        self.settle()
        box = self.page.evaluate_handle(FIND_CELL, [row, column]).as_element().query_selector("input")
        box.fill(value)
        box.press("Tab")

    # ------------------------------------------------------------------ windows, messages, waiting

    def here(self):
        """Return the uppermost window, or the page where there is none."""
        windows = self.page.locator(".modal:visible")
        return windows.last if windows.count() else self.page.locator(".o_action_manager")

    def message(self):
        """Return the text of the window in which Odoo refuses something, and close it."""
        self.page.wait_for_selector(self.error_text)
        text = self.page.locator(self.error_text).last.inner_text()
        self.page.locator(".modal:visible footer button").first.click()
        return text

    def window(self):
        """Return the text of the window that is open."""
        self.page.wait_for_selector(".modal .modal-body")
        return " ".join(self.page.locator(".modal .modal-body").last.inner_text().split())

    def settle(self):
        """Wait until the client has had nothing to ask of the server for a moment."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        self.page.wait_for_timeout(1000 * QUIET_SECONDS)
        while time.monotonic() < deadline and (self.asked or time.monotonic() < self.last + QUIET_SECONDS):
            self.page.wait_for_timeout(50)

    def shows(self, read, expected):
        """Wait until `read()` gives `expected`, and assert it: figures follow a moment after typing."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and read() != expected:
            self.page.wait_for_timeout(100)
        assert read() == expected

    def picture(self, name, height, entry=None):
        """Take the upper part of the page as a PNG file, where somebody wants pictures (`setup/pictures`).

        `entry`: what of an open menu the mouse is on.
        """
        folder = os.environ.get("SRJ_PICTURES")
        if folder:
            self.page.mouse.move(640, 5)
            if entry:
                self.page.locator(self.entry).get_by_text(entry, exact=True).hover()
            self.page.wait_for_timeout(500)
            width = self.page.viewport_size["width"]
            clip = {"x": 0, "y": 0, "width": width, "height": height}
            self.page.screenshot(path=str(Path(folder) / (name + ".png")), clip=clip)

    @contextmanager
    def download(self):
        """Wait for the file that the steps inside make the browser save; gives a function for its content."""
        content = []
        with self.page.expect_download() as waiting:
            yield lambda: content[0]
        with open(waiting.value.path(), "rb") as file:
            content.append(file.read())


class OldImport:
    """The import dialog of 14.0 to 16.0."""

    def import_file(self, name, content):
        """Open the import dialog of the list and choose a file."""
        if not self.page.locator("input.oe_import_file").count():
            self.page.locator(".o_favorite_menu button").first.click()
            self.page.locator(self.import_menu).click()
            self.page.wait_for_selector("input.oe_import_file", state="attached")
        file = {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
        self.page.set_input_files("input.oe_import_file", file)
        self.page.wait_for_selector(".oe_import_grid:visible")
        self.settle()

    def press_import(self, label):
        """Press Test or Import; return what is said about the file."""
        self.page.locator(".o_cp_buttons").get_by_role("button", name=label, exact=True).click()
        self.settle()
        self.page.wait_for_timeout(500)
        self.settle()
        report = self.page.locator(
            ".oe_import_error_report:visible, .oe_import_report:visible, .o_notification:visible"
        )
        return " ".join(" ".join(report.all_inner_texts()).split())


class Client14(OldImport, Client):
    """The client of 14.0: a form is read first, then edited."""

    create_label = "Create"
    first_row = 2
    import_menu = ".o_import_menu button"
    apps_menu = ".o_menu_apps a.full"
    entry = ".o_menu_sections .dropdown-menu.show .dropdown-item"
    offered = "ul.ui-autocomplete:visible li.ui-menu-item"
    current_status = ".o_statusbar_status button.btn-primary, .o_statusbar_status [aria-checked=true]"

    def edit(self):
        """Press Edit unless the form is being edited already."""
        button = self.page.locator(".o_form_button_edit:visible")
        if button.count():
            button.click()
            self.settle()


class Client15(Client14):
    """The client of 15.0: the bar on top is today's, what is below it that of 14.0."""

    import_menu = ".o_import_menu"
    apps_menu = ".o_navbar_apps_menu button"
    entry = ".o-dropdown--menu .dropdown-item"


class Client19(Client):
    """The client of 17.0 to 19.0."""

    create_label = "New"
    apps_menu = ".o_navbar_apps_menu button"
    entry = ".o-dropdown--menu .dropdown-item"
    offered = ".o-autocomplete--dropdown-menu:visible .o-autocomplete--dropdown-item"
    current_status = ".o_statusbar_status .o_arrow_button_current"

    def import_file(self, name, content):
        """Open the import dialog of the list and choose a file."""
        if not self.page.locator(".o_import_action").count():
            self.page.locator(".o_cp_action_menus button").first.click()
            self.page.locator(".o_import_menu").click()
            self.page.wait_for_selector(".o_import_action")
        file = {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
        self.page.set_input_files("input.o_input_file", file)
        self.page.wait_for_selector(".o_import_data_content")
        self.settle()

    def press_import(self, label):
        """Press Test or Import; return what is said about the file."""
        self.page.locator(".o_control_panel").get_by_role("button", name=label, exact=True).click()
        self.settle()
        self.page.wait_for_timeout(500)
        self.settle()
        report = self.page.locator(
            ".o_import_data_content .alert:visible, .o_import_report:visible, .o_notification:visible"
        )
        return " ".join(" ".join(report.all_inner_texts()).split())


class Client16(OldImport, Client19):
    """The client of 16.0, the first of today's."""

    import_menu = ".o_import_menu"


CLIENTS = {"14.0": Client14, "15.0": Client15, "16.0": Client16}


def client_at(page, series):
    """Return the client of `series` ("18.0")."""
    return CLIENTS.get(series, Client19)(page)
