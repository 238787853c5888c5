"""Lines of 1.0: nothing went on, the stock of then is that of now; 19.0: what each layer was posted on top of."""


def migrate(cr, version):
    """Complete what lines and layers did not keep before journals could be dated in the past."""
    cr.execute("UPDATE stock_revaluation_journal_line SET quantity_now = quantity WHERE quantity_now IS NULL")
    cr.execute(
        "SELECT 1 FROM information_schema.columns"
        " WHERE table_name = 'stock_valuation_layer' AND column_name = 'manual_value_id'"
    )
    if cr.fetchone():
        cr.execute(
            "UPDATE stock_valuation_layer layer SET manual_value_id = (SELECT MAX(value.id) FROM product_value value"
            " WHERE value.move_id = layer.stock_move_id AND value.create_date < layer.create_date)"
            " WHERE layer.manual_value_id IS NULL"
        )
