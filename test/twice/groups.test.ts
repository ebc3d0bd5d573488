import { groupSteps } from './group-steps.ts';
import { walk } from './walk.ts';

walk(
  [groupSteps],
  [
    'a group: made',
    'a group: changed',
    'a group: people added',
    'a group: somebody taken out',
    'a group: a request answered',
    'a group: entrusted',
    'a group: put inside',
    'a group: deleted',
  ],
);
