"""A case of cases.json by backtesting.py."""

import warnings

import pandas
from backtesting import Strategy, __version__
from backtesting.lib import FractionalBacktest

NAME, VERSION = "backtesting.py", __version__
# Quantities are counted in it. A power of two scales prices without rounding them.
UNIT = 0.25


def average(values, length):
    return pandas.Series(values).rolling(length).mean()


def run(case, bars):
    """Trades as (time, signed quantity, price), the final equity, the worst fall from a peak."""
    unit = UNIT if case["symbol"] == "BTC/USD" else 1

    class Case(Strategy):
        def init(self):
            if case["strategy"] == "cross":
                self.fast = self.I(average, self.data.Close, 10)
                self.slow = self.I(average, self.data.Close, 30)

        def next(self):
            if case["strategy"] == "hold":
                # The first bar that it shows is the second.
                if len(self.data) == 2:
                    self.buy(size=self.units())
                return
            was_above = self.fast[-2] > self.slow[-2]
            is_above = self.fast[-1] > self.slow[-1]
            if not self.position and is_above and not was_above:
                self.buy(size=self.units())
            elif self.position and self.fast[-1] < self.slow[-1]:
                self.position.close()

        def units(self):
            if "qty" in case:
                return round(case["qty"] / unit)
            if case.get("sizedAt") == "fill":
                return case["share"]
            return int(self.equity * case["share"] / self.data.Close[-1])

    backtest = FractionalBacktest(
        bars,
        Case,
        fractional_unit=unit,
        cash=case["cash"],
        commission=case["feePercent"] / 100,
        trade_on_close=case["fill"] == "close",
    )
    with warnings.catch_warnings():
        # That a trade is open at the end, which is meant.
        warnings.simplefilter("ignore")
        stats = backtest.run()
    trades = []
    for trade in [*stats["_trades"].itertuples(), *still_open(stats, unit)]:
        trades.append((trade.EntryTime, trade.Size, trade.EntryPrice))
        if trade.ExitTime is not None:
            trades.append((trade.ExitTime, -trade.Size, trade.ExitPrice))
    return {
        "trades": trades,
        "finalEquity": stats["Equity Final [$]"],
        "maxDrawdown": -stats["Max. Drawdown [%]"] / 100,
    }


class Open:
    def __init__(self, trade, unit):
        self.EntryTime, self.ExitTime = trade.entry_time, None
        self.Size, self.EntryPrice = trade.size * unit, trade.entry_price / unit


def still_open(stats, unit):
    return [Open(trade, unit) for trade in stats["_strategy"].trades]
