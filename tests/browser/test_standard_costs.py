"""New standard costs, as a controller sets them before the year begins: rolled up, compared, posted on their day.

Shelf = 2 boards + 3 screws; bookcase = 1 shelf + half an hour at 20. Board 4 becomes 5, screw 1 stays: shelf 11
becomes 13, bookcase 21 becomes 23; ten bookcases are in stock: + 20.00.
"""

from datetime import date, timedelta

import pytest

BOARD, SCREW, SHELF, BOOKCASE = "Oak board", "Screw set", "Shelf", "Bookcase"
COSTS = {BOARD: 4.00, SCREW: 1.00, SHELF: 11.00, BOOKCASE: 21.00}


@pytest.fixture
def products(server):
    """Make the four products with their bills; return their ids by name."""
    storable = "is_storable" in server.call("product.template", "fields_get", ["is_storable"])
    kind = {"type": "consu", "is_storable": True} if storable else {"type": "product"}
    if "detailed_type" in server.call("product.template", "fields_get", ["detailed_type"]):
        kind = {"detailed_type": "product"}
    categories = {
        name: server.call("product.category", "create", [{"name": name, "property_cost_method": "standard"}])[0]
        for name in ("Shelving parts", "Shelving made")
    }
    ids = {}
    for name, cost in COSTS.items():
        category = categories["Shelving parts" if name in (BOARD, SCREW) else "Shelving made"]
        ids[name] = server.call("product.product", "create", [dict(kind, name=name, categ_id=category)])[0]
        server.call("product.product", "write", [ids[name]], {"standard_price": cost})
    bench = server.call("mrp.workcenter", "create", [{"name": "Bench", "costs_hour": 20}])[0]
    make(server, ids[SHELF], [(ids[BOARD], 2), (ids[SCREW], 3)])
    operation = {"name": "Assemble", "workcenter_id": bench, "time_mode": "manual", "time_cycle_manual": 30}
    make(server, ids[BOOKCASE], [(ids[SHELF], 1)], operation_ids=[(0, 0, operation)])
    put_in_stock(server, ids[BOOKCASE], 10)
    return ids


def make(server, product, parts, **vals):
    template = server.call("product.product", "read", [product], ["product_tmpl_id"])[0]["product_tmpl_id"][0]
    lines = [(0, 0, {"product_id": part, "product_qty": quantity}) for part, quantity in parts]
    server.call("mrp.bom", "create", [dict(vals, product_tmpl_id=template, product_qty=1, bom_line_ids=lines)])


def put_in_stock(server, product, quantity):
    warehouse = server.call("stock.warehouse", "search_read", [], ["lot_stock_id"], limit=1)[0]
    applied = "inventory_quantity_auto_apply"  # what is counted is in stock at once, as up to 14.0
    field = applied if applied in server.call("stock.quant", "fields_get", [applied]) else "inventory_quantity"
    vals = {"product_id": product, "location_id": warehouse["lot_stock_id"][0], field: quantity}
    server.call("stock.quant", "create", [vals], context={"inventory_mode": True})


def test_standard_costs_from_roll_up_to_posting_on_their_date(client, server, products):
    tomorrow = str(date.today() + timedelta(days=1))
    vals = {"description": "Standard costs of the new year", "date": tomorrow}
    journal = server.call("stock.revaluation.journal", "create", [vals])[0]
    name = server.call("stock.revaluation.journal", "read", [journal], ["name"])[0]["name"]
    client.log_in("manager")
    client.open_app("Inventory")
    client.choose("Operations", "Revaluation Journals")
    client.open_row(name)

    client.press("Calculate Inventory Value")
    client.pick("categ_ids", "Shelving made", "Shelving parts")
    client.tick("also_without_stock")
    client.picture("costs_1_calculate", 560)
    client.press("Calculate")
    client.shows(lambda: client.cell(SHELF, "unit_cost_calculated"), "11.0000")
    client.edit()
    client.type_cell(BOARD, "unit_cost_revalued", "5")
    # as typed, and with all its digits as soon as the server has answered
    client.shows(lambda: float(client.cell(BOARD, "unit_cost_revalued")), 5.0)
    client.save()

    client.press("Suggest Cost")
    client.select("source", "Roll-up of bills of materials")
    client.shows(lambda: "2 lines change" in client.window(), True)
    window = client.window()
    assert "11.0000 13.0000" in window
    assert "21.0000 23.0000 $ 210.00 $ 230.00 $ 20.00" in window
    client.picture("costs_2_roll_up", 760)
    client.press("Apply")
    client.shows(lambda: client.cell(BOOKCASE, "unit_cost_revalued"), "23.0000")
    client.shows(lambda: client.cell(SHELF, "value_revalued"), "0.00")

    client.press("Post on Its Date")
    assert "Posts by itself on its date" in client.page.locator(".o_form_view").inner_text()
    assert "Post" not in client.buttons()
    client.picture("costs_3_on_its_date", 760)

    client.follow("Compare Costs")
    groups = [" ".join(text.split()) for text in client.page.locator("tr.o_group_header").all_inner_texts()]
    assert len(groups) == 2
    client.page.locator("tr.o_group_header").last.click()
    client.settle()
    client.page.locator("tr.o_group_header").first.click()
    client.settle()
    assert client.cell(BOARD, "unit_cost_percent") == "25.00"  # 4 to 5
    assert client.cell(BOOKCASE, "unit_cost_percent") == "9.52"  # 2 of 21
    client.picture("costs_4_compare", 560)
    for kind in ("pivot", "graph"):
        client.page.locator(".o_cp_switch_buttons button.o_%s, button.o_switch_view.o_%s" % (kind, kind)).first.click()
        client.page.wait_for_selector(".o_content [class*=o_%s]" % kind)
        client.settle()
