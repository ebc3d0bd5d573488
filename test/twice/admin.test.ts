import { adminSteps } from './admin-steps.ts';
import { walk } from './walk.ts';

walk(
  [adminSteps],
  [
    'a request to join: admit',
    'a request for a service: admit',
    'a request to join: refuse',
    'a request for a service: refuse',
    'an invitation',
    'invitations by mail',
    'an invitation that is revoked',
    'a host that is claimed',
    'a host that is removed',
    'a recovery that is asked for',
    'a recovery that is approved',
    'a recovery that is refused',
    'the link of a recovery',
  ],
);
