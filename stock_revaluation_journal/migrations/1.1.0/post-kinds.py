"""From 1.0.0: the reasons that came with the addon get their kind; those of users stay corrections."""


def migrate(cr, version):
    """Set the kind where nobody has chosen another one."""
    for name, kind in (("reason_write_down", "write_down"), ("reason_standard_cost", "standard_cost")):
        cr.execute(
            "UPDATE stock_revaluation_reason SET kind = %s WHERE kind = 'correction' AND id = ("
            " SELECT res_id FROM ir_model_data WHERE module = 'stock_revaluation_journal' AND name = %s)",
            [kind, name],
        )
