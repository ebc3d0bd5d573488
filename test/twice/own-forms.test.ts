import { ownFormSteps } from './own-form-steps.ts';
import { walk } from './walk.ts';

walk(
  [ownFormSteps],
  [
    'an app password',
    'an app password that is revoked',
    'a new password',
    'a name',
    'a picture',
    'a language',
    'an address',
    'the proof of an address, asked for again',
    'an address to choose',
    'an address to remove',
    'a session elsewhere',
    'all sessions elsewhere',
    'all sessions',
    'what a service may know, taken back',
    'a request for a service',
    'a passkey under another name',
    'a passkey that is removed',
    'an authenticator app that is removed',
    'recovery codes',
  ],
);
