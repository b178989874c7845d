/** A database as LiuAlgoTrader's last version leaves it, with rows of each kind that it made. */

/** Types as there: money of two decimals, volumes of 32 bits, times with and without zone. */
export const OLD_DDL = `
  create type trade_operation as enum ('buy', 'sell', 'sell_short', 'buy_short');
  create type trade_env as enum ('PAPER', 'PROD');
  create type asset_type as enum ('US_EQUITIES', 'CRYPTO');
  create sequence transaction_id_seq;
  create table algo_run (
    algo_run_id serial primary key, algo_name text not null, algo_env text not null,
    build_number text not null, parameters jsonb,
    start_time timestamp default current_timestamp, end_time timestamp, end_reason text,
    batch_id text not null default '', ref_algo_run int references algo_run);
  create index on algo_run (batch_id);
  create table trades (
    trade_id serial primary key, algo_run_id int references algo_run, is_win bool,
    symbol text not null, qty int not null, buy_price decimal(8, 2) not null,
    buy_indicators jsonb not null, buy_time timestamp default current_timestamp,
    sell_price decimal(8, 2), sell_indicators jsonb, sell_time timestamp,
    client_sell_time text, client_buy_time text);
  create table new_trades (
    trade_id serial primary key, algo_run_id int not null, symbol text not null,
    operation trade_operation not null, qty numeric(24, 10) not null,
    price decimal(8, 2) not null, indicators jsonb not null, client_time text,
    tstamp timestamp default current_timestamp, stop_price decimal(8, 2),
    target_price decimal(8, 2), expire_tstamp timestamp,
    trade_fee numeric(9, 2) not null default 0);
  create index on new_trades (symbol);
  create index on new_trades (algo_run_id);
  create index on new_trades (tstamp);
  create table trending_tickers (
    trending_id serial primary key, batch_id text not null, symbol text not null,
    create_tstamp timestamptz default current_timestamp,
    scanner_name text not null default 'momentum');
  create table stock_ohlc (
    symbol_id serial primary key, symbol text not null, symbol_date date not null,
    open float not null, high float not null, low float not null, close float not null,
    volume int not null, indicators jsonb, modify_tstamp timestamp,
    create_tstamp timestamp default current_timestamp, unique (symbol, symbol_date));
  create table ticker_data (
    symbol text primary key, name text not null, description text not null, tags text[],
    similar_tickers text[], industry text, sector text, exchange text, short_ratio float,
    create_tstamp timestamp default current_timestamp, modify_tstamp timestamp);
  create table gain_loss (
    gain_loss_id serial primary key, symbol text not null, algo_run_id int not null,
    gain_percentage decimal(5, 2) not null, gain_value decimal(8, 2) not null,
    tstamp timestamp default current_timestamp, unique (symbol, algo_run_id));
  create table trade_analysis (
    trade_analysis_id serial primary key, symbol text not null, algo_run_id int not null,
    start_tstamp timestamptz not null, end_tstamp timestamptz not null,
    gain_percentage decimal(5, 2) not null, gain_value decimal(8, 2) not null,
    r_units decimal(4, 2), tstamp timestamptz default current_timestamp,
    unique (symbol, algo_run_id, start_tstamp));
  create table keystore (
    key text primary key, value text not null, tstamp timestamptz default current_timestamp);
  create table accounts (
    account_id serial primary key, balance float not null default 0,
    allow_negative bool not null default false, credit_line float not null default 0,
    details jsonb, create_tstamp timestamptz default current_timestamp,
    modified_tstamp timestamptz);
  create table account_transactions (
    transaction_id serial primary key, account_id serial, amount float not null, details jsonb,
    tstamp timestamptz default current_timestamp,
    create_tstamp timestamptz default current_timestamp);
  create function update_balance() returns trigger language plpgsql as $$
  begin
    update accounts set balance = balance + new.amount where account_id = new.account_id;
    return new;
  end $$;
  create trigger balance_update before insert or update on account_transactions
    for each row execute function update_balance();
  create table portfolio (
    portfolio_id text primary key, size int not null, parameters jsonb,
    expire_tstamp timestamptz, tstamp timestamptz default current_timestamp,
    account_id int references accounts, assets asset_type not null default 'US_EQUITIES',
    external_account_id text, broker text);
  create table portfolio_batch_ids (
    assoc_id serial primary key, portfolio_id text not null, batch_id text not null);
  create table optimizer_run (
    optimizer_run_id serial primary key, optimizer_session_id text not null,
    batch_id text not null, tstamp timestamptz default current_timestamp,
    parameters text not null default '');
  create table trade_plan (
    trade_plan_id uuid primary key default gen_random_uuid(),
    portfolio_id text not null references portfolio, start_date date not null,
    strategy_name text not null, parameters jsonb,
    create_tstamp timestamptz default current_timestamp, modify_tstamp timestamptz,
    expire_tstamp timestamptz);
  create table trade_plan_execution_audit (
    execution_id serial primary key, trade_plan_id uuid references trade_plan, details jsonb,
    started_on timestamptz default current_timestamp,
    ended_on timestamptz default current_timestamp);
  create view todays_runs as select * from algo_run;`;

