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

/** How long each user waits between two acts, at random between these, in milliseconds. */
export type Pause = { least: number; most: number };
export const NO_PAUSE: Pause = { least: 0, most: 0 };

/** What the load program is told, and what it answers. */
export type LoadOrder =
  | { kind: 'prepare'; target: Target; users: number; realms: number }
  | { kind: 'run'; scenario: Scenario; users: number; seconds: number; pause: Pause }
  | { kind: 'touch' };
export type LoadAnswer =
  | { kind: 'prepared' | 'touched' }
  | { kind: 'done'; latencies: number[]; seconds: number }
  | { kind: 'failed'; message: string };
