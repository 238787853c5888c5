"""The figures as a table."""

HEAD = ("", "seconds", "ratio", "queries", "peak MB", "grown MB", "CPU s", "load")
WIDTH = 44


def text(series, results):
    """Yield the lines of a table of what one series' cases found."""
    for result in results:
        yield "\n%s  %s: %s" % (series, result["case"], result["title"])
        yield row(*HEAD)
        for name, side in result["sides"].items():
            yield row(
                name,
                "%.3f" % side["seconds"],
                ratio(result, name),
                side["queries"],
                "%.0f" % side["memory"],
                "%.0f" % side["grown"],
                "%.2f" % side["cpu"],
                "%.1f" % side["load"],
            )
            if "per_second" in side:
                yield "  %d chunks, %.0f lines/s; first tenth %.0f, last tenth %.0f" % (
                    side["chunks"],
                    side["per_second"],
                    side["first"],
                    side["last"],
                )


def ratio(result, name):
    """Say how `name` compares with what the result is measured against."""
    relation, sides = result["relation"], result["sides"]
    seconds = sides[name]["seconds"]
    if "against" in relation and name not in (relation["against"], relation.get("floor")):
        other = sides[relation["against"]]["seconds"]
        said = "%.2f × its time" % (seconds / other) if relation.get("slower") else "%.1f × faster" % (other / seconds)
        if "floor" in relation:
            said += ", floor × %.1f" % (seconds / sides[relation["floor"]]["seconds"])
        return said
    if "times" in relation and name != relation["times"]:
        return "%.1f × the time" % (seconds / sides[relation["times"]]["seconds"])
    return ""


def row(name, seconds, compared, *rest):
    """Lay out one line of the table."""
    return ("%-" + str(WIDTH) + "s %9s  %-28s" + " %9s" * len(rest)) % ("  " + str(name), seconds, compared, *rest)
