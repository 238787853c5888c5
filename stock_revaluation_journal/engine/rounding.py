"""Exact decimal rounding of money and unit costs.

Floats come in from the ORM and go back to it; in between every figure is a `Decimal`
read from the float's shortest text (0.1 stays 0.1), so that half cents round away from
zero on every platform and sums are exact.
"""

from decimal import ROUND_HALF_UP, Decimal


def decimal(number):
    """Return `number` (int, float, str or Decimal) as the Decimal a person would write.

    >>> decimal(0.1)
    Decimal('0.1')
    """
    return (
        number if isinstance(number, Decimal) else Decimal(repr(number) if isinstance(number, float) else str(number))
    )


def settled(number):
    """Return the Decimal that a float stands for, without the noise that arithmetic leaves in its last digits.

    Two ways to the same half cent then round to the same cent.

    >>> settled(118.93499999999999), settled(118.935), settled(12345678901.235)
    (Decimal('118.9350000000'), Decimal('118.9350000000'), Decimal('12345678901.2350'))
    """
    return Decimal("%#.*g" % (13 if abs(number) < 1e10 else 15, number))


def round_to(number, step):
    """Round `number` to the nearest multiple of `step`, halves away from zero.

    Units: both in the same unit; `step` is a currency's rounding (0.01, 1, 0.05) or 10 ** -digits.
    Raises: ValueError if `step` is not above zero.

    >>> round_to(72.725, 0.01), round_to(-72.725, 0.01), round_to(7.13, 0.05)
    (Decimal('72.73'), Decimal('-72.73'), Decimal('7.15'))
    """
    step = decimal(step)
    if step <= 0:
        raise ValueError("The rounding step must be above zero, not %s." % step)
    return (decimal(number) / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step


def value_of(quantity, unit_cost, step):
    """Return the total of `quantity` at `unit_cost`, rounded to `step`.

    >>> value_of(147, 5.1, 0.01)
    Decimal('749.70')
    """
    return round_to(decimal(quantity) * decimal(unit_cost), step)


def unit_cost_of(value, quantity, digits):
    """Return the unit cost that `value` gives for `quantity`, rounded to `digits` decimals.

    Raises: ZeroDivisionError if `quantity` is zero.

    >>> unit_cost_of(750, 147, 4)
    Decimal('5.1020')
    """
    quantity = decimal(quantity)
    if not quantity:
        raise ZeroDivisionError("A quantity of zero has no unit cost.")
    return round_to(decimal(value) / quantity, Decimal(1).scaleb(-digits))


def agree(value, unit_cost, quantity, step, digits):
    """Tell whether a total and a unit cost say the same within rounding, whichever was entered.

    >>> agree(750, 5.102, 147, 0.01, 4), agree(749.99, 5.102, 147, 0.01, 4), agree(760, 5.102, 147, 0.01, 4)
    (True, True, False)
    >>> agree(0, 5.1, 0, 0.01, 4), agree(1, 5.1, 0, 0.01, 4)
    (True, False)
    """
    if not quantity:
        return not round_to(value, step)
    return value_of(quantity, unit_cost, step) == round_to(value, step) or (
        unit_cost_of(value, quantity, digits) == round_to(unit_cost, Decimal(1).scaleb(-digits))
    )
