import { accountSteps } from './account-steps.ts';
import { factorSteps } from './factor-steps.ts';
import { holdInBetween } from './in-between.ts';
import { linkSteps } from './link-steps.ts';
import { passkeySteps } from './passkey-steps.ts';

// Steps that look at something before they look whether they were done, or after it.

holdInBetween(
  [linkSteps, factorSteps, passkeySteps, accountSteps],
  [
    'registering where admins decide',
    'joining another community',
    'the second factor, for an app',
    'the last recovery code, for oneself',
    'that the account stays after all, for an app',
    'a passkey that is added',
    'an authenticator app that is added',
  ],
);
