import { operatorSteps } from './operator-steps.ts';
import { walk } from './walk.ts';

walk(
  [operatorSteps],
  [
    'the password of an operator',
    'the password of an operator with a second factor',
    'a code of an operator’s app',
    'the last recovery code of an operator',
    'a passkey as an operator’s second factor',
    'an operator’s passkey alone',
    'the sign-out of an operator',
    'an operator’s app that is added',
    'an operator’s app that is removed',
    'an operator’s passkey that is added',
    'an operator’s passkey under another name',
    'an operator’s passkey that is removed',
    'an operator’s recovery codes',
    'the link of a kept message',
  ],
);
