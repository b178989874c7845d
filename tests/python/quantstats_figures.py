"""Figures of quantstats of the daily returns on stdin, as JSON: what Liu's must agree with.

pip install quantstats==0.0.86
"""

import json
import sys

import numpy
import pandas
import quantstats

values = json.load(sys.stdin)
returns = pandas.Series(values, index=pandas.bdate_range("2020-01-01", periods=len(values)))
stats = quantstats.stats
rolling = stats.rolling_sharpe(returns, rolling_period=63)
volatility = stats.rolling_volatility(returns, rolling_period=63)
print(json.dumps({
    "quantstats": quantstats.__version__,
    "pandas": pandas.__version__,
    "numpy": numpy.__version__,
    "total": float(stats.comp(returns)),
    "cagr": float(stats.cagr(returns)),
    "volatility": float(stats.volatility(returns)),
    "sharpe": float(stats.sharpe(returns)),
    "sortino": float(stats.sortino(returns)),
    "calmar": float(stats.calmar(returns)),
    "max_drawdown": float(stats.max_drawdown(returns)),
    "best_day": float(stats.best(returns)),
    "worst_day": float(stats.worst(returns)),
    "winning_days": float(stats.win_rate(returns)),
    "rolling_sharpe_last": float(rolling.iloc[-1]),
    "rolling_volatility_last": float(volatility.iloc[-1]),
}))
