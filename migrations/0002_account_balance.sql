-- Each transaction moves its account's balance; the account's own constraint refuses a balance
-- below -credit_line, and with it the transaction.

create function move_account_balance() returns trigger language plpgsql as $$
begin
  update accounts
     set balance = balance + new.amount, modified_tstamp = now()
   where account_id = new.account_id;
  return new;
end
$$;

create trigger account_transactions_move_balance
  after insert on account_transactions
  for each row execute function move_account_balance();
