-- Sessions of the optimizer, and what each of their trials earned. A session without a result was
-- cut short; it goes on from the trials that are here.

create table optimizer_session (
  optimizer_session_id text primary key,
  -- Of plan, code, space, data, method and seed: what makes the trials what they are.
  fingerprint text not null,
  settings jsonb not null,
  result jsonb,
  create_tstamp timestamptz not null default now(),
  modify_tstamp timestamptz
);
create index optimizer_session_fingerprint on optimizer_session (fingerprint);

-- fold: the window of a walk-forward, from 0. kind test: its out-of-sample run.
-- value: of the objective, more is better; null: the trial counts for nothing.
alter table optimizer_run
  add column fold integer not null default 0,
  add column trial integer,
  add column kind text not null default 'trial' check (kind in ('trial', 'test')),
  add column value numeric,
  add column problem text,
  add column figures jsonb;
create unique index optimizer_run_trial
  on optimizer_run (optimizer_session_id, fold, kind, trial);
create index optimizer_run_batch_id on optimizer_run (batch_id);
