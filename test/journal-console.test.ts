import { globSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { setMemberRole } from '../src/domain/memberships/set-member-role.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import {
  JOURNAL_AREAS,
  JOURNAL_EVENTS,
  JOURNAL_ROUTINE,
} from '../src/pages/community/journal-areas.ts';
import { TOLD_EVENTS } from '../src/pages/components/event-words.ts';
import { apiClient, newToken } from './support/api-client.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltMember,
  buildCommunity,
  buildGroup,
  buildMember,
  PASSWORD,
} from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {}, member: { username: 'mona', displayName: 'Mona' } });
let admin: BuiltMember;
let browser: Browser;

beforeAll(async () => {
  admin = await hub.newMember({ role: 'admin', displayName: 'Adam Admin' });
  await hub.app.settle();
  browser = new Browser();
  await browser.signIn(`${hub.issuer}/login`, { username: admin.username, password: PASSWORD });
  const { id } = hub.community;
  await hub.database.transaction(async (tx) => {
    await setMemberStatus(tx, id, hub.member.subject, 'suspend', `member:${admin.subject}`);
    await setMemberRole(tx, id, hub.member.subject, 'admin', 'cli');
  });
  await buildGroup(hub.database, id, 'jardin');
});

const at = (path = '') => `${hub.issuer}/admin/journal${path}`;
const lines = ({ document }: Page) =>
  document.querySelectorAll('.timeline > li').map((line) =>
    line
      .querySelectorAll('p')
      .map(({ text }) => text.trim())
      .join(' | '),
  );

describe('the journal', () => {
  it('tells what changed, for whom, and who did it, the newest first', async () => {
    expect(lines(await browser.open(at()))).toEqual(
      expect.arrayContaining([
        'Groupe créé · jardin | Par l’équipe technique',
        'Rôle changé · admin · Mona | Par l’équipe technique',
        'Compte suspendu · Mona | Par Adam Admin',
      ]),
    );
  });

  it('leaves out what happens all day long until it is asked for', async () => {
    expect(lines(await browser.open(at())).join()).not.toContain('Connexion ');
    expect(lines(await browser.open(at('?area=sign-ins'))).join()).toContain('Connexion · Adam');
  });

  it('is narrowed down to a part, a person and days', async () => {
    expect(lines(await browser.open(at('?area=groups')))).toEqual([
      'Groupe créé · jardin | Par l’équipe technique',
    ]);
    const ofMona = lines(await browser.open(at('?who=MONA')));
    expect(ofMona.length).toBeGreaterThan(1);
    for (const line of ofMona) expect(line).toContain('Mona');
    expect(lines(await browser.open(at('?until=2020-01-01')))).toEqual([]);
    const unknown = await browser.open(at('?who=personne'));
    expect(unknown.document.querySelector('#fault-who')).not.toBeNull();
  });

  it('takes whatever was typed into its address for no filter', async () => {
    for (const query of ['?area=x', '?from=x', '?until=2026-13-45', '?before=x', '?before=0'])
      expect([query, (await browser.open(at(query))).status]).toEqual([query, 200]);
  });

  it('goes on to older pages, and shows each event once', async () => {
    const lieu = await buildCommunity(hub.database);
    const owner = await buildMember(hub.database, lieu.id, { role: 'owner' });
    for (let number = 0; number < 60; number += 1) await buildGroup(hub.database, lieu.id);
    await hub.app.settle();
    const other = new Browser();
    const issuer = `${hub.url}/c/${lieu.slug}`;
    await other.signIn(`${issuer}/login`, { username: owner.username, password: PASSWORD });
    const idsOf = ({ document }: Page) =>
      document.querySelectorAll('.timeline > li').map(({ id }) => id);
    const first = await other.open(`${issuer}/admin/journal?area=groups`);
    const older = first.document.querySelector('#older')?.getAttribute('href') as string;
    const second = await other.open(new URL(older, issuer).href);
    const all = [...idsOf(first), ...idsOf(second)];
    expect(all).toHaveLength(60);
    expect(new Set(all).size).toBe(60);
  });

  it('can be taken along as a file, which is an event of its own', async () => {
    const text = await (await browser.send(at('/export.csv?area=groups'))).text();
    const [head, line] = text.split('\r\n');
    expect(head).toBe('at;type;by;member;details');
    expect(line).toMatch(/;group\.created;cli;;"\{/);
    expect(lines(await browser.open(at('?area=community')))[0]).toBe(
      'Journal exporté | Par Adam Admin',
    );
  });

  it('holds nothing of another community', async () => {
    const neighbour = await buildCommunity(hub.database);
    await buildGroup(hub.database, neighbour.id, 'chez eux');
    expect(lines(await browser.open(at())).join()).not.toContain('chez eux');
    expect(await (await browser.send(at('/export.csv'))).text()).not.toContain('chez eux');
  });

  it('tells what a program did, and who let it in', async () => {
    const by = { subject: admin.subject, role: 'admin' as const };
    const { token } = await newToken(hub, hub.community, ['groups:write'], by);
    await apiClient(hub, token).post('/groups', { name: 'atelier' });
    expect(lines(await browser.open(at()))).toEqual(
      expect.arrayContaining([
        'Groupe créé · atelier | Par un programme',
        'Accès créé pour un programme · Programme | Par Adam Admin',
      ]),
    );
  });
});

describe('every type of event that a community has', () => {
  const types = globSync('src/**/events.ts').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^ {4}'([\w.-]+)':/gm)].map(
      ([, type]) => type as string,
    ),
  );
  const ofCommunities = types.filter((type) => !type.startsWith('operator'));

  it.each(ofCommunities)('has words and a part of the journal: %s', (type) => {
    expect(TOLD_EVENTS.has(type) || JOURNAL_EVENTS.has(type)).toBe(true);
    const parts = Object.values(JOURNAL_AREAS).flatMap((patterns) => patterns ?? []);
    const isIn = (pattern: string) =>
      pattern.endsWith('.') ? type.startsWith(pattern) : type === pattern;
    expect(parts.some(isIn)).toBe(true);
  });

  it('that the journal leaves out is what the index of the others leaves out', async () => {
    const [index] = await hub.database.query<{ def: string }>(
      `SELECT pg_get_indexdef('ix_events_changes'::regclass) AS def`,
    );
    const left = [...(index?.def ?? '').matchAll(/'([\w.-]+)'::text/g)].map(([, type]) => type);
    expect(left.sort()).toEqual([...JOURNAL_ROUTINE].sort());
  });
});
