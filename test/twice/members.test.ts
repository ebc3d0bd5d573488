import { memberSteps } from './member-steps.ts';
import { walk } from './walk.ts';

walk(
  [memberSteps],
  [
    'a member: suspend',
    'a member: resume',
    'a member: let-go',
    'a member: role',
    'a member: groups',
    'a member: end-session',
    'several members: suspend',
  ],
);
