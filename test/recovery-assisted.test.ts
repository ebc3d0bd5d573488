import { beforeEach, describe, expect, it, vi } from 'vitest';
import { mintLink } from '../src/domain/links/link-store.ts';
import { setMemberRole } from '../src/domain/memberships/set-member-role.ts';
import { listRecoveries, requestRecovery } from '../src/domain/recovery/assisted-recovery.ts';
import { completeAssistedRecovery } from '../src/domain/recovery/complete-assisted-recovery.ts';
import { asForm } from './security/raw-request.ts';
import { buildElsewhere, giveAddress, giveTotp } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import { type BuiltMember, buildMember, PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const NEW = 'sept oignons et une brouette';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, community: {}, neighbour: {} });
let member: BuiltMember;

beforeEach(async () => {
  member = await hub.newMember();
});

const at = (path: string, { slug } = hub.community) => `${hub.url}/c/${slug}${path}`;

const recoveryLink = () =>
  mintLink(hub.database, hub.community.id, {
    kind: 'recovery',
    subject: member.subject,
    email: member.email,
    hours: 1,
  });

async function signIn(password: string): Promise<{ visitor: Browser; page: Page }> {
  const visitor = new Browser();
  const login = await visitor.open(at('/login'));
  const fields = { username: member.username, password };
  return { visitor, page: await visitor.submit(login, '#login-form', fields) };
}
const isIn = (page: Page) => page.url.replace(/\/$/, '') === at('');

