import { expect } from 'vitest';
import { createAppPassword } from '../../../src/domain/app-passwords/app-password.ts';
import { setMemberStatus } from '../../../src/domain/memberships/set-member-status.ts';
import type { StatusChange } from '../../../src/domain/memberships/status-change.ts';
import { applyText } from '../../support/apply-text.ts';
import { freePort } from '../../support/free-port.ts';
import { startHub, type TestHub } from '../../support/hub.ts';

/** A community that programs read through LDAP, as an operator's file describes it. */
export type LdapPlace = {
  hub: TestHub;
  /** The bridge listens on this port of 127.0.0.1. */
  port: number;
  /** The DN and the secret of the reader of the service `app`. */
  reader: { dn: string; secret: string };
  /** The `entryUUID` of a member. */
  subjectOf(username: string): Promise<string>;
  appPassword(username: string): Promise<string>;
  setStatus(username: string, change: StatusChange): Promise<void>;
  stop(): Promise<void>;
};

export const BASE = 'o=lamyne';
export const PEOPLE = `ou=people,${BASE}`;
export const GROUPS = `ou=groups,${BASE}`;
export const SECRETS = { alice: 'le mot de passe d’alice', zoe: 'le mot de passe de zoé' };
const READER_SECRET = 'secret of the reader, with "quotes"';

/**
 * Members alice (bureau), bob (atelier) and zoé, who is in `membres` herself; whoever is in bureau or
 * atelier is in `membres`, too. Hugo is in none, and may not use the service.
 */
const PLACE = `version: 1
communities:
  - slug: lamyne
    name: La MYNE
    ldap:
      base: ${BASE}
      passwordBind: true
      posix: { firstNumber: 100000, count: 1000, primaryGroup: membres }
    groups:
      - { name: membres, groups: [bureau, atelier] }
      - { name: bureau, description: Le bureau de l'association }
      - { name: atelier }
    members:
      - { username: alice, name: Alice Martin, givenName: Alice, familyName: Martin, email: alice@lamyne.example, password: ${SECRETS.alice}, role: owner, groups: [bureau] }
      - { username: bob, name: Bob Durand, email: bob@lamyne.example, groups: [atelier] }
      - { username: zoé, name: Zoé Éluard, email: zoe@lamyne.example, password: ${SECRETS.zoe}, groups: [membres] }
      - { username: hugo, name: Hugo Petit, email: hugo@lamyne.example }
    services:
      - slug: app
        recipe: generic-oidc
        access: { groups: [membres] }
        ldap: { password: '${READER_SECRET}' }
`;

export async function startLdapPlace(env: Record<string, string> = {}): Promise<LdapPlace> {
  const port = await freePort();
  const hub = await startHub({ TROUSSEAU_LDAP_LISTEN: `127.0.0.1:${port}`, ...env });
  try {
    await applyText(hub.database, PLACE);
    await hub.app.settle();
  } catch (error) {
    await hub.stop();
    throw error;
  }
  const { database } = hub;
  const find = async (username: string) => {
    const [member] = await database.query<{ communityId: string; subject: string }>(
      'SELECT community_id AS "communityId", subject FROM memberships WHERE username = $1',
      [username],
    );
    if (member === undefined) throw new Error(`there is no ${username}`);
    return member;
  };
  return {
    hub,
    port,
    reader: { dn: `cn=app,ou=services,${BASE}`, secret: READER_SECRET },
    subjectOf: async (username) => (await find(username)).subject,
    async appPassword(username) {
      const { communityId, subject } = await find(username);
      const [service] = await database.query<{ id: string }>(
        "SELECT id FROM services WHERE slug = 'app'",
      );
      const place = { subject, serviceId: service?.id as string, name: 'a test' };
      const { secret } = await database.transaction((tx) =>
        createAppPassword(tx, communityId, place, 'cli'),
      );
      // It is made beside the hub, which may be busy: whoever types it has read it first.
      await hub.app.settle();
      return secret;
    },
    async setStatus(username, change) {
      const { communityId, subject } = await find(username);
      await database.transaction((tx) => setMemberStatus(tx, communityId, subject, change, 'cli'));
    },
    stop: hub.stop,
  };
}

/** Asks again until the answer is yes. @throws when it is still no after a second (invariant 4) */
export async function withinASecond(ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 1_000;
  while (!(await ask())) expect(performance.now(), 'a second is over').toBeLessThan(deadline);
}
