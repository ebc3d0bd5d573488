import { beforeAll, expect, it } from 'vitest';
import { useHub } from '../support/use-hub.ts';
import { operatorSteps } from './operator-steps.ts';
import { type StepTried, send } from './step.ts';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' } });
let steps: StepTried[];
beforeAll(async () => {
  steps = await operatorSteps(hub);
});

it.each([
  'a code of an operator’s app',
  'the last recovery code of an operator',
  'a passkey as an operator’s second factor',
  'an operator’s passkey alone',
])('%s, sent again after the sign-out, opens nothing', async (name) => {
  const ready = await steps.find((step) => step.name === name)?.prepare();
  if (ready === undefined) throw new Error(`there is no ${name}`);
  const { browser } = ready;
  const home = await send(ready);
  expect(home.url).toBe(`${hub.url}/operator`);
  await browser.submit(home, 'form[action$="/operator/logout"]');
  const again = await send(ready);
  expect([again.status, again.url]).not.toEqual([200, `${hub.url}/operator`]);
  expect((await browser.open(`${hub.url}/operator`)).url).toBe(`${hub.url}/operator/login`);
});
