import type { PageModel } from '../../../src/platform/web/pages.ts';

const form = { action: '/c/lamyne/account/passkeys', csrf: 'token' };
const phone = {
  id: '0c0ffee0-0000-4000-8000-000000000001',
  name: 'Mon téléphone',
  created: '3 novembre 2026',
  lastUsed: '22 novembre 2026',
  synced: true,
};
const key = {
  id: '0c0ffee0-0000-4000-8000-000000000002',
  name: 'Clé de sécurité',
  created: '20 novembre 2026',
  synced: false,
  elsewhere: 'login.lamyne.example',
};
const others = {
  choices: [
    { state: 'end' as const, isChosen: false },
    { state: 'keep' as const, isChosen: true },
  ],
  appPasswordsUrl: '/c/lamyne/account/app-passwords',
};
const page = {
  page: 'account/passkeys' as const,
  ...form,
  host: 'hub.example',
  others,
  passkeys: [phone, key],
  faults: [],
};
const factor = {
  page: 'second-factor' as const,
  action: '/c/lamyne/login/second-factor',
  csrf: 'token',
  using: 'passkey' as const,
  others: [],
  restartUrl: '/c/lamyne/login?switch=1',
};
const optionsUrl = '/c/lamyne/login/second-factor/passkey/options';

export const PASSKEY_PAGES: Record<string, PageModel> = {
  passkeys: page,
  'passkeys none': { ...page, passkeys: [], notice: 'removed' },
  'passkeys refused': {
    ...page,
    passkeys: [
      { ...phone, fault: { field: 'name', code: 'name' } },
      { ...key, fault: { field: 'remove', code: 'required' } },
    ],
    name: 'Téléphone',
    faults: [
      { field: 'name', code: 'failed' },
      { field: `name-${phone.id}`, code: 'name' },
      { field: `remove-${key.id}`, code: 'required' },
    ],
  },
  'second factor passkey elsewhere': {
    ...factor,
    passkey: {
      optionsUrl,
      here: false,
      elsewhere: [
        { host: 'login.lamyne.example', url: '/c/lamyne/login/second-factor/elsewhere?at=x' },
      ],
    },
  },
  'second factor passkey nowhere': {
    ...factor,
    passkey: { optionsUrl, here: false, elsewhere: [] },
  },
  'cross-host-passkey': { page: 'cross-host-passkey', ...form, from: 'hub.example' },
  'cross-host-passkey refused': {
    page: 'cross-host-passkey',
    ...form,
    from: 'hub.example',
    fault: 'passkey',
  },
};
