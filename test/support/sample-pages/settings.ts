import type { SettingsFault, SettingsPage } from '../../../src/pages/community/settings-pages.ts';
import type { PageModel } from '../../../src/platform/web/pages.ts';

const common = (path: string) => ({
  frame: { base: '/c/lamyne/admin', requestsWaiting: 2 },
  action: `/c/lamyne/admin/settings${path}`,
  csrf: 'token',
  faults: [],
});
const identity: Extract<SettingsPage, { page: 'admin/settings' }> = {
  page: 'admin/settings',
  ...common(''),
  name: 'La MYNE',
  locales: [
    { state: 'fr', isChosen: true },
    { state: 'en', isChosen: false },
  ],
  description: 'Un laboratoire citoyen.\nOn y répare, on y apprend.',
  town: 'Villeurbanne',
  contact: 'aide@lamyne.example',
  links: [
    { name: 'Notre site', url: 'https://lamyne.example' },
    { name: '', url: '' },
  ],
  listed: true,
};
const branding: Extract<SettingsPage, { page: 'admin/branding' }> = {
  page: 'admin/branding',
  ...common('/branding'),
  accent: '#0a7d5a',
  isOwnAccent: true,
  welcome: 'Bienvenue à la MYNE !',
};
const entry: Extract<SettingsPage, { page: 'admin/entry' }> = {
  page: 'admin/entry',
  ...common('/entry'),
  registrations: [
    { state: 'open', isChosen: false },
    { state: 'approval', isChosen: true },
    { state: 'invitation', isChosen: false },
    { state: 'closed', isChosen: false },
  ],
  questions: [
    { place: 0, number: 1, text: 'Qui vous a parlé de nous ?', isOptional: true },
    { place: 1, number: 2, text: '', isOptional: false },
  ],
  isOwner: true,
  secondFactors: [
    { state: 'optional', isChosen: false },
    { state: 'admins', isChosen: true },
    { state: 'all', isChosen: false },
  ],
  secondFactorFrom: '2027-01-31',
  recoveryDelay: '72',
};
const faults = (...fields: SettingsFault['field'][]): SettingsFault[] =>
  fields.map((field) => ({ field }));
const LOGO_FAULTS = [
  'too-large',
  'format',
  'dimensions',
  'broken',
  'busy',
  'svg',
  'again',
] as const;

export const SETTINGS_PAGES: Record<string, PageModel> = {
  settings: { ...identity, notice: 'saved' },
  'settings refused': {
    ...identity,
    name: '',
    faults: faults('name', 'description', 'town', 'contact', 'links'),
  },
  branding: { ...branding, notice: 'saved', logoUrl: '/c/lamyne/logo' },
  'branding corrected': {
    ...branding,
    accent: '#ffee00',
    corrected: { button: '#e6d600', link: '#7a7200' },
  },
  ...Object.fromEntries(
    LOGO_FAULTS.map((code) => [
      `branding with a logo ${code}`,
      { ...branding, faults: [{ field: 'logo' as const, code }] },
    ]),
  ),
  'branding refused': { ...branding, faults: faults('accent', 'welcome') },
  entry: { ...entry, notice: 'saved' },
  'entry for an admin': { ...entry, isOwner: false },
  'entry refused': {
    ...entry,
    recoveryDelay: 'demain',
    faults: faults('questions', 'second_factor_from', 'recovery_delay'),
  },
};
