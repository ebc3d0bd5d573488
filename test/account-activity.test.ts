import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TOLD_EVENTS } from '../src/pages/components/event-words.ts';
import { visit } from './support/account-visits.ts';
import { buildCommunity } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {} });

type Line = { type: string; actor: string; service?: string; details?: object; at?: string };

/** Writes lines as rows: at another time than now, and of types that no change writes. */
async function tell(communityId: string, subject: string, lines: Line[]) {
  for (const { type, actor, service, details = {}, at = '2026-11-20T12:30:00Z' } of lines) {
    await hub.database.query(
      `INSERT INTO events (community_id, subject, type, actor, service_id, details, at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [communityId, subject, type, actor, service ?? null, details, at],
    );
  }
}

describe('the timeline', () => {
  it('tells in the member’s words and zone what happened, who did it and to what', async () => {
    const admin = await hub.newMember({ displayName: 'Camille Noé' });
    const service = await hub.newService({ name: 'Forum' });
    const { member, browser, at } = await visit(hub, hub.community);
    await hub.database.query('UPDATE memberships SET zoneinfo = $2 WHERE subject = $1', [
      member.subject,
      'Indian/Reunion',
    ]);
    await hub.app.settle();
    await tell(hub.community.id, member.subject, [
      { type: 'account.approved', actor: `member:${admin.subject}`, service: service.id },
      { type: 'group.member-added', actor: 'apply', details: { group: 'jardin' } },
      { type: 'sign-in.failed', actor: 'anonymous' },
      { type: 'holo.deck-entered', actor: 'hub', details: { secret: { deep: 'x' } } },
    ]);
    const page = await browser.open(at('/account/activity'));
    const lines = page.document
      .querySelectorAll('.timeline > li')
      .map((line) => line.querySelectorAll('.time, p').map(({ text }) => text.trim()));
    expect(lines.slice(0, 4)).toEqual([
      ['16:30', 'Changement sur votre compte', 'Automatiquement'],
      ['16:30', 'Tentative de connexion refusée', 'Par une personne non connectée'],
      ['16:30', 'Entrée dans un groupe · jardin', 'Par l’équipe technique'],
      ['16:30', 'Accès ouvert · Forum', 'Par Camille Noé'],
    ]);
    expect(lines[4]?.slice(1)).toEqual(['Connexion']);
    expect(page.document.querySelector('h2.day')?.text).toBe('vendredi 20\u00a0novembre 2026');
  });

  it('goes on page by page to the very first line, and no line is shown twice or lost', async () => {
    const { member, browser, at } = await visit(hub, hub.community);
    const lines = Array.from({ length: 120 }, (_, index) => ({
      type: 'passkey.renamed',
      actor: `member:${member.subject}`,
      details: { name: `clé ${index}` },
    }));
    await tell(hub.community.id, member.subject, lines);
    const seen: string[] = [];
    let page = await browser.open(at('/account/activity'));
    for (let turn = 0; turn < 5; turn += 1) {
      seen.push(...page.document.querySelectorAll('.timeline > li').map(({ id }) => id));
      const older = page.document.getElementById('older')?.getAttribute('href');
      if (older === undefined) break;
      page = await browser.open(new URL(older, page.url).href);
    }
    expect(seen.length).toBe(new Set(seen).size);
    const [count] = await hub.database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM events WHERE subject = $1',
      [member.subject],
    );
    expect(seen.length).toBe(count?.count);
  });

  it('is the member’s own in this community, whatever stands in the address', async () => {
    const elsewhere = await buildCommunity(hub.database);
    const other = await visit(hub, elsewhere);
    await tell(elsewhere.id, other.member.subject, [
      { type: 'passkey.renamed', actor: 'hub', details: { name: 'Clé-voisine' } },
    ]);
    const { browser, at } = await visit(hub, hub.community);
    for (const before of [
      '',
      '?before=999999999999',
      '?before=x',
      '?before=1%20OR%201',
      '?before=-1',
    ]) {
      const page = await browser.open(at(`/account/activity${before}`));
      expect(page.status).toBe(200);
      expect(page.text).not.toContain('Clé-voisine');
    }
  });
});

describe('the words of the timeline', () => {
  it('are there for every event about a member that is ever written', () => {
    const nouns = new Set([...TOLD_EVENTS].map((type) => type.split('.')[0]));
    // Nobody is left to read of it.
    const untold = new Set(['member.deleted']);
    const written = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(`src/${file}`, 'utf8'))
      .filter((source) => /recordEvents|\.record\(|eventOf|\bevent:/.test(source))
      .flatMap((source) => source.match(/(?<=')[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*(?=')/g) ?? [])
      .filter((type) => nouns.has(type.split('.')[0]) && !untold.has(type))
      .filter((type) => !type.startsWith('group.') || type.startsWith('group.member-'));
    expect(written).toContain('member.signed-in');
    expect([...new Set(written)].filter((type) => !TOLD_EVENTS.has(type))).toEqual([]);
  });
});