/** Runs: 1 a paper session, 2 a backtest that says "unknown", 3 cut short, 4 without a batch. */
const RUNS = `
  insert into algo_run
    (algo_run_id, algo_name, algo_env, build_number, parameters, start_time, end_time,
     end_reason, batch_id, ref_algo_run) values
    (1, 'momentum_long', 'PAPER', '0.3.1', '{"DSN": "postgresql://u:geheim@h/d", "n": 1}',
     '2021-03-01 14:29:00', '2021-03-01 21:00:00', 'market close', 'paper-1', null),
    (2, 'momentum_long', 'unknown', '0.4.35', null, '2022-06-01 10:00:00',
     '2022-06-01 10:05:00', 'completed', 'back-1', 1),
    (3, 'o''neil', 'unknown', '0.4.35', '[1, 2]', '2022-06-02 13:30:00', null, null, 'live-2',
     null),
    (4, 'old', 'PROD', 'xoxo', '"text"', '2020-05-01 13:30:00', null, null, '', null);
  select setval('algo_run_algo_run_id_seq', 4);
  insert into trades (algo_run_id, symbol, qty, buy_price, buy_indicators, buy_time, sell_price,
     sell_indicators, sell_time, client_buy_time) values
    (4, 'ibm', 10, 100, '{}', '2020-05-01 14:00:00', 101.5, null, '2020-05-01 15:00:00',
     '2020-05-01 10:00:00-04:00'),
    (4, 'ge', 5, 7.01, '{}', '2020-05-01 14:00:00', null, null, null, null),
    (1, 'aapl', 5, 7.01, '{}', '2020-05-01 14:00:00', 8, null, null, null);`;

/** Sides, quantities, orphans, and what a time may look like. */
const EXECUTIONS = `
  insert into new_trades (trade_id, algo_run_id, symbol, operation, qty, price, indicators,
     client_time, tstamp, stop_price, target_price, trade_fee) values
    (1, 1, 'aapl', 'buy', 0, 0, '{}', '2021-03-01 14:40:00.000001', '2021-03-01 14:40:00',
     0, 0, 0),
    (2, 1, 'aapl', 'buy', 100, 120.5, '{"vwap": 1.5}', '2021-03-01 14:40:01.123456',
     '2021-03-01 14:40:02.5', 119.5, 0, 0.55),
    (3, 1, 'aapl', 'sell', 60, 121.5, '{}', null, '2021-03-01 14:50:00', 0, 0, 0),
    (4, 1, 'aapl', 'sell', 40, 122, 'null', 'soon', '2021-03-01 14:55:00', 0, 0, 0),
    (5, 2, 'btc/usd', 'buy', 0.0000000001, 30000, '{}', '2021-05-03 09:45:00-04:00',
     '2022-06-01 10:01:00', 0, 0, 1.2),
    (6, 2, 'btc/usd', 'buy', -0.0000000001, 31000, '{}', '2021-05-03 09:50:00-04:56',
     '2022-06-01 10:01:01', 0, 0, -1.2),
    (7, 3, 'BACpL', 'sell_short', 7, 24.1, '{}', '2022-06-02 13:45:00', '2022-06-02 13:45:00',
     25, 20, 0),
    (8, 3, 'BACpL', 'buy_short', 7, 23.9, '{}', '2022-06-02 13:55:00', '2022-06-02 13:55:00',
     0, 0, -0.1),
    (9, 99, 'tsla', 'buy', 1, 700, '{}', null, '2021-01-04 15:00:00', 0, 0, 0),
    (10, 3, 'nan', 'buy', 'NaN', 1, '{}', null, null, null, null, 0),
    (11, 3, 'f', 'buy', 2, 10, '{}', '2022-06-02 14:00:00', '2022-06-02 14:00:00', 0, 0, 0);
  update new_trades set expire_tstamp = '2022-06-02 15:00:00' where trade_id = 11;
  insert into new_trades (trade_id, algo_run_id, symbol, operation, qty, price, indicators, tstamp)
    select 12, 3, 'o', 'buy', 1, 1,
           jsonb_build_object('huge', array_agg(n), 'text', repeat('é"\\', 100000)), null
      from generate_series(1, 100000) n;
  select setval('new_trades_trade_id_seq', 12);
  insert into trending_tickers (batch_id, symbol, create_tstamp) values
    ('paper-1', 'aapl', '2021-03-01 14:35:00Z'), ('paper-1', 'aapl', '2021-03-01 14:35:00Z'),
    ('paper-1', 'msft', '2021-03-01 14:35:00Z'), ('gone', 'f', null);
  insert into gain_loss (symbol, algo_run_id, gain_percentage, gain_value, tstamp) values
    ('aapl', 1, 0.99, 119.45, '2021-03-01 21:00:00'),
    ('AAPL', 1, 0.98, 118.45, '2021-03-01 20:00:00'),
    ('x', 98, -99.99, -1, null), ('y', 98, 'NaN', 0, null);
  insert into trade_analysis (symbol, algo_run_id, start_tstamp, end_tstamp, gain_percentage,
     gain_value, r_units) values
    ('aapl', 1, '2021-03-01 14:40:01Z', '2021-03-01 14:55:00Z', 0.99, 119.45, 1.19),
    ('x', 98, '2021-03-01 14:40:01Z', '2021-03-01 14:55:00Z', -99.99, -1, null);`;

