"""Runs cases.json with independent backtesters: python figures.py DATA_FOLDER > figures.json

requirements.txt names the versions.
"""

import json
import pathlib
import sys

import pandas

import with_backtesting
import with_backtrader

HERE = pathlib.Path(__file__).parent
PROGRAMS = [with_backtesting, with_backtrader]
# More are counted only.
TRADES_LISTED = 500


def bars_of(case, folder):
    bars = pandas.read_csv(folder / case["file"])
    bars.columns = [name.capitalize() for name in bars.columns]
    time = "Date" if "Date" in bars.columns else "Timestamp"
    bars.index = pandas.to_datetime(bars[time])
    # Prices as they stand there; the adjusted close is not used.
    bars = bars[["Open", "High", "Low", "Close", "Volume"]].astype(float)
    return bars[: case.get("rows")]


def readable(case, result):
    form = "%Y-%m-%d" if case["scale"] == "day" else "%Y-%m-%dT%H:%M"
    trades = sorted(result["trades"], key=lambda trade: trade[0])
    listed = [
        # Averages of one execution leave noise in the last digits.
        [pandas.Timestamp(time).round("s").strftime(form), float(qty), round(float(price), 9)]
        for time, qty, price in trades
    ]
    return {
        "finalEquity": round(float(result["finalEquity"]), 6),
        "maxDrawdown": round(float(result["maxDrawdown"]), 12),
        "executions": len(listed),
        "trades": listed if len(listed) <= TRADES_LISTED else None,
    }


def main(folder):
    cases = {}
    for case in json.loads((HERE / "cases.json").read_text()):
        bars = bars_of(case, folder)
        # backtrader has no such sizes.
        programs = [with_backtesting] if "sizedAt" in case else PROGRAMS
        results = {one.NAME: readable(case, one.run(case, bars.copy())) for one in programs}
        lists = [result.pop("trades") for result in results.values()]
        # A list that all have is written once.
        if all(trades == lists[0] for trades in lists):
            cases[case["name"]] = {**results, "trades": lists[0]}
        else:
            for result, trades in zip(results.values(), lists):
                result["trades"] = trades
            cases[case["name"]] = results
    versions = {one.NAME: one.VERSION for one in PROGRAMS}
    print(text({"versions": versions, "cases": cases}))


def text(value, indent=""):
    """JSON with a trade a line."""
    if isinstance(value, dict):
        deeper = indent + "  "
        items = [f"{deeper}{json.dumps(key)}: {text(one, deeper)}" for key, one in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(f"{indent}  {text(one)}" for one in value) + f"\n{indent}]"
    return json.dumps(value)


main(pathlib.Path(sys.argv[1]))
