import type { CommunityRequest } from '../routing/community-request.ts';
import type { RegistrationPage } from './pages.ts';

/** For whoever comes to register where nobody can: whether an invitation helps, and whom to ask. */
export function closedPage({ community, issuer }: CommunityRequest): RegistrationPage {
  const state = community.registration === 'invitation' ? 'invitation' : 'closed';
  return { page: 'register-closed', state, loginUrl: `${issuer.basePath}/login` };
}
