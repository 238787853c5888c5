"""Odoo's web client itself is whole: what Debian's packages leave out has been put in its place."""


def test_web_client_opens_without_an_error(admin):
    admin.goto("/web#action=stock.stock_picking_type_action")
    admin.wait_for_selector(".o_kanban_view .o_kanban_record:not(.o_kanban_ghost)")
    admin.settle()
    assert admin.problems == []


def test_web_client_has_its_icons_and_fonts(admin):
    """A font that is missing leaves empty squares instead of icons, and no error on the console."""
    admin.settle()
    fonts = admin.evaluate("document.fonts.load('16px FontAwesome').then(fonts => fonts.length)")
    assert fonts >= 1
    assert admin.problems == []
