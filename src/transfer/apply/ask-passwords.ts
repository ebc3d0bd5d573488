import type { Queryable } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
import {
  memberPlace,
  operatorPlace,
  operatorReaderPlace,
  type PasswordPlace,
  type PasswordQuestion,
  readerPlace,
} from './resolve-password-hashes.ts';
import type { ApplyDocument } from './schema.ts';

/** Every password of a file, with its place. */
export function passwordQuestions(document: ApplyDocument): PasswordQuestion[] {
  const questions: PasswordQuestion[] = [];
  const ask = (place: PasswordPlace, password: string | undefined) => {
    if (password !== undefined) questions.push({ place, password });
  };
  for (const operator of document.operators ?? [])
    ask(operatorPlace(nameKey(operator.email)), operator.password);
  for (const { name, password } of document.operatorReaders ?? [])
    ask(operatorReaderPlace(name), password);
  for (const community of document.communities ?? []) {
    for (const member of community.members ?? [])
      ask(memberPlace(community.slug, nameKey(member.username)), member.password);
    for (const service of community.services ?? [])
      ask(readerPlace(community.slug, service.slug), service.ldap?.password);
  }
  return questions;
}

/** The hashes that the hub has in the communities of a file. */
export async function storedHashes(
  db: Queryable,
  document: ApplyDocument,
): Promise<Map<PasswordPlace, string>> {
  const slugs = document.communities?.map((community) => community.slug) ?? [];
  const usernames = document.communities?.flatMap((community) =>
    (community.members ?? []).flatMap((member) =>
      member.password === undefined ? [] : nameKey(member.username),
    ),
  );
  const members = await db.query<{ slug: string; name: string; hash: string }>(
    `SELECT c.slug, m.username_key AS name, p.password_hash AS hash
     FROM memberships m JOIN communities c ON c.id = m.community_id JOIN persons p ON p.id = m.person_id
     WHERE c.slug = ANY($1) AND m.username_key = ANY($2) AND p.password_hash IS NOT NULL`,
    [slugs, usernames ?? []],
  );
  const readers = await db.query<{ slug: string; name: string; hash: string }>(
    `SELECT c.slug, s.slug AS name, r.password_hash AS hash
     FROM service_readers r JOIN services s ON s.community_id = r.community_id AND s.id = r.service_id
     JOIN communities c ON c.id = r.community_id WHERE c.slug = ANY($1)`,
    [slugs],
  );
  const operators = await db.query<{ email: string; hash: string }>(
    `SELECT o.email, p.password_hash AS hash FROM operators o JOIN persons p ON p.id = o.person_id
     WHERE p.password_hash IS NOT NULL`,
  );
  const operatorReaders = await db.query<{ name: string; hash: string }>(
    'SELECT name, password_hash AS hash FROM operator_readers',
  );
  return new Map([
    ...members.map((row) => [memberPlace(row.slug, row.name), row.hash] as const),
    ...readers.map((row) => [readerPlace(row.slug, row.name), row.hash] as const),
    ...operatorReaders.map((row) => [operatorReaderPlace(row.name), row.hash] as const),
    ...operators.map((row) => [operatorPlace(nameKey(row.email)), row.hash] as const),
  ]);
}
