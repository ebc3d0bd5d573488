import type { Database } from '../../../../src/platform/database/database.ts';

/** What the hub decides by itself when it takes the source in; slapd is told the same. */
export type Facts = {
  uuid: string;
  createdAt: string;
  updatedAt: string;
  /** uidNumber or gidNumber. */
  number: string | undefined;
};
export type HubFacts = {
  base: Facts;
  service: Facts;
  /** By username and by name. */
  people: Map<string, Facts>;
  groups: Map<string, Facts>;
};

type Row = { name: string; uuid: string; number: number | null; created: string; updated: string };

const TIME = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS') || 'Z'`;
const COLUMNS = `${TIME('created_at')} AS created, ${TIME('updated_at')} AS updated`;

export async function readFacts(db: Database): Promise<HubFacts> {
  const read = async (sql: string) =>
    new Map((await db.query<Row>(sql)).map((row) => [row.name, factsOf(row)]));
  const [bases, services, people, groups] = [
    await read(`SELECT slug AS name, id AS uuid, NULL AS number, ${COLUMNS} FROM communities`),
    await read(`SELECT slug AS name, id AS uuid, NULL AS number, ${COLUMNS} FROM services`),
    await read(
      `SELECT username AS name, subject AS uuid, uid_number AS number, ${COLUMNS} FROM memberships`,
    ),
    await read(`SELECT name, id AS uuid, gid_number AS number, ${COLUMNS} FROM groups`),
  ];
  const [base] = bases.values();
  const [service] = services.values();
  if (base === undefined || service === undefined) throw new Error('the hub holds nothing');
  return { base, service, people, groups };
}

function factsOf({ uuid, number, created, updated }: Row): Facts {
  return {
    uuid,
    number: number === null ? undefined : String(number),
    createdAt: created,
    updatedAt: updated,
  };
}