describe('two admins', () => {
  let one: BuiltMember;
  let two: BuiltMember;
  beforeEach(async () => {
    one = await hub.newMember({ role: 'admin' });
    two = await hub.newMember({ role: 'owner' });
  });

  async function admin({ username }: BuiltMember): Promise<Browser> {
    const visitor = new Browser();
    const login = await visitor.open(at('/login'));
    await visitor.submit(login, '#login-form', { username, password: PASSWORD });
    return visitor;
  }

  async function request(by: Browser, login = member.username): Promise<Page> {
    const page = await by.open(at('/admin/recoveries'));
    return by.submit(page, '#recovery-form', { username: login });
  }

  async function underWay(): Promise<string> {
    const [row] = await hub.database.query<{ id: string }>(
      'SELECT id FROM assisted_recoveries WHERE subject = $1 AND ended_at IS NULL',
      [member.subject],
    );
    return row?.id as string;
  }

  /** By the page's button. */
  async function press(by: Browser, what: 'approve' | 'link' | 'refuse'): Promise<Page> {
    const page = await by.open(at('/admin/recoveries'));
    return by.submit(page, `form[action$="${await underWay()}/${what}"]`);
  }

  /** Without a button. */
  async function forge(by: Browser, what: string, id?: string): Promise<number> {
    const page = await by.open(at('/admin/recoveries'));
    const csrf = page.document.querySelector('#recovery-form [name=csrf]')?.getAttribute('value');
    const { status } = await by.send(
      at(`/admin/recoveries/${id ?? (await underWay())}/${what}`),
      asForm({ csrf: csrf as string }),
    );
    return status;
  }

  const offered = (page: Page, what: string) =>
    page.document.querySelector(`form[action$="/${what}"]`) !== null;

  const delayIsOver = () =>
    hub.database.query(
      `UPDATE assisted_recoveries SET ready_at = now() - interval '1 minute' WHERE subject = $1`,
      [member.subject],
    );

  async function handedOut(): Promise<string> {
    const [first, second] = [await admin(one), await admin(two)];
    await request(first);
    await press(second, 'approve');
    await delayIsOver();
    const page = await press(first, 'link');
    return page.document.querySelector('#recovery-link code')?.text as string;
  }

  async function open(url: string): Promise<Page> {
    const visitor = new Browser();
    const page = await visitor.open(url);
    return visitor.submit(page, '#recover-password-form', { password: NEW });
  }

  it('give a membership back after the delay: same subject, new person, no second factor', async () => {
    await giveTotp(hub, member);
    const url = await handedOut();
    expect((await open(url)).url).toContain('/login?notice=password-changed');
    expect(isIn((await signIn(NEW)).page)).toBe(true);
    const [row] = await hub.database.query<{ personId: string; proven: Date | null }>(
      `SELECT m.person_id AS "personId", e.proven_at AS proven FROM memberships m
       JOIN person_emails e ON e.person_id = m.person_id WHERE m.subject = $1`,
      [member.subject],
    );
    expect(row?.personId).not.toBe(member.personId);
    expect(row?.proven).toBeNull();
    const gone = await hub.database.query('SELECT 1 FROM persons WHERE id = $1', [member.personId]);
    expect(gone).toEqual([]);
    expect(
      (await new Browser().open(url)).document.querySelector('#recover-expired'),
    ).not.toBeNull();
  });

  it("leave the person's other communities to the person, with all their credentials", async () => {
    await buildElsewhere(hub.database, hub.neighbour.id, member);
    await open(await handedOut());
    const visitor = new Browser();
    const login = await visitor.open(at('/login', hub.neighbour));
    const fields = { username: member.username, password: NEW };
    expect((await visitor.submit(login, '#login-form', fields)).status).toBe(400);
    const right = await visitor.submit(login, '#login-form', { ...fields, password: PASSWORD });
    expect(right.url.replace(/\/$/, '')).toBe(at('', hub.neighbour));
  });

  it('are two: nobody approves what they asked for, nor asks for themselves, nor does a member', async () => {
    const first = await admin(one);
    await request(first);
    expect(offered(await first.open(at('/admin/recoveries')), 'approve')).toBe(false);
    expect(await forge(first, 'approve')).toBe(400);
    expect((await request(first, one.username)).text).toContain('propre compte');
    const plain = await admin(await hub.newMember());
    expect((await plain.open(at('/admin/recoveries'))).status).toBe(403);
    await expect(
      hub.database.query(
        `UPDATE assisted_recoveries SET approved_by = requested_by, approved_at = now(), ready_at = now()
         WHERE subject = $1`,
        [member.subject],
      ),
    ).rejects.toThrow('ck_assisted_recoveries_two');
  });

  it('wait for the delay', async () => {
    const [first, second] = [await admin(one), await admin(two)];
    await request(first);
    expect(await forge(first, 'link')).toBe(400);
    await press(second, 'approve');
    expect(offered(await first.open(at('/admin/recoveries')), 'link')).toBe(false);
    expect(await forge(first, 'link')).toBe(400);
    const [row] = await hub.database.query<{ hours: number }>(
      `SELECT round(extract(epoch FROM ready_at - approved_at) / 3600)::int AS hours
       FROM assisted_recoveries WHERE subject = $1`,
      [member.subject],
    );
    expect(row).toEqual({ hours: 72 });
  });

  it('answer for it: no third admin gets the link, nor the member, who may be one', async () => {
    await hub.database.query(`UPDATE memberships SET role = 'admin' WHERE subject = $1`, [
      member.subject,
    ]);
    const [first, second] = [await admin(one), await admin(two)];
    await request(first);
    expect(await forge(await admin(member), 'approve')).toBe(400);
    await press(second, 'approve');
    await delayIsOver();
    const third = await admin(await hub.newMember({ role: 'owner' }));
    for (const by of [third, await admin(member)]) expect(await forge(by, 'link')).toBe(400);
  });

  it('approve once, and give back once, when they press at once', async () => {
    const third = await hub.newMember({ role: 'admin' });
    const admins = [await admin(two), await admin(third)];
    const first = await admin(one);
    await request(first);
    const approvals = await Promise.all(admins.map((by) => forge(by, 'approve')));
    expect(approvals.sort()).toEqual([303, 404]);
    await delayIsOver();
    const page = await press(first, 'link');
    const url = page.document.querySelector('#recovery-link code')?.text as string;
    const visitors = [new Browser(), new Browser()];
    const forms = await Promise.all(visitors.map((each) => each.open(url)));
    const answers = await Promise.all(
      visitors.map((each, n) =>
        each.submit(forms[n] as Page, '#recover-password-form', { password: `${NEW} ${n}` }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  it('make the link before worthless with each new one', async () => {
    const before = await handedOut();
    const page = await press(await admin(two), 'link');
    const after = page.document.querySelector('#recovery-link code')?.text as string;
    const old = await new Browser().open(before);
    expect(old.document.querySelector('#recover-expired')).not.toBeNull();
    expect((await open(after)).url).toContain('/login?notice=password-changed');
  });

  it('count only while they are admins', async () => {
    const [first, second] = [await admin(one), await admin(two)];
    await request(first);
    await press(second, 'approve');
    await delayIsOver();
    const page = await press(second, 'link');
    const url = page.document.querySelector('#recovery-link code')?.text as string;
    await hub.database.query(`UPDATE memberships SET role = 'member' WHERE subject = $1`, [
      one.subject,
    ]);
    expect(
      (await new Browser().open(url)).document.querySelector('#recover-expired'),
    ).not.toBeNull();
  });

  it('count no more once they lost the role, though they get it back', async () => {
    const [first, second] = [await admin(one), await admin(two)];
    await request(first);
    for (const role of ['member', 'admin'] as const) {
      await hub.database.transaction((tx) =>
        setMemberRole(tx, hub.community.id, one.subject, role, 'cli'),
      );
    }
    await hub.app.settle();
    expect(await forge(second, 'approve')).toBe(404);
    // What one of them began stands in nobody's way.
    expect((await request(second)).url).toContain('notice=requested');
  });

  it('have seven days to approve, and seven for the link once the delay is over', async () => {
    const [first, second] = [await admin(one), await admin(two)];
    const back = (column: string, time: string) =>
      hub.database.query(
        `UPDATE assisted_recoveries SET ${column} = now() - interval '${time}'
         WHERE subject = $1 AND ended_at IS NULL`,
        [member.subject],
      );
    await request(first);
    await back('created_at', '7 days 1 minute');
    expect(await forge(second, 'approve')).toBe(404);
    expect((await request(first)).url).toContain('notice=requested');
    await press(second, 'approve');
    await back('ready_at', '6 days 23 hours');
    const page = await press(first, 'link');
    const url = page.document.querySelector('#recovery-link code')?.text as string;
    await back('ready_at', '7 days 1 minute');
    expect(
      (await new Browser().open(url)).document.querySelector('#recover-expired'),
    ).not.toBeNull();
    expect(await forge(first, 'link')).toBe(404);
  });

  it("are an owner and somebody for an owner's account, where there is another owner", async () => {
    const third = await hub.newMember({ role: 'admin' });
    await hub.database.query(`UPDATE memberships SET role = 'owner' WHERE subject = $1`, [
      member.subject,
    ]);
    await request(await admin(one));
    const refused = await press(await admin(third), 'approve');
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('une personne responsable de la communauté');
    expect((await press(await admin(two), 'approve')).url).toContain('notice=approved');
    // Had the owner among the two lost the role since, two plain admins would be left.
    await hub.database.query(`UPDATE memberships SET role = 'admin' WHERE subject = $1`, [
      two.subject,
    ]);
    await delayIsOver();
    const [last] = await hub.database.query<{ owners: number }>(
      `SELECT count(*)::int AS owners FROM memberships
       WHERE community_id = $1 AND role = 'owner' AND subject <> $2`,
      [hub.community.id, member.subject],
    );
    expect(await forge(await admin(one), 'link')).toBe(last?.owners === 0 ? 200 : 404);
  });

  it('leave no other link open, and tell the addresses that the person had proven', async () => {
    const another = `autre-${member.username}@lieu.example`;
    await giveAddress(hub.database, hub.community.id, member, another, { isProven: true });
    const old = await recoveryLink();
    const url = await handedOut();
    await open(url);
    const page = await new Browser().open(at(`/recover/${old}`));
    expect(page.document.querySelector('#recover-expired')).not.toBeNull();
    const rows = await hub.database.query<{ to: string }>(
      `SELECT payload ->> 'to' AS to FROM outbox
       WHERE payload ->> 'template' = 'password-changed' AND payload ->> 'to' LIKE $1`,
      [`%${member.username}@lieu.example`],
    );
    expect(rows.map(({ to }) => to).sort()).toEqual(
      [member.email, `autre-${member.username}@lieu.example`].sort(),
    );
  });

  it('come back to the list when they had to sign in again in between', async () => {
    const first = await admin(one);
    await request(first);
    const [row] = await hub.database.query<{ id: string }>(
      'SELECT id FROM assisted_recoveries WHERE subject = $1',
      [member.subject],
    );
    const page = await first.open(at(`/admin/recoveries/${row?.id}/approve`));
    expect(page.url).toBe(at('/admin/recoveries'));
  });

  it('are stopped by the person, who is told at once, by the link of the message or on their home', async () => {
    const { visitor } = await signIn(PASSWORD);
    const first = await admin(one);
    await request(first);
    const [mail] = await hub.database.query<{ details: object }>(
      `SELECT payload #> '{link,details}' AS details FROM outbox
       WHERE payload ->> 'template' = 'assisted-recovery-started' AND payload ->> 'to' = $1`,
      [member.email],
    );
    expect(mail?.details).toMatchObject({ refuse: true });
    const token = await mintLink(hub.database, hub.community.id, {
      kind: 'assisted-recovery',
      subject: member.subject,
      details: mail?.details as Record<string, unknown>,
      hours: 1,
    });
    const reader = new Browser();
    const page = await reader.open(at(`/recover/assisted/${token}`));
    expect(page.document.querySelector('#refuse-form')).not.toBeNull();
    expect((await visitor.open(at(''))).document.querySelector('#recovery-refuse')).not.toBeNull();
    const refused = await reader.submit(page, '#refuse-form');
    expect(refused.document.querySelector('#recover-refused')).not.toBeNull();
    expect((await visitor.open(at(''))).document.querySelector('#recovery-refuse')).toBeNull();

    await request(first);
    const home = await visitor.open(at(''));
    await visitor.submit(home, '#recovery-under-way form');
    const [row] = await hub.database.query(
      'SELECT count(*)::int AS open FROM assisted_recoveries WHERE subject = $1 AND ended_at IS NULL',
      [member.subject],
    );
    expect(row).toEqual({ open: 0 });
  });

  it.each(['on their home', 'by the link'])(
    'are not stopped, and the person is told so, when the account is given back as they refuse %s',
    async (where) => {
      const { visitor } = await signIn(PASSWORD);
      const token = (await handedOut()).split('/').at(-1) as string;
      const refusal = await mintLink(hub.database, hub.community.id, {
        kind: 'assisted-recovery',
        subject: member.subject,
        details: { recovery: await underWay(), refuse: true },
        hours: 1,
      });
      const [path, form] =
        where === 'by the link'
          ? [`/recover/assisted/${refusal}`, '#refuse-form']
          : ['', '#recovery-under-way form'];
      const page = await visitor.open(at(path));
      const place = { communityId: hub.community.id, issuerUrl: at('') };
      const answer = await hub.database.transaction(async (tx) => {
        await completeAssistedRecovery(tx, place, token, { hash: 'none', isShort: false });
        const refused = visitor.submit(page, form);
        await vi.waitFor(async () => {
          const waiting = await hub.database.query(
            `SELECT 1 FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'UPDATE%'`,
          );
          expect(waiting).toHaveLength(1);
        }, 10_000);
        return { refused };
      });
      const told = await answer.refused;
      expect([told.status, told.url]).toEqual([409, expect.not.stringContaining('notice')]);
      expect(told.document.querySelector('#recover-too-late')).not.toBeNull();
    },
  );

  it("cannot get at another community's members, nor at its recoveries", async () => {
    const stranger = await buildMember(hub.database, hub.neighbour.id);
    const first = await admin(one);
    expect((await request(first, stranger.username)).text).toContain('Aucun membre');
    const place = { communityId: hub.neighbour.id, issuerUrl: at('', hub.neighbour) };
    const { subject: by } = await buildMember(hub.database, place.communityId, { role: 'admin' });
    const asked = { subject: stranger.subject, by, delayHours: 1 };
    await hub.database.transaction((tx) => requestRecovery(tx, place, asked));
    const [foreign] = await listRecoveries(hub.database, place.communityId);
    for (const what of ['approve', 'refuse', 'link'])
      expect([what, await forge(first, what, foreign?.id)]).toEqual([what, 404]);
  });
});
