/** A provider to be driven, as the load program needs to know it. */
export type Target = {
  name: string;
  /** Where users are: each signs in at an issuer of its own list, in turn. */
  realms: { issuer: string; clientId: string; clientSecret: string; redirectUri: string }[];
  /** Usernames per realm; all have the same password. */
  usernames: string[];
  password: string;
};

export const SCENARIOS = [
  'discovery',
  'jwks',
  'sso',
  'userinfo',
  'refresh',
  'client_credentials',
] as const;
export type Scenario = (typeof SCENARIOS)[number] | 'sign-in';

/** What the load program is told, and what it answers. */
export type LoadOrder =
  | { kind: 'prepare'; target: Target; users: number; realms: number }
  | { kind: 'run'; scenario: Scenario; users: number; seconds: number }
  | { kind: 'touch' };
export type LoadAnswer =
  | { kind: 'prepared' | 'touched' }
  | { kind: 'done'; latencies: number[]; seconds: number }
  | { kind: 'failed'; message: string };
