import type { PageModel } from '../../../src/platform/web/pages.ts';

const mail = {
  community: 'La MYNE',
  recipient: 'alice@lamyne.example',
  subject: 'Continuez votre inscription',
  at: '23 nov. 2026, 09:30',
};

export const MAIL_PAGES: Record<string, PageModel> = {
  'kept mails': {
    page: 'operator-mails',
    hasServer: false,
    mails: [{ id: '7', url: '/operator/mails/7', ...mail }],
  },
  'kept mails empty': { page: 'operator-mails', hasServer: true, mails: [] },
  'kept mail': {
    page: 'operator-mail',
    mail,
    parts: [{ text: 'Bonjour,\n\nOuvrez ce lien :\n' }, { state: 'open' }, { text: '\n' }],
    show: { action: '/operator/mails/7', csrf: 'token' },
    backUrl: '/operator/mails',
  },
  'kept mail shown': {
    page: 'operator-mail',
    mail,
    parts: [
      { text: 'Bonjour,\n\nOuvrez ce lien :\n' },
      { url: 'https://hub.example/c/lamyne/register/4uvbDg0AGhGTrLJp3r4KvE2vwFdUqLh1b3o5Y8zQm0k' },
      { text: '\n' },
    ],
    show: undefined,
    backUrl: '/operator/mails',
  },
  'kept mail over': {
    page: 'operator-mail',
    mail,
    parts: [{ text: 'Bonjour,\n\nOuvrez ce lien :\n' }, { state: 'over' }, { text: '\n' }],
    show: undefined,
    backUrl: '/operator/mails',
  },
};
