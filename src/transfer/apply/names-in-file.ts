import { usernameFault } from '../../domain/memberships/member-faults.ts';

export function usernameMessage(value: string): string | undefined {
  const fault = usernameFault(value);
  return fault?.startsWith('is ') ? `"${value}" ${fault}` : fault;
}
