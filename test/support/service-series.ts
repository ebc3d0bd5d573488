import fc from 'fast-check';
import type { StateChange } from '../../src/domain/communities/set-community-state.ts';
import {
  changeSettings,
  changeState,
  placeService,
  removeService,
  type ServicePatch,
  saveService,
  setOperatorReader,
  setPosix,
  setReader,
} from './service-steps.ts';

export const READER_PASSWORDS = ['a password of a reader', 'another one of a reader'] as const;

const slugs = fc.constantFrom('lamyne', 'hermitage');
const names = fc.constantFrom('wiki', 'chat', 'forum');
const passwords = fc.constantFrom(...READER_PASSWORDS, null);

const optional = <Value>(value: fc.Arbitrary<Value>) =>
  fc.option(value, { nil: undefined, freq: 2 });
const seldom = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const clearable = <Value>(value: fc.Arbitrary<Value>) => optional(fc.option(value, { freq: 3 }));
/** A good value as a rule, and now and then one that is refused. */
const mostly = <Value>(good: readonly Value[], bad: readonly Value[]) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );
/** What is not said is absent, as in a file. */
const said = <Value extends object>(record: fc.Arbitrary<Value>) =>
  record.map(
    (values) =>
      Object.fromEntries(
        Object.entries(values).filter(([, value]) => value !== undefined),
      ) as Value,
  );

const address = mostly(
  ['https://app.example/cb', 'https://app.example/other', 'http://127.0.0.1/cb'],
  ['http://app.example/plain', 'https://app.example/#x', 'org.example.app:/cb'],
);
const client = said(
  fc.record({
    id: optional(fc.constantFrom('wiki', 'chat', 'shared')),
    redirectUris: fc.option(fc.array(address, { minLength: 1, maxLength: 2 }), {
      nil: undefined,
      freq: 5,
    }),
    postLogoutRedirectUris: optional(fc.array(address, { maxLength: 1 })),
    backchannelLogoutUri: clearable(mostly(['https://app.example/logout'], ['http://a.b/'])),
    initiateLoginUri: clearable(fc.constant('https://app.example/start')),
    grants: optional(
      fc.subarray(['authorization_code', 'refresh_token', 'client_credentials'], { minLength: 1 }),
    ),
    auth: optional(fc.constantFrom('client_secret_post' as const, 'none' as const)),
    scopes: optional(fc.subarray(['openid', 'email', 'groups'], { minLength: 1 })),
    kind: seldom(fc.constantFrom('web' as const, 'spa' as const, 'native' as const)),
    lanHttp: seldom(fc.boolean()),
    pkce: optional(fc.boolean()),
    secret: optional(fc.constantFrom('a secret of an app', 'another secret of an app')),
  }),
);
const service: fc.Arbitrary<ServicePatch> = said(
  fc.record({
    name: optional(mostly(['Un nom'], ['', 'x'.repeat(201)])),
    description: clearable(fc.constant('Une description')),
    url: clearable(mostly(['https://app.example'], ['http://app.example'])),
    sessionHours: clearable(mostly([8], [0])),
    trust: optional(fc.constantFrom('first-party' as const, 'third-party' as const)),
    access: optional(
      fc.constantFrom(
        'everyone' as const,
        'approval' as const,
        { groups: ['membres'] },
        {
          groups: ['bureau'],
        },
      ),
    ),
    client: clearable(client),
  }),
);
const settings = said(
  fc.record({
    name: optional(mostly(['Un lieu'], [' '])),
    accent: clearable(mostly(['#0A7D5A'], ['green'])),
    contact: clearable(mostly(['a@lieu.example'], ['nobody'])),
    registration: optional(fc.constantFrom('open' as const, 'closed' as const)),
    ldapBase: optional(mostly(['o=lamyne', 'o=x', 'o=z'], ['ou=y,o=X', 'cn=operators'])),
    ldapPasswordBind: optional(fc.boolean()),
    secondFactor: optional(fc.constantFrom('all' as const, 'optional' as const)),
    secondFactorFrom: clearable(mostly(['2027-01-31'], ['soon'])),
    questions: optional(
      fc.array(fc.record({ text: fc.constantFrom('Qui ?', 'Quoi ?'), required: fc.boolean() }), {
        maxLength: 2,
      }),
    ),
    hosts: optional(
      fc.uniqueArray(mostly(['id.lieu.example', 'Login.lieu.example'], ['hub.example', 'a b']), {
        maxLength: 2,
      }),
    ),
  }),
);
const ranges = mostly(
  [{ firstNumber: 10_000, count: 10 }, { firstNumber: 10_005, count: 40 }, null],
  [
    { firstNumber: 10_000, count: 3 },
    { firstNumber: 61_100, count: 100 },
  ],
);
const states = fc.constantFrom<StateChange>('freeze', 'activate', 'archive');

/** Changes of communities' settings and services, one after the other. */
export const series = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.tuple(slugs, names, service).map(saveService) },
    { weight: 2, arbitrary: fc.tuple(slugs, names).map(removeService) },
    { weight: 1, arbitrary: fc.tuple(slugs, names, fc.nat(2)).map(placeService) },
    { weight: 1, arbitrary: fc.tuple(slugs, names, passwords).map(setReader) },
    { weight: 4, arbitrary: fc.tuple(slugs, settings).map(changeSettings) },
    { weight: 1, arbitrary: fc.tuple(slugs, states).map(changeState) },
    {
      weight: 2,
      arbitrary: fc.tuple(slugs, ranges, fc.constantFrom('membres', 'bureau')).map(setPosix),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(mostly(['backup', 'archive'], ['Backup']), passwords)
        .map(setOperatorReader),
    },
  ),
  { minLength: 4, maxLength: 10, size: 'max' },
);

const CLIENT = {
  redirectUris: ['https://app.example/cb'],
  backchannelLogoutUri: 'https://app.example/logout',
};

/** A series that takes away in every way there is, so that no run of the test is without. */
export const TAKING_AWAY = [
  saveService(['lamyne', 'wiki', { client: CLIENT }]),
  saveService(['lamyne', 'wiki', { access: { groups: ['bureau'] } }]),
  saveService(['lamyne', 'wiki', { access: 'approval' }]),
  saveService(['lamyne', 'wiki', { client: { id: 'shared' } }]),
  setReader(['lamyne', 'wiki', READER_PASSWORDS[0]]),
  setReader(['lamyne', 'wiki', null]),
  saveService(['lamyne', 'chat', { client: { ...CLIENT, id: 'chat' } }]),
  placeService(['lamyne', 'chat', 0]),
  saveService(['lamyne', 'wiki', { client: null }]),
  changeState(['lamyne', 'freeze']),
  removeService(['lamyne', 'chat']),
  changeState(['lamyne', 'archive']),
  changeState(['lamyne', 'freeze']),
];
