import { expect } from 'vitest';
import { listKeptMails, readKeptMail } from '../../src/domain/notices/kept-mail-store.ts';
import type { TestHub } from './hub.ts';

export type KeptMail = NonNullable<Awaited<ReturnType<typeof readKeptMail>>>;

/** The newest message to an address that holds a text, as soon as there is one; the hub has no mail server. */
export async function keptMail(
  { database, sealer }: Pick<TestHub, 'database' | 'sealer'>,
  to: string,
  text = '',
): Promise<KeptMail> {
  let found: KeptMail | undefined;
  const look = async () => {
    for (const { id, recipient } of await listKeptMails(database)) {
      const mail = recipient === to ? await readKeptMail(database, sealer, id) : undefined;
      if (mail?.text.includes(text)) {
        found = mail;
        return true;
      }
    }
    return false;
  };
  await expect.poll(look, { timeout: 10_000 }).toBe(true);
  return found as KeptMail;
}

/** The address in a message that leads below a path. */
export function linkIn({ text }: Pick<KeptMail, 'text'>, path: string): string {
  const link = text.split(/\s/).find((word) => /^https?:/.test(word) && word.includes(path));
  if (link === undefined) throw new Error(`no link to ${path} in:\n${text}`);
  return link;
}