const OTHERS = `
  insert into stock_ohlc (symbol, symbol_date, open, high, low, close, volume, indicators) values
    ('AAPL', '2021-03-01', 123.75, 127.93, 122.79, 127.79, 2147483647, '{"sma": 1.1}'),
    ('aapl', '2021-03-01', 1, 1, 1, 1, 1, null),
    ('BRK.A', '2021-03-01', 0.1, 555555.55, 0.30000000000000004, 1e-7, 0, null),
    ('X', '2021-03-01', 'NaN', 1, 1, 1, 1, null);
  update stock_ohlc set modify_tstamp = '2031-03-02 00:00:00' where symbol = 'AAPL';
  insert into ticker_data (symbol, name, description, tags, short_ratio) values
    ('AAPL', 'Apple', 'é', '{tech,"big, very"}', 1.5), ('BACpL', '', '', null, 'NaN');
  insert into keystore (key, value) values ('last', '1'), ('x/é', '{"a": 1}');
  alter table account_transactions disable trigger user;
  insert into accounts (account_id, balance, allow_negative, credit_line, details) values
    (1, 1000.1, false, 0, '{}'), (2, -500.25, true, 100, null), (3, -10, true, 1000, '[]');
  select setval('accounts_account_id_seq', 3);
  insert into account_transactions (account_id, amount, details, tstamp) values
    (1, 0.1, '{}', '2021-01-01Z'), (1, 1000, null, '2021-01-02Z'), (77, 5, null, null),
    (2, 'Infinity', null, null);
  alter table account_transactions enable trigger user;
  insert into portfolio (portfolio_id, size, account_id, assets, parameters) values
    ('p1', 50000, 1, 'CRYPTO', '{}'), ('p2', 1, null, 'US_EQUITIES', null);
  insert into portfolio_batch_ids (portfolio_id, batch_id) values
    ('p1', 'paper-1'), ('p1', 'paper-1'), ('p3', 'x');
  insert into optimizer_run (optimizer_session_id, batch_id, parameters) values
    ('s1', 'live-3', '{''a'': 1}'), ('s1', 'b', '{"a": 1}');
  insert into trade_plan (portfolio_id, start_date, strategy_name, parameters) values
    ('p1', '2021-11-08', 'momentum_long', '{}');
  insert into trade_plan_execution_audit (trade_plan_id, details)
    select trade_plan_id, '{"batch_id": "paper-1"}' from trade_plan;
  insert into trade_plan_execution_audit (trade_plan_id) values (null);`;

export const OLD_ROWS = RUNS + EXECUTIONS + OTHERS;

/** The first months' database: one that few tables and columns of today's had. */
export const FIRST_DDL = `
  create type trade_operation as enum ('buy', 'sell');
  create table algo_run (
    algo_run_id serial primary key, algo_name text not null, algo_env text not null,
    build_number text not null, parameters jsonb,
    start_time timestamp default current_timestamp, end_time timestamp, end_reason text);
  create table new_trades (
    trade_id serial primary key, algo_run_id int references algo_run, symbol text not null,
    operation trade_operation not null, qty int not null check (qty > 0),
    price decimal(8, 2) not null, indicators jsonb not null, client_time text,
    tstamp timestamp default current_timestamp);
  insert into algo_run (algo_name, algo_env, build_number) values ('a', 'PAPER', '1');
  insert into new_trades (algo_run_id, symbol, operation, qty, price, indicators, tstamp) values
    (1, 'aapl', 'buy', 10, 100, '{}', '2020-07-01 10:00:00'),
    (null, 'ibm', 'sell', 1, 1, '{}', '2020-07-01 10:00:00');`;
