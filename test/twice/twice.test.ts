import { accountSteps } from './account-steps.ts';
import { factorSteps } from './factor-steps.ts';
import { leavingSteps } from './leaving-steps.ts';
import { linkSteps } from './link-steps.ts';
import { passkeySteps } from './passkey-steps.ts';
import { providerSteps } from './provider-steps.ts';
import { recoverySteps } from './recovery-steps.ts';
import { signInSteps } from './sign-in-steps.ts';
import { walk } from './walk.ts';

// Each step of coming in and of leaving.

walk(
  [
    signInSteps,
    linkSteps,
    factorSteps,
    passkeySteps,
    recoverySteps,
    leavingSteps,
    accountSteps,
    providerSteps,
  ],
  [
    'the password, for an app',
    'the consent',
    'the refusal of a consent',
    'asking to be let in',
    'the way back from a service that is closed',
    'the way back from an account that is closed',
    'the password, for oneself',
    'asking to register',
    'registering',
    'registering where admins decide',
    'an invitation for one',
    'an invitation for many',
    'asking for a new password',
    'a new password by a link',
    'proving an address',
    'joining another community',
    'the second factor, for an app',
    'the second factor, for oneself',
    'the last recovery code, for an app',
    'the last recovery code, for oneself',
    'a second factor that must be set up',
    'what follows the recovery codes',
    'a passkey alone, for oneself',
    'a passkey alone, for an app',
    'a passkey alone, of whoever is about to be deleted',
    'a passkey alone, of whoever is about to be deleted, for an app',
    'a passkey as second factor',
    'a passkey that must be set up',
    'a passkey that must be set up, for an app',
    'that the account stays after all',
    'that the account stays after all, for an app',
    'what two admins give back',
    'that nothing is to be given back, by a link',
    'that nothing is to be given back, signed in',
    'leaving the community',
    'asking for the account to be deleted',
    'a passkey that is added',
    'an authenticator app that is added',
    'the sign-out',
    'letting a device in',
  ],
);
