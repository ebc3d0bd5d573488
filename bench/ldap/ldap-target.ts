/** An LDAP server that holds the population, as the measurement needs to know it. */
export type LdapTarget = {
  name: 'slapd' | 'bridge';
  port: number;
  start(): Promise<LdapServer>;
  /** Processor time that its database has used so far, in milliseconds. */
  databaseTime(): Promise<number>;
  remove(): Promise<void>;
};
export type LdapServer = {
  pid: number;
  /** Only the bridge's process can tell what it does. */
  ask?(order: 'start-profile' | 'stop-profile'): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
};

/** What the load program asks for, again and again. */
export const PATTERNS = [
  'uid',
  'mail',
  'memberOf',
  'part',
  'pages',
  'visit',
  'sign-in',
  'again',
] as const;
export type Pattern = (typeof PATTERNS)[number];

export type LdapOrder = {
  port: number;
  people: number;
  pattern: Pattern;
  connections: number;
  seconds: number;
  /** Acts done before, so that sign-ins go on with people who have not signed in yet. */
  skip: number;
};
/** Latencies are in milliseconds. `acts` counts those of the warm-up, too. */
export type LdapAnswer =
  | { kind: 'done'; rate: number; p50: number; p99: number; acts: number }
  | { kind: 'failed'; message: string };
