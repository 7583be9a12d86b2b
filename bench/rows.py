"""The table's rows: values of one figure beside a peer's, with the gate that they are held to."""


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def median(values):
    return percentile(values, 0.5)


def digits(value):
    return None if value is None else float(f"{value:.4g}")


class Gate:
    """A bound from above (`<=`) or below (`>=`): of the ratio to the peer's value, or of the value itself."""

    def __init__(self, sign, bound, of="ratio"):
        self.sign, self.bound, self.of = sign, bound, of

    def holds(self, value, ratio):
        found = ratio if self.of == "ratio" else value
        return found <= self.bound if self.sign == "<=" else found >= self.bound

    def __str__(self):
        return f"{self.sign} {self.bound:g}" + ("" if self.of == "value" else " x")


def row(name, unit, values, peer="", peer_values=(), gate=None, definition=""):
    """A line of the table. p5 and p99 are of our own values, and of the peer's where it has several."""
    value = median(values)
    peer_value = median(peer_values) if peer_values else None
    ratio = value / peer_value if peer_value else None
    return {
        "name": name, "value": digits(value), "unit": unit, "peer": peer, "peer_value": digits(peer_value), "ratio": digits(ratio),
        "p5": digits(percentile(values, 0.05)), "p99": digits(percentile(values, 0.99)),
        "gate": None if gate is None else str(gate), "ok": None if gate is None else gate.holds(value, ratio), "samples": len(values),
        "definition": definition,
    }  # fmt: skip


def skipped(name, peer, reason):
    """A peer that is not there, so that its absence is seen."""
    return {"name": name, "peer": peer, "skipped": reason, "gate": None, "ok": None}


def text(value):
    return "" if value is None else f"{value:g}"


def show(rows):
    print(f"{'figure':<36}{'median':>9}{'p5':>9}{'p99':>9} {'unit':<9}{'peer':<16}{'its':>9}{'ratio':>8}  gate")
    for line in rows:
        if "skipped" in line:
            print(f"{line['name']:<36}{'':>28}{line['peer']:<16} skipped: {line['skipped']}")
            continue
        verdict = "" if line["gate"] is None else f"{line['gate']} {'met' if line['ok'] else 'MISSED'}"
        values = "".join(f"{text(line[key]):>9}" for key in ("value", "p5", "p99"))
        print(
            f"{line['name']:<36}{values} {line['unit']:<9}{line['peer']:<16}{text(line['peer_value']):>9}{text(line['ratio']):>8}  {verdict}".rstrip()
        )
