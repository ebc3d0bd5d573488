import { describe, expect, it } from 'vitest';
import { visit } from './support/account-visits.ts';
import { buildCommunity, buildMember } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ service: { access: 'approval', name: 'Visio' } });

const at = (path: string) => `${hub.issuer}${path}`;
const mailsTo = (email: string) =>
  hub.database.query<{ template: string; data: Record<string, unknown> }>(
    `SELECT payload ->> 'template' AS template, payload -> 'data' AS data FROM outbox
     WHERE kind = 'mail' AND payload ->> 'to' = $1 AND payload ->> 'template' LIKE 'access-%' ORDER BY id`,
    [email],
  );

async function asked() {
  const member = await hub.newMember();
  const { browser } = await visit(hub, hub.community, { member });
  const form = `form[action$="/services/${hub.service.slug}/request"]`;
  await browser.submit(await browser.open(at('/')), form);
  return { member, browser };
}

describe('a request for access', () => {
  it('reaches each admin by mail and on the console, once', async () => {
    const admin = await hub.newMember({ role: 'admin' });
    const { member, browser } = await asked();
    await browser.open(at('/'));
    expect(await mailsTo(admin.email)).toEqual([
      {
        template: 'access-requested',
        data: {
          service: 'Visio',
          username: member.username,
          displayName: `Prénom ${member.username}`,
        },
      },
    ]);
    const console = (await visit(hub, hub.community, { member: admin })).browser;
    const page = await console.open(at('/admin/requests'));
    expect(page.document.querySelector('main')?.text).toContain(
      `Prénom ${member.username} demande l’accès à Visio`,
    );
    expect((await console.open(at('/admin'))).document.querySelector('.count')).not.toBeNull();
  });

  it.each([
    ['let-in', 'access-approved', 'active'],
    ['keep-out', 'access-refused', 'blocked'],
  ])(
    'is answered by %s, which the member reads in a mail and on the home',
    async (button, template, state) => {
      const { member, browser } = await asked();
      const admin = await hub.newMember({ role: 'admin' });
      const console = (await visit(hub, hub.community, { member: admin })).browser;
      const slower = await hub.newMember({ role: 'admin' });
      const other = (await visit(hub, hub.community, { member: slower })).browser;
      const seen = await other.open(at('/admin/requests'));
      const page = await console.open(at('/admin/requests'));
      const id = `#${button}-${hub.service.id}-${member.subject}`;
      await console.submit(page, `#access-${hub.service.id}-${member.subject} form`, {}, id);
      const [account] = await hub.database.query(
        'SELECT state FROM accounts WHERE community_id = $1 AND subject = $2',
        [hub.community.id, member.subject],
      );
      expect(account).toEqual({ state });
      expect(await mailsTo(member.email)).toMatchObject([{ template, data: { service: 'Visio' } }]);
      const tile = (await browser.open(at('/'))).document.querySelector(
        `#service-${hub.service.slug}`,
      );
      if (state === 'active') expect(tile?.tagName).toBe('A');
      else expect(tile?.text).toContain('Accès refusé');
      // The answer of another admin changes nothing, and says so.
      const late = await other.submit(
        seen,
        `#access-${hub.service.id}-${member.subject} form`,
        {},
        id,
      );
      expect(late.url).toContain('notice=decided');
      expect(await mailsTo(member.email)).toHaveLength(1);
    },
  );

  it('of another community is not found', async () => {
    const { member } = await asked();
    const other = await buildCommunity(hub.database);
    const admin = await buildMember(hub.database, other.id, { role: 'admin' });
    const console = (await visit(hub, other, { member: admin })).browser;
    const there = `${hub.url}/c/${other.slug}/admin/requests`;
    const page = await console.open(there);
    const csrf = page.document.querySelector('input[name="csrf"]')?.getAttribute('value') as string;
    const answer = await console.open(`${there}/access`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: new URL(there).origin,
        referer: there,
      },
      body: new URLSearchParams({
        csrf,
        decision: 'admit',
        subject: member.subject,
        service: hub.service.id,
      }).toString(),
    });
    expect(answer.status).toBe(404);
  });
});
