"""A case of cases.json by backtrader."""

import backtrader

NAME, VERSION = "backtrader", backtrader.__version__


def run(case, bars):
    """Trades as (time, signed quantity, price), the final equity, the worst fall from a peak."""
    trades = []

    class Case(backtrader.Strategy):
        def __init__(self):
            if case["strategy"] == "cross":
                self.fast = backtrader.indicators.SimpleMovingAverage(self.data.close, period=10)
                self.slow = backtrader.indicators.SimpleMovingAverage(self.data.close, period=30)

        def next(self):
            if case["strategy"] == "hold":
                if len(self.data) == 2:
                    self.buy(size=self.quantity())
                return
            # It begins with the bar that completes the slow average: a cross needs one before it.
            if len(self.data) == 30:
                return
            was_above = self.fast[-1] > self.slow[-1]
            is_above = self.fast[0] > self.slow[0]
            if not self.position and is_above and not was_above:
                self.buy(size=self.quantity())
            elif self.position and self.fast[0] < self.slow[0]:
                self.close()

        def quantity(self):
            if "qty" in case:
                return case["qty"]
            return int(self.broker.getvalue() * case["share"] / self.data.close[0])

        def notify_order(self, order):
            if order.status == order.Completed:
                done = order.executed
                trades.append((backtrader.num2date(done.dt), done.size, done.price))

    cerebro = backtrader.Cerebro(stdstats=False)
    cerebro.adddata(backtrader.feeds.PandasData(
        dataname=bars,
        timeframe=backtrader.TimeFrame.Days if case["scale"] == "day" else backtrader.TimeFrame.Minutes,
    ))
    cerebro.addstrategy(Case)
    cerebro.addanalyzer(backtrader.analyzers.DrawDown, _name="drawdown")
    cerebro.broker.setcash(case["cash"])
    cerebro.broker.setcommission(commission=case["feePercent"] / 100)
    cerebro.broker.set_coc(case["fill"] == "close")
    (strategy,) = cerebro.run()
    return {
        "trades": trades,
        "finalEquity": cerebro.broker.getvalue(),
        "maxDrawdown": strategy.analyzers.drawdown.get_analysis()["max"]["drawdown"] / 100,
    }
