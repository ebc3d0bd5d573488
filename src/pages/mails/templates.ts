import type { LinkKind } from '../../domain/links/link-store.ts';
import type { MailTemplate } from '../../domain/notices/mail.ts';

/** Where the button of a message leads that carries no link of its own: a path below the issuer. */
export const PAGES: Partial<Record<MailTemplate, string>> = {
  'registration-known': '/login',
  'request-received': '/admin/requests',
  'request-approved': '/login',
  'access-requested': '/admin/requests',
  'access-approved': '/',
  'access-refused': '/',
  'new-device': '/account/sessions',
  'new-passkey': '/account/passkeys',
  'new-app-password': '/account/app-passwords',
  'passkey-removed': '/account/passkeys',
  'second-factor-added': '/account/two-factors',
  'second-factor-removed': '/account/two-factors',
  'recovery-code-used': '/account/two-factors',
  'password-changed': '/recover',
  'email-changed': '/account/emails',
  'email-removed': '/account/emails',
  'deletion-requested': '/login',
  joined: '/login',
  'group-request-approved': '/',
  'ends-near': '/account',
  'ends-digest': '/admin',
  'host-missed': '/admin/settings/address',
  'operator-factors': '/operator/two-factors',
};

/** The page that a link opens, by its kind; the token follows. */
export const LINK_PAGES: Record<LinkKind | 'invitation', string> = {
  registration: '/register/',
  verification: '/verify/',
  recovery: '/recover/',
  'assisted-recovery': '/recover/assisted/',
  join: '/join/',
  invitation: '/invitations/',
};

/** Messages that come in several wordings, told apart by a value of theirs. */
export const VARIANTS: Partial<Record<MailTemplate, { by: string; of: readonly string[] }>> = {
  'registration-known': { by: 'standing', of: ['member', 'requested', 'refused', 'taken'] },
  verification: { by: 'asked', of: ['joined', 'added'] },
  'operator-factors': {
    by: 'change',
    of: [
      'new-passkey',
      'passkey-removed',
      'second-factor-added',
      'second-factor-removed',
      'recovery-code-used',
      'new-device',
    ],
  },
};
