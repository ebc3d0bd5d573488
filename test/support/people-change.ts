import fc from 'fast-check';
import type { Transaction } from '../../src/platform/database/database.ts';
import { nameKey } from '../../src/platform/text/names.ts';
import type { PeopleFile } from './people-state.ts';

/** A community as commands find it: members and groups by the keys of their names. */
export type Found = {
  id: string;
  issuerUrl: string;
  member(username: string): Promise<{ subject: string; status: string } | undefined>;
  group(name: string): Promise<string | undefined>;
};

/**
 * One change, made by a command (as src/cli makes it), and said by a file. Undefined where a command finds
 * nobody to change: then it is not made at all.
 */
export type Change = {
  says: string;
  /** What it is about: names of members and groups. */
  about: string[];
  byCommand(tx: Transaction, at: Found): Promise<unknown> | undefined;
  inFile(file: PeopleFile): void;
};

export const GROUPS = ['bureau', 'Atelier', 'tous'];
export const group = fc.constantFrom(...GROUPS);
export const HASHES = ['YWFh', 'YmJi'].map(
  (salt) =>
    `$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$${salt}aGFzaGFzaGFzaGFzaGFzaGFzaGFzaGFzaGFzaGFzaA`,
);

export const membersOf = (file: PeopleFile) => file.communities[0]?.members ?? [];
export const groupsOf = (file: PeopleFile) => file.communities[0]?.groups ?? [];
export const isCalled = (name: string) => (row: Record<string, unknown>) =>
  nameKey(String(row.username ?? row.name)) === nameKey(name);
