import type { JsonOption, Outcome } from './output.ts';
import { withService } from './with-service.ts';

export type ReaderOptions = JsonOption & { remove?: boolean };

/** Gives a service's LDAP reader a new secret, or takes the reader away. */
export function changeReader(slug: string, name: string, options: ReaderOptions): Promise<Outcome> {
  return withService(slug, name, async ({ database, community, service }) => {
    const reader = await import('../domain/services/reader.ts');
    const dn = `cn=${service.slug},ou=services,${community.ldapBase}`;
    if (options.remove) {
      const removed = await database.transaction((tx) =>
        reader.removeReader(tx, community.id, service.id, 'cli'),
      );
      const text = removed
        ? `${dn} can no longer bind.`
        : `${name} had no LDAP reader; nothing was changed.`;
      return { text, value: { service: name, dn, removed } };
    }
    const { hashPassword } = await import('../domain/people/password.ts');
    const secret = reader.generateReaderSecret();
    const hash = await hashPassword(secret);
    const created = await database.transaction((tx) =>
      reader.setReaderSecret(tx, community.id, service.id, hash, 'cli'),
    );
    const what = created ? 'can bind now.' : 'has a new secret; the old one works no more.';
    return {
      text: `${dn} ${what}\nSecret, shown only now: ${secret}`,
      value: { service: name, dn, created, secret },
    };
  });
}
