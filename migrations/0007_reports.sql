-- What reports need and nothing else holds: what the market was at when a strategy decided, and what
-- the account was worth while a batch ran.

-- Null: no strategy decided (a stop, a liquidation), or it is not known.
alter table new_trades
  add column decision_price numeric
    check (decision_price > 0 and decision_price < 'Infinity');

-- Equity over time, market data's lag and losses, costs that no execution has.
create table batch_figures (
  batch_id text primary key,
  figures jsonb not null,
  tstamp timestamptz not null default now()
);
