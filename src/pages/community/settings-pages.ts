import type { Community } from '../../domain/communities/community.ts';
import type { PictureFault } from '../../domain/pictures/make-picture.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import type { AdminFrame } from './pages.ts';

export type SettingsFault = {
  field:
    | 'name'
    | 'description'
    | 'town'
    | 'contact'
    | 'links'
    | 'accent'
    | 'logo'
    | 'welcome'
    | 'questions'
    | 'second_factor_from'
    | 'recovery_delay';
  /** Of a logo. */
  code?: PictureFault | 'svg' | 'again' | undefined;
};

type Choice<Value extends string> = { state: Value; isChosen: boolean };
type Common = {
  frame: AdminFrame;
  action: string;
  csrf: string;
  faults: SettingsFault[];
  notice?: 'saved' | undefined;
};

export type SettingsPage =
  | (Common & {
      page: 'admin/settings';
      name: string;
      locales: Choice<Locale>[];
      description: string;
      town: string;
      contact: string;
      links: { name: string; url: string }[];
      listed: boolean;
    })
  | (Common & {
      page: 'admin/branding';
      /** `#rrggbb`. */
      accent: string;
      isOwnAccent: boolean;
      /** What becomes of the colour where text stands on it, or is written in it. */
      corrected?: { button?: string | undefined; link?: string | undefined } | undefined;
      logoUrl?: string | undefined;
      welcome: string;
    })
  | (Common & {
      page: 'admin/entry';
      registrations: Choice<Community['registration']>[];
      questions: { place: number; number: number; text: string; isOptional: boolean }[];
      /** Who may change the rest of the page. */
      isOwner: boolean;
      secondFactors: Choice<Community['secondFactor']>[];
      secondFactorFrom: string;
      recoveryDelay: string;
    });

declare module '../../platform/web/pages.ts' {
  interface Pages {
    settings: SettingsPage;
  }
}
