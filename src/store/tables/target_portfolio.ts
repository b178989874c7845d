import type { Sql } from "../database.ts";

/** What of a portfolio's row its target is read from (src/model/target_portfolio.ts). */
interface TargetRow {
  portfolioId: string;
  size: string;
  parameters: unknown;
  expireUs: number | null;
}

export async function selectTarget(sql: Sql, id: string): Promise<TargetRow | null> {
  const [row] = await sql<TargetRow[]>`
    select portfolio_id as "portfolioId", size, parameters,
           (extract(epoch from expire_tstamp) * 1000000)::float8 as "expireUs"
      from portfolio
     where portfolio_id = ${id}`;
  return row ?? null;
}
