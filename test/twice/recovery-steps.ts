import { mintLink } from '../../src/domain/links/link-store.ts';
import {
  approveRecovery,
  handOutLink,
  recoveryOf,
  requestRecovery,
} from '../../src/domain/recovery/assisted-recovery.ts';
import { Browser } from '../support/browser.ts';
import { type BuiltMember, buildCommunity, buildMember } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { NEW_PASSWORD } from '../support/newcomers.ts';
import { place } from './sign-in-steps.ts';
import type { StepTried } from './step.ts';

/** A way back into an account by two admins: the person's own side of it. */
export async function recoverySteps(hub: TestHub): Promise<StepTried[]> {
  const { id: communityId, slug } = await buildCommunity(hub.database);
  const { issuer, newMember, login } = place(hub, { id: communityId, slug });
  const admin = () => buildMember(hub.database, communityId, { role: 'admin' });
  const [one, two] = [await admin(), await admin()];
  const where = { communityId, issuerUrl: issuer };
  // Its keys are made for its first visitor.
  await fetch(`${issuer}/oidc/jwks`);

  const underWay = async (): Promise<{ member: BuiltMember; recovery: string }> => {
    const member = await newMember();
    const { subject } = member;
    const begun = { subject, by: one.subject, delayHours: 0 };
    await hub.database.transaction((tx) => requestRecovery(tx, where, begun));
    const { id } = (await recoveryOf(hub.database, communityId, subject)) as { id: string };
    await hub.app.settle();
    return { member, recovery: id };
  };
  const givenBack = async () => {
    const { recovery: id } = await underWay();
    return hub.database.transaction(async (tx) => {
      await approveRecovery(tx, communityId, { id, by: two.subject, delayHours: 0 });
      return handOutLink(tx, where, { id, by: one.subject });
    });
  };
  return [
    {
      name: 'what two admins give back',
      routes: ['POST /recover/assisted/:token'],
      prepare: async () => {
        const { token } = await givenBack();
        const browser = new Browser();
        const page = await browser.open(`${issuer}/recover/assisted/${token}`);
        const fields = { password: NEW_PASSWORD };
        return { browser, page, form: '#recover-password-form', fields };
      },
      wrong: { password: 'tout autre chose que cela' },
      isThere: ({ url, status }) =>
        url === `${issuer}/login?notice=password-changed` && status === 200,
    },
    {
      name: 'that nothing is to be given back, by a link',
      routes: ['POST /recover/assisted/:token'],
      prepare: async () => {
        const { member, recovery } = await underWay();
        const token = await mintLink(hub.database, communityId, {
          kind: 'assisted-recovery',
          subject: member.subject,
          details: { recovery, refuse: true },
          hours: 1,
        });
        const browser = new Browser();
        const page = await browser.open(`${issuer}/recover/assisted/${token}`);
        return { browser, page, form: '#refuse-form', fields: {} };
      },
      isThere: ({ document }) => document.querySelector('#recover-refused') !== null,
    },
    {
      name: 'that nothing is to be given back, signed in',
      routes: ['POST /account/recovery/refuse'],
      prepare: async () => {
        const { member } = await underWay();
        const browser = new Browser();
        const asked = login(browser, await browser.open(`${issuer}/login`), member.username);
        const page = await browser.submit(asked.page, asked.form, asked.fields);
        return { browser, page, form: '#recovery-under-way form', fields: {} };
      },
      isThere: ({ url, status }) => url.endsWith('?notice=recovery-refused') && status === 200,
    },
  ];
}
