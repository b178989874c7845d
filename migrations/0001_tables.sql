-- The tables of a trader. Money and quantities are numeric, volumes bigint, times timestamptz:
-- nothing that is stored here is rounded or loses its zone.

create type trade_operation as enum ('buy', 'sell', 'sell_short', 'buy_short');

-- A row per strategy, per consumer, per batch. No end_time: the run was cut short.
create table algo_run (
  algo_run_id serial primary key,
  algo_name text not null,
  algo_env text not null check (algo_env in ('PAPER', 'BACKTEST', 'PROD')),
  build_number text not null,
  parameters jsonb,
  start_time timestamptz not null default now(),
  end_time timestamptz,
  end_reason text,
  batch_id text not null,
  ref_algo_run integer references algo_run
);
create index algo_run_batch_id on algo_run (batch_id);
create index algo_run_start_time on algo_run (start_time);

-- A row per execution. client_time is when the strategy decided, tstamp when the exchange executed.
create table new_trades (
  trade_id serial primary key,
  algo_run_id integer not null references algo_run,
  symbol text not null,
  operation trade_operation not null,
  qty numeric not null check (qty > 0 and qty < 'Infinity'),
  price numeric not null check (price > '-Infinity' and price < 'Infinity'),
  indicators jsonb,
  client_time timestamptz,
  tstamp timestamptz not null default now(),
  stop_price numeric,
  target_price numeric,
  expire_tstamp timestamptz,
  trade_fee numeric not null default 0 check (trade_fee >= 0 and trade_fee < 'Infinity'),
  broker_order_id text not null,
  client_order_id text not null,
  cumulative_qty numeric not null
);
-- The identity of an execution. The run is part of it because order ids of a simulated exchange,
-- those of a bracket's legs too, start anew in each session.
create unique index new_trades_execution
  on new_trades (algo_run_id, broker_order_id, cumulative_qty);
create index new_trades_symbol on new_trades (symbol, tstamp);

-- Intents that did not become orders, and orders that the broker refused.
create table order_denial (
  order_denial_id serial primary key,
  algo_run_id integer not null references algo_run,
  symbol text not null,
  side text not null check (side in ('buy', 'sell')),
  qty numeric,
  denied_by text not null check (denied_by in ('risk', 'broker')),
  code text not null,
  message text not null,
  tstamp timestamptz not null
);
create unique index order_denial_once on order_denial
  (algo_run_id, symbol, tstamp, side, denied_by, code, coalesce(qty, 0), md5(message));

-- What scanners picked.
create table trending_tickers (
  trending_id serial primary key,
  batch_id text not null,
  symbol text not null,
  scanner_name text not null,
  create_tstamp timestamptz not null default now(),
  unique (batch_id, symbol, scanner_name, create_tstamp)
);

-- Global variables of strategies.
create table keystore (
  keystore_id serial primary key,
  algo_name text not null,
  context text not null default '',
  key text not null,
  value text not null,
  tstamp timestamptz not null default now(),
  unique (algo_name, key, context)
);

-- Gains by symbol and run.
create table gain_loss (
  gain_loss_id serial primary key,
  symbol text not null,
  algo_run_id integer not null references algo_run,
  gain_percentage numeric not null,
  gain_value numeric not null,
  tstamp timestamptz not null default now(),
  unique (symbol, algo_run_id)
);
create index gain_loss_algo_run_id on gain_loss (algo_run_id);

-- Gains by round trip: from flat to flat.
create table trade_analysis (
  trade_analysis_id serial primary key,
  symbol text not null,
  algo_run_id integer not null references algo_run,
  start_tstamp timestamptz not null,
  end_tstamp timestamptz not null,
  gain_percentage numeric not null,
  gain_value numeric not null,
  r_units numeric,
  tstamp timestamptz not null default now(),
  unique (symbol, algo_run_id, start_tstamp)
);
create index trade_analysis_algo_run_id on trade_analysis (algo_run_id);

-- Daily bars with the indicators that miners work out.
create table stock_ohlc (
  symbol_id serial primary key,
  symbol text not null,
  symbol_date date not null,
  open numeric not null,
  high numeric not null,
  low numeric not null,
  close numeric not null,
  volume bigint not null,
  indicators jsonb,
  modify_tstamp timestamptz,
  create_tstamp timestamptz not null default now(),
  unique (symbol, symbol_date)
);

-- Reference data of symbols.
create table ticker_data (
  symbol text primary key,
  name text,
  description text,
  tags text[] not null default '{}',
  similar_tickers text[] not null default '{}',
  industry text,
  sector text,
  exchange text,
  short_ratio numeric,
  create_tstamp timestamptz not null default now(),
  modify_tstamp timestamptz
);

-- A named share of the account, to which batches are attached.
create table accounts (
  account_id serial primary key,
  balance numeric not null default 0,
  allow_negative boolean not null default false,
  credit_line numeric not null default 0 check (credit_line >= 0),
  details jsonb,
  create_tstamp timestamptz not null default now(),
  modified_tstamp timestamptz,
  constraint balance_within_credit_line check (balance >= -credit_line)
);

create table account_transactions (
  transaction_id serial primary key,
  account_id integer not null references accounts,
  amount numeric not null check (amount > '-Infinity' and amount < 'Infinity'),
  details jsonb,
  tstamp timestamptz not null default now(),
  create_tstamp timestamptz not null default now()
);
create index account_transactions_account_id on account_transactions (account_id, tstamp);

create table portfolio (
  portfolio_id text primary key,
  size numeric not null,
  stock_count integer,
  parameters jsonb,
  assets text,
  account_id integer references accounts,
  external_account_id text,
  broker text,
  expire_tstamp timestamptz,
  tstamp timestamptz not null default now()
);

create table portfolio_batch_ids (
  assoc_id serial primary key,
  portfolio_id text not null references portfolio,
  batch_id text not null,
  unique (portfolio_id, batch_id)
);

create table optimizer_run (
  optimizer_run_id serial primary key,
  optimizer_session_id text not null,
  batch_id text not null,
  parameters jsonb,
  create_tstamp timestamptz not null default now()
);
create index optimizer_run_session on optimizer_run (optimizer_session_id);

-- Strategies added while the trader runs, and what became of them.
create table trade_plan (
  trade_plan_id serial primary key,
  strategy_name text not null,
  parameters jsonb,
  portfolio_id text references portfolio,
  start_tstamp timestamptz,
  expire_tstamp timestamptz,
  create_tstamp timestamptz not null default now()
);

create table trade_plan_execution_audit (
  audit_id serial primary key,
  trade_plan_id integer not null references trade_plan,
  batch_id text not null,
  action text not null,
  details jsonb,
  tstamp timestamptz not null default now()
);
